"""The one reader of tables that a user names: columns by any of their names, and what was guessed in one line."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from fer_exp.bounds import SHARED, no_counts
from fer_exp.columns import A_NUMBER, SYNONYMS, TOTALS, Columns
from fer_exp.errors import RequestError, did_you_mean
from fer_exp.face_names import PICTURES, is_picture
from fer_exp.files import GUARDED, file_of
from fer_exp.formats import of_frame, text_of
from fer_exp.names import among, composed, expressions, normal
from fer_exp.orders import meanings, number
from fer_exp.progress import say
from fer_exp.regular import no_file, reading
from fer_exp.together import ITS_FILE, read_file, read_together

FloatArray = NDArray[np.float64]

MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "nan", "none", "null", "<na>", "-", "--", "–", "—", ".", "missing", "skipped",
     "no answer", "no response", "n.a.", "k.a.", "(blank)", "timeout", "time out", "timed out",
     "skip", "keine antwort", "keine angabe", "k. a.", "#null!", "#value!", "#ref!", "#div/0!",
     "#name?", "fit_failed", "find_failed")  # FaceReader, where it found no face
)  # fmt: skip
"""What a cell without content looks like, in any case; a class may be called None where ``classes`` names it."""

AROUND = tuple(re.compile(pattern, re.IGNORECASE) for pattern in (
    r"(?P<before>votes?[_ .:]+)(?P<name>.+)",
    r"(?P<before>)(?P<name>.+)",
    r"(?P<before>target_)(?P<name>.+)",
    r"(?P<before>p_)(?P<name>.+)",
    r"(?P<before>prob\. |prob_)(?P<name>.+)",
    r"(?P<before>(?:n|num|nr|number of|counts?|emotion|expression|class)[_ .:]+)(?P<name>.+)",
    r"(?P<before>)(?P<name>.+?)[_ .:(]+(?:n|nr|num|counts?|votes?|freq|frequency)\)?",
    r"(?P<before>(?:resp|response|responses|prop|proportion|pct|percent|freq|chose|chosen|rated|rating|human|gt|mean|"
    r"share|sum|total)[_ .:]+)(?P<name>.+)",
    r"(?P<before>)(?P<name>.+?)[_ .:(]+(?:prop|proportion|pct|percent|mean|responses?|shares?|sum|total|rating)\)?",
))  # fmt: skip
"""What may stand around a class in the name of its column; the first of these that a table uses is meant."""

PERCENT = re.compile(r"%|(?<![^\W_])(?:percent(?:age)?s?|pct|perc|prozent|pourcent(?:age)?|porcentaje)(?![^\W_])", re.I)
"""What says that a column is in percent."""

ANCHOR = re.compile(r"([-+]?\d+)(?:\s*[-–—=:.(]\s*|\s+)([^\W\d]\D*)")
"""A number and what it means, as the ends of a scale are called: 7 - very, 1 (not at all)."""

ENDS = {"task": ("", "name", "id"), "worker": ("", "id", "name"), "subject": ("", "id", "name")}
"""What the name of a column may end in, by role, the likeliest first."""

MOST = 12
"""Columns that are named one by one."""

Frames = Mapping[str, pd.DataFrame]
"""Tables that Python's callers give in the place of files: key of the config -> frame."""

NO_FRAMES: Frames = MappingProxyType({})

A_FRAME = "DataFrame"
"""What the config says under such a key, for messages."""


class Coded(NamedTuple):
    """A column of names: ``codes`` (n,) int32 into ``names``, -1 where the cell is empty; ``names`` sorted, as text."""

    codes: NDArray[np.int32]
    names: NDArray[np.object_]


def not_used(columns: Sequence[str], numeric: Sequence[str], takes: str = "", way_out: str = "") -> list[str]:
    """What is said of columns that nothing was read from.

    Args:
        columns: all of them.
        numeric: those of numbers.
        takes: the key that takes such a column; '' where none does.
        way_out: what to do with them, where it is not that key.

    >>> not_used(["age", "note"], ["age"], "scales")
    ['not used: age, note', 'of these 1 holds numbers (age): scales=[age] takes one as ratings']
    """
    if not columns:
        return []
    more = f" and {len(columns) - MOST:,} more columns" if len(columns) > MOST else ""
    words = [f"not used: {', '.join(columns[:MOST])}{more}"]
    if takes and numeric:
        more = f" and {len(numeric) - MOST:,} more" if len(numeric) > MOST else ""
        holds = "holds" if len(numeric) == 1 else "hold"
        way_out = way_out or f"{takes}=[{numeric[0]}] takes one as ratings"
        words.append(f"of these {len(numeric):,} {holds} numbers ({', '.join(numeric[:MOST])}{more}): {way_out}")
    return words


class Table:
    """A table that was read. Columns go by number, for two may have the same name.

    Attributes:
        where: what to call it in messages.
        group: of the config, with a dot, that the keys of its reading are in; empty for none.
        names: of its columns.
        below: the rows below the header that say what the columns are.
        guessed: what a person should know of how it was read, in words.
        left: rows that were left out, words -> how many.
        unused: numbers of the columns that nothing was read from.
        origin: of a table that was made of another, number of a column -> what that called it, by row.
        takes: the key that takes columns of numbers that were not used, empty for none.
        scales: columns that were told to be ratings by the table itself.
    """

    def __init__(self, columns: Columns, where: str, group: str = "") -> None:
        self.where, self.group, self.names, self.guessed = where, group, columns.names, columns.guessed
        self.below, self.left = columns.below, columns.left
        self._columns, self.takes = columns, ""
        self.scales: list[str] = []
        self.origin: dict[int, NDArray[np.str_]] = {}
        self._roles: dict[int, str] = {}
        self._decided: dict[str, int | None] = {}
        self.unused = {n for n, name in enumerate(self.names) if name or columns.values[n].null_count < len(self)}
        self.unused -= {n for n, name in enumerate(self.names) if name == ITS_FILE}

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

    def find(self, role: str, called: str | None = None, said: str = "", beside: Container[int] = ()) -> int | None:
        """The number of the column that holds what is wanted, None where none does.

        Args:
            role: the contract's name; a column of that name is meant, else the first with another usual one. What
                may be a task but is the same in all rows is the part of an experiment, if faces stand elsewhere.
                Where no column is called like a task, the one that holds nothing but names of pictures is.
            called: the column as the user named it, or None.
            said: what the column is for the user, where that is not the role.
            beside: numbers of columns that are something else.

        Raises:
            RequestError: the column that the user named is not there, or the column is there twice.

        >>> read_table(pd.DataFrame({"Image Name": ["a"], "answer": ["fear"]})).find("task")
        0
        """
        if called is not None and called not in self.names:
            hint = did_you_mean(called, self.names, 0.5)
            asked = f"has no column {called}, which {role}={called} asks for"
            raise RequestError(f"{self.where} {asked}; {hint}{self._list}")
        if called is None and role in self._decided:
            return self._decided[role]
        found: list[int] = []
        for word in [called] if called else [role, *SYNONYMS.get(role, "").split()]:
            same = self._named(word, role, beside, exactly=called is not None)
            if len(same) > 1 and not found:
                name = self.names[same[0]]
                raise RequestError(f"{self.where}: column {name} occurs twice; which one is meant cannot be known.")
            found += [n for n in same if n not in found]
            sure = (
                found
                and self.names[found[0]].lower() in (role, "face")
                and self._counts_beside_pictures(found[0]) is None
            )
            if found and (role != "task" or called or sure):
                return self._meant(found[0], said or role if called is None else called)
        column = self._task(found, beside) if role == "task" and not called else None
        return None if column is None else self._meant(column, said or role)

    def _named(self, word: str, role: str, beside: Container[int], *, exactly: bool) -> list[int]:
        """The columns that are called so, those of exactly this name alone where there are any."""
        same = [n for n, name in enumerate(self.names) if name == word]
        if not same and not exactly:
            ends = ENDS.get(role, ("",))
            alike = [[n for n, name in enumerate(self.names) if normal(name) == normal(word) + end] for end in ends]
            same = next(filter(None, ([n for n in kind if n not in beside] for kind in alike)), [])
        return same if exactly else [n for n in same if n not in beside]

    def _task(self, called: Sequence[int], beside: Container[int]) -> int | None:
        """Of columns that are called as tasks may be, the one of pictures, else the first in which some are twice."""
        parts = [n for n in called if self._is_one_thing(n)]
        several = [n for n in called if n not in parts]
        shown = [n for n in several if self._names_pictures(n)]
        if not shown and [normal(self.names[n]) for n in several] == ["faceid"]:  # Azure's, a number of its own
            shown = [n for n in range(len(self.names)) if n not in beside and self._names_pictures(n)][:1]
        if not several:
            others = [n for n in range(len(self.names)) if n not in beside and self._names_pictures(n)]
            shown = others if len(others) == 1 else parts[:1]
        twice = [n for n in several if len(self._columns.values[n].unique()) < len(self)]
        found = next(iter([*shown, *twice, *several]), None)
        pictures = None if found is None or found in shown else self._counts_beside_pictures(found)
        return pictures if pictures is not None and pictures not in beside else found

    def _counts_beside_pictures(self, column: int) -> int | None:
        """The one column of pictures beside a column of numbers, which are the order in which these were shown."""
        if not self.different_numbers(column):
            return None
        shown = [n for n in range(len(self.names)) if self._names_pictures(n) and not self._is_one_thing(n)]
        return shown[0] if len(shown) == 1 else None

    def decide(self, role: str, column: int | None) -> int | None:
        """Say which column holds what is wanted, or that none does, after a look into them: ``find`` will give it."""
        self._decided[role] = column
        return None if column is None else self._meant(column, role)

    def _names_pictures(self, column: int) -> bool:
        """Whether a column holds names of pictures and nothing else."""
        cells = self._columns.values[column]
        if not any(kind(cells.type) for kind in (pa.types.is_dictionary, pa.types.is_string, pa.types.is_large_string)):
            return False
        first = cells.slice(0, 1).cast(pa.string())[0].as_py()
        if not is_picture(first or ""):  # most columns are told by their first cell
            return False
        with self.looking():
            texts = self._dictionary(column)[1].to_pylist()
        return all(text is None or is_picture(text) for text in texts)

    def _meant(self, column: int, words: str) -> int:
        """A column that holds what is wanted, of which is remembered what it is for the user."""
        self._roles[column] = words
        return column

    def _is_one_thing(self, column: int) -> bool:
        """Whether several rows have the same cell in a column."""
        return len(self) > 1 and len(self._columns.values[column].unique()) == 1

    def find_picture(self, said: str = "") -> int | None:
        """The column that names the picture: a path before any other name; ``said`` as of ``find``."""
        path = self.find("path", said=said)
        return self.find("task", said=said) if path is None else path

    def need(self, role: str, called: str | None = None, *, key: bool = False, way_out: str = "") -> int:
        """As ``find``, but a column that is not there is an error; ``key`` says whether a key of the role names one."""
        if (column := self.find(role, called)) is not None:
            return column
        others = SYNONYMS.get(role, "").split()
        also = f" (nor {', '.join(others[:4])}, …)" if others else ""
        way_out = f"; name the one that holds it with {role}=COLUMN" if key else way_out
        raise RequestError(f"{self.where} has no column {role}{also}{way_out}. {self._list}")

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
        place = {name: code for code, name in enumerate(order)}
        moved = np.array([*(place.get(text, -1) for text in texts), -1], np.int32)  # the last is where -1 points
        return Coded(moved[codes], np.array(order, dtype=object))

    def text(self, column: int | None, keep: Collection[str] = ()) -> NDArray[np.object_]:
        """A column as texts, (n,), None where the cell is empty, or all of it where there is no such column."""
        if column is None:
            return np.full(len(self), None, dtype=object)
        codes, names = self.coded(column, keep)
        return np.array([*names, None], dtype=object)[codes]

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
        if any(A_NUMBER.fullmatch(text) for text in texts):  # where all have words, these may be labels
            texts = list(map(_bare, texts))
        numbers = sum(A_NUMBER.fullmatch(text) is not None for text in texts)
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

    def class_columns(self, classes: Collection[str] = ()) -> dict[str, list[int]]:
        """Class -> its columns, plain or as one of ``AROUND``, in the order of the table.

        A class is called as ``classes`` writes it; without any, every expression and other answer counts, by our name.

        >>> read_table(pd.DataFrame({"face": ["a"], "votes_happy": [3], "Fear": [1]})).class_columns()
        {'happiness': [1]}
        """
        wanted = among(classes)
        for pattern, (plain, _) in zip(AROUND, self._inside(), strict=True):
            if classes:
                meaning = {name: own for name in plain.values() if (own := wanted(name)) is not None}
            else:
                meaning = expressions(plain.values())
            if not classes and pattern is AROUND[0] and meaning:  # which says that these are votes
                others = [name for name in plain.values() if name not in meaning]
                meaning |= {name: name for name in others if normal(name) not in (*TOTALS, "n")}
            columns: dict[str, list[int]] = {}
            for n, name in plain.items():
                if name in meaning:
                    columns.setdefault(meaning[name], []).append(n)
            if columns:
                return {name: self._without_percent(several) for name, several in columns.items()}
        return {}

    def _without_percent(self, columns: list[int]) -> list[int]:
        """Columns of one class, without those that say in percent what another counts: happy, happy %."""
        counts = [n for n in columns if not PERCENT.search(self.names[n])]
        return counts or columns

    def name_numbers(self, numbers: Any) -> None:
        """Give columns that are called by the number of a class, plain or as one of ``AROUND``, its name.

        Args:
            numbers: as ``orders.meanings`` takes it; None leaves them as they are.

        Raises:
            RequestError: as ``orders.meanings``.

        >>> table = read_table(pd.DataFrame({"face": ["a"], "votes_1": [3], "votes_2": [0]}))
        >>> table.name_numbers(["happy", "sad"])
        >>> table.names
        ['face', 'votes_happiness', 'votes_sadness']
        """
        for plain, before in self._inside() if numbers is not None else ():
            digits = {n: digit for n, name in plain.items() if (digit := number(name)) is not None}
            if len(digits) > 1:
                meaning, words = meanings(
                    numbers, digits.values(), f"{self.group}numbers", f"the columns of {self.where}"
                )
                for n, name in digits.items():
                    self.names[n] = before[n] + meaning[name]
                self.guessed.append(words)
                return

    def numbered_columns(self) -> list[int]:
        """The numbers by which columns are called, plain or as one of ``AROUND``, of the first such kind."""
        for plain, _ in self._inside():
            if len(kind := {int(name) for name in plain.values() if name.isdigit() and len(name) < 3}) > 1:
                return sorted(kind)
        return []

    def _inside(self) -> Iterator[tuple[dict[int, str], dict[int, str]]]:
        """For each of ``AROUND`` what it leaves of the columns' names, and what stands before that."""
        for pattern in AROUND:
            found = {n: match for n, name in enumerate(self.names) if (match := pattern.fullmatch(name))}
            yield {n: match["name"] for n, match in found.items()}, {n: match["before"] for n, match in found.items()}

    def added(self, columns: Sequence[int]) -> FloatArray:
        """The columns of one class added up, (n,), an empty cell as 0; raises as ``counts``."""
        if len(columns) > 1:
            self.guessed.append(f"{_listed([self.names[column] for column in columns])} are one class, added up")
        return np.asarray(np.sum([np.nan_to_num(self.counts(column)) for column in columns], axis=0))

    def joined(self, labels: Iterable[str]) -> dict[str, str]:
        """Those of some labels that are expressions, and our names; spellings that become one class are said."""
        known = expressions(labels, labels=True)
        for name in dict.fromkeys(known.values()):
            if len(same := [label for label in known if known[label] == name]) > 1:
                self.guessed.append(f"{_listed(same)} are one class")
        return known

    def row(self, number: int) -> str:
        """The table and a row, counted from 1 below the header, for messages."""
        numbers = self._columns.numbers
        return f"{self.where}, row {(number if numbers is None else int(numbers[number])) + 1 + len(self.below)}"

    def of_rows(
        self, rows: NDArray[np.int64], columns: Sequence[int], made: Mapping[str, pa.Array], more: Sequence[int] = ()
    ) -> Table:
        """Some rows of this table as one with further columns, between those that it has; what is said stays together.

        Args:
            rows: their numbers.
            columns: that stay, before what is made.
            made: name -> cells of these rows.
            more: columns that stay behind it.
        """
        values = {n: self._columns.values[n].take(pa.array(rows)) for n in (*columns, *more)}
        names = [*(self.names[n] for n in columns), *made, *(self.names[n] for n in more)]
        cells = [*(values[n] for n in columns), *map(pa.chunked_array, ([c] for c in made.values())),
                 *(values[n] for n in more)]  # fmt: skip
        held = replace(self._columns, names=names, values=cells, numbers=self.numbered(rows))
        table = Table(held, self.where, self.group)
        table.unused = {len(columns) + len(made) + place for place, n in enumerate(more) if n in self.unused}
        self.unused.difference_update(more)  # of which the new table says whether they were used
        return table

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

    def say(self) -> None:
        """One line on standard error, once: what was guessed, and columns not used; nothing where all is plain."""
        roles = [
            f"{role} is {self.names[n]}"
            for n, role in self._roles.items()
            if n not in self.unused and self.names[n].lower() not in (role.lower(), "face")
        ]
        words = list(dict.fromkeys([*self.guessed, *roles]))
        words += (
            [f"left out: {', '.join(f'{what} ({number:,})' for what, number in self.left.items())}"]
            if self.left
            else []
        )
        if self.unused:
            unused = [self.names[n] or "(without a name)" for n in sorted(self.unused)]
            numeric = [self.names[n] for n in sorted(self.unused) if self.names[n] and self.different_numbers(n) > 1]
            words += not_used(unused, numeric, self.takes)
        line = f"{self.where}: {'; '.join(words)}."
        if words:
            say(line, once=True)

    @property
    def _list(self) -> str:
        read = f" It was read so: {'; '.join(self.guessed)}." if self.guessed else ""
        shown = [name for name in self.names if is_picture(name.partition(" ")[0])]
        if shown and len(self.names) < MOST:
            read += f" Is its first line ({shown[0]} …) a row? Then write the names of the columns in a line above it."
        return f"There are: {', '.join(self.names[:MOST])}{' …' if len(self.names) > MOST else ''}.{read}"

    def _dictionary(self, column: int) -> tuple[NDArray[np.int64], pa.Array]:
        """Codes of a column, -1 where null, and what they stand for."""
        self.unused.discard(column)
        values = self._columns.values[column]
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()  # before anything becomes text: there are far fewer names than rows
        values = values.unify_dictionaries()
        codes = [np.asarray(chunk.indices.fill_null(-1)) for chunk in values.chunks] or [np.empty(0, np.int64)]
        return np.concatenate(codes), values.chunks[0].dictionary if values.num_chunks else pa.array([], pa.string())


NO_TABLES = (".doc", ".docx", ".pdf", ".pptx", ".odt", ".rtf", ".html", ".xml", ".rar", ".7z", ".pt", ".pth", ".ckpt",
             ".pkl", ".npy", ".npz", ".rds", ".rda", ".rdata", ".mat", ".numbers", ".py", ".yaml")  # fmt: skip
"""Suffixes of files that people have beside their tables."""


def read_table(source: Path | str | pd.DataFrame | Table, key: str = "", together: bool = False) -> Table:
    """Read a table: csv, tsv, txt or JSON, perhaps packed (.gz), xlsx (``FILE#sheet`` for another sheet), parquet.

    Args:
        source: what a key of the config names, or a frame, or what was read before.
        key: that key, for messages.
        together: whether a folder stands for all tables in it.

    Raises:
        RequestError: no such file, not readable as what it is, or without rows.
    """
    if isinstance(source, Table):
        return source
    where = key or "the table"
    if isinstance(source, pd.DataFrame):
        with reading(A_FRAME, where, "give columns of numbers and texts"):
            columns = of_frame(source)
    else:
        where = f"{key}={source}" if key else str(source)
        file, sheet = file_of(source)
        if not file.is_file() and not (together and file.is_dir()):
            raise RequestError(f"{where}: {no_file(file)}")
        if file.suffix.lower() in (*PICTURES, *NO_TABLES):
            what = "a picture" if file.suffix.lower() in PICTURES else f"a {file.suffix} file"
            raise RequestError(f"{where}: it is {what}, which is no table; save what is in it as .csv or .xlsx.")
        with reading(file, where):
            columns = read_file(file, sheet, together) if file.is_file() else read_together(file)
    if all(re.fullmatch(r"\[.+\]", name) for name in columns.names):  # as Emotion6 writes its header
        columns.names = [name[1:-1].strip() for name in columns.names]
    if not any(columns.names):
        raise RequestError(f"{where} is empty; a first line with the names of its columns is needed.")
    table = Table(columns, where, "dataset." if key.startswith("dataset.") else "")
    if not len(table):
        raise RequestError(f"{where} has no rows.")
    return table


def places(
    values: Sequence[str | None] | NDArray[Any] | pd.Series, order: Sequence[str] | pd.Series
) -> NDArray[np.int64]:
    """Where each of N values stands in an order, shape (N,); -1 where it does not.

    >>> places(["fear", "anger", None], ("anger", "fear"))
    array([ 1,  0, -1])
    """
    return np.asarray(pd.Index(order).get_indexer(pd.Index(values)), dtype=np.int64)


def _bare(text: str) -> str:
    """A number without the words that say what it means, its minus as a keyboard has it.

    >>> _bare("7 - very much"), _bare("1 (not at all)"), _bare("\u22122"), _bare("1 - Angry"), _bare("3 of 10")
    ('7', '1', '-2', '1 - Angry', '3 of 10')
    """
    text = text.replace("\u2212", "-")
    anchor = ANCHOR.fullmatch(text)
    return text if anchor is None or expressions([anchor[2].rstrip(")")], labels=True) else anchor[1]


def _texts(values: pa.Array) -> list[str]:
    """Cells as text, without the apostrophe that our tables for people put before what might be a formula."""
    plain = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    texts = pc.utf8_trim_whitespace(values).to_pylist() if plain else [text_of(cell) for cell in values.to_pylist()]
    return [text[1:].strip() if text.startswith(GUARDED) else text for text in texts]


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"
