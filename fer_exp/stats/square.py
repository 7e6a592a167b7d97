"""Tests of a square table: do two sides that label the same faces use the classes alike?

``table`` has tasks by label of one side (rows) and the other (columns), shape (K, K).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fer_exp.stats import tests
from fer_exp.stats.bootstrap import FloatArray


class ChiSquare(NamedTuple):
    """A test of a square table: statistic, degrees of freedom, p; p is nan where there is nothing to test."""

    statistic: float
    df: int
    p: float


def stuart_maxwell(table: FloatArray) -> ChiSquare:
    r"""Stuart and Maxwell's test: do both sides use the classes equally often?

    .. math:: \chi^2 = d^\top V^{-1} d, \quad d_k = n_{k \cdot} - n_{\cdot k}, \quad
        V_{kk} = n_{k \cdot} + n_{\cdot k} - 2 n_{kk}, \quad V_{kl} = -(n_{kl} + n_{lk})

    Classes that no task has on either side, or on which both sides always agree, tell nothing and drop out. V is
    singular by one for each group of classes that is confused only within itself; the degrees of freedom are its rank.

    Source: Stuart 1955, Biometrika 42, 412-416; Maxwell 1970, British Journal of Psychiatry 116, 651-655.
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
    return _tested(statistic, df)


def bowker(table: FloatArray) -> ChiSquare:
    r"""Bowker's test: is each confusion as frequent as its reverse?

    .. math:: \chi^2 = \sum_{i < j} \frac{(n_{ij} - n_{ji})^2}{n_{ij} + n_{ji}}

    The degrees of freedom are the pairs of classes that are confused at all, K (K - 1) / 2 at most.

    Source: Bowker 1948, Journal of the American Statistical Association 43, 572-574.
    """
    upper = np.triu_indices(len(table), 1)
    one, other = table[upper], table.T[upper]
    there = one + other > 0
    df = int(there.sum())
    if df == 0:
        return ChiSquare(0.0, 0, float("nan"))
    statistic = float(((one - other)[there] ** 2 / (one + other)[there]).sum())
    return _tested(statistic, df)


def mcnemar(table: FloatArray) -> FloatArray:
    """For each class, the exact probability of so uneven an exchange with the others, if it were even.

    Returns:
        Two-sided p, shape (K,); 1 where nothing was exchanged.

    Source:
        McNemar 1947, Psychometrika 12, 153-157, as an exact binomial test of the tasks that left or joined the class.

    >>> mcnemar(np.array([[20.0, 8.0], [1.0, 30.0]])).round(4)
    array([0.0391, 0.0391])
    """
    left, joined = table.sum(axis=1) - np.diag(table), table.sum(axis=0) - np.diag(table)
    return np.array([tests.mcnemar(int(a), int(b)).p for a, b in zip(left, joined, strict=True)])


def _tested(statistic: float, df: int) -> ChiSquare:
    from scipy.special import chdtrc  # a tenth of a second to import: here, not before

    return ChiSquare(statistic, df, float(chdtrc(df, statistic)))
