"""How well raters agree on valence or arousal: intraclass correlations, alpha, split halves, repeated tasks.

Ratings come as ``Given``, one entry a rating, so that raters may have missed tasks. Figures come as ``LeftOut``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.answers import Codes
from fer_exp.metrics.affect import absolute_agreement
from fer_exp.raters import components
from fer_exp.raters.agreement import alpha_of, interval_alpha, of_halves
from fer_exp.raters.dependability import of_panel
from fer_exp.raters.left_out import Given, add_up, moments, of_ratings
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.jackknife import Changes, LeftOut, changes, effective, of_sums
from fer_exp.stats.sums import over
from fer_exp.stats.totals import Measure

ANEW = 20_000_000
"""Ratings times raters up to which ranks are made anew without each rater."""
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


def icc(given: Given) -> LeftOut:
    r"""Intraclass correlations from variance components (``components.henderson``), of complete and incomplete ratings.

    With complete ratings they are those of Shrout and Fleiss:

    .. math:: ICC(2,1) = \frac{\sigma_r^2}{\sigma_r^2 + \sigma_c^2 + \sigma_e^2}, \quad
        ICC(3,1) = \frac{\sigma_r^2}{\sigma_r^2 + \sigma_e^2}

    ICC(1,1) is the same of the one-way model. The forms for k take the noise by k, where k is
    :math:`k_0 = (n - \sum_i n_i^2 / n) / (N - 1)`, the raters of a task in a complete table.

    Returns:
        Six figures in the order of ``FORMS``; nan where ratings do not vary, or tasks and raters cannot be told apart.
        Negative values are left as they are.

    Source:
        Shrout and Fleiss 1979, Psychological Bulletin 86, 420-428.

    >>> four = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7.0]])
    >>> task, worker = (code.ravel().astype(np.int32) for code in np.indices(four.shape))
    >>> icc(Given(task, worker, four.ravel(), 6, 4)).value.round(2)  # the example of Shrout and Fleiss
    array([0.17, 0.29, 0.71, 0.44, 0.62, 0.91])
    """

    def forms(found: FloatArray) -> FloatArray:
        one_way, within, person, rater, noise, k = np.moveaxis(found, -1, 0)
        rest = np.stack([within, rater + noise, noise])
        face = np.stack([one_way, person, person])
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.moveaxis(np.concatenate([over(face, face + rest), over(face, face + rest / k)]), 0, -1)

    return components.left_out(given, forms)


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


def f_intervals(squares: Anova) -> dict[str, tuple[float, float]]:
    """95 % intervals of the six forms from the F distribution, for complete ratings.

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

    n, k, tail = squares.tasks, squares.panel, 0.975
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
        ends["icc_2_k"] = (float(of_panel(low, k)), float(of_panel(high, k)))
    return ends


def of_means(given: Given) -> LeftOut:
    r"""Interval alpha of ratings, and the reliability of their means over the raters of a task.

    The reliability is that of ``agreement.split_half``: two different raters' product has the mean
    :math:`q = ((\sum x)^2 - \sum x^2) / (n (n - 1))`. Tasks with fewer than two ratings do not count.

    Returns:
        Two figures: alpha as of ``agreement.interval_alpha``, and the reliability, at most 1; nan where nothing varies.

    Source: as of ``agreement.interval_alpha`` and ``agreement.split_half``.
    """
    given = given._replace(value=given.value - given.value.mean())

    def halves(number: FloatArray, total: FloatArray, squares: FloatArray) -> Measure:
        used = number >= 2
        n, t, q = number[used], total[used], squares[used]
        return of_halves(used, (t**2 - q) / (n * (n - 1)), (t / n)[:, None])

    def columns(*sums: FloatArray) -> FloatArray:
        return np.concatenate([interval_alpha(*sums).columns, halves(*sums).columns], axis=1)

    finish = halves(*np.ones((3, 1))).finish
    return of_ratings(columns, lambda sums: np.stack([alpha_of(sums[..., :4]), finish(sums[..., 4:])], axis=-1), given)


def ordinal_alpha(given: Given) -> LeftOut:
    r"""Krippendorff's alpha of ratings of which only the order counts.

    The ordinal difference :math:`(\sum_{g=c}^{k} n_g - (n_c + n_k) / 2)^2` is the squared difference of mid-ranks, so
    this is the interval alpha of mid-ranks. Without a task or an answer all ranks move a little: what that does to the
    sums is taken to first order. Without a rater they move more, and are made anew where raters are few.

    Source: Krippendorff 2019, Content Analysis, 4th edition, chapter 12.
    """
    number = np.bincount(given.task, minlength=given.tasks).astype(np.float64)
    used = number[given.task] >= 2
    task, worker, number = given.task[used], given.worker[used], np.where(number >= 2, number, 0.0)
    rank = np.unique(given.value[used], return_inverse=True)[1].ravel()
    mass = np.bincount(rank, minlength=1).astype(np.float64)
    middle = (np.cumsum(mass) - mass / 2) / max(len(task), 1)
    ranked = Given(task, worker, middle[rank] - 0.5, given.tasks, given.workers)
    total = moments(ranked)[1]
    # how the sums move with the ranks: disagreement, ratings, their sum, the sum of their squares
    n = number[task]
    slope = np.zeros((4, len(mass)))
    slope[0] = np.bincount(rank, 4 * (n * ranked.value - total[task]) / np.maximum(n - 1, 1), len(mass))
    slope[2], slope[3] = mass, 2 * mass * (middle - 0.5)
    above = slope.sum(axis=1, keepdims=True) - np.cumsum(slope, axis=1) + slope / 2
    ranks = above[:, rank], slope @ middle
    left = of_ratings(lambda *s: interval_alpha(*s).columns, lambda s: alpha_of(s)[..., None], ranked, ranks)
    people = np.unique(given.worker)
    if len(people) * len(given.task) > ANEW:
        return left
    without = np.array([[_alpha_of_ranks(given, given.worker != rater)] for rater in people])
    return left._replace(raters=changes(left.value, [(without, None)]))


def _alpha_of_ranks(given: Given, rows: NDArray[np.bool_]) -> float:
    """Ordinal alpha of some of the ratings."""
    task = given.task[rows]
    rows[rows] = np.bincount(task, minlength=given.tasks)[task] >= 2
    of_task, (_, rank, mass) = given.task[rows], np.unique(given.value[rows], return_inverse=True, return_counts=True)
    middle = np.cumsum(mass) - mass / 2 - len(of_task) / 2
    sums = moments(given._replace(task=of_task, value=middle[rank.ravel()]))
    return float(alpha_of(interval_alpha(*sums).columns.sum(axis=0)))


def consistency(task: Codes, worker: Codes, pairs: FloatArray) -> LeftOut:
    """How well workers agree with themselves where they met a task twice.

    ``pairs`` are first and last answer, shape (R, 2): codes of classes, or ratings; nan where there is none.

    Returns:
        The share of repeats with the same answer, and the mean absolute difference.
    """
    known = ~np.isnan(pairs).any(axis=1)
    first, last = pairs[known].T
    each = np.stack([np.ones(len(first)), first == last, np.abs(first - last)], axis=1)
    total = each.sum(axis=0)

    def finish(sums: FloatArray) -> FloatArray:
        return sums[..., 1:] / sums[..., :1]

    def without(codes: Codes) -> Changes:
        different, code = np.unique(codes[known], return_inverse=True)
        lost = np.zeros((len(different), 3))
        add_up(lost, code.ravel().astype(np.int32), each)
        return of_sums(finish, total, [(lost, None)])

    number = np.bincount(worker[known]).astype(np.float64)
    everyone = of_sums(finish, total, [(each, None)])
    with np.errstate(invalid="ignore", divide="ignore"):
        return LeftOut(finish(total), without(task), without(worker), everyone, effective(number))
