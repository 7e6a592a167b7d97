"""The one way in for people's answers, from any table: an answer a row, a column a rater, or a column a class."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers, Codes, Repeats, Votes
from fer_exp.answers.votes import count_votes, no_classes, task_names
from fer_exp.config import check_choice
from fer_exp.config.rules import DUPLICATES
from fer_exp.errors import RequestError, nearest
from fer_exp.names import CLASSES, OTHER_ANSWERS, composed, expressions, near_expression, normal, spelt
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.tables import Coded, Table, read_table

A_RATER = re.compile(
    r"(rater|annotator|worker|coder|judge|user|participant|respondent|person)([\s_-]*\d+|[\s_-]+[a-z])", re.IGNORECASE
)


class Rules(NamedTuple):
    """How answers are read; see ``read_answers``."""

    columns: Mapping[str, str | None] | None
    classes: Sequence[str]
    also: Sequence[str]
    ignore: Sequence[str]
    numbered: bool
    duplicates: str
    scale: Sequence[float]
    raters: int | None


def read_answers(
    source: Path | str | pd.DataFrame | Table,
    key: str = "",
    *,
    columns: Mapping[str, str | None] | None = None,
    classes: Sequence[str] = (),
    also: Sequence[str] = (),
    ignore: Sequence[str] = OTHER_ANSWERS,
    numbered: bool = True,
    duplicates: str = "refuse",
    scale: Sequence[float] = (-1.0, 1.0),
    raters: int | None = None,
) -> Answers | Votes:
    """Read people's answers and check them against the contract.

    A table with workers or labels has an answer a row. Else columns of classes hold votes, and columns of labels belong
    to a rater each, or, beside a column of workers, to a task each.

    Args:
        source: a table as ``read_table`` takes it; rows in any order.
        key: the key that named it, for messages.
        columns: contract name -> column, for commands with keys of these names.
        classes: names in their order; none takes what is there.
        also: names that count like classes where they occur.
        ignore: labels that are no class.
        numbered: whether the labels 0..K-1 stand for ``classes`` in their order.
        duplicates: one of ``DUPLICATES``. Under first and last, the pairs are kept as ``repeats``.
        scale: lowest and highest rating; ratings are mapped linearly to -1..1.
        raters: how many people are behind each row of proportions or percentages.

    Returns:
        The answers, or votes.

    Raises:
        RequestError: a missing column, an empty task or worker, an unknown label, a rating outside the scale, a
            worker who answered a task twice (``refuse``), shares of nobody knows how many people, or no answer at all.

    >>> frame = pd.DataFrame({"task": ["b", "a", "a"], "worker": [1, 1, 2], "label": ["Fear", "angry", "fear"]})
    >>> answers = read_answers(frame)
    >>> answers.classes, answers.counts().tolist()
    (('fear', 'anger'), [[1.0, 1.0], [1.0, 0.0]])
    """
    check_choice("duplicates", duplicates, DUPLICATES)
    names = [spelt(name) for name in classes]
    if twice := [name for name in classes if names.count(spelt(name)) > 1]:
        raise RequestError(f"classes names {twice[0]} twice.")
    rules = Rules(columns, classes, also, ignore, numbered, duplicates, scale, raters)
    table = read_table(source, key)
    answers = _read(table, rules)
    if isinstance(source, Path | str):
        table.say()
    return answers


def _read(table: Table, rules: Rules) -> Answers | Votes:
    """Answers by whatever form the table has."""
    given = rules.columns or {}
    task, worker, label = (table.find(role, given.get(role)) for role in ("task", "worker", "label"))
    named = table.class_columns((*rules.classes, *rules.also, *rules.ignore) if rules.classes else ())
    rated = any(table.find(side) is not None for side in ("valence", "arousal"))
    if worker is None and len(named.keys() - {spelt(name) for name in rules.ignore}) > 1:
        task = table.need("task", given.get("task"), key=rules.columns is not None)
        votes = count_votes(table, rules.classes, rules.also, rules.ignore, rules.raters)
        names = task_names(table, task, given.get("task") is not None)
        subset = table.find("subset")
        of_task = None if subset is None else np.array([name or "none" for name in table.text(subset)], dtype=object)
        return replace(votes, tasks=names, subset=of_task)
    if task is None or worker is None:
        wide = _label_columns(table, task, worker, label, rules.classes)
        if wide:
            return _long(_an_answer_a_row(table, task, worker, wide), rules._replace(columns=None))
        if label is None and not rated and worker is None and task is not None:
            raise RequestError(no_classes(table))
    return _long(table, rules)


def read_labels(
    source: Path | str | pd.DataFrame | Table,
    classes: Sequence[str],
    key: str,
    columns: Mapping[str, str | None] | None = None,
    scale: Sequence[float] = (-1.0, 1.0),
) -> tuple[NDArray[np.object_], Codes, FloatArray | None]:
    """One label a task: gold answers, or original labels.

    Args:
        source: a table ``task, label``, optionally ``valence, arousal``.
        classes: K names that the labels must be of, or stand for as codes 0..K-1.
        key: which key named the file, for messages.
        columns: contract name -> column, where the table calls it otherwise than usual.
        scale: lowest and highest rating.

    Returns:
        Names of the tasks (M,), codes of their labels (M,), -1 where empty, and None or valence and arousal, (M, 2).

    Raises:
        RequestError: a missing column, an unknown label, or a task that occurs twice with different labels.
    """
    table, given = read_table(source, key), columns or {}
    task = table.need("task", given.get("task"))
    label = table.need("label", given.get("label")) if classes else table.find("label", given.get("label"))
    rules = Rules(None, classes, (), (), True, "refuse", scale, None)
    codes, _ = _labels(table, label, rules, {})
    sides = table.affect(scale, {}, [given.get(side) or side for side in ("valence", "arousal")])
    tasks = table.text(task)
    table.refuse(pd.isna(tasks), task, "every label needs one")
    pairs = pd.DataFrame({"task": tasks, "label": codes})[codes >= 0].drop_duplicates()
    if (twice := pairs["task"].duplicated()).any():
        name = pairs["task"][twice].iloc[0]
        raise RequestError(f"{table.where}: task {name} has two different labels; give one a task.")
    order = np.argsort(codes < 0, kind="stable")  # of a task that occurs more than once, the row with a label
    keep = np.zeros(len(tasks), dtype=bool)
    keep[order] = ~pd.Series(tasks[order]).duplicated().to_numpy()
    if isinstance(source, Path | str):
        table.say()
    affect = np.stack([sides["valence"], sides["arousal"]], axis=1)[keep] if len(sides) == 2 else None
    return tasks[keep], codes[keep], affect


def _label_columns(
    table: Table, task: int | None, worker: int | None, label: int | None, classes: Sequence[str]
) -> list[int]:
    """Columns that hold one rater's labels each, by their names; or one rater's or task's, by what is in them."""
    if (task is None) == (worker is None):
        return []
    others = [n for n in range(len(table.names)) if n not in (task, worker, label)]
    raters = [n for n in others if A_RATER.fullmatch(table.names[n])]
    if task is not None and len(raters) > 1:
        return raters
    if label is not None:
        return []
    wanted, before, raters = set(map(spelt, classes)), set(table.unused), []
    for column in others:
        texts = table.coded(column, classes).names.tolist()
        known = expressions(texts)
        if texts and all(text in known or spelt(text) in wanted for text in texts):
            raters.append(column)
    table.unused = before
    return raters if len(raters) > 1 else []


def _an_answer_a_row(table: Table, task: int | None, worker: int | None, columns: list[int]) -> Table:
    """A table with a column a rater (or task) as one of task, worker, label."""
    ids = task if task is not None else int(worker or 0)
    rows = task_names(table, ids, named=False)
    frame = pd.DataFrame(
        {
            "row": np.tile(rows, len(columns)),
            "column": np.repeat([table.names[n] for n in columns], len(rows)),
            "label": np.concatenate([table.text(n) for n in columns]),
        }
    )
    names = ["task", "worker"] if task is not None else ["worker", "task"]
    frame = frame.rename(columns=dict(zip(["row", "column"], names, strict=True)))
    table.guessed.append(f"{len(columns)} columns are a {names[1]} each, first {table.names[columns[0]]}")
    table.say()
    return read_table(frame.dropna(subset="label"), table.where)


def _long(table: Table, rules: Rules) -> Answers:
    """A table with an answer a row."""
    given, keyed = rules.columns or {}, rules.columns is not None
    task, worker = (table.need(role, given.get(role), key=keyed) for role in ("task", "worker"))
    counted: dict[str, int] = {}
    rated = table.affect(rules.scale, counted)
    label = table.find("label", given.get("label")) if rated else table.need("label", given.get("label"), key=keyed)
    tasks, workers = table.coded(task), table.coded(worker)
    table.refuse(tasks.codes < 0, task, "every answer needs one")
    table.refuse(workers.codes < 0, worker, "every answer needs one")
    codes, order = _labels(table, label, rules, counted)
    seconds = None
    if (column := table.find("seconds")) is not None:
        seconds = table.numbers(column)
        table.refuse(seconds < 0, column, "no answer takes less than no time")
    answers = Answers(
        tasks.names, workers.names, order, tasks.codes, workers.codes, codes,
        rated.get("valence"), rated.get("arousal"), seconds, _per_task(table, tasks), counted=counted,
    )  # fmt: skip
    answered = (codes >= 0) | np.any([~np.isnan(values) for values in rated.values()] or [codes < -1], axis=0)
    if not answered.any():
        raise RequestError(
            f"{table.where}: no row has an answer that counts; are they all among ignore={list(rules.ignore)}?"
        )
    return _without_duplicates(answers.select(answered), np.flatnonzero(answered), rules.duplicates, table)


def _labels(table: Table, column: int | None, rules: Rules, counted: dict[str, int]) -> tuple[Codes, tuple[str, ...]]:
    """Codes of the labels in the order of the classes, -1 where there is none, and the classes."""
    if column is None:
        return np.full(len(table), -1, np.int32), ()
    codes, names = table.coded(column, rules.classes)
    texts = [_choice(name) for name in names]
    known = table.joined(text for text in texts if text)
    meanings = [text if text is None else known.get(text) or (spelt(text) if rules.classes else text) for text in texts]
    left = {spelt(name) for name in rules.ignore} - {spelt(name) for name in rules.classes}
    real = {meaning for meaning in meanings if meaning is not None and meaning not in left}
    if rules.classes:
        order = (*rules.classes, *rules.also)
    elif real <= set(CLASSES):
        order = tuple(name for name in CLASSES if name in real)
    else:
        order = tuple(dict.fromkeys(meaning for meaning in meanings if meaning in real))
        order = order if real.isdisjoint(known.values()) else tuple(sorted(order))
        if known and (others := [name for name in order if name not in known.values()]):
            table.guessed.append(f"classes that are no expressions: {', '.join(others[:12])}")
        for alike in pd.Series(order).groupby([normal(name) for name in order]).agg(list):
            table.guessed += [f"{' and '.join(alike)} are not one class"] if len(alike) > 1 else []
    place = {spelt(name) if rules.classes else name: code for code, name in enumerate(order)}
    numbered = all(name.isdigit() and int(name) < len(order) for name in real)
    if rules.classes and rules.numbered and numbered and not real <= set(place):
        place = {str(code): code for code in range(len(order))}
        table.guessed.append(f"labels 0 to {len(order) - 1} are {', '.join(order)}")
    moved = np.full(len(names) + 1, -1, np.int32)
    times = np.bincount(codes[codes >= 0], minlength=len(names))
    for number, meaning in enumerate(meanings):
        if meaning is None or meaning in left:
            what = "of several choices or none" if meaning is None else repr(meaning)
            words = f"answers {what} are no class and left out"
            counted[words] = counted.get(words, 0) + int(times[number])
        elif meaning in place:
            moved[number] = place[meaning]
        else:
            near = nearest(names[number], place, 0.5) or near_expression(names[number])
            hint = f"; did you mean {near}?" if near in place else "."
            more = "" if rules.also else "; where nobody answered so, name all classes with classes=[...]"
            more = more if rules.columns is None else "; name what is no class in ignore=[...]"
            table.refuse(codes == number, column, f"that is no class{hint} There are: {', '.join(order)}{more}")
    if (empty := int((codes < 0).sum())) > 0:
        counted["rows have no label"] = empty
    return moved[codes], order


def _choice(cell: str) -> str | None:
    """A label, also as {"choices": [...]} or [...], which annotation tools write; None where they are not one."""
    if not re.match(r"""\[|\{\s*['"]choices?['"]""", cell):
        return composed(cell)
    try:
        chosen = ast.literal_eval(cell)  # JSON, or what Python prints
    except (SyntaxError, ValueError):
        return None
    chosen = next(iter(chosen.values())) if isinstance(chosen, dict) else chosen
    chosen = chosen if isinstance(chosen, list) else [chosen]
    return composed(str(chosen[0])) if len(chosen) == 1 else None


def _per_task(table: Table, tasks: Coded) -> NDArray[np.object_] | None:
    """The subset of each task; a task belongs to one."""
    if (column := table.find("subset")) is None:
        return None
    subsets = table.coded(column)
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
    nan = np.full(len(answers.task), np.nan)
    sides = [nan if (values := answers.ratings(side)) is None else values for side in ("valence", "arousal")]
    valence, arousal = (np.stack([side[first], side[last]], axis=1) for side in sides)
    label = np.stack([answers.label[first], answers.label[last]], axis=1)
    repeats = Repeats(answers.task[first], label, valence, arousal, answers.worker[first])
    kept = answers.select(~(later if policy == "first" else earlier))
    words = f"second answers of a worker to a task; the {policy} counts"
    return replace(kept, repeats=repeats, counted={**answers.counted, words: number})
