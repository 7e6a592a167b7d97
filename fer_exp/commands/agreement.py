"""`fer-exp agreement`: how well people agree, and what a crowd changes against the original labels."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from fer_exp.answers import Answers, Votes
from fer_exp.commands.people import Original, folder, load, original
from fer_exp.config import AgreementConfig, check_choice
from fer_exp.errors import RequestError
from fer_exp.files import write_json
from fer_exp.labels import TIES
from fer_exp.labels.votes import majority
from fer_exp.raters.changes import label_changes, rating_changes
from fer_exp.raters.survey import survey
from fer_exp.report import people_figures as figures
from fer_exp.report import people_tables as tables
from fer_exp.report.figures import save_figure, style
from fer_exp.report.files import save_table
from fer_exp.stats.bootstrap import FloatArray

ALL = "all"


def agreement(config: AgreementConfig) -> None:
    """Measure agreement, print tables, write tables, figures and agreement.json; the last line is their folder.

    Args:
        config: see conf/agreement.yaml. A table with a column ``subset`` is measured subset by subset, side by side.

    Raises:
        RequestError: no answers, or what reading them finds.
        RunError: a file cannot be written.
    """
    check_choice("ties", config.ties, TIES)
    people = load(config)
    before = original(config, config.against, people) if config.against else None
    parts = _subsets(people.data, before)
    found = {
        name: survey(data, samples=config.bootstrap, seed=config.seed, least=config.min_shared, ordered=config.ordered)
        for name, (data, _) in parts.items()
    }
    changed = {name: _changes(config, data, own) for name, (data, own) in parts.items() if own is not None}
    place = folder(config, "agreement", people.name)
    _write(place, found, changed, parts)
    if config.json:
        print(json.dumps(_plain(found, changed), indent=1, allow_nan=False))
        print(place, file=sys.stderr)
        return
    _show(found, changed)
    print(place)


Parts = dict[str, tuple[Answers | Votes, Original | None]]


def _subsets(data: Answers | Votes, before: Original | None) -> Parts:
    """The whole, or each subset; difficult and random faces must never be thrown together."""
    if data.subset is None:
        return {ALL: (data, before)}
    parts: Parts = {}
    for name in sorted(set(data.subset)):
        inside = data.subset == name
        own = None
        if before is not None:
            affect = None if before.affect is None else before.affect[inside]
            own = Original(before.label[inside], affect, before.missing)
        if isinstance(data, Answers):
            parts[str(name)] = (data.of_tasks(inside), own)
        else:
            part = Votes(data.tasks[inside], data.classes, data.counts[inside], None, data.notes)
            parts[str(name)] = (part, own)
    return parts


def _changes(config: AgreementConfig, data: Answers | Votes, before: Original) -> dict[str, Any]:
    """What the crowd changes in one subset."""
    changed: dict[str, Any] = {"missing": before.missing}
    votes = data.votes() if isinstance(data, Answers) else data
    if len(data.classes) and (before.label >= 0).any():
        top = majority(votes.counts, config.ties, config.seed, [str(task) for task in votes.tasks])
        changed["ties"] = int((top.tied & (before.label >= 0)).sum())
        if not ((before.label >= 0) & (top.top >= 0)).any():
            raise RequestError("No task has both an original label and a majority; take ties=first or ties=random.")
        changed["labels"] = label_changes(
            before.label, top.top, votes.counts, votes.classes, samples=config.bootstrap, seed=config.seed
        )
    if isinstance(data, Answers) and before.affect is not None and data.valence is not None:
        crowd = mean_ratings(data)
        changed["crowd"] = crowd
        changed["ratings"] = rating_changes(
            before.affect, crowd, before.label, data.classes, samples=config.bootstrap, seed=config.seed
        )
    return changed


def mean_ratings(data: Answers) -> FloatArray:
    """Mean valence and arousal of each task, shape (T, 2), nan where nobody rated."""
    means = np.full((len(data.tasks), 2), np.nan)
    for number, side in enumerate(("valence", "arousal")):
        values = data.ratings(side)
        if values is not None:
            rated = ~np.isnan(values)
            many = np.bincount(data.task[rated], minlength=len(data.tasks))
            total = np.bincount(data.task[rated], values[rated], len(data.tasks))
            means[many > 0, number] = total[many > 0] / many[many > 0]
    return means


def _show(found: dict[str, Any], changed: dict[str, Any]) -> None:
    console = Console(highlight=False)
    for kind in tables.KINDS:
        if any(part.get(kind) for part in found.values()):
            console.print(tables.agreement_table(found, kind))
    if any(part["classes"] for part in found.values()):
        console.print(tables.class_table(found))
    for name, part in changed.items():
        of = "" if name == ALL else f" ({name})"
        if "labels" in part:
            _show_labels(console, part, of)
        if "ratings" in part:
            for table in tables.rating_tables(part["ratings"], f"the crowd's ratings against the original{of}"):
                console.print(table)
    for name, part in found.items():
        for line in tables.notes_lines(part["notes"], "" if name == ALL else f"{name}: "):
            console.print(line, soft_wrap=True, markup=False)


def _show_labels(console: Console, part: dict[str, Any], of: str) -> None:
    labels = part["labels"]
    matrix = labels["matrix"].reset_index(names="original")
    console.print(tables.frame_table(matrix, f"original label (rows) by majority of the crowd (columns){of}"))
    console.print(tables.change_table(labels["classes"], f"change of each class's share, percentage points{of}"))
    for test in labels["tests"].to_dict("records"):
        said = f"chi2 = {test['statistic']:,.1f}, df = {test['df']}, p {_equals(test['p'])}"
        console.print(f"{test['test']}: {said} ({test['asks']})", soft_wrap=True, markup=False)
    console.print(
        f"{labels['n']:,} tasks compared, {100 * labels['kept']:.1f} % keep their label; {part['ties']:,} tasks have a "
        f"tie at the top; votes are compared on {labels['voted']:,} tasks; {part['missing']:,} labelled tasks have no "
        "answer.", soft_wrap=True, markup=False,
    )  # fmt: skip


def _equals(p: float) -> str:
    said = tables.p_value(p)
    return said if said.startswith("<") else f"= {said}"


def _write(place: Path, found: dict[str, Any], changed: dict[str, Any], parts: Parts) -> None:
    rows, classes = flat_rows(found)
    save_table(rows, place / "agreement", "Agreement of the raters, with 95 % bootstrap intervals over tasks.")
    if len(classes):
        save_table(classes, place / "classes", "Agreement per class, with 95 % bootstrap intervals over tasks.")
    with style():
        save_figure(figures.agreement_figure(found), place / "agreement")
    shifts = {}
    for name, part in changed.items():
        stem = "" if name == ALL else f"_{name}"
        if "labels" in part:
            labels = part["labels"]
            shifts[name] = labels["classes"]
            matrix = labels["matrix"].reset_index(names="original")
            save_table(matrix, place / f"matrix{stem}", "Original label (rows) by majority of the crowd (columns).")
            save_table(labels["classes"], place / f"shift{stem}", "Change of each class's share, 95 % intervals.")
            save_table(labels["tests"], place / f"tests{stem}", "Tests of the matrix of original labels by majority.")
            with style():
                save_figure(figures.matrix_figure(labels["matrix"], _titled(name)), place / f"matrix{stem}")
        if "ratings" in part:
            save_table(part["ratings"], place / f"ratings{stem}", "The crowd's mean ratings against the original ones.")
            data, before = parts[name]
            if before is not None and before.affect is not None:
                with style():
                    plane = figures.plane_figure(
                        before.affect, part["crowd"], before.label, data.classes, _titled(name)
                    )
                    save_figure(plane, place / f"plane{stem}")
    if shifts:
        with style():
            save_figure(figures.shift_figure(shifts), place / "shift")
    write_json(place / "agreement.json", _plain(found, changed))


def flat_rows(found: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was found as two long tables: one row a measure, and one row a class and measure."""
    rows, classes = [], []
    for part, kinds in found.items():
        for kind in tables.KINDS:
            rows += [
                {"subset": part, "of": kind, "measure": name, **result} for name, result in kinds.get(kind, {}).items()
            ]
        classes += [
            {"subset": part, "class": name, "measure": measure, **result}
            for name, measures in kinds["classes"].items()
            for measure, result in measures.items()
        ]
    return pd.DataFrame(rows), pd.DataFrame(classes)


def _titled(name: str) -> str:
    return "" if name == ALL else name


def _plain(found: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """Ready for JSON: frames as records, no arrays, None for nan."""
    plain: dict[str, Any] = {}
    for name, part in found.items():
        plain[name] = dict(part)
        own = changed.get(name, {})
        if "labels" in own:
            labels = own["labels"]
            plain[name]["against"] = {
                "matrix": labels["matrix"].to_numpy().tolist(),
                "classes": tables.records(labels["classes"]),
                "tests": tables.records(labels["tests"]),
                **{key: labels[key] for key in ("n", "voted", "kept")},
                "ties": own["ties"],
                "without_answers": own["missing"],
            }
        if "ratings" in own:
            plain[name]["ratings_against"] = tables.records(own["ratings"])
    return plain
