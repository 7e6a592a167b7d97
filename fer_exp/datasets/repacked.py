"""Corpora as others repack them: folders that say split and class, perhaps with tables of labels beside them."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar, NamedTuple

import numpy as np
import pandas as pd

from fer_exp.answers.scales import sides_of
from fer_exp.datasets.classes import as_named
from fer_exp.datasets.corpus import Faces, faces_table
from fer_exp.datasets.pictures import Picture, PictureCorpus
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.face_names import finder, stem
from fer_exp.names import CLASSES, expression, labelled, normal
from fer_exp.pictures.listing import SYSTEMS, listed
from fer_exp.split_names import SPLITS, UNSPLIT, split_named
from fer_exp.tables import Table, read_table

DEPTH = 4
"""Folders below the root, one below the other, among which those of classes are looked for."""
LEFT_OUT = ""
"""What a folder, cell or number means that says: no expression, not sure, no face."""


class Meaning(NamedTuple):
    """What a picture's folders say: how many stand above the first that means something, split, label."""

    above: int
    split: str | None
    label: str | None


class Repacked(PictureCorpus):
    """A corpus of which others made folders of splits and classes, perhaps with tables of labels beside them.

    Folders above those are passed over, so that the root may be the download or a folder in it. Where a table (a csv in
    the root or a folder of it, with a column of pictures and one of labels) says another class than the folder, the
    table is taken. Where there is a validation split and no test split, validation is tested on.

    Subclasses add a corpus' facts.
    """

    numbers: ClassVar[Mapping[str, str]] = {}
    """Class by number or other mark of a folder or cell, as ``names.normal`` writes it; ``LEFT_OUT`` for none."""
    by_name: ClassVar[bool] = False
    """Whether a picture's name says its split before the first underscore, as in the official release."""
    unlabelled: ClassVar[str] = "pictures in no folder of a class, left out"
    """What is counted where a picture has no label."""

    def order(self) -> Mapping[str, str]:
        """``numbers``, or those that the files state themselves."""
        return self._numbers

    @cached_property
    def _numbers(self) -> Mapping[str, str]:
        """``numbers`` as the folders of pictures count them."""
        return self._counted(self._parts, f"the folders of {self.root}")

    @cached_property
    def _parts(self) -> set[str]:
        """The names of the folders below the root."""
        return {part for folder in folders(self.root) for part in folder.split("/")}

    def _counted(self, texts: Collection[str], where: str) -> Mapping[str, str]:
        """``numbers``, counted from 1 more or less where it is so that all classes are there.

        Raises:
            RequestError: all but one are there, the one that begins each way of counting.
        """
        digits = {int(mark): name for mark, name in self.numbers.items() if mark.isdigit()}
        there = {int(text) for text in texts if re.fullmatch(r"\d{1,2}", text)}
        classes = [number for number, name in digits.items() if name in CLASSES]
        if not classes or min(there, default=-1) == min(classes):
            return self.numbers
        first, size = min(classes), len(classes)
        for step in (1, -1):
            if there == {*range(first + step, first + step + size)}:
                rest = {mark: name for mark, name in self.numbers.items() if not mark.isdigit()}
                return rest | {str(number + step): name for number, name in digits.items()}
        if there == {*range(first + 1, first + size)}:
            names = [digits[number] for number in classes]
            from_one, from_zero = (",".join(part) for part in (names[:-1], names[1:]))
            raise RequestError(
                f"{self.name}: {where} are numbered {first + 1} to {first + size - 1}; whether they are counted from 0 "
                f"or 1 cannot be known: dataset=folder dataset.numbers=[{from_one}] is from 1, [{from_zero}] the other."
            )
        return self.numbers

    def label_of(self, text: str, order: Mapping[str, str] | None = None) -> str | None:
        """What a folder or cell means: a class, ``LEFT_OUT``, or None where it means nothing; ``order`` of a table."""
        if (marked := (self.order() if order is None else order).get(normal(text))) is not None:
            return marked
        name = next(filter(None, map(expression, as_named(text))), None) or labelled(text)
        return name if name in CLASSES or name is None else LEFT_OUT

    def face_of(self, path: str, above: int) -> str:
        """The id of a face: its path from the first folder that means something."""
        return stem("/".join(path.split("/")[above:]))

    def is_here(self) -> bool:
        """Whether a folder below the root is one of a class, or a table lies there."""
        return bool(self._tables()) or any(self._meaning(folder).label is not None for folder in folders(self.root))

    def files(self) -> list[Path]:
        """The tables of labels; raises DatasetNotFoundError where no picture has a label."""
        if self._found[0].empty:
            raise DatasetNotFoundError(f"{self.name}: no picture below {self.root} has a class. {self.access}")
        return self._found[1]

    def read(self) -> Faces:
        """The faces by their folders and tables; raises RequestError naming file and row."""
        rows, files, notes = self._found
        columns = {name: rows[name] for name in ("split", "label", "valence", "arousal")}
        counts = Counter(rows["split"].fillna(UNSPLIT))
        splits = ", ".join(f"{counts[name]:,} {name}" for name in (*SPLITS, UNSPLIT) if counts[name])
        how, *more = self.understood(files)
        words = [f"read {how}: {splits}", *more]
        words += [f"{count:,} {sentence}" for sentence, count in notes.items()]
        return Faces(faces_table(self.name, rows["face"].tolist(), **columns), None, notes, said=["; ".join(words)])

    def understood(self, files: list[Path]) -> list[str]:
        """How the folders and tables were taken, in some words."""
        marks = sorted(set(map(normal, self._parts)) & self.order().keys(), key=lambda mark: (len(mark), mark))
        words = ["by folders of classes", *(["splits by the pictures' names, as official"] if self.by_name else [])]
        words += [", ".join(f"{mark} is {self.order()[mark] or 'left out'}" for mark in marks)] if marks else []
        return words + ([f"labels of {', '.join(file.name for file in files)}"] if files else [])

    def pictures(self) -> list[Picture]:
        """Every picture with a label."""
        return [Picture(path) for path in self._found[0]["path"]]

    @cached_property
    def _found(self) -> tuple[pd.DataFrame, list[Path], dict[str, int]]:
        """The faces (path, face, split, label, valence, arousal), the tables they come from, and what was counted."""
        notes = Counter[str]()
        paths = listed(self.root)
        meaning = {folder: self._meaning(folder) for folder in {path.rpartition("/")[0] for path in paths}}
        known = [(path, meaning[path.rpartition("/")[0]]) for path in paths]
        cells = [(path, self.face_of(path, it.above), self._split(path, it), it.label) for path, it in known]
        rows = pd.DataFrame(cells, columns=["path", "face", "split", "label"], dtype=object)
        rows = rows.assign(valence=np.nan, arousal=np.nan)
        files = self.labelled(rows, notes)
        notes[self.unlabelled] = int(rows["label"].isna().sum())
        notes["pictures without an expression (none, uncertain, no face), left out"] = int(
            (rows["label"] == LEFT_OUT).sum()
        )
        rows = rows[rows["label"].notna() & (rows["label"] != LEFT_OUT)].reset_index(drop=True)
        if "test" not in set(rows["split"]):
            rows["split"] = rows["split"].replace("val", "test")
        return rows, files, {sentence: count for sentence, count in notes.items() if count}

    def _meaning(self, folder: str) -> Meaning:
        """What a folder's path below the root says; the first split and the first class in it count."""
        parts = folder.split("/") if folder else []
        splits = [split_named(part) for part in parts]
        labels = [None if split else self.label_of(part) for part, split in zip(parts, splits, strict=True)]
        means = [split is not None or label is not None for split, label in zip(splits, labels, strict=True)]
        return Meaning(
            means.index(True) if any(means) else len(parts),
            next((split for split in splits if split is not None), None),
            next((label for label in labels if label is not None), None),
        )

    def _split(self, path: str, meaning: Meaning) -> str | None:
        """The split that the picture's name says, where it does, else its folder's."""
        named = split_named(PurePosixPath(path).name.partition("_")[0]) if self.by_name else None
        return named or meaning.split

    def _tables(self) -> list[Path]:
        """The tables in the root and its folders."""
        files = sorted([*self.root.glob("[!.]*.csv"), *self.root.glob("[!.]*/[!.]*.csv")])
        return [file for file in files if file.parent.name not in SYSTEMS]

    def labelled(self, rows: pd.DataFrame, notes: Counter[str]) -> list[Path]:
        """Write what files beside the pictures say into the rows, count what is odd, and return these files."""
        used, named = [], set[int]()
        for file in self._tables():
            read = read_table(file, f"{self.name}: {file.name}")
            pictures, label = read.find_picture(), read.find("label")
            if pictures is None or label is None:
                notes[f"tables that name no pictures and labels, not used ({file.name})"] += 1
                continue
            used.append(file)
            splits = (split_named(word) for word in re.split(r"[\W_]+", file.stem))
            named |= self._from_table(read, (pictures, label), next(filter(None, splits), None), rows, notes)
            read.say()
        notes["pictures that no table names"] = len(rows) - len(named) if used else 0
        return used

    def _from_table(
        self, read: Table, columns: tuple[int, int], split: str | None, rows: pd.DataFrame, notes: Counter[str]
    ) -> set[int]:
        """Take labels, valence and arousal of a table, of one split or of all; returns the rows that it names."""
        texts = read.text(columns[1])
        stated = self.order() is not self._numbers
        cells = {str(text) for text in texts if text is not None}
        order = self.order() if stated else self._counted(cells, f"the labels of {read.where}")
        meaning = {text: self.label_of(text, order) for text in cells}
        labels = np.array([None if text is None else meaning[str(text)] for text in texts], dtype=object)
        read.refuse(pd.isna(labels), columns[1], f"a class of {self.title} belongs there")
        here = rows[rows["split"].isna() | (rows["split"] == split)] if split else rows
        find, place = finder(here["path"]), dict(zip(here["path"], here.index, strict=True))
        at = np.full(len(read), -1)
        for row, text in enumerate(read.text(columns[0])):
            with suppress(RequestError):  # which of several pictures of one name is meant is not known
                at[row] = place.get(str(find(str(text))), -1)
        there = at >= 0
        notes["rows of tables whose picture is not there, or may be one of several"] += int((~there).sum())
        sides = sides_of(read, (-1.0, 1.0), notes)
        at, labels = at[there], labels[there]
        old = rows["label"].to_numpy()[at]
        notes["pictures whose table says another class than their folder; the table is taken"] += int(
            (pd.notna(old) & (old != labels)).sum()
        )
        rows.loc[at, "label"] = labels
        for side, values in sides.items():
            rows.loc[at, side] = values[there]
        if split:
            rows.loc[at, "split"] = split
        return set(at.tolist())


def folders(root: Path) -> list[str]:
    """The folders below one, down to ``DEPTH``, as paths from it, without hidden ones."""
    found: list[str] = []
    level = [""]
    for _ in range(DEPTH):
        below: list[str] = []
        for folder in level:
            try:
                with os.scandir(root / folder) as entries:
                    names = sorted(entry.name for entry in entries if entry.is_dir() and entry.name[0] != ".")
            except OSError:
                continue
            below += [f"{folder}/{name}" if folder else name for name in names]
        found += below
        level = below
    return found
