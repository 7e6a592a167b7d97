"""Tables of people's agreement for the terminal, subsets side by side, and of what a crowd changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from fer_exp.report.cells import blank_table, interval, of_row, p_value

KINDS = {"labels": "classes", "valence": "valence", "arousal": "arousal", "repeats": "workers with themselves"}
SIGNS = {"bias": "+", "ccc": ""}
"""What is shown of ratings per class; a bias has its sign."""


def agreement_table(parts: Mapping[str, Mapping[str, Any]], kind: str) -> Table:
    """The measures of one kind, a column a subset; of a single one what a guideline calls it (the files have all).

    Args:
        parts: subset -> what ``survey`` found.
        kind: ``labels``, ``valence``, ``arousal`` or ``repeats``.
    """
    table = blank_table(f"agreement: {KINDS[kind]}")
    table.add_column("measure", no_wrap=True)
    for part in parts:
        table.add_column("value" if len(parts) == 1 else part, no_wrap=True)
        table.add_column("n", justify="right")
    exact = len(parts) == 1 and any("f_low" in result for found in parts.values() for result in found[kind].values())
    if exact:
        table.add_column("F interval", no_wrap=True)
    if len(parts) == 1:
        table.add_column("in words")
    for name in dict.fromkeys(name for found in parts.values() for name in found.get(kind, {})):
        cells: list[str] = []
        words = ends = ""
        for found in parts.values():
            result = found.get(kind, {}).get(name)
            cells += [of_row(result, missing="undefined"), f"{result['n']:,}" if result else ""]
            if result and "f_low" in result:
                ends = interval(0, result["f_low"], result["f_high"]).partition(" ")[2]
            if result and "reading" in result and not words:
                words = f"{result['reading']} ({result['guideline']})"
        table.add_row(name, *cells, *([ends] if exact else []), *([words] if len(parts) == 1 else []))
    return table


def class_table(parts: Mapping[str, Mapping[str, Any]]) -> Table:
    """Per class: share of the votes, agreement, kappa; of several subsets the agreement side by side."""
    table = blank_table("agreement per class")
    table.add_column("class", no_wrap=True)
    shown = ("share", "agreement", "kappa") if len(parts) == 1 else ("agreement",)
    for part in parts:
        for measure in shown:
            table.add_column(measure if len(parts) == 1 else part, no_wrap=True)
    for name in next(iter(parts.values()))["classes"]:
        cells = [
            of_row(found["classes"].get(name, {}).get(measure), missing="undefined")
            for found in parts.values()
            for measure in shown
        ]
        table.add_row(name, *cells)
    return table


def change_table(rows: pd.DataFrame, title: str) -> Table:
    """Change of each class's share, in percentage points, intervals below, and Holm-corrected p."""
    table = blank_table(title)
    for header in ("class", "original", "majority", "change", "p (Holm)", "votes", "change"):
        table.add_column(header, justify="left" if header == "class" else "right", no_wrap=True)
    for row in rows.to_dict("records"):
        table.add_row(
            str(row["class"]),
            f"{100 * row['original']:.1f} %",
            f"{100 * row['majority']:.1f} %",
            _points(row["change"], row["low"], row["high"]),
            p_value(row["p_holm"]),
            f"{100 * row['votes']:.1f} %",
            _points(row["votes_change"], row["votes_low"], row["votes_high"]),
        )
    return table


def rating_tables(rows: pd.DataFrame, title: str) -> list[Table]:
    """The crowd's ratings against the original: every measure over all tasks, and bias and CCC per class."""
    at = {(row["side"], row["class"], row["measure"]): row for row in rows.to_dict("records")}
    sides = list(dict.fromkeys(rows["side"]))
    overall = blank_table(title)
    overall.add_column("measure")
    for side in sides:
        overall.add_column(side, no_wrap=True)
    for measure in dict.fromkeys(rows["measure"]):
        overall.add_row(measure, *(of_row(at.get((side, "all", measure)), missing="undefined") for side in sides))
    names = [name for name in dict.fromkeys(rows["class"]) if name != "all"]
    if not names:
        return [overall]
    classes = blank_table(f"{title}, per original class")
    classes.add_column("class")
    shown = [(side, measure) for side in sides for measure in SIGNS]
    for side, measure in shown:
        classes.add_column(f"{side} {measure}", justify="right", no_wrap=True)
    for name in names:
        cells = (of_row(at.get((side, name, measure)), 2, SIGNS[measure], ends="\n{} to {}") for side, measure in shown)
        classes.add_row(name, *(said or "–" for said in cells))
    return [overall, classes]


def _points(value: float, low: float | None, high: float | None) -> str:
    low, high = (None if end is None else 100 * end for end in (low, high))
    return interval(100 * value, low, high, 1, "+", ends="\n{}, {}")
