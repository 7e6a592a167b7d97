"""What tables are made of: a value with its interval, a p value, any cell, and how a table looks on the terminal."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from fer_exp.system import visible

NOTHING = "-"
BESIDE = " [{}, {}]"
ROUGH = " ~"
SELDOM = "holds the truth less often than it says"
TO = " ({} to {})"  # in a sentence
BELOW = "\n{}–{}"  # several metrics stand beside each other in 80 columns
SIGNED_BELOW = "\n{}, {}"  # where an end may have a sign


def interval(
    value: float | None,
    low: float | None,
    high: float | None,
    decimals: int = 3,
    sign: str = "",
    *,
    ends: str = BESIDE,
    missing: str = NOTHING,
) -> str:
    """A number with its interval, where it has one, or with a lower end alone, where no more can be told.

    Args:
        value: None or nan gives ``missing``, or, where there is a ``low``, that as the least it is.
        low: None or nan gives the number alone.
        high: likewise.
        decimals: of all three.
        sign: "+" to write it of positive numbers, too.
        ends: how the interval is set.
        missing: what stands for no number.

    >>> interval(0.5, 0.25, 0.75), interval(1.5, None, None, 1, "+"), interval(None, None, None)
    ('0.500 [0.250, 0.750]', '+1.5', '-')
    >>> interval(None, 12.0, None, 1)
    '≥ 12.0'
    """
    if value is None or value != value:
        return missing if low is None or low != low else f"≥ {low:.{decimals}f}"
    text = f"{value:{sign}.{decimals}f}"
    if low is None or high is None or low != low or high != high:
        return text
    return text + ends.format(*(f"{end:{sign}.{decimals}f}" for end in (low, high)))


def of_row(
    row: Mapping[Any, Any] | None, decimals: int = 3, sign: str = "", *, ends: str = BESIDE, missing: str = "–"
) -> str:
    r"""The same of a row with ``value``, ``low`` and ``high``; nothing where there is no row.

    A rough interval is marked: by ``ROUGH``, or, within a sentence, where round brackets hold the ends, by the word.

    >>> of_row({"value": 0.5, "low": 0.25, "high": 0.75}, 2, ends=BELOW), of_row(None)
    ('0.50\n0.25–0.75', '')
    >>> of_row({"value": 0.5, "low": 0.25, "high": 0.75, "rough": True}, 2)
    '0.50 [0.25, 0.75] ~'
    """
    if not row:
        return ""
    text = interval(row["value"], row["low"], row["high"], decimals, sign, ends=ends, missing=missing)
    if not row.get("rough") or text == missing:
        return text
    return f"{text[:-1]}, rough)" if text.endswith(")") else marked(text)


def difference(row: Mapping[Any, Any] | None, ends: str = BESIDE) -> str:
    """The same of a row with ``difference``, ``low`` and ``high``, with signs; nothing where there is no row.

    >>> difference({"difference": 0.5, "low": 0.25, "high": 0.75}, TO), difference(None)
    ('+0.500 (+0.250 to +0.750)', '')
    """
    return "" if row is None else interval(row["difference"], row["low"], row["high"], sign="+", ends=ends, missing="–")


def as_columns(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with ``value``, ``low`` and ``high`` as three columns; None of what it lacks.

    >>> as_columns("l1", {"value": 0.5, "low": 0.4})
    {'l1': 0.5, 'l1_low': 0.4, 'l1_high': None}
    """
    return {name: row.get("value"), f"{name}_low": row.get("low"), f"{name}_high": row.get("high")}


def marked(text: str) -> str:
    r"""A value and its interval marked as rough; where the ends stand below, beside the value, which is shorter.

    >>> marked("0.5 [0.2, 0.8]"), marked("0.5\n0.2–0.8")
    ('0.5 [0.2, 0.8] ~', '0.5 ~\n0.2–0.8')
    """
    value, line, ends = text.partition("\n")
    return f"{value}{ROUGH}{line}{ends}"


def rough_note(rows: Iterable[Mapping[Any, Any] | None], why: str = SELDOM) -> str:
    r"""What ``ROUGH`` means, on a line of its own, where one of some rows is rough; else nothing.

    >>> rough_note([{"rough": True}]), rough_note([{}, None])
    ('\n~ rough: holds the truth less often than it says (docs/coverage.md)', '')
    """
    return f"\n~ rough: {why} (docs/coverage.md)" if any(row and row.get("rough") for row in rows) else ""


def p_value(p: float | None, *, narrow: bool = False) -> str:
    """A p value, the very small ones as such; ``narrow`` as APA writes it, and nothing where there is none.

    >>> p_value(0.0421), p_value(1e-9), p_value(0.0421, narrow=True), p_value(1e-9, narrow=True)
    ('0.042', '< 0.001', '.042', '<.001')
    """
    if p is None or p != p:
        return "" if narrow else "–"
    text = "< 0.001" if p < 0.001 else f"{p:.3f}"
    return text.replace("< ", "<").replace("0.", ".", 1) if narrow else text


def p_equals(p: float | None) -> str:
    """The same in a sentence.

    >>> p_equals(0.0421), p_equals(1e-9)
    ('p = 0.042', 'p < 0.001')
    """
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def cell(value: Any, decimals: int = 3) -> str:
    """One cell: text as it is, whole numbers with commas, others with decimals, nothing for nan.

    >>> cell("a"), cell(1234), cell(0.5), cell(float("nan"))
    ('a', '1,234', '0.500', '')
    """
    if value is None or value != value:
        return ""
    if isinstance(value, float):
        return f"{value:,.{decimals}f}"
    return f"{value:,.0f}" if isinstance(value, int | np.integer) else str(value)


def as_text(value: Any) -> Any:
    """What a template of a page is given: texts with their control characters spelt out; HTML stays."""
    return visible(value) if type(value) is str else value


def blank_table(title: str | None = None, caption: str | None = None) -> Table:
    """An empty table for the terminal, as all of them look."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=title, caption=caption)
    table.title_justify = table.caption_justify = "left"
    return table


def once(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Rows whose first cell is left blank where it says what the one above says.

    >>> [*once([("L1", "a"), ("L1", "b"), ("ECE", "a")])]
    [('L1', 'a'), ('', 'b'), ('ECE', 'a')]
    """
    above = None
    for row in rows:
        yield row if row[0] != above else ("", *row[1:])
        above = row[0]


def table_of(
    headers: Iterable[str],
    rows: Iterable[Iterable[str]],
    title: str | None = None,
    caption: str | None = None,
    *,
    right: Container[str] = (),
    wrapped: Container[str] = (),
    folded: Container[str] = (),
) -> Table:
    """A table for the terminal.

    Args:
        headers: of the columns.
        rows: a cell a column.
        title: above it.
        caption: below it.
        right: headers of columns that are set to the right.
        wrapped: headers of columns that a narrow terminal may break between words; ``folded``: anywhere.
        folded: see there.
    """
    table = blank_table(title, caption)
    for header in headers:
        fold = header in folded
        table.add_column(
            header,
            justify="right" if header in right else "left",
            no_wrap=not fold and header not in wrapped,
            overflow="fold" if fold else "ellipsis",
        )
    for row in rows:
        table.add_row(*row)
    return table


def frame_table(frame: pd.DataFrame, title: str, decimals: int = 3) -> Table:
    """A frame as it is, numbers with so many decimals, whole ones without."""
    numbers = frame.select_dtypes(["number", "bool"])
    whole = [name for name, column in numbers.items() if (column.dropna() % 1 == 0).all()]
    digits = [0 if name in whole else decimals for name in frame]
    rows = (map(cell, row, digits) for row in frame.itertuples(index=False))
    table = table_of(map(str, frame), rows, title, right=list(map(str, numbers)))
    if len(frame.columns) > 8:  # the rule between columns is space enough
        table.padding = (0, 0, 0, 0)
    return table
