"""`fer-exp report`: one page of a run, or of several on the same faces."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from fer_exp.config import ReportConfig
from fer_exp.errors import RequestError
from fer_exp.files import writable, write_text
from fer_exp.judging.comparison import compare_sources
from fer_exp.judging.epochs import accuracies_of
from fer_exp.judging.gaps import of_tables
from fer_exp.judging.groups import grouped
from fer_exp.judging.seeds import judge_seeds, means
from fer_exp.judging.sources import Source, on_same_faces
from fer_exp.report import apa
from fer_exp.report.groups import verdict
from fer_exp.report.model_verdicts import of_comparison
from fer_exp.report.outcome import Outcome, finish
from fer_exp.report.page.config import Judgement
from fer_exp.report.page.pictures import may_show, store_of
from fer_exp.report.page.render import render
from fer_exp.runs import Run
from fer_exp.runs.groups import beside, sources_in_groups
from fer_exp.runs.sources import read_sources


def report(config: ReportConfig) -> Path:
    """Judge, draw, write the page; the last line of stdout is where it lies.

    Args:
        config: see conf/report.yaml.

    Raises:
        RequestError: no run, both run and runs, or sources that do not fit each other.
        RunError: the page cannot be written.
    """
    if (config.run is None) == (not config.runs):
        raise RequestError("report needs run=FOLDER or runs=[FOLDER,...], one of the two.")
    aside = beside(config.by, config.groups, None, {})
    sources, unfinished = read_sources(config.runs if config.run is None else [config.run], by=config.by)
    sources = sources_in_groups(sources, config.by, aside)
    same, notes = on_same_faces(sources, config.split, config.common)
    path = _output(config, sources[0].path)
    writable(path.parent)
    members = grouped(sources)
    judged = [
        _judged([sources[i] for i in runs], [same[i] for i in runs], config, len(sources) == 1) for runs in members
    ]
    comparison = None
    if len(members) > 1:
        comparison = compare_sources(sources, same, None, samples=config.bootstrap, seed=config.seed)
        judged = [_as_compared(one, group["metrics"]) for one, group in zip(judged, comparison["groups"], strict=False)]
    store = store_of(sources)
    pictures, why = may_show(store, any(source.facts for source in sources), config.pictures)
    notes += [why] if why else []
    found = [] if config.by is None else [
        of_tables([same[i].table for i in runs], config.by, samples=config.bootstrap, seed=config.seed)
        for runs in members
    ]  # fmt: skip
    paragraph = _paragraph(judged, comparison, same, config)
    write_text(path, render(judged, config.split, store, comparison, notes, paragraph, found, pictures=pictures))
    content: dict[str, Any] = {
        "split": config.split,
        "configs": [{"runs": [source.name for source in one.sources], "metrics": one.rows} for one in judged],
        "verdict": of_comparison(comparison) if comparison else [],
        "notes": notes,
        "left_out": unfinished,
        "apa": paragraph.content,
    }
    if found:
        content["by_group"] = [{**one, "verdict": verdict(one)} for one in found]
    finish(Outcome("report", content, notes=notes, left=[path]))
    return path


def next_step(config: ReportConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    return f"open {shlex.quote(str(place))} in a browser"


def _judged(sources: Sequence[Source], same: Sequence[Source], config: ReportConfig, alone: bool) -> Judgement:
    """A config by the faces shown; repairs are fitted on the own validation faces of each of its runs."""
    tables = [one.table for one in same]
    if config.split != "val":
        vals = (source.table[source.table["split"] == "val"] for source in sources)
        tables = [pd.concat([val, table], ignore_index=True) for val, table in zip(vals, tables, strict=True)]
    # Several runs share the prior of their faces, as in compare, so that the page says one thing of each.
    prior = Run(sources[0].path).prior if alone else None
    over = judge_seeds(tables, config.split, samples=config.bootstrap, seed=config.seed, prior=prior)
    rows = dict(over.rows)
    if config.split == "test" and len(same[0].table) == (sources[0].table["split"] == "test").sum():
        rows |= means([accuracies_of(Run(source.path).history, source.table) for source in sources])
    return Judgement(same, rows, over.less)


def _paragraph(
    judged: Sequence[Judgement], comparison: Mapping[str, Any] | None, same: Sequence[Source], config: ReportConfig
) -> apa.Paragraph:
    """Methods and results of what the page shows."""
    if comparison is not None:
        return apa.of_comparison({"split": config.split, **comparison}, same, config.bootstrap)
    first = same[0].table
    persons = int(first["subject"].nunique()) if first["subject"].notna().all() else None
    return apa.of_config(judged[0].rows, same, config.split, len(first), persons, config.bootstrap)


def _as_compared(judgement: Judgement, metrics: Mapping[str, Any]) -> Judgement:
    """With the intervals of the comparison, so that the page has one of each."""
    ends = {name: {end: entry[end] for end in ("value", "low", "high")} for name, entry in metrics.items()}
    rows = {name: row | ends.get(name, {}) for name, row in judgement.rows.items()}
    return replace(judgement, rows=rows)


def _output(config: ReportConfig, first: Path) -> Path:
    if config.output:
        return Path(config.output)
    if config.run is None and len(config.runs) > 1:
        return first.parent / "report.html"
    return first / "report.html" if first.is_dir() else first.with_name(f"{first.stem}.report.html")
