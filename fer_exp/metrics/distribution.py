"""Distances and similarities between human vote fractions and model probabilities, one number per face, shape (N,).

Both sides have shape (N, K), and rows that sum to 1: ``human`` are the vote fractions u, ``model`` the predicted
probabilities v. Where a zero would make a metric explode, sides are ``clipped``.
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr, rel_entr, xlogy

from fer_exp.stats.bootstrap import FloatArray

CLIP = 1e-6
"""Probabilities below this are raised to it, and the row renormalised, where a zero would make a metric explode.

Far below one vote of any panel, so only classes that nobody chose are touched; it bounds KL at ln(1e6) = 13.8 nats.
"""


def clipped(fractions: FloatArray) -> FloatArray:
    """Raise each entry to at least ``CLIP``, then divide each row by its sum, shape (N, K).

    >>> clipped(np.array([[1.0, 0.0]]))
    array([[9.99999e-01, 9.99999e-07]])
    """
    raised = np.maximum(fractions, CLIP)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def l1(human: FloatArray, model: FloatArray) -> FloatArray:
    r"""L1 (Manhattan) distance between human and model response distributions.

    .. math:: d(u, v) = \sum_k |u_k - v_k|

    From 0 (identical) to 2 (disjoint). Equals ``2 * (1 - intersection)``.

    Source: Washington et al. 2021, section on L1 distances; LeWiDi 2025 calls it Manhattan distance.

    >>> l1(np.array([[1.0, 0.0]]), np.array([[0.75, 0.25]]))
    array([0.5])
    """
    return np.asarray(np.abs(human - model).sum(axis=1))


def total_variation(human: FloatArray, model: FloatArray) -> FloatArray:
    r"""Total variation distance: half the L1 distance.

    .. math:: d(u, v) = \frac{1}{2} \sum_k |u_k - v_k|

    From 0 (identical) to 1 (disjoint): the share of votes to move.

    Source: Levin, Peres 2017, Markov Chains and Mixing Times, proposition 4.2.
    """
    return l1(human, model) / 2


def jensen_shannon_divergence(human: FloatArray, model: FloatArray) -> FloatArray:
    r"""Jensen-Shannon divergence in bits. The divergence itself, not its square root (the distance).

    .. math:: D(u, v) = \frac{1}{2} \sum_k u_k \log_2 \frac{u_k}{m_k} + \frac{1}{2} \sum_k v_k \log_2 \frac{v_k}{m_k},
        \quad m = (u + v) / 2

    From 0 (identical) to 1 (disjoint). Needs no clipping at zeros.

    Source:
        Lin 1991, IEEE Transactions on Information Theory 37, 145-151. ``scipy.spatial.distance.jensenshannon`` is
        the root, in nats unless told otherwise.

    >>> jensen_shannon_divergence(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
    array([1.])
    """
    middle = (human + model) / 2
    nats = (rel_entr(human, middle) + rel_entr(model, middle)).sum(axis=1) / 2
    return np.asarray(np.maximum(nats, 0.0) / np.log(2))


def kl_divergence(human: FloatArray, model: FloatArray) -> FloatArray:
    r"""Kullback-Leibler divergence of the model from the human distribution, human first, in nats.

    .. math:: D(u \| v) = \sum_k u_k \ln \frac{u_k}{v_k}

    0 (identical) or more; v is ``clipped``. Equals ``soft_cross_entropy - entropy(human)``.

    Source: Kullback, Leibler 1951, Annals of Mathematical Statistics 22, 79-86.

    >>> kl_divergence(np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])).round(4)
    array([0.6931])
    """
    return np.asarray(np.maximum(rel_entr(human, clipped(model)).sum(axis=1), 0.0))


def soft_cross_entropy(human: FloatArray, model: FloatArray) -> FloatArray:
    r"""Cross-entropy of the model under the human distribution, in nats.

    .. math:: H(u, v) = -\sum_k u_k \ln v_k

    From ``entropy(human)`` upwards; v is ``clipped``.

    Source: Peterson et al. 2019 (CIFAR-10H), ICCV.
    """
    return np.asarray(-xlogy(human, clipped(model)).sum(axis=1))


def chebyshev(human: FloatArray, model: FloatArray) -> FloatArray:
    r"""Chebyshev distance: the largest difference in any class.

    .. math:: d(u, v) = \max_k |u_k - v_k|

    From 0 to 1.

    Source: Geng 2016, Label distribution learning, IEEE TKDE 28, table 3.
    """
    return np.asarray(np.abs(human - model).max(axis=1))


def clark(human: FloatArray, model: FloatArray) -> FloatArray:
    r"""Clark distance: differences relative to the size of what differs.

    .. math:: d(u, v) = \sqrt{\sum_k \frac{(u_k - v_k)^2}{(u_k + v_k)^2}}

    From 0 to sqrt(K). Both sides are ``clipped``, because a class at exactly zero on one side counts as 1 however small
    the other side.

    Source: Geng 2016, Label distribution learning, IEEE TKDE 28, table 3.
    """
    human, model = clipped(human), clipped(model)
    return np.asarray(np.sqrt((((human - model) / (human + model)) ** 2).sum(axis=1)))


def canberra(human: FloatArray, model: FloatArray) -> FloatArray:
    r"""Canberra distance: the sum of relative differences.

    .. math:: d(u, v) = \sum_k \frac{|u_k - v_k|}{u_k + v_k}

    From 0 to K; both sides are ``clipped`` as in ``clark``.

    Source: Geng 2016, Label distribution learning, IEEE TKDE 28, table 3.
    """
    human, model = clipped(human), clipped(model)
    return np.asarray((np.abs(human - model) / (human + model)).sum(axis=1))


def cosine(human: FloatArray, model: FloatArray) -> FloatArray:
    r"""Cosine similarity.

    .. math:: s(u, v) = \frac{\sum_k u_k v_k}{\sqrt{\sum_k u_k^2} \sqrt{\sum_k v_k^2}}

    From 0 (disjoint) to 1 (identical).

    Source: Geng 2016, Label distribution learning, IEEE TKDE 28, table 3.

    >>> cosine(np.array([[1.0, 0.0]]), np.array([[0.6, 0.4]])).round(4)
    array([0.8321])
    """
    sizes = np.linalg.norm(human, axis=1) * np.linalg.norm(model, axis=1)
    return np.asarray(np.minimum((human * model).sum(axis=1) / sizes, 1.0))


def intersection(human: FloatArray, model: FloatArray) -> FloatArray:
    r"""Intersection similarity: the share that both distributions have in common.

    .. math:: s(u, v) = \sum_k \min(u_k, v_k)

    From 0 (disjoint) to 1 (identical). Equals ``1 - l1 / 2``.

    Source: Geng 2016, Label distribution learning, IEEE TKDE 28, table 3.
    """
    return np.asarray(np.minimum(human, model).sum(axis=1))


def entropy(fractions: FloatArray) -> FloatArray:
    r"""Shannon entropy in nats: how ambiguous a face is.

    .. math:: H(u) = -\sum_k u_k \ln u_k

    From 0 (all votes in one class) to ln(K).

    Source: Shannon 1948, Bell System Technical Journal 27, 379-423.

    >>> entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).round(4)
    array([0.6931, 0.    ])
    """
    return np.asarray(entr(fractions).sum(axis=1))
