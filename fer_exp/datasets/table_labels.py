"""Where a table beside pictures says what they show by a 1 in one of several columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fer_exp.tables import Table


def one_hot(table: Table, columns: Mapping[str, Sequence[int]]) -> list[str]:
    """The class of each row where it has a single 1 and zeros else; none of another table."""
    with table.looking():
        values = np.stack([np.nan_to_num(table.numbers(several[0])) for several in columns.values()], axis=1)
    if (
        len(columns) < 2
        or any(len(several) > 1 for several in columns.values())
        or not (np.sort(values, axis=1) == _a_one(values)).all()
    ):
        return []
    table.unused.difference_update(*columns.values())
    names = [*columns]
    return [names[place] for place in values.argmax(axis=1)]


def _a_one(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of zeros and one 1 at the end."""
    return np.concatenate([np.zeros_like(values[:, 1:]), np.ones_like(values[:, :1])], axis=1)
