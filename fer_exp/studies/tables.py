"""What a study hands over: tables as numbers and as text, figures, notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from fer_exp.stats.seeds import OverSeeds

NOT_STATED = "not stated"
OTHER_CORPUS = "other corpus"
NOTHING = "-"

NAMES = {
    "synthetic": "the built-in faces",
    "fer2013": "FER2013",
    "ferplus": "FER+",
    "rafdb": "RAF-DB",
    "affectnet": "AffectNet",
    "cafe": "CAFE",
}


class StudyTable(NamedTuple):
    """A table: ``rows`` with every digit for programs, ``shown`` for readers; ``name`` is its file's."""

    name: str
    caption: str
    rows: pd.DataFrame
    shown: pd.DataFrame


@dataclass
class Outcome:
    """All that a study says."""

    tables: list[StudyTable] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def corpus_name(corpus: str) -> str:
    """A corpus as papers write it.

    >>> corpus_name("synthetic"), corpus_name("folder")
    ('the built-in faces', 'folder')
    """
    return NAMES.get(corpus, corpus)


def interval(value: float | None, low: float | None, high: float | None, decimals: int = 3, sign: str = "") -> str:
    """A number with its interval as a cell has it.

    >>> interval(0.5, 0.25, 0.75), interval(1.5, None, None, 1, "+"), interval(None, None, None)
    ('0.500 [0.250, 0.750]', '+1.5', '-')
    """
    if value is None or value != value:
        return NOTHING
    said = f"{value:{sign}.{decimals}f}"
    return said if low is None or high is None else f"{said} [{low:{sign}.{decimals}f}, {high:{sign}.{decimals}f}]"


def seeds_cell(found: OverSeeds | None, decimals: int = 3, sign: str = "") -> str:
    """The same of a mean over seeds.

    >>> seeds_cell(OverSeeds(0.5, None, None, 1)), seeds_cell(None)
    ('0.500', '-')
    """
    return NOTHING if found is None else interval(found.mean, found.low, found.high, decimals, sign)


def columns_of(name: str, found: OverSeeds | None) -> dict[str, float | None]:
    """A mean over seeds as three columns of numbers."""
    mean, low, high, _ = found or (None, None, None, 0)
    return {name: mean, f"{name}_low": low, f"{name}_high": high}
