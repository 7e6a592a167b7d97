"""What a file of a table holds: which column is what, rows around the header and below the table that are none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fer_exp.face_names import is_picture
from fer_exp.names import normal

A_NUMBER = re.compile(r"[-+\u2212]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?%?")
"""A cell that is a number, its decimals behind a point or a comma, perhaps in percent."""


def is_number(text: str) -> bool:
    """Whether a cell is a number."""
    return A_NUMBER.fullmatch(text) is not None


TOTALS = ("total", "totals", "grandtotal", "overall", "columntotal", "totalgeneral", "gesamtergebnis", "gesamtsumme",
          "итого", "sum", "sums", "sd", "std", "mean", "average", "avg", "summe", "gesamt", "mittelwert",
          "somme", "moyenne", "totale", "media", "合计", "总计", "合計", "平均")  # fmt: skip
"""What stands before numbers of all rows, below a table."""
SIGNS = " \t\n*#:.;,_-–—()[]\"'"
BEGUN = pa.array(sorted({word[:3] for word in TOTALS}), pa.string())
"""What may stand around these words, and how they begin."""
NOTES = "rows of totals or notes below the table"
LAST = 40
"""Rows in which the end of a table is looked for."""


@dataclass
class Columns:
    """What a file holds: ``names`` and ``values``, text as dictionaries, in its order.

    ``below`` are rows below the header that say what the columns are, ``guessed`` says what was found out, ``left``
    counts rows that hold no answer (words -> how many), ``numbers`` are the numbers of the rows that remain, None for
    all, ``decimal_comma`` says whether a comma in a number can be nothing else, and ``sheets`` are those of the file of
    which the first was taken.
    """

    names: list[str]
    values: list[pa.ChunkedArray]
    below: list[list[str]] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    decimal_comma: bool = False
    left: dict[str, int] = field(default_factory=dict)
    numbers: NDArray[np.int64] | None = None
    sheets: list[str] = field(default_factory=list)


def without_blanks(columns: Columns) -> Columns:
    """Without rows of empty cells, and without the header again, which stands where files were put together."""
    if not columns.values or not len(columns.values[0]):
        return columns
    left = dict(columns.left)
    out = np.zeros(len(columns.values[0]), dtype=bool)
    headers = _where(columns.values[0], columns.names[0])
    for row in headers:
        cells = [_text(column, int(row)) for column in columns.values]
        out[row] = {cell for cell in cells if cell} <= set(columns.names)
    if out.any():
        left["rows that repeat the header"] = int(out.sum())
    blank = _where(columns.values[0], "")
    for column in columns.values[1:]:
        if not len(blank):
            break
        cells = column.take(pa.array(blank)).cast(pa.string())
        empty = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(cells), ""), True)
        blank = blank[np.asarray(empty, dtype=bool)]
    if len(blank):
        left["empty rows"] = len(blank)
        out[blank] = True
    totals = _totals(columns)
    if len(footer := _below_table(columns, out, totals)):
        left[NOTES] = left.get(NOTES, 0) + len(footer)
        out[footer] = True
    if between := sorted(row for row in totals if not out[row]):
        left["rows of totals"] = len(between)
        out[between] = True
    if not out.any():
        return replace(columns, left=left)
    keep = np.flatnonzero(~out)
    values = [_taken(column, keep) for column in columns.values]
    return replace(columns, values=values, left=left, numbers=keep)


def _totals(columns: Columns) -> set[int]:
    """Rows that are called a total, wherever they stand, and hold numbers.

    Where names of the first column usually repeat, one that does is a person's: initials may be SD, a name Sum.
    """
    first = columns.values[0]
    if pa.types.is_string(first.type):
        first = first.dictionary_encode()
    if not pa.types.is_dictionary(first.type):
        return set()
    names: set[str] = set()
    for chunk in first.chunks:  # of millions of names few begin so
        begun = pc.utf8_slice_codeunits(pc.utf8_trim(pc.utf8_lower(chunk.dictionary), characters=SIGNS), 0, 3)
        few = chunk.dictionary.filter(pc.is_in(begun, value_set=BEGUN))
        names |= {name for name in few.to_pylist() if normal(name) in TOTALS}
    found = [_where(first, name).tolist() for name in names]
    if any(len(rows) > 1 for rows in found) and len(first) >= 2 * len(pc.unique(first.cast(pa.string()))):
        found = [rows for rows in found if len(rows) == 1]
    return {row for rows in found for row in rows if is_total([_text(column, row) for column in columns.values])}


def _text(column: pa.ChunkedArray, row: int) -> str:
    return str(column[row].as_py() or "").strip()


def is_total(row: Sequence[str]) -> bool:
    """Whether a row is called a total, and holds nothing but numbers.

    >>> is_total(["Total", "3", "45 %"]), is_total(["SD", "a01.jpg", "happy"])
    (True, False)
    """
    return normal(row[0]) in TOTALS and not any(sign.isalpha() for cell in row[1:] for sign in cell)


def _taken(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> pa.ChunkedArray:
    """Some rows of a column; of texts, what the other rows alone held is no longer among the names."""
    taken = column.take(pa.array(rows))
    texts = pa.types.is_dictionary(column.type)
    return taken.cast(column.type.value_type).dictionary_encode() if texts else taken


def _below_table(columns: Columns, out: NDArray[np.bool_], totals: set[int]) -> list[int]:
    """Rows at the end that are ``totals`` or notes, in the first column or, below an empty row, in a few."""
    width, start = len(columns.values), max(0, len(out) - LAST)
    ends = (column.slice(start).cast(pa.string()).to_pylist() for column in columns.values)
    rows = list(zip(*([str(cell or "").strip() for cell in end] for end in ends), strict=True))
    found: list[int] = []
    behind: list[int] = []  # what lies below the last empty row, as long as it fills few columns
    closed = False
    for number, row in reversed(list(enumerate(rows, start=start))):
        filled = sum(map(bool, row))
        if not filled:
            closed = closed or bool(found or behind)
        elif number in totals or (is_note(row, width) and not is_total(row)):
            found.append(number)
        elif not closed and 1 < filled <= width // 2 and not is_picture(row[0]):
            behind.append(number)
        else:
            found += behind if closed and filled > width // 2 else []
            break
    return [number for number in found if not out[number]]


def is_note(row: Sequence[str], width: int) -> bool:
    """Whether a row of a table is totals, or a sentence in one of its columns alone.

    >>> is_note(["Total", "3", "5"], 3), is_note(["Note: who was tired", "", ""], 3), is_note(["a 1.jpg", "", ""], 3)
    (True, True, False)
    """
    only = [cell for cell in row if cell]
    alone = width > 2 and len(only) == 1 and " " in only[0] and not is_picture(only[0])
    return is_total(row) or alone


def _where(column: pa.ChunkedArray, text: str) -> NDArray[np.int64]:
    """Rows of a column of texts with one text; for none of them, few are looked at: those that differ."""
    if not pa.types.is_dictionary(column.type):
        cells = pc.fill_null(column.cast(pa.string()), "")
        return np.flatnonzero(np.asarray(pc.equal(cells, text), dtype=bool))
    found, start = [], 0
    for chunk in column.chunks:
        code = pc.index(chunk.dictionary, text).as_py()
        hits = np.asarray(chunk.indices.fill_null(code if text == "" and code >= 0 else -1)) == code
        if code >= 0:
            found.append(start + np.flatnonzero(hits))
        start += len(chunk)
    return np.concatenate(found) if found else np.empty(0, np.int64)
