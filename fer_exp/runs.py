"""Run folders: named after the config, so that the same command finds the same run, finished or interrupted."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import TrainConfig, plain
from fer_exp.errors import RequestError, RunError
from fer_exp.files import whole

CHECKPOINT = Path("checkpoints") / "last.ckpt"
FAILED = "failed.log"
"""In a run folder: the traceback of the last try, where that failed in a sweep."""
EPOCHS = "epochs"
"""Folder of the predictions of every epoch, while a run is not finished; history.parquet is made of it."""


def run_name(config: TrainConfig) -> str:
    """What the run is, in words, and a hash of all keys that can change a number.

    Where things are kept (output, dataset.cache), what else is written (trainer.logger) and the number of bootstrap
    replicates, which `fer-exp evaluate` can change afterwards, play no part.

    >>> run_name(TrainConfig())
    'synthetic-onehot-resnet18-ce-seed0-...'
    """
    labels = config.labels.kind
    if labels == "noisy":
        rate = "" if config.labels.noise == "file" else f"{config.labels.rate:g}"
        labels = config.labels.noise + rate
    words = (config.dataset.name, labels, config.backbone.name, config.method.name, f"seed{config.seed}")
    return "-".join([*words, _hash(config)])


def run_folder(config: TrainConfig) -> Path:
    """The folder of a run, whether it is there yet or not."""
    return Path(config.output).expanduser() / run_name(config)


def is_finished(folder: Path) -> bool:
    """Whether a run is whole: run.json is the last file that a run writes."""
    return (folder / "run.json").is_file()


def is_main_process() -> bool:
    """Whether this process writes; in a DDP run only the first of all does."""
    return all(os.environ.get(name, "0") == "0" for name in ("LOCAL_RANK", "RANK", "SLURM_PROCID"))


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make a run folder and keep other commands out of it; the kernel lets go of it however the process ends.

    Raises:
        RunError: another process is at work on the same run, or the folder cannot be made.
    """
    if not is_main_process():  # its parent holds the claim
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / ".lock").open("a")
    except OSError as error:
        raise RunError(f"{folder} cannot be written ({error.strerror}); set output to a folder of yours.") from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"{folder}: another process is at work on this run; wait for it or stop it.") from None
        except OSError:
            pass  # a file system without locks
        yield


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write parquet, or csv where the name says so, aside and rename: a reader finds the old file or the new one.

    Raises:
        RunError: the file cannot be written.
    """
    with whole(path) as aside:
        if path.suffix == ".csv":
            table.to_csv(aside, index=False)
        else:
            table.to_parquet(aside, index=False)


def epoch_file(folder: Path, epoch: int) -> Path:
    """Where the predictions of an epoch (from 1) lie in a run folder.

    >>> epoch_file(Path("run"), 7).as_posix()
    'run/epochs/007.npz'
    """
    return folder / EPOCHS / f"{epoch:03d}.npz"


def read_epoch(folder: Path, epoch: int) -> dict[str, NDArray[Any]]:
    """The arrays that ``EpochPredictions`` kept of an epoch (from 1); empty where it kept none."""
    path = epoch_file(folder, epoch)
    if not path.is_file():
        return {}
    with np.load(path) as kept:
        return dict(kept)


def read_run(folder: Path) -> dict[str, Any]:
    """The contents of run.json.

    Raises:
        RequestError: there is none, or it is no JSON.
    """
    path = folder / "run.json"
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        raise RequestError(f"{folder} has no run.json: it is no run folder, or its run has not finished.") from None
    except ValueError as error:
        raise RequestError(f"{path} is no JSON ({error}).") from error
    return content


def _hash(config: TrainConfig) -> str:
    keys = plain(config)
    for group, name in ((None, "output"), (None, "bootstrap"), ("dataset", "cache"), ("trainer", "logger")):
        (keys[group] if group else keys).pop(name)
    if keys["dataset"]["train_limit"] is None:  # younger than many runs, which keep their names
        keys["dataset"].pop("train_limit")
    paths = [("dataset", name) for name in ("root", "table", "votes", "ratings", "split_file")]
    for group, name in [*paths, ("labels", "file"), ("labels", "posteriors")]:
        if keys[group][name]:  # the same folder however it is spelt
            keys[group][name] = str(Path(keys[group][name]).expanduser().resolve())
    return hashlib.sha256(json.dumps(keys, sort_keys=True).encode()).hexdigest()[:8]
