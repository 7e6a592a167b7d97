"""What the tables of studies have in common: words of cells, names of corpora, means over seeds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.table import Table

from fer_exp.config import TrainConfig
from fer_exp.report.cells import NOTHING, frame_table, interval
from fer_exp.report.outcome import OutcomeTable
from fer_exp.runs import FILES
from fer_exp.stats.seeds import OverSeeds

NOT_STATED = "not stated"
OTHER_CORPUS = "other corpus"

TITLED = {"scale": "{}", "published": "published: {}", "difference": ""}
"""Columns that the terminal has in the title where they say the same in every row, and how."""


def seeds_cell(over: OverSeeds | None, decimals: int = 3, sign: str = "", *, missing: str = NOTHING) -> str:
    """A mean over seeds with its interval, where it has one.

    >>> seeds_cell(OverSeeds(0.5, None, None, 1)), seeds_cell(None)
    ('0.500', '-')
    """
    return missing if over is None else interval(over.mean, over.low, over.high, decimals, sign)


def difference_cell(value: float | None, same_corpus: bool, decimals: int = 2) -> str:
    """Ours less the published figure; where there is none, why not."""
    nothing = NOTHING if same_corpus else OTHER_CORPUS
    return interval(value, None, None, decimals, "+", missing=nothing)


def first_weights(config: TrainConfig) -> str:
    """The network and what its training began from, in words."""
    weights = config.backbone.weights
    if weights == "none":
        return f"{config.backbone.name} from scratch"
    path = Path(weights)
    return f"{config.backbone.name} weights {path.parent.name if path.name == FILES['backbone'] else weights}"


def columns_of(name: str, over: OverSeeds | None) -> dict[str, float | None]:
    """A mean over seeds as three columns of numbers."""
    mean, low, high, _ = over or (None, None, None, 0)
    return {name: mean, f"{name}_low": low, f"{name}_high": high}


def narrow_table(table: OutcomeTable) -> Table:
    """A study's table in 80 columns: intervals stand below their values, what is the same in every row in the title."""
    shown = table.readers
    same = {name: shown[name].iloc[0] for name in TITLED if name in shown and shown[name].nunique() == 1}
    cells = {name: [_narrow(cell) for cell in shown[name]] for name in shown if name not in same}
    title = [table.name, *(TITLED[name].format(value) for name, value in same.items() if TITLED[name])]
    narrow = frame_table(pd.DataFrame(cells), ", ".join(title))
    for column in narrow.columns:
        column.no_wrap, column.overflow = False, "fold"
    narrow.columns[0].no_wrap = True  # names of methods stay whole
    return narrow


def _narrow(cell: object) -> object:
    return cell.replace(" [", "\n").replace("]", "").replace(" (", "\n(") if isinstance(cell, str) else cell
