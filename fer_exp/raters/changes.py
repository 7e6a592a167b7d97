"""What a crowd changes against original labels and ratings, subset by subset: frames ready to be shown and drawn.

``classes`` are K names, ``samples`` the bootstrap replicates of the tasks and ``seed`` theirs.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers, Votes
from fer_exp.errors import RequestError
from fer_exp.labels.votes import majority
from fer_exp.raters import shift
from fer_exp.stats import square
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import shares
from fer_exp.stats.sums import cross, mean_by
from fer_exp.stats.tests import holm
from fer_exp.stats.totals import joint_intervals

FEWEST = 10
"""Tasks of a class that its rating measures need."""
ALL = "all"
"""What answers without subsets go by."""


class Original(NamedTuple):
    """Original labels in the order of the tasks, (T,), -1 where there is none; ratings by scale, (T,), nan likewise.

    ``missing`` is the number of labelled tasks that nobody answered.
    """

    label: NDArray[np.int32]
    rated: Mapping[str, FloatArray]
    missing: int


class Changes(NamedTuple):
    """What a crowd changes.

    ``labels`` are as ``label_changes`` and ``ratings`` as ``rating_changes`` have them, None where one side has none;
    ``ties`` are the tasks with an original label and a tie at the top; ``crowd`` are its mean ratings by scale,
    shape (T,).
    """

    original: Original
    labels: dict[str, Any] | None = None
    ties: int = 0
    crowd: Mapping[str, FloatArray] = MappingProxyType({})
    ratings: pd.DataFrame | None = None


def by_subset(data: Answers | Votes, original: Original | None) -> dict[str, tuple[Answers | Votes, Original | None]]:
    """The whole, or each subset; difficult and random faces must never be thrown together."""
    if data.subset is None:
        return {ALL: (data, original)}
    subsets: dict[str, tuple[Answers | Votes, Original | None]] = {}
    for name in sorted(set(data.subset)):
        inside = data.subset == name
        labels = None
        if original is not None:
            rated = {name: values[inside] for name, values in original.rated.items()}
            labels = Original(original.label[inside], rated, original.missing)
        subsets[str(name)] = data.of_tasks(inside), labels
    return subsets


def changes(
    data: Answers | Votes, original: Original, *, ties: str = "drop", samples: int = 1000, seed: int = 0
) -> Changes:
    """What the crowd changes: the labels, where both sides have any, and the ratings, likewise.

    Tied majorities become what ``ties`` says (drop, first or random); ``seed`` is of replicates and random ties.

    Raises:
        RequestError: no task has both an original label and a majority.
    """
    result = Changes(original)
    votes = data.votes() if isinstance(data, Answers) else data
    if len(data.classes) and (original.label >= 0).any():
        top = majority(votes.counts, ties, seed, [str(task) for task in votes.tasks])
        if not ((original.label >= 0) & (top.top >= 0)).any():
            raise RequestError("No task has both an original label and a majority; take ties=first or ties=random.")
        labels = label_changes(original.label, top.top, votes.counts, votes.classes, samples=samples, seed=seed)
        result = result._replace(labels=labels, ties=int((top.tied & (original.label >= 0)).sum()))
    if isinstance(data, Answers) and (crowd := mean_ratings(data, original.rated)):
        ratings = rating_changes(original.rated, crowd, original.label, data.classes, samples=samples, seed=seed)
        result = result._replace(crowd=crowd, ratings=ratings)
    return result


def mean_ratings(data: Answers, scales: Container[str]) -> dict[str, FloatArray]:
    """Mean rating of each task on those of some scales that people rated, shape (T,), nan where nobody did."""
    means = {}
    for name, values in data.rated.items():
        if name in scales:
            rated = ~np.isnan(values)
            means[name] = mean_by(data.task[rated], values[rated], len(data.tasks))
    return means


def label_changes(
    original: NDArray[np.int32],
    top: NDArray[np.int64],
    counts: FloatArray,
    classes: tuple[str, ...],
    *,
    samples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Original labels against the crowd's majority and against its votes.

    ``original`` are codes, -1 where there is none; ``top`` those of the majority, -1 where a tie was dropped or nobody
    voted, both of shape (N,); ``counts`` the votes, shape (N, K).

    Returns:
        ``matrix`` (K x K frame, original in rows), ``classes`` (a frame, one row a class: shares on both sides,
        change with interval, McNemar's p, Holm-corrected), ``tests`` (a frame), ``n``, ``voted`` (tasks behind the
        votes' change) and ``kept`` (share whose majority is the original label).
    """
    both = (original >= 0) & (top >= 0)
    table = cross(original[both], top[both], (len(classes), len(classes)))
    change, low, high = shift.share_changes(table)
    nobody = table.sum(axis=0) + table.sum(axis=1) == 0  # of a class that neither side has nothing is tested
    p = np.where(nobody, np.nan, square.mcnemar(table))
    voted = (original >= 0) & (counts.sum(axis=1) > 0)
    fractions = shares(counts[voted])
    votes = shift.vote_changes(original[voted].astype(np.int32), fractions, samples, seed)
    total = table.sum()
    votes_change, votes_low, votes_high = zip(*votes, strict=True)
    rows = pd.DataFrame({
        "class": classes, "original": table.sum(axis=1) / total, "majority": table.sum(axis=0) / total,
        "change": change, "low": low, "high": high, "p": p, "p_holm": holm(p),
        "votes": fractions.mean(axis=0), "votes_change": votes_change, "votes_low": votes_low, "votes_high": votes_high,
    })  # fmt: skip
    tests = pd.DataFrame(
        [
            ("Stuart-Maxwell", "are the classes as frequent on both sides?", *square.stuart_maxwell(table)),
            ("Bowker", "is each confusion as frequent as its reverse?", *square.bowker(table)),
        ],
        columns=["test", "asks", "statistic", "df", "p"],
    )
    matrix = pd.DataFrame(table.astype(np.int64), index=list(classes), columns=list(classes))
    return {"matrix": matrix, "classes": rows, "tests": tests, "n": int(total), "voted": int(voted.sum()),
            "kept": float(np.trace(table) / total)}  # fmt: skip


def rating_changes(
    original: Mapping[str, FloatArray],
    crowd: Mapping[str, FloatArray],
    label: NDArray[np.int32],
    classes: tuple[str, ...],
    *,
    samples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Original ratings against the crowd's mean ratings, overall and per original class.

    Both are ratings by scale, shape (N,), nan where missing; ``label`` is the original class, -1 where none is. SAGR is
    left out of scales without negative numbers: signs mean nothing there.

    Returns:
        One row a side, class (or ``all``) and measure of ``shift.RATING_MEASURES``: value, low, high, n. Classes with
        fewer than ``FEWEST`` tasks are left out.
    """
    rows = []
    for side in crowd:
        known = ~np.isnan(original[side]) & ~np.isnan(crowd[side])
        signed = min(original[side][known].min(initial=0), crowd[side][known].min(initial=0)) < 0
        for k, name in [(-1, "all"), *enumerate(classes)]:
            tasks = known & ((label == k) if k >= 0 else True)
            if tasks.sum() < (FEWEST if k >= 0 else 2):
                continue
            x, y = original[side][tasks], crowd[side][tasks]
            measured = joint_intervals(
                lambda weights, x=x, y=y: shift.rating_changes(x, y, weights),  # type: ignore[misc]
                shift.RATING_MEASURES, len(x), samples, seed,
            )  # fmt: skip
            for measure, (value, low, high) in measured.items():
                if measure == "sagr" and not signed:
                    continue
                rows.append({"side": side, "class": name, "measure": measure, "value": value, "low": low,
                             "high": high, "n": len(x)})  # fmt: skip
    return pd.DataFrame(rows, columns=["side", "class", "measure", "value", "low", "high", "n"])
