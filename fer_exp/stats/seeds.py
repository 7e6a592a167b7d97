"""What a few trainings that differ in the seed alone say of all others: mean and t-interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fer_exp.stats.ranges import LEVEL


class OverSeeds(NamedTuple):
    """Mean over seeds with its interval, which is None for a single seed, and how many seeds."""

    mean: float
    low: float | None
    high: float | None
    n: int


def over_seeds(values: Sequence[float], ends: tuple[float, float] = (-np.inf, np.inf)) -> OverSeeds | None:
    r"""Mean over seeds with Student's interval; None where there is no value.

    .. math:: \bar{x} \pm t_{n - 1, 0.975} \, s / \sqrt{n}

    Seeds are few, so the interval is wide: of two seeds it reaches 6.35 times as far to either side as they lie from
    each other. It speaks of other seeds on the same test faces, not of other faces.

    It holds where the numbers are normal. ``ends`` are the lowest and highest value that there can be: the interval
    ends there.

    Source: Student 1908, Biometrika 6, 1-25.

    >>> [round(number, 3) for number in over_seeds([0.7, 0.8, 0.9])]
    [0.8, 0.552, 1.048, 3]
    >>> over_seeds([0.7, 0.8, 0.9], ends=(0, 1)).high
    1.0
    """
    from scipy.special import stdtrit  # a tenth of a second to import: here, not before

    if not len(values):
        return None
    numbers = np.asarray(values, dtype=np.float64)
    mean, count = float(numbers.mean()), len(numbers)
    if count == 1:
        return OverSeeds(mean, None, None, 1)
    half = float(stdtrit(count - 1, (1 + LEVEL) / 2) * numbers.std(ddof=1) / np.sqrt(count))
    return OverSeeds(mean, max(mean - half, float(ends[0])), min(mean + half, float(ends[1])), count)


def paired_over_seeds(a: Mapping[int, float], b: Mapping[int, float]) -> OverSeeds | None:
    """Mean difference a - b over the seeds that both have, as ``over_seeds`` of the differences.

    The same seed is the same noise, first weights and order of faces in both, so their differences vary less than they.

    >>> paired_over_seeds({0: 0.75, 1: 1.0, 2: 5.0}, {0: 0.5, 1: 0.75}).mean
    0.25
    """
    return over_seeds([a[seed] - b[seed] for seed in a if seed in b])
