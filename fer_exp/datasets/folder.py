"""Any faces: a folder of pictures per class, or a table that names pictures and what is known of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers.votes import count_votes
from fer_exp.config import DatasetConfig
from fer_exp.datasets.attach import further, whole_votes
from fer_exp.datasets.corpus import Corpus, Faces, faces_table
from fer_exp.datasets.listing import listed, on_disk
from fer_exp.datasets.pictures import Picture, PictureCorpus, safe_path
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.files import file_of
from fer_exp.names import CLASSES, OTHER_ANSWERS, SPLITS, checked_expression, expression
from fer_exp.tables import Table, read_table


class Folder(PictureCorpus):
    """Pictures of one's own.

    Without a table: ``root/<class>/...`` or ``root/<split>/<class>/...``; a face is named by its path below the root.
    With one: a row per face, ``path`` from the root (else from the table's folder), and any of ``face`` (its name, else
    the path), ``label``, ``subject``, ``split``, ``valence``, ``arousal`` (from ``scale``), and a column of counts (or
    proportions among ``raters``) per class, ``unknown`` and ``not_a_face``, plain or as ``votes_<class>``.
    """

    name = "folder"
    title = "folder"
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
        classes: tuple[str, ...],
        table: Path | None = None,
        raters: int | None = None,
        max_rejected: float = 0.01,
        scale: Sequence[float] = (-1.0, 1.0),
    ) -> None:
        if root is None and table is None:
            raise DatasetNotFoundError(f"{self.name}: {self.access}")
        super().__init__(root or file_of(table or "")[0].parent, classes, max_rejected)
        self.table, self.raters, self.scale = table, raters, tuple(scale)

    @classmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """The folder at ``dataset.root``, the table, or both."""
        table = Path(config.table).expanduser() if config.table else None
        root = None if table and not config.root else cls.root_of(config)
        return cls(root, classes, table, config.raters, config.max_rejected, config.scale)

    def files(self) -> list[Path]:
        """The table, or nothing: the folders are the listing."""
        if not self.root.is_dir():
            raise DatasetNotFoundError(f"{self.name}: dataset.root={self.root} is no folder. {self.access}")
        return [file_of(self.table)[0]] if self.table else []

    def recipe(self) -> str:
        """The pictures' digest, and what turns proportions into counts."""
        sheet = file_of(self.table)[1] if self.table else ""
        more = f", sheet {sheet}" if sheet else ""
        more += f", scale {self.scale}" if list(self.scale) != [-1, 1] else ""
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
        meaning = {folder: self._meaning(folder) for folder in dict.fromkeys(folders)}
        rows = [(path, *known) for path, folder in zip(every, folders, strict=True) if (known := meaning[folder])]
        loose = len(every) - len(rows)
        if not rows:
            if loose and (expression(self.root.name) in CLASSES or self.root.name.lower() in SPLITS):
                way_out = f"set dataset.root={self.root.parent}"
                raise DatasetNotFoundError(f"{self.name}: {self.root} is itself a class or split; {way_out}.")
            raise DatasetNotFoundError(f"{self.name}: there is no picture in a folder of {self.root}. {self.access}")
        paths, splits, labels = map(list, zip(*rows, strict=True))
        notes = {"pictures that lie in no class folder, left out": loose}
        return Faces(faces_table(self.name, paths, split=splits, label=labels), None, notes), paths

    def _meaning(self, folder: str) -> tuple[str | None, str] | None:
        """Split and label of the faces in a folder below the root; None where it is above the classes."""
        parts = folder.split("/") if folder else []
        split = SPLITS.get(parts[0].lower()) if parts else None
        kinds = parts[1:] if split else parts
        if not kinds:
            return None
        label = expression(kinds[0])
        if label in CLASSES:
            return split, label
        inner = expression(kinds[1]) or SPLITS.get(kinds[1].lower()) if len(kinds) > 1 else None
        if inner and not split:
            way_out = f"set dataset.root={self.root / kinds[0]}"
            raise DatasetNotFoundError(f"{self.name}: the class folders lie one further down; {way_out}.")
        if self.root.name.lower() in SPLITS or expression(self.root.name) in CLASSES:
            way_out = f"set dataset.root={self.root.parent}"
            raise DatasetNotFoundError(f"{self.name}: {self.root} is itself a split or class; {way_out}.")
        checked_expression(kinds[0], f"{self.name}: the folder {self.root / folder}")
        raise RequestError(f"{self.name}: the folder {kinds[0]!r} is no class; {', '.join(CLASSES)} are.")

    def _from_table(self, file: Path) -> tuple[Faces, list[str]]:
        read = read_table(file, "dataset.table")
        column = read.need("path")
        paths = [self._path(path or "", read.row(row)) for row, path in enumerate(read.text(column))]
        named = read.find("face")
        faces = read.text(named) if named is not None else np.array(paths, dtype=object)
        if named is not None:
            read.refuse(pd.isna(faces), named, "a face needs a name")
        twice = pd.Series(faces).duplicated().to_numpy()
        read.refuse(twice, column if named is None else named, "it has a row already; one face, one row")
        notes: dict[str, int] = {}
        rated = read.affect(self.scale, notes)
        splits, labels = (self._mapped(read, name) for name in ("split", "label"))
        subjects = read.text(read.find("subject"))
        table = faces_table(self.name, faces, split=splits, subject=subjects, label=labels, **rated)
        votes = None
        if read.class_columns():
            counted = count_votes(read, self.classes, further(self.classes), (), self.raters)
            votes, more = whole_votes(counted, self.classes)
            votes.insert(0, "face", faces)
            notes |= {**counted.counted, **more}
        read.say()
        order = np.array(paths, dtype=str).argsort(kind="stable")  # the same on every machine
        votes = None if votes is None else votes.iloc[order].reset_index(drop=True)
        files = on_disk(self.root, paths, read.where)
        return Faces(table.iloc[order].reset_index(drop=True), votes, notes), [files[row] for row in order]

    def _path(self, text: str, where: str) -> str:
        """A path from the root; an absolute one is fine if it lies below the root."""
        path = text.strip()
        if os.path.isabs(path) and Path(os.path.normpath(path)).is_relative_to(self.root.absolute()):  # noqa: PTH117
            path = Path(os.path.normpath(path)).relative_to(self.root.absolute()).as_posix()
        if not path:
            raise RequestError(f"{where}: the path is empty.")
        return safe_path(path, where)

    def _mapped(self, table: Table, name: str) -> NDArray[np.object_]:
        """Labels or splits by our names, None where empty; each distinct spelling is looked at once."""
        if (column := table.find(name)) is None:
            return table.text(None)
        codes, spellings = table.coded(column)
        if name == "split":
            splits = np.array([*(SPLITS.get(text.lower()) for text in spellings), None], dtype=object)[codes]
            table.refuse(pd.isna(splits) & (codes >= 0), column, "the split must be train, val or test")
            return splits
        first = [int((codes == code).argmax()) for code in range(len(spellings))]
        labels = [checked_expression(text, table.row(row)) for text, row in zip(spellings, first, strict=True)]
        return np.array([*(None if text in OTHER_ANSWERS else text for text in labels), None], dtype=object)[codes]
