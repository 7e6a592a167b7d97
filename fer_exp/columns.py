"""What a file of a table holds: columns, rows below the header that say what they are, and rows that hold nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


@dataclass
class Columns:
    """What a file holds: ``names`` and ``values``, text as dictionaries, in its order.

    ``below`` are rows below the header that say what the columns are, ``guessed`` says what was found out, ``left``
    counts rows that hold no answer (words -> how many), ``numbers`` are the numbers of the rows that remain, None for
    all, and ``decimal_comma`` says whether a comma in a number can be nothing else.
    """

    names: list[str]
    values: list[pa.ChunkedArray]
    below: list[list[str]] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    decimal_comma: bool = False
    left: dict[str, int] = field(default_factory=dict)
    numbers: NDArray[np.int64] | None = None


def without_blanks(columns: Columns) -> Columns:
    """Without rows of empty cells, and without the header again, which stands where files were put together."""
    if not columns.values or not len(columns.values[0]):
        return columns
    left = dict(columns.left)
    out = np.zeros(len(columns.values[0]), dtype=bool)
    headers = _where(columns.values[0], columns.names[0])
    for row in headers:
        cells = [str(column[int(row)].as_py() or "").strip() for column in columns.values]
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
    if not out.any():
        return replace(columns, left=left)
    keep = np.flatnonzero(~out)
    values = [column.take(pa.array(keep)) for column in columns.values]
    return replace(columns, values=values, left=left, numbers=keep)


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


def below_header(lines: list[list[str]], guessed: list[str]) -> list[list[str]]:
    """The rows below the header that say what the columns are, as survey tools write them."""
    header, *others = lines or [[]]
    for number, line in enumerate(others, start=1):
        if any(cell.startswith('{"ImportId"') for cell in line):
            guessed.append(f"{number} header rows of Qualtrics left out")
            return others[:number]
    for tool, (first, second, real) in SECOND_HEADERS.items():
        if (
            others
            and {first, second} <= set(header)
            and not re.search(real, (others[0] + [""] * len(header))[header.index(first)])
        ):
            guessed.append(f"a second header row of {tool} left out")
            return others[:1]
    return []


SECOND_HEADERS = {
    "Qualtrics": ("StartDate", "EndDate", r"\d"),
    "SoSci Survey": ("CASE", "QUESTNNR", r"\d"),
    "SurveyMonkey": ("Respondent ID", "Collector ID", r"\d"),
}
"""Two columns of a tool's header, and what a real row has in the first, where the row of questions has it not."""
