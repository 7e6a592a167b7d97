"""Where a network is trained or used; no more than torch is needed to find it."""

from __future__ import annotations

import os
import platform

import torch

from fer_exp.config import TrainerConfig
from fer_exp.errors import RequestError


def find_device(config: TrainerConfig, key: str = "trainer.accelerator") -> torch.device:
    """The device that a run will use: ``auto`` is a CUDA GPU or the CPU, ``gpu`` a CUDA GPU or, on a Mac, Apple's.

    Apple's MPS is taken where it is asked for alone: it has not been tried on a real one yet. ``key`` is what the
    accelerator is called where it was asked for, for messages.

    Raises:
        RequestError: a GPU is asked for and there is none, or fewer than asked.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if config.accelerator == "mps" or (config.accelerator == "gpu" and not count):
        if not torch.backends.mps.is_available():
            missing = "MPS device" if config.accelerator == "mps" else "CUDA device and no MPS of Apple's"
            way_out = "trainer=cpu" if key.startswith("trainer") else f"{key}=cpu"
            raise RequestError(
                f"{key} is {config.accelerator} but torch finds no {missing}; take {way_out}, or install a build of "
                "torch that has it."
            )
        if config.devices > 1 or config.strategy == "ddp":
            raise RequestError("Apple's MPS is one device for one process; take trainer.devices=1 without ddp.")
        return torch.device("mps")
    if config.accelerator == "cpu" or not count:
        return torch.device("cpu")
    if config.devices > count and "SLURM_JOB_ID" not in os.environ:
        raise RequestError(f"trainer.devices is {config.devices} but there are {count} GPUs here.")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", os.environ.get("SLURM_LOCALID", "0"))))


def device_name(device: torch.device) -> str:
    """What a run was trained on, as run.json says it."""
    kind, threads = computes_on(device)
    return kind.replace("cpu", f"cpu, {threads} threads", 1) if device.type == "cpu" else kind


def computes_on(device: torch.device) -> tuple[str, int]:
    """What computes, and the threads of torch, whose number can change the last bits on a CPU."""
    threads = torch.get_num_threads()
    if device.type == "cuda":
        return torch.cuda.get_device_name(device), threads
    if device.type == "mps":
        return f"Apple MPS, {platform.machine()}", threads
    return f"cpu, {platform.processor() or platform.machine()}", threads
