"""Does the model see which faces divide people, and how? Entropies, class by class shares, few-vote corrections.

Rater equivalents: how many people answer together what a model answers alone, whatever votes a corpus has.

``human`` are vote fractions u, ``model`` predicted probabilities v, shape (N, K), rows sum to 1; ``counts`` the votes
of each face, shape (N, K), at least one. What is of single faces has shape (N,).
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.special import gammaln, xlog1py, xlogy

from fer_exp.metrics.affect import pearson
from fer_exp.metrics.distribution import entropy, soft_cross_entropy
from fer_exp.stats.bootstrap import JACKKNIFE, FloatArray, OfSums
from fer_exp.stats.shares import shares


def entropy_similarity(human: FloatArray, model: FloatArray) -> OfSums:
    r"""Cosine, over faces, of human and model entropies.

    .. math:: \frac{\sum_i H(u_i) H(v_i)}{\sqrt{\sum_i H(u_i)^2} \sqrt{\sum_i H(v_i)^2}}

    0..1; nan where a side is certain of every face. High for any two lists of positive numbers, so that
    ``entropy_correlation`` tells more.

    Source: Uma et al. 2021, Learning from disagreement, JAIR 72, section on evaluation metrics.
    """
    one, other = entropy(human), entropy(model)

    def finish(sums: FloatArray, _: FloatArray) -> FloatArray:
        return np.asarray(np.where(sums[..., 2] > 0, sums[..., 0] / np.sqrt(sums[..., 1] * sums[..., 2]), np.nan))

    return OfSums(np.stack([one * other, one**2, other**2], axis=1), finish)


def entropy_correlation(human: FloatArray, model: FloatArray) -> OfSums:
    """Pearson's correlation over faces of human and model entropy: is the model unsure where people disagree?

    -1..1; nan where either side has the same entropy on every face.

    Source: Uma et al. 2021, Learning from disagreement, Journal of Artificial Intelligence Research 72, section 6.
    """
    return pearson(entropy(human), entropy(model))


def top_k_agreement(human: FloatArray, model: FloatArray, k: int) -> FloatArray:
    r"""Share of a face's votes that fall among the model's k most probable classes.

    .. math:: \sum_j u_j \, \min\Bigl(1, \max\Bigl(0, \frac{k - g_j}{t_j}\Bigr)\Bigr)

    g_j classes are more probable than j, and t_j as probable, j among them: of these, any may be the ones that fit.
    0..1; of one-hot labels it is top-k accuracy.

    >>> top_k_agreement(np.array([[0.6, 0.3, 0.1]]), np.array([[0.2, 0.5, 0.3]]), 2).round(4)
    array([0.4])
    >>> top_k_agreement(np.array([[0.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]]), 2)
    array([0.5])
    """
    more = (model[:, None, :] > model[:, :, None]).sum(axis=2)
    alike = (model[:, None, :] == model[:, :, None]).sum(axis=2)
    return np.asarray((human * np.clip((k - more) / alike, 0, 1)).sum(axis=1))


def entropy_corrected(counts: FloatArray) -> FloatArray:
    r"""Entropy of each face with Miller and Madow's correction for few votes, in nats.

    .. math:: H(u) + \frac{\hat{K} - 1}{2 n}

    K-hat is the number of classes that were chosen. The plain entropy of n votes is too low by about (K - 1) / 2n; the
    correction removes that order, and less where rare classes have not been chosen yet.

    Source: Miller 1955, Note on the bias of information estimates; Paninski 2003, Neural Computation 15, 1191-1253.

    >>> entropy_corrected(np.array([[5.0, 5.0], [10.0, 0.0]])).round(4)
    array([0.7431, 0.    ])
    """
    votes = counts.sum(axis=1)
    return np.asarray(entropy(counts / votes[:, None]) + ((counts > 0).sum(axis=1) - 1) / (2 * votes))


def kl_divergence_corrected(counts: FloatArray, model: FloatArray) -> FloatArray:
    """KL divergence from people to model, less the bias that few votes bring, in nats.

    It is ``soft_cross_entropy - entropy``; the first is linear in the votes and has no bias, the second is taken from
    ``entropy_corrected``.

    Single faces may lie below 0; their mean estimates the divergence from the people asked to the people there are.
    """
    return soft_cross_entropy(shares(counts), model) - entropy_corrected(counts)


def squared_error_corrected(counts: FloatArray, model: FloatArray) -> FloatArray:
    r"""Squared distance of each face to the distribution behind its votes, free of the bias that few votes bring.

    .. math:: \sum_k (u_k - v_k)^2 - \frac{1 - \sum_k u_k^2}{n - 1}

    The second term is the unbiased estimate of the variance of the vote fractions, summed over classes.

    Faces need two votes, drawn independently. Single faces may lie below 0, the mean is unbiased.

    Source: Our derivation, from E[u_k^2] - p_k^2 = p_k (1 - p_k) / n for multinomial votes.
    """
    votes = counts.sum(axis=1)
    human = counts / votes[:, None]
    return np.asarray(((human - model) ** 2).sum(axis=1) - (1 - (human**2).sum(axis=1)) / (votes - 1))


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

    Faces need two votes, drawn independently.

    Source: Ours; a survey equivalence (Resnick et al. 2021, arXiv 2106.01254) by squared error, in closed form.

    >>> worth = rater_equivalents(np.array([[2.0, 2.0], [4.0, 0.0]]), np.array([[0.9, 0.1], [0.9, 0.1]]))
    >>> round(float(worth(None)), 3)
    3.846
    """
    columns = np.stack([squared_error_corrected(counts, model), disagreement(counts)], axis=1)

    def finish(sums: FloatArray, _: FloatArray) -> FloatArray:
        return np.where(sums[..., 1] > 0, sums[..., 0] / sums[..., 1], np.nan)

    return OfSums(columns, finish, inverse=True)


def l1_of_sampling(shares: FloatArray, votes: FloatArray) -> FloatArray:
    r"""Expected L1 between a distribution and n votes drawn from it: what even a perfect model would get.

    .. math:: \sum_k E\left|\frac{X_k}{n} - q_k\right| = \sum_k
        \frac{2}{n} (m_k + 1) \binom{n}{m_k + 1} q_k^{m_k + 1} (1 - q_k)^{n - m_k}, \quad m_k = \lfloor n q_k \rfloor

    De Moivre's mean absolute deviation of the binomial. L1 to votes has this floor and no known unbiased correction:
    near the floor it falls as one over the root of n, far from it the votes' errors cancel. Vote fractions are
    more extreme than q: in its place they give a floor that is far too low (``raters.floors``).

    Source: De Moivre 1730; Diaconis and Zabell 1991, Statistical Science 6, 284-302.
    """
    n = votes[:, None]
    m = np.minimum(np.floor(n * shares), n - 1)
    choose = gammaln(n + 1) - gammaln(m + 2) - gammaln(n - m)
    logs = choose + np.log(m + 1) + xlogy(m + 1, shares) + xlog1py(n - m, -shares)
    return np.asarray((2 / n * np.exp(logs)).sum(axis=1))


def class_correlations(human: FloatArray, model: FloatArray) -> list[OfSums]:
    """Pearson's correlation over faces of each class's share of votes and its probability, and their mean.

    Returns:
        K statistics as ``affect.pearson``, then their mean over the classes where it is defined; -1..1, more is better.

    >>> people = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    >>> [float(correlation(None).round(4)) for correlation in class_correlations(people, people)]
    [1.0, 1.0, nan, 1.0]
    """
    single = [pearson(human[:, k], model[:, k]) for k in range(human.shape[1])]
    columns = np.hstack([correlation.columns for correlation in single])

    def of_class(k: int, sums: FloatArray, total: FloatArray) -> FloatArray:
        return single[k].finish(sums[..., 5 * k : 5 * k + 5], total)

    def mean(sums: FloatArray, total: FloatArray) -> FloatArray:
        values = np.stack([of_class(k, sums, total) for k in range(len(single))], axis=-1)
        defined = np.isfinite(values)
        count = defined.sum(axis=-1)
        total_of_defined = np.where(defined, values, 0.0).sum(axis=-1)
        return np.asarray(np.where(count > 0, total_of_defined / np.maximum(count, 1), np.nan))

    # The jackknife's ends hold more often than those of the bootstrap (docs/coverage.md).
    by_class = [OfSums(columns, partial(of_class, k), ends=JACKKNIFE) for k in range(len(single))]
    return [*by_class, OfSums(columns, mean, ends=JACKKNIFE)]
