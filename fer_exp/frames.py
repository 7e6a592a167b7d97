"""A frame of pandas, and its cells, as a file would have them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from fer_exp.columns import Columns


def of_frame(frame: pd.DataFrame) -> Columns:
    """The columns of a frame, those of an index with a name first, as a file would have them.

    Object columns, whose cells may be of mixed types, become text.
    """
    named = [level for level in frame.index.names if level is not None and level not in frame.columns]
    frame = frame.reset_index(level=named) if named else frame
    names = [str(name).strip() for name in frame.columns]
    values = [
        pa.array([text_of(cell) or None for cell in column], pa.string())
        if column.dtype == object
        else pa.Array.from_pandas(column)
        for column in (frame.iloc[:, n] for n in range(len(names)))
    ]
    return Columns(names, [pa.chunked_array([column]) for column in values])


def text_of(cell: object) -> str:
    """A cell as text: whole floats without ``.0``, nothing as '', an array as the list that it is."""
    if isinstance(cell, np.ndarray):
        return str(cell.tolist())
    if cell is None or cell is pd.NA or cell != cell:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
