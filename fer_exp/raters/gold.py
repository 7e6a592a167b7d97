"""Tasks whose true class is known: which of them a filter may see, and how right a crowd is on the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.errors import RequestError
from fer_exp.metrics.classification import shared_top
from fer_exp.raters.aggregation import Aggregate, Answered, Codes, FloatArray, mean_by
from fer_exp.stats.bootstrap import percentile_intervals
from fer_exp.stats.shares import wilson

MANY = 200_000
"""Answers beyond which gold tasks are drawn 20 times instead of 100."""


class Gold(NamedTuple):
    """True classes of the tasks, (T,), -1 where unknown; those shown to the filter and those left to judge on.

    ``missing`` is the number of gold tasks that nobody answered.
    """

    truth: NDArray[np.int32]
    shown: NDArray[np.int32]
    judged: NDArray[np.int32]
    missing: int = 0


def deal_gold(truth: NDArray[np.int32], tasks: int | None, seed: int = 0, missing: int = 0) -> Gold:
    """Draw the gold tasks that are shown to the filter.

    ``tasks`` are shown, the others judged; None shows and judges all of them. ``truth`` is -1 where it is not known.

    Raises:
        RequestError: nothing is left to judge on.

    >>> dealt = deal_gold(np.array([0, 1, 1, -1], np.int32), 1)
    >>> int((dealt.shown >= 0).sum()), int((dealt.judged >= 0).sum())
    (1, 2)
    """
    if tasks is None:
        return Gold(truth, truth, truth, missing)
    known = np.flatnonzero(truth >= 0)
    if tasks >= len(known):
        raise RequestError(f"gold_tasks={tasks} leaves nothing to judge on: {len(known):,} gold tasks were answered.")
    drawn = np.isin(np.arange(len(truth)), np.random.default_rng(seed).choice(known, tasks, replace=False))
    shown, judged = (np.where(side, truth, -1).astype(np.int32) for side in (drawn, ~drawn))
    return Gold(truth, shown, judged, missing)


def accuracies(
    beliefs: Mapping[str, Mapping[str, Aggregate]], answers: Mapping[str, Answered], gold: Gold
) -> pd.DataFrame:
    """Accuracy of each method on the gold tasks left to judge on that still have an answer.

    ``beliefs`` and ``answers`` have, for ``all`` and ``filtered``, what each method believes and what it saw.

    Returns:
        One row a side and method: ``answers``, ``method``, ``accuracy``, ``low``, ``high`` (Wilson), ``n``, ``steps``,
        ``converged``.
    """
    rows = []
    for side, methods in beliefs.items():
        judged = (gold.judged >= 0) & (np.bincount(answers[side].task, minlength=answers[side].tasks) > 0)
        for method, belief in methods.items():
            right = credits(belief.posterior[judged], gold.judged[judged])
            low, high = wilson(np.array([right.sum()]), np.array([len(right)]))
            rows.append({"answers": side, "method": method, "accuracy": right.mean() if len(right) else np.nan,
                         "low": low[0], "high": high[0], "n": len(right), "steps": belief.steps,
                         "converged": belief.converged})  # fmt: skip
    return pd.DataFrame(rows)


def thresholds(answers: Answered, gold: Gold, tasks: int | None, seed: int = 0) -> pd.DataFrame | None:
    """What a filter on gold accuracy is worth, as ``learn_gold`` has it; None where one gold task is all there is.

    ``tasks`` are shown in each draw, or 50, or half of them. ``attrs`` of the frame have ``tasks`` and ``draws``.
    """
    tasks = tasks or min(50, int((gold.truth >= 0).sum()) // 2)
    if tasks < 1:
        return None
    draws = 20 if len(answers.task) > MANY else 100
    table = learn_gold(answers, gold.truth, tasks, draws=draws, seed=seed)
    table.attrs = {"tasks": tasks, "draws": draws}
    return table


def learn_gold(
    answers: Answered,
    gold: Codes,
    tasks: int,
    *,
    thresholds: FloatArray | None = None,
    draws: int = 100,
    seed: int = 0,
) -> pd.DataFrame:
    """What a gold filter is worth: some gold tasks judge the workers, the others the majority of those who remain.

    ``gold`` is the true class of each task, shape (T,), -1 where it is not known; ``tasks`` of them judge the workers,
    drawn at random. ``thresholds`` of the accuracy on them are 0, and 0.3 to 0.9 in steps of 0.1 where they are None;
    any threshold above 0 removes workers who answered none of them.

    Returns:
        One row a threshold, means over draws: ``threshold``, ``workers`` kept, share of ``answers`` kept, ``covered``
        (share of the other gold tasks that still have an answer) and ``accuracy`` of the majority on these
        (``credits``), with ``low`` and ``high`` around 95 % of the draws. Likewise ``gain``, ``gain_low`` and
        ``gain_high`` over no filter on the same tasks.

    Raises:
        RequestError: no gold task is left for the majority.
    """
    answered = np.bincount(answers.task, minlength=answers.tasks) > 0
    known = np.flatnonzero((gold >= 0) & answered)
    if tasks >= len(known):
        raise RequestError(
            f"gold_tasks={tasks} leaves nothing to judge on: {len(known):,} gold tasks were answered. Give fewer."
        )
    if thresholds is None:
        thresholds = np.array([0.0, *np.arange(0.3, 0.91, 0.1).round(2)])
    generator = np.random.default_rng([seed, 2])
    drawn = np.full((draws, len(thresholds), 4), np.nan)
    for draw in range(draws):
        shown = np.zeros(answers.tasks, np.bool_)
        shown[generator.choice(known, tasks, replace=False)] = True
        judged = known[~shown[known]]
        rows = shown[answers.task]
        right = answers.label[rows] == gold[answers.task[rows]]
        accuracy = mean_by(answers.worker[rows], right.astype(np.float64), answers.workers)
        for step, threshold in enumerate(thresholds):
            kept = (accuracy >= threshold) if threshold > 0 else np.ones(answers.workers, np.bool_)
            used = kept[answers.worker]
            votes = answers.per_label(used.astype(np.float64))[judged]
            covered = votes.sum(axis=1) > 0
            score = credits(votes[covered], gold[judged[covered]])
            drawn[draw, step] = kept.sum(), used.mean(), covered.mean(), score.mean() if len(score) else np.nan
    gains = drawn[:, :, 3] - drawn[:, :1, 3]
    table = pd.DataFrame({"threshold": thresholds})
    for column, name in enumerate(("workers", "answers", "covered", "accuracy")):
        table[name] = np.nanmean(drawn[:, :, column], axis=0)
    table["low"], table["high"] = percentile_intervals(drawn[:, :, 3])
    table["gain"] = np.nanmean(gains, axis=0)
    table["gain_low"], table["gain_high"] = percentile_intervals(gains)
    return table


def credits(scores: FloatArray, truth: Codes) -> FloatArray:
    """How right the top class of each row is.

    Returns:
        1 where the true class has the highest of K scores, 1/m where m classes share it, else 0, shape (N,).

    >>> credits(np.array([[2.0, 1.0], [1.0, 1.0]]), np.array([0, 0], np.int32))
    array([1. , 0.5])
    """
    return shared_top(scores)[np.arange(len(scores)), truth]
