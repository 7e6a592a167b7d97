"""Labels drawn from votes: some of a face's raters, and, by epoch, one of its votes.

What is drawn belongs to the face, not to its row, and comes from (seed, epoch), so a resumed run gets the same:
``faces`` are N unique ids, with which the outcome does not depend on the order of the rows; ``seed`` is that of a numpy
Generator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fer_exp.errors import RequestError
from fer_exp.labels.votes import Counts, checked_counts, fractions, in_face_order

MOST_SEATS = 4_000_000_000
"""Faces x classes x the most votes of a face: bytes on the way. 290,000 faces of 8 classes may have 1,700 each."""
Labels = NDArray[np.int64]
EpochLabels = Callable[[int], Labels]
"""Epoch (from 0) -> the class of each face, shape (N,)."""


class Seats(NamedTuple):
    """Each face's votes one by one in a random order: ``answer`` (N, most), and ``total`` (N,), how many are real."""

    answer: NDArray[np.int64]
    total: NDArray[np.int64]


def seats(counts: ArrayLike, seed: int | Sequence[int], faces: Sequence[str] | None = None) -> Seats:
    """The raters of each face, in a random order that belongs to the face.

    Returns:
        Of whole numbers of votes, shape (N, K), the answer (0 to K - 1) of the first rater of each face, of the second,
        and so on; K behind the last one.

    Raises:
        RequestError: votes that are no whole numbers, or so many that drawing them would fill the memory.
    """
    matrix = checked_counts(counts)
    if (matrix != np.floor(matrix)).any():
        raise RequestError("labels: raters can be drawn from counts of votes, and these are proportions.")
    total = matrix.sum(axis=1).astype(np.int64)
    most = int(total.max(initial=0))
    if matrix.size * most > MOST_SEATS:
        row = int(total.argmax())
        who = f"face {faces[row]!r}" if faces is not None else f"row {row + 1}"
        raise RequestError(f"labels: raters are drawn one by one, and {who} has {most:,} votes; is this number a slip?")
    last = matrix.cumsum(axis=1).astype(np.int64)
    in_order = (np.arange(most)[None, :, None] >= last[:, None, :]).sum(axis=2)
    uniform = in_face_order(faces, len(matrix), np.random.default_rng(seed).random((len(matrix), most)))
    order = np.where(np.arange(most) < total[:, None], uniform, 2.0).argsort(axis=1, kind="stable")
    return Seats(np.take_along_axis(in_order, order, axis=1).astype(np.int64), total)


def draw_raters(counts: ArrayLike, raters: int, seed: int = 0, faces: Sequence[str] | None = None) -> Counts:
    """Votes of so many of each face's raters, drawn without replacement (multivariate hypergeometric).

    With the same seed the raters drawn for a small number are among those drawn for a larger one, so that "what would
    fewer raters have cost" compares the same people.

    Returns:
        Counts, shape (N, answers), rows sum to ``raters`` or to all that a face has.

    >>> draw_raters([[9, 0], [1, 1]], raters=2)
    array([[2., 0.],
           [1., 1.]])
    """
    chosen = seats(counts, seed, faces).answer[:, :raters]
    drawn = np.zeros((len(chosen), np.shape(counts)[1] + 1))
    np.add.at(drawn, (np.arange(len(chosen))[:, None], chosen), 1.0)
    return drawn[:, :-1]


def sampled(counts: Counts, faces: Sequence[str], seed: Sequence[int]) -> EpochLabels:
    """Each epoch, a class drawn from the face's votes (FER+'s "probabilistic label drawing", Barsoum et al. 2016).

    ``counts`` are the votes that are left after cleaning, shape (N, K).
    """

    def labels(epoch: int) -> Labels:
        uniform = np.random.default_rng([*seed, 1, epoch]).random(len(counts))
        return pick(fractions(counts), in_face_order(faces, len(counts), uniform))

    return labels


def multipass(counts: Counts, faces: Sequence[str], seed: Sequence[int]) -> EpochLabels:
    """Each epoch, the next of the face's votes in a random order of its own (arXiv 2605.20642).

    From the start again once all were met: after n epochs a face with n votes has met each of them once.
    """
    order = seats(counts, [*seed, 2], faces)
    return lambda epoch: order.answer[np.arange(len(counts)), epoch % order.total]


def pick(rows: Counts, uniform: NDArray[np.float64]) -> Labels:
    """The class in which each uniform number falls, by the cumulated row; never a class of probability 0."""
    cumulated = rows.cumsum(axis=1)
    cumulated = cumulated / cumulated[:, -1:]  # ends in exactly 1, which a uniform number never reaches
    return np.asarray((cumulated > uniform[:, None]).argmax(axis=1), dtype=np.int64)
