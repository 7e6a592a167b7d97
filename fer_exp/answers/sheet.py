"""The columns of an export as codes, rows taken away and columns added, before it becomes a table of answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer_exp.answers.cells import choice, parsed, shows_picture
from fer_exp.answers.exports import PRACTICE, Left, matching
from fer_exp.answers.scales import AFFECT, Scales
from fer_exp.columns import is_number
from fer_exp.errors import RequestError
from fer_exp.names import composed, expressions, spelt
from fer_exp.records import leaves
from fer_exp.table_cells import MISSING, Coded
from fer_exp.tables import Table, no_column, not_used

MOST_ANSWERS = 200
"""A column with more different cells holds something else than answers by choice."""


class Sheet:
    """Some rows of a table, and columns made of its own.

    Attributes:
        table: that was read.
        scales: on which ratings count.
        names: of all columns, those that were made behind the others.
        rows: numbers of the table's rows that are left.
        left: what became of the others, words -> how many.
        used: numbers of the columns that something was read from.
        gone: numbers of the columns in whose place others were made.
    """

    def __init__(self, table: Table, classes: Sequence[str], scales: Scales = AFFECT) -> None:
        self.table, self.names, self.left = table, list(table.names), dict(table.left)
        self.scales = scales
        self.rows = np.arange(len(table))
        self.used: set[int] = set()
        self.gone: set[int] = set()
        self._classes = set(map(spelt, classes))
        self._made: dict[int, Coded] = {}
        self._unused = set(table.unused)

    def coded(self, column: int) -> Coded:
        """A column's cells in the rows that are left."""
        if column not in self._made:
            self._made[column] = self.table.coded(column, self._classes)
        return self._made[column].rows(self.rows)

    def texts(self, column: int) -> list[str]:
        """The different cells of a column in these rows."""
        cells = self.coded(column)
        return [str(name) for name in cells.names[cells.times() > 0]]

    def empty(self, column: int) -> NDArray[np.bool_]:
        """Where a column has no cell, (rows,)."""
        return self.coded(column).codes < 0

    def drop(self, out: NDArray[np.bool_], words: str) -> None:
        """Leave rows out, and count them."""
        self.count(int(out.sum()), words)
        self.rows = self.rows[~out]

    def count(self, number: int, words: str) -> None:
        """Remember how many rows were left out."""
        if number:
            self.left[words] = self.left.get(words, 0) + number

    def leave(self, rule: Left) -> None:
        """Leave out the rows that a rule means."""
        columns = matching(rule.columns, self.names)
        self.used.update(columns)
        if rule.empty:
            if columns:
                self.drop(np.logical_and.reduce([self.empty(column) for column in columns]), rule.words)
            return
        for column in columns:
            cells = self.coded(column)
            out = cells.each((re.fullmatch(rule.cells, name, re.IGNORECASE) for name in cells.names), None, bool)
            if rule.cells != PRACTICE or not out.all():  # an experiment may be called "training"
                self.drop(out, rule.words)

    def named(self, role: str, name: str) -> int:
        """The column that a user named; raises RequestError where there is none."""
        if name not in self.names:
            raise RequestError(no_column(self.table.where, role, name, self.names))
        self.used.add(self.names.index(name))
        return self.names.index(name)

    def add(self, name: str, column: Coded) -> None:
        """A further column, of all rows of the table."""
        self.names.append(name)
        self._made[len(self.names) - 1] = column

    def unfold(self, column: int) -> None:
        """A column of JSON with several answers as columns."""
        whole = self.table.coded(column)
        values = [_by_name(parsed(name)) for name in whole.names]
        cells = [dict(leaves(value)) if isinstance(value, dict | list) else {} for value in values]
        keys = dict.fromkeys(key for cell in cells for key in cell if key)
        if len(keys) < 2 and not any("." in key for key in keys):
            return  # one answer, which is read as it is
        self.gone.add(column)
        for key in keys:
            texts = ["" if cell.get(key) is None else _text(cell[key]) for cell in cells]
            self.add(f"{self.names[column]}.{key}", _renamed(whole, texts))

    def tick(self, about: str) -> None:
        """Columns of true and false that belong together as one column of what was ticked."""
        for question, boxes in self._boxes(about).items():
            if len(boxes) < 2:
                continue
            self.gone.update(boxes.values())
            cells = [self._made[column] for column in boxes.values()]
            said = [one.each([name.lower() == "true" for name in one.names], False, bool) for one in cells]
            ticked = np.stack(said, axis=1)
            number, none, several = ticked.sum(axis=1), len(boxes), len(boxes) + 1
            chosen = np.where(number == 1, ticked.argmax(axis=1), np.where(number == 0, none, several))
            words = np.array([*boxes, "", "[]"], dtype=object)
            self.add(f"{question}.choice", _renamed(Coded(chosen.astype(np.int32), words), words))

    def _boxes(self, about: str) -> dict[str, dict[str, int]]:
        """Question -> expression -> the column of true and false that says whether it was ticked."""
        questions: dict[str, dict[str, int]] = {}
        for column, name in enumerate(self.names):
            question, _, last = name.removesuffix(".on").rpartition(".")
            if not last or not expressions([last]) or re.fullmatch(about, name, re.IGNORECASE):
                continue
            texts = {text.lower() for text in self.texts(column)}
            if texts and texts <= {"true", "false"}:
                questions.setdefault(question.removesuffix(f".{last}"), {})[last] = column
        return questions

    def shows_pictures(self, column: int) -> bool:
        """Whether a column holds names of pictures, or pages that show one."""
        texts = self.texts(column)
        return bool(texts) and 2 * sum(map(shows_picture, texts)) > len(texts)

    def words(self, column: int) -> dict[str, int]:
        """The different answers of a column, and how many gave each."""
        cells = self.coded(column)
        said: dict[str, int] = {}
        for name, number in zip(cells.names, cells.times(), strict=True):
            if number and (word := choice(name)) is not None:
                said[word] = said.get(word, 0) + int(number)
        return said

    def says_labels(self, column: int) -> bool:
        """Whether a column's answers are expressions, or classes that were given: all, or more than one and half."""
        if len(self.coded(column).names) > MOST_ANSWERS:
            return False
        said = self.words(column)
        known = expressions(said, labels=True)
        labels = [word for word in said if word in known or spelt(word) in self._classes]
        half = 2 * sum(said[word] for word in labels) >= sum(said.values())
        return len(labels) > 0 and (len(labels) == len(said) or (len(labels) > 1 and half))

    def role_of(self, text: str, column: int | None = None) -> str:
        """The scale that a name or question is of, else ``label``; of an expression where the column holds numbers."""
        if (name := self.scales.within(text)) is not None:
            return name
        emotion = self.scales.emotion(text)
        if emotion and column is not None and self.says_numbers(column) and self._rates_emotions:
            return emotion
        return "label"

    @cached_property
    def _rates_emotions(self) -> bool:
        """Whether columns called by expressions hold more than 0 and 1, which are boxes that were ticked."""
        columns = [n for n, name in enumerate(self.names) if self.scales.emotion(name) and self.says_numbers(n)]
        return bool({text for column in columns for text in self.texts(column)} - {"0", "1"})

    def says_numbers(self, column: int) -> bool:
        """Whether a column holds nothing but numbers."""
        texts = [choice(text) or "" for text in self.texts(column)]
        return bool(texts) and all(map(is_number, texts))

    def cleaned(self, column: int, clean: Callable[[str], str | None], several: str = "") -> Coded:
        """A column's cells as ``clean`` makes them; those that it makes None of as ``several``, or empty."""
        cells = self.coded(column)
        return _renamed(cells, [several if (text := clean(name)) is None else text for name in cells.names])

    def unused(self, about: str) -> list[str]:
        """Columns that nothing was read from and that may say something of faces or answers."""
        return [
            name
            for n, name in enumerate(self.names)
            if n not in (self.used | self.gone) and (n in self._unused or n >= len(self.table.names)) and name
            and not re.fullmatch(about, name, re.IGNORECASE) and not self.empty(n).all()
        ]  # fmt: skip

    def as_table(self, columns: dict[str, Coded], rows: NDArray[np.int64]) -> Table:
        """A table of the contract's columns, each a row of ``rows``."""
        values = [pa.chunked_array([_array(column)]) for column in columns.values()]
        return self.table.remade(list(columns), values, rows, self.left)

    def say_rest(self, about: str, way_out: str = "") -> None:
        """Add the columns that nothing was read from to what the table's line says, and what takes numbers in them."""
        unused = self.unused(about)
        numeric = [name for name in unused if self.says_numbers(self.names.index(name))]
        self.table.guessed += not_used(unused, numeric, self.table.takes, way_out)

    @property
    def counted(self) -> str:
        """What was left out, in words."""
        return f"left out are {', '.join(f'{words} ({number:,})' for words, number in self.left.items()) or 'none'}"


def blank(rows: int) -> Coded:
    """A column of empty cells."""
    return Coded(np.full(rows, -1, np.int32), np.array([], dtype=object))


def joined(parts: Sequence[Coded]) -> Coded:
    """Columns below each other."""
    names = list(dict.fromkeys(name for part in parts for name in part.names))
    codes = [part.renamed(part.names, names).codes for part in parts]
    return Coded(np.concatenate(codes), np.array(names, dtype=object))


def first_of(columns: Sequence[Coded]) -> Coded:
    """In each row the first of several columns that has a cell."""
    together = joined(columns)
    codes = together.codes.reshape(len(columns), -1)
    chosen = (codes >= 0).argmax(axis=0)
    return Coded(codes[chosen, np.arange(codes.shape[1])], together.names)


def _renamed(cells: Coded, texts: Iterable[str]) -> Coded:
    """The same cells under other names; what looks like an empty cell is one."""
    return cells.renamed(None if text.casefold() in MISSING else text for text in map(composed, texts))


def _array(column: Coded) -> pa.Array:
    """The cells of a column, without the names that no cell has."""
    there = column.times() > 0
    few = column.renamed(column.names, column.names[there].tolist())
    return pa.DictionaryArray.from_arrays(pa.array(few.codes, mask=few.codes < 0), pa.array(few.names, pa.string()))


def _by_name(value: object) -> object:
    """A list of answers to several tasks as answers by task, and what is kept under a number of its own as it is."""
    if isinstance(value, list) and len(value) > 1 and all(isinstance(one, dict) and "task" in one for one in value):
        return {str(one["task"]): one for one in value}
    if isinstance(value, dict) and len(value) == 1 and isinstance(inner := value[key := next(iter(value))], dict):
        return inner if str(key).isdigit() else value
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
