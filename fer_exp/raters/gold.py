"""Tasks whose true class is known: which of them a filter may see, and how right a crowd is on the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Codes
from fer_exp.errors import RequestError
from fer_exp.metrics.classification import shared_top
from fer_exp.raters.aggregation import Aggregate, Answered
from fer_exp.stats.bootstrap import FloatArray, percentile_intervals
from fer_exp.stats.shares import paired_interval, wilson
from fer_exp.stats.sums import mean_by

MANY = 200_000
"""Answers beyond which gold tasks are drawn 20 times instead of 100."""
THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Accuracies on gold at which a filter is tried; 0 is no filter."""


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


def paired_gain(before: Aggregate, after: Aggregate, answers: Sequence[Answered], gold: Gold) -> dict[str, float]:
    """What a filter changes in accuracy, task by task, on the gold tasks left to judge on.

    ``answers`` are all, then those that remain; a task that lost all its answers cannot be compared.

    Returns:
        ``change`` with ``low`` and ``high``, its 95 % interval over tasks (``paired_interval``), and ``n`` tasks.
    """
    judged = gold.judged >= 0
    for side in answers:
        judged &= np.bincount(side.task, minlength=side.tasks) > 0
    right = [credits(belief.posterior[judged], gold.judged[judged]) for belief in (before, after)]
    change, low, high = paired_interval(right[1] - right[0])
    return {"change": change, "low": low, "high": high, "n": int(judged.sum())}


def thresholds(
    answers: Answered, gold: Gold, tasks: int | None, *, enough: int = 1, asked: float | None = None, seed: int = 0
) -> pd.DataFrame | None:
    """What a filter on gold accuracy is worth, as ``learn_gold`` has it; None where one gold task is all there is.

    ``tasks`` are shown in each draw, or 50, or half of them; ``asked`` is a threshold to be among them. ``attrs`` of
    the frame have ``tasks`` and ``draws``.
    """
    tasks = tasks or min(50, int((gold.truth >= 0).sum()) // 2)
    if tasks < 1:
        return None
    draws = 20 if len(answers.task) > MANY else 100
    levels = np.unique([*THRESHOLDS, *([asked] if asked else [])])
    table = learn_gold(answers, gold.truth, tasks, thresholds=levels, enough=enough, draws=draws, seed=seed)
    table.attrs = {"tasks": tasks, "draws": draws}
    return table


def learn_gold(
    answers: Answered,
    gold: Codes,
    tasks: int,
    *,
    thresholds: FloatArray | None = None,
    enough: int = 1,
    draws: int = 100,
    seed: int = 0,
) -> pd.DataFrame:
    """What a gold filter is worth: some gold tasks judge the workers, the others the majority of those who remain.

    ``gold`` is the true class of each task, shape (T,), -1 where it is not known; ``tasks`` of them judge the workers,
    drawn at random, each worker with ``enough`` answers to them. ``thresholds`` of the accuracy on them are
    ``THRESHOLDS`` where they are None.

    Returns:
        One row a threshold, means over draws: ``threshold``, ``workers`` kept, ``judged`` (workers with enough gold
        answers), share of ``answers`` kept, ``covered`` (share of the other gold tasks that still have an answer) and
        ``accuracy`` of the majority on these (``credits``); ``spread_low`` and ``spread_high`` hold 95 % of the draws.
        ``gain`` over no filter is on the same tasks, task by task; ``gain_low`` and ``gain_high`` are its intervals
        over tasks, for these workers: the gains of a task are averaged over draws, then ``paired_interval``; the tasks
        learned on are a sample, too, which adds at most their share of the gold times the variance over draws
        (Hoeffding 1948).
        They hold for all thresholds together with 95 % (Bonferroni), so that the best of them may be picked.
        `scripts/gold_gain.py` measures how often they hold the truth.

    Raises:
        RequestError: no gold task is left for the majority.
    """
    answered = np.bincount(answers.task, minlength=answers.tasks) > 0
    known = np.flatnonzero((gold >= 0) & answered)
    if tasks >= len(known):
        raise RequestError(
            f"gold_tasks={tasks} leaves nothing to judge on: {len(known):,} gold tasks were answered. Give fewer."
        )
    levels = np.array(THRESHOLDS) if thresholds is None else thresholds
    generator = np.random.default_rng([seed, 2])
    drawn = np.full((draws, len(levels), 6), np.nan)
    gained, times = np.zeros((2, len(levels), answers.tasks))
    unfiltered = credits(answers.votes()[known], gold[known])
    for draw in range(draws):
        shown = np.zeros(answers.tasks, np.bool_)
        shown[generator.choice(known, tasks, replace=False)] = True
        left = ~shown[known]
        filtered = _filtered(answers, gold, shown, known[left], unfiltered[left], levels, enough)
        for step, (judged, gains, means) in enumerate(filtered):
            gained[step, judged] += gains
            times[step, judged] += 1
            drawn[draw, step] = means
    table = pd.DataFrame({"threshold": levels})
    for column, name in enumerate(("workers", "judged", "answers", "covered", "accuracy")):
        table[name] = pd.DataFrame(drawn[:, :, column]).mean()  # nan, without a warning, where no draw has one
    table["spread_low"], table["spread_high"] = percentile_intervals(drawn[:, :, 4])
    level = 1 - 0.05 / max(int((levels > 0).sum()), 1)
    table.loc[levels == 0, "gain"] = 0.0
    for step in np.flatnonzero(levels > 0).tolist():
        compared = times[step] > 0
        gains = gained[step, compared] / times[step, compared]
        changes = drawn[np.isfinite(drawn[:, step, 5]), step, 5]
        learnt = changes.var(ddof=1) * tasks / len(known) if len(changes) > 1 else 0.0
        interval = paired_interval(gains, times[step, compared], level, learnt)
        table.loc[step, ["gain", "gain_low", "gain_high"]] = interval
    table["gain_n"] = (times > 0).sum(axis=1)
    return table


def _filtered(
    answers: Answered,
    gold: Codes,
    shown: NDArray[np.bool_],
    judged: NDArray[np.int64],
    before: FloatArray,
    levels: FloatArray,
    enough: int,
) -> Iterator[tuple[NDArray[np.int64], FloatArray, tuple[float, ...]]]:
    """At each threshold the tasks that still have an answer, what each gains over no filter, and means.

    Args:
        answers: of W workers to T tasks.
        gold: the true class of each task, shape (T,).
        shown: tasks that judge the workers, shape (T,).
        judged: those left to judge on, shape (G,).
        before: how right the majority is there without a filter, shape (G,).
        levels: the thresholds.
        enough: answers to the tasks shown, from which a worker is judged.
    """
    rows = shown[answers.task]
    right = answers.label[rows] == gold[answers.task[rows]]
    accuracy = mean_by(answers.worker[rows], right, answers.workers)
    ample = np.bincount(answers.worker[rows], minlength=answers.workers) >= enough
    for threshold in levels:
        kept = ~(ample & (accuracy < threshold))
        used = kept[answers.worker]
        votes = answers.per_label(used.astype(np.float64))[judged]
        covered = votes.sum(axis=1) > 0
        score = credits(votes[covered], gold[judged[covered]])
        gains = score - before[covered]
        means = (score.mean(), gains.mean()) if len(score) else (np.nan, np.nan)
        yield judged[covered], gains, (kept.sum(), ample.sum(), used.mean(), covered.mean(), *means)


def credits(scores: FloatArray, truth: Codes) -> FloatArray:
    """How right the top class of each row is.

    Returns:
        1 where the true class has the highest of K scores, 1/m where m classes share it, else 0, shape (N,).

    >>> credits(np.array([[2.0, 1.0], [1.0, 1.0]]), np.array([0, 0], np.int32))
    array([1. , 0.5])
    """
    return shared_top(scores)[np.arange(len(scores)), truth]
