"""How well raters agree on valence or arousal: intraclass correlations, alpha, split halves, repeated tasks.

Ratings come as three arrays, ``task``, ``worker`` and ``value``, shape (n,), one entry a rating, so that raters may
have missed tasks; ``tasks`` are N and ``workers`` W.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.metrics.affect import absolute_agreement
from fer_exp.raters.agreement import alpha_of, interval_alpha, of_halves
from fer_exp.raters.components import henderson
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.totals import Joint, Measure, summed

Codes = NDArray[np.int32]
CELLS = 1 << 22
"""Numbers of an array that is made for many replicates at once."""
FORMS = ("icc_1_1", "icc_2_1", "icc_3_1", "icc_1_k", "icc_2_k", "icc_3_k")
"""Shrout and Fleiss's names: raters differ from task to task (1), are a sample of raters (2), or are all there are (3);
of a single rating (1) or of the mean of a panel (k)."""


class Anova(NamedTuple):
    """Mean squares of complete ratings: between tasks, within tasks, between raters, residual; N tasks, k raters."""

    between: float
    within: float
    raters: float
    residual: float
    tasks: int
    panel: int


def icc(task: Codes, worker: Codes, value: FloatArray, tasks: int, workers: int) -> Joint:
    r"""Intraclass correlations from variance components (``components.henderson``), of complete and incomplete ratings.

    With complete ratings they are those of Shrout and Fleiss:

    .. math:: ICC(2,1) = \frac{\sigma_r^2}{\sigma_r^2 + \sigma_c^2 + \sigma_e^2}, \quad
        ICC(3,1) = \frac{\sigma_r^2}{\sigma_r^2 + \sigma_e^2}

    ICC(1,1) is the same of the one-way model. The forms for k take the noise by k, where k is
    :math:`k_0 = (n - \sum_i n_i^2 / n) / (N - 1)`, the raters of a task in a complete table.

    Returns:
        A function of the weights (B, N) that gives (B, 6), or (6,) for None, in the order of ``FORMS``; nan where
        ratings do not vary, or tasks and raters cannot be told apart. Negative values are left as they are.

    Source:
        Shrout and Fleiss 1979, Psychological Bulletin 86, 420-428.

    >>> four = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7.0]])
    >>> task, worker = (code.ravel().astype(np.int32) for code in np.indices(four.shape))
    >>> icc(task, worker, four.ravel(), 6, 4)(None).round(2)  # the example of Shrout and Fleiss
    array([0.17, 0.29, 0.71, 0.44, 0.62, 0.91])
    """
    components = henderson(task, worker, value, tasks, workers)

    def forms(weights: FloatArray | None) -> FloatArray:
        one_way, within, person, rater, noise, k = np.moveaxis(components(weights), -1, 0)
        singles = [_share(one_way, within), _share(person, rater + noise), _share(person, noise)]
        means = [_share(one_way, within / k), _share(person, (rater + noise) / k), _share(person, noise / k)]
        return np.stack([*singles, *means], axis=-1)

    return forms


def anova(task: Codes, worker: Codes, value: FloatArray, tasks: int, workers: int) -> Anova | None:
    """Mean squares where every rater rated every task, else None."""
    if len(value) != tasks * workers or tasks < 2 or workers < 2:
        return None
    table = np.full((tasks, workers), np.nan)
    table[task, worker] = value
    if np.isnan(table).any():
        return None
    table = table - table.mean()
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    between = workers * (rows**2).sum() / (tasks - 1)
    within = ((table - rows[:, None]) ** 2).sum() / (tasks * (workers - 1))
    raters = tasks * (columns**2).sum() / (workers - 1)
    residual = ((table - rows[:, None] - columns) ** 2).sum() / ((tasks - 1) * (workers - 1))
    return Anova(float(between), float(within), float(raters), float(residual), tasks, workers)


def f_intervals(squares: Anova, level: float = 0.95) -> dict[str, tuple[float, float]]:
    """Intervals of the six forms from the F distribution, for complete ratings.

    Returns:
        Form -> low, high; nan where ratings have no noise.

    Source:
        McGraw and Wong 1996, Psychological Methods 1, 30-46, table 7; ICC(2,k) is Spearman and Brown's formula of
        the ends of ICC(2,1).

    >>> ends = f_intervals(Anova(11.24, 6.26, 32.49, 1.02, 6, 4))
    >>> [round(end, 2) for end in ends["icc_2_1"]]
    [0.02, 0.76]
    """
    from scipy.special import fdtri  # a tenth of a second to import: here, not before

    n, k, tail = squares.tasks, squares.panel, 1 - (1 - level) / 2
    b, r, e = squares.between, squares.raters, squares.residual
    ends: dict[str, tuple[float, float]] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for form, noise, df in (("1", squares.within, n * (k - 1)), ("3", e, (n - 1) * (k - 1))):
            ratio = np.divide(b, noise) if noise > 0 else np.nan
            low = ratio / fdtri(n - 1, df, tail)
            high = ratio * fdtri(df, n - 1, tail)
            ends[f"icc_{form}_1"] = (float((low - 1) / (low + k - 1)), float((high - 1) / (high + k - 1)))
            ends[f"icc_{form}_k"] = (float(1 - 1 / low), float(1 - 1 / high))
        rho = absolute_agreement(b, r, e, n, k)
        ratio = r / e if e > 0 else np.nan
        first = n * (1 + (k - 1) * rho) - k * rho
        above = (k - 1) * (n - 1) * (k * rho * ratio + first) ** 2
        freedom = above / ((n - 1) * k**2 * rho**2 * ratio**2 + first**2)
        f1, f2 = fdtri(n - 1, freedom, tail), fdtri(freedom, n - 1, tail)
        rest = k * r + (k * n - k - n) * e
        low, high = n * (b - f1 * e) / (f1 * rest + n * b), n * (f2 * b - e) / (rest + n * f2 * b)
        ends["icc_2_1"] = (float(low), float(high))
        ends["icc_2_k"] = (float(k * low / (1 + (k - 1) * low)), float(k * high / (1 + (k - 1) * high)))
    return ends


def alpha(task: Codes, value: FloatArray, tasks: int) -> Measure:
    """Krippendorff's alpha of ratings on an interval scale; see ``agreement.interval_alpha``."""
    return interval_alpha(*_moments(task, value - value.mean(), tasks))


def ordinal_alpha(task: Codes, value: FloatArray, tasks: int) -> Joint:
    r"""Krippendorff's alpha of ratings of which only the order counts.

    The ordinal difference :math:`(\sum_{g=c}^{k} n_g - (n_c + n_k) / 2)^2` is the squared difference of mid-ranks, so
    this is the interval alpha of mid-ranks, ranked anew in each replicate.

    Returns:
        A function of the weights (B, N) that gives (B, 1), or (1,) for None.

    Source: Krippendorff 2019, Content Analysis, 4th edition, chapter 12.
    """
    number = np.bincount(task, minlength=tasks).astype(np.float64)
    used = number[task] >= 2
    of_task, ranks = task[used], np.unique(value[used], return_inverse=True)[1]
    shape = (tasks, int(ranks.max(initial=-1)) + 1)
    answers = summed(np.ones(len(of_task)), of_task, ranks, shape)  # of a task, by rank
    number = np.where(number >= 2, number, 0.0)
    others = np.maximum(number - 1, 1)

    by_rank = summed(np.ones(len(of_task)), ranks, of_task, shape[::-1])

    def of_some(weights: FloatArray) -> FloatArray:
        weights = np.ascontiguousarray(weights.T)  # (N, B), and all that follows: sums run over rows
        mass = np.asarray(by_rank @ weights)
        middle = np.cumsum(mass, axis=0)
        middle -= mass / 2
        total = mass.sum(axis=0)
        with np.errstate(invalid="ignore"):
            middle -= np.einsum("rb,rb->b", mass, middle) / total
        weighed = np.asarray(by_rank @ (weights * (number / others)[:, None]))
        totals = np.asarray(answers @ middle)
        observed = 2 * np.einsum("rb,rb,rb->b", weighed, middle, middle)
        observed -= 2 * np.einsum("nb,nb,nb->b", weights / others[:, None], totals, totals)
        sums = np.einsum("rb,rb->b", mass, middle), np.einsum("rb,rb,rb->b", mass, middle, middle)
        return alpha_of(np.stack([observed, total, *sums], axis=-1))

    def alphas(weights: FloatArray | None) -> FloatArray:
        if weights is None:
            return of_some(np.ones((1, tasks)))
        rows = max(1, CELLS // max(1, tasks + shape[1]))
        parts = [of_some(weights[first : first + rows]) for first in range(0, len(weights), rows)]
        return np.concatenate(parts)[:, None]

    return alphas


def split_half(task: Codes, value: FloatArray, tasks: int) -> Measure:
    r"""Reliability of mean ratings: what one half of a panel says of the other, for the whole panel.

    As ``agreement.split_half``: two different raters' product has the mean
    :math:`q = ((\sum x)^2 - \sum x^2) / (n (n - 1))`. Tasks with fewer than two ratings do not count.

    Returns:
        At most 1; nan where means do not vary.

    Source: as of ``agreement.split_half``.
    """
    n, total, squares = _moments(task, value - value.mean(), tasks)
    used = n >= 2
    n, total, squares = n[used], total[used], squares[used]
    return of_halves(used, (total**2 - squares) / (n * (n - 1)), (total / n)[:, None])


def consistency(task: Codes, pairs: FloatArray, tasks: int) -> dict[str, Measure]:
    """How well workers agree with themselves where they met a task twice.

    ``pairs`` are first and last answer, shape (R, 2): codes of classes, or ratings; nan where there is none.

    Returns:
        ``same``, the share of repeats with the same answer, and ``difference``, the mean absolute difference.
    """
    known = ~np.isnan(pairs).any(axis=1)
    of_task, (first, last) = task[known], pairs[known].T
    number = np.bincount(of_task, minlength=tasks).astype(np.float64)

    def mean_of(values: FloatArray) -> Measure:
        columns = np.stack([np.bincount(of_task, values, tasks), number], axis=1)
        return Measure(columns, lambda sums: np.asarray(sums[..., 0] / sums[..., 1]))

    return {"same": mean_of((first == last).astype(np.float64)), "difference": mean_of(np.abs(first - last))}


def _moments(task: Codes, value: FloatArray, tasks: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Number, sum and sum of squares of the ratings of each task, shape (N,) each."""
    number = np.bincount(task, minlength=tasks).astype(np.float64)
    total, squares = (np.bincount(task, by, tasks).astype(np.float64) for by in (value, value**2))
    return number, total, squares


def _share(variance: FloatArray, rest: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(variance + rest != 0, variance / (variance + rest), np.nan))
