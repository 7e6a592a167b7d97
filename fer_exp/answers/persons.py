"""Exports of surveys, where a row is a person and a column a picture, or a question about one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from fer_exp.answers.cells import choice, within
from fer_exp.answers.exports import Export, matching
from fer_exp.answers.scales import AFFECT, Scales
from fer_exp.answers.sheet import Sheet, blank, joined
from fer_exp.answers.words import ASKED, OF_LABELS
from fer_exp.errors import RequestError
from fer_exp.names import expressions
from fer_exp.table_cells import Coded
from fer_exp.tables import Table

LOOP = re.compile(r"(\d+)_(.+)")
"""Names of Qualtrics' loop and merge: the number of the round, then the question's."""


class Asked(NamedTuple):
    """A column: which ``task`` it is about and in what ``role``, the ``question``, and how the task is known."""

    column: int
    task: str
    role: str
    question: str
    known: bool


def unpack_persons(sheet: Sheet, export: Export, called: Mapping[str, str | None]) -> Table | None:
    """The answers that a survey's export holds; None where nothing in it looks like one.

    Args:
        sheet: the rows of the persons who count.
        export: that it is.
        called: role -> column, or question, as the user named it.

    Raises:
        RequestError: answers are there, but not which picture they are about, or more than one question about each.
    """
    about = [re.compile(pattern, re.IGNORECASE) for pattern in (export.about, *export.worker) if pattern]
    worker = _person(sheet, export, called.get("worker"))
    columns = [n for n, name in enumerate(sheet.names)
               if n != worker and not sheet.empty(n).all() and not any(p.fullmatch(name) for p in about)]  # fmt: skip
    timed = [n for pattern in export.seconds for n in matching(pattern, sheet.names) if n in columns]
    asked = _asked(sheet, export, [n for n in columns if n not in timed], called.get("label"))
    if not asked and export.name:
        said = [text for n in columns for text in sheet.texts(n)[:2]][:3]
        raise RequestError(
            f"{sheet.table.where} is read as {_called(export)}, and no two columns hold expressions (but "
            f"{', '.join(said)}, …); where these are codes, export it with the texts of the "
            "answers, or name them with classes=[...]."
        )
    if not asked:
        return None
    by_task: dict[str, dict[str, int]] = {}
    for one in asked:
        roles = by_task.setdefault(one.task, {})
        if one.role in roles:
            others = list(dict.fromkeys(a.question for a in asked if a.role == one.role))
            raise RequestError(
                f"{sheet.table.where} is read as {_called(export)}, with several questions about each picture: "
                f"{', '.join(others[:12])}; say which with label={others[0]}."
            )
        roles[one.role] = one.column
    for column in timed:
        if (loop := LOOP.fullmatch(sheet.names[column])) and (task := _round(asked, sheet, loop[1])):
            by_task[task]["seconds"] = column
    return _melted(sheet, export, worker, by_task, asked)


def _person(sheet: Sheet, export: Export, named: str | None) -> int | None:
    """The column of persons, None where a row is one."""
    if named is not None:
        return sheet.named("worker", named)
    questions = sheet.table.below[0][: len(sheet.names)] if sheet.table.below else []
    asked = [n for n, text in enumerate(questions) if re.fullmatch(ASKED, text, re.IGNORECASE | re.DOTALL)]
    called = [n for pattern in export.worker for n in matching(pattern, sheet.names)]
    usual = sheet.table.find("worker") if all(sheet.empty(n).any() for n in (*asked, *called)) else None
    columns = [*asked, *called, *([] if usual is None else [usual])]
    return next((n for n in columns if not sheet.empty(n).any()), None)


def _asked(sheet: Sheet, export: Export, columns: list[int], named: str | None) -> list[Asked]:
    """Columns with answers about pictures."""
    every = [_about(sheet, column) for column in columns]
    labels = [one for one in every if sheet.says_labels(one.column)]
    words = {word for one in labels for word in sheet.words(one.column)}
    alike = {one.column for one in every if words >= set(sheet.words(one.column)) and not sheet.empty(one.column).all()}
    known = [one.column for one in every if one.known and one.role == "label"]
    alike |= {column for column in known if expressions(sheet.words(column), labels=True)}
    labels = [one for one in every if one in labels or one.column in alike]  # no face has every answer
    sides = [one for one in every if one.role != "label" and sheet.says_numbers(one.column)]
    if not labels and not sides:
        labels = [one for one in every if one.known and one.role == "label" and sheet.says_numbers(one.column)]
        if not labels and export.name and all(sheet.says_numbers(one.column) for one in every):
            raise RequestError(
                f"{sheet.table.where} is read as {_called(export)}, and its answers are numbers; export it "
                "with the texts of the choices, or with a column a picture, called by its file."
            )
    if named is not None:
        labels = [one for one in every if named in (one.question, sheet.names[one.column])]
        if not labels:
            raise RequestError(f"{sheet.table.where} has no question {named}, which label={named} asks for.")
    if len(labels) + len(sides) < 2:
        return []
    asked = [one._replace(role="label") for one in labels] + sides
    shown = [one for one in asked if one.known]  # beside many pictures, another question is about the person
    return shown if len(shown) > 1 and 2 * len(shown) > len(asked) and named is None else asked


def _about(sheet: Sheet, column: int) -> Asked:
    """What a column is about, by its name, and by its question where a row below the header has that."""
    name, table = sheet.names[column], sheet.table
    if sheet.names.count(name) > 1:  # one question under each of several pictures
        name = f"{name} {sheet.names[: column + 1].count(name)}"
    texts = [row[column] for row in table.below if column < len(row) and not row[column].startswith("{")]
    text = texts[0] if texts else ""
    loop = LOOP.fullmatch(name)
    shown = within(name) or within(text)
    rest = (text or name).replace(shown or "\0", "")
    role = sheet.role_of(name.replace(shown or "\0", ""), column)
    role = sheet.role_of(rest) if role == "label" else role
    question = loop[2] if loop else name
    task = shown or (loop[1] if loop else _without_side(name, role, sheet.scales) if role != "label" else _plain(name))
    return Asked(column, task, role, question, shown is not None or loop is not None)


def _without_side(name: str, role: str, scales: Scales = AFFECT) -> str:
    """A column's name without the word of the rating, and without the number that a slider adds.

    >>> _without_side("face01_valence_1", "valence"), _without_side("arousal face01", "arousal")
    ('face01', 'face01')
    """
    word = scales.pattern(role) if scales.within(name) == role else r"[^\W\d_]+(?=[\s_.-]*\d*$)"
    name = re.sub(rf"[\s_.-]*(?:{word})[\s_.-]*(?:_\d+$)?", "_", name, flags=re.IGNORECASE)
    return name.strip("_ ") if name.startswith("_") else re.sub(r"(?<=.)_\d+$", "", name.strip("_ "))


def _plain(name: str) -> str:
    """A column's name without the word of the question.

    >>> _plain("face01_emotion"), _plain("Q5")
    ('face01', 'Q5')
    """
    word = f"({OF_LABELS}|choice)"
    return re.sub(rf"[\s_.-]+{word}$|^{word}[\s_.-]+", "", name, flags=re.IGNORECASE)


def _round(asked: list[Asked], sheet: Sheet, number: str) -> str | None:
    """The task of a round of a loop."""
    rounds = ((one.task, LOOP.fullmatch(sheet.names[one.column])) for one in asked)
    return next((task for task, loop in rounds if loop and loop[1] == number), None)


def _called(export: Export) -> str:
    return f"an export of {export.name}" if export.name else "a table with a column a picture"


def _melted(
    sheet: Sheet, export: Export, worker: int | None, by_task: dict[str, dict[str, int]], asked: list[Asked]
) -> Table:
    """An answer a row."""
    persons, pictures = len(sheet.rows), len(by_task)
    there = dict.fromkeys(role for columns in by_task.values() for role in columns)
    roles = sorted(there, key=lambda role: (role == "seconds", role != "label"))
    numbered = np.array([f"row {row + 1}" for row in sheet.rows], dtype=object)
    who = Coded(np.arange(persons, dtype=np.int32), numbered) if worker is None else sheet.cleaned(worker, str)
    tasks = Coded(np.repeat(np.arange(pictures, dtype=np.int32), persons), np.array(list(by_task), dtype=object))
    frame = {"worker": joined([who] * pictures), "task": tasks}
    for role in roles:
        several = "[]" if role == "label" else ""
        cells = [sheet.cleaned(columns[role], choice, several) if role in columns else blank(persons)
                 for columns in by_task.values()]  # fmt: skip
        frame[role] = joined(cells)
    sheet.used.update(n for columns in by_task.values() for n in columns.values())
    sheet.used.update(one.column for one in asked)
    sheet.used.update([] if worker is None else [worker])
    _say_how(sheet, export, worker, roles, pictures, asked[0])
    answered = np.logical_or.reduce([frame[role].codes >= 0 for role in roles if role != "seconds"])
    frame = {role: column.rows(answered) for role, column in frame.items()}
    return sheet.as_table(frame, np.tile(sheet.rows, pictures)[answered])


def _say_how(sheet: Sheet, export: Export, worker: int | None, roles: list[str], pictures: int, first: Asked) -> None:
    """Add to what the table's line says how it was read, with its first column as an example, and what was not."""
    name = sheet.names[first.column]
    means = "" if first.task == name else f" ({name} is {first.task})"
    others = "".join(f", {role} too" for role in roles if role != "label" and "label" in roles)
    person = "each row is a person" if worker is None else f"worker is {sheet.names[worker]}"
    how = f"read as {_called(export)}: {pictures} pictures, a column each{means}{others}, {person}"
    sheet.table.guessed.insert(0, how)
    sheet.say_rest(export.about, "scales=[WORD] takes those in whose names or questions it stands as ratings")
