"""Measures that are functions of sums over tasks, and intervals of several measures over the same replicates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.bootstrap import FloatArray, Interval, resample_clusters, resample_weights, with_ends

Joint = Callable[[FloatArray | None], FloatArray]
"""From weights of shape (B, N), or None for one each, to several values, shape (B, M) or (M,); nan where undefined."""


DENSE = 1 << 20
"""Cells up to which a matrix is worth its zeros."""


class Measure(NamedTuple):
    """What each task adds, ``columns`` (N, m), and ``finish``, from sums of them (..., m) to the measure (...)."""

    columns: FloatArray
    finish: Callable[[FloatArray], FloatArray]

    @property
    def value(self) -> float:
        """The measure over all tasks, nan where undefined."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(self.finish(self.columns.sum(axis=0)))


def summed(values: FloatArray, rows: NDArray[Any], columns: NDArray[Any], shape: tuple[int, int]) -> Any:
    """A matrix of values at their rows and columns, those of one cell summed; a product with it sums over columns.

    Of few cells it is plain, of more than ``DENSE`` sparse, which waits for scipy.

    >>> summed(np.array([1.0, 2.0]), np.array([0, 0]), np.array([1, 1]), (1, 2))
    array([[0., 3.]])
    """
    cells = shape[0] * shape[1]
    if cells <= DENSE:
        return np.bincount(rows.astype(np.int64) * shape[1] + columns, values, cells).reshape(shape)
    from scipy.sparse import csr_array  # a fifth of a second to import: here, not before

    return csr_array((values, (rows, columns)), shape=shape)


def joint_intervals(
    joint: Joint, names: Sequence[str], tasks: int | NDArray[np.int64], samples: int, seed: int
) -> dict[str, Interval]:
    """Value and percentile interval of several measures over the same replicates of the tasks.

    Args:
        tasks: N, or a group 0..G-1 of each task, where the weights that ``joint`` takes are those of groups; a single
            task gives no interval.
        samples: replicates; 0 leaves the intervals out.

    Returns:
        Name -> (value, low, high), None where undefined.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapters 6 and 13.
    """
    if isinstance(tasks, int):
        values = joint(None)
        chunks = resample_weights(tasks, samples if tasks > 1 else 0, seed)
    else:
        values = joint(np.bincount(tasks)[None].astype(np.float64))[0]
        chunks = resample_clusters(len(tasks), len(tasks), samples if len(tasks) > 1 else 0, seed, tasks)
    drawn = [joint(weights) for weights in chunks]
    replicates = np.concatenate(drawn) if drawn else np.empty((0, len(names)))
    return {name: with_ends(float(values[i]), replicates[:, i]) for i, name in enumerate(names)}
