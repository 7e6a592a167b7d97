"""Where the variance of people's answers comes from: from faces, from raters, from both together, from the occasion."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from fer_exp.answers import Codes
from fer_exp.raters.left_out import Given, add_up
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.jackknife import LeftOut, blocks, effective, of_sums
from fer_exp.stats.sums import sum_by


def henderson(task: Codes, worker: Codes, value: FloatArray, tasks: int, workers: int) -> FloatArray:
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
        Six numbers: of the one-way model ``task`` and ``within``; of the two-way model ``task``, ``rater`` and
        ``residual``; and the raters of a task,
        :math:`k_0 = (n - \sum_i n_i^2 / n) / (N - 1)`. Negative estimates are left as they are; nan where ratings do
        not vary, or tasks and raters cannot be told apart.

    Source:
        Henderson 1953, Biometrics 9, 226-252; Searle, Casella, McCulloch 1992, Variance Components, chapters 3.6
        (one-way) and 5.3.

    >>> four = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7.0]])
    >>> task, worker = (code.ravel().astype(np.int32) for code in np.indices(four.shape))
    >>> henderson(task, worker, four.ravel(), 6, 4).round(3)  # Shrout and Fleiss 1979
    array([1.244, 6.264, 2.556, 5.244, 1.019, 4.   ])
    """
    value, one = value - value.mean(), np.ones(len(value))
    of_tasks = _per_task(np.stack([sum_by(task, by, tasks) for by in (one, value, value**2)]))
    of_raters = _per_rater(*(sum_by(worker, by, workers) for by in (one, value)))
    return solved(np.concatenate([of_tasks.sum(axis=0), of_raters.sum(axis=0)]))


def left_out(
    given: Given, then: Callable[[FloatArray], FloatArray] = np.asarray, extra: FloatArray | None = None
) -> LeftOut:
    """The components of ``henderson``, or what ``then`` makes of them, without each task, each rater, each answer.

    Args:
        given: the ratings.
        then: from components, and sums of what is extra, (..., 6 + m), to M figures, (..., M).
        extra: what each rating adds to m other sums, (n, m).
    """
    more = np.zeros((len(given.task), 0)) if extra is None else extra
    value = given.value - given.value.mean()
    one = np.ones(len(value))
    sums = np.stack([sum_by(given.task, by, given.tasks) for by in (one, value, value**2)])
    count, of_rater = (sum_by(given.worker, by, given.workers) for by in (one, value))
    of_tasks, of_raters = _per_task(sums), _per_rater(count, of_rater)
    total = np.concatenate([of_tasks.sum(axis=0), of_raters.sum(axis=0), more.sum(axis=0)])
    tasks = np.concatenate([of_tasks, np.zeros((given.tasks, 3 + more.shape[1]))], axis=1)
    raters = np.concatenate([np.zeros((given.workers, 6)), of_raters, np.zeros((given.workers, more.shape[1]))], axis=1)
    for column, added in enumerate(more.T, start=9):
        tasks[:, column] = sum_by(given.task, added, given.tasks)
        raters[:, column] = sum_by(given.worker, added, given.workers)

    def finish(sums: FloatArray) -> FloatArray:
        return then(np.concatenate([solved(sums[..., :9]), sums[..., 9:]], axis=-1))

    def answers() -> Iterator[tuple[FloatArray, None]]:
        for part in blocks(len(value)):
            task, worker, x = given.task[part], given.worker[part], value[part]
            of_task = of_tasks[task] - _per_task(sums[:, task] - np.stack([np.ones(len(x)), x, x**2]))
            of_worker = of_raters[worker] - _per_rater(count[worker] - 1.0, of_rater[worker] - x)
            add_up(tasks[:, 6:9], task, of_worker)
            add_up(raters[:, :6], worker, of_task)
            yield np.concatenate([of_task, of_worker, more[part]], axis=1), None

    of_answers = of_sums(finish, total, answers())
    with np.errstate(invalid="ignore", divide="ignore"):
        found = finish(total)
    there = count > 0
    of_faces, of_people = (of_sums(finish, total, [(lost, None)]) for lost in (tasks[sums[0] > 0], raters[there]))
    return LeftOut(found, of_faces, of_people, of_answers, effective(count))


def solved(sums: FloatArray) -> FloatArray:
    """The components of ``henderson``, (..., 6), from the sums of ``_per_task`` and ``_per_rater``, (..., 9)."""
    a, n, sum_, t0, ta, n2, b, tb, kb = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        kb, ka, tm = kb / n, n2 / n, sum_**2 / n
        within, u = (t0 - ta) / (n - a), (t0 - tb) / (n - b)  # rater and residual; task and residual
        residual = ((n - ka) * u + (n - kb) * within - (t0 - tm)) / (n - ka - kb + 1)
        residual = np.where(np.abs(residual) <= 1e-12 * (t0 / n), 0.0, residual)
        k = (n - ka) / (a - 1)
        one_way = ((ta - tm) / (a - 1) - within) / k
        found = np.stack([one_way, within, u - residual, within - residual, residual, k], axis=-1)
    found[t0 <= 1e-24 * n] = np.nan
    return found


def _per_task(sums: FloatArray) -> FloatArray:
    """Rated, ratings, their sum, of squares, n times the squared mean, n squared: (N, 6) from (3, N)."""
    number, total, squares = sums
    mean = np.divide(total**2, number, out=np.zeros(len(number)), where=number > 0)
    return np.stack([(number > 0) * 1.0, number, total, squares, mean, number**2], axis=1)


def _per_rater(count: FloatArray, total: FloatArray) -> FloatArray:
    """Whether a rater rated, n times his squared mean, n squared, (..., 3)."""
    mean = np.divide(total**2, count, out=np.zeros(count.shape), where=count > 0)
    return np.stack([(count > 0) * 1.0, mean, count**2], axis=-1)
