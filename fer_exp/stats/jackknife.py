"""Intervals of figures of agreement from what these are without each face, without each rater, without each answer.

A figure is a function of sums over faces. ``low, high`` speak of other faces and these raters; ``low_raters,
high_raters`` of other faces and other raters of the same kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.ranges import ends_in

Finish = Callable[[FloatArray], FloatArray]
"""From sums, shape (..., m), to M figures, shape (..., M); nan where undefined."""
Blocks = Iterable[tuple[FloatArray, FloatArray | None]]
"""What the sums lose without each of some things, (d, m), and how often each stands there, (d,); None for once."""
BLOCK = 1 << 16
"""Things that are left out at once."""
FEWEST = 3
"""Raters that an interval over raters needs: of two, none is left to agree with."""


class Changes(NamedTuple):
    """By how much M figures change without each of some ``things``: sums of the changes' powers, (M,)."""

    things: float
    first: FloatArray
    second: FloatArray
    fourth: FloatArray

    @property
    def variance(self) -> FloatArray:
        r"""Of the figures, (M,): :math:`(n - 1) / n \sum_i (\hat\theta_{(i)} - \bar\theta_{(\cdot)})^2`.

        Source: Tukey 1958, Annals of Mathematical Statistics 29, 614; Efron and Tibshirani 1993, chapter 11.
        """
        count = self.things
        with np.errstate(invalid="ignore"):
            spread = np.maximum(self.second - self.first**2 / max(count, 1), 0.0)
        return spread * (count - 1) / count if count > 1 else np.full(len(self.first), np.nan)

    @property
    def deciding(self) -> FloatArray:
        """How many things decide each figure, (M,), counted as if these moved it alike and the others not at all."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.fourth > 0, self.second**2 / self.fourth, 0.0)


class LeftOut(NamedTuple):
    """M figures, and how they change without each face and, where raters are known, each rater and each answer."""

    value: FloatArray
    faces: Changes
    raters: Changes | None = None
    answers: Changes | None = None
    effective: float = 0.0
    """Raters who would say as much if all had answered equally often: the square of n over the sum of squares."""


class Ends(NamedTuple):
    """A figure with its interval over faces, of these raters, and over faces and raters; None where there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    low_raters: float | None = None
    high_raters: float | None = None


def blocks(number: int) -> Iterator[slice]:
    """``number`` things, some at a time."""
    return (slice(first, first + BLOCK) for first in range(0, number, BLOCK))


def changes(value: FloatArray, without: Iterable[tuple[FloatArray, FloatArray | None]]) -> Changes:
    """Figures without each of some things, blocks of shape (d, M) and how often each stands there, as ``Changes``."""
    count, sums = 0.0, np.zeros((3, len(value)))
    for values, times in without:
        change = values - value
        weights = np.ones(len(change)) if times is None else times
        count += float(weights.sum())
        sums += [weights @ change**power for power in (1, 2, 4)]
    return Changes(count, *sums)


def of_sums(finish: Finish, total: FloatArray, removed: Blocks) -> Changes:
    """How figures change where their sums lose what each of some things adds."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return changes(finish(total), ((finish(total - lost), times) for lost, times in removed))


def effective(answers: FloatArray) -> float:
    """Raters who would say as much if all had answered equally often, from the answers of each.

    >>> effective(np.array([10.0, 10.0, 10.0])), effective(np.array([100.0, 1.0, 1.0]))
    (3.0, 1.04...)
    """
    return float(answers.sum() ** 2 / (answers**2).sum()) if answers.any() else 0.0


def intervals(
    left: LeftOut, names: Sequence[str], shared: int, ranges: Mapping[str, tuple[float, float]] | None = None
) -> dict[str, Ends]:
    r"""Figures with their intervals over faces, and over faces and raters.

    .. math:: V = V_f + \max(0, V_r - V_a), \quad
        \nu = V^2 \Big/ \Bigl(\tfrac{V_f^2}{N - 1} + \tfrac{V_r^2}{k - 1}\Bigr)

    The variances are those of the figure without each face, each rater, each answer. What a rater says of one face is
    in the first and in the second, and is taken out once, by the third. k is ``effective``. What is taken out makes
    the degrees of freedom of V fewer than those of any part, k - 1 as a rule: these are then taken.

    Args:
        left: M figures.
        names: their names; where there are fewer, of the first figures.
        shared: N, the faces that say something about agreement, as two raters answered them.
        ranges: lowest and highest value of a figure; others have -1 and 1.

    Source:
        Faces and raters: Gwet 2008, Psychometrika 73, 407-430, and 2014, Handbook of Inter-Rater Reliability, 4th
        edition, chapter 5 (without one rater at a time); two-way variances as in Cameron, Gelbach, Miller 2011, Journal
        of Business and Economic Statistics 29, 238-249; degrees of freedom: Satterthwaite 1946, Biometrics Bulletin 2,
        110-114. Coverage: scripts/coverage.py raters.
    """
    count, faces = max(shared, 1), left.faces.variance
    spans = [(ranges or {}).get(name, (-1.0, 1.0)) for name in names]
    over_faces = [ends_in(*one, max(count - 1, 1), count) for one in zip(left.value, faces, spans, strict=False)]
    over_both: list[tuple[float | None, float | None]] = [(None, None)] * len(names)
    if left.raters is not None and left.answers is not None and left.raters.things >= FEWEST and left.effective > 1:
        raters, answers = left.raters.variance, left.answers.variance
        both = faces + np.maximum(raters - answers, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            df = both**2 / (faces**2 / max(count - 1, 1) + raters**2 / (left.effective - 1))
        df = np.maximum(df, max(min(count, left.effective) - 1, 1.0))
        few = min(count, left.raters.things)
        over_both = [ends_in(*one, few) for one in zip(left.value, both, spans, df, strict=False)]
    return {
        name: Ends(float(value), *inner, *outer) if np.isfinite(value) else Ends()
        for name, value, inner, outer in zip(names, left.value, over_faces, over_both, strict=False)
    }
