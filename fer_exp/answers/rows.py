"""A table with an answer a row: labels, ratings, and second answers of a worker by one policy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers, Codes, Repeats
from fer_exp.answers.cells import choice
from fer_exp.answers.groups import folded
from fer_exp.answers.scales import AFFECT, MARKS, UNIT, Ends, Scales, columns_of, read_scale
from fer_exp.errors import RequestError, nearest
from fer_exp.face_names import stem
from fer_exp.names import CLASSES, among, near_expression, normal, one_word, slip_of, spelt
from fer_exp.orders import meanings, number
from fer_exp.table_cells import Coded
from fer_exp.tables import Table

CUT_SHORT = re.compile(r"\d([.,]\d+)?E\+\d+")
"""A long number as a spreadsheet writes it, without its last digits."""


A_FLOAT = re.compile(r"-?\d+(\.\d+)?")
"""A label that is a number as ``float`` reads it."""
MANY = 100_000
"""Tasks among which such are looked for that differ in case alone."""
MOST_NUMBERS = 20
"""Different numbers that may be classes; a slider has more."""
LONG = 300
"""Seconds that few answers about a face take."""
RARE, OFTEN = 0.02, 10
"""The share of labels up to which one that is like another may be a slip, and how often that other then is there."""


MARKED = frozenset(map(str, MARKS))
"""Labels beside expressions that stand for none."""


class Rules(NamedTuple):
    """How answers are read; see ``read_answers``."""

    columns: Mapping[str, str | None] | None
    classes: Sequence[str]
    also: Sequence[str]
    ignore: Sequence[str]
    numbers: Any
    numbered: bool
    others: str | None
    duplicates: str
    scale: Sequence[float]
    raters: int | None
    scales: Scales = AFFECT
    uncounted: bool = False

    def ends(self, name: str) -> Ends:
        """Lowest and highest rating of a scale, None where nobody said."""
        default = (float(self.scale[0]), float(self.scale[1])) if name in UNIT else None
        return self.scales.named.get(name) or default


PLAIN_RULES = Rules(None, (), (), (), None, False, None, "refuse", (-1.0, 1.0), None)
"""Of a table of which nobody said anything."""


def read_rows(table: Table, rules: Rules) -> Answers:
    """A table with an answer a row."""
    names, keyed = rules.columns or {}, rules.columns is not None
    task, worker = (table.need(role, names.get(role), key=keyed) for role in ("task", "worker"))
    counted: dict[str, int] = {}
    called = table.find("label", names["label"]) if names.get("label") else None
    columns = columns_of(table, rules.scales, {task, worker, *([] if called is None else [called])})
    taken = set(columns.values())
    label = table.find("label", names.get("label"), beside=taken)
    if label is None and not columns:
        table.need("label", names.get("label"), key=keyed)
    tasks, workers = table.coded(task), table.coded(worker)
    table.refuse(tasks.codes < 0, task, "every answer needs one")
    table.refuse(workers.codes < 0, worker, "every answer needs one")
    for ids, ids_column in ((tasks, task), (workers, worker)):
        if cut := [name for name in ids.names if "E+" in name and CUT_SHORT.fullmatch(name)]:
            words = f"{len(cut):,} ids such as {cut[0]} were cut by a spreadsheet and may be of several"
            table.guessed.append(f"{table.names[ids_column]}: {words}; export the file anew")
    cases: dict[str, list[str]] = {}
    for name in map(str, tasks.names[:MANY]):
        cases.setdefault(name.casefold(), []).append(name)
    if alike := [names for names in cases.values() if len(names) > 1]:
        words = f"{sum(map(len, alike)) - len(alike):,} names in {table.names[task]} differ from others in case alone"
        table.guessed.append(f"{words}, and are others ({' and '.join(alike[0])})")
    if alike := _in_two_ways(tasks.names[:MANY].tolist()):
        words = f"{len(alike):,} pictures are named in two ways ({' and '.join(alike[0])}) and count as two"
        table.guessed.append(f"{words}; write them alike")
    codes, order = label_codes(table, label, rules, counted)
    read = {name: read_scale(table, name, column, rules.ends(name), counted) for name, column in columns.items()}
    rated, scales = ({name: one[0] for name, one in read.items()}, {name: one[1] for name, one in read.items()})
    seconds = None
    column = table.find("seconds")
    if column is not None and table.different_numbers(column):  # else it is a time of day, say
        seconds = table.numbers(column)
        table.refuse(seconds < 0, column, "no answer takes less than no time")
        if (usual := float(np.nanmedian(seconds))) > LONG:
            words = f"{table.names[column]} has a median of {usual:,.0f} and is taken as seconds"
            table.guessed.append(f"{words}; if these are milliseconds, divide them by 1,000")
    answers = Answers(
        tasks.names, workers.names, order, tasks.codes, workers.codes, codes,
        rated, scales, seconds, _per_task(table, tasks), counted=counted,
    )  # fmt: skip
    answered = (codes >= 0) | np.any([~np.isnan(values) for values in rated.values()] or [codes < -1], axis=0)
    if not answered.any():
        raise RequestError(
            f"{table.where}: no row has an answer that counts; are they all among ignore={list(rules.ignore)}?"
        )
    return _without_duplicates(answers.select(answered), np.flatnonzero(answered), rules.duplicates, table)


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


def label_codes(
    table: Table, column: int | None, rules: Rules, counted: dict[str, int]
) -> tuple[Codes, tuple[str, ...]]:
    """Codes of the labels in the order of the classes, -1 where there is none, and the classes."""
    if column is None:
        return np.full(len(table), -1, np.int32), ()
    codes, names = table.coded(column, rules.classes)
    texts = [choice(name) for name in names]
    numbers = rules.numbers is not None or (rules.classes and not rules.numbered)
    if numbers and (digits := [text for text in texts if text and text not in rules.classes and number(text)]):
        named, words = meanings(rules.numbers, digits, f"{table.group}numbers", f"the labels of {table.where}")
        texts = [text if text is None else named.get(text, text) for text in texts]
        table.guessed.append(words)
    known = table.joined(text for text in texts if text)
    missing = [place for place, text in enumerate(texts) if known and text in MARKED and text not in rules.classes]
    if missing:
        marks = ", ".join(sorted({str(texts[place]) for place in missing}))
        counted[f"labels are marks for a missing one ({marks}) and left out"] = int(np.isin(codes, missing).sum())
        texts = [None if place in missing else text for place, text in enumerate(texts)]
    own = among((*rules.classes, *rules.also))
    means = [text if text is None else (own(text) or known.get(text, text)) for text in texts]
    if rules.classes:
        means = [name if name is None else spelt(name) for name in means]
    left = {spelt(name) for name in rules.ignore} - {spelt(name) for name in rules.classes}
    real = {meaning for meaning in means if meaning is not None and meaning not in left}
    if rules.classes:
        order = (*rules.classes, *rules.also)
    elif real <= set(CLASSES):
        order = tuple(name for name in CLASSES if name in real)
    else:
        order = tuple(dict.fromkeys(meaning for meaning in means if meaning in real))
        order = order if real.isdisjoint(known.values()) else tuple(sorted(order))
        ratings = ", scales=[NAME] takes them as ratings" if rules.scales.emotions else ""
        if len(order) > MOST_NUMBERS and all(A_FLOAT.fullmatch(name) for name in order):
            low, high = min(order, key=float), max(order, key=float)
            way_out = ratings.strip(", ") or "ratings need a column called valence or arousal"
            raise RequestError(
                f"{table.where}: its labels are {len(order):,} different numbers, {low} to {high}, too many for "
                f"classes; {way_out}."
            )
        if rules.columns is not None and len(order) > 1 and all(name.isdigit() for name in order):
            words = f"labels are numbers, {order[0]} to {order[-1]}"
            table.guessed.append(f"{words}; numbers=[...] says what they mean{ratings}")
        if known and (others := [name for name in order if name not in known.values()]):
            table.guessed.append(f"classes that are no expressions: {', '.join(others[:12])}")
        _refuse_slips(table, column, order, means, codes, rules)
        for alike in pd.Series(order).groupby([normal(name) or name for name in order]).agg(list):
            table.guessed += [f"{' and '.join(alike)} are not one class"] if len(alike) > 1 else []
    place = {spelt(name) if rules.classes else name: code for code, name in enumerate(order)}
    numbered = all(name.isdigit() and int(name) < len(order) for name in real)
    if rules.classes and rules.numbered and numbered and not real <= set(place):
        place = {str(code): code for code in range(len(order))}
        table.guessed.append(f"labels 0 to {len(order) - 1} are {', '.join(order)}")
    moved = np.full(len(names) + 1, -1, np.int32)
    times = np.bincount(codes[codes >= 0], minlength=len(names))
    for label, meaning in enumerate(means):
        if label in missing:
            continue
        if meaning is None or meaning in left:
            what = "of several choices or none" if meaning is None else repr(meaning)
            words = f"answers {what} are no class and left out"
            counted[words] = counted.get(words, 0) + int(times[label])
        elif meaning in place:
            moved[label] = place[meaning]
        elif rules.others in place:
            moved[label] = place[str(rules.others)]
            counted[f"answers {meaning!r}, which is no class here, count as {rules.others}"] = int(times[label])
        else:
            least = 0.8 if meaning in CLASSES else 0.5  # a class that is known is no slip of another
            near = nearest(names[label], place, least) or near_expression(names[label])
            hint = f"; did you mean {near}?" if near in place else "."
            more = "" if rules.also else "; where nobody answered so, name all classes with classes=[...]"
            more = more if rules.columns is None else "; name what is no class in ignore=[...]"
            listed = ",".join((*rules.classes, one_word(names[label])))
            more = f"; if it is a class of yours, say {table.group}classes=[{listed}]" if table.group else more
            table.refuse(codes == label, column, f"that is no class{hint} There are: {', '.join(order)}{more}")
    if (empty := int((codes < 0).sum())) > 0:
        counted["rows have no label"] = empty
    return moved[codes], order


def _refuse_slips(
    table: Table, column: int, order: Sequence[str], means: Sequence[str | None], codes: Codes, rules: Rules
) -> None:
    """Refuse a label that is rare, and but for a slip of the pen another: it would be a class of its own.

    Where there are no keys to say that it is one, it is named.
    """
    times = dict.fromkeys(order, 0)
    for meaning, often in zip(means, np.bincount(codes[codes >= 0], minlength=len(means)), strict=True):
        if meaning in times:
            times[meaning] += int(often)
    total = sum(times.values())
    for name in order:
        others = [other for other in order if times[other] >= OFTEN * max(times[name], 1)]
        near = slip_of(name, others)
        rare = times[name] <= RARE * total or (times[name] <= 2 and 3 * times[name] <= times.get(near or "", 0))
        if near is None or not rare or not times[name]:
            continue
        if rules.columns is None:
            table.guessed.append(f"{name}, {times[name]:,} of {total:,} labels, may be {near} mistyped")
            continue
        is_one = np.isin(codes, [label for label, meaning in enumerate(means) if meaning == name])
        more = "mend it, or say ignore=[...] of what is no class, or all classes with classes=[...]"
        table.refuse(
            is_one, column, f"{times[name]:,} of {total:,} labels; did you mean {near}? Else it is a class: {more}"
        )


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
