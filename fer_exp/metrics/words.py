"""What a name of metrics.json stands for, which way it is better, and how a person says it: read off the registry."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from fer_exp.metrics.registry import (
    ANY,
    CLASS,
    FEW_PERSONS,
    LESS,
    METRICS,
    MORE,
    NEITHER,
    RATINGS,
    REFERENCES,
    REPAIRS,
    Metric,
)
from fer_exp.names import SIDES


class Named(NamedTuple):
    """A name of metrics.json taken apart: the row, what stands before it (``prior_valence_``), its class or number."""

    row: Metric
    before: str
    part: str


@cache
def named(name: str) -> Named | None:
    """The row that a name of metrics.json belongs to; None where that is a repair's number, or nobody knows it.

    >>> f1 = named("temperature_votes_soft_f1_fear")
    >>> f1.row.name, f1.before, f1.part
    ('soft_f1_<class>', 'temperature_votes_', 'fear')
    """
    references = "|".join(sorted(REFERENCES, key=len, reverse=True))
    for row in METRICS:
        side = f"({'|'.join(SIDES)})_" if row.needs == RATINGS else ""
        ending = re.escape(row.name).replace(CLASS, "(?P<part>.+)").replace("<k>", r"(?P<part>\d+)")
        if match := re.fullmatch(f"(?P<before>(({references})_)?{side}){ending}", name):
            return Named(row, match["before"], match.groupdict().get("part", ""))
    return None


def of_model(name: str) -> bool:
    """Whether a name of metrics.json is of the model as it was trained: of no reference, and no repair's own number.

    >>> of_model("l1"), of_model("prior_l1"), of_model("temperature")
    (True, False, False)
    """
    return name not in REPAIRS and not name.startswith(tuple(f"{reference}_" for reference in REFERENCES))


def better(name: str) -> int:
    """1 where more of a metric is better, -1 where less is, 0 where it tells of the faces or nobody knows it.

    >>> better("majority_accuracy"), better("prior_l1"), better("soft_f1_fear"), better("majority_ties")
    (1, -1, 1, 0)
    """
    known = named(name)
    return known.row.better if known else NEITHER


def rough(name: str, persons: int) -> bool:
    """Whether a metric's interval over so many persons, or faces, holds the truth too seldom (``Metric.few``).

    >>> rough("l1", 25), rough("rater_equivalents", 25)
    (False, True)
    """
    known = named(name)
    return persons < (known.row.few if known else FEW_PERSONS)


def limits(name: str) -> tuple[float, float]:
    """The least and the largest value that a metric has.

    >>> limits("entropy_correlation")
    (-1.0, 1.0)
    """
    known = named(name)
    return known.row.range if known else ANY


def within_range(name: str, low: float | None, high: float | None) -> tuple[float | None, float | None]:
    """The ends of an interval, which of two runs or a few faces can lie where the metric has no values.

    >>> within_range("entropy_correlation", -2.05, 0.9), within_range("l1", 0.1, None)
    ((-1.0, 0.9), (0.1, None))
    """
    least, most = limits(name)
    return None if low is None else max(low, least), None if high is None else min(high, most)


def direction(name: str) -> str:
    """An arrow to where a metric gets better; none where ``better`` is 0.

    >>> direction("accuracy"), direction("l1")
    ('↑', '↓')
    """
    return {MORE: "↑", LESS: "↓", NEITHER: ""}[better(name)]


def spoken(name: str, *, short: bool = False) -> str:
    """A metric's name as a person writes it, or ``short`` for a narrow column; what nobody knows only gets spaces.

    >>> spoken("l1"), spoken("people_ece"), spoken("jensen_shannon_divergence"), spoken("valence_ccc")
    ('L1', 'people ECE', 'Jensen–Shannon divergence', 'valence CCC')
    >>> spoken("vote_correlation_fear"), spoken("jensen_shannon_divergence", short=True)
    ('vote correlation fear', 'JS')
    """
    known = named(name)
    if known is None:
        return name.replace("_", " ")
    row, before, part = known
    words = (row.short if short else "") or row.words or row.name.replace("_", " ")
    return before.replace("_", " ") + words.replace(CLASS, part).replace("<k>", part)
