"""Filters of workers: thresholds on what is known of each, and whom they remove."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.errors import RequestError


class Filter(NamedTuple):
    """A column of the table of workers, whether its threshold is a minimum, its name in words, and what it needs.

    ``ends`` stands before ``_low`` and ``_high`` in the columns of its interval; counts have none.
    """

    column: str
    least: bool
    words: str
    needs: str
    ends: str = ""


FILTERS: dict[str, Filter] = {
    "min_answers": Filter("answers", True, "answers", ""),
    "min_gold_answers": Filter("gold_answers", True, "gold answers", "gold=FILE"),
    "min_gold_accuracy": Filter("gold_accuracy", True, "share of gold answers that are right", "gold=FILE"),
    "min_agreement": Filter(
        "agreement", True, "agreement with the other answers", "tasks with two answers", "agreement"
    ),
    "min_skill": Filter("skill", True, "agreement beyond chance", "gold=FILE, or tasks with two answers", "skill"),
    "min_consistency": Filter(
        "consistency",
        True,
        "share of repeats answered the same",
        "workers who met a task twice, with duplicates=first or last",
        "consistency",
    ),
    "min_seconds": Filter("seconds", True, "median seconds an answer", "a column seconds", "seconds"),
    "min_entropy": Filter("entropy", True, "entropy of a worker's answers", "", "entropy"),
    "max_entropy": Filter("entropy", False, "entropy of a worker's answers", "", "entropy"),
    "max_spam": Filter("spam", False, "spam score", "", "spam"),
}
"""Filters by key. With ``sure`` a worker is removed where the whole interval lies beyond the threshold, else where the
value does, or is not known (no repeated task, say). Gold is known, so a share of it counts as it is; too few gold
answers decide nothing (``filter_workers``)."""


BASIS = {"gold_accuracy": ("gold_answers", "gold answer"), "consistency": ("repeats", "repeat")}
"""What a share of few cases stands on: its column and its words."""


class Filtered(NamedTuple):
    """Who is kept, shape (W,), and a row for each worker and filter that removes them.

    ``unsure``: by key, whose value does not meet it while their interval may: too few answers to say, shape (W,) each.
    """

    kept: NDArray[np.bool_]
    removed: pd.DataFrame
    unsure: dict[str, NDArray[np.bool_]]


def filter_workers(
    table: pd.DataFrame, thresholds: Mapping[str, float | None], enough: int = 1, *, sure: bool = False
) -> Filtered:
    """Which workers meet every threshold, and which ones each filter removes.

    Args:
        table: as ``workers.describe_workers`` gives it.
        thresholds: by key of ``FILTERS``, None for no filter.
        enough: gold answers from which ``min_gold_accuracy`` judges a worker; who has fewer stays (``spared``).
        sure: remove only who is beyond a threshold with the whole interval; False asks the value alone.

    Returns:
        ``removed`` has ``worker``, ``filter``, ``threshold``, ``value``, ``answers``, and ``why``, which says how many
        answers a share stands on.

    Raises:
        RequestError: a filter on what the table cannot tell, or nobody is left.

    >>> table = pd.DataFrame({"worker": ["ann", "bob"], "answers": [40, 3]})
    >>> found = filter_workers(table, {"min_answers": 20})
    >>> found.kept.tolist(), found.removed["why"].tolist()
    ([True, False], ['answers 3, below 20'])
    """
    kept = np.ones(len(table), np.bool_)
    rows: list[dict[str, object]] = []
    unsure = {}
    for key, threshold in thresholds.items():
        if threshold is None:
            continue
        judged = _judged(table, key, threshold, enough, sure=sure)
        kept &= judged.met
        if judged.end is not None:
            unsure[key] = judged.unsure
        for row in np.flatnonzero(~judged.met):
            value = float(judged.value[row])
            rows.append({"worker": table["worker"].iloc[row], "filter": key, "threshold": threshold, "value": value,
                         "answers": int(table["answers"].iloc[row]),
                         "why": _why(table, key, int(row), value, threshold, judged.end)})  # fmt: skip
    if not kept.any():
        filters = " ".join(f"{key}={value:g}" for key, value in thresholds.items() if value is not None)
        raise RequestError(f"{filters} together remove all {len(table):,} workers; nobody meets them all. Loosen one.")
    columns = ["worker", "filter", "threshold", "value", "answers", "why"]
    return Filtered(kept, pd.DataFrame(rows, columns=columns), unsure)


class _Judged(NamedTuple):
    """Who meets a threshold, shape (W,): the values that are judged, nan of who is not; who meets it by ``sure`` alone.

    ``end`` is the column of the end of the interval that decides, None where the value does.
    """

    value: NDArray[np.float64]
    met: NDArray[np.bool_]
    unsure: NDArray[np.bool_]
    end: str | None


def _judged(table: pd.DataFrame, key: str, threshold: float, enough: int, *, sure: bool) -> _Judged:
    """One filter; arguments, and what is raised, as of ``filter_workers``."""
    column, least, words, needs, ends = FILTERS[key]
    if column not in table or table[column].isna().all():
        raise RequestError(f"{key}={threshold:g} cannot be judged: it needs {needs}.")
    value = table[column].to_numpy(np.float64)
    met = value >= threshold if least else value <= threshold
    if key == "min_gold_accuracy" and "gold_answers" in table:
        ample = table["gold_answers"].to_numpy() >= enough
        if not ample.any():
            most = int(table["gold_answers"].max())
            raise RequestError(
                f"{key}={threshold:g} judges nobody: it asks for {enough} gold answers a worker, and the most that "
                f"anybody has is {most}; give more gold, or enough_gold_answers={most}."
            )
        value = np.where(ample, value, np.nan)
        met |= ~ample
    end = f"{ends}_{'high' if least else 'low'}" if sure and ends else None
    unsure = np.zeros(len(table), np.bool_)
    if end is not None:
        furthest = table[end].to_numpy(np.float64)
        beyond = furthest < threshold if least else furthest > threshold
        unsure = ~met & ~beyond
        met |= ~beyond
    if not met.any():
        best = np.nanmax(value) if least else np.nanmin(value)
        raise RequestError(
            f"{key}={threshold:g} removes all {len(table):,} workers: the {'highest' if least else 'lowest'} "
            f"{words} is {best:.3g}; choose a threshold that somebody meets."
        )
    return _Judged(value, met, unsure, end)


def _why(table: pd.DataFrame, key: str, row: int, value: float, threshold: float, end: str | None) -> str:
    """Why a filter removes a worker, with the end of the interval where that decides."""
    column, least = FILTERS[key][:2]
    if np.isnan(value):
        return f"{column} is not known"
    basis, case = BASIS.get(column, ("", ""))
    cases = int(table[basis].iloc[row]) if basis in table else 0
    on = f" on {cases} {case}{'' if cases == 1 else 's'}" if cases else ""
    surely = "" if end is None else f" ({'at most' if least else 'at least'} {table[end].iloc[row]:.3g})"
    return f"{column} {value:.3g}{on}, {'below' if least else 'above'} {threshold:g}{surely}"


def spared(table: pd.DataFrame, enough: int) -> pd.DataFrame:
    """The workers whom too few gold answers keep from being judged by them, those with fewest first.

    >>> spared(pd.DataFrame({"worker": ["ann", "bob"], "gold_answers": [40, 3]}), 10)["worker"].tolist()
    ['bob']
    """
    return table[table["gold_answers"] < enough].sort_values("gold_answers", kind="stable")
