"""One config as its page shows it: sentences, metrics, figures, confusions, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fer_exp.judging.applicable import Judged
from fer_exp.judging.judge import Result
from fer_exp.judging.sources import Source
from fer_exp.metrics.classification import onehot, shared_top
from fer_exp.metrics.distribution import l1
from fer_exp.metrics.recognition import FIGURES
from fer_exp.metrics.registry import HEADLINE, PLACED, REPAIRED, RIGHT
from fer_exp.metrics.words import direction, of_model, spoken
from fer_exp.report.cells import TO, of_row
from fer_exp.report.model_verdicts import Entries
from fer_exp.report.page import figures as page_figures, history as history_figures
from fer_exp.report.page.headline import headline, sentences
from fer_exp.report.page.told import facts
from fer_exp.report.recognition import BESIDE, HEADERS, by_emotion
from fer_exp.report.tables import A_RATER
from fer_exp.runs import Run
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import percent, shares

Titled = tuple[str, str | None, str]
"""A figure with its heading and a sentence; left out where there is nothing to draw."""
SIDES = {
    "people": "people's majority",
    "label": "the label",
    "original": "the corpus' own label",
    "answer": "the model's answer",
}
"""What the sides of a confusion are: the gallery's filter of that name, and its words."""


@dataclass(frozen=True)
class Judgement:
    """A config as the page shows it.

    Attributes:
        sources: its runs, which differ in the seed alone, on the same faces in the same order.
        rows: metric -> value, low, high, n over them, as ``judge_seeds`` gives them for the split of the page.
        less: reference -> metric -> difference, low, high of the config less that.
    """

    sources: Sequence[Source]
    rows: Mapping[str, Result]
    less: Mapping[str, Entries] = field(default_factory=dict)


def describe(
    judgement: Judgement, of_runs: Sequence[Judged], classes: tuple[str, ...], letter: str, name: str
) -> dict[str, Any]:
    """What the template needs of a config, whose runs are ``of_runs``."""
    rows, runs = judgement.rows, [Run(source.path) for source in judgement.sources]
    figures = [*_figures(rows, of_runs, classes), *_training_figures(runs, classes)]
    return {
        "letter": letter,
        "name": name,
        "seeds": len(of_runs),
        "headline": headline(rows, judgement.less.get("prior", {})),
        "numbers": _numbers(rows),
        "sentences": sentences(rows, judgement.less),
        "table": _table(rows),
        "recognition": _recognition(rows),
        "baselines": _baselines(rows),
        "figures": [figure for figure in figures if figure[1]],
        "confusions": _confusions(of_runs),
        "facts": facts(judgement.sources),
    }


def _figures(rows: Mapping[str, Result], of_runs: Sequence[Judged], classes: tuple[str, ...]) -> list[Titled]:
    """What the runs answer, beside people."""
    first, several = of_runs[0], len(of_runs)
    voted, human = first.voted, shares(first.counts)
    people = human[voted]
    models = np.stack([judged.model for judged in of_runs])
    over = f" Mean over {several} seeds." if several > 1 else ""
    return [
        (
            "Is it as close to people as other people are?",
            page_figures.panels(rows),
            "The model, and random panels of a face's raters, are compared with the same number of its other raters.",
        ),
        (
            "Does its confidence match how far people agree?",
            page_figures.reliability(human, first.label, models),
            "Below the diagonal it is more sure than it should be. Numbers: faces in a bin." + over,
        ),
        (
            "Where is it far from people?",
            page_figures.l1_by_entropy(people, np.mean([l1(people, model[voted]) for model in models], axis=0)),
            "A point is a face. People agree on the left and are divided on the right." + over,
        ),
        (
            "Does it answer as often as people do?",
            page_figures.class_shares(people, models[:, voted].mean(axis=0), classes),
            "Means over all faces; people above, the model hatched below.",
        ),
        (
            "Valence and arousal",
            page_figures.plane(first, np.mean([judged.affect for judged in of_runs], axis=0), classes),
            "Each arrow goes from people's mean for a class to the model's." + over,
        ),
    ]


def _numbers(rows: Mapping[str, Result]) -> str:
    """The numbers behind the headline of one of several configs."""
    right = [name for name in reversed(RIGHT) if name in rows][:1]  # by the majority, else by the label
    words = {name: "accuracy" if name in RIGHT else spoken(name) for name in ("l1", "rater_equivalents", *right)}
    known = {word: row for name, word in words.items() if (row := rows.get(name)) and row["value"] is not None}
    return ", ".join(f"{word} {of_row(row, 2, ends=TO)}" for word, row in known.items())


def _table(rows: Mapping[str, Result]) -> list[dict[str, Any]]:
    placed = [name for name in PLACED if name in rows]
    table = []
    own = {f"{figure}_{name}" for name in by_emotion(rows) for figure in FIGURES}  # have a table of their own
    for name in dict.fromkeys([*placed, *(name for name in filter(of_model, rows) if name not in own)]):
        row = rows[name]
        references: list[float | int | str | None] = [
            rows.get(f"{kind}_{name}", {}).get("value") for kind in ("ceiling", "prior", "uniform")
        ]
        if name == "rater_equivalents":
            references[0] = A_RATER
        table.append(
            {
                "name": name,
                "arrow": direction(name),
                "more": name not in HEADLINE,
                "cells": [row["value"], *references],
                "low": row["low"],
                "high": row["high"],
                "n": row["n"],
                "rough": row.get("rough", False),
            }
        )
    return table


def _recognition(rows: Mapping[str, Result]) -> dict[str, Any] | None:
    """Each emotion's figures, of the model and of people; None without labels."""
    emotions = by_emotion(rows)
    people = any(beside for figures in emotions.values() for _, beside in figures.values())
    lines = [
        (name, [figures[of][side] for of in (*BESIDE, "criterion") for side in range(1 + people)])
        for name, figures in emotions.items()
    ]
    return {"people": people, "headers": [*map(HEADERS.get, BESIDE), "criterion"], "lines": lines} if lines else None


def _baselines(rows: Mapping[str, Result]) -> list[tuple[str, list[float | int | None]]]:
    names = (*REPAIRED, "people_ece")
    words = {
        "": "as trained",
        "temperature_": "temperature {:.2f}, fitted to labels",
        "temperature_votes_": "temperature {:.2f}, fitted to votes",
        "smoothing_votes_": "{:.2f} uniform mixed in, fitted to votes",
        "vector_votes_": "a weight and a bias for each class, fitted to votes",
    }
    lines = []
    for prefix, text in words.items():
        fitted = rows.get(prefix.removesuffix("_"), {}).get("value")
        values = [rows.get(prefix + name, {}).get("value") for name in names]
        if any(value is not None for value in values) and (fitted is not None or "{" not in text):
            lines.append((text.format(fitted), values))
    return lines if len(lines) > 1 else []


def _training_figures(runs: Sequence[Run], classes: tuple[str, ...]) -> list[Titled]:
    """The training of some runs epoch by epoch, with what people score on the validation faces."""
    tables = [table for run in runs if (table := run.history) is not None]
    if not tables:
        return []
    history = history_figures.over_seeds(tables)
    val, mean = runs[0].metrics.get("val", {}), history.mean
    tested = "Test was measured too; nothing was chosen by it." if "test_accuracy" in mean else "Test was not measured."
    quality = " Precision: how many of them have a right label. Recall: how many of those with a right label they are."
    quality = quality if "selection_precision" in mean else ""
    seeds = f" Mean over {len(tables)} seeds; the band holds them all." if len(tables) > 1 else ""
    return [
        (
            "How it was trained",
            history_figures.training(history),
            f"The weights are those of the last epoch. {tested}{seeds}",
        ),
        (
            "How near to people was it by epoch?",
            history_figures.closeness(history, val),
            f"Validation faces. People: half of a face's raters against the others.{seeds}",
        ),
        (
            "Did it learn wrong labels?",
            history_figures.memorisation(history),
            "Training faces, in the view that was trained on. Wrong labels were made on purpose, so they are known."
            + seeds,
        ),
        (
            "Whom did it select?",
            history_figures.selection(history, classes),
            f"Training faces selected to teach their own label, by class of that label.{quality}{seeds}",
        ),
        ("What did the method measure?", history_figures.of_method(history, classes), f"Means over an epoch.{seeds}"),
    ]


def _confusions(of_runs: Sequence[Judged]) -> list[dict[str, Any]]:
    """The model's answers against people's majority and against the label, where that is another."""
    first = of_runs[0]
    classes = first.model.shape[1]
    answers = [onehot(judged.model.argmax(axis=1), classes) for judged in of_runs]
    voted, labelled = first.voted, first.labelled
    majority = shared_top(first.counts[voted])
    tables = []
    if voted.any():
        tables.append(confusion("people", "answer", [majority.T @ said[voted] for said in answers]))
    if labelled.any():
        rows = onehot(first.label[labelled], classes)
        if voted.any() and np.array_equal(voted, labelled) and np.array_equal(rows, majority):
            tables[0]["words"] = "people's majority, which is the label"
        else:
            tables.append(confusion("label", "answer", [rows.T @ said[labelled] for said in answers]))
    return tables


def confusion(rows: str, columns: str, counts: Sequence[FloatArray]) -> dict[str, Any]:
    """A table of faces by two of ``SIDES``, (K, K) a run, as means over runs, with the share of each row."""
    mean = np.mean(counts, axis=0)
    cells = [
        [{"count": _count(count), "share": percent(share), "depth": round(float(share), 2)} for count, share in row]
        for row in np.stack([mean, shares(mean)], axis=-1)
    ]
    return {"rows": rows, "columns": columns, "words": SIDES[rows], "of": SIDES[columns], "cells": cells}


def _count(count: float) -> str:
    """Faces of a cell: 0 stands for none at all.

    >>> _count(0.0), _count(0.25), _count(1234.5)
    ('0', '<1', '1,234')
    """
    return "<1" if 0 < count < 0.5 else f"{count:,.0f}"
