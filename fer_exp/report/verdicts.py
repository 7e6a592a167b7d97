"""What it comes to, in one sentence, read off intervals: people's agreement, a crowd's filter, a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fer_exp.raters.readings import headline
from fer_exp.report.cells import interval
from fer_exp.report.outcome import records

if TYPE_CHECKING:  # agreement has a verdict without scipy's optimisers
    from fer_exp.raters.gold import Gold

NOTHING = 0.02
"""A gain whose interval ends below this is called nothing: two faces in a hundred."""
MOST_SCALES = 4
"""Of so many scales the agreement on each is said in the verdict; of more, on which of them people agree."""
LEARNT_ON_GOLD = ("min_gold_accuracy", "min_skill")
"""Filters that look at whether gold answers are right, so that the same gold cannot judge them."""


def gain(change: float, low: float, high: float, n: float, what: str, subject: str = "filtering") -> str:
    """What a filter changes in one measure, more is better, as its interval says it.

    Args:
        change: mean over tasks.
        low: end of its interval; nan for none.
        high: likewise.
        n: tasks that could be compared.
        what: the measure in words.
        subject: what gains.

    >>> gain(0.03, 0.01, 0.05, 500, "agreement with the lab")
    'filtering gains 0.030 [0.010, 0.050] in agreement with the lab'
    >>> gain(0.001, -0.002, 0.004, 500, "accuracy on gold")
    'filtering gains nothing here in accuracy on gold (+0.001 [-0.002, +0.004])'
    >>> gain(0.01, -0.02, 0.04, 50, "accuracy on gold")
    'not shown that filtering gains in accuracy on gold (+0.010 [-0.020, +0.040])'
    """
    if not np.isfinite([change, low, high]).all():
        return f"not shown that {subject} gains in {what}: too few tasks are left to compare"
    signed = f"({interval(change, low, high, sign='+')})"
    if low > 0:
        return f"{subject} gains {interval(change, low, high)} in {what}"
    if high < 0:
        return f"{subject} costs {interval(-change, -high, -low)} in {what}"
    flat = low == high and 3 / max(n, 1) >= NOTHING  # no task changed, of too few: Hanley and Lippman-Hand 1983
    if high < NOTHING and not flat:
        return f"{subject} gains nothing here in {what} {signed}"
    return f"not shown that {subject} gains in {what} {signed}"


def of_crowd(
    asked: Mapping[str, float],
    removed: int,
    *,
    lab: Mapping[str, pd.DataFrame] | None = None,
    gold: Gold | None = None,
    paired: Mapping[str, float] | None = None,
    thresholds: pd.DataFrame | None = None,
) -> str:
    """Whether filtering gains anything, in one sentence.

    Args:
        asked: the filters that were given.
        removed: workers who go.
        lab: as ``against_lab`` has it.
        gold: true classes, and which of them the filter saw.
        paired: as ``paired_gain`` has it.
        thresholds: as ``learn_gold`` has it.
    """
    parts = []
    if asked and not removed:
        parts.append("the filter removes nobody, so it changes nothing")
        if thresholds is not None:
            parts.append(_of_thresholds(thresholds, None))
        return "; ".join(parts)
    if lab is not None and asked:
        parts += _against_lab(lab["gain"])
    if gold is not None:
        leaks = [key for key in LEARNT_ON_GOLD if key in asked] if gold.shown is gold.judged else []
        if asked and paired is not None and not leaks:
            parts.append(gain(paired["change"], paired["low"], paired["high"], paired["n"], "accuracy on gold"))
        elif thresholds is not None and (not asked or list(asked) == ["min_gold_accuracy"]):
            parts.append(_of_thresholds(thresholds, asked.get("min_gold_accuracy")))
        elif asked:
            why = "the filter used the gold that would judge it; gold_tasks=50 judges on others"
            parts.append(f"not shown that filtering gains in accuracy on gold: {why}")
    if lab is not None and not asked:
        rows = records(lab["agreement"])
        row = next(row for row in rows if (row["answers"], row["merged"], row["class"]) == ("all", False, "all"))
        share = interval(row["agreement"], row["low"], row["high"])
        parts.append(f"the crowd's majority is the lab's for {share} of the faces; no filter was given")
    if not parts:
        return "not shown that filtering gains anything: there is nothing to judge it by; give gold=FILE or lab=VOTES"
    return "; ".join(parts)


def _against_lab(gains: pd.DataFrame) -> list[str]:
    """Agreement with the lab's majority, then L1 to its distribution, where less is better; of single classes."""
    rows: dict[str, dict[Any, Any]] = {row["measure"]: row for row in records(gains[~gains["merged"]])}
    parts = []
    for measure, sign, words in (("agreement", 1, "agreement with the lab"), ("l1", -1, "L1 to the lab")):
        if (row := rows.get(measure)) is not None:
            low, high = sorted(np.nan if row[end] is None else sign * row[end] for end in ("low", "high"))
            parts.append(gain(sign * row["change"], low, high, row["n"], words))
    return parts


def _of_thresholds(table: pd.DataFrame, asked: float | None) -> str:
    """A filter on gold accuracy, learned on some gold tasks and judged on others; the one asked for, or the best."""
    told = "accuracy on gold that the filter did not use"
    tried = [row for row in records(table) if (row["threshold"] == asked if asked else row["threshold"] > 0)]
    if not any(row["judged"] >= 1 for row in tried):
        return f"not shown that filtering gains in {told}: no worker has enough gold answers to be judged by"

    def said(row: Mapping[str, Any], subject: str) -> str:
        change, low, high = (np.nan if row[end] is None else row[end] for end in ("gain", "gain_low", "gain_high"))
        return gain(change, low, high, row["gain_n"], told, subject)

    if asked:
        return said(tried[0], "filtering")
    known = [row for row in tried if row["gain_low"] is not None]
    if shown := [row for row in known if row["gain_low"] > 0]:
        best = max(shown, key=itemgetter("gain"))
        return said(best, f"min_gold_accuracy={best['threshold']:g}")
    many = f"min_gold_accuracy at {tried[0]['threshold']:g} to {tried[-1]['threshold']:g}"
    best = max(known, key=itemgetter("gain_high"), default=tried[0])
    return f"{said(best, many)}; the largest possible gain is at {best['threshold']:g}"


def of_plan(table: pd.DataFrame, l1: float) -> str:
    """How many raters a face are enough, by the upper end of the distance's band, in one sentence.

    Args:
        table: as ``planning.plan`` has it.
        l1: distance of soft labels to the population that is aimed at.
    """
    aim = f"soft labels within L1 {l1:g} of the population"
    rows = records(table)
    largest = rows[-1]
    enough = [row for row in rows if row["l1_high"] <= l1]
    possible = [row for row in rows if row["l1_low"] <= l1]
    if not possible:
        return f"{_raters(largest)} are not enough for {aim} ({_l1(largest)})"
    if not enough:
        return f"not shown that {_raters(largest)} are enough for {aim} ({_l1(largest)}); plan for more with raters="
    row, least = enough[0], possible[0]
    one = "is" if row["raters"] == 1 else "are"
    fewer = f"; {least['raters']} may be enough, which is not shown" if least["raters"] < row["raters"] else ""
    return f"{_raters(row)} {one} enough for {aim} ({_l1(row)}){fewer}"


def _raters(row: Mapping[str, Any]) -> str:
    number = int(row["raters"])
    return "one rater a face" if number == 1 else f"{number} raters a face"


def _l1(row: Mapping[str, Any]) -> str:
    return f"L1 {interval(row['l1'], row['l1_low'], row['l1_high'])}"


def of_agreement(survey: Mapping[str, Any]) -> str:
    """How well people agree, in one sentence; of what ``survey`` gives.

    It is read off intervals over faces and raters; where raters are not known it is said of these raters alone.
    """
    parts = []
    labels = survey.get("labels", {})
    told: list[Mapping[str, Any] | None] = []
    if labels:
        told.append(labels.get("fleiss_kappa"))
        parts.append(_beyond_chance(told[-1], "the class", "kappa"))
        if parts[0].startswith("agree on") and "reading" in (alpha := labels.get("krippendorff_alpha", {})):
            parts.append(f"alpha {_ends(alpha)} ({alpha['reading']}, {alpha['guideline']})")
    rated = []
    for side in survey.get("scales", {}):
        forms = survey[side]
        name = next((name for name in ("icc_2_1", "icc_1_1") if _known(forms.get(name))), "icc_1_1")
        words = f"ICC({','.join(name.split('_')[1:])})"
        told.append(forms.get(name))
        rated.append((side, _beyond_chance(told[-1], side, words)))
    if len(rated) > MOST_SCALES:
        agreed = [side for side, words in rated if words.startswith("agree on") and "beyond chance" in words]
        rest = [side for side, _ in rated if side not in agreed]
        parts.append(f"agree beyond chance on {len(agreed)} of {len(rated)} scales{_listed(agreed)}")
        parts += [f"are not shown to agree on{_listed(rest)[1:]}"] if rest else []
    else:
        parts += [words for _, words in rated]
    if not parts:
        return "not shown how well people agree: no task has two answers"
    these = any(one and one.get("low") is not None and one.get("low_raters") is None for one in told)
    return f"{'these raters' if these else 'people'} {'; '.join(parts)}"


def _listed(names: Sequence[str]) -> str:
    return f": {', '.join(names)}" if names else ""


def _beyond_chance(result: Mapping[str, Any] | None, what: str, measure: str) -> str:
    if not _known(result) or result is None:
        return (
            f"are not shown to agree on {what} beyond chance: {measure} is undefined, since raters share no face or "
            "all answers are the same"
        )
    named = f" ({result['reading']}, {result['guideline']})" if "reading" in result else ""
    low, high = headline(result)
    if low is None:
        return f"are not shown to agree on {what}: {measure} {result['value']:.3f} has no interval"
    if low > 0:
        return f"agree on {what} beyond chance: {measure} {_ends(result)}{named}"
    if high < 0:
        return f"agree on {what} less than by chance: {measure} {_ends(result)}"
    return f"are not shown to agree on {what} beyond chance: {measure} {_ends(result)}"


def _known(result: Mapping[str, Any] | None) -> bool:
    return bool(result) and result is not None and result.get("value") is not None


def _ends(result: Mapping[str, Any]) -> str:
    return interval(result["value"], *headline(result))
