"""The one way in for people's answers, from any table: an answer a row, a column a rater, or a column a class."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers, Codes, Votes
from fer_exp.answers.roles import tells_apart, vary_as_answers, who
from fer_exp.answers.rows import Rules, label_codes, read_rows
from fer_exp.answers.scales import AFFECT, Ends, Scales, columns_of, every, read_scale
from fer_exp.answers.truth import label_of, naming
from fer_exp.answers.unpack import unpack
from fer_exp.answers.votes import a_column_a_class, count_votes, no_classes, repeated, task_names
from fer_exp.answers.wide import A_RATER, an_answer_a_row, raters_of, scale_columns
from fer_exp.column_names import OF_ANSWERS
from fer_exp.config import check_choice
from fer_exp.config.rules import DUPLICATES
from fer_exp.errors import RequestError
from fer_exp.names import OTHER_ANSWERS, among, expressions, normal, one_word, spelt
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.table_cells import Coded
from fer_exp.tables import Table, read_table
from fer_exp.together import ITS_FILE

NUMBERED = re.compile(
    r"(face|img|image|pic|picture|photo|stim|stimulus|stimuli|item|q|question|trial|video|clip|bild|foto|reiz)[\s_.-]*\d+",
    re.IGNORECASE,
)
"""Columns of a face each, where a row is a person."""
FEW_TASKS = 4
"""Faces with several answers up to which people may agree on each by chance."""


def read_answers(
    source: Path | str | pd.DataFrame | Table,
    key: str = "",
    *,
    columns: Mapping[str, str | None] | None = None,
    classes: Sequence[str] = (),
    also: Sequence[str] = (),
    ignore: Sequence[str] = OTHER_ANSWERS,
    numbers: Any = None,
    numbered: bool = True,
    others: str | None = None,
    duplicates: str = "refuse",
    scale: Sequence[float] = (-1.0, 1.0),
    raters: int | None = None,
    scales: Mapping[str, Ends] | None = None,
    uncounted: bool = False,
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
        numbers: what labels, or columns of votes, that are numbers mean, as ``orders.meanings`` takes it.
        numbered: whether, without ``numbers``, the labels 0..K-1 stand for ``classes`` in their order.
        others: one of ``also``, which labels count as that are none of these; None refuses such.
        duplicates: one of ``DUPLICATES``. Under first and last, the pairs are kept as ``repeats``.
        scale: lowest and highest valence and arousal; they are mapped linearly to -1..1.
        raters: how many people are behind each row of proportions or percentages.
        scales: scales that must be there, perhaps with their ends; then all others that are known count, too. None
            takes valence and arousal alone.
        uncounted: whether votes may be shares of nobody knows how many people, or mean ratings a class.

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
    wanted = AFFECT if scales is None else every(scales)
    rules = Rules(
        columns, classes, also, ignore, numbers, numbered, others, duplicates, scale, raters, wanted, uncounted
    )
    table = read_table(source, key, together=True)
    table.takes = "" if scales is None else "scales"
    if (unpacked := unpack(table, columns, classes, wanted)) is not None:
        table, rules = unpacked, rules._replace(columns=None if columns is None else {})
    answers = _read(table, rules)
    if key or isinstance(source, Path | str):  # else it is a table of our own
        table.say()
    return replace(answers, counted={**answers.counted, **{f"{words} left out": n for words, n in table.left.items()}})


def _read(table: Table, rules: Rules) -> Answers | Votes:
    """Answers by whatever form the table has."""
    called = rules.columns or {}
    task, worker, label = (table.find(role, called.get(role)) for role in ("task", "worker", "label"))
    if worker is None and ITS_FILE in table.names and _is_of_persons(table, task, label):
        worker = table.decide("worker", table.names.index(ITS_FILE))
    if task is None and worker is None and rules.columns is not None:
        worker = _row_a_person(table, rules)
    if worker is not None and not called.get("worker") and len(raters_of(table, task, label, rules)) > 1:
        worker = table.decide("worker", None)  # who is pictured
    if task is not None and not called.get("worker"):
        worker = _person(table, task, worker, label)
    if worker is None:  # else such columns are tasks
        table.name_numbers(rules.numbers)
    elif task is not None and not called.get("label"):
        label = _label(table, task, worker, label, rules)
    if worker is None and (wide := a_column_a_class(table, task, label)) is not None:
        rules = rules._replace(columns=None if rules.columns is None else {}, classes=rules.classes or wide[1])
        votes = _read(wide[0], rules)
        table.unused |= {table.names.index(wide[0].names[n]) for n in wide[0].unused}
        return votes
    named = table.class_columns((*rules.classes, *rules.also, *rules.ignore) if rules.classes else ())
    if worker is None and len(named.keys() - {spelt(name) for name in rules.ignore}) > 1:
        task = table.need("task", called.get("task"), key=rules.columns is not None)
        votes = count_votes(table, rules.classes, rules.also, rules.ignore, rules.raters, rules.uncounted)
        faces = len(votes.tasks)  # a row of totals is none
        if (added := _an_answer_each(table, task, votes)) is not None:
            return added
        again = repeated(table, task, votes.counts)
        names = task_names(table, task, called.get("task") is not None, again)[:faces]
        subset = table.find("subset")
        of_task = None if subset is None else [name or "none" for name in table.text(subset)[:faces]]
        votes = replace(votes, tasks=names, subset=None if of_task is None else np.array(of_task, dtype=object))
        counted = {"rows that repeat another one are left out": int(again.sum())} if again.any() else {}
        return replace(votes.of_tasks(~again), counted={**votes.counted, **counted})
    if (made := an_answer_a_row(table, task, worker, label, rules)) is not None:
        if rules.scales.emotions:  # what a column of scales names is one, known or not
            told = dict.fromkeys(name for name in made.scales if rules.scales.called(name) is None)
            rules = rules._replace(scales=rules.scales._replace(named={**told, **rules.scales.named}))
        return read_rows(made, rules._replace(columns=None))
    if worker is None and task is not None and label is not None and not columns_of(table, rules.scales, {task, label}):
        tasks = table.coded(task)
        if rules.columns is None or np.bincount(tasks.codes + 1).max() > 1:
            return _of_nobody(table, task, label, rules)
    if label is None and worker is None and task is not None and not columns_of(table, rules.scales, {task}):
        raise RequestError(no_classes(table))
    return read_rows(table, rules)


def _row_a_person(table: Table, rules: Rules) -> int | None:
    """The column of persons in a table that calls none so, where other columns are called as pictures are, numbered.

    Raises:
        RequestError: several columns hold expressions, and nothing says whether each is of a face or of a rater.
    """
    pictured = [n for n, name in enumerate(table.names) if NUMBERED.fullmatch(name)]
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


def _an_answer_each(table: Table, task: int, votes: Votes) -> Votes | None:
    """The votes of a table with a row an answer, where each row has one 1; None of another.

    Raises:
        RequestError: rows are of faces that are there several times, and a column tells persons apart.
    """
    names = pd.Series(table.text(task)[: len(votes.tasks)])
    twice = names.duplicated(keep=False)
    if names.isna().any() or 2 * int(twice.sum()) < len(names):
        return None
    if votes.counts.max() == 1 and (votes.counts.sum(axis=1) <= 1).all():
        codes, tasks = pd.factorize(names)
        counts = np.zeros((len(tasks), len(votes.classes)))
        np.add.at(counts, codes, votes.counts)
        table.guessed.append(f"{len(names):,} rows with an answer each, added up by face")
        return replace(votes, tasks=np.asarray(tasks, dtype=object), counts=counts)
    with table.looking():
        tasks_of, others = table.coded(task), sorted(table.unused)
        person = next((n for n in others if n != task and tells_apart(tasks_of, table.coded(n))), None)
    if person is not None:
        name = table.names[person]
        raise RequestError(
            f"{table.where} has several rows a face, and {name} tells them apart; if it says who answered, say "
            f"worker={one_word(name)}."
        )
    return None


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


def _of_nobody(table: Table, task: int, label: int, rules: Rules) -> Votes:
    """Votes of a table with an answer, or the one label of a face, a row, in which nothing says whose it is."""
    tasks, counted = table.coded(task), dict[str, int]()
    table.refuse(tasks.codes < 0, task, "every answer needs one")
    codes, order = label_codes(table, label, rules, counted)
    counts = np.zeros((len(tasks.names), len(order)))
    np.add.at(counts, (tasks.codes[codes >= 0], codes[codes >= 0]), 1)
    with table.looking():
        persons = (n for n in sorted(table.unused) if n not in (task, label) and tells_apart(tasks, table.coded(n)))
        person = next(persons, None) if rules.columns is not None else None
    way_out = "" if person is None else f"; if {table.names[person]} does, say worker='{table.names[person]}'"
    table.guessed.append(f"nothing says who answered: counted as votes{way_out}")
    return Votes(tasks.names, order, counts, counted=counted)


def read_labels(
    source: Path | str | pd.DataFrame | Table,
    classes: Sequence[str],
    key: str,
    columns: Mapping[str, str | None] | None = None,
    scale: Sequence[float] = (-1.0, 1.0),
    numbers: Any = None,
    scales: Scales = AFFECT,
    ordered: bool = False,
    ignore: Sequence[str] = (),
    counted: dict[str, int] | None = None,
) -> tuple[NDArray[np.object_], Codes, dict[str, FloatArray]]:
    """One label a task: gold answers, or original labels.

    Args:
        source: a table ``task, label``, optionally ``valence, arousal``.
        classes: K names that the labels must be of.
        key: which key named the file, for messages.
        columns: contract name -> column, where the table calls it otherwise than usual.
        scale: lowest and highest rating.
        numbers: what labels that are numbers mean, as ``orders.meanings`` takes it.
        scales: on which ratings count.
        ordered: whether somebody wrote the classes in this order, so that labels 0..K-1 stand for them.
        ignore: labels that are no class, left out.
        counted: is told of them.

    Returns:
        Names of the tasks (M,), codes of their labels (M,), -1 where empty, and ratings by scale, (M,), nan where
        missing.

    Raises:
        RequestError: a missing column, an unknown label, or a task that occurs twice with different labels.
    """
    table, called = read_table(source, key), columns or {}
    unpacked = unpack(table, columns, classes, scales, gold=True) or unpack(
        table, columns, classes, scales
    )  # or an expert's own answers
    table, called = (table, called) if unpacked is None else (unpacked, {})
    task = table.need("task", called.get("task"))
    label = label_of(table, called.get("label"), classes)
    if label is None and classes:
        table.need("label", way_out="; call it label")
    rules = Rules(None, classes, (), ignore, numbers, ordered, None, "refuse", scale, None, scales)
    codes, _ = label_codes(table, label, rules, {} if counted is None else counted)
    ratings: dict[str, int] = {}
    for n, column in enumerate(table.names):
        name = next((name for name, own in called.items() if own == column), scales.called(column))
        if name is not None and n not in (task, label) and (called.get(name) or column) == column:
            ratings.setdefault(name, n)
    rated = {name: read_scale(table, name, column, rules.ends(name), {})[0] for name, column in ratings.items()}
    tasks = table.text(task)
    table.refuse(pd.isna(tasks), task, "every label needs one")
    pairs = pd.DataFrame({"task": tasks, "label": codes})[codes >= 0].drop_duplicates()
    if (twice := pairs["task"].duplicated()).any():
        name = pairs["task"][twice].iloc[0]
        raise RequestError(f"{table.where}: task {name} has two different labels; give one a task.")
    order = np.argsort(codes < 0, kind="stable")  # of a task that occurs more than once, the row with a label
    keep = np.zeros(len(tasks), dtype=bool)
    keep[order] = ~pd.Series(tasks[order]).duplicated().to_numpy()
    if not isinstance(source, Table):  # else it has been read for something else, too
        table.say()
    return tasks[keep], codes[keep], {name: values[keep] for name, values in rated.items()}
