"""How well raters agree on a class. Each measure is a sum over tasks and a formula, so that it can be bootstrapped.

``counts`` have a row per task and a column per class, shape (N, K); tasks may have unequal numbers of raters, as when
answers are missing. ``measure.value`` is the number.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import shares
from fer_exp.stats.sums import over
from fer_exp.stats.totals import Measure


def closeness(grades: FloatArray, kind: str) -> FloatArray:
    r"""How much the same two classes in an order are, from 0 (the ends) to 1 (one class), shape (K, K).

    .. math:: 1 - \tbinom{|k - l| + 1}{2} / \tbinom{K}{2}, \quad 1 - \frac{|g_k - g_l|}{g_{max} - g_{min}}, \quad
        1 - \frac{(g_k - g_l)^2}{(g_{max} - g_{min})^2}

    Args:
        grades: what the classes stand for, in their order, shape (K,); ordinal weights take their places alone.
        kind: ordinal, linear or quadratic, as ``weights`` of ``config.rules.CHOICES``.

    Source: Gwet 2014, Handbook of Inter-Rater Reliability, 4th edition, chapter 3.

    >>> closeness(np.array([0.0, 1.0, 2.0]), "ordinal")[0].round(3)
    array([1.   , 0.667, 0.   ])
    """
    at = np.arange(len(grades)) if kind == "ordinal" else grades
    apart = np.abs(at[:, None] - at)
    apart = {"ordinal": apart * (apart + 1) / 2, "linear": apart, "quadratic": apart**2}[kind]
    return np.asarray(1 - apart / max(float(apart.max()), 1e-300))


def percent_agreement(counts: FloatArray) -> Measure:
    r"""The chance that two raters of a task say the same, the mean over tasks.

    .. math:: \bar{P} = \frac{1}{N} \sum_i \frac{\sum_k n_{ik} (n_{ik} - 1)}{n_i (n_i - 1)}

    Returns:
        0..1; nan where no task has two raters: tasks with fewer do not count.

    Source: Fleiss 1971, Psychological Bulletin 76, 378-382, equation 2.
    """
    return _ratio(*_pairs(counts))


def fleiss_kappa(counts: FloatArray, weights: FloatArray | None = None) -> Measure:
    r"""Fleiss' kappa: agreement beyond chance, for equal and unequal numbers of raters.

    .. math:: \kappa = \frac{\bar{P} - \sum_{kl} w_{kl} p_k p_l}{1 - \sum_{kl} w_{kl} p_k p_l}, \quad
        p_k = \frac{1}{N} \sum_i n_{ik} / n_i

    :math:`\bar{P}` is ``percent_agreement``; for the chance term every task with an answer counts the same, however
    many answers it has. With equal numbers of raters, and without weights (w is 1 for one class, else 0), this is
    Fleiss' own formula. ``weights`` are those of ``closeness``, (K, K).

    Returns:
        -1..1; nan where everyone always says the same class (agreement by chance is then 1), or no task has two raters.

    Source: Fleiss 1971; unequal numbers and weights as in Gwet 2014, chapters 2.3 and 3.

    >>> round(fleiss_kappa(np.array([[3.0, 0.0], [0.0, 3.0], [1.0, 2.0]])).value, 4)
    0.55
    """
    if weights is None:
        return _beyond(counts, None, lambda p: (p**2).sum(axis=-1))
    return _beyond(counts, weights, lambda p: np.einsum("...k,kl,...l->...", p, weights, p))


def gwet_ac(counts: FloatArray, weights: FloatArray | None = None) -> Measure:
    r"""Gwet's AC1, or with weights AC2: agreement beyond what raters who do not know would come to by chance.

    .. math:: p_e = \frac{\sum_{kl} w_{kl}}{K (K - 1)} \sum_k p_k (1 - p_k)

    Otherwise as ``fleiss_kappa``. Chance falls, not rises, where one class takes most answers, so that AC1 stays near
    the share of agreement where kappa does not (the kappa paradox). All K classes count that raters could say.

    Returns:
        At most 1; nan where there is one class alone, or no task has two raters.

    Source:
        Gwet 2008, British Journal of Mathematical and Statistical Psychology 61, 29-48; AC2: Gwet 2014, chapter 3. The
        paradox: Feinstein and Cicchetti 1990, Journal of Clinical Epidemiology 43, 543-549.

    >>> round(gwet_ac(np.array([[3.0, 0.0], [0.0, 3.0], [1.0, 2.0]])).value, 4)
    0.561
    """
    classes = counts.shape[1]
    alike = float(classes if weights is None else weights.sum())
    scale = alike / (classes * (classes - 1)) if classes > 1 else np.nan
    return _beyond(counts, weights, lambda p: scale * (p * (1 - p)).sum(axis=-1))


def _beyond(counts: FloatArray, weights: FloatArray | None, chance: Callable[[FloatArray], FloatArray]) -> Measure:
    """Agreement beyond a chance that depends on the mean shares of the classes, (..., K)."""
    same, paired = _pairs(counts, weights)
    columns = np.column_stack([same, paired, counts.any(axis=1) * 1.0, shares(counts)])

    def finish(sums: FloatArray) -> FloatArray:
        return beyond_chance(over(sums[..., 0], sums[..., 1]), chance(over(sums[..., 3:], sums[..., 2:3])))

    return Measure(columns, finish)


def krippendorff_alpha(counts: FloatArray) -> Measure:
    r"""Krippendorff's alpha of classes: one minus observed over expected disagreement, missing answers allowed.

    .. math:: \alpha = 1 - (n - 1) \frac{\sum_i \frac{1}{n_i - 1} \sum_{c, k} n_{ic} n_{ik} \delta^2_{ck}}
        {\sum_{c, k} n_c n_k \delta^2_{ck}}, \quad \delta^2_{ck} = [c \ne k]

    Tasks with fewer than two answers do not count.

    Returns:
        -1..1; nan where all answers are the same class.

    Source:
        Krippendorff 2019, Content Analysis, 4th edition, chapter 12; n counts the answers in tasks with two or more.

    >>> round(krippendorff_alpha(np.array([[3.0, 0.0], [0.0, 3.0], [1.0, 2.0]])).value, 4)
    0.6
    """
    raters = counts.sum(axis=1)
    used = np.where((raters >= 2)[:, None], counts, 0.0)
    observed = np.where(raters >= 2, (raters**2 - (used**2).sum(axis=1)) / np.maximum(raters - 1, 1), 0.0)

    def finish(sums: FloatArray) -> FloatArray:
        total = sums[..., 1:].sum(axis=-1)
        return 1 - over((total - 1) * sums[..., 0], total**2 - (sums[..., 1:] ** 2).sum(axis=-1))

    return Measure(np.column_stack([observed, used]), finish)


def interval_alpha(number: FloatArray, total: FloatArray, squares: FloatArray) -> Measure:
    r"""Krippendorff's alpha for ratings, from sums per task: :math:`\delta^2_{ck} = (c - k)^2`.

    Args:
        number: ratings per task, shape (N,); fewer than two do not count.
        total: their sum.
        squares: the sum of their squares.

    Returns:
        -1..1; nan where all ratings are the same.

    Source: Krippendorff 2019, chapter 12.
    """
    used = number >= 2
    number, total, squares = (np.where(used, values, 0.0) for values in (number, total, squares))
    observed = np.where(used, 2 * (number * squares - total**2) / np.maximum(number - 1, 1), 0.0)
    return Measure(np.stack([observed, number, total, squares], axis=1), alpha_of)


def alpha_of(sums: FloatArray) -> FloatArray:
    """Interval alpha from sums over tasks, (..., 4): disagreement, ratings, their sum, the sum of their squares."""
    between = 2 * (sums[..., 1] * sums[..., 3] - sums[..., 2] ** 2)
    # what is left of constant ratings is rounding
    between = np.where(between <= 1e-12 * sums[..., 1] * sums[..., 3], 0.0, between)
    return 1 - over((sums[..., 1] - 1) * sums[..., 0], between)


def vote_entropy(counts: FloatArray) -> Measure:
    r"""Mean entropy of the votes of a task with two answers or more, in nats: 0 where raters agree on every face.

    .. math:: \frac{1}{N} \sum_i -\sum_k \frac{n_{ik}}{n_i} \ln \frac{n_{ik}}{n_i}

    Returns:
        0..ln K, of few raters at most the log of their number; nan where no task has two answers: one says nothing.

    Source: Shannon 1948, Bell System Technical Journal 27, 379-423.
    """
    share = shares(counts)
    entropy = -(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=1)
    several = np.asarray(counts.sum(axis=1) > 1, dtype=np.float64)
    return _ratio(entropy * several, several)


def specific_agreement(counts: FloatArray, k: int) -> Measure:
    r"""The chance that another rater says class k too, given that one does.

    .. math:: \frac{\sum_i n_{ik} (n_{ik} - 1)}{\sum_i n_{ik} (n_i - 1)}

    Returns:
        0..1; nan where nobody with a fellow rater says k.

    Source:
        Cicchetti and Feinstein 1990, Journal of Clinical Epidemiology 43, 551-558, for many raters as in Fleiss 1971.
    """
    votes = counts[:, k]
    return _ratio(votes * (votes - 1), votes * (counts.sum(axis=1) - 1))


def class_kappa(counts: FloatArray, k: int) -> Measure:
    """Fleiss' kappa of class k against all others together.

    Returns:
        -1..1; nan where no task with two answers has k, or all of them have nothing else: nobody could disagree.

    Source: Fleiss 1971, equation 23 (there with equal numbers of raters).
    """
    votes, raters = counts[:, k], counts.sum(axis=1)
    kappa = fleiss_kappa(np.stack([votes, raters - votes], axis=1))
    shared = raters >= 2
    seen = np.stack([votes * shared, (raters - votes) * shared], axis=1)

    def finish(sums: FloatArray) -> FloatArray:
        return np.where((sums[..., :2] > 0).all(axis=-1), kappa.finish(sums[..., 2:]), np.nan)

    return Measure(np.hstack([seen, kappa.columns]), finish)


def split_half(counts: FloatArray) -> Measure:
    r"""Reliability of vote fractions: what one half of a panel says of the other, for the whole panel.

    Two different raters both say k with probability :math:`q_k = n_k (n_k - 1) / (n (n - 1))`, over all halvings at
    once, so nothing is drawn. With c the squared mean of the fractions f over tasks, and classes pooled, the
    reliability of the whole panel is :math:`(E[q] - c) / (E[f^2] - c)`: of an even panel what Spearman and Brown's
    formula makes of two halves, and of an odd one, which has no equal halves, what their formula does not give.

    Tasks with fewer than two raters do not count.

    Returns:
        At most 1; nan where fractions are the same on every task.

    Source:
        Spearman 1910 and Brown 1910, British Journal of Psychology 3, 271-322; unequal halves: Horst 1951,
        Psychometrika 16, 319-328.

    >>> round(split_half(np.array([[3.0, 1.0], [0.0, 4.0], [2.0, 2.0]])).value, 4)
    0.5
    """
    raters = counts.sum(axis=1)
    used = raters >= 2
    votes, n = counts[used], raters[used][:, None]
    both = votes * (votes - 1) / (n * (n - 1))
    return of_halves(used, both.sum(axis=1), votes / n)


def of_halves(used: NDArray[np.bool_], product: FloatArray, means: FloatArray) -> Measure:
    """The reliability of means of panels from the product of two of their raters.

    Args:
        used: tasks with two raters or more, shape (N,).
        product: of two different raters of a task, its mean over all pairs, of the used tasks, shape (M,).
        means: of the whole panel, shape (M, C); variances are taken about their mean over tasks.

    Returns:
        At most 1; nan where nothing varies.
    """
    columns = np.zeros((len(used), 3 + means.shape[1]))
    columns[used] = np.column_stack([np.ones(len(means)), product, (means**2).sum(axis=1), means])

    def finish(sums: FloatArray) -> FloatArray:
        centre = (over(sums[..., 3:], sums[..., :1]) ** 2).sum(axis=-1)
        both, square = (over(sums[..., k], sums[..., 0]) for k in (1, 2))
        varies = np.where(square - centre > 1e-12 * square, square - centre, 0.0)  # less is rounding
        return over(both - centre, varies)

    return Measure(columns, finish)


def _ratio(above: FloatArray, below: FloatArray) -> Measure:
    """The sum of one number a task over the sum of another."""
    return Measure(np.stack([above, below], axis=1), lambda sums: over(sums[..., 0], sums[..., 1]))


def _pairs(counts: FloatArray, weights: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
    """The share of a task's pairs of raters that agree, 0 where there is no pair; and 1 where there is one."""
    raters = counts.sum(axis=1)
    pairs = raters * (raters - 1)
    same = (counts * ((counts if weights is None else counts @ weights) - 1)).sum(axis=1)
    return np.divide(same, pairs, out=np.zeros(len(counts)), where=pairs > 0), (pairs > 0).astype(np.float64)


def beyond_chance(agreement: FloatArray, chance: FloatArray) -> FloatArray:
    """Agreement beyond chance, as every kappa has it; nan where chance is 1 (up to rounding): one class only.

    >>> beyond_chance(np.array([0.75, 1.0]), np.array([0.5, 1.0]))
    array([0.5, nan])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(chance < 1 - 1e-12, (agreement - chance) / (1 - chance), np.nan)
