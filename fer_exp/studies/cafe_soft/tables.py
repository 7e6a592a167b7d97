"""The tables of one label against a distribution of votes, as numbers and for readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from fer_exp.metrics.registry import BASELINES
from fer_exp.report.cells import as_columns, interval, p_value
from fer_exp.report.outcome import OutcomeTable
from fer_exp.studies.cafe_soft.networks import (
    ANSWERS,
    MEASURES,
    ONEHOT,
    SOFT,
    Compared,
    differences,
    published_tests,
    values,
)
from fer_exp.studies.tables import NOT_STATED, difference_cell
from fer_exp.studies.trained import Trained, troubles

PEOPLE = {"people, half": "", "people, one": "leave_one_out_", "people, all anew": "sampling_"}
"""Row -> what stands between ``ceiling_`` and the metric in metrics.json."""
COLUMNS = ("l1", "macro_f1", "majority_macro_f1", "rater_equivalents")
"""What readers see; the csv has all of ``MEASURES``."""
TERMS = (
    "F1 in percent, the mean over classes, against the corpus' label and against the majority of the votes. Raters: "
    "rater equivalents, the number of people whose shares of answers are as near to everybody's as the network, in "
    "squared error. T by labels, by votes: one-hot after a temperature fitted on validation. + uniform: mixed with "
    "uniform answers, fitted in the same way. People: half of a face's raters against the other half, one against all "
    "others, all against as many new ones. Published: two ResNet-152 on CAFE, F1 against CAFE's label. The means of "
    "L1, and how F1 is averaged, are not stated (csv: weighted F1)."
)


class Shown(NamedTuple):
    """What all tables share: the published figures, whether the corpus is the paper's, and the scale in words."""

    published: dict[str, Any]
    same_corpus: bool
    scale: str

    def difference(self, value: float | None) -> str:
        """A cell of the column difference."""
        return difference_cell(value, self.same_corpus)

    def table(self, name: str, caption: str, rows: list[dict[str, Any]], cells: list[dict[str, Any]]) -> OutcomeTable:
        """A table whose rows all say the scale."""
        full, shown = (pd.DataFrame(content).assign(scale=self.scale) for content in (rows, cells))
        return OutcomeTable(name, caption, full, shown)


def networks(
    groups: Mapping[str, Sequence[Trained]], compared: Compared | None, shown: Shown, caption: str
) -> OutcomeTable:
    """A row a label mode, finished or not; then one-hot repaired after training, answers without a network, people."""
    results = values(compared)
    rows, cells = [], []
    for mode, group in groups.items():
        stated = shown.published["f1"].get({ONEHOT: "onehot", SOFT: "soft"}.get(mode))
        trouble, result = troubles(group), results.get((mode, None), {})
        ours = result.get("macro_f1", {}).get("value")
        difference = 100 * ours - stated if shown.same_corpus and stated is not None and ours is not None else None
        seeds = len(compared.sources.get(mode, ())) if compared else 0
        rows.append({"network": mode, "seeds": seeds, **_numbers(result), "published": stated,
                     "difference": difference, "state": trouble or "done"})  # fmt: skip
        row = {**_cells(result), "published": NOT_STATED if stated is None else f"{stated:.2f} (CAFE)"}
        if trouble:
            row["L1"] = f"{row['L1']} ({trouble})" if result else trouble
        cells.append({"network": mode, **row, "difference": shown.difference(difference)})
    beside = {
        (mode, ", ".join(filter(None, (mode, BASELINES[repair])))): result
        for (mode, repair), result in results.items()
        if repair is not None
    }
    if compared is not None:
        for name, kind in PEOPLE.items():
            beside["", name] = {metric: compared.people.get(f"ceiling_{kind}{metric}", {}) for metric in MEASURES}
    for (mode, name), result in beside.items():
        rows.append({"network": name, **_numbers(result), "state": "done"})
        if mode in ("", ONEHOT):
            nothing = {"published": NOT_STATED, "difference": shown.difference(None)}
            cells.append({"network": name, **_cells(result), **nothing})
    return shown.table("networks", f"{caption} {TERMS}", rows, cells)


def tests(compared: Compared, shown: Shown) -> list[OutcomeTable]:
    """The tests of L1, one-hot less soft, beside the published one; no table where one of both is missing."""
    published = shown.published
    rows, cells = [], []
    for row in published_tests(compared):
        like = row["test"] == "independent t"
        known = like and shown.same_corpus and row["statistic"] is not None
        difference = row["statistic"] - published["t"] if known else None
        stated = {"published": published["t"], "published_p": published["p"]} if like else {}
        rows.append({**row, **stated, "difference": difference})
        cells.append(
            {
                "test": row["test"],
                "of": row["of"],
                "statistic": interval(row["statistic"], row["low"], row["high"]),
                "df": "" if row["df"] is None else f"{row['df']:.0f}",
                "p": p_value(row["p"]),
                "effect": "" if row["effect"] is None else f"{row['effect']:.2f}",
                "published": f"{published['t']} (CAFE)" if like else NOT_STATED,
                "difference": shown.difference(difference),
            }
        )
    if not rows:
        return []
    faces, d = published["implied"]["faces"], published["implied"]["d"]
    caption = (
        f"L1 to the votes, one-hot less soft, {rows[0]['n']:,} faces: above 0, soft is closer to people. Statistic: t, "
        "for Wilcoxon the smaller rank sum, else the mean difference. Effect: d of independent samples, d_z of pairs. "
        f"Published: t = {published['t']}, p = {published['p']}. This test takes two networks on the same faces as "
        "independent samples; the other tests are the right ones. Permutation swaps whole persons. The t of runs and "
        "persons (faces if persons are not known) asks what other trainings would give on other persons. The "
        "paired t of seeds asks what they would give on these, from each seed's mean over faces. t grows with "
        "the number of faces, d does not: the published t and p imply "
        f"{faces[0]} to {faces[1]} faces and d {d[0]:.2f} to {d[1]:.2f}, which are not stated."
    )
    return [shown.table("tests", caption, rows, cells)]


def less_soft(compared: Compared, shown: Shown) -> list[OutcomeTable]:
    """Every other network, and one-hot after a temperature, less soft; no table where there is none."""
    rows = differences(compared)
    if not rows:
        return []
    cells = [
        {
            "network": row["network"],
            "metric": MEASURES[row["metric"]],
            "less soft": _scaled(row, row["metric"], "difference", "+"),
            "p": p_value(row["p"]),
            "p (Holm)": p_value(row["p_holm"]),
            "d_z": interval(row.get("dz"), None, None, 2),
            "published": NOT_STATED,
            "difference": shown.difference(None),
        }
        for row in rows
        if row["metric"] in COLUMNS
    ]
    caption = (
        "Other networks less soft, 95 % over runs and persons (faces if persons are not known). p (Holm) is "
        f"corrected for all {len(rows)} rows of the csv, which has more metrics and tests. F1 is in points; T "
        "changes no answer, so it has no F1. d_z is of each face's mean over seeds, if the metric is a mean over "
        "faces. A difference that T, one number, removes is one of confidence alone."
    )
    return [shown.table("differences", caption, rows, cells)]


def _numbers(result: Mapping[str, Any]) -> dict[str, float | None]:
    """Every metric with its interval, as columns."""
    columns: dict[str, float | None] = {}
    for metric in MEASURES:
        columns |= as_columns(metric, result.get(metric, {}))
    return columns


def _cells(result: Mapping[str, Any]) -> dict[str, str]:
    return {MEASURES[metric]: _scaled(result.get(metric, {}), metric, "value") for metric in COLUMNS}


def _scaled(result: Mapping[str, Any], metric: str, key: str, sign: str = "") -> str:
    factor, decimals = (100, 1) if metric in ANSWERS else (1, 2 if metric == "rater_equivalents" else 3)
    value, low, high = (None if (end := result.get(name)) is None else factor * end for name in (key, "low", "high"))
    return interval(value, low, high, decimals, sign)
