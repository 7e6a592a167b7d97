"""Where a table beside pictures says what they show: a column of labels, or a 1 in one of several columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fer_exp.errors import RequestError
from fer_exp.names import expressions
from fer_exp.tables import Table


def label_column(table: Table) -> int | None:
    """The column of labels: one that is called so, else the one of nothing but expressions.

    Beside numbers under the usual name, names in another column say what these are.

    Raises:
        RequestError: several columns hold expressions, and none is called a label.
    """
    called = table.find("label")
    if called is not None and not table.different_numbers(called):
        return called
    found = []
    for n in (n for n in range(len(table.names)) if n != called and not table.different_numbers(n)):
        with table.looking():
            names = table.coded(n).names.tolist()
        found += [n] if names and len(expressions(names, labels=True)) == len(names) else []
    if called is None and len(found) > 1:
        listed = ", ".join(table.names[n] for n in found)
        raise RequestError(f"{table.where}: several columns hold expressions ({listed}); call the one to teach label.")
    return table.decide("label", found[0]) if len(found) == 1 else called


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
