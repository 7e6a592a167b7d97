"""Intervals of figures of agreement from what these are without each face, without each rater, without each answer.

A figure is a function of sums over faces. ``low, high`` speak of other faces and these raters; ``low_raters,
high_raters`` of other faces and other raters of the same kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fer_exp.stats.bootstrap import FloatArray

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
    left: LeftOut,
    names: Sequence[str],
    shared: int,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    level: float = 0.95,
) -> dict[str, Ends]:
    r"""Figures with their intervals over faces, and over faces and raters.

    .. math:: V = V_f + \max(0, V_r - V_a), \quad
        \nu = V^2 \Big/ \Bigl(\tfrac{V_f^2}{N - 1} + \tfrac{V_r^2}{k - 1}\Bigr)

    The variances are those of the figure without each face, each rater, each answer. What a rater says of one face is
    in the first and in the second, and is taken out once, by the third. k is ``effective``.

    Args:
        left: M figures.
        names: their names; where there are fewer, of the first figures.
        shared: N, the faces that say something about agreement, as two raters answered them.
        ranges: lowest and highest value of a figure; others have -1 and 1.
        level: of the intervals.

    Source:
        Faces and raters: Gwet 2008, Psychometrika 73, 407-430, and 2014, Handbook of Inter-Rater Reliability, 4th
        edition, chapter 5 (without one rater at a time); two-way variances as in Cameron, Gelbach, Miller 2011, Journal
        of Business and Economic Statistics 29, 238-249; degrees of freedom: Satterthwaite 1946, Biometrics Bulletin 2,
        110-114. Coverage: scripts/coverage.py raters.
    """
    count, faces = max(shared, 1), left.faces.variance
    spans = [(ranges or {}).get(name, (-1.0, 1.0)) for name in names]
    over_faces = [_ends(*one, max(count - 1, 1), count, level) for one in zip(left.value, faces, spans, strict=False)]
    over_both: list[tuple[float | None, float | None]] = [(None, None)] * len(names)
    if left.raters is not None and left.answers is not None and left.raters.things >= FEWEST and left.effective > 1:
        raters, answers = left.raters.variance, left.answers.variance
        both = faces + np.maximum(raters - answers, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            df = np.maximum(both**2 / (faces**2 / max(count - 1, 1) + raters**2 / (left.effective - 1)), 1.0)
        few = min(count, left.raters.things)
        over_both = [_ends(*one, few, level) for one in zip(left.value, both, spans, df, strict=False)]
    return {
        name: Ends(float(value), *inner, *outer) if np.isfinite(value) else Ends()
        for name, value, inner, outer in zip(names, left.value, over_faces, over_both, strict=False)
    }


def _ends(
    value: float, variance: float, span: tuple[float, float], df: float, count: float, level: float
) -> tuple[float | None, float | None]:
    r"""Wilson's interval of a figure in its range, of as many cases as have its variance; Student's outside the range.

    .. math:: n = s (1 - s) / V_s, \quad s = (\theta - a) / (b - a)

    It stays in the range and leans inwards, as that of a share does. Where nothing varies, as of raters who always
    agree, the ends are those if the share of faces that may be otherwise without one having shown,
    :math:`1 - (\alpha / 2)^{1 / N}`, said nothing.

    Source: Wilson 1927; of an effective number of cases: Korn and Graubard 1998, Survey Methodology 24, 193-201;
    nothing seen in N cases: Clopper and Pearson 1934, Biometrika 26, 404-413.
    """
    from scipy.special import stdtrit

    lowest, highest = span
    if not np.isfinite(value + variance):
        return None, None
    if variance <= 1e-20:
        share = 1 - ((1 - level) / 2) ** (1 / count)
        return float(value - share * (value - min(value, max(lowest, 0.0)))), float(value + share * (highest - value))
    t = float(stdtrit(df, (1 + level) / 2))
    share, width = (value - lowest) / (highest - lowest), highest - lowest
    if not 0 < share < 1:
        return value - t * np.sqrt(variance), value + t * np.sqrt(variance)
    number = share * (1 - share) * width**2 / variance
    centre, half = share + t * t / (2 * number), t * np.sqrt(share * (1 - share) / number + (t / (2 * number)) ** 2)
    below = 1 + t * t / number
    return float(lowest + width * (centre - half) / below), float(lowest + width * (centre + half) / below)
