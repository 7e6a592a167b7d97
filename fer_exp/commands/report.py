"""`fer-exp report`: one page of a run, or of several on the same faces."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from fer_exp.config import ReportConfig
from fer_exp.errors import RequestError
from fer_exp.files import writable, write_text
from fer_exp.judging.comparison import compare_sources
from fer_exp.judging.epochs import accuracies_of
from fer_exp.judging.judge import judge
from fer_exp.judging.sources import Source, on_same_faces
from fer_exp.progress import say
from fer_exp.report.outcome import Outcome, finish
from fer_exp.report.page.render import Judgement, render
from fer_exp.runs import Run
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
    sources, unfinished = read_sources(config.runs if config.run is None else [config.run])
    if unfinished:
        say(f"left out, no finished run: {', '.join(unfinished)}")
    same, notes = on_same_faces(sources, config.split, config.common)
    path = _output(config, sources[0].path)
    writable(path.parent)
    judged = [_judged(source, shown, config) for source, shown in zip(sources, same, strict=True)]
    comparison = None
    if len(sources) > 1:
        comparison = compare_sources(sources, same, None, samples=config.bootstrap, seed=config.seed)
    stores = (Run(source.path).store for source in sources) if config.pictures else ()
    store = next((store for store in stores if store is not None), None)
    page = render(judged, config.split, store, comparison, notes)
    write_text(path, page)
    runs = [{"name": each.source.name, "metrics": each.rows} for each in judged]
    content = {"split": config.split, "runs": runs, "notes": notes, "left_out": unfinished}
    finish(Outcome("report", content, left=[path]))
    return path


def _judged(source: Source, same: Source, config: ReportConfig) -> Judgement:
    """The metrics of the faces shown; repairs are fitted on the source's own validation faces."""
    run = Run(source.path)
    val = source.table[source.table["split"] == "val"]
    table = same.table if config.split == "val" else pd.concat([val, same.table], ignore_index=True)
    # Several runs share the prior of their faces, as in compare, so that the page says one thing of each.
    prior = run.prior if config.run is not None or len(config.runs) == 1 else None
    metrics = judge(table, samples=config.bootstrap, seed=config.seed, prior=prior, only=config.split)
    rows = metrics[config.split]
    if config.split == "test" and len(same.table) == (source.table["split"] == "test").sum():
        rows |= accuracies_of(run.history, source.table)
    return Judgement(same, rows)


def _output(config: ReportConfig, first: Path) -> Path:
    if config.output:
        return Path(config.output)
    if config.run is None and len(config.runs) > 1:
        return first.parent / "report.html"
    return first / "report.html" if first.is_dir() else first.with_name(f"{first.stem}.report.html")
