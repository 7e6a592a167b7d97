"""One run as its page shows it: sentences, metrics, figures, confusions, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_exp.judging.applicable import Judged
from fer_exp.judging.judge import Result
from fer_exp.judging.sources import Source
from fer_exp.metrics.classification import onehot, shared_top
from fer_exp.metrics.registry import HEADLINE, PLACED, REPAIRED
from fer_exp.metrics.words import direction, of_model
from fer_exp.report.page import figures as page_figures, history as history_figures
from fer_exp.report.page.headline import headline, sentences
from fer_exp.report.tables import largest_panel
from fer_exp.runs import Run
from fer_exp.stats.shares import shares

Titled = tuple[str, str | None, str]
"""A figure with its heading and a sentence; left out where there is nothing to draw."""


def describe_run(
    source: Source, rows: Mapping[str, Result], arrays_of: Judged, classes: tuple[str, ...], letter: str
) -> dict[str, Any]:
    """What the template needs of a run: ``rows`` are its metrics, as ``judge`` gives them for the split of the page."""
    voted, human = arrays_of.voted, shares(arrays_of.counts)
    people, model = human[voted], arrays_of.model[voted]
    figures: list[Titled] = [
        (
            "How many people is it worth?",
            page_figures.panels(rows),
            "The model and random panels of a face's raters are held against the same number of its other raters.",
        ),
        (
            "Is it as sure as people are agreed?",
            page_figures.reliability(human, arrays_of.label, arrays_of.model),
            "Below the diagonal it is more sure than it should be. Numbers: faces in a bin.",
        ),
        (
            "Where is it far from people?",
            page_figures.l1_by_entropy(people, model),
            "A point is a face. People are all of one mind on the left and divided on the right.",
        ),
        (
            "Does it answer as often as people do?",
            page_figures.class_shares(people, model, classes),
            "Means over all faces; people above, the model hatched below.",
        ),
        (
            "Valence and arousal",
            page_figures.plane(source.table),
            "Arrows lead from where people put a class, on average, to where the model does.",
        ),
        *_training_figures(Run(source.path), classes),
    ]
    return {
        "letter": letter,
        "name": source.name,
        "headline": headline(rows),
        "numbers": _numbers(rows),
        "sentences": sentences(rows),
        "table": _table(rows),
        "baselines": _baselines(rows),
        "figures": [figure for figure in figures if figure[1]],
        "confusions": _confusions(arrays_of, classes),
        "facts": _facts(source),
    }


def _numbers(rows: Mapping[str, Result]) -> str:
    """L1 and rater equivalents behind the headline of one of several runs."""
    words = {"l1": "L1", "rater_equivalents": "rater equivalents", "majority_accuracy": "accuracy"}
    values = {word: rows.get(name, {}).get("value") for name, word in words.items()}
    numbers = [f"{word} {value:.2f}" for word, value in values.items() if value is not None]
    return f" ({', '.join(numbers)})" if numbers else ""


def _table(rows: Mapping[str, Result]) -> list[dict[str, Any]]:
    placed = [name for name in PLACED if name in rows]
    table = []
    for name in dict.fromkeys([*placed, *filter(of_model, rows)]):
        row = rows[name]
        references: list[float | int | str | None] = [
            rows.get(f"{kind}_{name}", {}).get("value") for kind in ("ceiling", "prior", "uniform")
        ]
        if name == "rater_equivalents":  # people are what is counted; the class prior is none of them by definition
            references = [f"at most {largest_panel(rows)}", "0", None]
        table.append(
            {
                "name": name,
                "arrow": direction(name),
                "more": name not in HEADLINE,
                "cells": [row["value"], *references],
                "low": row["low"],
                "high": row["high"],
                "n": row["n"],
            }
        )
    return table


def _baselines(rows: Mapping[str, Result]) -> list[tuple[str, list[float | int | None]]]:
    names = (*REPAIRED, "people_ece")
    words = {
        "": "as trained",
        "temperature_": "temperature {:.2f}, fitted to labels",
        "temperature_votes_": "temperature {:.2f}, fitted to votes",
        "smoothing_votes_": "{:.2f} uniform mixed in, fitted to votes",
    }
    lines = []
    for prefix, text in words.items():
        fitted = rows.get(prefix.removesuffix("_"), {}).get("value")
        values = [rows.get(prefix + name, {}).get("value") for name in names]
        if any(value is not None for value in values) and (prefix == "" or fitted is not None):
            lines.append((text.format(fitted), values))
    return lines if len(lines) > 1 else []


def _training_figures(run: Run, classes: tuple[str, ...]) -> list[Titled]:
    """The training of a run epoch by epoch, with what people score on its validation faces."""
    history = run.history
    if history is None:
        return []
    val = run.metrics.get("val", {})
    tested = "Test was looked at too and chose nothing." if "test_accuracy" in history else "Test was not looked at."
    quality = " Precision: how many of them have a right label. Recall: how many of those with a right label they are."
    quality = quality if "selection_precision" in history else ""
    return [
        ("How it was trained", history_figures.training(history), f"The weights are those of the last epoch. {tested}"),
        (
            "How near to people was it by epoch?",
            history_figures.closeness(history, val),
            "Validation faces. People: half of a face's raters against the others.",
        ),
        (
            "Did it learn wrong labels?",
            history_figures.memorisation(history),
            "Training faces, in the view that was trained on. Wrong labels were made on purpose, so they are known.",
        ),
        (
            "Whom did it select?",
            history_figures.selection(history, classes),
            "Training faces selected to teach their own label, by class of that label." + quality,
        ),
        ("What did the method measure?", history_figures.of_method(history, classes), "Means over an epoch."),
    ]


def _confusions(arrays_of: Judged, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    answers = onehot(arrays_of.model.argmax(axis=1), len(classes))
    voted, labelled = arrays_of.voted, arrays_of.labelled
    majority = shared_top(arrays_of.counts[voted])
    tables = []
    if voted.any():
        tables.append(confusion("people's majority", "the model's answer", majority, answers[voted]))
    if labelled.any():
        rows = onehot(arrays_of.label[labelled], len(classes))
        if voted.any() and np.array_equal(voted, labelled) and np.array_equal(rows, majority):
            tables[0]["rows"] = "people's majority, which is the label"
        else:
            tables.append(confusion("label", "the model's answer", rows, answers[labelled]))
    return tables


def confusion(rows: str, columns: str, labels: NDArray[np.float64], answers: NDArray[np.float64]) -> dict[str, Any]:
    """A table of answers (rows) by answers (columns), with the share of each row."""
    counts = labels.T @ answers
    cells = [
        [{"count": f"{count:,.0f}", "share": f"{share:.0%}", "depth": round(float(share), 3)} for count, share in row]
        for row in np.stack([counts, shares(counts)], axis=-1)
    ]
    return {"rows": rows, "columns": columns, "cells": cells}


def _facts(source: Source) -> list[tuple[str, str]]:
    """Where the run comes from: data, labels, noise, software."""
    run, config = source.facts, source.config
    facts = [("path", str(source.path))]
    if run:
        noise = {key: value for key, value in (run.get("noise") or {}).items() if not isinstance(value, list | dict)}
        for group in ("dataset", "labels", "backbone", "method", "trainer"):
            words = [f"{key.split('.')[1]}={value}" for key, value in config.items() if key.startswith(f"{group}.")]
            facts.append((group, ", ".join(words)))
        facts += [
            ("faces", ", ".join(f"{count:,} {split}" for split, count in run.get("faces", {}).items())),
            ("dropped", ", ".join(f"{why}: {count:,}" for why, count in run.get("dropped", {}).items()) or "none"),
            ("label noise", ", ".join(f"{key} {value}" for key, value in noise.items()) or "none added"),
            ("seeds", ", ".join(f"{name} {value}" for name, value in run.get("seeds", {}).items())),
            ("data", f"{run.get('data_hash', '')}; targets {str(run.get('targets_hash', ''))[:32]}"),
            ("command", " ".join(run.get("command", []))),
            ("software", ", ".join(f"{name} {value}" for name, value in run.get("versions", {}).items())),
            ("commit", str(run.get("git_commit"))),
            ("trained", f"{run.get('device', '')}; {run.get('seconds', 0):,} s; finished {run.get('finished', '')}"),
        ]
    return facts
