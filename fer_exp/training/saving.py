"""When a run's checkpoint is saved: after an epoch, within one, and before a scheduler ends the process."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.plugins import TorchCheckpointIO

from fer_exp.files import whole
from fer_exp.progress import progress
from fer_exp.training.batches import place
from fer_exp.training.resuming import note_digest
from fer_exp.troubles import reason_at

SIGNALS = ("SIGTERM", "SIGUSR1", "SIGUSR2")
"""What a scheduler sends before it ends a job, or what it can be told to send (SLURM's --signal)."""


class Preempted(KeyboardInterrupt):
    """A run that was saved and ended because a signal said so; as after Ctrl-C, the same command goes on with it."""

    def __init__(self, number: int, words: str = "") -> None:
        super().__init__(*([words] if words else []))
        self.number = number


class Ended(Exception):  # noqa: N818  it is no error
    """The same within Lightning, which takes KeyboardInterrupt for a person at work and exits itself."""

    def __init__(self, number: int, where: str) -> None:
        super().__init__(f"Saved {where}; the same command goes on from there.")
        self.number = number


class Saver(ModelCheckpoint):
    """Saves after an epoch, within one, and at the next step after a signal, which then ends the fit with ``Ended``.

    Args:
        path: of the checkpoint.
        pause: seconds after a checkpoint in which the end of an epoch saves none; the last epoch always does.
        every: minutes after a checkpoint after which the next step saves one; None saves none within an epoch.
    """

    def __init__(self, path: Path, pause: float, every: float | None = None) -> None:
        super().__init__(path.parent, path.stem, save_on_train_epoch_end=True, enable_version_counter=False)
        self.path = path
        self.pause = pause
        self.every = None if every is None else 60 * every
        self._saved = time.monotonic()
        self._signal = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listens to signals; Lightning, whose own handlers would not save, restores those of before at the end."""
        super().on_train_start(trainer, pl_module)
        if threading.current_thread() is threading.main_thread():
            for number in [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]:
                signal.signal(number, self._told)

    def _told(self, number: int, frame: FrameType | None) -> None:
        if self._signal:  # said twice: at once
            raise Preempted(number)
        self._signal = number
        progress(f"{signal.Signals(number).name}: saves after this step, then ends")

    def after_step(self, trainer: Trainer) -> None:
        """Saves, if it is time: called when all that a step changes has changed. The last leaves it to the epoch."""
        progressed = trainer.fit_loop.epoch_loop.batch_progress
        if progressed.is_last_batch:
            return
        number = self._agreed(trainer, self._signal)
        late = self.every is not None and time.monotonic() - self._saved >= self.every
        if number or self._agreed(trainer, int(late)):
            trainer.save_checkpoint(self.path)
            self._saved = time.monotonic()
        if number:
            raise Ended(number, f"at step {progressed.current.ready:,} of epoch {trainer.current_epoch + 1}")

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves, if it is time."""
        number = self._agreed(trainer, self._signal)
        last = trainer.current_epoch + 1 == trainer.max_epochs
        if last or number or time.monotonic() - self._saved >= self.pause:
            super().on_train_epoch_end(trainer, pl_module)
            self._saved = time.monotonic()
        if number:
            raise Ended(number, f"after epoch {trainer.current_epoch + 1}")

    def _agreed(self, trainer: Trainer, number: int) -> int:
        """The largest number of all processes, since they save together or not at all."""
        if place()[1] == 1:
            return number
        largest = torch.tensor(number, device=trainer.strategy.root_device)
        torch.distributed.all_reduce(largest, torch.distributed.ReduceOp.MAX)
        return int(largest)


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that are whole or not there, with their digests beside them.

    Lightning's own are written to the temporary folder; where that is another disk, a killed copy leaves half a file.
    ``of_run`` is as of ``note_digest``.
    """

    def __init__(self, of_run: str | None = None) -> None:
        self.of_run = of_run

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Saves a checkpoint; RunError where the disk does not take it, and the one before is then still there."""
        with whole(Path(path)) as aside:
            try:
                torch.save(checkpoint, aside)
            except RuntimeError as error:  # torch makes one of a full disk
                raise reason_at(aside.parent) from error
            note_digest(Path(path), aside, self.of_run)
