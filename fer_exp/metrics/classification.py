"""Answers against labels, class by class. All take weights for the bootstrap.

Labels and answers are matrices with a row per face and a column per class. A single label is a row with one 1, a label
that t classes share has t entries of 1/t, and vote fractions and probabilities fit as they are: what a face adds to the
hits of a class is the smaller of both entries, or their product where the answer is one class, any of equal tops. So
accuracy, recall and F1 of single answers, of tied majorities and of whole distributions are one definition. Metrics
take ``columns`` from ``tallies``, range over 0..1, and more is better.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.bootstrap import BOOTSTRAP, JACKKNIFE, NOTHING, SHARE, FloatArray, OfSums, mean_of
from fer_exp.stats.shares import ratio

OF_A_CLASS = 20
"""Faces of a class, below which an interval of its own would hold too seldom: of 7 faces .79 of 95 % intervals hold the
F1, of 14 .91, of 120 .95 (scripts/coverage_metrics.py)."""


def onehot(codes: NDArray[np.int64], classes: int) -> FloatArray:
    """Class codes 0..K-1, shape (N,), as rows with one 1, shape (N, K).

    >>> onehot(np.array([1]), 3)
    array([[0., 1., 0.]])
    """
    rows = np.zeros((len(codes), classes))
    rows[np.arange(len(codes)), codes] = 1.0
    return rows


def shared_top(values: FloatArray | NDArray[np.int64]) -> FloatArray:
    """The top class of each row; t classes that share the top get 1/t each. Shape (N, K), rows sum to 1.

    This is the policy for ties: no class is preferred, and an answer among t tied classes earns 1/t.

    >>> shared_top(np.array([[3, 3, 1], [0, 5, 1]]))
    array([[0.5, 0.5, 0. ],
           [0. , 1. , 0. ]])
    """
    top = values == values.max(axis=1, keepdims=True)
    return np.asarray(top / top.sum(axis=1, keepdims=True))


def tallies(labels: FloatArray, answers: FloatArray) -> FloatArray:
    """What each face adds to hits, labels and answers of each class, shape (N, 3 K).

    min(label, answer), label, answer, side by side: the columns from which the metrics below are finished.
    """
    return np.hstack([np.minimum(labels, answers), labels, answers])


def tallies_of_tops(labels: FloatArray, answers: FloatArray) -> FloatArray:
    """The same where the answer is one class, of ``shared_top``: one of t equal tops at random earns what it is worth.

    >>> tallies_of_tops(np.array([[0.5, 0.5]]), np.array([[0.5, 0.5]]))[:, :2]  # min would say 1
    array([[0.25, 0.25]])
    """
    return np.hstack([labels * answers, labels, answers])


def accuracy_of(columns: FloatArray) -> OfSums:
    r"""Share of faces whose answer is their label; of distributions, the mean intersection.

    .. math:: \frac{1}{N} \sum_i \sum_k \min(y_{ik}, \hat{y}_{ik})

    As ``sklearn.metrics.accuracy_score``.

    >>> labels, answers = onehot(np.array([0, 0, 1]), 2), onehot(np.array([0, 1, 1]), 2)
    >>> float(accuracy_of(tallies(labels, answers))(None).round(4))
    0.6667
    """
    return mean_of(_split(columns)[0].sum(axis=1), SHARE)


def balanced_accuracy_of(columns: FloatArray) -> OfSums:
    r"""Mean recall over the classes that occur among the labels.

    .. math:: \frac{1}{|P|} \sum_{k \in P} \frac{TP_k}{TP_k + FN_k}

    P is taken per replicate. Source: Brodersen et al. 2010, ICPR; ``sklearn.metrics.balanced_accuracy_score``.
    """
    return OfSums(columns, lambda sums, _: _mean_of_present(_recall(sums), _split(sums)[1]))


def macro_f1_of(columns: FloatArray, ends: str = BOOTSTRAP) -> OfSums:
    r"""Mean F1 over the classes that occur among the labels.

    .. math:: \frac{1}{|P|} \sum_{k \in P} \frac{2 TP_k}{2 TP_k + FP_k + FN_k}

    P is taken per replicate. A class that is only ever answered has no F1 of its own; it has already cost the recall of
    the others. Source: ``sklearn.metrics.f1_score(average="macro", labels=unique(labels))``:
    the mean of F1, not the F1 of means. ``ends`` as of ``OfSums``: of distributions the jackknife holds more often.
    """
    return OfSums(columns, lambda sums, _: _mean_of_present(_f1(sums), _split(sums)[1]), ends=ends)


def weighted_f1_of(columns: FloatArray) -> OfSums:
    r"""F1 of the classes, weighted by how often each is the label.

    .. math:: \sum_k \frac{n_k}{N} \frac{2 TP_k}{2 TP_k + FP_k + FN_k}

    Source: ``sklearn.metrics.f1_score(average="weighted")``.
    """

    def finish(sums: FloatArray, total: FloatArray) -> FloatArray:
        labels = _split(sums)[1]
        return np.asarray((np.where(labels > 0, _f1(sums), 0.0) * labels).sum(axis=-1) / labels.sum(axis=-1))

    return OfSums(columns, finish)


def precision_of(columns: FloatArray, k: int) -> OfSums:
    r"""Precision of class k: of what was answered k, the share that is k.

    .. math:: \sum_i \min(y_{ik}, \hat{y}_{ik}) / \sum_i \hat{y}_{ik}

    nan where k is never answered. Source: for distributions, Harju and Mesaros 2023, Evaluating classification systems
    against soft labels with fuzzy precision and recall.
    """
    ends = ends_of_class(columns, k)
    return OfSums(columns, lambda sums, _: ratio(_split(sums)[0], _split(sums)[2])[..., k], ends=ends)


def recall_of(columns: FloatArray, k: int) -> OfSums:
    r"""Recall of class k: of what is k, the share that was answered k.

    .. math:: \sum_i \min(y_{ik}, \hat{y}_{ik}) / \sum_i y_{ik}

    nan where nothing is k. Source: as ``precision_of``.
    """
    return OfSums(columns, lambda sums, _: _recall(sums)[..., k], ends=ends_of_class(columns, k))


def f1_of(columns: FloatArray, k: int) -> OfSums:
    r"""F1 of class k: the harmonic mean of precision and recall.

    .. math:: 2 \sum_i \min(y_{ik}, \hat{y}_{ik}) / \left(\sum_i y_{ik} + \sum_i \hat{y}_{ik}\right)

    nan where k neither is nor is answered.
    """
    return OfSums(columns, lambda sums, _: _f1(sums)[..., k], ends=ends_of_class(columns, k))


def ends_of_class(columns: FloatArray, k: int) -> str:
    """What is told of class k has an interval where enough faces are of it."""
    return JACKKNIFE if _split(columns.sum(axis=0))[1][k] >= OF_A_CLASS else NOTHING


def _split(sums: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    classes = sums.shape[-1] // 3
    return sums[..., :classes], sums[..., classes : 2 * classes], sums[..., 2 * classes :]


def _recall(sums: FloatArray) -> FloatArray:
    hits, labels, _ = _split(sums)
    return ratio(hits, labels)


def _f1(sums: FloatArray) -> FloatArray:
    hits, labels, answers = _split(sums)
    return ratio(2 * hits, labels + answers)


def _mean_of_present(values: FloatArray, labels: FloatArray) -> FloatArray:
    present = labels > 0
    return ratio(np.where(present, values, 0.0).sum(axis=-1), present.sum(axis=-1).astype(np.float64))
