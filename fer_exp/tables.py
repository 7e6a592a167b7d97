"""The one reader of tables that a user names: columns by any of their names, and what was guessed in one line."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fer_exp.column_names import AROUND, ENDS, PERCENT, SYNONYMS
from fer_exp.columns import TOTALS, Columns
from fer_exp.errors import RequestError, did_you_mean, enumerated
from fer_exp.face_names import PICTURES, is_picture
from fer_exp.files import file_of
from fer_exp.frames import of_frame
from fer_exp.names import among, expressions, normal
from fer_exp.orders import meanings, number
from fer_exp.progress import say
from fer_exp.regular import no_file, reading
from fer_exp.table_cells import Cells, FloatArray
from fer_exp.together import ITS_FILE, read_file, read_together

MOST = 12
"""Columns that are named one by one."""
Frames = Mapping[str, pd.DataFrame]
"""Tables that Python's callers give in the place of files: key of the config -> frame."""
NO_FRAMES: Frames = MappingProxyType({})
A_FRAME = "DataFrame"
"""What the config says under such a key, for messages."""


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


def no_column(where: str, role: str, name: str, names: Sequence[str]) -> str:
    """What is said where the column is not there that a user named."""
    asked = f"{where} has no column {name}, which {role}={name} asks for"
    return f"{asked}; {did_you_mean(name, names, 0.5)}{_there_are(names)}"


def _there_are(names: Sequence[str]) -> str:
    return f"There are: {', '.join(names[:MOST])}{' …' if len(names) > MOST else ''}."


class Table(Cells):
    """A table that was read, and which of its columns is what.

    Attributes:
        group: of the config, with a dot, that the keys of its reading are in; empty for none.
        takes: the key that takes columns of numbers that were not used, empty for none.
        scales: columns that were told to be ratings by the table itself.
    """

    def __init__(self, columns: Columns, where: str, group: str = "") -> None:
        super().__init__(columns, where)
        self.group, self.takes = group, ""
        self.scales: list[str] = []
        self._roles: dict[int, str] = {}
        self._decided: dict[str, int | None] = {}
        self.unused = {n for n, name in enumerate(self.names) if name or _holds_anything(columns.values[n])}
        self.unused -= {n for n, name in enumerate(self.names) if name == ITS_FILE}

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
        if called is not None:
            return self._meant(self._called(role, called), said or called)
        if role in self._decided:
            return self._decided[role]
        column = self._task(beside) if role == "task" else self._by_name(role, beside)
        return None if column is None else self._meant(column, said or role)

    def _called(self, role: str, name: str) -> int:
        """The column that the user named."""
        if name not in self.names:
            raise RequestError(no_column(self.where, role, name, self.names) + self._how_read)
        return self._only([n for n, other in enumerate(self.names) if other == name])

    def _by_name(self, role: str, beside: Container[int]) -> int | None:
        """The first column with a usual name of what is wanted."""
        words = (role, *SYNONYMS.get(role, "").split())
        columns = next(filter(None, (self._named(word, role, beside) for word in words)), None)
        return self._only(columns) if columns else None

    def _task(self, beside: Container[int]) -> int | None:
        """The column of faces: one called task or face, else by what the columns hold that may be called so."""
        called: list[int] = []
        for word in ("task", *SYNONYMS["task"].split()):
            columns = self._named(word, "task", beside)
            if columns and not called:
                self._only(columns)
            called += [n for n in columns if n not in called]
            surely = called and self.names[called[0]].lower() in ("task", "face")
            if surely and self._counts_beside_pictures(called[0]) is None:
                return called[0]
        return self._task_by_cells(called, beside)

    def _only(self, columns: Sequence[int]) -> int:
        """The one of several columns of a name; raises RequestError where there are more."""
        if len(columns) > 1:
            name = self.names[columns[0]]
            raise RequestError(f"{self.where}: column {name} occurs twice; which one is meant cannot be known.")
        return columns[0]

    def _named(self, word: str, role: str, beside: Container[int]) -> list[int]:
        """The columns that are called so, those of exactly this name alone where there are any."""
        if exact := [n for n, name in enumerate(self.names) if name == word]:
            return [n for n in exact if n not in beside]
        for end in ENDS.get(role, ("",)):
            name = normal(word) + end
            if alike := [n for n, other in enumerate(self.names) if normal(other) == name and n not in beside]:
                return alike
        return []

    def _task_by_cells(self, called: Sequence[int], beside: Container[int]) -> int | None:
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
        raise RequestError(
            f"{self.where} has no column {role}{also}{way_out}. {_there_are(self.names)}{self._how_read}"
        )

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
                percent = {n for n in plain if PERCENT.search(self.names[n])}  # which others count: happy, happy %
                return {name: [n for n in same if n not in percent] or same for name, same in columns.items()}
        return {}

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
            self.guessed.append(f"{enumerated([self.names[column] for column in columns])} are one class, added up")
        return np.asarray(np.sum([np.nan_to_num(self.counts(column)) for column in columns], axis=0))

    def joined(self, labels: Iterable[str]) -> dict[str, str]:
        """Those of some labels that are expressions, and our names; spellings that become one class are said."""
        known = expressions(labels, labels=True)
        for name in dict.fromkeys(known.values()):
            if len(same := [label for label in known if known[label] == name]) > 1:
                self.guessed.append(f"{enumerated(same)} are one class")
        return known

    def remade(
        self,
        names: Sequence[str],
        values: Sequence[pa.ChunkedArray],
        rows: NDArray[np.int64],
        left: dict[str, int] | None = None,
    ) -> Table:
        """A table of columns that were made of this one's; all that is said of it is said with this one.

        Args:
            names: of its columns.
            values: their cells.
            rows: the number of the row of this table that each of its rows is of.
            left: what became of the others; None for what this table says.
        """
        left = self.left if left is None else left
        columns = replace(self._columns, names=list(names), values=list(values), left=left, numbers=self.numbered(rows))
        table = Table(columns, self.where, self.group)
        table.unused = set()
        return table

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
        here, behind = ([self._columns.values[n].take(pa.array(rows)) for n in some] for some in (columns, more))
        names = [*(self.names[n] for n in columns), *made, *(self.names[n] for n in more)]
        table = self.remade(names, [*here, *(pa.chunked_array([cells]) for cells in made.values()), *behind], rows)
        start = len(columns)
        table.unused = {*range(start, start + len(made))}
        table.unused |= {start + len(made) + place for place, n in enumerate(more) if n in self.unused}
        self.unused.difference_update(more)  # of which the new table says whether they were used
        return table

    def say(self) -> None:
        """One line on standard error, once: what was guessed, and columns not used; nothing where all is plain."""
        roles = [
            f"{role} is {self.names[n]}"
            for n, role in self._roles.items()
            if n not in self.unused and self.names[n].lower() not in (role.lower(), "face")
        ]
        words = list(dict.fromkeys([*self.guessed, *roles]))
        if self.left:
            words.append(f"left out: {', '.join(f'{what} ({number:,})' for what, number in self.left.items())}")
        if self.unused:
            unused = [self.names[n] or "(without a name)" for n in sorted(self.unused)]
            numeric = [self.names[n] for n in sorted(self.unused) if self.names[n] and self.different_numbers(n) > 1]
            words += not_used(unused, numeric, self.takes)
        line = f"{self.where}: {'; '.join(words)}."
        if words:
            say(line, once=True)

    @property
    def _how_read(self) -> str:
        """How it was read, where a column is not there: what was guessed may be why."""
        read = f" It was read so: {'; '.join(self.guessed)}." if self.guessed else ""
        shown = [name for name in self.names if is_picture(name.partition(" ")[0])]
        if shown and len(self.names) < MOST:
            read += f" Is its first line ({shown[0]} …) a row? Then write the names of the columns in a line above it."
        return read


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


def _holds_anything(column: pa.ChunkedArray) -> bool:
    """Whether a cell of a column has content."""
    return bool(pc.any(pc.greater(pc.utf8_length(column.cast(pa.string())), 0)).as_py())
