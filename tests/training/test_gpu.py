"""What holds on a CUDA device: the same bits after a resume, every method, and how near its numbers are to float64."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fer_exp.cli.gpus import memory_is_full, visible
from fer_exp.commands.train import train
from fer_exp.config import BackboneConfig, DatasetConfig, LabelsConfig, TrainConfig, TrainerConfig
from fer_exp.methods import METHODS
from fer_exp.methods.ce import soft_cross_entropy
from fer_exp.training import trainer as trainer_module
from fer_exp.training.augment import normalise, weak
from fer_exp.training.batches import Examples, on_device
from fer_exp.training.module import FaceModule
from fer_exp.training.networks import build_network
from fer_exp.training.trainer import set_arithmetic
from tests.methods.learnable import fit, striped, tiny_module
from tests.processes import ROOT, check_same
from tests.training.trainer import broken_off

pytestmark = pytest.mark.gpu

GPU = TrainerConfig(accelerator="gpu", epochs=3, batch_size=16)


@pytest.fixture(autouse=True)
def _same_bits():
    """Strict: an operation that may add in any order is an error here, not a warning."""
    set_arithmetic(GPU, torch.device("cuda"))


def run(cache: Path, output: Path, **trainer) -> Path:
    """A small run of ResNet-18 on the built-in faces, valence and arousal included."""
    config = TrainConfig(
        dataset=DatasetConfig(faces=160, size=32, cache=str(cache)),
        labels=LabelsConfig(rule="all"),
        trainer=TrainerConfig(**{**vars(GPU), **trainer}),
        output=str(output),
        bootstrap=10,
    )
    folder = train(config)
    assert folder is not None
    return folder


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed", "32-true"])
def test_an_interrupted_run_resumes_to_the_same_bits_on_a_gpu(cache, tmp_path, monkeypatch, precision):
    monkeypatch.setattr(trainer_module, "SAVE_EVERY", 0.0)
    whole = run(cache, tmp_path / "whole", precision=precision)
    with broken_off(FaceModule, 2, KeyboardInterrupt):
        run(cache, tmp_path / "broken", precision=precision)
    check_same(whole, run(cache, tmp_path / "broken", precision=precision))


@pytest.mark.parametrize("precision", ["bf16-mixed", "32-true"])
def test_graphs_of_a_networks_passes_train_the_same_bits(cache, tmp_path, precision):
    with_graphs, without = (run(cache, tmp_path / str(on), precision=precision, graphs=on) for on in (True, False))
    check_same(with_graphs, without)


@pytest.fixture(scope="module")
def placed() -> Examples:
    """The faces of ``fit`` on the GPU."""
    own = striped(0)
    return replace(own, pixels=on_device(own.pixels, torch.device("cuda")))


@pytest.fixture
def no_waiting(monkeypatch) -> Iterator[None]:
    """To wait for the GPU is an error in the views, the loss and what follows it, but for each epoch's first batch."""

    def strict(real: Callable[..., Any]) -> Callable[..., Any]:
        def called(module, batch, number, *more):
            first = not module.training or module.trainer.fit_loop.epoch_loop.batch_idx <= 0
            torch.cuda.set_sync_debug_mode("default" if first else "error")
            try:
                return real(module, batch, number, *more)
            finally:
                torch.cuda.set_sync_debug_mode("default")

        return called

    for name in ("on_after_batch_transfer", "training_step"):
        monkeypatch.setattr(FaceModule, name, strict(getattr(FaceModule, name)))
    yield
    torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("name", METHODS)
def test_every_method_trains_in_bfloat16_without_waiting_and_the_same_with_graphs(name, placed, no_waiting, tmp_path):
    settings = {"accelerator": "gpu", "devices": 1, "precision": "bf16-mixed", "limit_train_batches": 5}
    states = []
    for graphs in (True, False):
        module = tiny_module(name, graphs=graphs)
        trainer = fit(module, tmp_path, 3, examples=placed, **settings)  # the first epoch may be warm-up
        assert trainer.global_step == 15
        assert torch.isfinite(trainer.callback_metrics["train_loss"])
        assert all(torch.isfinite(each).all() for each in module.parameters())
        states.append(module.state_dict())
    for key, value in states[0].items():
        torch.testing.assert_close(states[1][key], value, rtol=0, atol=0, equal_nan=True, msg=key)


def step(device: str, dtype: torch.dtype, autocast: bool) -> tuple[float, torch.Tensor]:
    """Loss and gradients of one step of ResNet-18."""
    network, _ = build_network(BackboneConfig(), 48, 7, False, 0)
    network = network.to(device, dtype, memory_format=torch.channels_last)
    faces = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (32, 48, 48, 1), np.uint8)).to(device)
    pictures = normalise(weak(faces, (0, 0, 1, 32))).to(dtype)
    target = torch.eye(7, dtype=dtype)[torch.arange(32) % 7].to(device)
    with torch.autocast(device, torch.bfloat16, enabled=autocast):
        loss = soft_cross_entropy(network(pictures).logits, target)
    loss.backward()
    return loss.item(), torch.cat([each.grad.flatten().double().cpu() for each in network.parameters()])


@pytest.fixture(scope="module")
def exact() -> tuple[float, torch.Tensor]:
    return step("cpu", torch.float64, autocast=False)


@pytest.mark.parametrize(("autocast", "loss_off"), [(False, 1e-5), (True, 0.02)], ids=["float32", "bfloat16"])
def test_a_step_on_a_gpu_is_as_near_to_float64_as_the_cpus_in_the_same_precision(exact, autocast, loss_off):
    (loss, gradients), (_, on_cpu) = (step(device, torch.float32, autocast) for device in ("cuda", "cpu"))
    assert loss == pytest.approx(exact[0], rel=loss_off)
    assert (gradients - exact[1]).norm() < 3 * (on_cpu - exact[1]).norm()  # TF32 would be tens of times as far


SHARES = """
import os, sys, time
from pathlib import Path
import torch
from fer_exp.cli.gpus import own_gpus
with own_gpus(1, 2):
    ones = torch.ones(1000, device="cuda")
    place = Path(sys.argv[1])
    (place / str(os.getpid())).touch()
    while len(list(place.iterdir())) < 2:
        time.sleep(0.01)
    print(os.environ["CUDA_VISIBLE_DEVICES"], int(ones.sum()))
"""


def test_two_jobs_share_a_gpu(tmp_path):
    gpu = visible()[0]
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": gpu, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    (tmp_path / "inside").mkdir()
    command = [sys.executable, "-c", SHARES, str(tmp_path / "inside")]
    jobs = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [job.communicate(timeout=60)[0].split() for job in jobs] == [[gpu, "1000"]] * 2


def test_what_torch_says_of_a_full_gpu_is_understood():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**14, device="cuda")
    assert memory_is_full(caught.value)
