"""Agreement of each two raters over the tasks that both answered: Cohen's kappa, Pearson, CCC, and their mean.

``pairs`` are as ``answer_pairs`` gives them: R pairs of raters, P pairs of answers. Measures come as ``Paired``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.answers import Codes
from fer_exp.metrics.affect import ccc_of, pearson_of
from fer_exp.raters.agreement import beyond_chance
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.jackknife import LeftOut, blocks, changes, effective
from fer_exp.stats.sums import sum_by

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


class Paired(NamedTuple):
    """M measures of each pair of raters, (M, R), and of its pair without each of its pairs of answers, (M, P)."""

    value: FloatArray
    without: FloatArray


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


def cohen_kappas(pairs: Pairs, label: Codes, classes: int) -> Paired:
    r"""Cohen's kappa of each pair of raters, over the tasks that both answered.

    .. math:: \kappa = \frac{p_o - \sum_k a_k b_k}{1 - \sum_k a_k b_k}

    ``label`` is the class of each answer, shape (n,). Kappa is nan where both raters always say the same single class.

    Source: Cohen 1960, Educational and Psychological Measurement 20, 37-46.
    """
    one, other, pair, cells = label[pairs.first], label[pairs.second], pairs.pair, len(pairs.raters) * classes
    a, b = (np.bincount(pair * classes + said, minlength=cells).astype(np.float64) for said in (one, other))
    agree = (one == other) * 1.0
    same = sum_by(pair, agree, len(pairs.raters))
    shared = a.reshape(-1, classes).sum(axis=1)
    product = (a * b).reshape(-1, classes).sum(axis=1)

    def kappa(same: FloatArray, product: FloatArray, shared: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return beyond_chance(same / shared, product / shared**2)

    fewer = product[pair] - b[pair * classes + one] - a[pair * classes + other] + agree
    without = kappa(same[pair] - agree, fewer, shared[pair] - 1)
    return Paired(kappa(same, product, shared)[None], without[None])


def correlations(pairs: Pairs, value: FloatArray) -> Paired:
    r"""Pearson's and Lin's correlation of each pair of raters, over the tasks that both rated.

    ``value`` is the rating of each answer, shape (n,). Pearson's r comes first, then the CCC
    :math:`2 s_{xy} / (s_x^2 + s_y^2 + (\bar{x} - \bar{y})^2)`; nan where a side is constant (r) or both are.

    Source: Lin 1989, Biometrics 45, 255-268, with population variances.
    """
    value = value - value.mean()
    x, y = value[pairs.first], value[pairs.second]
    each = np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y])
    sums = np.stack([sum_by(pairs.pair, by, len(pairs.raters)) for by in each])

    def both(sums: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore", divide="ignore"):
            mean_x, mean_y, xx, yy, xy = sums[1:] / sums[0]
            rounding = 1e-12 * (xx + yy)
            var_x, var_y = (np.where(v <= rounding, 0.0, v) for v in (xx - mean_x**2, yy - mean_y**2))
            cov = np.where((var_x == 0) | (var_y == 0), 0.0, xy - mean_x * mean_y)
        return np.stack([pearson_of(var_x, var_y, cov), ccc_of(mean_x - mean_y, var_x, var_y, cov)])

    without = [both(sums[:, pairs.pair[part]] - each[:, part]) for part in blocks(len(x))]
    return Paired(both(sums), np.concatenate([np.empty((2, 0)), *without], axis=1))


def mean_over_pairs(values: FloatArray) -> FloatArray:
    """The mean over pairs where it is defined, the last axis; nan where it is for none.

    >>> mean_over_pairs(np.array([[0.5, np.nan], [np.nan, np.nan]]))
    array([0.5, nan])
    """
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=-1) / known.sum(axis=-1))


def left_out(pairs: Pairs, paired: Paired) -> LeftOut:
    """Means over pairs of raters, and these without each task, each rater and each answer."""
    known, still = np.isfinite(paired.value), np.isfinite(paired.without)
    sums, counts = np.where(known, paired.value, 0.0), known * 1.0
    # what a pair of answers adds to its pair of raters, and whether that has no value without it
    lost = sums[:, pairs.pair] - np.where(still, paired.without, 0.0)
    gone = counts[:, pairs.pair] - still
    both = np.concatenate([pairs.first, pairs.second])

    def without(codes: NDArray[np.int64] | Codes, less: FloatArray, fewer: FloatArray) -> FloatArray:
        there = np.bincount(codes) > 0
        parts = [
            np.stack([np.bincount(codes, row)[there] for row in np.tile(of, (1, len(codes) // of.shape[1]))], axis=1)
            for of in (less, fewer)
        ]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((sums.sum(axis=1) - parts[0]) / (counts.sum(axis=1) - parts[1]))

    value = mean_over_pairs(paired.value)
    raters = pairs.raters.T.ravel()
    answers = np.bincount(pairs.raters.T.ravel(), np.tile(np.bincount(pairs.pair), 2))
    return LeftOut(
        value,
        changes(value, [(without(pairs.task, lost, gone), None)]),
        changes(value, [(without(raters, sums, counts), None)]),
        changes(value, [(without(both, lost, gone), None)]),
        effective(answers.astype(np.float64)),
    )
