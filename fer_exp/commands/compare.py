"""`fer-exp compare`: runs or prediction files against each other, on the same faces and the same people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from glob import escape
from itertools import combinations
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

from fer_exp.commands.evaluate import sides, uncounted
from fer_exp.commands.following import group_words, line
from fer_exp.config import CompareConfig
from fer_exp.errors import RequestError
from fer_exp.files import file_names, writable
from fer_exp.grouping import grouping
from fer_exp.judging.applicable import arrays
from fer_exp.judging.comparison import compare_sources, compared_people
from fer_exp.judging.gaps import compared_by_group
from fer_exp.judging.groups import grouped
from fer_exp.judging.predictions import GROUP, class_names
from fer_exp.judging.sources import Source, on_same_faces
from fer_exp.report import apa, groups as shown
from fer_exp.report.compare_tables import groups_frame, groups_table, pairs_frame, pairs_tables
from fer_exp.report.model_verdicts import of_comparison
from fer_exp.report.outcome import Outcome, OutcomeTable, finish
from fer_exp.runs.groups import beside, sources_in_groups
from fer_exp.runs.sources import read_sources
from fer_exp.tables import NO_FRAMES, Frames


class Compared(NamedTuple):
    """Sources with all their splits, the ``same`` on the same faces of one split, and what was done to make them so."""

    sources: list[Source]
    same: list[Source]
    notes: list[str]


def compare(config: CompareConfig) -> Path | None:
    """Compare, print, and write where asked.

    Args:
        config: see conf/compare.yaml.

    Raises:
        RequestError: nothing to compare, sources that do not fit each other (other faces, classes or votes), an
            unknown metric.
        RunError: the output cannot be written.
    """
    compared = read(config)
    stem = None if config.output is None else Path(config.output)
    if stem is not None:
        writable(stem.parent)
    outcome = measured(config, compared, "" if stem is None else stem.name)
    return finish(outcome, None if stem is None else stem.parent, file=True)


def next_step(config: CompareConfig, place: Path | None) -> str:
    """What people do with what this left, as commands ready to be copied."""
    if config.votes or config.classes:
        return ""  # which the page does not take
    split = [] if config.split == "test" else [f"split={config.split}"]
    common = ["common=true"] if config.common else []
    return f"{line('report', *config.runs, *split, *group_words(config), *common)} (a page)"


def read(config: CompareConfig, frames: Frames = NO_FRAMES, predictions: Frames = NO_FRAMES) -> Compared:
    """What a config names, brought to the same faces.

    Args:
        config: as of ``compare``.
        frames: a table in the place of the file ``votes``.
        predictions: tables in the place of files of ``runs``, by name.

    Raises:
        RequestError: as ``compare``.
    """
    aside = beside(config.by, config.groups, config.votes, frames)
    sources, _ = read_sources(config.runs, predictions, config.raters, config.by, config.seeds)
    if len(sources) < 2:
        raise RequestError(
            f"compare needs two runs or more and has {len(sources)}; give folders or prediction files, e.g. "
            "fer-exp compare runs/*."
        )
    sources = [replace(source, table=sides(source.table, source.name, config, frames)) for source in sources]
    sources = sources_in_groups(sources, config.by, aside)
    same, notes = on_same_faces(sources, config.split, config.common)
    return Compared(sources, same, [*notes, *uncounted(same[0].table)])


def measured(config: CompareConfig, compared: Compared, name: str = "compare") -> Outcome:
    """Every config's metrics, and every pair tested; files are called after ``name``."""
    same = compared.same
    result = compare_sources(
        compared.sources, same, config.metrics, primary=config.primary,
        samples=config.bootstrap, permutations=config.permutations, seed=config.seed, repairs=config.repairs,
    )  # fmt: skip
    result["people"] = compared_people(same[0], result["metrics"], config.bootstrap, config.seed)
    result["verdict"] = of_comparison(result)
    some = ", ".join(result["of_some"])
    notes = [*compared.notes, *([f"left out, because not all of them have it: {some}"] if some else [])]
    result = {"split": config.split, "notes": notes, **result}
    paragraph = apa.of_comparison(result, same, config.bootstrap)
    outcome = summary(result | {"apa": paragraph.content}, name)
    outcome.texts[f"{name}-apa.md"] = paragraph.markdown
    return outcome if config.by is None else in_groups(outcome, config, compared, name)


def in_groups(outcome: Outcome, config: CompareConfig, compared: Compared, name: str) -> Outcome:
    """What was found on all faces, with the differences within groups, and between these."""
    same, by = compared.same, str(config.by)
    classes = class_names(same[0].table)
    configs = [[arrays(same[i].table, classes) for i in runs] for runs in grouped(compared.sources)]
    pairs = list(combinations(range(len(configs)), 2))
    groups = grouping(same[0].table[GROUP].to_numpy(object), by)
    found = compared_by_group(configs, classes, groups, pairs, samples=config.bootstrap, seed=config.seed)
    said = shown.verdict_of_pairs(found)
    return replace(
        outcome,
        content={**outcome.content, "by_group": {**found, "verdict": said}},
        screen=[*outcome.screen, *shown.pairs_tables(found), *(fill(f"{sentence}.", 80) for sentence in said)],
        notes=[*outcome.notes, *shown.notes(found)],
        tables=[*outcome.tables, shown.pairs_frame(found, f"{name}-groups")],
    )


def summary(result: Mapping[str, Any], name: str) -> Outcome:
    """Configs with their metrics, and the differences of each pair; files are called after ``name``."""
    words = f"{result['faces']:,} faces of {result['split']}"
    return Outcome(
        name,
        result,
        screen=[
            groups_table(result),
            *pairs_tables(result),
            *(fill(f"{sentence}.", 80) for sentence in result["verdict"]),
        ],
        notes=result["notes"],
        tables=[
            OutcomeTable(f"{name}-configs", f"Metrics on {words}", groups_frame(result)),
            OutcomeTable(f"{name}-pairs", f"Differences on {words}", pairs_frame(result)),
        ],
        may=tuple(map(escape, file_names([f"{name}-groups"]))),
    )
