"""A table with an answer a row: labels, ratings, and second answers of a worker by one policy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers, Repeats
from fer_exp.answers.classes import label_codes
from fer_exp.answers.groups import folded
from fer_exp.answers.rules import Rules
from fer_exp.answers.scales import columns_of, read_scale
from fer_exp.answers.whose import at_once, is_nobody
from fer_exp.errors import RequestError
from fer_exp.face_names import look_alikes, stem
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.table_cells import Coded
from fer_exp.tables import Table
from fer_exp.together import ITS_FILE

CUT_SHORT = re.compile(r"\d([.,]\d+)?E\+\d+")
"""A long number as a spreadsheet writes it, without its last digits."""
MANY = 100_000
"""Tasks, or workers, among which such are looked for that are called alike."""
LONG = 300
"""Seconds that few answers about a face take."""


def read_rows(table: Table, rules: Rules) -> Answers:
    """A table with an answer a row."""
    names, keyed = rules.columns or {}, rules.columns is not None
    task, worker = (table.need(role, names.get(role), key=keyed) for role in ("task", "worker"))
    called = table.find("label", names["label"]) if names.get("label") else None
    scale_columns = columns_of(table, rules.scales, {task, worker, *([] if called is None else [called])})
    label = table.find("label", names.get("label"), beside=set(scale_columns.values()))
    if label is None and not scale_columns:
        table.need("label", names.get("label"), key=keyed)
    tasks, workers = _ids(table, task), _ids(table, worker)
    for column, ids in ((task, tasks), (worker, workers)):
        _say_alike(table, table.names[column], list(map(str, ids.names[:MANY])))
    counted: dict[str, int] = {}
    workers = _persons(table, worker, workers, counted)
    codes, order = label_codes(table, label, rules, counted)
    read = {name: read_scale(table, name, n, rules.ends(name), counted) for name, n in scale_columns.items()}
    rated, scales = ({name: one[0] for name, one in read.items()}, {name: one[1] for name, one in read.items()})
    answers = Answers(
        tasks.names, workers.names, order, tasks.codes, workers.codes, codes,
        rated, scales, _seconds(table), _per_task(table, tasks), counted=counted,
    )  # fmt: skip
    answered = (codes >= 0) | np.any([~np.isnan(values) for values in rated.values()] or [codes < -1], axis=0)
    answered &= workers.codes >= 0
    if not answered.any():
        raise RequestError(
            f"{table.where}: no row has an answer that counts; are they all among ignore={list(rules.ignore)}?"
        )
    return _without_duplicates(answers.select(answered), np.flatnonzero(answered), rules.duplicates, table)


def _ids(table: Table, column: int) -> Coded:
    """The tasks or workers of all rows; a row without one is refused, ids that a spreadsheet has cut are named."""
    ids = table.coded(column)
    table.refuse(ids.codes < 0, column, "every answer needs one")
    if cut := [name for name in ids.names if "E+" in name and CUT_SHORT.fullmatch(name)]:
        words = f"{len(cut):,} ids such as {cut[0]} were cut by a spreadsheet and may be of several"
        table.guessed.append(f"{table.names[column]}: {words}; export the file anew")
    return ids


def _persons(table: Table, column: int, workers: Coded, counted: dict[str, int]) -> Coded:
    """The workers without those that are no person; a file or a sheet with second answers is that of the first."""
    if table.names[column] == ITS_FILE:
        workers = workers.renamed(at_once(table, list(map(str, workers.names))))
    nobody = [is_nobody(str(name)) for name in workers.names]
    if not any(nobody) or all(nobody):
        return workers
    for name, is_none, times in zip(workers.names, nobody, workers.times().tolist(), strict=True):
        if is_none:
            counted[f"answers of {name}, which is called as no rater is, are left out"] = times
    return workers.renamed(None if is_none else name for name, is_none in zip(workers.names, nobody, strict=True))


def _say_alike(table: Table, column: str, names: Sequence[str]) -> None:
    """Say which tasks or workers may be one and count as two."""
    if alike := look_alikes(names):
        words = f"{sum(map(len, alike)) - len(alike):,} names in {column} differ from others in case or in zeros alone"
        table.guessed.append(f"{words}, and are others ({' and '.join(alike[0])})")
    if alike := _in_two_ways(names):
        words = f"{len(alike):,} pictures are named in two ways ({' and '.join(alike[0])}) and count as two"
        table.guessed.append(f"{words}; write them alike")


def _seconds(table: Table) -> FloatArray | None:
    """How long each answer took; None where no column says it, or the one that may holds a time of day, say."""
    column = table.find("seconds")
    if column is None or not table.different_numbers(column):
        return None
    seconds = table.numbers(column)
    table.refuse(seconds < 0, column, "no answer takes less than no time")
    if (usual := float(np.nanmedian(seconds))) > LONG:
        words = f"{table.names[column]} has a median of {usual:,.0f} and is taken as seconds"
        table.guessed.append(f"{words}; if these are milliseconds, divide them by 1,000")
    return seconds


def _in_two_ways(names: Sequence[str]) -> list[list[str]]:
    """Names that may be of one picture: with and without a folder, or a suffix.

    >>> _in_two_ways(["a.jpg", "faces/a.jpg", "b/c.jpg", "d/c.jpg"]), _in_two_ways(["a", "a.png"])
    ([['a.jpg', 'faces/a.jpg']], [['a', 'a.png']])
    """
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(stem(name).rpartition("/")[2].casefold(), []).append(name)
    several = [alike for alike in found.values() if len({name.casefold() for name in alike}) > 1]
    return [alike for alike in several if len({("/" in stem(name), stem(name) == name) for name in alike}) > 1]


def _per_task(table: Table, tasks: Coded) -> NDArray[np.object_] | None:
    """The subset of each task; a task belongs to one."""
    if (column := table.find("subset")) is None:
        return None
    subsets = folded(table.coded(column))
    first = np.full(len(tasks.names), -2, np.int64)
    first[tasks.codes[::-1]] = subsets.codes[::-1]
    if (other := first[tasks.codes] != subsets.codes).any():
        row = int(other.argmax())
        raise RequestError(f"{table.row(row)}: task {tasks.names[tasks.codes[row]]} lies in two subsets.")
    return np.array([*subsets.names, "none"], dtype=object)[first]


def _without_duplicates(answers: Answers, rows: NDArray[np.int64], policy: str, table: Table) -> Answers:
    cells = answers.task.astype(np.int64) * len(answers.workers) + answers.worker
    series = pd.Series(cells)
    later = series.duplicated().to_numpy()
    if not later.any():
        return answers
    number = int(later.sum())
    if policy == "refuse":
        row = int(later.argmax())
        who, what = answers.workers[answers.worker[row]], answers.tasks[answers.task[row]]
        raise RequestError(
            f"{table.row(int(rows[row]))} is a second answer of worker {who} to task {what} ({number:,} rows are like "
            f"it); say which counts with {table.group}duplicates=first or {table.group}duplicates=last."
        )
    earlier = series.duplicated(keep="last").to_numpy()
    first, last = np.flatnonzero(earlier & ~later), np.flatnonzero(later & ~earlier)
    first, last = first[np.argsort(cells[first])], last[np.argsort(cells[last])]
    rated = {name: np.stack([values[first], values[last]], axis=1) for name, values in answers.rated.items()}
    label = np.stack([answers.label[first], answers.label[last]], axis=1)
    repeats = Repeats(answers.task[first], label, rated, answers.worker[first])
    kept = answers.select(~(later if policy == "first" else earlier))
    words = f"second answers of a worker to a task; the {policy} counts"
    return replace(kept, repeats=repeats, counted={**answers.counted, words: number})
