"""One label against one answer per face. All take weights for the bootstrap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.bootstrap import FloatArray, unit_weights


def confusion(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, weights: FloatArray | None = None
) -> FloatArray:
    """How many faces of each label were given each answer.

    Args:
        labels: class codes 0..K-1, shape (N,).
        predicted: class codes 0..K-1, shape (N,).
        classes: K.
        weights: how often each face counts, shape (N,) or (B, N); None counts each once.

    Returns:
        Counts, label by answer, shape (K, K) or (B, K, K).

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1., 1.],
           [0., 1.]])
    """
    weights = unit_weights(len(labels)) if weights is None else weights
    cells = np.zeros((len(labels), classes * classes))
    cells[np.arange(len(labels)), labels * classes + predicted] = 1.0
    return (weights @ cells).reshape(*weights.shape[:-1], classes, classes)


def accuracy(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, weights: FloatArray | None = None
) -> FloatArray:
    r"""Share of faces whose answer is their label.

    .. math:: \frac{1}{N} \sum_i [y_i = \hat{y}_i]

    Args:
        labels: class codes 0..K-1, shape (N,).
        predicted: class codes 0..K-1, shape (N,).
        classes: K.
        weights: how often each face counts, shape (N,) or (B, N); None counts each once.

    Returns:
        0..1, shape () or (B,).

    Source:
        As in ``sklearn.metrics.accuracy_score``.

    >>> float(accuracy(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).round(4))
    0.6667
    """
    counts = confusion(labels, predicted, classes, weights)
    return _over(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)))


def balanced_accuracy(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, weights: FloatArray | None = None
) -> FloatArray:
    r"""Mean recall over the classes that occur among the labels.

    .. math:: \frac{1}{|P|} \sum_{k \in P} \frac{TP_k}{TP_k + FN_k}

    Args:
        labels: class codes 0..K-1, shape (N,).
        predicted: class codes 0..K-1, shape (N,).
        classes: K.
        weights: how often each face counts, shape (N,) or (B, N); None counts each once. P is found per replicate.

    Returns:
        0..1, shape () or (B,).

    Source:
        Brodersen et al. 2010, ICPR; ``sklearn.metrics.balanced_accuracy_score``.

    >>> float(balanced_accuracy(np.array([0, 0, 1]), np.array([0, 1, 1]), 2))
    0.75
    """
    counts = confusion(labels, predicted, classes, weights)
    support = counts.sum(axis=-1)
    return _mean_of_present(_over(_hits(counts), support), support > 0)


def macro_f1(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, weights: FloatArray | None = None
) -> FloatArray:
    r"""Mean F1 over the classes that occur among the labels.

    .. math:: \frac{1}{|P|} \sum_{k \in P} \frac{2 TP_k}{2 TP_k + FP_k + FN_k}

    A class that is only ever answered has no F1 of its own here; it has already cost the recall of the others.

    Args:
        labels: class codes 0..K-1, shape (N,).
        predicted: class codes 0..K-1, shape (N,).
        classes: K.
        weights: how often each face counts, shape (N,) or (B, N); None counts each once. P is found per replicate.

    Returns:
        0..1, shape () or (B,).

    Source:
        ``sklearn.metrics.f1_score(average="macro", labels=unique(labels))``: the mean of F1, not the F1 of means.

    >>> float(macro_f1(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).round(4))
    0.6667
    """
    counts = confusion(labels, predicted, classes, weights)
    support = counts.sum(axis=-1)
    return _mean_of_present(_over(2 * _hits(counts), support + counts.sum(axis=-2)), support > 0)


def _hits(counts: FloatArray) -> FloatArray:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.divide(above, below))


def _mean_of_present(values: FloatArray, present: NDArray[np.bool_]) -> FloatArray:
    return _over(np.where(present, values, 0.0).sum(axis=-1), present.sum(axis=-1).astype(np.float64))
