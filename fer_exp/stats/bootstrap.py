"""Bootstrap by weights: a replicate is a count of how often each face was drawn, and a metric a weighted statistic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.ranges import LEVEL, ends_in

FloatArray = NDArray[np.float64]
Statistic = Callable[[FloatArray | None], FloatArray]
"""From weights of shape (N,) or (B, N), or None for one each, to one value or B values; nan where undefined."""
Interval = tuple[float | None, float | None, float | None]
"""Value, low, high; None where there is none."""

BOOTSTRAP, JACKKNIFE, SHARE, NOTHING = "bootstrap", "jackknife", "share", "nothing"
"""How the ends of an interval are found; see ``OfSums``."""
HELD = 2**22  # sums of replicates held at a time, 32 MB: many calls with little to do each are slow
CHUNK = 2**19  # weights held at a time, 4 MB: stays in the cache of a core and flat in memory for any N and B


@dataclass(frozen=True)
class OfSums:
    """A metric that is a function of weighted sums over faces, as most are.

    ``intervals`` draws such metrics with one matrix product for all of them, and sums the faces of a person once
    before anything is drawn. Metrics that share the same ``columns`` object are summed together.

    Attributes:
        columns: what is summed, per face, shape (N, C).
        finish: from the sums, shape (..., C), and the sum of the weights, shape (...), to the metric, shape (...).
        then: what is done to its value and to the ends of its interval, such as a root; None leaves them.
        ends: how ``intervals`` finds these: ``BOOTSTRAP``, ``JACKKNIFE`` where a face drawn twice would bias a
            replicate, ``SHARE`` of a mean of what is 0 or 1 a face, which replicates know no end of where nearly all
            are the same, ``NOTHING`` where few faces bias the metric itself.
        inverse: the metric is one over what ``finish`` gives, and infinite where that is 0 or less; it is on that scale
            that means over runs and their intervals are made.
        most: the largest value that can be told; see ``open_above``.

    >>> mean = OfSums(np.array([[1.0], [4.0]]), lambda sums, total: sums[..., 0] / total)
    >>> float(mean(None)), mean(np.array([[1.0, 1.0], [2.0, 0.0]]))
    (2.5, array([2.5, 1. ]))
    """

    columns: FloatArray
    finish: Callable[[FloatArray, FloatArray], FloatArray]
    then: Callable[[FloatArray], FloatArray] | None = None
    ends: str = BOOTSTRAP
    inverse: bool = False
    most: float = float("inf")

    def finished(self, sums: FloatArray, total: FloatArray) -> FloatArray:
        """The metric from sums, shape (..., C), and sums of weights, shape (...)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            value = np.asarray(self.finish(sums, total))
            if self.inverse:
                value = np.where(value <= 0, np.inf, 1 / value)
        return value if self.then is None else self.then(value)

    def __call__(self, weights: FloatArray | None = None) -> FloatArray:
        """The metric of all faces, or of each replicate's weights, shape (N,) or (B, N)."""
        weights = np.ones(len(self.columns)) if weights is None else weights
        return self.finished(weights @ self.columns, np.asarray(weights.sum(axis=-1)))


def mean_of(values: FloatArray, ends: str = BOOTSTRAP) -> OfSums:
    """The mean of one value per face, shape (N,), as a metric; ``ends`` as of ``OfSums``.

    >>> float(mean_of(np.array([1.0, 4.0]))(None))
    2.5
    """
    return OfSums(values[:, None], lambda sums, total: sums[..., 0] / total, ends=ends)


@dataclass(frozen=True)
class Within:
    """A metric of some faces, by a mask of shape (N,), that takes the weights of all faces."""

    faces: NDArray[np.bool_]
    statistic: Statistic

    def __call__(self, weights: FloatArray | None = None) -> FloatArray:
        """The metric of its own faces alone; weights as of any ``Statistic``."""
        return self.statistic(None if weights is None else weights[..., self.faces])


def within(faces: NDArray[np.bool_], statistic: Statistic) -> Statistic:
    """A metric of some faces as a metric of all faces, whose weights are for all of them.

    ``faces``, shape (N,), are those that the statistic knows; ``OfSums`` stays ``OfSums``.
    """
    if not isinstance(statistic, OfSums):
        return Within(faces, statistic)
    columns = np.zeros((len(faces), statistic.columns.shape[1] + 1))
    columns[faces, :-1], columns[faces, -1] = statistic.columns, 1.0
    finish = statistic.finish
    return replace(statistic, columns=columns, finish=lambda sums, _: finish(sums[..., :-1], sums[..., -1]))


def faces_of(statistic: Statistic) -> NDArray[np.bool_]:
    """The faces that a metric made by ``within`` knows, shape (N,).

    >>> faces_of(within(np.array([True, False]), mean_of(np.array([1.0]))))
    array([ True, False])
    """
    if isinstance(statistic, OfSums):
        return np.asarray(statistic.columns[:, -1] > 0)
    if isinstance(statistic, Within):
        return statistic.faces
    raise TypeError("within() has not made this metric.")


def has_ends(statistic: Statistic) -> bool:
    """Whether a metric has an interval; see ``OfSums.ends``."""
    return not (isinstance(statistic, OfSums) and statistic.ends == NOTHING)


def weighted_mean(values: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    r"""Mean over faces, each counted as often as its weight says.

    .. math:: \bar{x} = \sum_i w_i x_i / \sum_i w_i

    Returns:
        Of values (N,) with weights (N,), or None, shape (); with those of B replicates (B, N) shape (B,); nan where the
        weights sum to 0.

    >>> weighted_mean(np.array([1.0, 4.0]), np.array([[1.0, 1.0], [2.0, 0.0]]))
    array([2.5, 1. ])
    """
    weights = np.ones(len(values)) if weights is None else weights
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(weights @ values / weights.sum(axis=-1))


def resample_weights(clusters: int | NDArray[np.int64], samples: int, seed: int) -> Iterator[FloatArray]:
    """How often each face is drawn in each bootstrap replicate, in chunks that keep memory flat.

    Whole clusters are drawn with replacement, as many as there are, so faces of one person stay together. The counts
    are multinomial with equal probabilities.

    ``clusters`` is N, to draw single faces, or one code 0..C-1 per face, shape (N,), to draw persons.

    Yields:
        Counts as floats, shape (b, N), the b summing to ``samples``.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 6; clusters as in Field and Welsh 2007.
    """
    codes = None if isinstance(clusters, int) else clusters
    count = clusters if isinstance(clusters, int) else int(clusters.max()) + 1
    for counts in resample_clusters(count, count if codes is None else len(codes), samples, seed):
        yield counts if codes is None else counts[:, codes]


def resample_clusters(
    count: int, faces: int, samples: int, seed: int, groups: NDArray[np.int64] | None = None
) -> Iterator[FloatArray]:
    """How often each cluster is drawn in each replicate; ``resample_weights`` spreads these over faces.

    Args:
        count: number of clusters C.
        faces: number of faces N, which decides the size of the chunks.
        samples: number of replicates, in all chunks together.
        groups: 0..G-1 of each cluster, shape (C,), to count groups of clusters that add the same instead: ten votes on
            eight classes leave few different rows, so that a product with them is several times smaller.

    Yields:
        Counts as floats, shape (b, C) or (b, G), rows summing to C.
    """
    generator = np.random.default_rng(seed)
    rows, width = max(1, CHUNK // max(faces, count)), count if groups is None else int(groups.max()) + 1
    for start in range(0, samples, rows):
        size = min(rows, samples - start)
        # Drawing C indices and counting them is the multinomial, ten times faster than Generator.multinomial.
        draws = generator.integers(0, count, size=(size, count))
        draws = (draws if groups is None else groups[draws]) + np.arange(size)[:, None] * width
        yield np.bincount(draws.ravel(), minlength=size * width).reshape(size, width).astype(np.float64)


def cluster_codes(names: NDArray[Any]) -> NDArray[np.int64]:
    """Codes 0..C-1 of equal names or numbers, shape (N,), in their order.

    >>> cluster_codes(np.array(["b", "a", "b"]))
    array([1, 0, 1])
    """
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def percentile_interval(replicates: FloatArray, clusters: int | None = None) -> tuple[float | None, float | None]:
    r"""Percentile bootstrap interval of one metric from its replicates, shape (B,): low and high, or two None.

    Replicates in which the metric is undefined (nan) are left out; with fewer than half left there is no interval.
    Those in which it is infinite count, and make the end infinite that falls among them.

    A bootstrap of C things spreads too little, by the factor sqrt((C - 1) / C) and by the step from the normal
    distribution to Student's. Where ``clusters`` says C, the percentiles are taken further out by both:

    .. math:: \alpha' / 2 = \Phi\Bigl(-\sqrt{C / (C - 1)} \; t_{C - 1,\, 1 - \alpha / 2}\Bigr)

    Of 10 persons 95 % intervals then cover 93 to 95 %, not 86 to 90; of fewer than 6 still too seldom
    (scripts/coverage.py).

    Source: Efron and Tibshirani 1993, chapter 13; Hesterberg 2015, The American Statistician 69, 371-386, section 5.3.

    >>> [round(end) for end in percentile_interval(np.arange(1001.0))]
    [25, 975]
    >>> [round(end) for end in percentile_interval(np.arange(1001.0), clusters=30)]
    [19, 981]
    """
    defined = replicates[~np.isnan(replicates)]
    if len(defined) == 0 or 2 * len(defined) < len(replicates):
        return None, None
    tail = (1 - LEVEL) / 2
    if clusters is not None and clusters > 1:
        from scipy.special import ndtr, stdtrit

        tail = float(ndtr(np.sqrt(clusters / (clusters - 1)) * stdtrit(clusters - 1, tail)))
    with np.errstate(invalid="ignore"):  # between two infinite ones numpy finds nan
        low, high = np.percentile(defined, [100 * tail, 100 * (1 - tail)])
    return (float("inf") if np.isnan(low) else float(low)), (float("inf") if np.isnan(high) else float(high))


def with_ends(value: float, replicates: FloatArray, clusters: int | None = None) -> Interval:
    """A value with its ``percentile_interval``; three None where the value is undefined (nan).

    What is the same in all replicates, rounding apart, has no ends: faces that are all right do not say how many of
    others are.

    >>> with_ends(0.5, np.arange(1001.0)), with_ends(float("nan"), np.arange(1001.0))
    ((0.5, 25.0..., 975.0), (None, None, None))
    >>> with_ends(0.3, np.full(9, 0.1 + 0.2))
    (0.3, None, None)
    """
    if np.isnan(value):
        return None, None, None
    low, high = percentile_interval(replicates, clusters)
    if low is not None and high is not None and math.isclose(low, high, rel_tol=1e-12, abs_tol=1e-15):
        return value, None, None
    return value, low, high


def open_above(found: Interval, most: float = float("inf")) -> Interval:
    """Where an interval reaches the largest value that can be told, only its lower end holds: no value, no upper end.

    >>> open_above((2.0, 1.5, 3.0)), open_above((40.0, 20.0, float("inf"))), open_above((5.0, 4.0, 5.0), most=5.0)
    ((2.0, 1.5, 3.0), (None, 20.0, None), (None, 4.0, None))
    """
    value, low, high = found
    reach = value if high is None else high
    if reach is None or reach < most:
        return found
    known = low is not None and np.isfinite(min(low, most))  # even the lower end may be more than can be told
    return None, min(low, most) if low is not None and known else None, None


def percentile_intervals(replicates: FloatArray) -> FloatArray:
    """``percentile_interval`` of metrics that are columns, (B, M): low and high, (2, M), nan where there is none."""
    return np.array([percentile_interval(column) for column in replicates.T], dtype=np.float64).T


def intervals(
    statistics: Mapping[str, Statistic], clusters: NDArray[np.int64], samples: int, seed: int
) -> dict[str, Interval]:
    """Value and 95 % interval of several metrics: percentiles of the same replicates, or what ``OfSums.ends`` says.

    Arguments as of ``replicates``; with no samples or a single cluster there is no interval.
    """
    count = int(clusters.max()) + 1
    ends = {name: metric.ends if isinstance(metric, OfSums) else BOOTSTRAP for name, metric in statistics.items()}
    wanted = {name: metric for name, metric in statistics.items() if ends[name] == BOOTSTRAP}
    several = count > 1 and samples > 0
    drawn = replicates(wanted, clusters, samples, seed) if several else {}
    found: dict[str, Interval] = {}
    for name, metric in statistics.items():
        if several and (ours := without_replicates(metric, clusters)) is not None:
            found[name] = ours
        else:
            found[name] = with_ends(float(metric(None)), drawn.get(name, np.empty(0)), clusters=count)
            found[name] = open_above(found[name], metric.most if isinstance(metric, OfSums) else float("inf"))
    return found


def without_replicates(metric: Statistic, clusters: NDArray[np.int64]) -> Interval | None:
    """Value and interval of a metric whose ``ends`` are ``JACKKNIFE`` or ``SHARE``; None of any other.

    ``clusters`` has one code per face, at least two of them.
    """
    ways = {JACKKNIFE: jackknife, SHARE: of_share}
    return ways[metric.ends](metric, clusters) if isinstance(metric, OfSums) and metric.ends in ways else None


def jackknife(metric: OfSums, clusters: NDArray[np.int64]) -> Interval:
    r"""Value and Student's interval of a metric from what it is without each cluster.

    .. math:: s^2 = \frac{C - 1}{C} \sum_c (\hat\theta_{(c)} - \bar\theta_{(\cdot)})^2, \quad df = C - 1

    ``clusters`` has one code 0..C-1 per face, shape (N,); C is at least 2. Those that add nothing are none of them.

    Source: Tukey 1958, Annals of Mathematical Statistics 29, 614; Efron and Tibshirani 1993, chapter 11.

    >>> [round(end, 3) for end in jackknife(mean_of(np.array([1.0, 2.0, 6.0])), np.arange(3))]
    [3.0, -3.572, 9.572]
    """
    from scipy.special import stdtrit

    per_cluster, faces = _summed(metric.columns, clusters)
    adds = (per_cluster != 0).any(axis=1)
    per_cluster, faces = per_cluster[adds], faces[adds]
    sums, total, count = per_cluster.sum(axis=0), float(faces.sum()), len(faces)
    rows = max(1, CHUNK // per_cluster.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        value = metric.finish(sums, np.asarray(total))
        without = [
            metric.finish(sums - per_cluster[i : i + rows], total - faces[i : i + rows]) for i in range(0, count, rows)
        ]
    error = np.sqrt((count - 1) * np.concatenate(without).var()) if count > 1 else np.nan
    ends = value + stdtrit(count - 1, (1 + LEVEL) / 2) * error * np.array([0.0, -1.0, 1.0])
    found, low, high = ends if metric.then is None else metric.then(ends)
    if not np.isfinite(found):
        return None, None, None
    varies = np.isfinite(high - low) and error > 1e-15
    return (float(found), float(low), float(high)) if varies else (float(found), None, None)


def of_share(metric: OfSums, clusters: NDArray[np.int64]) -> Interval:
    """Value and Wilson's interval of a share, of as many faces as have the variance that it has without each cluster.

    Args:
        metric: a mean over faces (``mean_of``), or over some of them (``within``).
        clusters: one code 0..C-1 per face, shape (N,); those without a face that counts do not.

    Source: as ``ranges.ends_in``; coverage: scripts/coverage.py shares.

    >>> [round(end, 3) for end in of_share(mean_of(np.repeat([1.0, 0.0], [19, 1]), SHARE), np.arange(20))]
    [0.95, 0.739, 0.992]
    """
    per_cluster, faces = _summed(metric.columns, clusters)
    within_some = metric.columns.shape[1] > 1
    hits, of = per_cluster[:, 0], per_cluster[:, -1] if within_some else faces
    hits, of = hits[of > 0], of[of > 0]
    value, count = float(metric(None)), len(of)
    if count < 2 or not np.isfinite(value):
        return (value, None, None) if np.isfinite(value) else (None, None, None)
    alike = np.allclose(hits / of, value, rtol=1e-9, atol=0)  # equal tops on every face: nothing was drawn
    if alike and 0 < value < 1:
        return value, value, value
    with np.errstate(invalid="ignore", divide="ignore"):
        without = (hits.sum() - hits) / (of.sum() - of)
    variance = (count - 1) * float(without.var())
    low, high = ends_in(value, variance, (0.0, 1.0), count - 1, count)
    return value, low, high


def _summed(columns: FloatArray, clusters: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Sums of columns over the faces of each cluster, shape (C, columns), and how many faces each has, shape (C,)."""
    from scipy.sparse import csr_array  # a fifth of a second to import: here, not before

    faces, count = len(clusters), int(clusters.max()) + 1
    gather = csr_array((np.ones(faces), (clusters, np.arange(faces))), shape=(count, faces))
    return np.asarray(gather @ columns), np.bincount(clusters, minlength=count).astype(np.float64)


def replicates(
    statistics: Mapping[str, Statistic], clusters: NDArray[np.int64], samples: int, seed: int
) -> dict[str, FloatArray]:
    """Several metrics in the same bootstrap replicates.

    Args:
        statistics: metric name -> function of the weights; what is an ``OfSums`` is drawn fastest.
        clusters: one code 0..C-1 per face, shape (N,).
        samples: number of replicates B.

    Returns:
        Metric name -> shape (B,); nan where undefined in a replicate.
    """
    sums = [statistic for statistic in statistics.values() if isinstance(statistic, OfSums)]
    faces, count = len(clusters), int(clusters.max()) + 1
    shared = {id(statistic.columns): statistic.columns for statistic in sums}
    different = {np.ones(faces).tobytes(): 0}  # what several metrics sum, such as who has one, is summed once
    places = {
        key: [different.setdefault(column.tobytes(), len(different)) for column in np.asarray(columns, np.float64).T]
        for key, columns in shared.items()
    }
    per_cluster, _ = _summed(np.stack([np.frombuffer(column) for column in different], axis=1), clusters)
    drawn: dict[str, list[FloatArray]] = {name: [] for name in statistics}
    others = {name: statistic for name, statistic in statistics.items() if not isinstance(statistic, OfSums)}
    held: list[FloatArray] = []

    def finish() -> None:
        summed = np.concatenate(held, axis=1)
        held.clear()
        for name, statistic in statistics.items():
            if isinstance(statistic, OfSums):
                drawn[name].append(statistic.finished(summed[places[id(statistic.columns)]].T, summed[0]))

    for counts in resample_clusters(count, faces, samples, seed):
        held.append(per_cluster.T @ counts.T)
        if sum(summed.size for summed in held) > HELD:
            finish()
        if others:
            weights = counts[:, clusters]
            for name, statistic in others.items():
                drawn[name].append(statistic(weights))
    if held:
        finish()
    return {name: np.concatenate([np.empty(0), *values]) for name, values in drawn.items()}
