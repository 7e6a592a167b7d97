"""A sweep's table: a row a configuration, its seeds averaged, and what its rows do not share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from rich.table import Table

from fer_exp.config.settings import SEEDS
from fer_exp.errors import RequestError
from fer_exp.judging.people import restricted
from fer_exp.judging.predictions import class_names
from fer_exp.judging.sources import on_same_faces
from fer_exp.metrics.registry import RUNS
from fer_exp.metrics.words import direction, limits
from fer_exp.report.cells import BELOW, interval, table_of
from fer_exp.report.outcome import Outcome
from fer_exp.runs import Run
from fer_exp.stats.seeds import over_seeds

SPLIT = "test"
OVER_SEEDS = "mean over seeds; 95 % intervals: other seeds on the same faces (Student's t), none of a single seed"
ONE_SEED = "one seed a row says nothing of other trainings"
OVER_FACES, NO_INTERVALS = f"95 % intervals over test faces; {ONE_SEED}", f"no intervals (bootstrap=0); {ONE_SEED}"
WIDTH = 80
"""Columns of a terminal, by which metrics are left out of the table where many keys are swept."""
LISTED = 6
"""Seeds and rows that are named one by one."""


@dataclass(frozen=True)
class Job:
    """One training of a sweep: its words, key -> value, the run that it left, else what was wrong.

    ``name`` is what sets it apart from the others.
    """

    words: Mapping[str, str]
    run: Run | None = None
    error: str = ""
    name: str = ""


@dataclass
class Row:
    """The jobs of one configuration, which differ in the seed alone."""

    words: dict[str, str]
    jobs: list[Job] = field(default_factory=list)

    @property
    def runs(self) -> list[Run]:
        """Those that are there, each once."""
        found = {job.run.folder: job.run for job in self.jobs if job.run is not None}
        return list(found.values())

    @property
    def name(self) -> str:
        """What sets it apart."""
        return " ".join(f"{key}={value}" for key, value in self.words.items()) or "all"

    def over(self, metric: str) -> dict[str, Any] | None:
        """A metric over the runs that have it; None where none has.

        Returns:
            ``value``, ``low``, ``high``, the ends within the metric's range; ``over``, what the interval is over:
            ``seeds`` of several runs, of a single one ``faces``; ``runs``, how many; ``n``, their faces, the fewest
            where they differ.
        """
        rows = [run.metrics.get(SPLIT, {}).get(metric) for run in self.runs]
        there = [row for row in rows if row is not None and row["value"] is not None]
        found = over_seeds([row["value"] for row in there], ends=limits(metric))
        if found is None:
            return None
        ends = (there[0]["low"], there[0]["high"]) if found.n == 1 else (found.low, found.high)
        over = "faces" if found.n == 1 else "seeds"
        faces = min(row["n"] for row in there)
        return {"value": found.mean, "low": ends[0], "high": ends[1], "over": over, "runs": found.n, "n": faces}


def rows_of(jobs: Sequence[Job]) -> list[Row]:
    """Jobs by configuration, in the order in which these first occur; only words that differ name a row.

    >>> [row.name for row in rows_of([Job({"a": "1", "seed": "0"}), Job({"a": "1", "seed": "1"}), Job({"a": "2"})])]
    ['a=1', 'a=2']
    """
    keys = list(dict.fromkeys(key for job in jobs for key in job.words if key not in SEEDS))
    swept = [key for key in keys if len({job.words.get(key) for job in jobs}) > 1]
    seeds = [key for key in SEEDS if len({job.words.get(key) for job in jobs}) > 1]
    rows: dict[tuple[str, ...], Row] = {}
    for job in jobs:
        words = {key: job.words.get(key, "") for key in swept}
        apart = " ".join(f"{key}={job.words.get(key, '')}" for key in (*swept, *seeds) or job.words)
        rows.setdefault(tuple(words.values()), Row(words)).jobs.append(replace(job, name=apart))
    return list(rows.values())


def summary(rows: Sequence[Row]) -> Outcome:
    """The table of a sweep, what is missing in it and what its rows do not share; its folders, in the order of jobs.

    The content has every metric of the test split; the table those of ``registry.RUNS``.
    """
    names = list(dict.fromkeys(name for row in rows for run in row.runs for name in run.metrics.get(SPLIT, {})))
    content = {"rows": [_described(row, names) for row in rows]}
    notes = [*_troubles(rows), *_other_faces(rows)]
    return Outcome("sweep", content, screen=[sweep_table(rows)], notes=notes)


def sweep_table(rows: Sequence[Row]) -> Table:
    """A row a configuration: its words, its seeds over its test faces, its metrics with intervals below them."""
    several = any(len(row.runs) > 1 for row in rows)
    # Two short lines, and a narrow terminal breaks a long value rather than cutting it.
    columns = {key.replace(".", "\n."): [row.words[key] for row in rows] for key in rows[0].words}
    keys = list(columns)
    columns["seeds\nfaces"] = [f"{_seeds(row)}\n{_faces(row)}" for row in rows]
    metrics = [name for name in RUNS if any(row.over(name) for row in rows)]
    for name in metrics:
        columns[f"{name.replace('_', chr(10))} {direction(name)}"] = [_cell(row, name, several) for row in rows]
    left_out = 0
    while _width(columns) > WIDTH and left_out + 2 < len(metrics):
        columns.popitem()
        left_out += 1
    more = f"\nmetrics that do not fit here, but stand in --json: {left_out}" if left_out else ""
    drawn = any(run.config.get("bootstrap", 1) for row in rows for run in row.runs)
    caption = (OVER_SEEDS if several else OVER_FACES if drawn else NO_INTERVALS) + more
    return table_of(columns, zip(*columns.values(), strict=True), caption=caption, folded=keys)


def _cell(row: Row, metric: str, several: bool) -> str:
    """A metric with its interval below it; among ``several`` seeds a single one has none."""
    if (found := row.over(metric)) is None:
        return ""
    low, high = (None, None) if several and found["over"] == "faces" else (found["low"], found["high"])
    return interval(found["value"], low, high, ends=BELOW)


def _width(columns: Mapping[str, Sequence[str]]) -> int:
    """Columns of a terminal that the table takes, with two between any two of its own."""
    return sum(
        max(len(line) for text in (head, *cells) for line in text.split("\n")) + 2 for head, cells in columns.items()
    )


def comparable(runs: Sequence[Run]) -> tuple[list[str], str]:
    """The words that `fer-exp compare` needs to take these runs, or why it takes them by none."""
    sources = [run.source for run in runs]
    if not sources:
        return [], ""
    classes = [class_names(source.table) for source in sources]
    both = [name for name in classes[0] if all(name in each for each in classes)]
    words: list[str] = []
    try:
        if any(set(each) != set(both) for each in classes):
            words = [f"classes=[{','.join(both)}]"]
            tables = [restricted(source.table, both, source.name) for source in sources]
            sources = [
                type(source)(source.path, table, source.facts) for source, table in zip(sources, tables, strict=True)
            ]
        try:
            on_same_faces(sources, SPLIT, False)
        except RequestError:
            on_same_faces(sources, SPLIT, True)
            words.append("common=true")
    except RequestError as error:
        return [], str(error)
    return words, ""


def _seeds(row: Row) -> str:
    """The seeds of the runs that are there, and of how many where some are not."""
    seeds = list(dict.fromkeys(run.facts.get("config", {}).get("seed") for run in row.runs))
    there, jobs = len(row.runs), len(row.jobs)
    if there not in (jobs, len({job.name for job in row.jobs})):
        return f"{there} of {jobs}"
    return ", ".join(map(str, seeds)) if there == len(seeds) <= LISTED else f"{there} runs"


def _faces(row: Row) -> str:
    """How many test faces: the most that a metric of the table has."""
    counts = sorted({count for count in map(_count, row.runs) if count})
    return "–".join(f"{count:,}" for count in dict.fromkeys((counts[0], counts[-1]))) if counts else ""


def _count(run: Run) -> int:
    found = run.metrics.get(SPLIT, {})
    return max((found[name]["n"] for name in RUNS if name in found), default=0)


def _described(row: Row, names: Sequence[str]) -> dict[str, Any]:
    """A row of the table as JSON."""
    metrics = {name: over for name in names if (over := row.over(name)) is not None}
    seeds = [run.facts.get("config", {}).get("seed") for run in row.runs]
    states = {state: [job.name for job in row.jobs if _state(job) == state] for state in ("failed", "missing")}
    runs = [str(run.folder) for run in row.runs]
    return {"words": row.words, "seeds": seeds, "runs": runs, **states, "metrics": metrics}


def _state(job: Job) -> str:
    return "done" if job.run is not None else "failed" if job.error else "missing"


def _troubles(rows: Sequence[Row]) -> list[str]:
    """Which jobs failed, with their logs, and of which nothing is known."""
    lines = []
    for state, words in (("failed", "the same command runs them again"), ("missing", "the same command runs them")):
        jobs = [job.name for row in rows for job in row.jobs if _state(job) == state]
        if jobs:
            more = f" and {len(jobs) - LISTED} more" if len(jobs) > LISTED else ""
            lines.append(f"{state}, {len(jobs)}: {'; '.join(jobs[:LISTED])}{more} ({words})")
    return lines


def _other_faces(rows: Sequence[Row]) -> list[str]:
    """A line where rows, and one where columns, are judged on other test faces."""
    there = [(row, frozenset(_test_faces(run)), run) for row in rows for run in row.runs]
    different = {faces for _, faces, _ in there}
    lines = []
    if len(different) > 1:
        counts = [f"{row.name} {_faces(row)}" for row in rows if row.runs]
        more = f" and {len(counts) - LISTED} more rows" if len(counts) > LISTED else ""
        shared = len(frozenset.intersection(*different))
        lines.append(
            f"rows have different test faces: {', '.join(counts[:LISTED])}{more}; compare rows only on the "
            f"{shared:,} that all have"
        )
    for row in rows:
        counted = {name: over["n"] for name in RUNS if len(row.runs) and (over := row.over(name))}
        if len(set(counted.values())) > 1:
            of_row = f" of {row.name}" if row.words else ""
            words = ", ".join(f"{name} {count:,}" for name, count in counted.items())
            lines.append(f"columns are over different faces{of_row}: {words}")
            break
    return lines


def _test_faces(run: Run) -> list[str]:
    """The test faces of a run, by name; where its predictions are gone, their number stands for them."""
    if not run.wrote("predictions"):
        return [str(_count(run))]
    table = pd.read_parquet(run.sound("predictions"), columns=["face", "split"])
    return table.loc[table["split"] == SPLIT, "face"].astype(str).tolist()
