"""What is shown of a model by groups of faces: tables, rows to keep, and a verdict read off the intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.table import Table

from fer_exp.judging.gaps import ROUGH
from fer_exp.metrics.words import better, direction, spoken
from fer_exp.report.cells import SIGNED_BELOW, TO, difference, of_row, once, p_value, table_of
from fer_exp.report.model_verdicts import letters, listed
from fer_exp.report.outcome import OutcomeTable
from fer_exp.stats.tests import SHOWN

HEADS = {"model": "model's gap", "people": "people's gap", "beyond": "model's less people's"}
"""The differences of a row of ``gaps``, and their words."""
PAIRS = 3
"""Pairs of models whose tables the terminal shows; files have all."""

Found = Mapping[str, Any]
"""As ``judging.gaps.by_group`` gives it."""


def groups_table(found: Found, title: str) -> Table:
    """A line a metric and group: the model, people among themselves, faces."""
    rows = []
    for metric in shown_metrics(found):
        for group in found["groups"]:
            row, people = (group[side].get(metric) for side in ("metrics", "people"))
            cells = [of_row(row), of_row(people), f"{row['n']:,}" if row else ""]
            rows.append([_head(metric), f"{group['name']}{'*' * group['rough']}", *cells])
    headers = ("metric", found["by"], "model", "people", "n")
    caption = f"[95 % interval]; people: half the raters against the rest{_rough(found)}"
    return table_of(headers, once(rows), title, caption, right=["n"], wrapped=[found["by"]])


def said_of_sizes(found: Found) -> str:
    """How many faces, and persons where they are known, each group has.

    >>> said_of_sizes({"by": "sex", "groups": [{"name": "F", "faces": 9, "persons": 3, "rough": True}]})
    'sex: F 9 faces of 3 persons (rough)'
    """
    sizes = []
    for group in found["groups"]:
        persons = f" of {group['persons']:,} persons" if group["persons"] else ""
        sizes.append(f"{group['name']} {group['faces']:,} faces{persons}{' (rough)' * group['rough']}")
    return f"{found['by']}: {', '.join(sizes)}"


def notes(found: Found) -> list[str]:
    """How large the groups are, and what was done to make them, in sentences."""
    return [f"{said}." for said in (said_of_sizes(found), *found["notes"])]


def gaps_table(found: Found) -> Table | None:
    """A line a metric and group: its value less that of all other groups, of the model, of people, and of both."""
    if not found["gaps"]:
        return None
    rows = sorted(found["gaps"], key=lambda gap: shown_metrics(found).index(gap["metric"]))
    caption = f"each group less all others; Holm over the {len(rows)} tests of the last gap of each line"
    lines = []
    for gap in rows:
        differences = (difference(gap[kind], SIGNED_BELOW) for kind in HEADS)
        lines.append([_head(gap["metric"]), gap["group"], *differences, p_value(gap["holm"], narrow=True)])
    headers = ["metric", found["by"], *HEADS.values(), "Holm"]
    return table_of(headers, once(lines), f"gaps by {found['by']}", caption, wrapped=headers[1:-1])


def verdict(found: Found) -> list[str]:
    """Whether a model treats groups differently beyond what people do, in sentences without a stop.

    >>> gap = {"group": "F", "metric": "l1", "model": {"difference": 0.1, "low": 0.02, "high": 0.18, "p": 0.02}}
    >>> gap |= {"people": None, "beyond": {"difference": 0.01, "low": -0.05, "high": 0.07, "p": 0.7}, "holm": 0.7}
    >>> verdict({"by": "sex", "groups": [], "gaps": [gap]})[0]
    'The model is not shown to treat groups of sex differently, beyond what people differ, by L1 (1 test)'
    """
    gaps, by = found["gaps"], found["by"]
    if not gaps:
        return [f"No interval says whether the model treats groups of {by} differently"]
    people = any(gap["beyond"] for gap in gaps)
    beyond = ", beyond what people differ," if people else ""
    shown = [gap for gap in gaps if gap["holm"] is not None and gap["holm"] < SHOWN and _signs(_tested(gap))]
    said = []
    for group in dict.fromkeys(gap["group"] for gap in shown):
        for sign, word in ((-1, "worse"), (1, "better")):
            rows = [gap for gap in shown if gap["group"] == group and _better(gap) == sign]
            if rows:
                numbers = ", ".join(f"{spoken(gap['metric'])} {difference(_tested(gap), TO)}" for gap in rows)
                more = " by more than people differ" if people and all(gap["beyond"] for gap in rows) else ""
                said.append(f"The model does {word} on {by} {group} than on the others{more}: {numbers}")
    metrics = list(dict.fromkeys(gap["metric"] for gap in gaps))
    if not said:
        tests = f"{len(gaps)} test{'s' * (len(gaps) > 1)}"
        said.append(
            f"The model is not shown to treat groups of {by} differently{beyond} by {listed(metrics)} ({tests})"
        )
        if first := [gap for gap in gaps if gap["metric"] == metrics[0] and _ends(_tested(gap))]:
            most = max(max(abs(end) for end in _ends(_tested(gap))) for gap in first)
            said.append(
                f"That is no proof that it treats them alike: by {spoken(metrics[0])} {most:.3f} is not excluded"
            )
    own = [gap for gap in gaps if gap["beyond"] and _signs(gap["model"]) and gap not in shown]
    if own:
        named = (f"{spoken(gap['metric'])} on {gap['group']} {difference(gap['model'], TO)}" for gap in own[:3])
        words = ", ".join(named)
        said.append(f"Its own figures do differ ({words}), not shown to be more than people's do (uncorrected)")
    return said


def pairs_tables(found: Found) -> list[Table]:
    """Of ``judging.gaps.compared_by_group``: a table a pair, a line a metric and group."""
    lines: dict[tuple[int, int], list[list[str]]] = {}
    for row in found["rows"]:
        cells = [difference(row[kind], SIGNED_BELOW) for kind in ("within", "interaction")]
        p = (row["interaction"]["p"], row["holm"]) if row["interaction"] else (None, None)
        cells += [p_value(one, narrow=True) for one in p]
        lines.setdefault((row["a"], row["b"]), []).append([_head(row["metric"]), row["group"], *cells])
    headers = ("metric", found["by"], "difference", "less that elsewhere", "p", "Holm")
    tables = [
        table_of(headers, once(rows), f"{letters(a)} - {letters(b)} by {found['by']}", wrapped=[found["by"]])
        for (a, b), rows in lines.items()
    ]
    number = sum(row["interaction"] is not None for row in found["rows"])
    for table in tables[-1:]:
        table.caption = f"less that elsewhere: the difference here less that of all other groups; Holm over {number}"
    return tables[:PAIRS]


def verdict_of_pairs(found: Found) -> list[str]:
    """Whether the difference of two models is another in one group than elsewhere, in sentences without a stop."""
    tested = [row for row in found["rows"] if row["interaction"] is not None and row["holm"] is not None]
    shown = [row for row in tested if row["holm"] < SHOWN and _signs(row["interaction"])]
    said = [
        f"By {spoken(row['metric'])}, {letters(row['a'])} less {letters(row['b'])} is another on {found['by']} "
        f"{row['group']} than elsewhere: by {difference(row['interaction'], TO)}"
        for row in shown
    ]
    if tested and not shown:
        metrics = listed(list(dict.fromkeys(row["metric"] for row in tested)))
        said.append(
            f"No difference between models is shown to hang on {found['by']}, by {metrics} ({len(tested)} tests)"
        )
    return said


def pairs_frame(found: Found, name: str) -> OutcomeTable:
    """A row a pair, metric and group."""
    rows = [
        {"a": letters(row["a"]), "b": letters(row["b"]), "metric": row["metric"], "group": row["group"]}
        | {f"{kind}_{key}": value for kind in ("within", "interaction") for key, value in (row[kind] or {}).items()}
        | {"holm": row["holm"]}
        for row in found["rows"]
    ]
    return OutcomeTable(name, f"Differences within groups of {found['by']}, and between them.", pd.DataFrame(rows))


def groups_frame(found: Found) -> OutcomeTable:
    """Every metric by group, a row each."""
    rows = [
        {found["by"]: group["name"], "side": side, "metric": metric, **entry, "persons": group["persons"],
         "rough": group["rough"]}
        for group in found["groups"]
        for side, key in (("model", "metrics"), ("people", "people"))
        for metric, entry in group[key].items()
    ]  # fmt: skip
    return OutcomeTable("groups", f"Metrics by {found['by']}, 95 % intervals.", pd.DataFrame(rows), keep=False)


def gaps_frame(found: Found) -> OutcomeTable:
    """Every gap, a row a group and metric."""
    rows = [
        {"group": gap["group"], "metric": gap["metric"]}
        | {f"{kind}_{key}": value for kind in HEADS for key, value in (gap[kind] or {}).items()}
        | {"holm": gap["holm"]}
        for gap in found["gaps"]
    ]
    return OutcomeTable("gaps", f"Each group of {found['by']} less all others.", pd.DataFrame(rows), keep=False)


def shown_metrics(found: Found) -> list[str]:
    """What the terminal shows, files having all: the metrics that are tested, else some."""
    tested = list(dict.fromkeys(gap["metric"] for gap in found["gaps"]))
    return tested or list(dict.fromkeys(metric for group in found["groups"] for metric in group["metrics"]))[:4]


def _head(metric: str) -> str:
    return f"{spoken(metric, short=True)} {direction(metric)}"


def _rough(found: Found) -> str:
    rough = any(group["rough"] for group in found["groups"])
    return f"; * fewer than {ROUGH} persons or faces: rough" if rough else ""


def _tested(gap: Mapping[str, Any]) -> Mapping[str, Any]:
    """The difference that is tested: beyond people's, where people have one."""
    tested: Mapping[str, Any] = gap["beyond"] or gap["model"]
    return tested


def _ends(entry: Mapping[str, Any]) -> Sequence[float]:
    return [end for end in (entry["low"], entry["high"]) if end is not None]


def _signs(entry: Mapping[str, Any]) -> int:
    """1 or -1 where the whole interval lies on one side of 0, else 0."""
    ends = _ends(entry)
    return int(min(ends) > 0) - int(max(ends) < 0) if ends else 0


def _better(gap: Mapping[str, Any]) -> int:
    return _signs(_tested(gap)) * better(gap["metric"])
