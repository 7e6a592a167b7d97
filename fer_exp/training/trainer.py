"""Lightning's Trainer with our settings: precision, checkpoints that are whole, nothing printed."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from pytorch_lightning import Trainer

from fer_exp.config import TrainerConfig
from fer_exp.errors import RequestError
from fer_exp.runs import Run
from fer_exp.runs.begun import identity
from fer_exp.training.processes import SharedBatchNorm, machines
from fer_exp.training.saving import Saver, WholeCheckpoints

SAVE_EVERY = 20.0
"""Seconds between checkpoints on a GPU, where to write one can take as long as an epoch of a small corpus."""


def make_trainer(config: TrainerConfig, device: torch.device, run: Run, callbacks: list[Any]) -> Trainer:
    """Lightning's Trainer, which prints and writes nothing but through its callbacks, in the run's folder.

    ``callbacks`` stand beside the one that saves checkpoints.

    Raises:
        RequestError: processes or batch size do not fit (``machines``).
    """
    set_arithmetic(config, device)
    saver = Saver(run.path("checkpoint"), 0.0 if device.type == "cpu" else SAVE_EVERY, config.save_every)
    precision: Any = precision_on(config, device)
    return Trainer(
        accelerator="gpu" if device.type == "cuda" else device.type,
        devices=config.devices,
        num_nodes=machines(config),
        strategy=config.strategy,
        precision=precision,
        max_epochs=config.epochs,
        logger=False,
        callbacks=[*callbacks, saver],
        plugins=[WholeCheckpoints(identity(run)), *([SharedBatchNorm(device)] if config.strategy == "ddp" else [])],
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run.folder,
    )


def precision_on(config: TrainerConfig, device: torch.device) -> str:
    """The precision that a run will have: ``auto`` is bf16-mixed on a CUDA GPU and 32-true elsewhere.

    Raises:
        RequestError: another than that on Apple's MPS, for which Lightning mixes none and which has no float64; or
            bf16-mixed on a processor that would only imitate it, more slowly than it computes float32.
    """
    if config.precision == "auto":
        return "bf16-mixed" if device.type == "cuda" else "32-true"
    if device.type == "mps" and config.precision != "32-true":
        raise RequestError(f"trainer.precision={config.precision}: Apple's MPS trains in 32-true; take that, or auto.")
    if config.precision == "bf16-mixed" and device.type == "cpu" and not has_bfloat16():
        raise RequestError(
            "trainer.precision=bf16-mixed: this processor has no arithmetic for bfloat16 (AVX512-BF16 or AMX) and "
            "would be slower with it; take trainer.precision=auto."
        )
    return config.precision


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself."""
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # not public in torch, and so may be gone
    return any(getattr(torch.cpu, name, lambda: False)() for name in asked)


def set_arithmetic(config: TrainerConfig, device: torch.device) -> None:
    """How torch computes in this process from now on; on a CPU as it always does.

    On a GPU with ``trainer.deterministic`` sums are taken in the same order each time. cuDNN never tries which
    algorithm is faster: the next run might find another. And float32 is float32: torch lets convolutions round to
    TF32's ten bits, which ``trainer.precision=32-true`` does not say.
    """
    same_bits = config.deterministic and device.type == "cuda"
    torch.use_deterministic_algorithms(same_bits)
    if device.type != "cuda":
        return
    # Sums of cuBLAS hang on its workspace, of which it reads when it starts. There is one a stream and thread, so
    # several for each graph; the other size that repeats its sums, 32 MiB, is for larger products than a head's.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    os.environ.setdefault("CUBLASLT_WORKSPACE_SIZE", "128")  # KiB: as much; torch takes no more, and warns
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # would cost kernels
    torch.backends.cudnn.benchmark = False
    with warnings.catch_warnings():  # torch has begun to move these settings, one for each kind of operation
        warnings.simplefilter("ignore")
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


@contextmanager
def quiet() -> Iterator[None]:
    """Silences Lightning's tips, and its warnings about what is meant here (no worker processes)."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric")]
    levels = {logger: logger.level for logger in loggers}
    for logger in levels:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"pytorch_lightning|lightning_fabric|torch")
            yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
