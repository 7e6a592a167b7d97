"""What figures of agreement are without each face, each rater, each answer: for intervals by ``stats.jackknife``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.answers import Codes
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.jackknife import Blocks, Finish, LeftOut, blocks, effective, of_sums
from fer_exp.stats.sums import sum_by
from fer_exp.stats.totals import Measure, summed


class Given(NamedTuple):
    """Answers: code of each answer's task, its worker and its class or rating, shape (n,); N tasks, W workers."""

    task: Codes
    worker: Codes
    value: NDArray[Any]
    tasks: int
    workers: int


def of_votes(
    measures: Callable[[FloatArray], Mapping[str, Measure]], counts: FloatArray, given: Given | None = None
) -> tuple[list[str], LeftOut]:
    """Measures of classes, whose tasks with equal counts change alike.

    Args:
        measures: from counts, shape (G, K), to measures of which each row is one task.
        counts: answers per task and class, shape (N, K).
        given: the answers, classes as their values; None where workers are not known.

    Returns:
        The names of the measures, and the measures without each task, rater, answer.
    """
    different, group = np.unique(counts, axis=0, return_inverse=True)
    group = group.ravel()
    times = np.bincount(group).astype(np.float64)
    first = measures(different[:1])
    ends = np.cumsum([measure.columns.shape[1] for measure in first.values()])
    parts = list(zip([0, *ends[:-1].tolist()], ends.tolist(), first.values(), strict=True))

    def columns(rows: FloatArray) -> FloatArray:
        return np.concatenate([measure.columns for measure in measures(rows).values()], axis=1)

    def finish(sums: FloatArray) -> FloatArray:
        return np.stack([measure.finish(sums[..., start:end]) for start, end, measure in parts], axis=-1)

    def faces() -> Iterator[tuple[FloatArray, FloatArray]]:
        return ((columns(different[part]), times[part]) for part in blocks(len(different)))

    total = np.sum([weights @ lost for lost, weights in faces()], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = finish(total)
    left = LeftOut(value, of_sums(finish, total, faces()))
    if given is None:
        return list(first), left
    # an answer is told by its task's counts and its class
    row, k = np.nonzero(different)
    number = np.full(different.shape, -1)
    number[row, k] = np.arange(len(row))
    code = number[group[given.task], given.value]
    often = np.bincount(code, minlength=len(row)).astype(np.float64)
    by_rater = summed(np.ones(len(code)), given.worker, code, (given.workers, len(row)))
    of_raters = np.zeros((given.workers, len(total)))

    def answers() -> Iterator[tuple[FloatArray, FloatArray]]:
        for part in blocks(len(row)):
            fewer = different[row[part]]
            fewer[np.arange(len(fewer)), k[part]] -= 1
            low, high = int(row[part][0]), int(row[part][-1]) + 1
            lost = columns(different[low:high])[row[part] - low] - columns(fewer)
            of_raters[:] += np.asarray(by_rater[:, part] @ lost)
            yield lost, often[part]

    return list(first), _with_raters(left, finish, total, answers(), of_raters, given)


def of_ratings(
    columns: Callable[[FloatArray, FloatArray, FloatArray], FloatArray],
    finish: Finish,
    given: Given,
    ranks: tuple[FloatArray, FloatArray] | None = None,
) -> LeftOut:
    """Measures of ratings that are functions of sums over tasks.

    Args:
        columns: from number, sum and sum of squares of the ratings of some tasks, (d,) each, to what these add, (d, m).
        finish: from the sums, (..., m), to M measures, (..., M).
        given: the ratings.
        ranks: where the ratings are ranks, which move if one is left out: how all sums grow with the ranks above each
            rating, (m, n), and with all ranks as they are, (m,).
    """
    number, total, squares = moments(given)
    of_task = np.zeros((given.tasks, 0 if ranks is None else len(ranks[1])))
    if ranks is not None:
        add_up(of_task, given.task, ranks[0].T)

    def moved(lost: FloatArray, gone: FloatArray, above: FloatArray) -> FloatArray:
        """The same, less what the sums gain by ranks that move: of ``gone`` ratings, what they move summed."""
        if ranks is None:
            return lost
        left = np.maximum(len(given.task) - gone, 1)[:, None]
        return np.asarray(lost - (gone[:, None] * ranks[1] - above) / left)

    there = np.flatnonzero(number)

    def faces() -> Iterator[tuple[FloatArray, None]]:
        for part in (there[some] for some in blocks(len(there))):
            lost = columns(number[part], total[part], squares[part])
            yield moved(lost, number[part], of_task[part]), None

    sums = np.sum([columns(number[p], total[p], squares[p]).sum(axis=0) for p in blocks(given.tasks)], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        left = LeftOut(finish(sums), of_sums(finish, sums, faces()))
    m = len(sums)
    of_raters = np.zeros((given.workers, m + 1 + of_task.shape[1]))  # what is lost, ratings that go, what these move

    def answers() -> Iterator[tuple[FloatArray, None]]:
        for part in blocks(len(given.task)):
            at, x = given.task[part], given.value[part]
            n, t, q = number[at], total[at], squares[at]
            lost = columns(n, t, q) - columns(n - 1, t - x, q - x**2)
            gone = np.where(n == 2, 2.0, 1.0)  # without its fellow a rating says nothing
            above = (
                np.zeros((len(x), 0)) if ranks is None else np.where(n[:, None] == 2, of_task[at], ranks[0][:, part].T)
            )
            add_up(of_raters, given.worker[part], np.concatenate([lost, gone[:, None], above], axis=1))
            yield moved(lost, gone, above), None

    return _with_raters(
        left, finish, sums, answers(), of_raters, given, lambda rows: moved(rows[:, :m], rows[:, m], rows[:, m + 1 :])
    )


def moments(given: Given) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Number, sum and sum of squares of the ratings of each task, shape (N,) each."""
    one, by = np.ones(len(given.task)), given.value
    number, total, squares = (sum_by(given.task, each, given.tasks) for each in (one, by, by**2))
    return number, total, squares


def add_up(sums: FloatArray, code: Codes, values: FloatArray) -> None:
    """Adds rows of values, (n, m), to the rows of sums that their codes name."""
    for column in range(values.shape[1]):
        sums[:, column] += np.bincount(code, values[:, column], len(sums))


def _with_raters(
    left: LeftOut,
    finish: Finish,
    total: FloatArray,
    answers: Blocks,
    of_raters: FloatArray,
    given: Given,
    lost: Callable[[FloatArray], FloatArray] = np.asarray,
) -> LeftOut:
    """The same without each answer, and then, when ``answers`` has added these up by rater, without each rater."""
    of_answers = of_sums(finish, total, answers)
    number = np.bincount(given.worker, minlength=given.workers).astype(np.float64)
    rows = of_raters[number > 0]
    raters = of_sums(finish, total, ((lost(rows[part]), None) for part in blocks(len(rows))))
    return left._replace(raters=raters, answers=of_answers, effective=effective(number))
