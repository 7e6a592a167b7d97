"""Tasks whose true class is known: which of them a filter may see, and how right a crowd is on the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.errors import RequestError
from fer_exp.raters.aggregation import Aggregate, Answered
from fer_exp.raters.workers import credits, learn_gold
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

    Args:
        truth: true class of each task that was answered, shape (T,), -1 where it is not known.
        tasks: so many are shown, and the others judged; None shows and judges all of them.
        seed: of the draw.
        missing: gold tasks that nobody answered.

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

    Args:
        beliefs: ``all`` and ``filtered``: method -> what it believes.
        answers: ``all`` and ``filtered``: what it saw.
        gold: true classes.

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
