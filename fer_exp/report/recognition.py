"""How recognition of emotions is shown: of people, and of a model beside people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from fer_exp.metrics.recognition import FIGURES
from fer_exp.raters.changes import ALL
from fer_exp.raters.recognition import Recognition
from fer_exp.report.cells import BELOW, ROUGH, SIGNED_BELOW, interval, p_value, rough_note, table_of
from fer_exp.report.outcome import Outcome, OutcomeTable, records

Row = Mapping[Any, Any]
BESIDE = ("hit_rate", "hu", "d_prime")
"""What stands of a model beside people; the others are in metrics.json."""
HEADERS = {"hit_rate": "hit rate", "hu": "Hu", "chance_hu": "chance", "d_prime": "d'", "criterion": "criterion"}


def add_recognition(outcome: Outcome, found: Mapping[str, Recognition], alone: bool) -> None:
    """Tables, files and JSON of each subset's recognition; ``alone`` where there are no subsets."""
    for name, each in found.items():
        of = "" if alone else f" ({name})"
        outcome.screen.append(people_table(each, f"recognition, by emotion{of}"))
        outcome.content[name]["recognition"] = {"emotions": records(each.emotions), "tests": records(each.tests)}
    files = {
        "recognition": (
            "emotions",
            "Recognition of each emotion, 95 % intervals over faces, and over faces and raters.",
        ),
        "recognition_tests": ("tests", "Hu against chance, a paired t-test over raters (Wagner 1993), p by Holm too."),
    }
    for file, (part, caption) in files.items():
        if len(rows := _together(found, part)):
            outcome.tables.append(OutcomeTable(file, caption, rows))
    for part in ("raters", "faces"):
        if len(rows := _together(found, part)):
            outcome.data[f"recognition_{part}.csv"] = rows


def people_table(found: Recognition, title: str) -> Table:
    """A row an emotion that was shown: each figure with its widest interval, chance and Wagner's p."""
    over = "_raters" if "low_raters" in found.emotions else ""
    tested = {row["class"]: row for row in found.tests.to_dict("records")}
    raters = int(max((row["raters"] for row in tested.values()), default=0))
    headers = ["hit rate", "Hu", "chance", *(["p"] if tested else []), "d'", "criterion"]
    words = "95 % intervals over faces and raters" if over else "95 % intervals over faces, for these raters"
    if tested:
        words += f"; p: Hu against chance, over {raters:,} raters, by Holm"
        words += rough_note(tested.values(), "finds too much, of so few raters and faces")
    lines = []
    for name, rows in found.emotions.groupby("class", sort=False):
        faces = int(rows["n"].iloc[0])
        if not faces:
            continue
        at = {row["measure"]: row for row in rows.to_dict("records")}
        cells = {HEADERS[figure]: _cell(at[figure], over) for figure in FIGURES}
        cells["chance"] = interval(at["chance_hu"]["value"], None, None, 2)
        cells["p"] = p_value(tested[name]["p_holm"]) + (ROUGH if tested[name]["rough"] else "") if tested else ""
        lines.append([str(name), f"{faces:,}", *(cells[header] for header in headers)])
    return table_of(
        ["emotion", "faces", *headers], lines, title, f"one rater a face; {words}", right=["faces", *headers]
    )


def by_emotion(rows: Mapping[str, Row]) -> dict[str, dict[str, tuple[Row, Row | None]]]:
    """Each figure of each emotion that some face shows: the model's result, and people's on the same faces.

    ``rows`` are a split of metrics.json.
    """
    names = [name.removeprefix("hu_") for name in rows if name.startswith("hu_")]
    shown = [name for name in names if rows[f"hit_rate_{name}"]["value"] is not None]
    return {name: {of: (rows[f"{of}_{name}"], rows.get(f"ceiling_{of}_{name}")) for of in FIGURES} for name in shown}


def model_table(rows: Mapping[str, Row], split: str) -> Table | None:
    """A row an emotion: hit rate, Hu and d' of the model, beside those of one rater a face; None without labels."""
    emotions = by_emotion(rows)
    if not emotions:
        return None
    people = any(beside for figures in emotions.values() for _, beside in figures.values())
    words = "against the label; Hu: hits that answering one emotion often cannot raise"
    sides = range(1 + people)
    headers = [header for of in BESIDE for header in (f"{HEADERS[of]}\nmodel", "\npeople")[: 1 + people]]
    lines = (
        [name, *(_cell(row) if (row := figures[of][side]) else "" for of in BESIDE for side in sides)]
        for name, figures in emotions.items()
    )
    caption = f"{words}{'; people: one rater a face' if people else ''}"
    return table_of(["emotion", *headers], lines, f"{split}, by emotion", caption, right=headers)


def _cell(row: Row, over: str = "") -> str:
    """A value above its interval, whose ends a dash parts, unless one of them may have a sign."""
    low, high = row.get(f"low{over}"), row.get(f"high{over}")
    signed = low is not None and low < 0
    return interval(row["value"], low, high, 2, ends=SIGNED_BELOW if signed else BELOW)


def _together(found: Mapping[str, Recognition], part: str) -> pd.DataFrame:
    """One table of all subsets."""
    parts: dict[str, pd.DataFrame] = {name: getattr(each, part) for name, each in found.items()}
    if list(parts) == [ALL]:
        return next(iter(parts.values()))
    frames = [frame.assign(subset=name) for name, frame in parts.items() if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
