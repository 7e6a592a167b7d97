"""`fer-exp evaluate`: judge predictions that lie on disk, of a run of ours or of any model."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console

from fer_exp.errors import RequestError, RunError
from fer_exp.human.judge import Metrics, judge
from fer_exp.human.predictions import class_names, read_predictions
from fer_exp.report.tables import metrics_table


def evaluate(run: Path | None, predictions: Path | None, samples: int, seed: int, json_output: bool = False) -> int:
    """Judge predictions, write the metrics, print them; the last line of stdout is where they lie.

    Args:
        run: a run folder: ``predictions.parquet`` is judged, with the class prior of ``targets.parquet``, and
            ``metrics.json`` written anew.
        predictions: a predictions table of any model; ``<stem>.metrics.json`` is written beside it.
        samples: bootstrap replicates.
        seed: of replicates and halvings.
        json_output: print the metrics as JSON instead, alone on stdout, and the path on stderr.

    Returns:
        0.

    Raises:
        RequestError: both or neither of run and predictions, a missing file, a table against its contract.
        RunError: the metrics cannot be written.
    """
    if (run is None) == (predictions is None):
        raise RequestError("evaluate needs run=FOLDER or predictions=FILE, one of the two.")
    if run is not None:
        if not (run / "predictions.parquet").is_file():
            raise RequestError(f"{run} has no predictions.parquet: it is no run folder, or its run has not finished.")
        table, path = read_predictions(run / "predictions.parquet"), run
        metrics = write_metrics(run, table, targets=_read_targets(run), samples=samples, seed=seed)
    elif predictions is not None:
        table, path = read_predictions(predictions), predictions.with_name(f"{predictions.stem}.metrics.json")
        metrics = judge(table, samples=samples, seed=seed)
        write_json(path, metrics)
    if json_output:
        print(json.dumps(metrics, indent=1, allow_nan=False))
        print(path, file=sys.stderr)
        return 0
    console = Console(highlight=False)
    for split in sorted(metrics, key=lambda name: name != "test"):  # the test split first, the others in their order
        console.print(metrics_table(metrics, split))
    print(path)
    return 0


def write_metrics(
    folder: Path, predictions: pd.DataFrame, *, targets: pd.DataFrame | None = None, samples: int = 1000, seed: int = 0
) -> Metrics:
    """Judge the predictions of a run and write ``metrics.json`` into its folder.

    Args:
        folder: the run folder.
        predictions: its predictions table.
        targets: its targets table, for the class prior; None takes each split's own mean.
        samples: bootstrap replicates.
        seed: of replicates and halvings.

    Returns:
        The metrics, as ``judge`` returns them.

    Raises:
        RequestError: as ``judge`` and ``target_prior`` say.
        RunError: the file cannot be written; an older one is then still whole.
    """
    prior = None if targets is None else target_prior(targets, class_names(predictions))
    metrics = judge(predictions, samples=samples, seed=seed, prior=prior)
    write_json(folder / "metrics.json", metrics)
    return metrics


def target_prior(targets: pd.DataFrame, classes: tuple[str, ...]) -> NDArray[np.float64] | None:
    """The mean training target: what a model would answer that had only counted its training labels.

    Args:
        targets: ``target_<class>`` columns, and ``split`` where there are rows besides train.
        classes: K names, the order of the result.

    Returns:
        Shape (K,), sums to 1; None where there are no training rows.

    Raises:
        RequestError: the targets have other classes.

    >>> frame = pd.DataFrame({"split": ["train", "val"], "target_fear": [0.2, 1.0], "target_anger": [0.8, 0.0]})
    >>> target_prior(frame, ("anger", "fear"))
    array([0.8, 0.2])
    """
    own = {str(name).removeprefix("target_") for name in targets.columns if str(name).startswith("target_")}
    if own != set(classes):
        odd = ", ".join(sorted(own ^ set(classes)))
        raise RequestError(f"targets and predictions are not of the same run: only one of them has the classes {odd}.")
    rows = targets[targets["split"] == "train"] if "split" in targets else targets
    if len(rows) == 0:
        return None
    return np.asarray(rows[[f"target_{name}" for name in classes]].to_numpy(np.float64).mean(axis=0))


def write_json(path: Path, content: object) -> None:
    """Write JSON so that a reader finds the old file or the new one, never half of one.

    Raises:
        RunError: the file cannot be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        aside.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        aside.unlink(missing_ok=True)


def _read_targets(run: Path) -> pd.DataFrame | None:
    path = run / "targets.parquet"
    if not path.is_file():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise RequestError(f"{path} cannot be read as parquet: {str(error).splitlines()[0]}") from error
