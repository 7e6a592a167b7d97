"""Tables of people's agreement for the terminal, subsets side by side, and of what a crowd changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
from rich.table import Table

from fer_exp.raters.changes import ALL
from fer_exp.raters.readings import headline
from fer_exp.report.cells import BELOW, SIGNED_BELOW, interval, of_row, p_value, table_of
from fer_exp.stats.shares import percent

KINDS = {"labels": "classes", "repeats": "workers with themselves"}
FACES, RATERS = "over faces", "faces and raters"
"""The two intervals: of these raters, and of others like them."""
ROUGH = "rough: too few faces"
SIGNS = {"bias": "+", "ccc": ""}
"""What is shown of ratings per class; a bias has its sign."""


Surveys = Mapping[str, Mapping[str, Any]]
"""Subset -> its agreement, as ``survey`` gives it."""


def of_subset(name: str) -> tuple[str, str]:
    """What stands behind the name of a file, and behind a title, that are of a subset; nothing of all."""
    return ("", "") if name == ALL else (f"_{name}", f" ({name})")


def said_of(name: str, sentence: str) -> str:
    """A sentence with the subset that it is of."""
    return sentence if name == ALL else f"{name}: {sentence}"


def kinds(surveys: Surveys) -> list[str]:
    """What people's agreement is of: labels, each scale of ratings, workers with themselves."""
    scales = dict.fromkeys(name for survey in surveys.values() for name in survey["scales"])
    return ["labels", *scales, "repeats"]


def agreement_table(surveys: Surveys, kind: str) -> Table:
    """The measures of one of ``kinds``, a column a subset; of a single one both intervals, and a guideline's words."""
    title = f"agreement: {KINDS.get(kind, kind)}"
    measured = {subset: survey.get(kind, {}) for subset, survey in surveys.items()}
    both = any("low_raters" in result for results in measured.values() for result in results.values())
    both = both and any(knows_raters(survey) for survey in surveys.values())
    if len(measured) == 1:
        return _alone(next(iter(measured.values())), both, title)
    shown = over_raters if both else partial(of_row, missing="undefined")
    rows = []
    for measure in dict.fromkeys(name for results in measured.values() for name in results):
        of_subsets = [results.get(measure) for results in measured.values()]
        rows.append([measure, *(cell for one in of_subsets for cell in (shown(one), f"{one['n']:,}" if one else ""))])
    headers = [header for subset in measured for header in (subset, "n")]
    return table_of(["measure", *headers], rows, title, right=["n"])


def _alone(results: Mapping[str, Mapping[str, Any]], both: bool, title: str) -> Table:
    """The measures of a single subset: ``both`` intervals where raters are known, and a guideline's words."""
    rows = []
    for measure, result in results.items():
        cells = [of_row(result, missing="undefined"), *([ends_over_raters(result)] if both else [])]
        words = ROUGH if result.get("rough") else str(result.get("reading", ""))
        rows.append([measure, *cells, f"{result['n']:,}", words])
    guides = dict.fromkeys(result["guideline"] for result in results.values() if "reading" in result)
    over = RATERS if both else "faces, of these raters"
    caption = f"words: {'; '.join(guides)}; read off the interval over {over}" if guides else None
    headers = ["measure", FACES, *([RATERS] if both else []), "n", "in words"]
    return table_of(headers, rows, title, caption, right=["n"], folded=["in words"])


def ends_over_raters(result: Mapping[Any, Any] | None) -> str:
    """The interval over faces and raters alone; nothing where there is none."""
    if not result or result.get("low_raters") is None:
        return ""
    return interval(0, result["low_raters"], result["high_raters"]).partition(" ")[2]


def over_raters(result: Mapping[Any, Any] | None) -> str:
    """A value with its interval over faces and raters, or over faces where there is no other."""
    if not result or result.get("low_raters") is None:
        return of_row(result, missing="undefined")
    ends = {"low": result["low_raters"], "high": result["high_raters"]}
    return of_row({**result, **ends})


def knows_raters(survey: Mapping[str, Any]) -> bool:
    """Whether some measure has an interval over raters."""
    results = (result for kind in ("labels", *survey.get("scales", {})) for result in survey.get(kind, {}).values())
    return any(result.get("low_raters") is not None for result in results)


def class_table(surveys: Surveys) -> Table:
    """Per class: share of the votes, agreement, kappa; of several subsets the agreement side by side.

    Intervals are over faces and raters where raters are known; a tilde says that too few faces decide them.
    """
    alone = len(surveys) == 1
    both = any(knows_raters(survey) for survey in surveys.values())
    rough = any(
        row.get("rough") for survey in surveys.values() for of in survey["classes"].values() for row in of.values()
    )
    shown = ("share", "agreement", "kappa") if alone else ("agreement",)
    rows = []
    for name in next(iter(surveys.values()))["classes"]:
        measured = [survey["classes"].get(name, {}) for survey in surveys.values()]
        rows.append([name, *(over_raters(row.get(measure)) for row in measured for measure in shown)])
    title = f"agreement per class, intervals over {RATERS if both else 'faces'}"
    return table_of(
        ["class", *(shown if alone else surveys)], rows, title, f"~ {ROUGH} have the class" if rough else None
    )


COMPONENTS = {
    "face": "face",
    "rater": "rater",
    "residual": "face x rater, rest",
    "face_x_rater": "face x rater",
    "occasion": "occasion",
}
"""Share of variance -> its words; where workers answered some faces twice, the rest is taken apart."""


def component_table(survey: Mapping[str, Any], title: str) -> Table:
    """What share of the variance of single answers is the face, the rater, both, the occasion; intervals below."""
    rows = survey["components"]
    shown = [name for name in COMPONENTS if any(name in parts for parts in rows.values())]
    shown = [name for name in shown if name != "residual" or not all("occasion" in parts for parts in rows.values())]
    words = "percent of the variance of single answers; intervals over faces and raters; the rater's share is rough"
    cells = ([of, *(_percent(parts.get(name)) for name in shown)] for of, parts in rows.items())
    return table_of(["of", *(COMPONENTS[name] for name in shown)], cells, title, words)


def _percent(result: Mapping[str, Any] | None) -> str:
    if not result or result.get("value") is None:
        return ""
    low, high = headline(result)
    value, low, high = (None if end is None else round(100 * end) for end in (result["value"], low, high))
    return interval(value, low, high, 0, ends=BELOW)


def change_table(rows: pd.DataFrame, title: str) -> Table:
    """Change of each class's share, in percentage points, intervals below, and Holm-corrected p."""
    numbers = ("original", "majority", "change", "p (Holm)", "votes", "change")
    cells = (row.values() for row in change_cells(rows, ends=SIGNED_BELOW))
    return table_of(["class", *numbers], cells, title, right=numbers)


def change_cells(rows: pd.DataFrame, ends: str) -> list[dict[str, str]]:
    """A row a class of ``classes`` of ``label_changes``, as readers see it.

    Args:
        rows: shares and their changes, 0..1; they are written in percent and in percentage points.
        ends: how intervals are set.
    """
    return [
        {
            "class": str(row["class"]),
            "original": percent(row["original"], ".1f"),
            "majority": percent(row["majority"], ".1f"),
            "change": _points(row, "change", "", ends),
            "p (Holm)": p_value(row["p_holm"]),
            "votes": percent(row["votes"], ".1f"),
            "change of votes": _points(row, "votes_change", "votes_", ends),
        }
        for row in rows.to_dict("records")
    ]


def rating_tables(rows: pd.DataFrame, title: str) -> list[Table]:
    """The crowd's ratings against the original: every measure over all tasks, and bias and CCC per class."""
    at = {(row["side"], row["class"], row["measure"]): row for row in rows.to_dict("records")}
    sides = list(dict.fromkeys(rows["side"]))
    cells = (
        [measure, *(of_row(at.get((side, "all", measure)), missing="undefined") for side in sides)]
        for measure in dict.fromkeys(rows["measure"])
    )
    overall = table_of(["measure", *sides], cells, title, wrapped=["measure"])
    names = [name for name in dict.fromkeys(rows["class"]) if name != "all"]
    if not names:
        return [overall]
    shown = {f"{side} {measure}": (side, measure) for side in sides for measure in SIGNS}

    def shown_cell(name: str, side: str, measure: str) -> str:
        return of_row(at.get((side, name, measure)), 2, SIGNS[measure], ends="\n{} to {}") or "–"

    cells = ([name, *(shown_cell(name, *of) for of in shown.values())] for name in names)
    of_classes = table_of(["class", *shown], cells, f"{title}, per original class", right=shown, wrapped=["class"])
    return [overall, of_classes]


def _points(row: Mapping[Any, Any], change: str, prefix: str, ends: str) -> str:
    names = (change, f"{prefix}low", f"{prefix}high")
    value, low, high = (None if row[name] is None else 100 * row[name] for name in names)
    return interval(value, low, high, 1, "+", ends=ends)
