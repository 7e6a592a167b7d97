"""Where the variance of people's answers comes from: from faces, from raters, from both together, from the occasion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.totals import Joint, summed

Codes = NDArray[np.int32]


def henderson(task: Codes, worker: Codes, value: FloatArray, tasks: int, workers: int) -> Joint:
    r"""Variance components of ratings, complete or with gaps, by Henderson's method 1.

    The two-way model is :math:`y_{ij} = \mu + r_i + c_j + e_{ij}` with task i and rater j; four sums of squares are
    equated to what is expected of them. With complete ratings these are the components of the analysis of variance.
    The one-way model knows tasks alone. Tasks with one rating count towards the means of raters.

    Args:
        task: code of each rating's task, shape (n,).
        worker: code of each rating's rater, shape (n,).
        value: the ratings, shape (n,).
        tasks: N.
        workers: W.

    Returns:
        A function of the weights of tasks (B, N) that gives (B, 6), or (6,) for None: of the one-way model ``task`` and
        ``within``; of the two-way model ``task``, ``rater`` and ``residual``; and the raters of a task,
        :math:`k_0 = (n - \sum_i n_i^2 / n) / (N - 1)`. Negative estimates are left as they are; nan where ratings do
        not vary, or tasks and raters cannot be told apart.

    Source:
        Henderson 1953, Biometrics 9, 226-252; Searle, Casella, McCulloch 1992, Variance Components, chapters 3.6
        (one-way) and 5.3.

    >>> four = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7.0]])
    >>> task, worker = (code.ravel().astype(np.int32) for code in np.indices(four.shape))
    >>> henderson(task, worker, four.ravel(), 6, 4)(None).round(3)  # Shrout and Fleiss 1979
    array([1.244, 6.264, 2.556, 5.244, 1.019, 4.   ])
    """
    value = value - value.mean()
    ones = np.ones(len(value))
    per_task = np.stack([np.bincount(task, by, tasks) for by in (ones, value, value**2)], axis=1)
    number, total, squares = per_task.T
    with np.errstate(invalid="ignore", divide="ignore"):
        square_of_mean = np.where(number > 0, total**2 / number, 0.0)
    # per task: rated, ratings, their sum and sum of squares, n times the squared mean, n squared
    columns = np.stack([(number > 0) * 1.0, number, total, squares, square_of_mean, number**2], axis=1)
    by_rater = [summed(by, worker, task, (workers, tasks)) for by in (ones, value)]

    def components(weights: FloatArray | None) -> FloatArray:
        weights = np.ones((1, tasks)) if (single := weights is None) else weights
        a, n, sum_, t0, ta, n2 = (weights @ columns).T
        count_w, sum_w = (np.asarray(matrix @ weights.T) for matrix in by_rater)  # (W, B)
        with np.errstate(invalid="ignore", divide="ignore"):
            tb = np.where(count_w > 0, sum_w**2 / count_w, 0.0).sum(axis=0)
            b, kb, ka, tm = (count_w > 0).sum(axis=0), (count_w**2).sum(axis=0) / n, n2 / n, sum_**2 / n
            within, u = (t0 - ta) / (n - a), (t0 - tb) / (n - b)  # rater and residual; task and residual
            residual = ((n - ka) * u + (n - kb) * within - (t0 - tm)) / (n - ka - kb + 1)
            residual = np.where(np.abs(residual) <= 1e-12 * (t0 / n), 0.0, residual)
            k = (n - ka) / (a - 1)
            one_way = ((ta - tm) / (a - 1) - within) / k
            found = np.stack([one_way, within, u - residual, within - residual, residual, k], axis=1)
            found[t0 <= 1e-24 * n] = np.nan
        return found[0] if single else found

    return components
