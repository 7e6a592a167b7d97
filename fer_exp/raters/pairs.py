"""Agreement of each two raters over the tasks that both answered: Cohen's kappa, Pearson, CCC, and their mean.

``pairs`` are as ``answer_pairs`` gives them, of N ``tasks``. Measures are functions of the weights of tasks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.metrics.affect import ccc_of, pearson_of
from fer_exp.raters.agreement import beyond_chance
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.totals import Joint, summed

Codes = NDArray[np.int32]
SHARED = 10
"""Tasks that two raters must share to be a pair: a kappa over fewer says little and is often undefined."""

MOST = 5_000_000
"""Pairs of answers held at once; with more, tasks are drawn at random until there are no more than these."""


class Pairs(NamedTuple):
    """Pairs of answers to one task: rows ``first`` and ``second``, the ``pair`` of raters, the ``task``, all (P,).

    ``raters`` (R, 2) are the codes of each pair of raters; ``tasks`` is the number of tasks that pairs come from.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    pair: NDArray[np.int64]
    task: Codes
    raters: NDArray[np.int64]
    tasks: int


def answer_pairs(task: Codes, worker: Codes, least: int = SHARED, seed: int = 0) -> Pairs:
    """Each two answers to the same task, the rater of lower code first.

    Of the task of each answer and its rater, shape (n,), no rater twice in a task. Pairs of raters with fewer than
    ``least`` tasks in common are left out; ``seed`` chooses tasks where there are more than ``MOST`` pairs of answers.

    >>> pairs = answer_pairs(np.array([0, 0, 1, 0], np.int32), np.array([2, 0, 0, 1], np.int32), least=1)
    >>> pairs.raters.tolist(), pairs.task.tolist()
    ([[0, 1], [0, 2], [1, 2]], [0, 0, 0])
    """
    size = np.bincount(task)
    many = size * (size - 1) // 2
    if many.sum() > MOST:
        order = np.random.default_rng(seed).permutation(len(size))
        kept = np.zeros(len(size), np.bool_)
        kept[order[np.cumsum(many[order]) <= MOST]] = True
        rows = np.flatnonzero(kept[task])
    else:
        rows = np.arange(len(task))
    rows = rows[np.lexsort((worker[rows], task[rows]))]
    of_task, who = task[rows], worker[rows].astype(np.int64)
    firsts, seconds = [], []
    for lag in range(1, int(size.max(initial=1))):
        same = np.flatnonzero(of_task[lag:] == of_task[:-lag])
        firsts.append(same)
        seconds.append(same + lag)
    one, other = (np.concatenate([np.empty(0, np.int64), *lags]) for lags in (firsts, seconds))
    workers = int(worker.max(initial=0)) + 1
    codes, pair, shared = np.unique(who[one] * workers + who[other], return_inverse=True, return_counts=True)
    enough = shared >= least
    keep, number = enough[pair], np.cumsum(enough) - 1
    raters = np.stack(np.divmod(codes[enough], workers), axis=1)
    one, other, pair = one[keep], other[keep], number[pair[keep]]
    return Pairs(rows[one], rows[other], pair, of_task[one], raters, len(np.unique(of_task[one])))


def cohen_kappas(pairs: Pairs, label: Codes, classes: int, tasks: int) -> Joint:
    r"""Cohen's kappa of each pair of raters, over the tasks that both answered.

    .. math:: \kappa = \frac{p_o - \sum_k a_k b_k}{1 - \sum_k a_k b_k}

    ``label`` is the class of each answer, shape (n,).

    Returns:
        From weights (B, N) to (B, R), from None to (R,); nan where both raters always say the same single class.

    Source: Cohen 1960, Educational and Psychological Measurement 20, 37-46.
    """
    one, other = label[pairs.first], label[pairs.second]
    slots = [np.zeros(len(one), np.int64), 1 + one.astype(np.int64), 1 + classes + other.astype(np.int64)]
    values = [(one == other).astype(np.float64), np.ones(len(one)), np.ones(len(one))]
    sums_of = _sums(pairs, slots, values, 1 + 2 * classes, tasks)

    def kappas(weights: FloatArray | None) -> FloatArray:
        sums = sums_of(weights)
        a, b = sums[..., 1 : 1 + classes], sums[..., 1 + classes :]
        total = a.sum(axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            chance = (a * b).sum(axis=-1) / total**2
            return beyond_chance(sums[..., 0] / total, chance)

    return kappas


def correlations(pairs: Pairs, value: FloatArray, tasks: int) -> Joint:
    r"""Pearson's and Lin's correlation of each pair of raters, over the tasks that both rated.

    ``value`` is the rating of each answer, shape (n,).

    Returns:
        From weights (B, N) to (B, 2, R), from None to (2, R): Pearson's r, then the CCC
        :math:`2 s_{xy} / (s_x^2 + s_y^2 + (\bar{x} - \bar{y})^2)`; nan where a side is constant (r) or both are.

    Source: Lin 1989, Biometrics 45, 255-268, with population variances.
    """
    value = value - value.mean()
    x, y = value[pairs.first], value[pairs.second]
    values = [np.ones(len(x)), x, y, x * x, y * y, x * y]
    sums_of = _sums(pairs, [np.full(len(x), slot, np.int64) for slot in range(6)], values, 6, tasks)

    def both(weights: FloatArray | None) -> FloatArray:
        sums = sums_of(weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean_x, mean_y, xx, yy, xy = (sums[..., slot] / sums[..., 0] for slot in range(1, 6))
            rounding = 1e-12 * (xx + yy)
            var_x, var_y = (np.where(v <= rounding, 0.0, v) for v in (xx - mean_x**2, yy - mean_y**2))
            cov = np.where((var_x == 0) | (var_y == 0), 0.0, xy - mean_x * mean_y)
        return np.stack([pearson_of(var_x, var_y, cov), ccc_of(mean_x - mean_y, var_x, var_y, cov)], axis=-2)

    return both


def mean_over_pairs(values: FloatArray) -> FloatArray:
    """The mean over pairs where it is defined, the last axis; nan where it is for none.

    >>> mean_over_pairs(np.array([[0.5, np.nan], [np.nan, np.nan]]))
    array([0.5, nan])
    """
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=-1) / known.sum(axis=-1))


def _sums(pairs: Pairs, slots: list[NDArray[np.int64]], values: list[FloatArray], width: int, tasks: int) -> Joint:
    """For each pair of raters ``width`` sums over tasks, as a function of the weights: a matrix product."""
    rows = np.concatenate([pairs.pair * width + slot for slot in slots])
    columns = np.tile(pairs.task.astype(np.int64), len(slots))
    shape = (len(pairs.raters) * width, tasks)
    matrix = summed(np.concatenate(values), rows, columns, shape)

    def sums(weights: FloatArray | None) -> FloatArray:
        if weights is None:
            return np.asarray(matrix.sum(axis=1)).reshape(-1, width)
        product: FloatArray = np.asarray(matrix @ weights.T)
        return product.T.reshape(len(weights), -1, width)

    return sums
