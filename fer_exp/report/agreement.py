"""What `fer-exp agreement` says: agreement of each subset side by side, then what the crowd changes in each."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from fer_exp.answers.scales import UNIT
from fer_exp.raters.changes import ALL, Changes
from fer_exp.raters.recognition import Recognition
from fer_exp.report import agreement_figures as figures, agreement_tables as tables
from fer_exp.report.agreement_tables import Surveys
from fer_exp.report.cells import frame_table, p_equals
from fer_exp.report.outcome import Outcome, OutcomeTable, records
from fer_exp.report.recognition import add_recognition
from fer_exp.report.verdicts import of_agreement
from fer_exp.stats.shares import percent

MAY = ("classes", "components", "matrix*", "shift*", "tests*", "ratings*", "plane*", "groups_*", "recognition*",
       "recognition_raters.csv", "recognition_faces.csv", "verdict.txt")  # fmt: skip
"""What there are files of where there is something to hold answers against, or groups, or subsets."""


def summary(
    surveys: Surveys, changed: dict[str, Changes], classes: tuple[str, ...], recognised: dict[str, Recognition]
) -> Outcome:
    """Agreement of each subset side by side, then what the crowd recognises and changes in each.

    Args:
        surveys: subset -> its agreement.
        changed: subset -> what the crowd changes, where there are original labels or ratings.
        classes: K names.
        recognised: subset -> how well its emotions are recognised, where there is a truth.
    """
    verdict = "; ".join(tables.said_of(name, of_agreement(survey)) for name, survey in surveys.items())
    outcome = Outcome("agreement", content(surveys, changed), verdict=verdict, may=MAY)
    for kind in tables.kinds(surveys):
        if any(survey.get(kind) for survey in surveys.values()):
            outcome.screen.append(tables.agreement_table(surveys, kind))
    if any(survey["classes"] for survey in surveys.values()):
        outcome.screen.append(tables.class_table(surveys))
    rows, of_classes = flat_rows(surveys)
    words = "with 95 % intervals: low, high over faces, of these raters; low_raters, high_raters over faces and raters."
    outcome.tables.append(OutcomeTable("agreement", f"Agreement of the raters, {words}", rows))
    if len(of_classes):
        outcome.tables.append(OutcomeTable("classes", f"Agreement per class, {words}", of_classes))
    for name, survey in surveys.items():
        if survey["components"]:
            outcome.screen.append(tables.component_table(survey, f"where the variance is{tables.of_subset(name)[1]}"))
    if len(parts := component_rows(surveys)):
        outcome.tables.append(OutcomeTable("components", f"Shares of the variance of single answers, {words}", parts))
    outcome.figures["agreement"] = partial(figures.agreement_figure, surveys)
    add_recognition(outcome, recognised, alone=list(surveys) == [ALL])
    for name, change in changed.items():
        _add_labels(outcome, name, change)
        _add_ratings(outcome, name, change, classes)
    if shifts := {name: change.labels["classes"] for name, change in changed.items() if change.labels}:
        outcome.figures["shift"] = partial(figures.shift_figure, shifts)
    for name, survey in surveys.items():
        outcome.notes += [f"{tables.said_of(name, note)}." for note in survey["notes"]]
    return outcome


def _add_labels(outcome: Outcome, name: str, change: Changes) -> None:
    """Matrix, shift and tests of one subset's labels."""
    if (labels := change.labels) is None:
        return
    stem, of = tables.of_subset(name)
    matrix = labels["matrix"].reset_index(names="original")
    outcome.tables += [
        OutcomeTable(f"matrix{stem}", "Original label (rows) by majority of the crowd (columns).", matrix),
        OutcomeTable(f"shift{stem}", "Change of each class's share, 95 % intervals.", labels["classes"]),
        OutcomeTable(f"tests{stem}", "Tests of the matrix of original labels by majority.", labels["tests"]),
    ]
    outcome.figures[f"matrix{stem}"] = partial(figures.matrix_figure, labels["matrix"], "" if name == ALL else name)
    outcome.screen += [
        frame_table(matrix, f"original label (rows) by majority of the crowd (columns){of}"),
        tables.change_table(labels["classes"], f"change of each class's share, percentage points{of}"),
    ]
    for test in labels["tests"].to_dict("records"):
        words = f"chi2 = {test['statistic']:,.1f}, df = {test['df']}, {p_equals(test['p'])}"
        outcome.screen.append(f"{test['test']}: {words} ({test['asks']})")
    kept = percent(labels["kept"], ".1f")
    nameless = int((change.original.label < 0).sum())
    also = f", {nameless:,} answered ones no label" if nameless else ""
    outcome.screen.append(
        f"{labels['n']:,} tasks compared, {kept} keep their label; {change.ties:,} tasks have a tie at the top; votes "
        f"are compared on {labels['voted']:,} tasks; {change.original.missing:,} labelled tasks have no answer{also}."
    )


def _add_ratings(outcome: Outcome, name: str, change: Changes, classes: tuple[str, ...]) -> None:
    """Mean ratings of one subset against the original ones."""
    before = change.original
    if change.ratings is None:
        return
    stem, of = tables.of_subset(name)
    caption = "The crowd's mean ratings against the original ones."
    outcome.tables.append(OutcomeTable(f"ratings{stem}", caption, change.ratings))
    outcome.screen += tables.rating_tables(change.ratings, f"the crowd's ratings against the original{of}")
    if set(UNIT) <= set(change.crowd):
        planes = [np.stack([rated[side] for side in UNIT], axis=1) for rated in (before.rated, change.crowd)]
        outcome.figures[f"plane{stem}"] = partial(
            figures.plane_figure, planes[0], planes[1], before.label, classes, "" if name == ALL else name
        )


def flat_rows(surveys: Surveys) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Agreement as two long tables: one row a measure, and one row a class and measure."""
    rows = [
        {"subset": subset, "of": kind, "measure": name, **result}
        for subset, survey in surveys.items()
        for kind in tables.kinds(surveys)
        for name, result in survey.get(kind, {}).items()
    ]
    classes = [
        {"subset": subset, "class": name, "measure": measure, **result}
        for subset, survey in surveys.items()
        for name, measures in survey["classes"].items()
        for measure, result in measures.items()
    ]
    return pd.DataFrame(rows), pd.DataFrame(classes)


def component_rows(surveys: Surveys) -> pd.DataFrame:
    """Shares of variance as a long table: one row a class or scale and part."""
    rows = [
        {"subset": subset, "of": of, "part": part, **result}
        for subset, survey in surveys.items()
        for of, parts in survey["components"].items()
        for part, result in parts.items()
    ]
    return pd.DataFrame(rows)


def content(surveys: Surveys, changed: dict[str, Changes]) -> dict[str, Any]:
    """Ready for JSON: frames as records, no arrays, None for nan."""
    plain = {name: {"verdict": of_agreement(survey), **survey} for name, survey in surveys.items()}
    for name, change in changed.items():
        if (labels := change.labels) is not None:
            plain[name]["against"] = {
                "matrix": labels["matrix"].to_numpy().tolist(),
                "classes": records(labels["classes"]),
                "tests": records(labels["tests"]),
                **{key: labels[key] for key in ("n", "voted", "kept")},
                "ties": change.ties,
                "without_answers": change.original.missing,
            }
        if change.ratings is not None:
            plain[name]["ratings_against"] = records(change.ratings)
    return plain
