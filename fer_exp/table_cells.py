"""Cells of a table that was read: names as codes, numbers as people write them, and what a cell without content is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from fer_exp.bounds import SHARED, no_counts
from fer_exp.columns import Columns, is_number
from fer_exp.errors import RequestError
from fer_exp.files import GUARDED
from fer_exp.frames import text_of
from fer_exp.names import composed, expressions

FloatArray = NDArray[np.float64]

MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "nan", "none", "null", "<na>", "-", "--", "–", "—", ".", "missing", "skipped",
     "no answer", "no response", "n.a.", "k.a.", "(blank)", "timeout", "time out", "timed out",
     "skip", "keine antwort", "keine angabe", "k. a.", "#null!", "#value!", "#ref!", "#div/0!",
     "#name?", "fit_failed", "find_failed")  # FaceReader, where it found no face
)  # fmt: skip
"""What a cell without content looks like, in any case; a class may be called None where ``classes`` names it."""

ANCHOR = re.compile(r"([-+]?\d+)(?:\s*[-–—=:.(]\s*|\s+)([^\W\d]\D*)")
"""A number and what it means, as the ends of a scale are called: 7 - very, 1 (not at all)."""


class Coded(NamedTuple):
    """A column of names: ``codes`` (n,) int32 into ``names``, -1 where the cell is empty; ``names`` as text."""

    codes: NDArray[np.int32]
    names: NDArray[np.object_]

    def rows(self, chosen: NDArray[Any]) -> Coded:
        """Some of the rows, by their numbers or as a mask."""
        return Coded(self.codes[chosen], self.names)

    def each(self, values: Iterable[Any], empty: Any, kind: type = object) -> NDArray[Any]:
        """What each row has, (n,), from what each name stands for, and what stands for an empty cell.

        >>> Coded(np.array([1, -1], np.int32), np.array(["a", "b"])).each([0.5, 2.0], 0.0, float)
        array([2., 0.])
        """
        return np.array([*values, empty], dtype=kind)[self.codes]

    def times(self) -> NDArray[np.int64]:
        """How often each name is there, (names,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.names)).astype(np.int64)

    def renamed(self, texts: Iterable[str | None], order: Sequence[str] | None = None) -> Coded:
        """The same cells under other names, one for each name that there is, of which several may be alike.

        Args:
            texts: the new names; None for an empty cell.
            order: all of them in their order, without those that are empty cells; None takes them as they come.

        >>> Coded(np.array([0, 1, 2], np.int32), np.array(["joy", "happy", "?"])).renamed(["happy", "happy", None])
        Coded(codes=array([ 0,  0, -1], dtype=int32), names=array(['happy'], dtype=object))
        """
        texts = list(texts)
        names = list(dict.fromkeys(text for text in texts if text is not None)) if order is None else order
        place = {name: code for code, name in enumerate(names)}
        codes = self.each((-1 if text is None else place.get(text, -1) for text in texts), -1, np.int32)
        return Coded(codes, np.array(names, dtype=object))


class Cells:
    """The rows of a table that was read. Columns go by number, for two may have the same name.

    Attributes:
        where: what to call it in messages.
        names: of its columns.
        below: the rows below the header that say what the columns are.
        guessed: what a person should know of how it was read, in words.
        left: rows that were left out, words -> how many.
        unused: numbers of the columns that nothing was read from.
        origin: of a table that was made of another, number of a column -> what that called it, by row.
    """

    def __init__(self, columns: Columns, where: str) -> None:
        self.where, self.names, self.guessed = where, columns.names, columns.guessed
        self.below, self.left = columns.below, columns.left
        self._columns = columns
        self.unused: set[int] = set()
        self.origin: dict[int, NDArray[np.str_]] = {}

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._columns.values[0]) if self._columns.values else 0

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look into columns to learn what they hold: those read meanwhile are none that something was read from."""
        before = set(self.unused)
        try:
            yield
        finally:
            self.unused = before

    def coded(self, column: int, keep: Collection[str] = ()) -> Coded:
        """A column as codes of its different texts, sorted, as numbers where all are.

        Ids of mixed types become text, and whole floats lose their ``.0`` (a column of integers with an empty cell is
        stored as floats), so that 7, 7.0 and "7" are the same id.

        Words in ``keep`` mean something though they look like an empty cell.
        """
        codes, values = self._dictionary(column)
        point = "[.,]" if self._columns.decimal_comma else "[.]"
        whole_float = re.compile(rf"(-?\d+){point}0")
        texts = [
            match[1] if text[-1:] == "0" and text not in keep and (match := whole_float.fullmatch(text)) else text
            for text in _texts(values)
        ]
        spelt: dict[str, str] = {}  # accents apart or together: the first spelling stands for both
        texts = [text if text.isascii() else spelt.setdefault(composed(text), text) for text in texts]
        names = {text for text in texts if text.casefold() not in MISSING or text in keep}
        whole = all(name.isascii() and name.removeprefix("-").isdigit() for name in names)
        order = sorted(names, key=int) if whole else sorted(names)  # so that task 10 follows task 9
        return Coded(codes.astype(np.int32), np.empty(0, dtype=object)).renamed(texts, order)

    def text(self, column: int | None, keep: Collection[str] = ()) -> NDArray[np.object_]:
        """A column as texts, (n,), None where the cell is empty, or all of it where there is no such column."""
        if column is None:
            return np.full(len(self), None, dtype=object)
        cells = self.coded(column, keep)
        return cells.each(cells.names, None)

    def numbers(self, column: int) -> FloatArray:
        """A column as float64, (n,), nan where the cell is empty; raises RequestError at a cell that is no number."""
        stored = self._columns.values[column]
        if pa.types.is_floating(stored.type) or pa.types.is_integer(stored.type):
            self.unused.discard(column)
            values = np.asarray(pc.fill_null(pc.cast(stored, pa.float64()), np.nan), dtype=np.float64).copy()
        else:
            codes, stored = self._dictionary(column)
            try:
                values = np.asarray(pc.fill_null(pc.cast(stored, pa.float64()), np.nan))
            except pa.ArrowInvalid:
                values = self._parsed(_texts(stored))
            values = np.append(values, np.nan)[codes]
        self.refuse(np.isinf(values), column, "a number belongs there")
        return values

    def different_numbers(self, column: int) -> int:
        """How many different numbers a column holds, 0 where half of its different cells or more are none."""
        stored = self._columns.values[column]
        if pa.types.is_floating(stored.type) or pa.types.is_integer(stored.type):
            return int(pc.count_distinct(stored, "only_valid").as_py())
        with self.looking():
            texts = [text for text in _texts(self._dictionary(column)[1]) if text.casefold() not in MISSING]
        if any(map(is_number, texts)):  # where all have words, these may be labels
            texts = list(map(_bare, texts))
        numbers = sum(map(is_number, texts))
        return numbers if 2 * numbers > len(texts) else 0

    def counts(self, column: int) -> FloatArray:
        """As ``numbers``, of votes or shares of them: raises RequestError at a cell that can be no count."""
        values = self.numbers(column)
        self.refuse(no_counts(values, whole=False), column, SHARED)
        return values

    def series(self, column: int) -> pd.Series:
        """A column as the file has it."""
        self.unused.discard(column)
        return pd.Series(self._columns.values[column].to_pandas())

    def row(self, number: int) -> str:
        """The table and a row, counted from 1 below the header, for messages."""
        numbers = self._columns.numbers
        return f"{self.where}, row {(number if numbers is None else int(numbers[number])) + 1 + len(self.below)}"

    def numbered(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers of rows in the file, from 0 below the header."""
        return rows if self._columns.numbers is None else self._columns.numbers[rows]

    def refuse(self, bad: ArrayLike, column: int, problem: str) -> None:
        """Raise RequestError at the first bad row; ``problem`` follows its cell."""
        rows = np.flatnonzero(bad)
        if len(rows):
            more = f" (and {len(rows) - 1:,} more rows)" if len(rows) > 1 else ""
            cell = text_of(self._columns.values[column][int(rows[0])].as_py())
            name = self.origin[column][rows[0]] if column in self.origin else self.names[column]
            raise RequestError(f"{self.row(int(rows[0]))}: {name} is {cell!r}{more}; {problem}.")

    def _dictionary(self, column: int) -> tuple[NDArray[np.int64], pa.Array]:
        """Codes of a column, -1 where null, and what they stand for."""
        self.unused.discard(column)
        values = self._columns.values[column]
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()  # before anything becomes text: there are far fewer names than rows
        values = values.unify_dictionaries()
        codes = [np.asarray(chunk.indices.fill_null(-1)) for chunk in values.chunks] or [np.empty(0, np.int64)]
        return np.concatenate(codes), values.chunks[0].dictionary if values.num_chunks else pa.array([], pa.string())

    def _parsed(self, texts: list[str]) -> FloatArray:
        """Numbers as people write them, with decimal commas or a percent sign; inf where there is none."""
        plain = [_bare(text).removesuffix("%").strip() for text in texts]
        commas = {text for text in plain if re.fullmatch(r"[-+]?\d*,\d+([eE][-+]?\d+)?", text)}
        if self._columns.decimal_comma or any(not re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", text) for text in commas):
            plain = [text.replace(",", ".") if text in commas else text for text in plain]
            self.guessed += ["decimal commas"] if commas else []
        values = np.asarray(pd.to_numeric(pd.Series(plain, dtype=object), errors="coerce"), dtype=np.float64)
        empty = np.array([text.casefold() in MISSING for text in texts], dtype=bool)
        return np.where(np.isnan(values) & ~empty, np.inf, values)


def _bare(text: str) -> str:
    """A number without the words that say what it means, its minus as a keyboard has it.

    >>> _bare("7 - very much"), _bare("1 (not at all)"), _bare("\u22122"), _bare("1 - Angry"), _bare("3 of 10")
    ('7', '1', '-2', '1 - Angry', '3 of 10')
    """
    text = text.replace("\u2212", "-")
    anchor = ANCHOR.fullmatch(text)
    return text if anchor is None or expressions([anchor[2].rstrip(")")], labels=True) else anchor[1]


INVISIBLE = "[\u200b\u200e\u200f\u2060\ufeff]"
"""What is copied from web pages and chats with a text, and nobody sees."""
KEPT_TEXT = '^="(.*)"$'
"""A cell that should stay a text in spreadsheets, with its zeros."""


def _texts(values: pa.Array) -> list[str]:
    """Cells as people see them, without the apostrophe that our tables put before what might be a formula."""
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        if not pc.all(pc.string_is_ascii(values)).as_py():
            values = pc.replace_substring_regex(values, INVISIBLE, "")
        values = pc.utf8_trim_whitespace(values)
        if pc.any(pc.starts_with(values, '="')).as_py():
            values = pc.utf8_trim_whitespace(pc.replace_substring_regex(values, KEPT_TEXT, r"\1"))
        texts = values.to_pylist()
    else:
        texts = [text_of(cell) for cell in values.to_pylist()]
    return [text[1:].strip() if text.startswith(GUARDED) else text for text in texts]
