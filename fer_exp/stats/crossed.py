"""Runs crossed with faces: how far a mean over runs may lie from that over other runs and other faces.

Each run answers the same faces, so its values vary with the run, with the faces, which all runs share, and with how
this run takes these faces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from fer_exp.stats.bootstrap import (
    FloatArray,
    Interval,
    OfSums,
    Statistic,
    has_ends,
    open_above,
    replicates,
    with_ends,
    without_replicates,
)
from fer_exp.stats.ranges import LEVEL

Key = TypeVar("Key")


class Runs(NamedTuple):
    """A metric of the runs of one config: ``values`` over all faces, (S,), and ``drawn`` replicates of each, (S, B).

    ``inverse`` and ``most`` are as of ``OfSums``; ``alone`` is what ``without_replicates`` gives of a single run;
    without ``ends`` the metric has no interval (``has_ends``).
    """

    values: FloatArray
    drawn: FloatArray
    inverse: bool = False
    most: float = float("inf")
    alone: Interval | None = None
    ends: bool = True

    def mean(self) -> float:
        """Over the runs: of an inverse metric one over the mean of what it is one over, the harmonic mean."""
        with np.errstate(divide="ignore"):
            return float(1 / (1 / self.values).mean() if self.inverse else self.values.mean())

    def straight(self, clusters: int) -> Runs:
        """An inverse metric as a straight line of what it is one over, so that variances add (the delta method).

        Others stay. The mean over runs stays, too; nan where ``over_runs`` knows none.

        >>> Runs(np.array([1.0, 2.0]), np.empty((2, 0)), inverse=True).straight(10).values.round(3)
        array([0.889, 1.778])
        """
        if not self.inverse and self.most == float("inf"):
            return self
        if over_runs(self, clusters)[0] is None:  # of more than can be told, nobody knows how much more
            return Runs(np.full_like(self.values, np.nan), np.full_like(self.drawn, np.nan))
        if not self.inverse:
            return self
        k = self.mean()
        with np.errstate(divide="ignore"):
            return Runs(2 * k - k**2 / self.values, 2 * k - k**2 / self.drawn)

    def less(self, other: Runs) -> Runs:
        """Run by run these less others, drawn with the same replicates; both on a ``straight`` scale."""
        return Runs(self.values - other.values, self.drawn - other.drawn)


def runs_of(statistics: Sequence[Statistic], drawn: FloatArray, clusters: NDArray[np.int64]) -> Runs:
    """A metric of each run of a config, all of one kind, with their replicates, (S, B), of clusters, (N,)."""
    values = np.array([float(of_run(None)) for of_run in statistics])
    kind = statistics[0]
    if not isinstance(kind, OfSums):
        return Runs(values, drawn)
    alone = without_replicates(kind, clusters) if len(statistics) == 1 and drawn.size else None
    return Runs(values, drawn, kind.inverse, kind.most, alone, has_ends(kind))


def drawn_runs(
    statistics: Mapping[Key, Sequence[Statistic]], clusters: NDArray[np.int64], samples: int, seed: int
) -> dict[Key, Runs]:
    """Metrics of several runs each, over all faces and in replicates that draw the same faces for all.

    Args:
        statistics: what tells a metric from others -> that of each run, functions of the weights of the same faces.
        clusters: persons, or faces, one code 0..C-1 a face, shape (N,).
        samples: replicates B; where there are none, or one cluster alone, ``drawn`` is of shape (S, 0).
        seed: of the replicates.
    """
    named = {f"{place} {i}": of for place, runs in enumerate(statistics.values()) for i, of in enumerate(runs)}
    values = replicates(named, clusters, samples, seed) if samples > 0 and clusters.max(initial=0) > 0 else {}
    return {
        key: runs_of(runs, np.stack([values.get(f"{place} {i}", np.empty(0)) for i in range(len(runs))]), clusters)
        for place, (key, runs) in enumerate(statistics.items())
    }


class Spread(NamedTuple):
    """A contrast with its standard error and degrees of freedom; a number that is undefined is nan."""

    value: float
    error: float
    df: float

    @property
    def nothing(self) -> bool:
        """Whether there is no difference, rounding apart."""
        return abs(self.value) <= 1e-15

    def interval(self) -> tuple[float | None, float | None]:
        """Student's interval: low and high, or two None where there is none, as of two faces that differ alike.

        >>> [round(end, 3) for end in Spread(1.0, 0.1, 4.0).interval()]
        [0.722, 1.278]
        """
        if self.error == 0 and not self.nothing:
            return None, None
        half = float(stdtrit(self.df, (1 + LEVEL) / 2)) * self.error if self.df >= 1 else float("nan")
        return (self.value - half, self.value + half) if np.isfinite(half + self.value) else (None, None)

    def p(self) -> float:
        """Two-sided p of the contrast being 0; nan where it is undefined; 1 where there is no difference at all."""
        if self.error == 0:
            return 1.0 if self.nothing else float("nan")
        return float(2 * stdtr(self.df, -abs(self.value) / self.error))


def spread(sides: Sequence[tuple[float, Runs]], clusters: int) -> Spread:
    r"""A weighted sum of means over runs, as one of all runs and all faces of their kinds.

    .. math:: V = F + \max\Bigl(0, \sum_g (B_g - I_g)\Bigr), \quad
        \nu = V^2 \Big/ \Bigl(\tfrac{F^2}{C - 1} + \sum_g \tfrac{B_g^2}{S_g - 1}
        + \sum_g \tfrac{I_g^2}{(S_g - 1)(C - 1)}\Bigr)

    F is the variance over replicates of the faces (times C / (C - 1), since a bootstrap of C things spreads too
    little), B that of the values between runs over their number S, and I that of how far each run's replicates leave
    their mean, over S (S - 1): what of B comes from faces, not from runs. Where B is no larger than I, nothing shows
    that runs differ, and V is F with C - 1 degrees of freedom. For a metric that is a mean over faces this is the
    analysis of variance of runs crossed with faces; of other metrics the bootstrap gives the same parts.

    A side of one run adds nothing to B: then the interval is for that run alone.

    Args:
        sides: a weight and the runs of each config, all drawn with the same replicates; 1 and -1 for a difference.
        clusters: C persons, or faces where persons are not known.

    Source: Satterthwaite 1946, Biometrics Bulletin 2, 110-114; the crossed design as in Clark 1973, Journal of Verbal
    Learning and Verbal Behavior 12, 335-359.

    >>> runs = Runs(np.array([0.5, 0.7]), np.array([[0.5, 0.5], [0.7, 0.7]]))
    >>> spread([(1.0, runs)], clusters=100)  # the faces do not matter: Student's interval of two runs
    Spread(value=0.6, error=0.0999..., df=1.0)
    """
    return spread_of_parts([sides], [clusters])


def spread_of_parts(parts: Sequence[Sequence[tuple[float, Runs]]], clusters: Sequence[int], few: int = 0) -> Spread:
    """The same of a contrast that is a sum over parts of the faces, drawn apart because they share no person.

    Args:
        parts: of each part the sides of ``spread``, in the same order: those at one place are the same runs.
        clusters: persons, or faces, of each part.
        few: a part of fewer persons is taken to vary, a person, at least as much as the part that varies most. Twelve
            faces of which a model gets all right do not vary at all, and would differ from anything.

    >>> one, other = (Runs(np.array([mean]), mean + np.array([[-0.1, 0.1]])) for mean in (0.7, 0.4))
    >>> found = spread_of_parts([[(1.0, one)], [(-1.0, other)]], [11, 11])  # as Welch's t has it
    >>> round(found.value, 3), round(found.error, 3), round(found.df, 3)
    (0.3, 0.21, 20.0)
    """
    parts = [
        [(weight, runs.straight(count)) for weight, runs in sides] for sides, count in zip(parts, clusters, strict=True)
    ]
    value = float(sum(weight * runs.values.mean() for sides in parts for weight, runs in sides))
    drawn = [np.sum([weight * runs.drawn.mean(axis=0) for weight, runs in sides], axis=0) for sides in parts]
    if min(clusters) < 2 or not all(defined(one) for one in drawn):
        return Spread(value, float("nan"), float("nan"))
    of_person = [_of_all(variance(one), count) * count for one, count in zip(drawn, clusters, strict=True)]
    most = int(np.argmax(of_person))
    taken = [most if count < few else part for part, count in enumerate(clusters)]
    of_faces = [of_person[part] / count for part, count in zip(taken, clusters, strict=True)]
    faces = sum(of_faces)
    freedom = sum(one**2 / (clusters[part] - 1) for one, part in zip(of_faces, taken, strict=True))
    between, within, terms = _of_runs(parts, clusters)
    if between <= within:
        return Spread(value, float(np.sqrt(faces)), faces**2 / freedom if faces else min(clusters) - 1.0)
    for term in terms:
        freedom += term
    total = faces + between - within
    return Spread(value, float(np.sqrt(total)), total**2 / freedom)


def _of_all(drawn: float, count: int) -> float:
    """A variance over replicates of ``count`` things, which spread too little, as that of all things of their kind."""
    return count / (count - 1) * drawn


def _of_runs(
    parts: Sequence[Sequence[tuple[float, Runs]]], clusters: Sequence[int]
) -> tuple[float, float, list[float]]:
    """What runs add to ``spread_of_parts``: the sums of B and of I, and terms below the degrees of freedom.

    Configs of a single run add nothing.
    """
    between = within = 0.0
    terms: list[float] = []
    for config in zip(*parts, strict=True):
        count = len(config[0][1].values)
        if count < 2:
            continue
        b = float(np.sum([weight * runs.values for weight, runs in config], axis=0).var(ddof=1)) / count
        i = 0.0
        for (weight, runs), persons in zip(config, clusters, strict=True):
            apart = runs.drawn - runs.drawn.mean(axis=0)
            of_part = weight**2 * _of_all(1.0, persons) * sum(variance(run) for run in apart) / (count * (count - 1))
            i += of_part
            terms.append(of_part**2 / ((count - 1) * (persons - 1)))
        between, within = between + b, within + i
        terms.append(b**2 / (count - 1))
    return between, within, terms


def over_runs(runs: Runs, clusters: int) -> Interval:
    """The mean over runs and its interval: of several over runs and faces, of one the bootstrap's over faces alone.

    >>> over_runs(Runs(np.array([50.0]), np.arange(101.0)[None]), clusters=10_000)
    (50.0, 2.4..., 97.5...)
    """
    value = runs.mean()
    if not runs.ends:
        return value, None, None
    if runs.alone is not None:
        return runs.alone
    if len(runs.values) == 1:
        return open_above(with_ends(value, runs.drawn[0], clusters=clusters), runs.most)
    with np.errstate(divide="ignore"):
        straight = Runs(1 / runs.values, 1 / runs.drawn) if runs.inverse else Runs(runs.values, runs.drawn)
    low, high = spread([(1.0, straight)], clusters).interval()
    if runs.inverse and low is not None and high is not None:
        low, high = (1 / high, 1 / low if low > 0 else float("inf")) if high > 0 else (None, None)
    return open_above((value, low, high), runs.most)


def defined(drawn: FloatArray) -> bool:
    """Whether at least half of the replicates are numbers, and two of them."""
    numbers = int(np.isfinite(drawn).sum())
    return numbers > 1 and 2 * numbers >= len(drawn)


def variance(drawn: FloatArray) -> float:
    """Over the replicates that are numbers; rounding alone is no variance."""
    numbers = drawn[np.isfinite(drawn)]
    spread = float(numbers.std(ddof=1)) if len(numbers) > 1 else 0.0
    return spread**2 if spread > 1e-15 else 0.0
