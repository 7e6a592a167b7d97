"""One HTML page of a run, or of several on the same faces. It holds everything it shows and asks no network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.judging.applicable import Judged, arrays
from fer_exp.judging.judge import Result
from fer_exp.judging.predictions import class_names
from fer_exp.judging.sources import Source
from fer_exp.metrics.classification import onehot, shared_top
from fer_exp.metrics.distribution import entropy, l1
from fer_exp.metrics.registry import HEADLINE, PLACED, REPAIRED
from fer_exp.metrics.words import direction, of_model, spoken
from fer_exp.report.compare_tables import letters
from fer_exp.report.figures import colour_of
from fer_exp.report.page import figures as page_figures
from fer_exp.report.page import history as history_figures
from fer_exp.report.page.headline import headline, sentences, verdict
from fer_exp.report.page.pictures import ACROSS, TILE, sprite
from fer_exp.report.tables import largest_panel
from fer_exp.runs import Run
from fer_exp.stats.shares import shares
from fer_exp.store import Store

MOST = ACROSS * 60  # faces in the gallery; of more, the most and least human-like and some between


@dataclass(frozen=True)
class Judgement:
    """A source with its metrics: ``rows`` as ``judge`` gives them for the split of the page."""

    source: Source
    rows: Mapping[str, Result]


def render(
    judged: Sequence[Judgement],
    split: str,
    store: Store | None,
    comparison: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> str:
    """The page.

    Args:
        judged: one or more, on the same faces in the same order.
        split: which split they are of.
        store: where the pictures come from; None leaves them out.
        comparison: as ``compare_sources`` gives it, of several runs.
        notes: what was done to make sources fit each other.

    Returns:
        HTML that needs no other file.
    """
    first = judged[0].source.table
    classes = class_names(first)
    parts = [arrays(each.source.table, classes) for each in judged]
    gallery, picture = _gallery(judged, parts, classes, store)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.j2").render(
        title=judged[0].source.name if len(judged) == 1 else f"{len(judged)} runs",
        split=split,
        faces=len(first),
        subjects=int(first["subject"].nunique()) if first["subject"].notna().all() else None,
        notes=[*notes, *_notes(first, store)],
        runs=[_run(each, part, classes, letters(i)) for i, (each, part) in enumerate(zip(judged, parts, strict=True))],
        comparison=comparison,
        verdict=verdict(comparison) if comparison else "",
        letters=letters,
        direction=direction,
        spoken=spoken,
        original=_confusion_of_originals(first, parts[0], classes, store),
        classes=classes,
        gallery=json.dumps(gallery, separators=(",", ":")).replace("<", "\\u003c"),
        picture=picture,
        tile=TILE,
        css=(Path(__file__).parent / "page.css").read_text(encoding="utf-8"),
        js=(Path(__file__).parent / "page.js").read_text(encoding="utf-8"),
    )


def _run(judged: Judgement, part: Judged, classes: tuple[str, ...], letter: str) -> dict[str, Any]:
    rows, source = judged.rows, judged.source
    human = shares(part.counts)
    voted = part.voted
    figures: list[tuple[str, str | None, str]] = []
    if voted.any():
        figures.append(
            (
                "How many people is it worth?",
                page_figures.panels(rows),
                "The model and random panels of a face's raters are held against the same number of its other raters.",
            )
        )
    if voted.any() or part.labelled.any():
        figures.append(
            (
                "Is it as sure as people are agreed?",
                page_figures.reliability(human, part.label, part.model),
                "Below the diagonal it is more sure than it should be. Numbers: faces in a bin.",
            )
        )
    if voted.any():
        figures.append(
            (
                "Where is it far from people?",
                page_figures.l1_by_entropy(human[voted], part.model[voted]),
                "A point is a face. People are all of one mind on the left and divided on the right.",
            )
        )
        figures.append(
            (
                "Does it answer as often as people do?",
                page_figures.class_shares(human[voted], part.model[voted], classes),
                "Means over all faces; people above, the model hatched below.",
            )
        )
    figures += [_plane_figure(source.table), *_training_figures(Run(source.path), classes)]
    return {
        "letter": letter,
        "name": source.name,
        "headline": headline(rows),
        "numbers": _numbers(rows),
        "sentences": sentences(rows),
        "table": _table(rows),
        "baselines": _baselines(rows),
        "figures": [figure for figure in figures if figure[1]],
        "confusions": _confusions(part, classes),
        "facts": _facts(source),
    }


def _numbers(rows: Mapping[str, Result]) -> str:
    """L1 and rater equivalents behind the headline of one of several runs."""
    parts = []
    for name, words in (("l1", "L1"), ("rater_equivalents", "rater equivalents"), ("majority_accuracy", "accuracy")):
        row = rows.get(name)
        if row is not None and row["value"] is not None:
            parts.append(f"{words} {row['value']:.2f}")
    return f" ({', '.join(parts)})" if parts else ""


def _table(rows: Mapping[str, Result]) -> list[dict[str, Any]]:
    shown = [name for name in PLACED if name in rows]
    rest = [name for name in rows if name not in shown and of_model(name)]
    table = []
    for name in [*shown, *rest]:
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
    found = []
    for prefix, text in words.items():
        fitted = rows.get(prefix.removesuffix("_"), {}).get("value")
        values = [rows.get(prefix + name, {}).get("value") for name in names]
        if any(value is not None for value in values) and (prefix == "" or fitted is not None):
            found.append((text.format(fitted) if fitted is not None else text, values))
    return found if len(found) > 1 else []


def _plane_figure(table: pd.DataFrame) -> tuple[str, str | None, str]:
    human = table[["human_valence", "human_arousal"]].to_numpy(np.float64)
    model = table[["valence", "arousal"]].to_numpy(np.float64)
    known = ~np.isnan(human).any(axis=1) & ~np.isnan(model).any(axis=1)
    words = "Arrows lead from where people put a class, on average, to where the model does."
    if not known.any():
        return ("Valence and arousal", None, words)
    labels = table["label"].where(table["label"].notna(), None).to_numpy(object)[known]
    return ("Valence and arousal", page_figures.plane(human[known], model[known], list(labels)), words)


def _training_figures(run: Run, classes: tuple[str, ...]) -> list[tuple[str, str | None, str]]:
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
        ("What did the method measure?", history_figures.own(history, classes), "Means over an epoch."),
    ]


def _confusions(part: Judged, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    answers = onehot(part.model.argmax(axis=1), len(classes))
    voted, labelled = part.voted, part.labelled
    tables = []
    if voted.any():
        rows = shared_top(part.counts[voted])
        tables.append(_confusion("people's majority", "the model's answer", rows, answers[voted]))
    if labelled.any():
        rows = onehot(part.label[labelled], len(classes))
        same = voted.any() and np.array_equal(voted, labelled) and np.array_equal(rows, shared_top(part.counts[voted]))
        if same:
            tables[0]["rows"] = "people's majority, which is the label"
        else:
            tables.append(_confusion("label", "the model's answer", rows, answers[labelled]))
    return tables


def _confusion_of_originals(
    table: pd.DataFrame, part: Judged, classes: tuple[str, ...], store: Store | None
) -> dict[str, Any] | None:
    """The corpus' own label, which may not be what was taught, against people's majority."""
    if store is None:
        return None
    label = pd.Series(store.faces["label"].to_numpy(object), index=store.faces["face"])
    codes = table["face"].map(label).map({name: k for k, name in enumerate(classes)}).fillna(-1).to_numpy(np.int64)
    known = (codes >= 0) & part.voted
    if not known.any():
        return None
    rows = onehot(codes[known].astype(np.int64), len(classes))
    return _confusion("the corpus' label", "people's majority", rows, shared_top(part.counts[known]))


def _confusion(rows: str, columns: str, labels: NDArray[np.float64], answers: NDArray[np.float64]) -> dict[str, Any]:
    counts = labels.T @ answers
    cells = [
        [{"count": f"{count:,.0f}", "share": f"{share:.0%}", "depth": round(float(share), 3)} for count, share in pair]
        for pair in (zip(one, other, strict=True) for one, other in zip(counts, shares(counts), strict=True))
    ]
    return {"rows": rows, "columns": columns, "cells": cells}


def _facts(source: Source) -> list[tuple[str, str]]:
    """Where the run comes from: data, labels, noise, software."""
    run, config = source.facts, source.config
    facts = [("path", str(source.path))]
    if run:
        for group in ("dataset", "labels", "backbone", "method", "trainer"):
            told = [f"{key.split('.')[1]}={value}" for key, value in config.items() if key.startswith(f"{group}.")]
            facts.append((group, ", ".join(told)))
        facts += [
            ("faces", ", ".join(f"{count:,} {split}" for split, count in run.get("faces", {}).items())),
            ("dropped", ", ".join(f"{why}: {count:,}" for why, count in run.get("dropped", {}).items()) or "none"),
            ("label noise", _noise(run.get("noise"))),
            ("seeds", ", ".join(f"{name} {value}" for name, value in run.get("seeds", {}).items())),
            ("data", f"{run.get('data_hash', '')}; targets {str(run.get('targets_hash', ''))[:32]}"),
            ("command", " ".join(run.get("command", []))),
            ("software", ", ".join(f"{name} {value}" for name, value in run.get("versions", {}).items())),
            ("commit", str(run.get("git_commit"))),
            ("trained", f"{run.get('device', '')}; {run.get('seconds', 0):,} s; finished {run.get('finished', '')}"),
        ]
    return facts


def _noise(noise: Any) -> str:
    if not noise:
        return "none added"
    return ", ".join(f"{key} {value}" for key, value in noise.items() if not isinstance(value, list | dict))


def _notes(table: pd.DataFrame, store: Store | None) -> list[str]:
    notes = []
    if store is None:
        notes.append("The faces' pictures are left out: their store is not here, or they were not asked for.")
    if len(table) > MOST:
        notes.append(f"The gallery shows {MOST:,} of {len(table):,} faces: both ends by L1, and a sample between.")
    return notes


def _gallery(
    judged: Sequence[Judgement], parts: Sequence[Judged], classes: tuple[str, ...], store: Store | None
) -> tuple[dict[str, Any], str | None]:
    """What the page's script needs of each face, and the sheet of pictures."""
    table, counts = judged[0].source.table, parts[0].counts
    human = shares(counts)
    distance = l1(human, parts[0].model)
    chosen = np.arange(len(table))
    if len(table) > MOST:
        order, third = np.argsort(distance, kind="stable"), MOST // 3
        middle = np.random.default_rng(0).choice(order[third:-third], MOST - 2 * third, replace=False)
        chosen = np.sort(np.concatenate([order[:third], middle, order[-third:]]))
    picture = None
    if store is not None:
        rows = pd.Index(store.faces["face"]).get_indexer(pd.Index(table["face"].to_numpy(object)[chosen]))
        if (rows >= 0).all():
            picture = sprite(store.pixels, np.asarray(rows, dtype=np.int64))
    entropies = entropy(human)
    gallery = {
        "classes": list(classes),
        "colours": [colour_of(name, k) for k, name in enumerate(classes)],
        "runs": [each.source.name for each in judged],
        "across": ACROSS,
        "tile": TILE,
        "high": -(-len(chosen) // ACROSS),
        "faces": [str(table["face"].iloc[i]) for i in chosen],
        "labels": [int(parts[0].label[i]) for i in chosen],
        "votes": [counts[i].astype(int).tolist() for i in chosen],
        "entropy": [round(float(entropies[i]), 3) for i in chosen],
        "p": [(part.model[chosen] * 1000).round().astype(int).tolist() for part in parts],
    }
    return gallery, picture
