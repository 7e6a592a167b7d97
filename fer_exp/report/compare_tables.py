"""What `fer-exp compare` prints and keeps: a table of configs, and a table of differences for each pair."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from fer_exp.metrics.words import direction
from fer_exp.report.cells import (
    BELOW,
    SIGNED_BELOW,
    as_columns,
    difference,
    interval,
    marked,
    of_row,
    p_value,
    rough_note,
    table_of,
)
from fer_exp.report.model_verdicts import letters

MOST = 3  # pairs shown one by one; of more, the first metric of each
PEOPLE = "people: half the raters against the rest"
TESTS = ("p_t", "p_paired", "p_wilcoxon", "p_permutation")


def groups_table(result: Mapping[str, Any]) -> Table:
    """A block of lines a config: letter, name, number of runs, and a few metrics with their intervals below."""
    persons = "" if result["subjects"] is None else f" of {result['subjects']:,} people"
    title = f"{result['faces']:,} faces{persons}"
    words = (
        "95 % intervals: over runs and persons or faces; of one run, over these alone; of two runs rough; "
        "T, + uniform: fitted on val"
    )
    shown = _shown(result["metrics"])
    of_shown = [of.get(name) for of in (*(group["metrics"] for group in result["groups"]), result["people"])
                for name in shown]  # fmt: skip
    rows = []
    for number, group in enumerate(result["groups"]):
        cells = [of_row(group["metrics"].get(name), ends=BELOW) for name in shown]
        repaired = group["repair"] is not None and group["runs"]
        name = f"{letters(group['base'])}, {group['words']}" if repaired else group["name"]
        rows.append([letters(number), name, str(len(group["runs"]) or ""), *cells])
    if result["people"]:
        cells = [of_row(result["people"].get(name), ends=BELOW) for name in shown]
        faces = min(row["n"] for row in result["people"].values())
        on = "" if faces == result["faces"] else f", on the {faces:,} faces with two raters or more"
        rows.append(["", PEOPLE + on, "", *cells])
    metrics = [f"{name.replace('_', chr(10))}\n{direction(name)}" for name in shown]
    caption = words + rough_note(of_shown)
    return table_of(
        ["", "config", "runs", *metrics],
        rows,
        title,
        caption,
        right=["runs", *metrics],
        wrapped=["runs"],
        folded=["config"],
    )


def pairs_tables(result: Mapping[str, Any]) -> list[Table]:
    """Differences with intervals, the paper's test, the paired ones, effect, Holm.

    Args:
        result: as ``compare_sources`` gives it.

    Returns:
        A table a pair of trained configs, unless these are more than ``MOST``; one of the first metric of all others.
    """
    pairs, first = result["pairs"], result["metrics"][0]
    trained = [pair for pair in pairs if result["groups"][pair["a"]]["repair"] is None]
    if len(trained) > MOST:
        trained = []
    tables = [
        _pair_table("metric", _less(pair), [(_narrow(name), entry) for name, entry in pair["metrics"].items()])
        for pair in trained
    ]
    if rest := [pair for pair in pairs if pair not in trained]:
        rows = [(_less(pair), pair["metrics"][first]) for pair in rest]
        tables.append(_pair_table("pair", f"{first}, {len(rest)} more pairs", rows))
    for table in tables[-1:]:
        table.caption = (
            "t: the published independent test; paired t, W(ilcoxon), perm(utation by person); d_z; p and interval: "
            f"over runs and persons or faces; {_corrected(result)}"
        ) + rough_note(entry for pair in pairs for entry in pair["metrics"].values())
    return tables


def _corrected(result: Mapping[str, Any]) -> str:
    """What Holm's correction is over, and what is exploratory."""
    if result["primary"] is None:
        return "Holm over all of p, which are exploratory: no primary metric was named"
    return f"Holm over the pairs in {result['primary']}, the primary metric; the others are exploratory"


def groups_frame(result: Mapping[str, Any]) -> pd.DataFrame:
    """A row per config, and for each metric its value, interval and spread over runs."""
    rows = []
    for number, group in enumerate(result["groups"]):
        row: dict[str, Any] = {"config": letters(number), "name": group["name"], "runs": len(group["runs"])}
        for name, entry in group["metrics"].items():
            row |= as_columns(name, entry) | {f"{name}_sd": entry["sd"]}
        rows.append(row)
    people: dict[str, Any] = {"config": "", "name": PEOPLE, "runs": 0}
    for name, entry in result["people"].items():
        people |= as_columns(name, entry)
    return pd.DataFrame([*rows, people] if result["people"] else rows)


def pairs_frame(result: Mapping[str, Any]) -> pd.DataFrame:
    """A row per pair and metric, and a column for each number."""
    rows = [
        {"a": letters(pair["a"]), "b": letters(pair["b"]), "metric": name, **entry}
        for pair in result["pairs"]
        for name, entry in pair["metrics"].items()
    ]
    return pd.DataFrame(rows, columns=None if rows else ["a", "b", "metric", "difference"])


def _shown(metrics: list[str]) -> list[str]:
    """At most four: the first and those that say human-like, unsure like people, right; else the first four."""
    wanted = ("rater_equivalents", "entropy_correlation", "majority_accuracy", "accuracy")
    picked = dict.fromkeys([metrics[0], *(name for name in wanted if name in metrics)])
    if "majority_accuracy" in picked:
        picked.pop("accuracy", None)
    return list(picked if len(picked) > 1 else metrics)[:4]


def _less(pair: Mapping[str, Any]) -> str:
    return f"{letters(pair['a'])} - {letters(pair['b'])}"


def _pair_table(head: str, title: str, rows: list[tuple[str, Mapping[str, Any]]]) -> Table:
    numbers = ("t", "paired", "W", "perm", "d_z", "p", "Holm")
    lines = []
    for words, entry in rows:
        *of_tests, p, holm = (p_value(entry.get(key), narrow=True) for key in (*TESTS, "p", "holm"))
        effect = interval(entry.get("dz"), None, None, 2, "+", missing="")
        cell = difference(entry, SIGNED_BELOW)
        lines.append([words, marked(cell) if entry.get("rough") else cell, *of_tests, effect, p, holm])
    return table_of([head, "difference", *numbers], lines, title, right=numbers, wrapped=[head])


def _narrow(metric: str) -> str:
    """A metric's name and direction where 80 columns are few: on several lines, of which its interval takes two anyway.

    >>> print(_narrow("earth_movers_distance"))
    earth_movers_
    distance ↓
    """
    words = f"{metric.replace('_', '_ ')} {direction(metric)}"
    return "\n".join(textwrap.wrap(words, 14)).replace("_ ", "_").strip()
