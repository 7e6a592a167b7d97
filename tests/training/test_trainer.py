"""When checkpoints are written, and which precision a device has; a resume in bfloat16."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from fer_exp.config import TrainerConfig
from fer_exp.errors import RequestError
from fer_exp.training import saving
from fer_exp.training.batches import on_device
from fer_exp.training.devices import find_device
from fer_exp.training.networks import fastest_layout
from fer_exp.training.saving import Saver
from fer_exp.training.trainer import precision_on, set_arithmetic
from tests.methods.learnable import fit, tiny_module


@pytest.mark.parametrize(("pause", "saved"), [(0.0, [0, 1, 2, 3, 4]), (20.0, [2, 4])])
def test_a_checkpoint_is_written_when_it_is_time_and_after_the_last_epoch(tmp_path, monkeypatch, pause, saved):
    now, written = [0.0], []
    monkeypatch.setattr(saving.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(
        ModelCheckpoint, "on_train_epoch_end", lambda _, trainer, __: written.append(trainer.current_epoch)
    )
    saver = Saver(tmp_path / "last.ckpt", pause)
    for epoch in range(5):
        now[0] += 7
        saver.on_train_epoch_end(SimpleNamespace(current_epoch=epoch, max_epochs=5), None)
    assert written == saved


@pytest.mark.parametrize(("amx", "avx512"), [(False, False), (True, False), (False, True)])
def test_bfloat16_is_refused_on_a_processor_without_it_and_auto_never_asks_a_cpu_for_it(monkeypatch, amx, avx512):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512, raising=False)
    cpu, gpu, asked = torch.device("cpu"), torch.device("cuda"), TrainerConfig(precision="bf16-mixed")
    assert [precision_on(TrainerConfig(), device) for device in (cpu, gpu)] == ["32-true", "bf16-mixed"]
    assert precision_on(asked, gpu) == "bf16-mixed"
    if amx or avx512:
        assert precision_on(asked, cpu) == "bf16-mixed"
    else:
        with pytest.raises(RequestError, match="no arithmetic for bfloat16"):
            precision_on(asked, cpu)


@pytest.fixture
def apple(monkeypatch) -> None:
    """A Mac as far as it can be without one: torch finds no CUDA device and Apple's MPS."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)


@pytest.mark.usefixtures("apple")
def test_apples_gpu_is_taken_where_it_is_asked_for_in_float32_and_by_one_process(tmp_path):
    asked = {name: find_device(TrainerConfig(accelerator=name)).type for name in ("auto", "cpu", "gpu", "mps")}
    assert asked == {"auto": "cpu", "cpu": "cpu", "gpu": "mps", "mps": "mps"}
    mps = torch.device("mps")
    assert precision_on(TrainerConfig(), mps) == precision_on(TrainerConfig(precision="32-true"), mps) == "32-true"
    for precision in ("64-true", "bf16-mixed", "16-mixed"):
        with pytest.raises(RequestError, match=f"precision={precision}: Apple's MPS trains in 32-true"):
            precision_on(TrainerConfig(precision=precision), mps)
    with pytest.raises(RequestError, match="is one device"):
        find_device(TrainerConfig(accelerator="gpu", devices=2, strategy="ddp"))
    pixels = np.zeros((4, 8, 8, 1), np.uint8)
    assert on_device(pixels, mps) is pixels
    assert fastest_layout(mps, 224) is torch.contiguous_format
    set_arithmetic(TrainerConfig(), mps)
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(("name", "said"), [("gpu", "no CUDA device and no MPS of Apple's"), ("mps", "no MPS device")])
def test_a_gpu_that_is_not_there_is_refused_by_name(monkeypatch, name, said):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RequestError, match=f"{said}; take trainer=cpu"):
        find_device(TrainerConfig(accelerator=name))


def test_stopped_and_resumed_in_bfloat16_it_is_the_same_to_the_bit(tmp_path):
    settings = {"precision": "bf16-mixed", "limit_train_batches": 4, "enable_checkpointing": True}
    whole, resumed = tiny_module("ncctfer"), tiny_module("ncctfer")
    saver = ModelCheckpoint(tmp_path, "{epoch}", save_top_k=-1, save_on_train_epoch_end=True)
    fit(whole, tmp_path, 2, saver, **settings)
    fit(resumed, tmp_path / "again", 2, resume=tmp_path / "epoch=0.ckpt", **settings)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, rtol=0, atol=0, equal_nan=True, msg=name)
