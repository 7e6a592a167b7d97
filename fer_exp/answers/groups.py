"""Groups by a column of the answers, or of a table beside them: of raters where it is theirs, else of tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from fer_exp.answers import Answers, Votes
from fer_exp.errors import RequestError
from fer_exp.face_names import finder
from fer_exp.grouping import Grouping, grouping, no_column, one_spelling, with_column
from fer_exp.table_cells import Coded
from fer_exp.tables import Table

Values = dict[str, str | None]


def with_groups(
    data: Answers | Votes, by: str, table: Table, columns: Mapping[str, str | None]
) -> tuple[Answers | Votes, Grouping | None]:
    """The answers with the groups that a column makes.

    A column with one value a rater makes groups of raters; one with one value a task makes subsets of the tasks, within
    those that there are.

    Args:
        data: the answers.
        by: the column.
        table: that has it, beside the names of raters or of tasks: the answers' own, or another.
        columns: what these are called there, by role.

    Returns:
        The answers, with subsets where the column is of tasks; and the groups of their raters, or None.

    Raises:
        RequestError: there is no such column, it is neither of raters nor of tasks, or it makes no groups.
    """
    name = with_column(by, table.names, table.where)
    if not name:
        raise RequestError(no_column(by, table.names, table.where))
    column = table.names.index(name)
    workers = data.workers if isinstance(data, Answers) else ()
    worker, task = (_names(table, role, columns, known) for role, known in (("worker", workers), ("task", data.tasks)))
    of_raters = _one_each(table, worker, column) if worker is not None and isinstance(data, Answers) else None
    of_tasks = None if task is None else _one_each(table, task, column)
    if of_raters is not None and isinstance(data, Answers) and (of_tasks is None or _meet(data, of_raters)):
        values = np.array([of_raters.get(str(one)) for one in data.workers], dtype=object)
        if not any(value is not None for value in values):
            raise RequestError(f"by={by}: none of the {len(values):,} raters has a value in {table.where}.")
        return data, grouping(values, by, "raters")
    if of_tasks is None:
        missing = "names neither raters nor faces" if worker is None and task is None else "is of neither"
        raise RequestError(
            f"by={by}: a group is of raters or of faces, and {table.where} {missing}: "
            f"{_twice(table, worker, task, column)}."
        )
    return subsets(data, of_tasks, by, table.where), None


def subsets(data: Answers | Votes, of_tasks: Mapping[str, str | None], by: str, where: str) -> Answers | Votes:
    """The answers with the groups of their tasks as subsets; tasks in no group are left out, and counted.

    Raises:
        RequestError: no task has a value, or they make no groups.
    """
    find = finder(map(str, of_tasks), where)
    known = [find(str(task)) for task in data.tasks]
    values = np.array([None if name is None else of_tasks[name] for name in known], dtype=object)
    groups = grouping(values, by, "faces")
    inside = groups.code >= 0
    named = np.array([*groups.names, ""], dtype=object)[groups.code]
    if data.subset is not None and by != "subset":  # which they are already
        named = np.array([f"{old}, {new}" for old, new in zip(data.subset, named, strict=True)], dtype=object)
    counted = {**data.counted, **({f"faces are in no group of {by} and left out": int((~inside).sum())} if
               not inside.all() else {})}  # fmt: skip
    return replace(data, subset=named, counted=counted).of_tasks(inside)


def _names(table: Table, role: str, columns: Mapping[str, str | None], known: Collection[object]) -> int | None:
    """The column of raters or tasks: that of the role, or, where it has none of those known, the first that has one.

    The reader of an export takes a person's id from another column (Prolific's) than its name alone would say.
    """
    those = set(map(str, known))
    column = table.find(role, columns.get(role))
    if columns.get(role) or not those or (column is not None and not those.isdisjoint(table.coded(column).names)):
        return column
    others = (n for n in range(len(table.names)) if not those.isdisjoint(table.coded(n).names))
    return next(others, column)


def _one_each(table: Table, names: int, column: int) -> Values | None:
    """The value of each rater or task; None where one has several, spellings of one apart."""
    ids, cells = table.coded(names), table.coded(column)
    there = (ids.codes >= 0) & (cells.codes >= 0)
    alike, pairs = (np.unique(np.stack([ids.codes, values])[:, there], axis=1)
                    for values in (folded(cells).codes, cells.codes))  # fmt: skip
    if len(np.unique(alike[0])) < len(alike[0]):
        return None
    values: Values = dict.fromkeys(map(str, ids.names))
    return values | {str(ids.names[one]): str(cells.names[value]) for one, value in pairs.T}


def folded(cells: Coded) -> Coded:
    """A column whose values are one where their spellings are."""
    often = zip(cells.names, cells.times().tolist(), strict=True)
    spelling = one_spelling({name: number for name, number in often if number})
    return cells.renamed(map(spelling.get, cells.names), sorted(set(spelling.values())))


def _meet(data: Answers, of_raters: Values) -> bool:
    """Whether raters of several groups answered one task."""
    codes = {value: code for code, value in enumerate(dict.fromkeys(of_raters.values()))}
    group = np.array([codes.get(of_raters.get(str(one)), -1) for one in data.workers])[data.worker]
    pairs = np.unique(np.stack([data.task, group]), axis=1)[0]
    return len(pairs) > len(np.unique(pairs))


def _twice(table: Table, worker: int | None, task: int | None, column: int) -> str:
    """A rater and a face with two values."""
    told = []
    for role, names in (("rater", worker), ("face", task)):
        first: dict[str, str] = {}
        for name, value in () if names is None else zip(table.text(names), table.text(column), strict=True):
            if value is not None and first.setdefault(name, value) != value:
                told.append(f"{role} {name} has {first[name]} and {value}")
                break
    return ", ".join(told) or "no column of raters or faces is known there (worker= and task= name them)"
