"""Sums and means by codes, 0..G-1, of what each thing belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.bootstrap import FloatArray


def sum_by(code: NDArray[Any], values: NDArray[Any], groups: int) -> FloatArray:
    """Sums of values, (n,), by code, shape (groups,)."""
    return np.bincount(code, values, groups).astype(np.float64)


def mean_by(code: NDArray[Any], values: NDArray[Any], groups: int) -> FloatArray:
    """Mean of values, (n,), by code, shape (groups,); nan for an empty group.

    >>> mean_by(np.array([0, 0, 2]), np.array([1.0, 2.0, 5.0]), 3)
    array([1.5, nan, 5. ])
    """
    return over(sum_by(code, values, groups), np.bincount(code, minlength=groups))


def cross(rows: NDArray[Any], columns: NDArray[Any], shape: tuple[int, int], values: Any = None) -> FloatArray:
    """How often each two codes, (n,) each, stand together, or the sums of values there, of this shape.

    >>> cross(np.array([0, 0, 1]), np.array([0, 1, 1]), (2, 2))
    array([[1., 1.],
           [0., 1.]])
    """
    cells = rows.astype(np.int64) * shape[1] + columns
    return np.bincount(cells, values, shape[0] * shape[1]).reshape(shape).astype(np.float64)


def over(above: Any, below: Any) -> FloatArray:
    """A quotient; nan where the lower side is 0.

    >>> over(np.array([1.0, 1.0]), np.array([2, 0]))
    array([0.5, nan])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(below != 0, above / below, np.nan))
