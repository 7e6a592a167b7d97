"""TensorBoard, MLflow or W&B beside our own files: a run's config, its epochs, and the human metrics at its end.

Steps are epochs, from 1. Each number is written once, also of a run that was interrupted: what has been written is
noted in the run's folder until the run is finished. Of several processes the first writes.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger

from fer_exp.errors import RequestError
from fer_exp.files import locked, write_json
from fer_exp.judging.epochs import RENAMED
from fer_exp.metrics.registry import HEADLINE
from fer_exp.progress import is_main_process, silent
from fer_exp.regular import reading, whole_text
from fer_exp.runs import Run
from fer_exp.training.progress import History

WRITTEN = ".logged.json"
"""What a logger has of an unfinished run: its name, its own id of the run, how many epochs, whether the end."""
Numbers = dict[str, float]


class RunLog:
    """A run as a logger has it.

    Args:
        name: of ``trainer.logger``.
        run: whose config.yaml is there.
    """

    def __init__(self, name: str, run: Run) -> None:
        self.path = run.folder / WRITTEN
        self.config = dotted(run.config)
        self.known: dict[str, Any] = {}
        if self.path.is_file():
            with reading(self.path, way_out="remove it, and the run begins anew in the logger"):
                known = json.loads(whole_text(self.path))
                self.known = known if known["logger"] == name and type(known["epochs"]) is int else {}
        self.logger = make_logger(name, run.folder, self.known.get("id"))
        if not self.known:
            self.known = {"logger": name, "id": _id(self.logger), "epochs": 0, "ended": False}
            self.logger.log_hyperparams(self.config)
            self._note()

    def epochs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the epochs of a history that are not there yet."""
        for row in rows:
            if row["epoch"] > self.known["epochs"]:
                self.logger.log_metrics(finite(row), step=row["epoch"])
                self.known["epochs"] = row["epoch"]
                self._note()

    def end(self, metrics: Mapping[str, Mapping[str, Any]], history: pd.DataFrame, training: Sequence[str]) -> None:
        """Write what people's answers say of the network: at its end, and of every epoch that was looked at.

        Args:
            metrics: as metrics.json has them; ``l1`` of test becomes ``test/l1``, ``test/l1_low`` and ``test/l1_high``.
            history: as history.parquet has it; ``val_l1`` becomes ``val/l1``.
            training: its columns that training wrote, and ``epochs`` has.
        """
        if self.known["ended"]:
            return
        last = int(history["epoch"].max())
        judged = {str(column): _of_split(str(column)) for column in history if column not in training}
        numbers = final(metrics)
        for row in history.to_dict("records"):
            of_epoch = finite({name: row[column] for column, name in judged.items()})
            if row["epoch"] == last:
                numbers = of_epoch | numbers
            elif of_epoch:
                self.logger.log_metrics(of_epoch, step=int(row["epoch"]))
        shown = {f"test/{name}" for name in HEADLINE} if isinstance(self.logger, TensorBoardLogger) else set()
        self.logger.log_metrics({name: value for name, value in numbers.items() if name not in shown}, step=last)
        if beside := {name: numbers[name] for name in numbers if name in shown}:
            self.logger.log_hyperparams(self.config, beside, step=last)  # its table of runs shows these
        self.known["ended"] = True
        self._note()

    def close(self, status: str = "success") -> None:
        """The last word; after success nothing goes on here."""
        self.logger.finalize(status)
        if isinstance(self.logger, WandbLogger):
            self.logger.experiment.finish(int(status != "success"))  # else the next run of a sweep would be in this one
        if status == "success":
            self.path.unlink(missing_ok=True)

    def _note(self) -> None:
        write_json(self.path, self.known)


class LogEpochs(Callback):
    """Hands each epoch's row of a history to a log; it stands behind the history's own callback."""

    def __init__(self, log: RunLog, history: History) -> None:
        self.run_log = log
        self.history = history

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes what is new."""
        self.run_log.epochs(self.history.rows)


@contextmanager
def logged(name: str, run: Run) -> Iterator[RunLog | None]:
    """The log of a run, new or gone on with; None of ``csv``, and in a DDP run's other processes.

    What fails within is the last word of the log; else it stays open for the end.

    Raises:
        RequestError: the logger is not installed.
    """
    log = None if name == "csv" or not is_main_process() else RunLog(name, run)
    try:
        yield log
    except BaseException:
        if log is not None:
            log.close("failed")
        raise


def make_logger(name: str, folder: Path, known: str | None) -> Logger:
    """Lightning's logger of a name, for the run in a folder; ``known`` is its own id of a run that goes on.

    Raises:
        RequestError: it is not installed.
    """
    from pytorch_lightning import loggers

    try:
        if name == "tensorboard":
            return TensorBoardLogger(folder, name="", version="tensorboard", default_hp_metric=False)
        if name == "mlflow":
            uri = f"sqlite:///{(folder.parent / 'mlflow.db').as_posix()}"
            logger = loggers.MLFlowLogger("fer-exp", run_name=folder.name, tracking_uri=uri, run_id=known)
            with locked(folder.parent / ".mlflow.lock", lambda: silent("")):  # jobs side by side would make it twice
                _ = logger.experiment
            return logger
        known = known or uuid.uuid4().hex[:8]
        return WandbLogger(folder.name, save_dir=folder, project="fer-exp", id=known)
    except ModuleNotFoundError as error:
        raise RequestError(
            f"trainer.logger={name} is not installed ({error.name or error}): pip install 'fer-exp[{name}]'."
        ) from error


def _id(logger: Logger) -> str:
    """A logger's own id of its run."""
    return str(logger.version)


def dotted(config: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """A config as keys are typed.

    >>> dotted({"seed": 0, "trainer": {"epochs": 4, "milestones": [0.5]}})
    {'seed': 0, 'trainer.epochs': 4, 'trainer.milestones': '[0.5]'}
    """
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            found |= dotted(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = str(value) if isinstance(value, list) else value
    return found


def final(metrics: Mapping[str, Mapping[str, Any]]) -> Numbers:
    """Every number of metrics.json, with the ends of its interval.

    >>> final({"test": {"l1": {"value": 0.5, "low": 0.25, "high": None, "n": 9}}})
    {'test/l1': 0.5, 'test/l1_low': 0.25}
    """
    ends = {"value": "", "low": "_low", "high": "_high"}
    return finite(
        {
            f"{split}/{name}{end}": row[part]
            for split, rows in metrics.items()
            for name, row in rows.items()
            for part, end in ends.items()
        }
    )


def finite(numbers: Mapping[Any, Any]) -> Numbers:
    """Those that are numbers."""
    return {str(name): float(value) for name, value in numbers.items() if value is not None and math.isfinite(value)}


def _of_split(column: str) -> str:
    """A judged column of history.parquet as metrics.json calls it: ``val_clean_accuracy`` is ``val/accuracy``."""
    meant = {renamed: name for name, renamed in RENAMED.items()}.get(column, column)
    split, _, metric = meant.partition("_")
    return f"{split}/{metric}"
