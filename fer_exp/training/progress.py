"""Progress on standard error, history.csv, and the answers of every epoch, which are judged later."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.style import Style
from rich.theme import Theme
from torch import Tensor

from fer_exp.digests import sha256
from fer_exp.files import whole, write_table
from fer_exp.progress import left, progress
from fer_exp.runs import Run
from fer_exp.training.batches import Batch
from fer_exp.training.module import FaceModule

PLAIN = Theme(
    dict.fromkeys(("bar.complete", "bar.finished", "bar.pulse"), Style(bold=True))
    | {"bar.back": Style(dim=True)}
    | dict.fromkeys(("progress.download", "progress.remaining"), Style())
)
"""The bar in the terminal's own colour: rich's green, cyan and dark grey are hard to read on white or on black."""
METRICS = ("train_loss", "val_loss", "val_accuracy")


class History(Callback):
    """One row an epoch, in the checkpoint and in history.csv: losses, accuracy, the method's figures, seconds, speed.

    ``path`` is rewritten whole after each epoch; ``faces`` are those of an epoch, all processes together.
    """

    def __init__(self, path: Path, faces: int) -> None:
        self.path = path
        self.faces = faces
        self.rows: list[dict[str, Any]] = []
        self._start = self._trained = self._before = 0.0
        self._in_epoch = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Goes on with the clock of an epoch that was not at its end."""
        self._start, self._in_epoch = time.perf_counter() - self._before, self._before > 0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock."""
        self._start, self._trained, self._in_epoch = time.perf_counter(), 0.0, True

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops the clock of training proper: validation follows the last batch."""
        self._trained = time.perf_counter() - self._start

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Adds the epoch's row; Lightning calls this before it saves the checkpoint."""
        values = {name: float(trainer.callback_metrics[name]) for name in METRICS if name in trainer.callback_metrics}
        seconds, self._in_epoch = time.perf_counter() - self._start, False
        speed = {"seconds": round(seconds, 3), "images_per_second": round(self.faces / (self._trained or seconds), 1)}
        figures = pl_module.monitor.figures() if isinstance(pl_module, FaceModule) else {}
        self.rows.append({"epoch": trainer.current_epoch + 1, **values, **figures, **speed})
        if trainer.is_global_zero:
            write_table(self.path, pd.DataFrame(self.rows))

    def state_dict(self) -> dict[str, Any]:
        """The rows so far: a resumed run goes on below them; and the seconds of an epoch that is not at its end."""
        return {"rows": self.rows, "seconds": time.perf_counter() - self._start if self._in_epoch else 0.0}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes the checkpoint's rows; epochs after it are trained again."""
        self.rows = list(state_dict["rows"])
        self._before = float(state_dict.get("seconds", 0.0))


class EpochPredictions(Callback):
    """Saves the network's answers on validation, and on test where that is asked for, after every epoch.

    Each epoch's file (``Run.epoch_file``) has float32 arrays: by split probabilities (N, K), and with a valence/arousal
    head as ``<split>_affect`` valence and arousal (N, 2). ``splits`` are the names of the loaders, in their order.
    """

    def __init__(self, run: Run, splits: tuple[str, ...]) -> None:
        self.run = run
        self.splits = splits
        self.digests: dict[int, str] = {}
        self._answers: dict[str, list[Tensor]] = {}

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keeps a batch's answers, where they are: fetching them would make a GPU wait after each batch."""
        split = self.splits[dataloader_idx]
        for name, values in outputs.items():
            array = split if name == "probabilities" else f"{split}_{name}"
            self._answers.setdefault(array, []).append(values.float())

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the epoch's file; an epoch that is trained again after an interruption replaces it."""
        answers, self._answers = self._answers, {}
        if trainer.is_global_zero:
            arrays: dict[str, Any] = {name: torch.cat(batches).cpu().numpy() for name, batches in answers.items()}
            epoch = trainer.current_epoch + 1
            with whole(self.run.epoch_file(epoch)) as aside, aside.open("wb") as stream:
                np.savez(stream, **arrays)
            self.digests[epoch] = sha256(self.run.epoch_file(epoch))

    def state_dict(self) -> dict[str, Any]:
        """By which the files of epochs that lie there are known to be those that were written."""
        return {"digests": dict(self.digests)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes the checkpoint's; it has none of before they were taken."""
        self.digests = dict(state_dict["digests"])


class ProgressLines(Callback):
    """A bar with loss, images/s and time left on a terminal; one line an epoch there and anywhere else.

    Lightning's own bars start anew with every epoch and draw between steps; rich draws this one in a thread of its own.

    ``batch_size`` is faces a step, all processes together.
    """

    def __init__(self, history: History, batch_size: int) -> None:
        self.history = history
        self.batch_size = batch_size
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
        self.bar = Progress(*columns, console=Console(stderr=True, theme=PLAIN), transient=True, refresh_per_second=4)
        self._shown = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Puts up the bar at the step where the run goes on."""
        if trainer.is_global_zero and self.bar.console.is_terminal:
            self.bar.add_task("", total=int(trainer.estimated_stepping_batches), completed=trainer.global_step)
            self.bar.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        """Moves the bar, at most five times a second: reading a loss makes a GPU wait."""
        now = time.perf_counter()
        if not self.bar.tasks or now - self._shown < 0.2:
            return
        self._shown = now
        task, loss = self.bar.tasks[0], float(outputs["loss"]) if isinstance(outputs, dict) else float("nan")
        words = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}  loss {loss:.3f}"
        words += f"  {self.batch_size * (task.speed or 0):,.0f} images/s"
        self.bar.update(task.id, completed=trainer.global_step, description=words)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Prints the epoch's line; rich puts it above a bar."""
        if not trainer.is_global_zero:
            return
        row, last = self.history.rows[-1], trainer.max_epochs or 0
        seconds = sum(row["seconds"] for row in self.history.rows) / len(self.history.rows)
        losses = "  ".join(f"{name.removeprefix('train_')} {row[name]:.3f}" for name in METRICS if name in row)
        speed = f"{row['images_per_second']:,.0f} images/s  {left(seconds * (last - row['epoch']))}"
        progress(f"epoch {row['epoch']}/{last}  {losses}  {speed}")

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Takes the bar down, also when the run failed."""
        if self.bar.tasks:
            self.bar.stop()
