"""What a person sees of a training, on standard error; history.csv; and what is kept of every epoch to be judged."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pytorch_lightning import Callback, LightningModule, Trainer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from fer_exp.files import whole
from fer_exp.progress import progress
from fer_exp.runs import Run, write_table
from fer_exp.training.batches import Batch
from fer_exp.training.module import FaceModule

METRICS = ("train_loss", "val_loss", "val_accuracy")


class History(Callback):
    """One row an epoch, in the checkpoint and in history.csv: losses, accuracy, the method's figures, seconds, speed.

    Args:
        path: where to write; rewritten whole after each epoch.
        faces: training faces an epoch, all processes together.
    """

    def __init__(self, path: Path, faces: int) -> None:
        self.path = path
        self.faces = faces
        self.rows: list[dict[str, Any]] = []
        self._start = self._trained = 0.0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock."""
        self._start = time.perf_counter()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops the clock of training proper: validation follows the last batch."""
        self._trained = time.perf_counter() - self._start

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Adds the epoch's row; Lightning calls this before it saves the checkpoint."""
        values = {name: float(trainer.callback_metrics[name]) for name in METRICS}
        seconds = time.perf_counter() - self._start
        speed = {"seconds": round(seconds, 3), "images_per_second": round(self.faces / self._trained, 1)}
        figures = pl_module.monitor.figures() if isinstance(pl_module, FaceModule) else {}
        self.rows.append({"epoch": trainer.current_epoch + 1, **values, **figures, **speed})
        if trainer.is_global_zero:
            write_table(pd.DataFrame(self.rows), self.path)

    def state_dict(self) -> dict[str, Any]:
        """The rows so far: a resumed run goes on below them."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes the rows of the checkpoint, no more: what came after it is trained again."""
        self.rows = list(state_dict["rows"])


class EpochPredictions(Callback):
    """Keeps what the network says of validation, and of test where that is asked for, after every epoch.

    Args:
        run: a file an epoch is written below it (``Run.epoch_file``), float32: by split probabilities (N, K), and with
            that head as ``<split>_affect`` valence and arousal (N, 2).
        splits: names of the loaders, in their order.
    """

    def __init__(self, run: Run, splits: tuple[str, ...]) -> None:
        self.run = run
        self.splits = splits
        self._seen: dict[str, list[np.ndarray[Any, np.dtype[np.float32]]]] = {}

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Takes a batch's answers."""
        split = self.splits[dataloader_idx]
        for name, values in outputs.items():
            own = split if name == "probabilities" else f"{split}_{name}"
            self._seen.setdefault(own, []).append(values.float().cpu().numpy())

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the epoch's file; an epoch that is trained again after an interruption replaces its own."""
        seen, self._seen = self._seen, {}
        if trainer.is_global_zero:
            arrays: dict[str, Any] = {name: np.concatenate(parts) for name, parts in seen.items()}
            with whole(self.run.epoch_file(trainer.current_epoch + 1)) as aside, aside.open("wb") as stream:
                np.savez(stream, **arrays)


class ProgressLines(Callback):
    """A bar with loss, images/s and time left on a terminal; one line an epoch anywhere else.

    Args:
        history: whose last row a line shows.
        batch_size: faces a step, all processes together.
    """

    def __init__(self, history: History, batch_size: int) -> None:
        self.history = history
        self.batch_size = batch_size
        self.console = Console(stderr=True)
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._shown = self._first = 0.0
        self._steps = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Puts up the bar, where the run goes on from."""
        if not trainer.is_global_zero or not self.console.is_terminal:
            return
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[says]}"), TimeRemainingColumn())
        self._bar = Progress(*columns, console=self.console, transient=True)
        total = int(trainer.estimated_stepping_batches)
        self._task = self._bar.add_task("training", total=total, completed=trainer.global_step, says="")
        self._bar.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        """Moves the bar, at most five times a second: reading a loss makes a GPU wait."""
        if self._bar is None:
            return
        now = time.perf_counter()
        if not self._steps:
            self._first = now
        self._steps += 1
        if now - self._shown < 0.2:
            return
        self._shown = now
        speed = self.batch_size * (self._steps - 1) / (now - self._first) if self._steps > 1 else 0.0
        loss = float(outputs["loss"]) if isinstance(outputs, dict) else float("nan")
        says = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}  loss {loss:.3f}  {speed:,.0f} images/s"
        self._bar.update(self._task, completed=trainer.global_step, says=says)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the next epoch's speed afresh, so that validation does not count."""
        self._steps = 0

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Prints the epoch's line."""
        if not trainer.is_global_zero:
            return
        row, last = self.history.rows[-1], trainer.max_epochs or 0
        seconds = sum(each["seconds"] for each in self.history.rows) / len(self.history.rows)
        left = round(seconds * (last - row["epoch"]))
        line = (
            f"epoch {row['epoch']}/{last}  loss {row['train_loss']:.3f}  val_loss {row['val_loss']:.3f}  val_accuracy "
            f"{row['val_accuracy']:.3f}  {row['images_per_second']:,.0f} images/s  {left // 60}:{left % 60:02d} left"
        )
        if self._bar is not None:
            self._bar.console.print(line, highlight=False)
        else:
            progress(line)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Takes the bar down, also when the run failed."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
