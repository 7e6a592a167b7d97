"""Tables with a column a rater, a column a task, or a row a scale, as tables with an answer a row."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fer_exp.answers.questions import answers_of
from fer_exp.answers.rules import PLAIN_RULES, Rules
from fer_exp.answers.scales import PLAIN, Scales, columns_of
from fer_exp.answers.votes import by_their_row
from fer_exp.answers.whose import at_once, beside_a_scale, of_no_rater
from fer_exp.answers.words import A_RATER, NOT_TICKED, OF_LABELS, SCALE, TICKED
from fer_exp.column_names import OF_ANSWERS
from fer_exp.columns import is_number
from fer_exp.face_names import is_picture
from fer_exp.names import among, expressions, normal, spelt
from fer_exp.orders import number, numbers_of
from fer_exp.tables import MOST, Table

BESIDE, ALONE = 0.5, 0.75
"""Share of a rater's cells that have to be classes: beside a column in which all are, and where there is none."""


def an_answer_a_row(
    table: Table, task: int | None, worker: int | None, label: int | None, rules: Rules
) -> Table | None:
    """The answers of a table in another form, None where it has an answer a row.

    Args:
        table: as it was read.
        task: its column of tasks, None where a column is a task each.
        worker: likewise of workers.
        label: of labels.
        rules: how answers are read; ``scales`` says which ratings are wanted.
    """
    if task is not None and worker is not None:
        ticked = None if label is not None else _ticked(table, task, worker, rules)
        return ticked or _by_scale(table, task, worker, label, rules.scales)
    if task is None and worker is None:
        return None
    columns = _rated_columns(table, [n for n in (task, worker) if n is not None], rules.scales)
    if not columns and (labels := _label_columns(table, task, worker, label, rules)):
        one = list(rules.scales.named)
        numeric = rules.numbers is None and not rules.classes and all(table.different_numbers(n) for n in labels)
        role = one[0] if len(one) == 1 and numeric else "label"
        if role == "label" and numeric and rules.scales.emotions:
            table.guessed.append("its numbers are taken as classes; scales=[NAME] takes them as ratings")
        columns = {(role, table.names[n]): n for n in labels}
    return _melted(table, task, worker, columns) if columns else None


def _ticked(table: Table, task: int, worker: int, rules: Rules) -> Table | None:
    """Boxes that each rater ticked, a column a class, as labels; None where columns of classes hold more."""
    columns = rules.class_columns(table)
    with table.looking():
        boxes = {name: [table.text(n) for n in several] for name, several in columns.items()}
    said = {str(cell).casefold() for several in boxes.values() for column in several for cell in column if cell}
    if len(boxes) < 2 or not said <= {*TICKED, *NOT_TICKED} or said.isdisjoint(TICKED):
        return None
    table.unused.difference_update(*columns.values())
    ticks = np.stack([np.any([[str(cell).casefold() in TICKED for cell in column] for column in several], axis=0)
                      for several in boxes.values()], axis=1)  # fmt: skip
    names = np.array([*boxes, "[]"], dtype=object)
    label = names[np.where(ticks.sum(axis=1) == 1, ticks.argmax(axis=1), len(boxes))]
    frame = {"task": table.text(task), "worker": table.text(worker), "label": label}
    taken = {task, worker, *(n for several in columns.values() for n in several)}
    rated = columns_of(table, rules.scales, taken)
    frame |= {name: table.text(n) for name, n in rated.items()}
    if (seconds := table.find("seconds")) is not None:
        frame["seconds"] = table.text(seconds)
    table.guessed.append(
        f"boxes that were ticked, a column a class, first {table.names[next(iter(columns.values()))[0]]}"
    )
    return _made(table, frame, np.arange(len(table)), ["label", *rated], {})


def _rated_columns(table: Table, ids: list[int], scales: Scales) -> dict[tuple[str, str], int]:
    """(Scale or label, rater or task) -> the column, where columns are called by both; none where few are."""
    found: dict[tuple[str, str], int] = {}
    for n, name in enumerate(table.names):
        if n in ids or not name:
            continue
        role = scales.within(name)
        if role is None and (emotion := scales.emotion(name)) and spelt(name) != emotion:
            role, rest = emotion, "_".join(re.split(r"[\s_.:-]+", name)[:-1])
        else:
            pattern = OF_LABELS if role is None else scales.pattern(role)
            rest = re.sub(pattern, "", name, count=1, flags=re.IGNORECASE)
            role = "label" if role is None and rest != name else role
        rest = rest.strip(" _.-:")
        if role is None or not rest or beside_a_scale(rest):
            continue
        if role != "label" and not table.different_numbers(n):
            continue
        found.setdefault((role, rest), n)
    rated = {role for role, _ in found} - {"label"}
    several = {role for role in rated if sum(one == role for one, _ in found) > 1}
    others = {rest for role, rest in found if role in several}
    return {key: n for key, n in found.items() if key[0] in several or (key[0] == "label" and key[1] in others)}


def _label_columns(table: Table, task: int | None, worker: int | None, label: int | None, rules: Rules) -> list[int]:
    """Columns that hold one rater's answers each, by their names; or one rater's or task's, by what is in them."""
    others = [n for n in range(len(table.names)) if n not in (task, worker, label)]
    if task is not None:
        others = [n for n in others if not of_no_rater(table.names[n])]
    raters = [n for n in others if A_RATER.fullmatch(table.names[n])]
    if task is not None and len(raters) > 1:
        return raters
    if label is not None and not _beside_raters(table, task, label):
        return []
    if len(rules.scales.named) == 1 and not {normal(name) for name in table.names} & set(
        map(normal, rules.scales.named)
    ):
        numeric = [n for n in others if table.different_numbers(n) and not beside_a_scale(table.names[n])]
        return _of_one_kind(table, numeric) if len(numeric) > 1 else []
    wanted, numbers = among(rules.classes), numbers_of(rules.numbers)
    shares: dict[int, float] = {}
    for column in others:
        with table.looking():
            codes, names = table.coded(column, rules.classes)
        known = expressions(names, labels=True)
        answers = [text in known or bool(wanted(text)) or number(text) in numbers for text in names]
        if any(answers):
            shares[column] = float(np.mean(np.asarray(answers)[codes[codes >= 0]]))
    least = BESIDE if 1 in shares.values() else ALONE  # one odd cell makes a rater's column no other
    raters = [column for column, share in shares.items() if share >= least]
    return _of_one_kind(table, raters) if len(raters) > 1 else []


def _beside_raters(table: Table, task: int | None, label: int) -> bool:
    """Whether a column may be the label of each face beside what raters said: where a face has a row, and no answer."""
    answer = normal(table.names[label]) in map(normal, OF_ANSWERS.split())
    return task is not None and not answer and len(table.coded(task).names) == len(table)


def raters_of(table: Table, task: int | None, label: int | None, rules: Rules = PLAIN_RULES) -> list[int]:
    """Columns that hold a rater's labels each, in a table with a row a task; none in any other."""
    with table.looking():
        if task is None or len(table.coded(task).names) < len(table):
            return []
        return _label_columns(table, task, None, label, rules)


def _of_one_kind(table: Table, columns: list[int]) -> list[int]:
    """Columns without those that are called as no other, where most are numbered alike or name a picture: q1, q2, age.

    Those that are called as no other say something of the person, or of the picture.
    """
    kinds: dict[str, list[int]] = {}
    for n in columns:
        name = table.names[n].strip().lower()
        alike = "a picture" if is_picture(name) else "a" if len(name) == 1 else re.sub(r"\d+", "#", name)
        kinds.setdefault(alike, []).append(n)
    most = max(kinds.values(), key=len)
    return most if len(most) > 2 and 3 * len(most) >= 2 * len(columns) else columns


def _melted(table: Table, task: int | None, worker: int | None, columns: dict[tuple[str, str], int]) -> Table:
    """An answer a row, of columns by role and by the rater or task that they are of."""
    named = task if task is not None else int(worker or 0)
    ids = table.text(named)
    ids = by_their_row(table, named, ids, pd.isna(ids))
    names = ["task", "worker"] if task is not None else ["worker", "task"]
    others, roles = (list(dict.fromkeys(key[part] for key in columns)) for part in (1, 0))
    rows = np.tile(np.arange(len(table)), len(others))
    frame = {
        names[0]: ids[rows],
        names[1]: np.repeat(np.array(others if task is None else at_once(table, others), dtype=object), len(table)),
    }
    for role in roles:
        frame[role] = np.concatenate([table.text(columns.get((role, other))) for other in others])
    first = next(iter(columns.values()))
    told = "" if roles == ["label"] else f" of {', '.join(roles)}"
    several = [table.names[n] for n in columns.values()]
    listed = ", ".join(several) if len(several) <= MOST else f"{', '.join(several[: MOST // 2])}, …, {several[-1]}"
    table.guessed.append(f"{len(columns)} columns{told} are a {names[1]} each ({listed})")
    origin = {role: np.repeat([table.names[columns.get((role, other), first)] for other in others], len(table))
              for role in roles}  # fmt: skip
    return _made(table, frame, rows, roles, origin)


def scale_columns(table: Table, beside: Collection[int | None]) -> list[int]:
    """Columns that say on which scale a row's rating is."""
    with table.looking():
        named = [n for n, name in enumerate(table.names) if normal(name) in SCALE and n not in beside]
        return [n for n in named if len(table.coded(n).names) < len(table) and not table.different_numbers(n)]


def _by_scale(table: Table, task: int, worker: int, label: int | None, scales: Scales) -> Table | None:
    """A row a rating, with a column that says on which scale, as a row an answer."""
    which = _column_of_scales(table, task, worker, label)
    value = None if which is None else _column_of_values(table, task, worker, which, beside_label=which != label)
    if which is None or value is None:
        return None
    for column in (task, worker):
        table.refuse(table.coded(column).codes < 0, column, "every answer needs one")
    asked, values = table.coded(which), table.coded(value)
    role_of = [scales.within(text) or spelt(text) for text in asked.names]
    word = values.each((not is_number(text) for text in values.names), False, bool)
    frame = pd.DataFrame({"task": table.text(task), "worker": table.text(worker), "role": asked.each(role_of, None),
                          "answer": table.text(value), "row": np.arange(len(table)), "word": word})  # fmt: skip
    frame = frame.dropna(subset="role")
    said = frame["word"].groupby(frame["role"]).mean() > 0.5
    frame["role"] = frame["role"].where(~frame["role"].map(said), "label")
    wide, first = answers_of(frame)
    answers = wide.reset_index().drop(columns="time")
    columns = {str(name): answers[name].to_numpy(object) for name in answers}
    measured = [name for name in columns if name not in ("task", "worker")]
    table.guessed.append(f"{table.names[which]} says the scale of each row ({', '.join(measured[:12])})")
    made = _made(table, columns, first, measured, {})
    made.scales = [name for name in measured if name != "label" and not said.get(name, False)]
    return made


def _column_of_scales(table: Table, task: int, worker: int, label: int | None) -> int | None:
    """The column that says on which scale a row's rating is; None where rows are no ratings of one scale each.

    A column of labels says it where everyone answers a face once with each: how strong each emotion is.
    """
    with table.looking():
        if which := scale_columns(table, (task, worker)):
            return which[0]
        if label is None:
            return None
        ids = pd.DataFrame({n: table.coded(n).codes for n in (task, worker, label)})
    several = ids[[task, worker]].duplicated().sum() * 2 >= len(ids)
    return label if several and not ids.duplicated().any() else None


def _column_of_values(table: Table, task: int, worker: int, which: int, *, beside_label: bool) -> int | None:
    """The column of the ratings beside one that says on which scale they are."""
    taken = {task, worker, which}
    usual = (*PLAIN, "intensity", "strength")
    value = next((n for n, name in enumerate(table.names) if n not in taken and normal(name) in usual), None)
    return table.find("label", beside=taken) if value is None and beside_label else value


def _made(
    table: Table, frame: dict[str, NDArray[np.object_]], rows: NDArray[np.int64], roles: Sequence[str],
    origin: dict[str, NDArray[np.str_]],
) -> Table:  # fmt: skip
    """A table of columns that were made, without rows in which none of ``roles`` has a cell."""
    there = np.logical_or.reduce([pd.notna(frame[role]) for role in roles])
    values = [pa.chunked_array([pa.array(column[there], pa.string()).dictionary_encode()]) for column in frame.values()]
    made = table.remade(list(frame), values, rows[there])
    made.origin = {list(frame).index(role): names[there] for role, names in origin.items()}
    return made
