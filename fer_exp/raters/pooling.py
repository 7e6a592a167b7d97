r"""How right each worker is, and how sure that is: a worker of few answers is taken to be like the others.

A worker gives the true class with a chance p of their own; wrong answers fall as the whole crowd's do. The p of all
workers come from one Beta distribution, whose mean and spread are estimated from them (partial pooling), and are not
taken for known. Everything is summed over grids, so nothing is drawn and no chain has to converge.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.interpolate import CubicSpline
from scipy.special import betaincinv, betaln, gammaln, softmax

from fer_exp.raters.aggregation import FLOOR, Aggregate, Answered
from fer_exp.stats.bootstrap import FloatArray

NODES, FINE = 20, 400
"""Points between 0 and a right angle, whose squared sine p is, at which answers are weighed, and at which p is told."""
MEANS, SPREADS = np.sin((np.arange(24) + 0.5) / 24 * np.pi / 2) ** 2, 2.0 ** np.arange(0, 11)
"""Means of the Beta distribution, and sums of its two parameters, that are weighed."""
MANY = 2000
"""Workers from whom the distribution is estimated; of more, so many at even steps."""
TAIL = 0.025
SHRUNK = 5.0
"""Answers of the whole crowd that are added to a worker's to begin with."""
ALIKE, FEW = 5.0 * 2.0 ** np.arange(8), 300
"""Answers to each class that the crowd's habits may be worth, and the workers from whom that is found out."""
CHUNK = 1 << 17


class Pooled(NamedTuple):
    """What is believed of W workers, shape (W,) each: means and 95 % credible intervals.

    ``accuracy`` is the chance of the true class. ``spam`` says how little answers depend on it: one minus the squared
    distances of the rows of confusions, summed over pairs of rows and divided by K (K - 1). It is 0 for who is always
    right, or wrong in a way that tells the truth, and 1 for who gives the same answers whatever it is (Raykar and Yu
    2012, Journal of Machine Learning Research 13, 491-518; one minus their score for several classes).
    """

    accuracy: FloatArray
    accuracy_low: FloatArray
    accuracy_high: FloatArray
    spam: FloatArray
    spam_low: FloatArray
    spam_high: FloatArray


def pooled(answers: Answered, belief: Aggregate) -> Pooled:
    r"""Accuracy and spam score of each worker with credible intervals.

    An answer l of worker w to task t is weighed by what all others say of it: with u the chance of each class without
    w's own answer, and c how the crowd's wrong answers to a class fall,

    .. math:: P(l) = p\, u_l + (1 - p) \sum_{k \ne l} u_k c_{kl}

    u is of Bayes' rule with workers of few answers pulled to the crowd. The interval holds where mistakes are each
    worker's own: what all of them take for something else, they are all believed in. `scripts/few_answers.py`
    measures how often it holds the truth.

    Args:
        answers: of W workers.
        belief: of ``dawid_skene`` in these answers.

    Source:
        Partial pooling of workers: Paun, Carpenter, Chamberlain, Hovy, Kruschwitz, Poesio 2018, Comparing Bayesian
        models of annotation. Transactions of the ACL 6, 571-585; the prior of the spread: Gelman et al. 2013, Bayesian
        Data Analysis, 3rd edition, chapter 5.3.
    """
    by_answer = answers.by_worker_label()
    counts = np.asarray(by_answer @ belief.posterior).reshape(-1, answers.classes, answers.classes).transpose(0, 2, 1)
    wrong = _wrong(counts)
    right = np.trace(counts, axis1=1, axis2=2)
    share = right.sum() / counts.sum()
    p = (right + SHRUNK * share) / (counts.sum(axis=(1, 2)) + SHRUNK)
    angle = (np.arange(FINE) + 0.5) / FINE * np.pi / 2
    log = _log_likelihood(answers, *_weighed(answers, by_answer, _confusions(p, wrong), belief.prior), angle)
    chance = _posterior(log, angle)
    accuracy, cumulated = chance @ np.sin(angle) ** 2, chance.cumsum(axis=1)
    low, high = (_quantile(cumulated, share, angle) for share in (TAIL, 1 - TAIL))
    nodes = np.stack([_quantile(cumulated, share, angle) for share in (0.1, 0.3, 0.5, 0.7, 0.9)], axis=1)
    return Pooled(accuracy, low, high, *_spam(counts, nodes, wrong, _alike(counts, _confusions(accuracy, wrong))))


def _wrong(counts: FloatArray) -> FloatArray:
    """How the crowd's wrong answers to each class fall, shape (K, K), rows sum to 1; one answer is spread evenly."""
    k = counts.shape[1]
    crowd = counts.sum(axis=0) + 1 / max(k - 1, 1)
    np.fill_diagonal(crowd, 0.0)
    return np.asarray(crowd / np.maximum(crowd.sum(axis=1, keepdims=True), FLOOR))


def _confusions(p: FloatArray, wrong: FloatArray) -> FloatArray:
    """Chance of each answer (axis 2) to each class (axis 1) of workers who are right with chance p, shape (W, K, K)."""
    return np.asarray(p[:, None, None] * np.eye(len(wrong)) + (1 - p)[:, None, None] * wrong)


def _weighed(
    answers: Answered, by_answer: sparse.csr_array, confusion: FloatArray, prior: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Of each answer u_l and the sum of u_k c_kl, shape (n,) each."""
    chances = np.log(np.maximum(confusion, FLOOR))
    log = by_answer.T @ chances.transpose(0, 2, 1).reshape(-1, answers.classes) + np.log(np.maximum(prior, FLOOR))
    right, other = np.empty((2, len(answers.task)))
    wrong = confusion[0] * (1 - np.eye(answers.classes))
    wrong /= np.maximum(wrong.sum(axis=1, keepdims=True), FLOOR)
    for start in range(0, len(right), CHUNK):
        part = slice(start, start + CHUNK)
        worker, label = answers.worker[part], answers.label[part]
        others = softmax(log[answers.task[part]] - chances[worker, :, label], axis=1)
        right[part] = others[np.arange(len(label)), label]
        other[part] = (others * wrong[:, label].T).sum(axis=1)
    return right, other


def _alike(counts: FloatArray, start: FloatArray) -> float:
    """How many answers to each class the habits of the crowd are worth: many where workers confuse classes alike."""
    some = slice(None, None, -(-len(counts) // FEW))
    n, m = counts[some], np.maximum(start[some], 1e-6)
    fits = [
        (gammaln(k) - gammaln(k + n.sum(axis=2))).sum() + (gammaln(k * m + n) - gammaln(k * m)).sum() for k in ALIKE
    ]
    return float(ALIKE[int(np.argmax(fits))])


def _log_likelihood(answers: Answered, right: FloatArray, other: FloatArray, angle: FloatArray) -> FloatArray:
    """Of each worker's answers at each angle, shape (W, A), its largest 0."""
    nodes = (1 - np.cos((np.arange(NODES) + 0.5) / NODES * np.pi)) * np.pi / 4  # dense at the ends, where logs bend
    at = np.stack([
        np.bincount(answers.worker, np.log(np.maximum(p * right + (1 - p) * other, FLOOR)), answers.workers)
        for p in np.sin(nodes) ** 2
    ], axis=1)  # fmt: skip
    log = np.asarray(CubicSpline(nodes, at, axis=1)(angle))
    return np.asarray(log - log.max(axis=1, keepdims=True))


def _posterior(log: FloatArray, angle: FloatArray) -> FloatArray:
    """Chance of each angle for each worker, shape (W, A), over all means and spreads of the crowd's distribution."""
    mean, spread = (grid.ravel() for grid in np.meshgrid(MEANS, SPREADS))
    a, b = mean * spread, (1 - mean) * spread
    turned = np.log(np.sin(angle)), np.log(np.cos(angle))
    prior = np.exp((2 * a - 1)[:, None] * turned[0] + (2 * b - 1)[:, None] * turned[1] - betaln(a, b)[:, None])
    prior /= prior.sum(axis=1, keepdims=True)
    likelihood = np.exp(log)
    some = likelihood[:: -(-len(log) // MANY)]
    of_crowd = np.log(np.maximum(some @ prior.T, 1e-300)).sum(axis=0) - 1.5 * np.log1p(spread) + np.log(spread)
    weight = np.exp(of_crowd - of_crowd.max())
    used = weight > 1e-3
    fits = np.maximum(likelihood @ prior[used].T, 1e-300)
    chance = likelihood * ((weight[used] / fits) @ prior[used])
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def _quantile(cumulated: FloatArray, share: float, angle: FloatArray) -> FloatArray:
    """The p below which so much of each worker's belief lies, shape (W,)."""
    place = np.minimum((cumulated < share).sum(axis=1), len(angle) - 1)
    rows = np.arange(len(cumulated))
    before = np.where(place > 0, cumulated[rows, np.maximum(place - 1, 0)], 0.0)
    part = (share - before) / np.maximum(cumulated[rows, place] - before, FLOOR)
    step = angle[1] - angle[0]
    return np.asarray(np.sin(np.clip(angle[place] + (part - 0.5) * step, 0, np.pi / 2)) ** 2)


def _spam(
    counts: FloatArray, nodes: FloatArray, wrong: FloatArray, alike: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean and interval of Raykar and Yu's score of each worker, shape (W,) each.

    Rows of confusions are Dirichlet: ``alike`` answers to each class as the crowd gives them at p, and the worker's
    own. Mean and variance are exact; the interval is that of the Beta distribution which has them.

    ``nodes`` are equally likely p of each worker, shape (W, P).
    """
    k = wrong.shape[0]
    if k < 2:
        one = np.ones(len(counts))
        return one, one, one
    first, second = np.zeros((2, len(counts)))
    for p in nodes.T:
        mean, variance = _informed(alike * np.maximum(_confusions(p, wrong), 1e-6) + counts)
        first += mean / nodes.shape[1]
        second += (variance + mean**2) / nodes.shape[1]
    mean, variance = np.clip(first / (k * (k - 1)), 1e-6, 1 - 1e-6), (second - first**2) / (k * (k - 1)) ** 2
    size = np.maximum(mean * (1 - mean) / np.maximum(variance, 1e-12) - 1, 1e-3)
    low, high = (betaincinv(mean * size, (1 - mean) * size, share) for share in (TAIL, 1 - TAIL))
    return 1 - mean, 1 - np.maximum(high, mean), 1 - np.minimum(low, mean)


def _informed(a: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Mean and variance of :math:`\sum_{c < c'} \sum_l (\theta_{cl} - \theta_{c'l})^2`, of independent Dirichlet rows.

    ``a`` are their parameters, shape (W, K, K). With s the sum of the rows' means, the sum is
    :math:`\sum_k [(K - 1) |\theta_k|^2 - \theta_k \cdot (s - m_k)]` and products of deviations, which are independent.
    """
    k, total = a.shape[1], a.sum(axis=2)
    m = a / total[..., None]
    square = (a * (a + 1)).sum(axis=2) / (total * (total + 1))
    rest = m.sum(axis=1, keepdims=True) - m
    mean = (k - 1) * square.sum(axis=1) - (m * rest).sum(axis=(1, 2))
    two, three, four = a * (a + 1), a * (a + 1) * (a + 2), a * (a + 1) * (a + 2) * (a + 3)
    fourth = (four.sum(axis=2) + two.sum(axis=2) ** 2 - (two**2).sum(axis=2)) / (
        total * (total + 1) * (total + 2) * (total + 3)
    )
    third = (three + a * (two.sum(axis=2, keepdims=True) - two)) / (total * (total + 1) * (total + 2))[..., None]
    of_square = fourth - square**2
    along = 2 * rest  # (K - 1) |theta|^2 - 2 theta . rest, whose mean part is linear
    of_line = ((along**2 * m).sum(axis=2) - (along * m).sum(axis=2) ** 2) / (total + 1)
    both = (along * (third - square[..., None] * m)).sum(axis=2)
    own = (k - 1) ** 2 * of_square + of_line - 2 * (k - 1) * both
    spread = (_covariance_products(m, total)).sum(axis=(1, 2))
    return mean, own.sum(axis=1) + 2 * spread


def _covariance_products(m: FloatArray, total: FloatArray) -> FloatArray:
    """The trace of the product of two rows' covariances, for each two different rows, shape (W, K, K)."""
    square = m**2
    same = m @ m.transpose(0, 2, 1)  # sum over l of m_kl m_k'l
    crossed = square @ m.transpose(0, 2, 1)
    trace = (same - crossed - crossed.transpose(0, 2, 1) + same**2) / (
        (total + 1)[:, :, None] * (total + 1)[:, None, :]
    )
    trace[:, np.arange(m.shape[1]), np.arange(m.shape[1])] = 0.0
    return trace
