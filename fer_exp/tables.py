"""Tables that a user names: read whole, columns checked, rows named in what is said of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.errors import RequestError
from fer_exp.names import expression


def read_table(file: Path, key: str) -> pd.DataFrame:
    """A csv (or tsv, or parquet) table, every column as text, '' where a cell is empty; names of columns are stripped.

    Args:
        file: what a key of the config names.
        key: that key, for messages.

    Raises:
        RequestError: no such file, not readable, without rows, or with a column twice.
    """
    if not file.is_file():
        raise RequestError(f"{key}={file} is no file.")
    try:
        if file.suffix.lower() == ".parquet":
            frame = pd.read_parquet(file)
            frame = frame.astype(object).where(frame.notna(), "").astype(str)
        else:
            separator = "\t" if file.suffix.lower() == ".tsv" else ","
            # with a header, a column that occurs twice would be renamed in silence
            frame = pd.read_csv(
                file, sep=separator, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig"
            )
            frame = frame.iloc[1:].set_axis(frame.iloc[0], axis=1).reset_index(drop=True)
    except (OSError, ValueError) as error:  # the parsers' errors are ValueErrors
        raise RequestError(f"{key}={file} cannot be read: {str(error).splitlines()[0]}.") from error
    frame.columns = [str(column).strip() for column in frame.columns]
    if twice := sorted(frame.columns[frame.columns.duplicated()]):
        raise RequestError(f"{key}={file}: the column {twice[0]} occurs twice.")
    if frame.empty:
        raise RequestError(f"{key}={file} has no rows.")
    return frame


def need(frame: pd.DataFrame, columns: tuple[str, ...], where: str) -> None:
    """Raise RequestError, naming the columns that there are, where one is missing."""
    if missing := [name for name in columns if name not in frame.columns]:
        raise RequestError(f"{where} has no column {missing[0]}; it has {', '.join(map(str, frame.columns))}.")


def answer_columns(frame: pd.DataFrame) -> dict[str, str]:
    """Our name of an expression or other answer -> the column for it, plain or with votes_, p_ or target_ before it.

    >>> answer_columns(pd.DataFrame(columns=["face", "votes_happy", "Fear"]))
    {'happiness': 'votes_happy', 'fear': 'Fear'}
    """
    found: dict[str, str] = {}
    for column in map(str, frame.columns):
        plain = column.strip().lower()
        for prefix in ("votes_", "p_", "target_"):
            plain = plain.removeprefix(prefix)
        if (name := expression(plain)) is not None:
            found.setdefault(name, column)
    return found


def refuse(bad: NDArray[np.bool_], values: pd.Series, where: str, problem: str) -> None:
    """Raise RequestError at the first bad row, counted from 1 below the header; ``problem`` follows its value."""
    if bad.any():
        row = int(bad.argmax())
        more = f" (and {int(bad.sum()) - 1:,} more rows)" if bad.sum() > 1 else ""
        raise RequestError(f"{where}, row {row + 1}: {values.name} is {values.iloc[row]!r}{more}; {problem}.")


def numbers(values: pd.Series, where: str) -> NDArray[np.float64]:
    """A column as float64, nan where a cell is empty; raises RequestError at a cell that is no finite number."""
    text = values.str.strip()
    empty = (text == "").to_numpy()
    given = np.asarray(pd.to_numeric(text.where(~empty), errors="coerce"), dtype=np.float64)
    refuse(~empty & ~np.isfinite(given), values, where, "a number belongs there")
    return given


def affect(frame: pd.DataFrame, where: str) -> dict[str, NDArray[np.float64]]:
    """Valence and arousal, nan where empty or where there is no such column; out of -1..1 is refused."""
    found = {}
    for name in ("valence", "arousal"):
        if name not in frame.columns:
            found[name] = np.full(len(frame), np.nan)
            continue
        found[name] = numbers(frame[name], where)
        way_out = "ratings run from -1 to 1, and a missing one is an empty cell: rescale the column"
        refuse(np.abs(np.nan_to_num(found[name])) > 1, frame[name], where, way_out)
    return found
