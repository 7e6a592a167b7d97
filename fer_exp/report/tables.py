"""Tables for the terminal: one run against its references, and after simple repairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from rich.table import Table

from fer_exp.metrics.emd import left_out
from fer_exp.metrics.registry import BASELINES, CEILING, FEW_PERSONS, HEADLINE, REPAIRED
from fer_exp.metrics.words import direction, of_model
from fer_exp.report.cells import interval, of_row, rough_note, table_of
from fer_exp.report.outcome import OutcomeTable

A_RATER = "1 each"
"""What people have in rater equivalents: it is they who are counted."""

Rows = Mapping[str, Mapping[str, float | int | None]]
"""Metric -> value, low, high, n."""
Metrics = Mapping[str, Rows]


def metrics_table(metrics: Metrics, split: str, everything: bool = False) -> Table:
    """The metrics of one split: the model with its interval, the class prior, people, and the faces used.

    Args:
        metrics: as ``judge`` returns them; without the split the table has no rows.
        split: which to show.
        everything: every metric rather than ``HEADLINE``.
    """
    rows = metrics.get(split, {})
    of_the_model = [name for name in rows if of_model(name)]
    shown = of_the_model if everything else [name for name in HEADLINE if name in of_the_model]
    caption = f"{_stands_on(rows)}; prior: the class prior{_people(rows, shown)}"
    caption += rough_note(rows[name] for name in shown)
    if any(f"calibrated_{name}" in rows for name in shown):
        caption += "\nchance: what a calibrated model exceeds 1 time in 20"
    if more := len(of_the_model) - len(shown):
        caption += f"\n{more} more metrics: fer-exp evaluate ... all=true"
    measured = (name.removeprefix("soft_f1_") for name in rows if name.startswith("soft_f1_"))
    if words := left_out(measured):
        caption += f"\n{words}"
    lines = []
    for name in shown:
        references = [_number(rows, f"{kind}_{name}") for kind in ("prior", "ceiling")]
        if name == "rater_equivalents":
            references[1] = A_RATER
        elif (faces := _fewer(rows, name)) is not None:
            references[1] += f" ({faces:,})"
        chance = _number(rows, f"calibrated_{name}")
        model = of_row(rows[name]) + (f" (chance {chance})" if chance else "")
        lines.append([f"{name} {direction(name)}", model, *references, f"{rows[name]['n']:,}"])
    headers = ("metric", "model", "prior", "people", "n")
    table = table_of(headers, lines, split, caption, right=headers[2:], wrapped=["metric"])
    table.padding = (0, 1, 0, 1)
    return table


def _fewer(rows: Rows, name: str) -> int | None:
    """The faces that people's value stands on, where the model's stands on others, too."""
    faces = rows.get(f"ceiling_{name}", {}).get("n")
    return None if faces is None or faces == rows[name]["n"] else int(faces)


def _people(rows: Rows, shown: Sequence[str]) -> str:
    """What the column of people has, as far as it has something."""
    there = [name for name in shown if f"ceiling_{name}" in rows]
    halves = "half the raters against the rest" if any(name in CEILING for name in there) else ""
    label = "of accuracy against the label" if "accuracy" in there else ""
    by_class = "by emotion one rater a face" if any(name.startswith("hit_rate_") for name in there) else ""
    words = ", ".join(filter(None, [halves, label, by_class]))
    fewer = "; (N): on N faces, those with two raters or more" if any(_fewer(rows, name) for name in there) else ""
    return f"; people: {words}{fewer}" if words else ""


def metrics_rows(metrics: Metrics, splits: Sequence[str]) -> OutcomeTable:
    """Every metric of some splits as a table of rows, references beside, for Python: metrics.json holds the same."""
    rows = [
        {
            "split": split,
            "metric": name,
            **metrics[split][name],
            **{kind: metrics[split].get(f"{kind}_{name}", {}).get("value") for kind in ("prior", "ceiling")},
        }
        for split in splits
        for name in metrics[split]
        if of_model(name)
    ]
    return OutcomeTable("metrics", "Metrics, 95 % intervals.", pd.DataFrame(rows), keep=False)


def baselines_table(metrics: Metrics, split: str) -> Table | None:
    """The model as trained, after simple repairs, and without a look at the face; None where there is no repair.

    Intervals are left out; they stand in metrics.json.
    """
    rows = metrics.get(split, {})
    shown = [name for name in REPAIRED if name in rows]
    if not any(f"temperature_{name}" in rows or f"temperature_votes_{name}" in rows for name in shown):
        return None
    caption = (
        "T: temperature; + uniform: so much of it mixed in; vector: a weight and a bias for each class; all fitted on "
        "the validation split"
    )
    lines = []
    for prefix, words in {"": "as trained", **{f"{name}_": words for name, words in BASELINES.items()}}.items():
        fitted = rows.get(prefix.removesuffix("_"), {}).get("value")
        cells = [_number(rows, prefix + name) for name in shown]
        if any(cells):
            lines.append([words if fitted is None else f"{words} {fitted:.2f}", *cells])
    headers = [f"{name.replace('_', chr(10))}\n{direction(name)}" for name in shown]
    return table_of(["baseline", *headers], lines, caption=caption, right=headers)


def panel_sizes(rows: Mapping[str, object]) -> list[int]:
    """The sizes of the panels that the metrics have, smallest first.

    >>> panel_sizes({"ceiling_panel5_l1": {}, "ceiling_panel1_l1": {}})
    [1, 5]
    """
    panels = (name.removeprefix("ceiling_panel") for name in rows if name.startswith("ceiling_panel"))
    return sorted(int(size.removesuffix("_l1")) for size in panels)


def _stands_on(rows: Rows) -> str:
    """What the intervals are, with the fewest persons that one of them is drawn from.

    >>> _stands_on({"l1": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 90, "persons": 6}})
    '[95 % interval, over 6 persons: rough]'
    """
    rows = {name: row for name, row in rows.items() if "hit_rate_" not in name}  # which is of one class's faces
    if rows and all(row.get("low") is None and row.get("high") is None for row in rows.values()):
        return "no intervals (bootstrap=0, or nothing to draw from)"
    counts = [count for row in rows.values() if (count := row.get("persons")) is not None]
    persons = min(counts, default=None)
    if persons is None:
        return "[95 % interval]"
    return f"[95 % interval, over {persons:,} persons{': rough' if persons < FEW_PERSONS else ''}]"


def _number(rows: Rows, name: str) -> str:
    row = rows.get(name, {})
    return interval(row.get("value"), row.get("low"), None, missing="")
