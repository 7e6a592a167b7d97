"""Any faces: a folder of pictures per class, or a table that names pictures and what is known of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers.votes import count_votes
from fer_exp.config import DatasetConfig
from fer_exp.datasets.attach import attached_key, further, read_attached, whole_votes
from fer_exp.datasets.classes import classes_of_answers, named_labels, refuse_unknown
from fer_exp.datasets.corpus import Corpus, Faces, faces_table
from fer_exp.datasets.listing import listed, on_disk
from fer_exp.datasets.pictures import Picture, PictureCorpus, safe_path
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.files import file_of, or_near
from fer_exp.names import CLASSES, OTHER_ANSWERS, SPLITS, expression, in_order
from fer_exp.tables import Table, read_table


class Folder(PictureCorpus):
    """Pictures of one's own.

    Without a table: ``root/<class>/...`` or ``root/<split>/<class>/...``; a face is named by its path below the root.
    With one: a row per face, ``path`` from the root (else from the table's folder), and any of ``face`` (its name, else
    the path), ``label``, ``subject``, ``split``, ``valence``, ``arousal`` (from ``scale``), and a column of counts (or
    proportions among ``raters``) per class, ``unknown`` and ``not_a_face``, plain or as ``votes_<class>``.

    The classes are those that are named; else those of the faces, of the table's votes, and of ``answered``, what
    raters answered whose table is attached. With ``named`` ones, folders that are neither of them nor expressions are
    left out.
    """

    name = "folder"
    title = "folder"
    open_classes = True
    citation = "your own"
    licence = "your own"
    access = (
        "Give a folder that holds a folder of pictures per class as dataset.root, or a table with a column path as "
        "dataset.table."
    )
    layout = "<class>/<picture>, or <split>/<class>/<picture>, or a table with the columns path, label, ..."
    expected: ClassVar[dict[str, int]] = {}

    def __init__(
        self,
        root: Path | None,
        classes: tuple[str, ...] = (),
        table: Path | None = None,
        raters: int | None = None,
        max_rejected: float = 0.01,
        scale: Sequence[float] = (-1.0, 1.0),
        numbers: Any = None,
        named: bool = False,
        answered: Sequence[str] = (),
    ) -> None:
        if root is None and table is None:
            raise DatasetNotFoundError(f"{self.name}: {self.access}")
        super().__init__(root or file_of(table or "")[0].parent, classes, max_rejected)
        self.table, self.raters, self.scale = table, raters, tuple(scale)
        self.numbers, self.named, self.answered = numbers, named, answered
        self._said: list[str] = []

    @classmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """The folder at ``dataset.root``, the table, or both; read now where the classes are what is there."""
        table = Path(config.table) if config.table else None
        root = None if table and not config.root else cls.root_of(config)
        named, answers = isinstance(config.classes, list), None if classes else read_attached(config, ())
        answered = () if answers is None else classes_of_answers(answers, attached_key(config))
        corpus = cls(
            root, classes, table, config.raters, config.max_rejected, config.scale, config.numbers, named, answered
        )
        if not classes:
            corpus.read()
        return corpus

    def files(self) -> list[Path]:
        """The table, or nothing: the folders are the listing."""
        if not self.root.is_dir():
            said = f"{self.name}: dataset.root={self.root} is no folder{or_near(self.root)}"
            raise DatasetNotFoundError(f"{said} {self.access}")
        return [file_of(self.table)[0]] if self.table else []

    def recipe(self) -> str:
        """The pictures' digest, and what turns proportions into counts."""
        sheet = file_of(self.table)[1] if self.table else ""
        more = f", sheet {sheet}" if sheet else ""
        more += f", scale {self.scale}" if list(self.scale) != [-1, 1] else ""
        more += "" if self.numbers is None else f", numbers {self.numbers}"
        return f"{super().recipe()}, raters {self.raters}{more}"

    def read(self) -> Faces:
        """The faces of the table or the folders; raises RequestError naming file and row."""
        return self._faces[0]

    def pictures(self) -> list[Picture]:
        """Every picture named."""
        return [Picture(path) for path in self._faces[1]]

    @cached_property
    def _faces(self) -> tuple[Faces, list[str]]:
        """The faces and their paths, sorted by path."""
        return self._from_table(self.table) if self.table else self._from_folders()

    def _from_folders(self) -> tuple[Faces, list[str]]:
        self.files()
        every = listed(self.root)
        folders = [path.rpartition("/")[0] for path in every]
        places = {folder: self._place(folder) for folder in dict.fromkeys(folders)}
        sizes = Counter(kind for folder in folders if (kind := places[folder][1]) is not None)
        label_of, unknown = named_labels(
            sizes, self.classes, self.numbers, f"{self.name}: the folders of {self.root}", self._said
        )
        if unknown and not label_of:
            self._refuse_level(unknown, folders)
        there = set(label_of.values())
        if not self.named:
            many = "s" if len(unknown) > 1 else ""
            refuse_unknown(unknown, there, f"{self.name}: of {self.root} the folder{many} ")
        others = [kind for kind in sizes if label_of.get(kind, OTHER_ANSWERS[0]) in OTHER_ANSWERS]
        if others:
            listing = ", ".join(f"{sizes[kind]:,} in {kind}" for kind in others)
            self._said.append(f"left out, pictures in folders that are no class: {listing}")
        taken = [
            (path, split, label_of[kind])
            for path, (split, kind) in zip(every, map(places.__getitem__, folders), strict=True)
            if kind is not None and kind not in others
        ]
        if not taken:
            if every and (expression(self.root.name) in CLASSES or self.root.name.lower() in SPLITS):
                way_out = f"set dataset.root={self.root.parent}"
                raise DatasetNotFoundError(f"{self.name}: {self.root} is itself a class or split; {way_out}.")
            raise DatasetNotFoundError(f"{self.name}: there is no picture in a folder of {self.root}. {self.access}")
        self._take_classes({*there, *self.answered})
        paths, splits, labels = map(list, zip(*taken, strict=True))
        loose = len(every) - sizes.total()
        notes = {"pictures that lie in no class folder, left out": loose}
        return Faces(faces_table(self.name, paths, split=splits, label=labels), None, notes, said=self._said), paths

    def _place(self, folder: str) -> tuple[str | None, str | None]:
        """The split of the faces in a folder below the root, and the name of their class folder, None above these."""
        parts = folder.split("/") if folder else []
        split = SPLITS.get(parts[0].lower()) if parts else None
        kinds = parts[1:] if split else parts
        return split, kinds[0] if kinds else None

    def _refuse_level(self, unknown: Sequence[str], folders: Sequence[str]) -> None:
        """Raise DatasetNotFoundError where no folder is a class because the root is a level too high or too low."""
        for parts in (folder.split("/") for folder in folders):
            inner = parts[1] if len(parts) > 1 and parts[0] in unknown else ""
            if expression(inner) in CLASSES or inner.lower() in SPLITS:
                way_out = f"set dataset.root={self.root / parts[0]}"
                raise DatasetNotFoundError(f"{self.name}: the class folders lie one further down; {way_out}.")
        if self.root.name.lower() in SPLITS or expression(self.root.name) in CLASSES:
            way_out = f"set dataset.root={self.root.parent}"
            raise DatasetNotFoundError(f"{self.name}: {self.root} is itself a split or class; {way_out}.")

    def _take_classes(self, there: Iterable[str]) -> None:
        """Make what is there the classes, where none were asked for."""
        if not self.classes:
            self.classes = in_order(name for name in there if name not in OTHER_ANSWERS)
            self._said.append(f"classes: {', '.join(self.classes)}")

    def _from_table(self, file: Path) -> tuple[Faces, list[str]]:
        read = read_table(file, "dataset.table")
        column = read.need("path")
        paths = [self._path(path or "", read.row(row)) for row, path in enumerate(read.text(column))]
        named = read.find("face")
        names = read.text(named) if named is not None else np.array(paths, dtype=object)
        if named is not None:
            read.refuse(pd.isna(names), named, "a face needs a name")
        twice = pd.Series(names).duplicated().to_numpy()
        read.refuse(twice, column if named is None else named, "it has a row already; one face, one row")
        notes: dict[str, int] = {}
        rated = read.affect(self.scale, notes)
        splits, labels = self._splits(read), self._labels(read)
        subjects = read.text(read.find("subject"))
        table = faces_table(self.name, names, split=splits, subject=subjects, label=labels, **rated)
        read.name_numbers(self.numbers)
        columns = read.class_columns((*self.classes, *further(self.classes)) if self.classes else ())
        there = {str(label) for label in labels if label is not None}
        if columns:
            there = {name for name in columns if name in there or read.added(columns[name]).any()}
        self._take_classes({*there, *self.answered})
        votes = None
        if columns:
            counted = count_votes(read, self.classes, further(self.classes), (), self.raters)
            votes, more = whole_votes(counted, self.classes)
            votes.insert(0, "face", names)
            notes |= {**counted.counted, **more}
        read.say()
        order = np.array(paths, dtype=str).argsort(kind="stable")  # the same on every machine
        votes = None if votes is None else votes.iloc[order].reset_index(drop=True)
        files = on_disk(self.root, paths, read.where)
        known = Faces(table.iloc[order].reset_index(drop=True), votes, notes, said=self._said)
        return known, [files[row] for row in order]

    def _path(self, text: str, where: str) -> str:
        """A path from the root; an absolute one is fine if it lies below the root."""
        path = text.strip()
        if os.path.isabs(path) and Path(os.path.normpath(path)).is_relative_to(self.root.absolute()):  # noqa: PTH117
            path = Path(os.path.normpath(path)).relative_to(self.root.absolute()).as_posix()
        if not path:
            raise RequestError(f"{where}: the path is empty.")
        return safe_path(path, where)

    def _splits(self, table: Table) -> NDArray[np.object_]:
        """Splits by our names, None where empty."""
        if (column := table.find("split")) is None:
            return table.text(None)
        codes, spellings = table.coded(column)
        splits = np.array([*(SPLITS.get(text.lower()) for text in spellings), None], dtype=object)[codes]
        table.refuse(pd.isna(splits) & (codes >= 0), column, "the split must be train, val or test")
        return splits

    def _labels(self, table: Table) -> NDArray[np.object_]:
        """Labels by our names, None where empty or no expression; each distinct spelling is looked at once."""
        if (column := table.find("label")) is None:
            return table.text(None)
        codes, spellings = table.coded(column)
        meaning, unknown = named_labels(spellings.tolist(), self.classes, self.numbers, table.where, table.guessed)
        if unknown and not self.named:
            first = int((codes == spellings.tolist().index(unknown[0])).argmax())
            refuse_unknown(unknown, set(meaning.values()), f"{self.name}: {table.row(first)}: ")
        labels = [meaning.get(text, text) for text in spellings]
        return np.array([*(None if text in OTHER_ANSWERS else text for text in labels), None], dtype=object)[codes]
