"""Tables of people's agreement for the terminal, subsets side by side, and of what a crowd changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from fer_exp.report.cells import blank_table, interval, of_row, p_value

KINDS = {"labels": "classes", "repeats": "workers with themselves"}
SIGNS = {"bias": "+", "ccc": ""}
"""What is shown of ratings per class; a bias has its sign."""


Surveys = Mapping[str, Mapping[str, Any]]
"""Subset -> its agreement, as ``survey`` gives it."""


def kinds(surveys: Surveys) -> list[str]:
    """What people's agreement is of: labels, each scale of ratings, workers with themselves."""
    scales = dict.fromkeys(name for survey in surveys.values() for name in survey["scales"])
    return ["labels", *scales, "repeats"]


def agreement_table(surveys: Surveys, kind: str) -> Table:
    """The measures of one of ``kinds``, a column a subset; of a single one what a guideline calls it, too."""
    alone = len(surveys) == 1
    table = blank_table(f"agreement: {KINDS.get(kind, kind)}")
    table.add_column("measure", no_wrap=True)
    for subset in surveys:
        table.add_column("value" if alone else subset, no_wrap=True)
        table.add_column("n", justify="right")
    exact = alone and any("f_low" in result for survey in surveys.values() for result in survey[kind].values())
    if exact:
        table.add_column("F interval", no_wrap=True)
    if alone:
        table.add_column("in words")
    for name in dict.fromkeys(name for survey in surveys.values() for name in survey.get(kind, {})):
        cells: list[str] = []
        words = ends = ""
        for survey in surveys.values():
            result = survey.get(kind, {}).get(name)
            cells += [of_row(result, missing="undefined"), f"{result['n']:,}" if result else ""]
            if result and "f_low" in result:
                ends = interval(0, result["f_low"], result["f_high"]).partition(" ")[2]
            if result and "reading" in result and not words:
                words = f"{result['reading']} ({result['guideline']})"
        table.add_row(name, *cells, *([ends] if exact else []), *([words] if alone else []))
    return table


def class_table(surveys: Surveys) -> Table:
    """Per class: share of the votes, agreement, kappa; of several subsets the agreement side by side."""
    table = blank_table("agreement per class")
    table.add_column("class", no_wrap=True)
    shown = ("share", "agreement", "kappa") if len(surveys) == 1 else ("agreement",)
    for subset in surveys:
        for measure in shown:
            table.add_column(measure if len(surveys) == 1 else subset, no_wrap=True)
    for name in next(iter(surveys.values()))["classes"]:
        measured = [survey["classes"].get(name, {}) for survey in surveys.values()]
        table.add_row(name, *(of_row(row.get(measure), missing="undefined") for row in measured for measure in shown))
    return table


def change_table(rows: pd.DataFrame, title: str) -> Table:
    """Change of each class's share, in percentage points, intervals below, and Holm-corrected p."""
    table = blank_table(title)
    for header in ("class", "original", "majority", "change", "p (Holm)", "votes", "change"):
        table.add_column(header, justify="left" if header == "class" else "right", no_wrap=True)
    for cells in change_cells(rows, ends="\n{}, {}"):
        table.add_row(*cells.values())
    return table


def change_cells(rows: pd.DataFrame, ends: str) -> list[dict[str, str]]:
    """A row a class of ``classes`` of ``label_changes``, as readers see it.

    Args:
        rows: shares and their changes, 0..1; they are written in percent and in percentage points.
        ends: how intervals are set.
    """
    return [
        {
            "class": str(row["class"]),
            "original": f"{100 * row['original']:.1f} %",
            "majority": f"{100 * row['majority']:.1f} %",
            "change": _points(row, "change", "", ends),
            "p (Holm)": p_value(row["p_holm"]),
            "votes": f"{100 * row['votes']:.1f} %",
            "change of votes": _points(row, "votes_change", "votes_", ends),
        }
        for row in rows.to_dict("records")
    ]


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
        classes.add_row(name, *(text or "–" for text in cells))
    return [overall, classes]


def _points(row: Mapping[Any, Any], change: str, prefix: str, ends: str) -> str:
    names = (change, f"{prefix}low", f"{prefix}high")
    value, low, high = (None if row[name] is None else 100 * row[name] for name in names)
    return interval(value, low, high, 1, "+", ends=ends)
