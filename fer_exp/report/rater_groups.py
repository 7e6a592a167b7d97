"""What is shown of groups of raters: how well each agrees within itself, and how far groups are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from rich.table import Table

from fer_exp.report.agreement_tables import of_subset, over_raters, said_of
from fer_exp.report.cells import TO, interval, once, p_equals, p_value, table_of
from fer_exp.report.outcome import Outcome, OutcomeTable
from fer_exp.stats.tests import SHOWN

WITHIN = ("percent_agreement", "fleiss_kappa")
"""What is shown of each group's own agreement; agreement.json has all of it."""
FEW = 10
"""Raters of a group below which what is said of other raters is rough (scripts/coverage_groups.py)."""

Found = Mapping[str, Any]
"""As ``raters.groups.between`` gives it, with ``within``: group -> its survey."""


def with_rater_groups(outcome: Outcome, found: Mapping[str, Found]) -> Outcome:
    """What was found of all raters with what was found of groups of them, subset by subset."""
    screen, tables, notes, said = [*outcome.screen], [*outcome.tables], [*outcome.notes], [outcome.verdict]
    content = {name: dict(entry) for name, entry in outcome.content.items()}
    for subset, one in found.items():
        stem, of = of_subset(subset)
        sentences = verdict(one)
        said += [said_of(subset, sentence) for sentence in sentences]
        screen.append(within_table(one, of))
        for kind, rows in one["pairs"].items():
            if rows:
                screen.append(pairs_table(one, kind, of))
                tables.append(OutcomeTable(f"groups_{kind}{stem}", _caption(one, kind), _frame(rows)))
                shifts = pd.DataFrame([{"one": r["one"], "other": r["other"], **s} for r in rows for s in r["shift"]])
                if kind == "labels" and len(shifts):
                    screen.append(shift_table(one, of))
                    caption = f"What raters of {one['by']} answer more often: the one less the other."
                    tables.append(OutcomeTable(f"groups_shift{stem}", caption, shifts))
        notes += [f"{note}." for note in one["notes"]]
        content[subset] |= {"groups": {**one, "verdict": sentences}}
    return replace(
        outcome, screen=screen, tables=tables, notes=notes, content=content, verdict="; ".join(filter(None, said))
    )


def within_table(found: Found, of: str = "") -> Table:
    """A line a group: raters, faces, and agreement among themselves."""
    rows = []
    for name, survey in found["within"].items():
        labels = survey["labels"]
        faces = labels.get("percent_agreement", {}).get("n", 0)
        cells = [over_raters(labels.get(measure)) for measure in WITHIN]
        rows.append([name, f"{found['raters'][name]:,}", f"{faces:,}", *cells])
    headers = (found["by"], "raters", "faces", "agreement", "kappa")
    title = f"agreement within groups of {found['by']}{of}"
    return table_of(
        headers, rows, title, "intervals: over faces and raters", right=["raters", "faces"], wrapped=[found["by"]]
    )


def pairs_table(found: Found, kind: str, of: str = "") -> Table:
    """A line a pair of groups, on the faces where both have two raters."""
    labels = kind == "labels"
    head = "class" if labels else kind
    caption = (
        "within: two raters of one group agree; across: two of different groups; distance: both withins less twice "
        "the across, the squared distance of response distributions; p: groups of raters dealt at random"
        if labels
        else "distance: squared difference of mean ratings, less what few raters add; p: groups dealt at random"
    )
    rows = []
    for row in found["pairs"][kind]:
        cells = [f"{row['one']} – {row['other']}", f"{row['faces']:,}"]
        if labels:
            within = row["within"]
            cells += ["–", "–"] if within is None else [f"{within[0]:.3f}, {within[1]:.3f}", f"{row['across']:.3f}"]
        ends = (row["low_raters"], row["high_raters"])
        cells.append(interval(row["distance"], *ends, missing="undefined", ends="\n[{}, {}]"))
        rows.append([*cells, p_value(row["p"], narrow=True), p_value(row["holm"], narrow=True)])
    headers = ("groups", "faces", *(["within", "across"] if labels else []), "distance", "p", "Holm")
    title = f"between groups of {found['by']}: {head}{of}"
    caption += "; interval: over faces and raters"
    return table_of(headers, rows, title, caption, right=["faces"], wrapped=["groups"])


def shift_table(found: Found, of: str = "") -> Table:
    """A line a class: by how many percentage points the one group says it more often than the other."""
    rows = [
        [f"{row['one']} less {row['other']}", shift["of"], f"{100 * shift['difference']:+.1f}",
         *(p_value(shift[key], narrow=True) for key in ("p", "holm"))]
        for row in found["pairs"]["labels"]
        for shift in row["shift"]
    ]  # fmt: skip
    title = f"what groups of {found['by']} answer, percentage points{of}"
    headers = ("groups", "class", "difference", "p", "Holm")
    return table_of(headers, once(rows), title, "Holm over all lines", right=["difference"])


def verdict(found: Found) -> list[str]:
    """Whether groups of raters answer differently, a sentence a kind of answer, without a stop.

    >>> row = {"one": "JP", "other": "US", "faces": 9, "distance": 0.1, "low_raters": 0.02, "high_raters": 0.2,
    ...        "raters": [12, 12], "holm": 0.01}
    >>> verdict({"by": "culture", "pairs": {"labels": [row]}})
    ['raters of culture JP and US answer differently: squared distance 0.100 (0.020 to 0.200), permutation p = 0.010']
    """
    said = []
    for kind, rows in found["pairs"].items():
        tested = [row for row in rows if row["holm"] is not None]
        of = "" if kind == "labels" else f" on {kind}"
        shown = [row for row in tested if row["holm"] < SHOWN]
        for row in shown:
            ends = interval(row["distance"], row["low_raters"], row["high_raters"], ends=TO)
            rough = ", few raters: rough" if min(row["raters"]) < FEW else ""
            said.append(
                f"raters of {found['by']} {row['one']} and {row['other']} answer differently{of}: squared distance "
                f"{ends}, permutation {p_equals(row['holm'])}{rough}"
            )
        if tested and not shown:
            most = max(row["high_raters"] if row["high_raters"] is not None else row["high"] or 0 for row in tested)
            said.append(
                f"groups of {found['by']} are not shown to answer differently{of}; a squared distance of {most:.3f} is "
                "not excluded"
            )
    return said


def _caption(found: Found, kind: str) -> str:
    return f"Groups of {found['by']} on {kind}, on the faces where both have two raters or more."


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    flat = []
    for row in rows:
        plain = {key: value for key, value in row.items() if key not in ("raters", "within", "shift")}
        pairs = {"raters": row["raters"], "within": row["within"] or [None, None]}
        plain |= {
            f"{key}_{side}": values[place]
            for key, values in pairs.items()
            for place, side in enumerate(("one", "other"))
        }
        flat.append(plain)
    return pd.DataFrame(flat)
