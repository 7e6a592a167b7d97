"""What a pretraining is worth: trainings from random weights and from each task, with right and with wrong labels.

No paper's study: scripts/pretraining_gain.py trains, and docs/pretrain.md says what was found.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from fer_exp.report.outcome import Outcome, OutcomeTable
from fer_exp.runs import Run
from fer_exp.stats.seeds import over_seeds, paired_over_seeds
from fer_exp.stats.shares import percent
from fer_exp.studies.tables import seeds_cell
from fer_exp.studies.trained import DONE

NAME = "pretraining-gain"
STARTS = ("random", "contrast", "points", "drawn")
EARLY = 3
"""The epoch that is read beside the last: as the rate is constant, three epochs are the first of ten."""


def build(runs: Sequence[Run], caption: str) -> Outcome:
    """The table of finished trainings, any number of seeds of any start.

    Args:
        runs: trainings with plain cross-entropy that looked at test after every epoch.
        caption: what was trained.

    Returns:
        A row a start, seed and measure; for readers a row a start, with the gain over random weights.
    """
    found = {(_start(run), int(run.config["seed"]), float(run.config["labels"]["rate"])): run for run in runs}
    rows = [
        {"start": start, "seed": seed, "measure": measure, "accuracy": value}
        for start, seed, rate in sorted(found, key=lambda key: (STARTS.index(key[0]), *key[1:]))
        for measure, value in readings(found[start, seed, rate], rate).items()
    ]
    table = pd.DataFrame(rows)
    done = {"study": NAME, "runs": {DONE: sorted(run.name for run in runs)}}
    return Outcome(content=done, tables=[OutcomeTable(NAME, caption, table, shown_table(table))])


def readings(run: Run, rate: float) -> dict[str, float]:
    """Test accuracy after the early and the last epoch, by validation after the last, and what it repeats.

    Of wrong labels the best epoch on test, too, and the share that it repeats while it learns the last epoch.
    """
    history = run.history
    if history is None:
        return {}
    wrong = f"{percent(rate)} wrong"
    test = history["test_accuracy"]
    early, last = min(EARLY, len(history)), len(history)
    read = {f"{wrong}, epoch {epoch}": test.iloc[epoch - 1] for epoch in (early, last)}
    if rate:
        read[f"{wrong}, best"] = test.max()
        read["wrong labels repeated"] = history["wrong_memorised"].iloc[-1]
    read[f"{wrong}, validation, last"] = history["val_clean_accuracy"].iloc[-1]
    return {measure: float(value) for measure, value in read.items()}


def shown_table(table: pd.DataFrame) -> pd.DataFrame:
    """A row a start; cells with mean and interval over seeds, and the paired gain over random weights."""
    by = {
        (start, measure): dict(zip(part["seed"], 100 * part["accuracy"], strict=True))
        for (start, measure), part in table.groupby(["start", "measure"])
    }
    rows = []
    for start in dict.fromkeys(table["start"]):
        row = {"start": start}
        for measure in dict.fromkeys(table["measure"]):
            values, random = by.get((start, measure), {}), by.get(("random", measure), {})
            gain = paired_over_seeds(values, random) if start != "random" else None
            row[measure] = seeds_cell(over_seeds(list(values.values()), ends=(0, 100)), 1, missing="")
            row[measure] += f"; {seeds_cell(gain, 1, '+')}" if gain else ""
        rows.append(row | {"seeds": str(len(set(table["seed"][table["start"] == start])))})
    return pd.DataFrame(rows)


def _start(run: Run) -> str:
    """The task of the pretraining that a training starts from, ``random`` where there is none."""
    return str((run.facts.get("weights") or {}).get("pretrained", {}).get("task", "random"))
