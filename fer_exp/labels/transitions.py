"""Where the wrong labels of each class go: transition matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fer_exp.labels.votes import checked_counts

Matrix = NDArray[np.float64]

PAIRS = {
    "anger": "disgust", "disgust": "anger", "fear": "surprise", "happiness": "neutral", "sadness": "neutral",
    "surprise": "anger", "neutral": "sadness",
}  # fmt: skip
"""What ``asymmetric`` takes a class for; a class that is not here, or whose partner is no class, stays."""


def symmetric(classes: Sequence[str], confusion: Matrix | None) -> Matrix:
    """Evenly over the K - 1 other classes (Wang et al. 2020, SCN)."""
    return 1 - np.eye(len(classes))


def uniform(classes: Sequence[str], confusion: Matrix | None) -> Matrix:
    """Evenly over all K, so that only rate * (K - 1) / K of the labels become wrong."""
    return np.ones((len(classes), len(classes)))


def asymmetric(classes: Sequence[str], confusion: Matrix | None) -> Matrix:
    """To the class it is easily taken for, ``PAIRS``."""
    return np.array([[float(PAIRS.get(clean) == wrong) for wrong in classes] for clean in classes])


def pairflip(classes: Sequence[str], confusion: Matrix | None) -> Matrix:
    """To the next class, the last one to the first (Han et al. 2018, Co-teaching)."""
    return np.roll(np.eye(len(classes)), 1, axis=1)


def human(classes: Sequence[str], confusion: Matrix | None) -> Matrix:
    """Over the other classes as people confuse them; a class that nobody confused stays."""
    return checked_counts(confusion if confusion is not None else []) * (1 - np.eye(len(classes)))


def transition(goes_to: ArrayLike, rate: float) -> Matrix:
    r"""The transition matrix: :math:`T_{ij} = P(\text{label } j \mid \text{clean } i)`.

    ``goes_to`` says where a wrong label of each class goes, not normalised, shape (K, K); a class whose row is 0 stays.
    ``rate`` is the share of each class's labels that go, 0 to 1.

    >>> transition(symmetric(("neutral", "happiness", "sadness"), None), 0.2)
    array([[0.8, 0.1, 0.1],
           [0.1, 0.8, 0.1],
           [0.1, 0.1, 0.8]])
    """
    rows = np.asarray(goes_to, dtype=np.float64)
    total = rows.sum(axis=1, keepdims=True)
    moved = np.divide(rate * rows, total, out=np.zeros_like(rows), where=total > 0)
    return np.asarray(moved + np.diag(1 - moved.sum(axis=1)))


def human_confusion(labels: ArrayLike, counts: ArrayLike, classes: int) -> Matrix:
    """How people vote on the faces of each class, from uncleaned votes.

    Of labels, shape (N,), and votes, shape (N, K): the votes for class j on the faces of class i, shape (K, K).
    """
    confusion = np.zeros((classes, classes))
    np.add.at(confusion, np.asarray(labels, dtype=np.int64), checked_counts(counts))
    return confusion
