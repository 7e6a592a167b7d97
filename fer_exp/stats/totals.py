"""Measures that are functions of sums over tasks: one matrix product bootstraps all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.bootstrap import CHUNK, FloatArray, percentile_interval, resample_weights

Joint = Callable[[FloatArray | None], FloatArray]
"""From weights of shape (B, N), or None for one each, to several values, shape (B, M) or (M,); nan where undefined."""

Interval = tuple[float | None, float | None, float | None]
"""Value, low, high; None where there is none."""


class Measure(NamedTuple):
    """What each task adds, ``columns`` (N, m), and ``finish``, from sums of them (..., m) to the measure (...)."""

    columns: FloatArray
    finish: Callable[[FloatArray], FloatArray]

    @property
    def value(self) -> float:
        """The measure over all tasks, nan where undefined."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(self.finish(self.columns.sum(axis=0)))


def together(measures: Mapping[str, Measure]) -> Joint:
    """All measures of the same tasks as one function of the weights, in their order.

    >>> mean = Measure(np.array([[1.0, 1.0], [4.0, 1.0]]), lambda sums: sums[..., 0] / sums[..., 1])
    >>> together({"mean": mean})(np.array([[1.0, 1.0], [2.0, 0.0]]))
    array([[2.5],
           [1. ]])
    """
    stacked = np.ascontiguousarray(np.concatenate([measure.columns for measure in measures.values()], axis=1))
    ends = np.cumsum([measure.columns.shape[1] for measure in measures.values()])
    parts = list(zip([0, *ends[:-1].tolist()], ends.tolist(), measures.values(), strict=True))

    def joint(weights: FloatArray | None) -> FloatArray:
        sums = stacked.sum(axis=0) if weights is None else weights @ stacked
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.stack([measure.finish(sums[..., start:end]) for start, end, measure in parts], axis=-1)

    return joint


def grouped_weights(codes: NDArray[np.int64], samples: int, seed: int) -> Iterator[FloatArray]:
    """As ``bootstrap.resample_weights``, counted by groups of tasks that add the same.

    Ten votes on eight classes leave few different rows, so a matrix product over groups is several times smaller.

    Args:
        codes: group 0..G-1 of each task, shape (N,).
        samples: replicates, in all chunks together.
        seed: the same seed draws the same tasks as there.

    Yields:
        How many tasks of each group are drawn, shape (b, G), rows summing to N.

    >>> [weights.sum(axis=1) for weights in grouped_weights(np.array([0, 1, 0, 1]), 2, seed=0)]
    [array([4., 4.])]
    """
    generator = np.random.default_rng(seed)
    tasks, groups = len(codes), int(codes.max()) + 1
    rows = max(1, CHUNK // tasks)
    for start in range(0, samples, rows):
        size = min(rows, samples - start)
        drawn = codes[generator.integers(0, tasks, size=(size, tasks))]
        drawn += np.arange(size)[:, None] * groups
        yield np.bincount(drawn.ravel(), minlength=size * groups).reshape(size, groups).astype(np.float64)


def joint_intervals(
    joint: Joint,
    names: Sequence[str],
    tasks: int | NDArray[np.int64],
    samples: int,
    seed: int,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Value and percentile interval of several measures over the same replicates of the tasks.

    Args:
        joint: the measures, as ``together`` makes them.
        names: of the measures, M.
        tasks: N, or a group 0..G-1 of each task, where the weights that ``joint`` takes are those of groups; a single
            task gives no interval.
        samples: replicates; 0 leaves the intervals out.
        seed: the same seed gives the same replicates.
        level: coverage that is aimed at.

    Returns:
        Name -> (value, low, high), None where undefined.

    Source:
        Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapters 6 and 13.

    >>> mean = Measure(np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 1.0], [0.0, 1.0]]), lambda s: s[..., 0] / s[..., 1])
    >>> joint_intervals(together({"mean": mean}), ["mean"], 4, 1000, seed=0)
    {'mean': (0.5, 0.0, 1.0)}
    """
    if isinstance(tasks, int):
        values = joint(None)
        chunks = resample_weights(tasks, samples if tasks > 1 else 0, seed)
    else:
        values = joint(np.bincount(tasks)[None].astype(np.float64))[0]
        chunks = grouped_weights(tasks, samples if len(tasks) > 1 else 0, seed)
    drawn = [joint(weights) for weights in chunks]
    replicates = np.concatenate(drawn) if drawn else np.empty((0, len(names)))
    result: dict[str, Interval] = {}
    for number, name in enumerate(names):
        value = float(values[number])
        ends = percentile_interval(replicates[:, number], level) if np.isfinite(value) else (None, None)
        result[name] = (value if np.isfinite(value) else None, *ends)
    return result
