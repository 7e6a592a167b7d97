"""How near people a network came, epoch by epoch, and the accuracies that papers report of a whole training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.judging.applicable import Judged, arrays, statistics
from fer_exp.judging.judge import Result, without_interval
from fer_exp.judging.predictions import class_names

RENAMED = {"val_accuracy": "val_clean_accuracy"}
"""The judged name -> the column, where training has a column of the judged name: there against labels with noise."""
LAST = 5
"""Epochs behind ``accuracy_last5``."""
SAME = 1e-6
"""Validation accuracies are float32 means over batches; any two counts of faces differ by more than this."""


def judged_history(
    history: pd.DataFrame, predictions: pd.DataFrame, answers: Iterable[Mapping[str, NDArray[Any]]]
) -> pd.DataFrame:
    """The history of a training with the human metrics of every epoch.

    Args:
        history: a row an epoch, with ``epoch`` and whatever training recorded of it.
        predictions: the predictions table of the run, for its human side.
        answers: of each epoch, in the order of the rows: by split probabilities, shape (N, K), in the row order of the
            split in ``predictions``, and as ``<split>_affect`` valence and arousal, shape (N, 2). A split that is not
            there gets no columns, or empty cells where other epochs have it.

    Returns:
        The history, then ``val_<metric>`` and ``test_<metric>`` as ``point_values`` names them. Training's own
        ``val_accuracy`` is against the labels that validation has, noise included; the one against the clean label is
        ``val_clean_accuracy``.
    """
    classes = class_names(predictions)
    tables = {split: predictions[predictions["split"] == split] for split in ("val", "test")}
    parts = {split: arrays(table, classes) for split, table in tables.items()}
    rows = []
    for answer in answers:
        row: dict[str, float] = {}
        for split in (name for name in parts if name in answer):
            affect = answer.get(f"{split}_affect", np.full(parts[split].ratings.shape, np.nan))
            probabilities, ratings = answer[split].astype(np.float64), affect.astype(np.float64)
            values = point_values(parts[split]._replace(model=probabilities, affect=ratings))
            row |= {f"{split}_{name}": value for name, value in values.items()}
        rows.append({RENAMED.get(name, name): value for name, value in row.items()})
    judged = pd.DataFrame(rows, index=history.index)
    return pd.concat([history, judged], axis=1)


def point_values(judged: Judged) -> dict[str, float]:
    """The metrics of one split without intervals, references, single classes and the earth mover's distance.

    Named as in metrics.json; nan where undefined. A metric whose human side no face has is left out.
    """
    values = {name: float(of(None)) for _, group in statistics(judged).values() for name, of in group.items()}
    return {name: value if np.isfinite(value) else float("nan") for name, value in values.items()}


def accuracies(history: pd.DataFrame) -> dict[str, float]:
    """Test accuracies of a whole training; the first epoch of equals is taken.

    Returns:
        ``accuracy_last5``: the mean of the last five epochs, or of as many as there are; ``accuracy_best_val``: at the
        epoch of the best ``val_accuracy``; ``accuracy_best_test``: of the best epoch on test, which is chosen on the
        faces that it is measured on and so too high, for comparison with papers alone. Empty where test was not looked
        at after every epoch.

    >>> accuracies(pd.DataFrame({"val_accuracy": [0.5, 0.75, 0.75], "test_accuracy": [0.25, 0.5, 0.75]}))
    {'accuracy_last5': 0.5, 'accuracy_best_val': 0.5, 'accuracy_best_test': 0.75}
    """
    if "test_accuracy" not in history or history.empty or history["test_accuracy"].isna().any():
        return {}
    test, val = (history[f"{split}_accuracy"].to_numpy(np.float64) for split in ("test", "val"))
    best = int((val >= val.max() - SAME).argmax())
    return {
        "accuracy_last5": float(test[-LAST:].mean()),
        "accuracy_best_val": float(test[best]),
        "accuracy_best_test": float(test.max()),
    }


def accuracies_of(history: pd.DataFrame | None, predictions: pd.DataFrame) -> dict[str, Result]:
    """``accuracies`` of a training as metrics.json has them, without intervals; empty where there are none.

    n is the number of test faces with a label.
    """
    values = {} if history is None else accuracies(history)
    faces = int(((predictions["split"] == "test") & predictions["label"].notna()).sum())
    return {name: without_interval(value, faces) for name, value in values.items()}
