"""The one way in for people's answers, from any table: an answer a row, a column a rater, or a column a class."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers, Codes, Votes
from fer_exp.answers.classes import label_codes
from fer_exp.answers.roles import roles_of, tells_apart
from fer_exp.answers.rows import read_rows
from fer_exp.answers.rules import Rules
from fer_exp.answers.scales import AFFECT, Ends, Scales, columns_of, every, read_scale
from fer_exp.answers.truth import label_of
from fer_exp.answers.unpack import unpack
from fer_exp.answers.votes import a_column_a_class, count_votes, no_classes, repeated, task_names
from fer_exp.answers.wide import an_answer_a_row
from fer_exp.config import check_choice
from fer_exp.config.rules import DUPLICATES
from fer_exp.errors import RequestError
from fer_exp.names import OTHER_ANSWERS, one_word, spelt
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.sums import cross
from fer_exp.tables import Table, read_table


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
        numbered: whether, without ``numbers``, labels that are numbers stand for ``classes`` in their order.
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
    task, worker, label = roles_of(table, rules)
    if worker is None and (pivoted := a_column_a_class(table, task, label)) is not None:
        return _of_pivoted(table, *pivoted, rules)
    ignored = {spelt(name) for name in rules.ignore}
    if worker is None and len(rules.class_columns(table).keys() - ignored) > 1:
        return _of_class_columns(table, rules)
    if (made := an_answer_a_row(table, task, worker, label, rules)) is not None:
        if rules.scales.emotions:  # what a column of scales names is one, known or not
            told = dict.fromkeys(name for name in made.scales if rules.scales.called(name) is None)
            rules = rules._replace(scales=rules.scales._replace(named={**told, **rules.scales.named}))
        return read_rows(made, rules._replace(columns=None))
    known = {n for n in (task, label) if n is not None}
    if worker is None and task is not None and not columns_of(table, rules.scales, known):
        if label is None:
            raise RequestError(no_classes(table))
        if rules.columns is None or pd.Series(table.coded(task).codes).duplicated().any():
            return _of_nobody(table, task, label, rules)
    return read_rows(table, rules)


def _of_pivoted(table: Table, made: Table, classes: tuple[str, ...], rules: Rules) -> Answers | Votes:
    """What a table with a row a task and class holds, from the one with a column a class that was made of it."""
    rules = rules._replace(columns=None if rules.columns is None else {}, classes=rules.classes or classes)
    answers = _read(made, rules)
    left = [made.names[n] for n in sorted(made.unused)]
    table.unused |= {table.names.index(name) for name in left if name in table.names}
    if others := [name for name in left if name not in table.names]:
        table.guessed.append(f"classes not used: {', '.join(others)}")
    return answers


def _of_class_columns(table: Table, rules: Rules) -> Votes:
    """The votes of a table with a row a task, or an answer, and a column a class."""
    called = (rules.columns or {}).get("task")
    task = table.need("task", called, key=rules.columns is not None)
    votes = count_votes(table, rules.classes, rules.also, rules.ignore, rules.raters, rules.uncounted)
    faces = len(votes.tasks)  # a row of totals is none
    if (added := _an_answer_each(table, task, votes)) is not None:
        return added
    again = repeated(table, task, votes.counts)
    votes = replace(votes, tasks=task_names(table, task, called is not None, again)[:faces])
    if (subset := table.find("subset")) is not None:
        votes = replace(votes, subset=np.array([name or "none" for name in table.text(subset)[:faces]], dtype=object))
    counted = {"rows that repeat another one are left out": int(again.sum())} if again.any() else {}
    return replace(votes.of_tasks(~again), counted={**votes.counted, **counted})


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


def _of_nobody(table: Table, task: int, label: int, rules: Rules) -> Votes:
    """Votes of a table with an answer, or the one label of a face, a row, in which nothing says whose it is."""
    tasks, counted = table.coded(task), dict[str, int]()
    table.refuse(tasks.codes < 0, task, "every answer needs one")
    codes, order = label_codes(table, label, rules, counted)
    counts = cross(tasks.codes[codes >= 0], codes[codes >= 0], (len(tasks.names), len(order)))
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
        ordered: whether somebody wrote the classes in this order, so that labels that are numbers stand for them.
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
    left: dict[str, int] = {}
    codes, _ = label_codes(table, label, rules, left)
    if counted is None:
        table.guessed += [f"{number:,} {words}" for words, number in left.items()]
    else:
        counted.update(left)
    rated = {name: read_scale(table, name, n, rules.ends(name), {})[0]
             for name, n in _rated(table, {task, label}, called, scales).items()}  # fmt: skip
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


def _rated(
    table: Table, taken: Collection[int | None], called: Mapping[str, str | None], scales: Scales
) -> dict[str, int]:
    """Scale -> its column in a table of labels: the one that the user named, else the first with a usual name."""
    columns: dict[str, int] = {}
    for n, column in enumerate(table.names):
        name = next((name for name, named in called.items() if named == column), scales.called(column))
        if name is not None and n not in taken and (called.get(name) or column) == column:
            columns.setdefault(name, n)
    return columns
