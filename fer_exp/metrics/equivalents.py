"""Rater equivalents: how many people answer together what a model answers alone, whatever votes a corpus has.

``counts`` are the votes of each face, shape (N, K), at least two, drawn independently; ``model`` probabilities of the
same shape.
"""

from __future__ import annotations

import numpy as np

from fer_exp.metrics.ambiguity import squared_error_corrected
from fer_exp.stats.bootstrap import FloatArray, OfSums
from fer_exp.stats.shares import shares


def disagreement(counts: FloatArray) -> FloatArray:
    r"""Chance that two people answer differently, each face's own, free of the bias that few votes bring, shape (N,).

    .. math:: \frac{n}{n - 1} \Bigl(1 - \sum_k u_k^2\Bigr)

    0..1. It is also the expected squared error of a single person's answer, and k times that of the shares of k.

    Source: Simpson 1949, Measurement of diversity, Nature 163, 688.

    >>> disagreement(np.array([[1.0, 1.0], [3.0, 1.0], [4.0, 0.0]]))
    array([1. , 0.5, 0. ])
    """
    votes = counts.sum(axis=1)
    return np.asarray(votes / (votes - 1) * (1 - (shares(counts) ** 2).sum(axis=1)))


def rater_equivalents(counts: FloatArray, model: FloatArray) -> OfSums:
    r"""How many people's shares of answers are as near, in squared error, to everybody's as the model is.

    .. math:: k^* = W / D, \quad W = \text{mean of } \frac{n}{n - 1} \Bigl(1 - \sum_j u_j^2\Bigr), \quad
        D = \text{mean of } \sum_j (u_j - v_j)^2 - \frac{1 - \sum_j u_j^2}{n - 1}

    The shares of k people have the expected squared error W / k to the distribution that all people have, the model
    has D; both are free of the votes' own noise, so that k* does not depend on how many votes a face has. 0 and more,
    more is better: a single person has 1. Infinite where D is 0 or less: nobody can be told from a perfect model then.
    Undefined where people never disagree.

    Source: Ours; a survey equivalence (Resnick et al. 2021, arXiv 2106.01254) by squared error, in closed form.

    >>> worth = rater_equivalents(np.array([[2.0, 2.0], [4.0, 0.0]]), np.array([[0.9, 0.1], [0.9, 0.1]]))
    >>> round(float(worth(None)), 3)
    3.846
    """
    columns = np.stack([squared_error_corrected(counts, model), disagreement(counts)], axis=1)

    def finish(sums: FloatArray, _: FloatArray) -> FloatArray:
        return np.where(sums[..., 1] > 0, sums[..., 0] / sums[..., 1], np.nan)

    return OfSums(columns, finish, inverse=True)
