"""When checkpoints are written."""

from types import SimpleNamespace

import pytest
from pytorch_lightning.callbacks import ModelCheckpoint

from fer_exp.training import trainer as module
from fer_exp.training.trainer import EpochSaver


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
