"""The one way in for people's answers: a long table ``task, worker, label`` (contract), or a table of votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers, Codes, Repeats, Votes
from fer_exp.columns import Names, count_columns, find_column, read_columns, table_columns
from fer_exp.config import check_choice
from fer_exp.errors import RequestError, did_you_mean
from fer_exp.stats.bootstrap import FloatArray

CANONICAL = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
"""The order of classes where every label of a table is one of these; else they are sorted."""

IGNORED = ("unknown", "not_a_face")
"""Answers that are no class, unless told otherwise; how many there were is said."""

DUPLICATES = ("refuse", "first", "last")
"""What becomes of a second answer of the same worker to the same task."""

BESIDE = (
    "split",
    "subject",
    "source",
    "label",
    "valence",
    "arousal",
    "original",
    "original_valence",
    "original_arousal",
)
"""Columns of a votes table that are no counts."""

ALSO: Mapping[str, tuple[str, ...]] = {
    "task": ("face", "question", "item", "image", "unit"),
    "worker": ("rater", "annotator", "user", "performer", "participant"),
    "label": ("answer", "response", "expression", "truth", "gold"),
    "valence": (),
    "arousal": (),
    "seconds": ("time", "duration"),
    "subset": (),
}
"""Other names under which a column of the contract is found."""


def read_answers(
    source: Path | pd.DataFrame,
    *,
    columns: Mapping[str, str | None] | None = None,
    classes: Sequence[str] = (),
    ignore: Sequence[str] = IGNORED,
    duplicates: str = "refuse",
    scale: Sequence[float] = (-1.0, 1.0),
) -> Answers | Votes:
    """Read people's answers and check them against the contract.

    A table with a column of workers or labels is a long table; one with a task column and nothing but counts is a
    table of votes.

    Args:
        source: a CSV, TSV or parquet file, or a frame; rows in any order.
        columns: contract name -> column, where the table calls it otherwise than ``ALSO`` knows.
        classes: names in their order; none takes what is there. Where the labels are the codes 0..K-1, the names
            stand for the codes in this order.
        ignore: labels that are no class.
        duplicates: one of ``DUPLICATES``. Under first and last, the pairs are kept as ``repeats``.
        scale: lowest and highest rating; ratings are mapped linearly to -1..1.

    Returns:
        The answers, or votes.

    Raises:
        RequestError: a missing column, an empty task or worker, an unknown label, a rating outside the scale, a
            worker who answered a task twice (``refuse``), or no answer at all.

    >>> frame = pd.DataFrame({"task": ["b", "a", "a"], "worker": [1, 1, 2], "label": ["fear", "anger", "fear"]})
    >>> answers = read_answers(frame)
    >>> answers.classes, answers.counts().tolist()
    (('fear', 'anger'), [[1.0, 1.0], [1.0, 0.0]])
    """
    check_choice("duplicates", duplicates, DUPLICATES)
    where = "the table" if isinstance(source, pd.DataFrame) else str(source)
    given = dict(columns or {})
    found = {name: find_column(source, name, given.get(name), also, needed=False) for name, also in ALSO.items()}
    task = find_column(source, "task", given.get("task"), ALSO["task"])
    counted = set(classes or CANONICAL) & set(table_columns(source))
    if found["worker"] is None and (found["label"] is None or len(counted) > 1):
        return _read_votes(source, str(task), found["subset"], classes, ignore, where)
    worker = find_column(source, "worker", given.get("worker"), ALSO["worker"])
    sides = [name for name in ("valence", "arousal", "seconds") if found[name]]
    if found["label"] is None and not {"valence", "arousal"} & set(sides):
        find_column(source, "label", given.get("label"), ALSO["label"])  # raises
    texts = [str(name) for name in (task, worker, found["label"], found["subset"]) if name]
    names, numbers = read_columns(source, texts, [str(found[name]) for name in sides])
    tasks, workers = names[str(task)], names[str(worker)]
    for kind, column in (("task", tasks), ("worker", workers)):
        if (column.codes < 0).any():
            row = int((column.codes < 0).argmax())
            raise RequestError(f"{where}: row {row + 1} has no {kind}; every answer needs one.")
    if len(tasks.codes) == 0:
        raise RequestError(f"{where} has no rows.")
    notes: list[str] = []
    label, order = _labels(names.get(str(found["label"])), classes, ignore, len(tasks.codes), where, notes)
    rated = {name: _scaled(numbers[str(found[name])], name, scale, where, notes) for name in sides if name != "seconds"}
    seconds = numbers.get(str(found["seconds"]))
    if seconds is not None and (seconds < 0).any():
        raise RequestError(f"{where}: row {int((seconds < 0).argmax()) + 1} took {seconds[seconds < 0][0]:g} seconds.")
    answers = Answers(
        tasks.names, workers.names, order, tasks.codes, workers.codes, label,
        rated.get("valence"), rated.get("arousal"), seconds,
        _per_task(names.get(str(found["subset"])), tasks, where), notes=tuple(notes),
    )  # fmt: skip
    answered = (label >= 0) | np.any([~np.isnan(values) for values in rated.values()] or [label < -1], axis=0)
    if not answered.any():
        raise RequestError(f"{where}: no row has an answer that counts; are they all among ignore={list(ignore)}?")
    return _without_duplicates(answers.select(answered), np.flatnonzero(answered), duplicates, where)


def read_labels(
    source: Path | pd.DataFrame, classes: Sequence[str], key: str, columns: Mapping[str, str | None] | None = None
) -> tuple[NDArray[np.object_], Codes, FloatArray | None]:
    """One label a task: gold answers, or original labels.

    Args:
        source: a table ``task, label``, optionally ``valence, arousal``.
        classes: K names that the labels must be of, or stand for as codes 0..K-1.
        key: which key named the file, for messages.
        columns: contract name -> column, where the table calls it otherwise than ``ALSO`` knows.

    Returns:
        Names of the tasks (M,), codes of their labels (M,), -1 where empty, and None or valence and arousal, (M, 2).

    Raises:
        RequestError: a missing column, an unknown label, or a task that occurs twice with different labels.
    """
    where = "the table" if isinstance(source, pd.DataFrame) else f"{key}={source}"
    given = dict(columns or {})
    task = str(find_column(source, "task", given.get("task"), ALSO["task"]))
    label = find_column(source, "label", given.get("label"), ALSO["label"], needed=bool(classes))
    wanted = [given.get(name) or name for name in ("valence", "arousal")]
    sides = [name for name in wanted if name in table_columns(source)]
    names, numbers = read_columns(source, [task, *([label] if label else [])], sides)
    codes, _ = _labels(names.get(str(label)), classes, (), len(names[task].codes), where, [])
    tasks = names[task].names[names[task].codes]
    pairs = pd.DataFrame({"task": tasks, "label": codes})[codes >= 0].drop_duplicates()
    if (twice := pairs["task"].duplicated()).any():
        raise RequestError(f"{where}: task {pairs['task'][twice].iloc[0]} has two different labels; give one a task.")
    keep = ~pd.Series(tasks).duplicated().to_numpy()
    if (codes < 0).any():  # of a task that occurs more than once, the row with a label
        order = np.argsort(codes < 0, kind="stable")
        keep[order] = ~pd.Series(tasks[order]).duplicated().to_numpy()
    affect = np.stack([numbers[name] for name in sides], axis=1)[keep] if len(sides) == 2 else None
    if affect is not None:
        affect = np.where(affect == -2, np.nan, affect)
    return tasks[keep], codes[keep], affect


def _labels(
    column: Names | None, classes: Sequence[str], ignore: Sequence[str], rows: int, where: str, notes: list[str]
) -> tuple[Codes, tuple[str, ...]]:
    """Codes of the labels in the order of the classes, -1 where there is none, and the classes."""
    if column is None:
        return np.full(rows, -1, np.int32), ()
    found = [str(name) for name in column.names]
    left_out = [name for name in found if name in ignore and name not in classes]
    real = [name for name in found if name not in left_out]
    if not classes:
        order = tuple(name for name in CANONICAL if name in real) if set(real) <= set(CANONICAL) else tuple(real)
    else:
        order = tuple(classes)
        if len(set(order)) < len(order):
            raise RequestError(f"classes names {next(name for name in order if order.count(name) > 1)} twice.")
    place = {name: code for code, name in enumerate(order)}
    if classes and not set(real) <= set(order) and all(name.isdigit() and int(name) < len(order) for name in real):
        place = {str(code): code for code in range(len(order))}
    moved = np.full(len(found) + 1, -1, np.int32)
    for number, name in enumerate(found):
        if name in left_out:
            continue
        if name not in place:
            row = int((column.codes == number).argmax())
            hint = did_you_mean(name, place, 0.5)
            raise RequestError(f"{where}: row {row + 1} has label {name!r}, which is no class; {hint}There are: "
                               f"{', '.join(place)}. Name what is no class in ignore=[...].")  # fmt: skip
        moved[number] = place[name]
    notes += [
        f"{int((column.codes == found.index(name)).sum()):,} answers {name!r} are no class and left out"
        for name in left_out
    ]
    if (empty := int((column.codes < 0).sum())) > 0:
        notes.append(f"{empty:,} rows have no label")
    return moved[column.codes], order


def _scaled(values: FloatArray, name: str, scale: Sequence[float], where: str, notes: list[str]) -> FloatArray:
    low, high = float(scale[0]), float(scale[1])
    if (values == -2).any() and low > -2:
        notes.append(f"{int((values == -2).sum()):,} cells of {name} are -2, AffectNet's mark for missing")
        values = np.where(values == -2, np.nan, values)
    outside = (values < low) | (values > high)
    if outside.any():
        row = int(outside.argmax())
        raise RequestError(f"{where}: row {row + 1} has {name} {values[row]:g}, outside {low:g}..{high:g}; name the "
                           f"scale that was used, e.g. scale=[1,9].")  # fmt: skip
    if (low, high) != (-1.0, 1.0):
        notes.append(f"{name} is mapped from {low:g}..{high:g} to -1..1")
        values = (values - low) / (high - low) * 2 - 1
    return values


def _per_task(column: Names | None, tasks: Names, where: str) -> NDArray[np.object_] | None:
    """The subset of each task; a task belongs to one."""
    if column is None:
        return None
    first = np.full(len(tasks.names), -2, np.int64)
    first[tasks.codes[::-1]] = column.codes[::-1]
    if (other := first[tasks.codes] != column.codes).any():
        row = int(other.argmax())
        raise RequestError(f"{where}: task {tasks.names[tasks.codes[row]]} lies in two subsets (row {row + 1}).")
    return np.array([*column.names, "none"], dtype=object)[first]


def _without_duplicates(answers: Answers, rows: NDArray[np.int64], policy: str, where: str) -> Answers:
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
            f"{where}: row {rows[row] + 1} is a second answer of worker {who} to task {what} ({number:,} rows are "
            "like it); say which counts with duplicates=first or duplicates=last."
        )
    earlier = series.duplicated(keep="last").to_numpy()
    first, last = np.flatnonzero(earlier & ~later), np.flatnonzero(later & ~earlier)
    first, last = first[np.argsort(cells[first])], last[np.argsort(cells[last])]
    nan = np.full(len(answers.task), np.nan)
    sides = [nan if answers.ratings(side) is None else answers.ratings(side) for side in ("valence", "arousal")]
    valence, arousal = (np.stack([side[first], side[last]], axis=1) for side in sides if side is not None)
    label = np.stack([answers.label[first], answers.label[last]], axis=1)
    repeats = Repeats(answers.task[first], label, valence, arousal, answers.worker[first])
    kept = answers.select(~(later if policy == "first" else earlier))
    note = f"{number:,} second answers of a worker to a task; the {policy} counts"
    return replace(kept, repeats=repeats, notes=(*answers.notes, note))


def _read_votes(
    source: Path | pd.DataFrame, task: str, subset: str | None, classes: Sequence[str], ignore: Sequence[str],
    where: str,
) -> Votes:  # fmt: skip
    names, _ = read_columns(source, [task, *([subset] if subset else [])], [])
    taken = {task, subset} | {name for name in table_columns(source) if name in BESIDE}
    if classes:
        taken |= {name for name in table_columns(source) if name not in (*classes, *ignore)}
    columns = count_columns(source, [name for name in taken if name])
    order = tuple(classes) if classes else tuple(name for name in columns if name not in ignore)
    if missing := [name for name in order if name not in columns]:
        raise RequestError(f"{where} has no column of counts {missing[0]}. There are: {', '.join(columns)}.")
    if len(order) < 2:
        raise RequestError(f"{where} has neither a column label nor two columns of counts, one a class.")
    counts = np.stack([columns[name] for name in order], axis=1)
    if len(counts) == 0:
        raise RequestError(f"{where} has no rows.")
    bad = ~(counts >= 0).all(axis=1) | (counts % 1 != 0).any(axis=1)
    if bad.any():
        row = int(bad.argmax())
        raise RequestError(f"{where}: row {row + 1} has counts that are no whole numbers of 0 or more: "
                           f"{counts[row].tolist()}; votes are counts, not shares.")  # fmt: skip
    tasks = names[task]
    if (tasks.codes < 0).any():
        raise RequestError(f"{where}: row {int((tasks.codes < 0).argmax()) + 1} has no {task}.")
    if len(tasks.names) < len(tasks.codes):
        twice = int(pd.Series(tasks.codes).duplicated().to_numpy().argmax())
        raise RequestError(f"{where}: {task} {tasks.names[tasks.codes[twice]]} occurs twice (row {twice + 1}).")
    notes = tuple(
        f"{int(columns[name].sum()):,} answers {name!r} are no class and left out" for name in ignore if name in columns
    )
    own = None if subset is None else np.array([*names[subset].names, "none"], dtype=object)[names[subset].codes]
    return Votes(tasks.names[tasks.codes], order, counts, own, notes)
