"""Which columns of a table hold the faces, who answered and what: by their names, and by what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from fer_exp.answers.rules import Rules
from fer_exp.answers.scales import columns_of
from fer_exp.answers.truth import naming
from fer_exp.answers.wide import raters_of, scale_columns
from fer_exp.answers.words import A_FACE, A_RATER, NUMBERS, PERSONS
from fer_exp.column_names import OF_ANSWERS
from fer_exp.errors import RequestError
from fer_exp.names import among, expressions, normal, one_word
from fer_exp.table_cells import Coded
from fer_exp.tables import Table
from fer_exp.together import ITS_FILE

FEW_TASKS = 4
"""Faces with several answers up to which people may agree on each by chance."""


def roles_of(table: Table, rules: Rules) -> tuple[int | None, int | None, int | None]:
    """The columns of tasks, workers and labels: by what they are called and, where nobody named them, by cells."""
    called = rules.columns or {}
    task, worker, label = (table.find(role, called.get(role)) for role in ("task", "worker", "label"))
    if worker is None and ITS_FILE in table.names and _is_of_persons(table, task, label):
        worker = table.decide("worker", table.names.index(ITS_FILE))
    if task is None and worker is None and rules.columns is not None:
        worker = _row_a_person(table, rules)
    if not called.get("worker"):
        if worker is not None and len(raters_of(table, task, label, rules)) > 1:
            worker = table.decide("worker", None)  # who is pictured
        if task is not None:
            worker = _person(table, task, worker, label)
    if worker is None:  # else such columns are tasks
        table.name_numbers(rules.numbers)
    elif task is not None and not called.get("label"):
        label = _label(table, task, worker, label, rules)
    return task, worker, label


def _row_a_person(table: Table, rules: Rules) -> int | None:
    """The column of persons in a table that calls none so, where other columns are called as pictures are, numbered.

    Raises:
        RequestError: several columns hold expressions, and nothing says whether each is of a face or of a rater.
    """
    pictured = [n for n, name in enumerate(table.names) if A_FACE.fullmatch(name)]
    columns = pictured if len(pictured) > 2 else naming(table, rules.classes)
    first = next((n for n in range(len(table.names)) if n not in columns), None)
    if len(columns) < 3 or first is None or any(A_RATER.fullmatch(table.names[n]) for n in columns):
        return None
    if columns is pictured:
        return table.decide("worker", first)
    name = one_word(table.names[first])
    raise RequestError(
        f"{table.where}: {table.names[columns[0]]}, {table.names[columns[1]]}, … hold expressions, and nothing says "
        f"whether a row is a face or a person: task={name} says the first, worker={name} the second."
    )


def _is_of_persons(table: Table, task: int | None, label: int | None) -> bool:
    """Whether a folder has a file a person, and not parts of one table: votes, or raters' columns, of other faces each.

    A person answers a face once, or few twice; and without a column of labels several persons answer one face.
    """
    if task is None:
        return True
    with table.looking():
        pairs = pd.DataFrame({"task": table.text(task), "file": table.text(table.names.index(ITS_FILE))})
    if label is not None:
        return bool(2 * pairs.duplicated().sum() < len(pairs))
    return bool(pairs.drop_duplicates()["task"].duplicated().any())


def _person(table: Table, task: int, worker: int | None, label: int | None) -> int | None:
    """The column that says who answered; where none is called so, or each row has its own, by what columns hold."""
    with table.looking():
        tasks = table.coded(task)
        if worker is not None and len(table.coded(worker).names) < max(len(table), 1 + len(tasks.names)):
            return worker
        scales = scale_columns(table, (task, worker, label))
        if scales:  # who rates a face on several scales has several rows of it
            asked = table.coded(scales[0])
            both = pd.factorize(tasks.codes.astype(np.int64) * len(asked.names) + asked.codes)[0]
            tasks = Coded(both.astype(np.int32), np.arange(both.max(initial=0) + 1).astype(object))
        person = who(table.names, table.coded, tasks, (task, worker, label, *scales))
    return worker if person is None else table.decide("worker", person)


def _label(table: Table, task: int, worker: int, label: int | None, rules: Rules) -> int | None:
    """The column of labels; where none is called so, or what is called so is no answer, by what columns hold.

    No answers are codes of which nobody says what they mean, and what is the same in all rows of a face, as what an
    actor was asked to show: beside other expressions, or beside ratings.
    """
    posed = label is not None and _is_of_task(table, task, label)
    codes = label is not None and rules.numbers is None and not rules.classes and table.different_numbers(label) > 0
    if label is not None and not posed and not codes:
        return label
    known, labels = among(rules.classes), []
    with table.looking():
        for n in (n for n in range(len(table.names)) if n not in (task, worker, label)):
            names = table.coded(n, rules.classes).names.tolist()
            words = expressions(names, labels=True)
            labels += [n] if names and all(name in words or known(name) for name in names) else []
        found = vary_as_answers(labels, table.coded, table.coded(task), table.coded(worker))
    if len(found) > 1:
        listed = ", ".join(table.names[n] for n in found)
        way_out = f"; label='{table.names[found[0]]}' takes one" if rules.columns is not None else ""
        none = "and none is called a label" if label is None else f"and {table.names[label]} is the same for a face"
        table.guessed.append(f"several columns hold expressions ({listed}), {none}{way_out}")
        return table.decide("label", None) if posed else label
    if found:
        return table.decide("label", found[0])
    called = label is None or normal(table.names[label]) in map(normal, ("label", *OF_ANSWERS.split()))
    if posed and not called and columns_of(table, rules.scales, {task, worker, label or 0}):
        way_out = f"; label='{table.names[label or 0]}' takes it" if rules.columns is not None else ""
        same = f"{table.names[label or 0]} is the same in all answers to a face, so it is none of them"
        table.guessed.append(same + way_out)
        return table.decide("label", None)
    return label


def _is_of_task(table: Table, task: int, column: int) -> bool:
    """Whether a column has several values, and one alone in all rows of each of several tasks with several rows."""
    with table.looking():
        tasks, cells = table.coded(task), table.coded(column)
    first = np.empty(len(tasks.names) + 1, np.int64)
    first[tasks.codes[::-1]] = cells.codes[::-1]
    several = int((np.bincount(tasks.codes[tasks.codes >= 0]) > 1).sum())
    return len(cells.names) > 1 and several >= FEW_TASKS and bool((cells.codes == first[tasks.codes]).all())


def who(
    names: Sequence[str], of: Callable[[int], Coded], tasks: Coded, beside: Sequence[int | None] = ()
) -> int | None:
    """The column that says who answered, in a table that calls none as such columns are called; None if there is none.

    Its name may be a person's, and it tells answers apart: no two of a task have the same in it.

    Args:
        names: of the columns.
        of: reads a column, (N,).
        tasks: of the answers, (N,).
        beside: numbers of columns that are something else.

    >>> columns = [Coded(np.array(codes), np.arange(3)) for codes in ([0, 0, 1, 1], [1, 2, 2, 1], [0, 0, 0, 1])]
    >>> who(["image", "Kennung", "id"], columns.__getitem__, columns[0], [0])
    1
    """
    free = [n for n in range(len(names)) if n not in beside]
    persons = [n for n in free if PERSONS.fullmatch(names[n])]
    persons.sort(key=lambda n: "session" in names[n].lower())  # a person may have several
    persons += [n for n in free if n not in persons and NUMBERS.fullmatch(names[n])]
    return next((n for n in persons if tells_apart(tasks, of(n))), None)


def tells_apart(tasks: Coded, persons: Coded) -> bool:
    """Whether every answer has a person, persons have several, and none two about a task."""
    pairs = pd.DataFrame({"task": tasks.codes, "person": persons.codes})
    several = len(tasks.names) < len(pairs) and pairs["person"].duplicated().any()  # else it numbers the rows
    return bool(several and (persons.codes >= 0).all() and not pairs.duplicated().any())


def vary_as_answers(columns: Iterable[int], of: Callable[[int], Coded], tasks: Coded, workers: Coded) -> list[int]:
    """Those of some columns that differ within a task and within a person, as answers do.

    What a picture shows is the same in all rows of a task, how a person feels in all rows of theirs.

    >>> columns = [Coded(np.array(codes), np.arange(3)) for codes in ([0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 1])]
    >>> vary_as_answers([0, 1, 2], columns.__getitem__, columns[0], columns[1])
    [2]
    """
    found = []
    for n in columns:
        codes = of(n).codes
        pairs = (np.unique(np.stack([side.codes, codes])[:, codes >= 0], axis=1)[0] for side in (tasks, workers))
        found += [n] if all(len(np.unique(pair)) < len(pair) for pair in pairs) else []
    return found
