"""What a crowd changes: original labels and ratings against the crowd's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_exp.metrics import affect
from fer_exp.stats.bootstrap import FloatArray, Interval, weighted_mean
from fer_exp.stats.shares import paired_interval
from fer_exp.stats.totals import joint_intervals


def share_changes(table: FloatArray) -> FloatArray:
    """Change of each class's share from rows to columns, with ``paired_interval`` over tasks.

    ``table`` has how many tasks have each original label (row) and each label of the crowd (column), shape (K, K).

    Returns:
        Change, low, high, shape (3, K); shares, so -1..1.

    >>> share_changes(np.array([[8.0, 2.0], [0.0, 10.0]])).round(2)
    array([[-0.1 ,  0.1 ],
           [-0.25, -0.07],
           [ 0.07,  0.25]])
    """
    stays = np.diag(table)
    gained, lost = table.sum(axis=0) - stays, table.sum(axis=1) - stays
    moves = np.stack([gained, lost, table.sum() - gained - lost]).astype(np.int64)
    changes = [paired_interval(np.repeat([1.0, -1.0, 0.0], of_class)) for of_class in moves.T]
    return np.array(changes).T


def vote_changes(original: NDArray[np.int32], fractions: FloatArray, samples: int, seed: int) -> list[Interval]:
    """Change of each class's share from original labels to the *mean vote fraction*, with a bootstrap interval.

    A majority favours frequent answers: raters who err as the original annotator did still move a majority towards
    the classes that errors go to. Votes have no such bias, so this is the shift of how people answer.

    ``original`` are codes of labels, shape (N,), ``fractions`` the vote fractions of the same tasks, shape (N, K).

    Returns:
        Value, low and high of each class.
    """
    classes = fractions.shape[1]
    rows, group = np.unique(np.column_stack([fractions, original]), axis=0, return_inverse=True)
    columns = np.column_stack([rows[:, :-1] - np.eye(classes)[rows[:, -1].astype(np.int64)], np.ones(len(rows))])

    def joint(weights: FloatArray | None) -> FloatArray:
        sums = columns.sum(axis=0) if weights is None else weights @ columns
        return np.asarray(sums[..., :-1] / sums[..., -1:])

    names = [str(k) for k in range(classes)]
    return list(joint_intervals(joint, names, group.ravel().astype(np.int64), samples, seed).values())


RATING_MEASURES = ("bias", "slope", "ccc", "pearson", "rmse", "sagr")
"""How crowd ratings differ from original ones: ``rating_changes`` in this order."""


def rating_changes(original: FloatArray, crowd: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """Bias (crowd minus original), slope, CCC, Pearson, RMSE and SAGR of ratings.

    Returns:
        Of ratings of shape (N,) and weights as in ``metrics.affect``, shape (6,) or (B, 6), in the order of
        ``RATING_MEASURES``.
    """
    measured = [
        weighted_mean(crowd - original, weights),
        affect.slope(original, crowd, weights),
        affect.ccc(original, crowd, weights),
        affect.pearson(original, crowd)(weights),
        affect.rmse(original, crowd, weights),
        affect.sagr(original, crowd, weights),
    ]
    return np.stack(measured, axis=-1)
