"""The cells of the noise study: a kind of noise, a rate and a method, with what its trainings left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from fer_exp.runs import Run
from fer_exp.stats.seeds import OverSeeds, over_seeds, paired_over_seeds
from fer_exp.stats.shares import percent
from fer_exp.studies.trained import Trained, by, done, per_seed

BASELINE, TWO_VIEWS, OURS = "ce", "ce_two_views", "evidence"
"""Plain cross-entropy; the same on both views, the fair baseline of two-view methods; the method of ours."""
OF_TWO_VIEWS = ("ce_two_views", "dnfer", "eac", "evidence", "ncctfer")
"""Methods that look at each face twice a step: a table is made without the networks' library."""
LAST, BEST = "accuracy", "accuracy_best_test"
REPEATED = "wrong_memorised"
GATE = 5.0
"""Points that cross-entropy has to lose between its best and its last epoch before methods are ranked."""

BySeed = Mapping[int, float]
"""Seed -> percent."""


class Cell(NamedTuple):
    """Where a training stands in the tables."""

    noise: str
    rate: float
    method: str

    @property
    def column(self) -> tuple[str, float]:
        """The kind of noise and its rate: methods are compared within it."""
        return self.noise, self.rate


Cells = dict[Cell, list[Trained]]


def cells_of(trained: Iterable[Trained]) -> Cells:
    """The trainings by cell: symmetric noise first, then by rate, methods as the preset has them."""
    groups = by(trained, _cell)
    order = {method: place for place, method in enumerate(dict.fromkeys(cell.method for cell in groups))}
    ranked = sorted(groups, key=lambda cell: (cell.noise != "symmetric", cell.noise, cell.rate, order[cell.method]))
    return {cell: groups[cell] for cell in ranked}


def _cell(training: Trained) -> Cell:
    """A method goes by the option that was chosen, since an option may be a method with other keys, and by its keys."""
    words = training.words
    keys = [f"{key.removeprefix('method.')}={words[key]}" for key in words if key.startswith("method.")]
    name = " ".join([words.get("method", training.config.method.name), *keys])
    return Cell(training.config.labels.noise, training.config.labels.rate, name)


def in_percent(group: Iterable[Trained], metric: str) -> dict[int, float]:
    """Seed -> a metric of the test split, percent."""
    return {seed: 100 * value for seed, value in per_seed(group, metric).items()}


def taught(group: Iterable[Trained], name: str) -> dict[int, float]:
    """Seed -> what the trained network answers of its own training faces, percent; see run.json."""
    return _of_runs(group, lambda run: run.facts.get("taught", {}).get(name))


def at_the_end(group: Iterable[Trained], column: str) -> dict[int, float]:
    """Seed -> a column of the history in the last epoch, percent."""

    def value(run: Run) -> float | None:
        history = run.history
        return None if history is None or column not in history else float(history[column].iloc[-1])

    return _of_runs(group, value)


def _of_runs(group: Iterable[Trained], value: Callable[[Run], float | None]) -> dict[int, float]:
    found = {training.config.seed: value(training.run) for training in done(group)}
    return {seed: 100 * number for seed, number in found.items() if number is not None and number == number}


def mean(by_seed: BySeed) -> OverSeeds | None:
    """Mean over seeds of a share in percent, with its interval."""
    return over_seeds(list(by_seed.values()), ends=(0, 100))


class Stage(NamedTuple):
    """What plain cross-entropy loses in a column, which is all that a method can save.

    Attributes:
        best: test accuracy of its best epoch by seed, percent.
        last: of its last epoch.
        lost: best less last, points, over seeds; None where it was not trained, or test was not looked at.
        repeated: share of the wrong labels that the trained network repeats, percent.
    """

    best: BySeed
    last: BySeed
    lost: OverSeeds | None
    repeated: OverSeeds | None

    @property
    def open(self) -> bool:
        """Whether there is enough to survive that methods are ranked."""
        return self.lost is not None and self.lost.mean >= GATE

    def says(self, rate: float) -> str:
        """The gate in words."""
        if self.lost is None:
            return f"not ranked: {BASELINE} is not finished, or test was not looked at after every epoch"
        if not self.open:
            return f"nothing to survive at {percent(rate, 'g')}: {BASELINE} loses {self.lost.mean:.1f} points"
        return f"ranked: {BASELINE} loses {self.lost.mean:.1f} points"


def stages(cells: Cells) -> dict[tuple[str, float], Stage]:
    """The stage of each column."""
    found = {}
    for column in dict.fromkeys(cell.column for cell in cells):
        group = cells.get(Cell(*column, BASELINE), [])
        best, last = in_percent(group, BEST), in_percent(group, LAST)
        found[column] = Stage(best, last, paired_over_seeds(best, last), mean(taught(group, REPEATED)))
    return found


def two_views(group: Sequence[Trained]) -> bool:
    """Whether a method looks at each face twice a step."""
    return group[0].config.method.name in OF_TWO_VIEWS


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A table of cells; the kind of noise is a column where there are several."""
    table = pd.DataFrame(rows)
    return table.drop(columns="noise") if set(table["noise"]) == {"symmetric"} else table
