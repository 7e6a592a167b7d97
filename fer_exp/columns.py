"""Columns of a table of people's answers, from CSV, TSV, parquet or a frame, fast enough for ten million rows."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fer_exp.errors import RequestError, did_you_mean

MISSING = ["", "NA", "NaN", "nan", "null"]
"""What an empty cell looks like; not pandas' longer list, in which a class may be called None."""


class Names(NamedTuple):
    """A column of names: ``codes`` (n,) int32 into ``names``, -1 where the cell is empty; ``names`` sorted, as text."""

    codes: NDArray[np.int32]
    names: NDArray[np.object_]


def table_columns(source: Path | pd.DataFrame) -> list[str]:
    """The names of a table's columns, read off its first line or its schema.

    Raises:
        RequestError: there is no such file, or it cannot be read as what its name says.
    """
    if isinstance(source, pd.DataFrame):
        return [str(name) for name in source.columns]
    if not source.is_file():
        raise RequestError(f"There is no file {source}.")
    try:
        if _is_text(source):
            with _open(source) as stream:
                first = next(csv.reader(stream, delimiter=_delimiter(source)), [])
            if not first:
                raise RequestError(f"{source} is empty; a first line with the names of its columns is needed.")
            return [name.strip() for name in first]
        return [str(name) for name in pq.read_schema(source).names]
    except (OSError, ValueError) as error:
        raise _unreadable(source, error) from error


def find_column(
    source: Path | pd.DataFrame, wanted: str, given: str | None, also: Sequence[str], *, needed: bool = True
) -> str | None:
    """The column that holds what is wanted: the one given, else the contract's, else the first usual other name.

    Args:
        source: the table.
        wanted: the contract's name, which is also the key that names another column.
        given: the column as the user named it, or None.
        also: other names in use, tried in order.
        needed: whether its absence is an error.

    Returns:
        The name, or None.

    Raises:
        RequestError: the column is not there; names the nearest and the key.

    >>> find_column(pd.DataFrame(columns=["question", "answer"]), "task", None, ("item", "question"))
    'question'
    """
    names = table_columns(source)
    where = "the table" if isinstance(source, pd.DataFrame) else str(source)
    if given is not None:
        if given in names:
            return given
        hint = did_you_mean(given, names, 0.5)
        raise RequestError(f"{where} has no column {given}, which {wanted}={given} asks for; {hint}{_listed(names)}")
    twice = [name for name in (wanted, *also) if names.count(name) > 1]
    if twice:
        raise RequestError(f"{where}: column {twice[0]} occurs twice; which one is meant cannot be known.")
    found = next((name for name in (wanted, *also) if name in names), None)
    if found is None and needed:
        raise RequestError(f"{where} has no column {wanted}; name the one that holds it with {wanted}=COLUMN. "
                           f"{_listed(names)}")  # fmt: skip
    return found


def read_columns(
    source: Path | pd.DataFrame, names: Sequence[str], numbers: Sequence[str]
) -> tuple[dict[str, Names], dict[str, NDArray[np.float64]]]:
    """Read some columns: names as codes, numbers as floats.

    Ids of mixed types become text, and whole floats lose their ``.0`` (a column of integers with an empty cell is
    stored as floats), so that 7, 7.0 and "7" are the same id. Names are sorted, as numbers where all are: results do
    not depend on the order of rows.

    Args:
        source: a file (.csv, .tsv, .txt, perhaps .gz; anything else as parquet) or a frame.
        names: columns to read as names.
        numbers: columns to read as numbers; nan where empty.

    Returns:
        Both kinds by column.

    Raises:
        RequestError: not readable, or a cell that is no number, with its row.

    >>> frame = pd.DataFrame({"worker": [10, "b", 9.0], "seconds": ["1.5", "2", None]})
    >>> read, numbers = read_columns(frame, ["worker"], ["seconds"])
    >>> read["worker"].names.tolist(), read["worker"].codes.tolist(), numbers["seconds"].tolist()
    (['10', '9', 'b'], [0, 2, 1], [1.5, 2.0, nan])
    """
    wanted = list(dict.fromkeys([*names, *numbers]))
    try:
        if isinstance(source, pd.DataFrame):
            table = pa.table({name: _plain(source[name]) for name in wanted})
        elif _is_text(source):
            table = _read_text(source, names, numbers)
        else:
            table = pq.read_table(source, columns=wanted)
        coded = {name: _coded(table.column(name)) for name in names}
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        raise _unreadable(source, error) from error
    where = "the table" if isinstance(source, pd.DataFrame) else str(source)
    return coded, {name: _numbers(table.column(name), name, where) for name in numbers}


def count_columns(source: Path | pd.DataFrame, skip: Sequence[str]) -> Mapping[str, NDArray[np.float64]]:
    """Every column of numbers in a votes table but those of ``skip``, in the order of the file."""
    names = [name for name in table_columns(source) if name not in skip]
    return read_columns(source, [], names)[1]


def _read_text(source: Path, names: Sequence[str], numbers: Sequence[str]) -> pa.Table:
    text = pa.dictionary(pa.int32(), pa.string())
    options = {
        "parse_options": pacsv.ParseOptions(delimiter=_delimiter(source)),
        "convert_options": pacsv.ConvertOptions(
            column_types={**dict.fromkeys(names, text), **dict.fromkeys(numbers, pa.string())},
            include_columns=list(dict.fromkeys([*names, *numbers])),
            null_values=MISSING,
            strings_can_be_null=True,
        ),
    }
    if numbers:  # straight to floats where every cell is a number; else as text, to name the row that is none
        fast = pacsv.ConvertOptions(
            column_types={**dict.fromkeys(names, text), **dict.fromkeys(numbers, pa.float64())},
            include_columns=options["convert_options"].include_columns,
            null_values=MISSING,
            strings_can_be_null=True,
        )
        try:
            return pacsv.read_csv(str(source), parse_options=options["parse_options"], convert_options=fast)
        except pa.ArrowInvalid:
            pass
    return pacsv.read_csv(str(source), **options)


def _coded(column: pa.ChunkedArray) -> Names:
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()  # before anything becomes text: there are far fewer names than rows
    column = column.unify_dictionaries()
    codes = np.concatenate([np.asarray(chunk.indices.fill_null(-1)) for chunk in column.chunks] or [np.empty(0, int)])
    given = column.chunks[0].dictionary.to_pylist() if column.num_chunks else []
    texts = [_whole(name) if isinstance(name, float) else str(name).strip() for name in given]
    different = sorted(set(texts) - set(MISSING), key=_natural(texts))
    place = {name: code for code, name in enumerate(different)}
    moved = np.array([*(place.get(text, -1) for text in texts), -1], np.int32)  # the last is where -1 points
    return Names(moved[codes], np.array(different, dtype=object))


def _natural(texts: Sequence[str]) -> type[int] | None:
    """Sort as numbers where every name is a whole number, so that task 10 follows task 9."""
    return int if texts and all(text.isascii() and text.isdigit() for text in texts) else None


def _plain(column: pd.Series) -> pa.Array:
    """A column of a frame as arrow takes it: object columns of mixed types as text."""
    if column.dtype == object:
        return pa.array([None if _empty(cell) else _whole(cell) for cell in column], pa.string())
    return pa.Array.from_pandas(column)


def _empty(cell: object) -> bool:
    return cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell))


def _whole(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _numbers(column: pa.ChunkedArray, name: str, where: str) -> NDArray[np.float64]:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts = pd.Series(column.to_pylist(), dtype=object)
        values = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
        bad = np.isnan(values) & texts.notna().to_numpy() & ~texts.isin(MISSING).to_numpy()
        if bad.any():
            row = int(bad.argmax())
            raise RequestError(f"{where}: row {row + 1} has {texts.iloc[row]!r} in column {name}, which is no number.")
        return np.asarray(values)
    values = np.asarray(pc.fill_null(pc.cast(column, pa.float64()), np.nan).to_numpy())
    if np.isinf(values).any():
        raise RequestError(
            f"{where}: row {int(np.isinf(values).argmax()) + 1} has an infinite number in column {name}."
        )
    return values


def _is_text(source: Path) -> bool:
    return any(suffix.lower() in (".csv", ".tsv", ".txt") for suffix in source.suffixes[-2:])


def _open(source: Path) -> IO[str]:
    if source.suffix.lower() == ".gz":
        return io.TextIOWrapper(gzip.open(source), encoding="utf-8-sig", newline="")
    return source.open(encoding="utf-8-sig", newline="")


def _delimiter(source: Path) -> str:
    """A tab, a semicolon or a comma: whichever the first line has most of."""
    with _open(source) as stream:
        line = stream.readline()
    return max(",\t;", key=line.count)


def _listed(names: Sequence[str]) -> str:
    return f"There are: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}."


def _unreadable(source: Path | pd.DataFrame, error: Exception) -> RequestError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return RequestError(f"{'the table' if isinstance(source, pd.DataFrame) else source} cannot be read: {reason}")
