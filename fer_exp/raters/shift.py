"""What a crowd changes: original labels against the crowd's, class by class, with tests of the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from fer_exp.metrics import affect
from fer_exp.stats import tests
from fer_exp.stats.bootstrap import FloatArray, percentile_intervals, weighted_mean
from fer_exp.stats.totals import Interval, joint_intervals


class ChiSquare(NamedTuple):
    """A test of a square table: statistic, degrees of freedom, p; p is nan where there is nothing to test."""

    statistic: float
    df: int
    p: float


def table_of(original: NDArray[np.int32], crowd: NDArray[np.int64], classes: int) -> FloatArray:
    """How many tasks have each original label (row) and each label of the crowd (column), shape (K, K).

    >>> table_of(np.array([0, 0, 1], np.int32), np.array([0, 1, 1]), 2)
    array([[1., 1.],
           [0., 1.]])
    """
    cells = original.astype(np.int64) * classes + crowd
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes).astype(np.float64)


def stuart_maxwell(table: FloatArray) -> ChiSquare:
    r"""Stuart and Maxwell's test: do both sides use the classes equally often?

    .. math:: \chi^2 = d^\top V^{-1} d, \quad d_k = n_{k \cdot} - n_{\cdot k}, \quad
        V_{kk} = n_{k \cdot} + n_{\cdot k} - 2 n_{kk}, \quad V_{kl} = -(n_{kl} + n_{lk})

    Classes that no task has on either side, or on which both sides always agree, tell nothing and drop out. V is
    singular by one for each group of classes that is confused only within itself; the degrees of freedom are its rank.

    Args:
        table: tasks by label of one side (rows) and the other (columns), shape (K, K).

    Returns:
        The test.

    Source:
        Stuart 1955, Biometrika 42, 412-416; Maxwell 1970, British Journal of Psychiatry 116, 651-655.

    >>> test = stuart_maxwell(np.array([[20.0, 10.0, 5.0], [3.0, 30.0, 15.0], [0.0, 5.0, 40.0]]))
    >>> round(test.statistic, 3), test.df, round(test.p, 4)
    (13.765, 2, 0.001)
    """
    off = table - np.diag(np.diag(table))
    difference = off.sum(axis=1) - off.sum(axis=0)
    variance = np.diag(off.sum(axis=1) + off.sum(axis=0)) - off - off.T
    used = np.diag(variance) > 0
    if not used.any():
        return ChiSquare(0.0, 0, float("nan"))
    variance = variance[np.ix_(used, used)]
    df = int(np.linalg.matrix_rank(variance, hermitian=True))
    inverse = np.linalg.pinv(variance, rcond=1e-10, hermitian=True)
    statistic = float(difference[used] @ inverse @ difference[used])
    return ChiSquare(statistic, df, float(chi2.sf(statistic, df)))


def bowker(table: FloatArray) -> ChiSquare:
    r"""Bowker's test: is each confusion as frequent as its reverse?

    .. math:: \chi^2 = \sum_{i < j} \frac{(n_{ij} - n_{ji})^2}{n_{ij} + n_{ji}}

    Args:
        table: tasks by label of one side (rows) and the other (columns), shape (K, K).

    Returns:
        The test; the degrees of freedom are the pairs of classes that are confused at all, K (K - 1) / 2 at most.

    Source:
        Bowker 1948, Journal of the American Statistical Association 43, 572-574.

    >>> test = bowker(np.array([[20.0, 10.0, 5.0], [3.0, 30.0, 15.0], [0.0, 5.0, 40.0]]))
    >>> round(test.statistic, 3), test.df, round(test.p, 4)
    (13.769, 3, 0.0032)
    """
    upper = np.triu_indices(len(table), 1)
    one, other = table[upper], table.T[upper]
    there = one + other > 0
    df = int(there.sum())
    if df == 0:
        return ChiSquare(0.0, 0, float("nan"))
    statistic = float(((one - other)[there] ** 2 / (one + other)[there]).sum())
    return ChiSquare(statistic, df, float(chi2.sf(statistic, df)))


def mcnemar(table: FloatArray) -> FloatArray:
    """For each class, the exact probability of so uneven an exchange with the others, if it were even.

    Args:
        table: tasks by label of one side (rows) and the other (columns), shape (K, K).

    Returns:
        Two-sided p, shape (K,); 1 where nothing was exchanged.

    Source:
        McNemar 1947, Psychometrika 12, 153-157, as an exact binomial test of the tasks that left or joined the class.

    >>> mcnemar(np.array([[20.0, 8.0], [1.0, 30.0]])).round(4)
    array([0.0391, 0.0391])
    """
    left, joined = table.sum(axis=1) - np.diag(table), table.sum(axis=0) - np.diag(table)
    return np.array([tests.mcnemar(int(a), int(b)).p for a, b in zip(left, joined, strict=True)])


def share_changes(table: FloatArray, samples: int, seed: int, level: float = 0.95) -> FloatArray:
    """Change of each class's share from rows to columns, with a bootstrap interval over tasks.

    A bootstrap of tasks draws the cells of their table from a multinomial, so nothing is done task by task.

    Args:
        table: tasks by label of one side (rows) and the other (columns), shape (K, K).
        samples: replicates; 0 gives nan for the ends.
        seed: of the replicates.
        level: coverage that is aimed at.

    Returns:
        Change, low, high, shape (3, K); shares, so -1..1.

    >>> share_changes(np.array([[20.0, 8.0], [1.0, 30.0]]), 0, 0)[0].round(3)
    array([-0.119,  0.119])
    """
    total = table.sum()
    change = (table.sum(axis=0) - table.sum(axis=1)) / total
    if samples == 0:
        return np.stack([change, np.full(len(table), np.nan), np.full(len(table), np.nan)])
    drawn = np.random.default_rng(seed).multinomial(int(total), table.ravel() / total, samples) / total
    drawn = drawn.reshape(samples, *table.shape)
    return np.stack([change, *percentile_intervals(drawn.sum(axis=1) - drawn.sum(axis=2), level)])


def vote_changes(original: NDArray[np.int32], fractions: FloatArray, samples: int, seed: int) -> list[Interval]:
    """Change of each class's share from original labels to the *mean vote fraction*, with a bootstrap interval.

    A majority favours frequent answers: raters who err as the original annotator did still move a majority towards
    the classes that errors go to. Votes have no such bias, so this is the shift of how people answer.

    Args:
        original: codes of original labels, shape (N,).
        fractions: vote fractions of the same tasks, shape (N, K).
        samples: replicates; 0 for none.
        seed: of the replicates.

    Returns:
        Value, low and high of each class.

    >>> vote_changes(np.array([0, 1], np.int32), np.array([[0.5, 0.5], [0.0, 1.0]]), 0, 0)
    [(-0.25, None, None), (0.25, None, None)]
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

    Args:
        original: shape (N,).
        crowd: mean ratings, shape (N,).
        weights: how often each task counts, shape (N,) or (B, N); None counts each once.

    Returns:
        Shape (6,) or (B, 6), in the order of ``RATING_MEASURES``.

    >>> rating_changes(np.array([0.0, 1.0]), np.array([0.5, 1.5])).round(3)
    array([0.5  , 1.   , 0.667, 1.   , 0.5  , 0.5  ])
    """
    of: Sequence[FloatArray] = (
        weighted_mean(crowd - original, weights),
        affect.slope(original, crowd, weights),
        affect.ccc(original, crowd, weights),
        affect.pearson(original, crowd)(weights),
        affect.rmse(original, crowd, weights),
        affect.sagr(original, crowd, weights),
    )
    return np.stack(of, axis=-1)
