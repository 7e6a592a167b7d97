"""From counts of votes to one class or a distribution: FER+'s published cleaning rules, majorities, smoothing.

A count matrix has a row per face, first a column per class, then the answers that are no class (unknown, not a face).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fer_exp.errors import RequestError

Counts = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Cleaned(NamedTuple):
    """What a rule leaves: ``kept`` (N,) bool, and ``counts`` (N, K), all 0 in the rows that are not kept."""

    kept: Mask
    counts: Counts


class Majority(NamedTuple):
    """``top`` (N,), index of the top class, -1 where there is none; ``tied`` (N,) bool; ``ties``, how many are."""

    top: NDArray[np.int64]
    tied: Mask
    ties: int


def clean(counts: ArrayLike, classes: int, rule: str, outliers: int = 1) -> Cleaned:
    """Which faces stay under a rule, and which of their votes count.

    The four published rules first set every answer with one vote (``outliers``) or fewer to 0, unknown and not-a-face
    like any other; ``majority`` to ``multi_target`` below speak of the votes that remain. All but ``all`` need counts
    of several raters: on proportions nothing would remain. The order of the classes plays no part.

    - ``majority``: the top answer needs more than half of the votes, and only it stays.
    - ``probability`` and ``crossentropy``, which clean alike (FER+ draws a class from the first in every epoch and
      trains on the second as it is): answers are taken from the top, equal counts together, until they cover 75 % or
      number 3. Unknown or not-a-face is not taken but ends this. Faces with more than 3 classes, or whose classes
      cover no more than half, go.
    - ``multi_target``: answers with at least 30 % stay; they must cover more than half, and the top one be a class.
      FER+ then gives these classes equal weight; here they keep their counts.
    - ``all``: no cleaning; every face with a vote for a class stays, if its top answer is a class (a class wins
      against an equally frequent unknown or not-a-face, as in the published rules).

    Args:
        counts: shape (N, K + others), not negative.
        classes: K.
        rule: one of ``RULES``.
        outliers: answers with so many votes or fewer are set to 0 first, but for ``all``; 1 as published.

    Returns:
        The faces that stay and their counts (N, K), cleaned but not normalised.

    Raises:
        RequestError: counts that are negative or not finite.

    Source:
        Barsoum et al. 2016, section 3, and the reader released with it (github.com/microsoft/FERPlus, ferplus.py).
        On fer2013new.csv it leaves 25,060 / 3,199 / 3,153 faces under ``majority`` and 27,956 / 3,505 / 3,505 under
        ``crossentropy`` (Training / PublicTest / PrivateTest); the rows without a picture name all fall out.

    >>> clean([[4, 3, 1, 2], [3, 0, 1, 6]], classes=3, rule="crossentropy")
    Cleaned(kept=array([ True, False]), counts=array([[4., 3., 0.],
           [0., 0., 0.]]))
    """
    answers = checked_counts(counts)
    if rule != "all":
        answers = np.where(answers > outliers, answers, 0.0)
    kept, taken = RULES[rule](answers, classes)
    return Cleaned(kept, np.where(kept[:, None], taken, 0.0))


def _all(answers: Counts, classes: int) -> tuple[Mask, Counts]:
    taken = answers[:, :classes]
    return np.asarray((taken.sum(axis=1) > 0) & _top_is_class(answers, classes)), taken


def _majority(answers: Counts, classes: int) -> tuple[Mask, Counts]:
    taken = np.where(answers > 0.5 * answers.sum(axis=1)[:, None], answers, 0.0)[:, :classes]
    return np.asarray(taken.any(axis=1)), taken


def _multi_target(answers: Counts, classes: int) -> tuple[Mask, Counts]:
    total = answers.sum(axis=1)
    large = np.where(answers >= 0.3 * total[:, None], answers, 0.0)
    return np.asarray((large.sum(axis=1) > 0.5 * total) & _top_is_class(large, classes)), large[:, :classes]


def _from_the_top(answers: Counts, classes: int) -> tuple[Mask, Counts]:
    """One level of equal counts at a time for all faces that still take."""
    total = answers.sum(axis=1)
    left = answers.copy()
    taken = np.zeros_like(answers[:, :classes])
    active = total > 0
    for _ in range(3):  # each level takes at least one answer, or ends the face
        top = left.max(axis=1, keepdims=True)
        level = (left == top) & (top > 0) & active[:, None]
        taken += np.where(level[:, :classes], top, 0.0)
        left[level] = 0.0
        few = (taken > 0).sum(axis=1) < 3
        active &= few & (taken.sum(axis=1) < 0.75 * total) & ~level[:, classes:].any(axis=1)
    kept = (taken.sum(axis=1) > 0.5 * total) & ((taken > 0).sum(axis=1) <= 3)
    return kept, taken


def _top_is_class(answers: Counts, classes: int) -> Mask:
    # argmax takes the first of equals, and classes stand before the other answers
    return np.asarray(answers.argmax(axis=1) < classes)


RULES: dict[str, Callable[[Counts, int], tuple[Mask, Counts]]] = {
    "majority": _majority,
    "probability": _from_the_top,
    "crossentropy": _from_the_top,
    "multi_target": _multi_target,
    "all": _all,
}
"""``labels.rule``: which votes count and which faces stay; the first four are FER+'s, see ``clean``."""


def checked_counts(counts: ArrayLike) -> Counts:
    """``counts`` as a matrix of floats; raises RequestError at the first row with a negative or missing count."""
    matrix = np.asarray(counts, dtype=np.float64)
    if matrix.ndim != 2:
        raise RequestError(f"votes: a table of faces by answers is needed, not one of shape {matrix.shape}.")
    bad = ~(np.isfinite(matrix) & (matrix >= 0)).all(axis=1)
    if bad.any():
        row = int(bad.argmax())
        raise RequestError(f"votes: row {row + 1} has a count that is negative or missing: {matrix[row].tolist()}.")
    return matrix


def in_face_order(faces: Sequence[str] | None, size: int, random: NDArray[np.float64]) -> NDArray[np.float64]:
    """Random numbers handed out by sorted face id, so that a face gets the same one wherever its row stands.

    ``random`` has a number, or a row of numbers, per face; ``faces`` are N unique ids, or None to hand them out by row.

    >>> in_face_order(["b", "a"], 2, np.array([0.1, 0.2]))
    array([0.2, 0.1])
    """
    if faces is None:
        return random
    if len(faces) != size or len(set(faces)) != size:
        raise RequestError(f"labels: {size:,} different face ids are needed, found {len(set(faces)):,}.")
    by_row = np.empty_like(random)
    by_row[np.argsort(np.asarray(faces, dtype=object), kind="stable")] = random
    return by_row


def majority(counts: ArrayLike, ties: str = "drop", seed: int = 0, faces: Sequence[str] | None = None) -> Majority:
    """The class with most votes, with a named policy where several have equally many.

    ``counts`` are of classes only. ``ties`` may be ``drop`` (no class, -1), ``first`` (in class order, what argmax does
    silently) or ``random`` (one of the top classes, each as likely; with ``faces``, N unique ids, whatever the order of
    the rows).

    Returns:
        Class index per face (-1 also where there is no vote), which faces are tied, and how many.

    Raises:
        RequestError: bad counts, or ids that are not unique.

    >>> majority([[3, 1], [2, 2], [0, 0]], ties="first")
    Majority(top=array([ 0,  0, -1]), tied=array([False,  True, False]), ties=1)
    """
    matrix = checked_counts(counts)
    voted = matrix.sum(axis=1) > 0
    top = (matrix == matrix.max(axis=1, keepdims=True)) & voted[:, None]
    tied = top.sum(axis=1) > 1
    index = top.argmax(axis=1)
    if ties == "random":
        uniform = in_face_order(faces, len(matrix), np.random.default_rng(seed).random(len(matrix)))
        rank = np.floor(uniform * top.sum(axis=1)).astype(np.int64)  # which of the top classes, from 0
        index = (top.cumsum(axis=1) > rank[:, None]).argmax(axis=1)
    without = ~voted | (tied if ties == "drop" else False)
    return Majority(np.where(without, -1, index).astype(np.int64), tied, int(tied.sum()))


def fractions(counts: ArrayLike) -> Counts:
    r"""Vote fractions, the distribution of human answers: :math:`p_k = n_k / \sum_j n_j`.

    Raises:
        RequestError: a face without votes, or bad counts.

    >>> fractions([[3, 1]])
    array([[0.75, 0.25]])
    """
    matrix = checked_counts(counts)
    totals = matrix.sum(axis=1, keepdims=True)
    if (empty := totals[:, 0] == 0).any():
        raise RequestError(f"votes: row {int(empty.argmax()) + 1} has no vote for a class, so it has no distribution.")
    return np.asarray(matrix / totals)


def smooth(target: Counts, smoothing: float) -> Counts:
    r"""Label smoothing: :math:`(1 - s)\, t + s / K`.

    Source: Szegedy et al. 2016, Rethinking the Inception architecture, section 7 (s = 0.1).

    >>> smooth(np.array([[1.0, 0.0]]), 0.1)
    array([[0.95, 0.05]])
    """
    return np.asarray((1 - smoothing) * target + smoothing / target.shape[1])
