"""When checkpoints are written, and which precision a device has; a resume in bfloat16."""

from types import SimpleNamespace

import pytest
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from fer_exp.config import TrainerConfig
from fer_exp.errors import RequestError
from fer_exp.training import trainer as module
from fer_exp.training.trainer import EpochSaver, precision_on
from tests.methods.learnable import fit, tiny_module


@pytest.mark.parametrize(("pause", "saved"), [(0.0, [0, 1, 2, 3, 4]), (20.0, [2, 4])])
def test_a_checkpoint_is_written_when_it_is_time_and_after_the_last_epoch(tmp_path, monkeypatch, pause, saved):
    now, written = [0.0], []
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(
        ModelCheckpoint, "on_train_epoch_end", lambda _, trainer, __: written.append(trainer.current_epoch)
    )
    saver = EpochSaver(tmp_path / "last.ckpt", pause)
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


def test_stopped_and_resumed_in_bfloat16_it_is_the_same_to_the_bit(tmp_path):
    settings = {"precision": "bf16-mixed", "limit_train_batches": 4, "enable_checkpointing": True}
    whole, resumed = tiny_module("ncctfer"), tiny_module("ncctfer")
    saver = ModelCheckpoint(tmp_path, "{epoch}", save_top_k=-1, save_on_train_epoch_end=True)
    fit(whole, tmp_path, 2, saver, **settings)
    fit(resumed, tmp_path / "again", 2, resume=tmp_path / "epoch=0.ckpt", **settings)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, rtol=0, atol=0, equal_nan=True, msg=name)
