"""Two texts of a table, CSV, Markdown, LaTeX or JSON, cell by cell."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from fer_exp.verifying import Checked, Fail
from fer_exp.verifying.numbers import as_float, numbers

SAME = 1e-6
"""Relative difference of numbers that are the same on another processor, or with another version of a library; nothing
that was typed over passes by it (``changed``)."""
NOTHING = "(nothing)"


def compare(file: str, stated: str, computed: str, *, changed: bool) -> Checked:
    """What a file states against what it should.

    Args:
        file: its name; the suffix says how it is read.
        stated: its text.
        computed: the text as it is made again.
        changed: whether the file is another than the one that was written: every digit then counts.
    """
    suffix = file.rpartition(".")[2]
    ours, theirs = cells(stated, suffix), cells(computed, suffix)
    found = Checked(file, sum(len(numbers(cell)) for cell in theirs.values()))
    for where in [*theirs, *(where for where in ours if where not in theirs)]:
        one, other = ours.get(where, NOTHING), theirs.get(where, NOTHING)
        if one != other and (changed or not alike(one, other)):
            found.fails.append(Fail(where, one, other))
    return found


def alike(one: str, other: str) -> bool:
    """Whether two cells are the same number but for rounding errors."""
    a, b = as_float(one), as_float(other)
    return a is not None and b is not None and math.isclose(a, b, rel_tol=SAME, abs_tol=1e-12)


def cells(text: str, suffix: str) -> dict[str, str]:
    r"""Where in a table -> what stands there, in words that a person finds it by.

    >>> cells("network,l1\none-hot,0.5\n", "csv")
    {'row 1 (one-hot), column network': 'one-hot', 'row 1 (one-hot), column l1': '0.5'}
    """
    if suffix == "json":
        try:
            return flat(json.loads(text, parse_float=str, parse_int=str))  # every digit counts
        except ValueError as error:
            return {"all": f"no JSON ({error})"}
    if suffix == "csv":
        return _rows(list(csv.reader(io.StringIO(text))))
    found: dict[str, str] = {}
    rows: list[list[str]] = []
    sign = "|" if suffix == "md" else "&"
    for number, line in enumerate(text.splitlines(), 1):
        parts = _parts(line.strip().removesuffix("\\\\"), sign)
        if len(parts) > 1 and not set(line) <= set("|:- "):
            rows.append(parts)
        elif line.strip() and not set(line) <= set("|:- "):
            found[f"line {number}"] = " ".join(line.split())
    return found | _rows(rows)


def markdown_rows(text: str) -> pd.DataFrame:
    r"""The table of a Markdown file: its cells, and each number of a cell as ``column.0``, ``column.1`` and so on.

    >>> markdown_rows("|a b|\n|--|\n|7, 6|").to_dict("records")
    [{'a b': '7, 6', 'a b.0': '7', 'a b.1': '6'}]
    """
    header, _, *body = (_parts(line.strip(), "|") for line in text.splitlines() if line.startswith("|"))
    rows = [dict(zip(header, row, strict=False)) for row in body]
    return pd.DataFrame(
        [
            row
            | {f"{name}.{n}": one.replace(",", "") for name, cell in row.items() for n, one in enumerate(numbers(cell))}
            for row in rows
        ]
    )


def _parts(line: str, sign: str) -> list[str]:
    """The cells of a line; a sign behind a backslash is part of a cell."""
    cells = re.split(rf"(?<!\\){re.escape(sign)}", line)
    return [cell.strip() for cell in (cells[1:-1] if sign == "|" else cells)]


def flat(value: Any, where: str = "") -> dict[str, str]:
    """JSON as path -> value.

    >>> flat({"a": [1, {"b": "x"}]})
    {'a.0': '1', 'a.1.b': 'x'}
    """
    if isinstance(value, Mapping | list):
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
        return {path: text for key, each in pairs for path, text in flat(each, f"{where}.{key}".lstrip(".")).items()}
    return {where: value if isinstance(value, str) else json.dumps(value)}


def _rows(rows: list[list[str]]) -> dict[str, str]:
    if not rows:
        return {}
    header, *body = rows
    return {
        f"row {number} ({row[0] if row else ''}), column {header[at] if at < len(header) else at + 1}": cell
        for number, row in enumerate(body, 1)
        for at, cell in enumerate(row)
    } | ({} if all(header) else {"header": ", ".join(header)})
