"""A finished run as small as it can be kept and still be judged: what an archive is made of, fit to be published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_exp.files import whole
from fer_exp.metrics.words import of_model
from fer_exp.runs import Run
from fer_exp.runs.places import without_places

FACTS = ("config", "versions", "git_commit", "device", "threads", "starts", "seeds", "data_hash", "contents",
         "targets_hash", "faces", "dropped", "noise", "taught", "weights", "pretrained", "backbone", "seconds",
         "epochs_seconds", "images_per_second", "finished")  # fmt: skip
"""What is kept of run.json."""
SMALL = (np.uint8, np.uint16, np.int32, np.float16, np.float32)
"""Types that a column of numbers is kept in where that loses nothing, the smallest first."""


def slim(run: Run, folder: Path, *, judged: bool = False) -> Run:
    """Write a copy of a finished run below a folder: config, facts, predictions, history, in few bytes.

    What was judged is kept of a run that has no predictions any more; else it is computed again. Probabilities are
    float16, which moves a digit here and there; else nothing is lost. Faces are there by their names alone. Absolute
    paths become names, so that nothing tells of the machine.

    Args:
        run: a finished run.
        folder: of the archived runs; the copy has the run's name in it.
        judged: for hundreds of runs whose table needs no predictions: what was judged is kept in their place, and of
            the history the accuracies, without figures of single classes.

    Returns:
        The copy.

    Raises:
        RequestError: a file of the run cannot be read.
        RunError: a file cannot be written.
    """
    copy = Run(folder / run.name)
    classes = tuple(f"_{name}" for name in (run.facts.get("noise") or {}).get("classes", ())) if judged else ()
    facts = placeless({name: run.facts[name] for name in FACTS if name in run.facts})
    if run.wrote("predictions") and not judged:
        table = pd.read_parquet(run.sound("predictions"))
        table = table.astype(dict.fromkeys([name for name in table if str(name).startswith("p_")], np.float16))
        write_small(copy.path("predictions"), table.dropna(axis="columns", how="all"))
    elif run.metrics:
        rows = run.metrics.get("test", {}).items()
        test = {name: row for name, row in rows if of_model(name) and not name.endswith(classes)}
        copy.write("metrics", {"test": test})
    if run.history is not None:
        history = run.history.dropna(axis="columns", how="all")
        write_small(copy.path("history"), history[_accuracies(history, classes)] if judged else history)
    copy.write("config", facts.get("config", {}))
    copy.write("facts", facts)
    return copy


def _accuracies(history: pd.DataFrame, classes: tuple[str, ...]) -> list[str]:
    """Columns of a history, less those that end with a class and the metrics of a split that are no accuracy."""
    return [
        name
        for name in map(str, history)
        if not name.endswith(classes)
        and (name.endswith(("accuracy", "loss")) or not name.startswith(("val_", "test_")))
    ]


def placeless(value: Any) -> Any:
    """A value of JSON in which absolute paths, behind a ``key=`` or not, are names; a backbone keeps that of its run.

    >>> placeless({"root": "/home/me/fer", "command": ["train", "dataset.root=/home/me/fer", "output=runs"]})
    {'root': 'fer', 'command': ['train', 'dataset.root=fer', 'output=runs']}
    >>> placeless("train=['dataset.root=/home/me/fer','seed=0,1']")
    "train=['dataset.root=fer','seed=0,1']"
    >>> placeless("/data/runs/pretrain-drawn/backbone.pt")
    'pretrain-drawn/backbone.pt'
    """
    if isinstance(value, dict):
        return {key: placeless(each) for key, each in value.items()}
    if isinstance(value, list):
        return [placeless(each) for each in value]
    return without_places(value) if isinstance(value, str) else value


def write_small(path: Path, table: pd.DataFrame) -> None:
    """Parquet with zstd, each column as small as it can be without loss."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow = pa.table({str(name): pa.array(_small(column), from_pandas=True) for name, column in table.items()})
    with whole(path) as aside:
        pq.write_table(
            arrow, aside, compression="zstd", compression_level=19, write_statistics=False, store_schema=False
        )


def _small(column: pd.Series) -> Any:
    if not pd.api.types.is_numeric_dtype(column) or column.dtype == bool:
        return column.astype(object)
    values = column.to_numpy()
    with np.errstate(invalid="ignore", over="ignore"):
        for kind in SMALL:
            small = values.astype(kind)
            if np.array_equal(small.astype(np.float64), values.astype(np.float64), equal_nan=True):
                return small
    return values
