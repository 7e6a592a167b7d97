"""Which faces get a wrong label: flips that can be repeated.

Labels are class indices, shape (N,), and so is what comes out. With ``faces``, N unique ids, random numbers are handed
out by sorted id, so the order of the rows plays no part. With the same seed and faces, the faces flipped at a low rate
are among those flipped at a higher one, as far as the rounding of ``exact`` allows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from fer_exp.errors import RequestError
from fer_exp.labels.draws import Labels, pick
from fer_exp.labels.transitions import Matrix
from fer_exp.labels.votes import checked_counts, in_face_order
from fer_exp.stats.sums import cross, over


def flip(
    labels: ArrayLike,
    matrix: ArrayLike,
    exact: bool = True,
    seed: int | Sequence[int] = 0,
    faces: Sequence[str] | None = None,
) -> Labels:
    """Draw a label per face from its class's row of a transition matrix.

    With ``exact`` the number of wrong labels of each class is the whole number nearest to the expected one; they are
    dealt to the other classes as the matrix has them, by largest remainder (equal remainders in random order). Else
    each face is drawn on its own (bernoulli).

    Raises:
        RequestError: a matrix whose rows are no distributions, a label outside it, or ids that are not unique.

    >>> flip([0, 0, 0, 0, 1], [[0.5, 0.5], [0, 1]]).tolist().count(0)
    2
    """
    table = checked_counts(matrix)
    if table.shape[0] != table.shape[1] or not np.allclose(table.sum(axis=1), 1):
        raise RequestError("labels.noise: a transition matrix is square and its rows sum to 1.")
    clean = _checked_labels(labels, len(table))
    chance, where = _draws(len(clean), seed, faces)
    noisy = clean.copy()
    if not exact:
        others = table * (1 - np.eye(len(table)))
        flipped = chance < others.sum(axis=1)[clean]
        noisy[flipped] = pick(others[clean[flipped]], where[flipped])
        return noisy
    random = np.random.default_rng([*np.atleast_1d(seed).tolist(), 1])
    for k in range(len(table)):
        members = np.flatnonzero(clean == k)
        others = np.where(np.arange(len(table)) == k, 0.0, table[k])
        wrong = np.floor(others.sum() * len(members) + 0.5 + 1e-9)  # 0.1 * 25 is 2.5, not 2.4999999999999996
        numbers = _largest_remainder(others * wrong / (others.sum() or 1.0), random)
        chosen = members[np.argsort(chance[members], kind="stable")][: numbers.sum()]
        chosen = chosen[np.argsort(where[chosen], kind="stable")]  # which of them goes where is random, too
        noisy[chosen] = np.repeat(np.arange(len(table)), numbers)
    return noisy


def flip_by_votes(
    labels: ArrayLike,
    fractions: ArrayLike,
    rate: float,
    exact: bool = True,
    seed: int | Sequence[int] = 0,
    faces: Sequence[str] | None = None,
) -> Labels:
    """With probability ``rate``, replace a face's label by an answer drawn from that face's own votes.

    A draw may give the clean label again, so fewer than ``rate`` become wrong, most of them on ambiguous faces.

    ``fractions`` are those of each face's votes, shape (N, K); with ``exact`` the rounded share of each class is drawn
    again, else each face on its own.

    Raises:
        RequestError: a label outside the classes, or ids that are not unique.
    """
    rows = checked_counts(fractions)
    clean = _checked_labels(labels, rows.shape[1])
    chance, where = _draws(len(clean), seed, faces)
    again = chance < rate
    if exact:
        again = np.zeros(len(clean), dtype=bool)
        for k in range(rows.shape[1]):
            members = np.flatnonzero(clean == k)
            number = int(np.floor(rate * len(members) + 0.5))
            again[members[np.argsort(chance[members], kind="stable")][:number]] = True
    return np.asarray(np.where(again, pick(rows, where), clean), dtype=np.int64)


def _checked_labels(labels: ArrayLike, classes: int) -> Labels:
    clean = np.asarray(labels, dtype=np.int64)
    if clean.size and (clean.min() < 0 or clean.max() >= classes):
        raise RequestError(f"labels: class indices run from 0 to {classes - 1}, found {clean.min()} to {clean.max()}.")
    return clean


def _draws(size: int, seed: int | Sequence[int], faces: Sequence[str] | None) -> tuple[Matrix, Matrix]:
    """Two uniform numbers per face: whether its label flips, and where to. Neither depends on the rate."""
    chance, where = np.random.default_rng(seed).random((2, size))
    return in_face_order(faces, size, chance), in_face_order(faces, size, where)


def _largest_remainder(expected: Matrix, random: np.random.Generator) -> Labels:
    """Whole numbers with the (whole) sum of ``expected``, each within one of it."""
    expected = expected.round(9)  # 0.1 * 30 is 3, not 3.0000000000000004
    numbers = np.floor(expected).astype(np.int64)
    missing = round(float(expected.sum())) - int(numbers.sum())
    order = np.lexsort((random.random(len(expected)), -(expected - numbers).round(9)))
    numbers[order[:missing]] += 1
    return numbers


def realised(clean: ArrayLike, noisy: ArrayLike, classes: int) -> tuple[Labels, Matrix]:
    """What the noise came to.

    Returns:
        Counts of clean class i that became j, shape (K, K), and the share of each class that is wrong, shape (K,),
        nan for a class without faces.
    """
    counts = cross(np.asarray(clean), np.asarray(noisy), (classes, classes)).astype(np.int64)
    total = counts.sum(axis=1)
    return counts, over(total - counts.diagonal(), total)
