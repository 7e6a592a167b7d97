"""What people would score in the model's place: raters of a face held against its other raters.

Raters are dealt without replacement, so panels are multivariate hypergeometric. What can be had in closed form is;
halves of a panel are dealt at random, for metrics that have none.

``counts`` are the votes n_j of each face, shape (N, K), at least two a face where one rater is held against others;
``model`` and ``prior`` probabilities of the same shape. What is of single faces has shape (N,).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from fer_exp.metrics.distribution import soft_cross_entropy
from fer_exp.stats.bootstrap import FloatArray, OfSums
from fer_exp.stats.shares import HALF_A_VOTE, shares

Counts = NDArray[np.int64]

LARGEST = 50  # size of the largest panel looked at: half of CAFE's 100 raters
HALVINGS = 20  # random halvings behind a ceiling: on FER+'s test split their mean L1 has a standard error of 0.001
KEPT = 0.9  # share of faces that the largest panel must leave, where faces have unequal numbers of raters


def halves(counts: Counts, times: int, seed: int) -> list[tuple[Counts, Counts]]:
    """Deal the raters of each face into two halves at random, several times.

    Returns:
        For each halving the votes of the smaller and of the larger half (of an odd panel), both shape (N, K).

    Source: Dealing without replacement is the multivariate hypergeometric, drawn class by class from its conditionals.
    """
    generator = np.random.default_rng([seed, 1])  # apart from the replicates' stream
    dealt = []
    for _ in range(times):
        small = np.zeros_like(counts)
        rest, wanted = counts.sum(axis=1), counts.sum(axis=1) // 2
        for k in range(counts.shape[1]):
            rest = rest - counts[:, k]
            small[:, k] = generator.hypergeometric(counts[:, k], rest, wanted)
            wanted = wanted - small[:, k]
        dealt.append((small, counts - small))
    return dealt


def leave_one_out_l1(counts: Counts) -> FloatArray:
    r"""Expected L1 between one of a face's raters and all the others.

    .. math:: \sum_j \frac{n_j}{n} \left( 2 - 2 \frac{n_j - 1}{n - 1} \right)

    0 (all agree) to 2: twice the chance that two of a face's raters disagree.

    >>> leave_one_out_l1(np.array([[2, 0], [1, 1]]))
    array([0., 2.])
    """
    n = counts.sum(axis=1)
    return np.asarray(2 - 2 * (counts * (counts - 1)).sum(axis=1) / (n * (n - 1)))


def leave_one_out_accuracy(counts: Counts) -> FloatArray:
    """Chance that one of a face's raters answers what most of the others answer; t tied classes count 1/t each."""
    chance = np.zeros(len(counts))
    for j in range(counts.shape[1]):
        others = counts.copy()
        others[:, j] -= 1
        top = others == others.max(axis=1, keepdims=True)
        chance += counts[:, j] / counts.sum(axis=1) * (top[:, j] / top.sum(axis=1))
    return chance


def panel_l1(counts: Counts, size: int, held_out: Counts) -> FloatArray:
    r"""Expected L1 between a random panel of a face's raters and a random group of its other raters. Exact.

    .. math:: \sum_j \sum_{x, y} P(x, y) \left| \frac{x}{k} - \frac{y}{m} \right|, \quad
        P(x, y) = \binom{n_j}{x} \binom{n - n_j}{k - x} \binom{n_j - x}{y} \binom{n - k - n_j + x}{m - y} \Big/
        \binom{n}{k} \binom{n - k}{m}

    ``size`` is k, the size of the panel; ``held_out`` m, that of the other group of each face, shape (N,); k + m is at
    most n. 0 to 2; for the same group it never grows with k: a larger panel averages smaller ones.
    """
    cells, place = _cells(*_broadcast(counts, held_out))
    gaps = np.array([_expected_gap(int(n), int(c), size, int(m)) for n, c, m in cells])
    return np.asarray(gaps[place].reshape(counts.shape).sum(axis=1))


def model_l1(model: FloatArray, counts: Counts, held_out: Counts) -> FloatArray:
    r"""Expected L1 between the model and a random group of a face's raters. Exact.

    .. math:: \sum_j \sum_y \binom{n_j}{y} \binom{n - n_j}{m - y} \Big/ \binom{n}{m} \left| v_j - \frac{y}{m} \right|

    ``held_out`` is m for each face, shape (N,), at most n. 0 to 2.
    """
    answers = np.arange(int(held_out.max()) + 1)
    cells, place = _cells(*_broadcast(counts, held_out))
    chances = np.exp(_log_hypergeometric(answers, cells[:, [0]], cells[:, [1]], cells[:, [2]]))
    place = place.reshape(counts.shape)
    result = np.zeros(len(counts))
    for j in range(counts.shape[1]):
        gaps = np.abs(model[:, [j]] - answers / held_out[:, None])
        result += (chances[place[:, j]] * gaps).sum(axis=1)
    return result


def panel_log_score(counts: Counts, size: int) -> FloatArray:
    r"""Expected log loss of a random panel of a face's raters about another of its raters, in nats. Exact.

    .. math:: -\sum_j \frac{n_j}{n} \sum_x \binom{n_j - 1}{x} \binom{n - n_j}{k - x} \Big/ \binom{n - 1}{k}
        \ln \frac{x + h / K}{k + h}

    ``size`` is k, less than n; h is half a vote, spread evenly over the K classes.
    """
    cells, place = _cells(*np.broadcast_arrays(counts.sum(axis=1, keepdims=True), counts))
    answers, classes = np.arange(size + 1), counts.shape[1]
    chances = np.exp(_log_hypergeometric(answers, cells[:, [0]] - 1, cells[:, [1]] - 1, np.array(size)))
    losses = -np.log((answers + HALF_A_VOTE / classes) / (size + HALF_A_VOTE))
    expected = cells[:, 1] / cells[:, 0] * (chances @ losses)
    return np.asarray(expected[place].reshape(counts.shape).sum(axis=1))


class Panels(NamedTuple):
    """Who is compared with whom; see ``deal``.

    ``faces`` (N,) bool, those with raters enough. By L1: ``held_out`` (faces used,), the size of the group that both
    the model and every panel meet; ``sizes`` of the panels, the last the largest; ``curve`` (faces used, sizes), the
    expected L1 of each panel. By the log score, against one other rater: ``log_sizes`` and ``log_curve`` likewise.
    """

    faces: NDArray[np.bool_]
    held_out: Counts
    sizes: list[int]
    curve: FloatArray
    log_sizes: list[int]
    log_curve: FloatArray


def deal(counts: Counts) -> Panels | None:
    """Hold out half of each face's raters (the smaller half of an odd number); panels come from the other half.

    The largest panel is one that at least ``KEPT`` of the faces with two raters or more can fill, at most ``LARGEST``;
    faces with fewer raters are left out of every panel, so that all panels and the model meet the same people. By the
    log score one rater is held out, and the largest panel is what each of these faces can fill.

    Returns:
        None where no face has two raters.

    >>> panels = deal(np.array([[6, 4], [9, 0], [1, 0]]))
    >>> panels.faces, panels.held_out, panels.sizes, panels.log_sizes
    (array([ True,  True, False]), array([5, 4]), [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6, 7, 8])
    """
    n = counts.sum(axis=1)
    several = n >= 2
    if not several.any():
        return None
    room = n - n // 2
    largest = int(min(LARGEST, np.quantile(room[several], 1 - KEPT, method="lower")))
    faces = several & (room >= largest)
    used, held_out = counts[faces], n[faces] // 2
    sizes, log_sizes = up_to(largest), up_to(min(LARGEST, int(n[faces].min()) - 1))
    curve = np.stack([panel_l1(used, k, held_out) for k in sizes], axis=1)
    log_curve = np.stack([panel_log_score(used, k) for k in log_sizes], axis=1)
    return Panels(faces, held_out, sizes, curve, log_sizes, log_curve)


def up_to(largest: int) -> list[int]:
    """Sizes of panels that are looked at: each up to 10, then fewer, and the largest.

    >>> up_to(17)
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 17]
    """
    return [k for k in (*range(1, 11), 15, 20, 30, 40, 50) if k < largest] + [largest]


def against_panels(
    model: FloatArray, prior: FloatArray, counts: Counts, panels: Panels, prior_l1: FloatArray | None = None
) -> dict[str, OfSums]:
    """The model beside random panels of a face's raters: by L1, and how many raters it is worth by the log score.

    By L1 the model and each panel are held against the same number of the same face's raters, none of whom is in the
    panel. All expectations over ways to deal raters are exact.

    ``prior_l1`` is ``model_l1`` of the prior over ``panels.faces``, where it is known already.

    Returns:
        Statistics over ``panels.faces``: ``rater_equivalents_log`` (0 to the largest size, more is better),
        ``held_out_l1`` (the model's), ``prior_held_out_l1`` and ``ceiling_panel<k>_l1`` for the ``sizes``, less is
        better.
    """
    used = panels.faces
    distance = model_l1(model[used], counts[used], panels.held_out)
    if prior_l1 is None:
        prior_l1 = model_l1(prior[used], counts[used], panels.held_out)
    columns = np.hstack([distance[:, None], prior_l1[:, None], panels.curve])

    def mean(i: int) -> OfSums:
        return OfSums(columns, lambda sums, total: sums[..., i] / total)

    return {
        "rater_equivalents_log": by_log_score(model[used], counts[used], panels.log_sizes, panels.log_curve),
        "held_out_l1": mean(0),
        "prior_held_out_l1": mean(1),
    } | {f"ceiling_panel{k}_l1": mean(2 + i) for i, k in enumerate(panels.sizes)}


def by_log_score(model: FloatArray, counts: Counts, sizes: list[int], curve: FloatArray) -> OfSums:
    """How many raters a model is worth by soft cross-entropy, as ``rater_equivalents`` by squared error.

    Model and panels are held against one other rater. A panel answers with its votes and half a vote more, spread
    evenly, so that a class without a vote does not decide alone; 0 people answer every class alike. Between whole
    numbers of people the panel's score is interpolated linearly; a model better than the largest panel is worth that
    or more: nobody larger was asked.

    ``sizes`` are those of panels and ``curve`` their ``panel_log_score``, shape (N, sizes).

    Source: Resnick et al. 2021, Survey Equivalence, arXiv 2106.01254: their cross-entropy, with our smoothing.
    """
    score = soft_cross_entropy(shares(counts), model)
    columns = np.hstack([score[:, None], np.full((len(score), 1), np.log(counts.shape[1])), curve])
    ticks = np.array([0, *sizes], dtype=np.float64)

    def finish(sums: FloatArray, total: FloatArray) -> FloatArray:
        means = sums / total[..., None]
        return interpolated(means[..., 0], means[..., 1:], ticks)

    return OfSums(columns, finish, most=float(sizes[-1]))


def interpolated(distance: FloatArray, curve: FloatArray, sizes: FloatArray) -> FloatArray:
    """The size at which a falling curve reaches a distance, within the range of sizes.

    Args:
        distance: shape (...).
        curve: mean L1 at each size, shape (..., S), falling from the second entry on. Where the first (the prior) is
            below the second (one person), what lies above one person has size 0.
        sizes: shape (S,), rising.

    >>> interpolated(np.array([0.5, 2.0, 0.1]), np.array([1.0, 0.6, 0.4]), np.array([0.0, 1.0, 2.0]))
    array([1.5, 0. , 2. ])
    >>> interpolated(np.array([0.3, 0.6]), np.array([0.4, 0.5]), np.array([0.0, 1.0]))  # nobody is that good
    array([1., 0.])
    """
    curve = np.broadcast_to(curve, (*distance.shape, curve.shape[-1]))
    falling = np.concatenate([np.maximum(curve[..., :1], curve[..., 1:2]), curve[..., 1:]], axis=-1)
    reached = falling <= distance[..., None]
    right = np.where(reached.any(axis=-1), reached.argmax(axis=-1), falling.shape[-1] - 1)
    left = np.maximum(right - 1, 0)
    high = np.take_along_axis(falling, left[..., None], axis=-1)[..., 0]
    low = np.take_along_axis(falling, right[..., None], axis=-1)[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(high > low, np.clip((high - distance) / (high - low), 0, 1), distance < low)
    size = np.where(right == 0, sizes[0], sizes[left] + share * (sizes[right] - sizes[left]))
    return np.asarray(np.where(np.isfinite(distance), size, np.nan))


def _broadcast(counts: Counts, held_out: Counts) -> tuple[Counts, Counts, Counts]:
    """Raters, votes and held-out raters of each face and class."""
    raters = np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)
    return raters, counts, np.broadcast_to(held_out[:, None], counts.shape)


def _cells(*numbers: Counts) -> tuple[Counts, Counts]:
    """The combinations of numbers that occur, one a row, and where each stands in the raveled numbers."""
    base = int(max(values.max() for values in numbers)) + 1
    code = np.zeros(numbers[0].size, dtype=np.int64)
    for values in numbers:  # one number a combination sorts far faster than rows
        code = code * base + values.ravel()
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    return np.stack([values.ravel()[first] for values in numbers], axis=1), place


def _expected_gap(n: int, c: int, k: int, m: int) -> float:
    """E|X/k - Y/m| of one class with c of n votes, X of a panel of k, Y of m others."""
    x, y = np.arange(k + 1)[:, None], np.arange(m + 1)[None, :]
    panel = _log_hypergeometric(x, np.array(n), np.array(c), np.array(k))
    others = _log_hypergeometric(y, np.array(n - k), c - x, np.array(m))
    return float((np.exp(panel + others) * np.abs(x / k - y / m)).sum())


def _log_hypergeometric(x: Counts, n: Counts, c: Counts, k: Counts) -> FloatArray:
    """Log chance of x hits in k draws without replacement from n of which c are hits; -inf where impossible."""
    possible = (x >= 0) & (x <= c) & (k - x >= 0) & (k - x <= n - c) & (c >= 0)
    hits, misses = np.where(possible, x, 0), np.where(possible, k - x, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = _log_choose(c, hits) + _log_choose(n - c, misses) - _log_choose(n, k)
    return np.asarray(np.where(possible, logs, -np.inf))


def _log_choose(n: Counts, k: Counts) -> FloatArray:
    n, k = np.maximum(n, 0), np.clip(k, 0, np.maximum(n, 0))
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
