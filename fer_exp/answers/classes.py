"""From labels, as people or tools write them, to classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fer_exp.answers import Codes
from fer_exp.answers.cells import choice
from fer_exp.answers.rules import Rules
from fer_exp.answers.scales import MARKS
from fer_exp.errors import RequestError, nearest
from fer_exp.names import CLASSES, among, in_order, near_expression, normal, one_word, slip_of, spelt
from fer_exp.orders import meanings, number
from fer_exp.table_cells import Coded
from fer_exp.tables import Table

A_FLOAT = re.compile(r"-?\d+(\.\d+)?")
"""A label that is a number as ``float`` reads it."""
MOST_NUMBERS = 20
"""Different numbers that may be classes; a slider has more."""
RARE, OFTEN = 0.02, 10
"""The share of labels up to which one that is like another may be a slip, and how often that other then is there."""
MARKED = frozenset(map(str, MARKS))
"""Labels beside expressions that stand for none."""


def label_codes(
    table: Table, column: int | None, rules: Rules, counted: dict[str, int]
) -> tuple[Codes, tuple[str, ...]]:
    """Codes of the labels in the order of the classes, -1 where there is none, and the classes."""
    if column is None:
        return np.full(len(table), -1, np.int32), ()
    labels = table.coded(column, rules.classes)
    empty = int((labels.codes < 0).sum())
    texts = _with_numbers_named(table, [choice(name) for name in labels.names], rules)
    known = table.joined(text for text in texts if text)
    if marks := {text for text in texts if known and text in MARKED and text not in rules.classes}:
        words = f"labels are marks for a missing one ({', '.join(sorted(map(str, marks)))}) and left out"
        counted[words] = int(labels.times()[[text in marks for text in texts]].sum())
        labels = labels.renamed(None if text in marks else labels.names[label] for label, text in enumerate(texts))
        texts = [text for text in texts if text not in marks]
    means = _classes_meant(texts, known, rules)
    ignored = {spelt(name) for name in rules.ignore} - {spelt(name) for name in rules.classes}
    real = {meaning for meaning in means if meaning is not None} - ignored
    if rules.classes:
        order: tuple[str, ...] = (*rules.classes, *rules.also)
    elif real <= set(CLASSES):
        order = tuple(name for name in CLASSES if name in real)
    else:
        order = _own_classes(table, column, labels, [name if name in real else None for name in means], known, rules)
    place = _places(table, order, real, rules)
    codes = np.full(len(means), -1, np.int32)
    for label, (meaning, times) in enumerate(zip(means, labels.times().tolist(), strict=True)):
        if meaning is None or meaning in ignored:
            what = "of several choices or none" if meaning is None else repr(meaning)
            words = f"answers {what} are no class and left out"
        elif meaning in place:
            codes[label] = place[meaning]
            continue
        elif rules.others in place:
            codes[label] = place[str(rules.others)]
            words = f"answers {meaning!r}, which is no class here, count as {rules.others}"
        else:
            problem = _no_class(table, labels.names[label], meaning, place, order, rules)
            table.refuse(labels.codes == label, column, problem)
            continue
        counted[words] = counted.get(words, 0) + times
    if empty:
        counted["rows have no label"] = empty
    return labels.each(codes, -1, np.int32), order


def _with_numbers_named(table: Table, texts: list[str | None], rules: Rules) -> list[str | None]:
    """Labels with names in place of numbers, where ``numbers`` says what these mean, or has to."""
    if rules.numbers is None and (rules.numbered or not rules.classes):
        return texts
    left = {*rules.classes, *rules.ignore}  # a code for who does not know is left out as it is
    digits = [text for text in texts if text and text not in left and number(text)]
    if not digits:
        return texts
    named, words = meanings(rules.numbers, digits, f"{table.group}numbers", f"the labels of {table.where}")
    table.guessed.append(words)
    return [text if text is None else named.get(text, text) for text in texts]


def _classes_meant(texts: list[str | None], known: Mapping[str, str], rules: Rules) -> list[str | None]:
    """The class that each label means: one of ``classes`` or ``also``, else an expression, else the label itself."""
    given = among((*rules.classes, *rules.also))
    means = [text if text is None else (given(text) or known.get(text, text)) for text in texts]
    return [name if name is None else spelt(name) for name in means] if rules.classes else means


def _own_classes(
    table: Table, column: int, labels: Coded, means: Sequence[str | None], known: Mapping[str, str], rules: Rules
) -> tuple[str, ...]:
    """The classes, in their order, of a table with others than expressions, which nobody has named.

    Args:
        table: which was read; what may be a mistake is added to what it says.
        column: of the labels.
        labels: the column.
        means: the class of each label, None of those that do not count.
        known: those labels that are expressions, and our names.
        rules: how answers are read.

    Raises:
        RequestError: they are a slider's numbers, or one is another but for a slip.
    """
    order = tuple(dict.fromkeys(meaning for meaning in means if meaning is not None))
    order = order if set(order).isdisjoint(known.values()) else in_order(order)
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
    _refuse_slips(table, column, order, means, labels, rules)
    for alike in pd.Series(order).groupby([normal(name) or name for name in order]).agg(list):
        table.guessed += [f"{' and '.join(alike)} are not one class"] if len(alike) > 1 else []
    return order


def _places(table: Table, order: Sequence[str], real: set[str], rules: Rules) -> dict[str, int]:
    """The code of what each label may mean; labels that are numbers may stand for ``classes`` in their order."""
    place = {spelt(name) if rules.classes else name: code for code, name in enumerate(order)}
    if not (rules.classes and rules.numbered and all(map(number, real))) or real <= set(place):
        return place
    named, words = meanings(list(order), real, f"{table.group}numbers", f"the labels of {table.where}")
    table.guessed.append(words)
    return {label: place[spelt(name)] for label, name in named.items()}


def _no_class(
    table: Table, label: str, meaning: str, place: Mapping[str, int], order: Sequence[str], rules: Rules
) -> str:
    """What is said of a label that is no class, with the way out."""
    least = 0.8 if meaning in CLASSES else 0.5  # a class that is known is no slip of another
    near = nearest(label, place, least) or near_expression(label)
    hint = f"; did you mean {near}?" if near in place else "."
    if table.group:
        way_out = (
            f"; if it is a class of yours, say {table.group}classes=[{','.join((*rules.classes, one_word(label)))}]"
        )
    elif rules.columns is not None:
        way_out = "; name what is no class in ignore=[...]"
    else:
        way_out = "" if rules.also else "; where nobody answered so, name all classes with classes=[...]"
    return f"that is no class{hint} There are: {', '.join(order)}{way_out}"


def _refuse_slips(
    table: Table, column: int, order: Sequence[str], means: Sequence[str | None], labels: Coded, rules: Rules
) -> None:
    """Refuse a label that is rare, and but for a slip of the pen another: it would be a class of its own.

    Where there are no keys to say that it is one, it is named.
    """
    times = dict.fromkeys(order, 0)
    for meaning, often in zip(means, labels.times().tolist(), strict=True):
        if meaning in times:
            times[meaning] += often
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
        is_one = np.isin(labels.codes, [label for label, meaning in enumerate(means) if meaning == name])
        more = "mend it, or say ignore=[...] of what is no class, or all classes with classes=[...]"
        table.refuse(
            is_one, column, f"{times[name]:,} of {total:,} labels; did you mean {near}? Else it is a class: {more}"
        )
