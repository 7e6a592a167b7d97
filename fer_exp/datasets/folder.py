"""Any faces: a folder of pictures per class, or a table that names pictures and what is known of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers.scales import sides_of
from fer_exp.answers.truth import label_of
from fer_exp.answers.votes import count_votes
from fer_exp.config import DatasetConfig
from fer_exp.datasets.attach import attached_key, further, read_attached, whole_votes
from fer_exp.datasets.classes import classes_of_answers, named_labels, refuse_unknown
from fer_exp.datasets.corpus import Corpus, Faces, faces_table
from fer_exp.datasets.folder_tables import (
    ABSOLUTE,
    face_names,
    is_about,
    is_foreign,
    one_hot,
    split_of_table,
    splits_by_place,
    splits_of,
)
from fer_exp.datasets.label_files import Labelled, labelled_at
from fer_exp.datasets.namings import Named, read_names
from fer_exp.datasets.persons import tell_apart
from fer_exp.datasets.pictures import Picture, PictureCorpus, picture_column, safe_path
from fer_exp.datasets.placing import class_folders, class_level, places_of, refuse_folders
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.face_names import PICTURES, path_in_address
from fer_exp.files import TABLES, file_of, or_near
from fer_exp.names import OTHER_ANSWERS, in_order
from fer_exp.pictures.listing import files_below, listed, on_disk
from fer_exp.tables import Table, read_table
from fer_exp.together import ITS_FILE, tables_in


class Folder(PictureCorpus):
    """Pictures of one's own.

    Without a table: ``root/<class>/...`` or ``root/<split>/<class>/...``; a face is named by its path below the root.
    A table beside the pictures, or one in the folder of each split, counts where nothing else says what they show.
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
    withheld = ""  # whoever has a folder of their own knows what its faces were promised; the report reminds them
    pictured = "pictures of the person who trained it, and fer-exp knows no more about them"
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
        answered: Sequence[str] | None = None,
        subject: str | None = None,
    ) -> None:
        if root is None and table is None:
            raise DatasetNotFoundError(f"{self.name}: {self.access}")
        super().__init__(root or file_of(table or "")[0].parent, classes, max_rejected)
        self._given, self.raters, self.scale = table, raters, tuple(scale)
        self.numbers, self.named, self.answered, self.subject = numbers, named, answered, subject
        self._said: list[str] = []
        self._names: list[str] = []
        self._level: int | None = None

    @classmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """The folder at ``dataset.root``, the table, or both; read now where the classes are what is there."""
        table = Path(config.table) if config.table else None
        root = None if table and not config.root else cls.root_of(config)
        named, answers = isinstance(config.classes, list), None if classes else read_attached(config, ())
        answered: Sequence[str] | None = () if config.votes or config.ratings else None
        if answers is not None:
            answered = classes_of_answers(answers, attached_key(config))
        options = (config.raters, config.max_rejected, config.scale, config.numbers, named, answered, config.subject)
        corpus = cls(root, classes, table, *options)
        if not classes:
            corpus.pictures()
        return corpus

    def files(self) -> list[Path]:
        """The table or list of labels, or nothing: the folders are the listing."""
        if self.root.is_file():
            wanted = "its folder" if self.root.suffix.lower() not in TABLES else f"dataset.table={self.root}"
            raise RequestError(f"{self.name}: dataset.root={self.root} is a file; write {wanted} in its place.")
        if not self.root.is_dir():
            said = f"{self.name}: dataset.root={self.root} is no folder{or_near(self.root)}"
            raise DatasetNotFoundError(f"{said} {self.access}")
        if self.table == self.root:
            return tables_in(self.root)
        return [file_of(self.table)[0]] if self.table else self._labelled.files if self._labelled else []

    def recipe(self) -> str:
        """The pictures' digest, and what turns proportions into counts."""
        sheet = file_of(self.table)[1] if self.table else ""
        more = f", sheet {sheet}" if sheet else ""
        more += f", scale {self.scale}" if list(self.scale) != [-1, 1] else ""
        more += "" if self.numbers is None else f", numbers {self.numbers}"
        more += "" if self.subject is None else f", subject {self.subject}"
        labels = self._faces[0].table["label"]
        more += f", names {' '.join(self._names)}" if self._names else ""
        if self._labelled:  # labels may lie in a file a face
            more += f", labels {pd.util.hash_pandas_object(labels, index=False).sum():x}"
        return f"{super().recipe()}, raters {self.raters}{more}"

    def read(self) -> Faces:
        """The faces of the table or the folders; raises RequestError naming file and row."""
        return self._faces[0]

    def pictures(self) -> list[Picture]:
        """Every picture named, with the box of its face where there is a list of them."""
        paths = self._faces[1]
        boxes = (self._labelled and self._labelled.boxes) or {}
        faces = self._faces[0].table["face"]
        return [Picture(path, boxes.get(face)) for path, face in zip(paths, faces, strict=True)]

    @cached_property
    def table(self) -> Path | None:
        """The table that was given, or that lies beside pictures of which nothing else says what they show."""
        if self._given or self._labelled or self.answered is not None or not self.root.is_dir():
            return self._given
        if not (near := tables_in(self.root)) or self._found_level is not None:
            return None
        if self._by_name is not None and self._by_name.table["label"].notna().any():
            return None
        there = {path.rpartition("/")[2].casefold() for path in self._every}
        if not (tables := [file for file in near if is_about(file, there)]):
            return None
        places = [file.relative_to(self.root).as_posix() for file in tables]
        names = ", ".join(places[:4])
        if len(tables) > 1 and (len(tables) < len(near) or not all(map(split_of_table, places))):
            raise RequestError(
                f"{self.name}: {len(tables)} tables below {self.root} name pictures and what they show ({names}); give "
                "one of them as dataset.table=FILE."
            )
        self._said.append(f"what they show is in {names}")
        return tables[0] if len(tables) == 1 else self.root  # a table a split, read together

    @cached_property
    def _every(self) -> list[str]:
        """The pictures below the root; what is no picture is said once."""
        return listed(self.root)

    @cached_property
    def _by_name(self) -> Named | None:
        """What the names of these say."""
        return read_names(self._every)

    @cached_property
    def _found_level(self) -> int | None:
        """How deep their class folders lie, None where there are none."""
        folders = {path.rpartition("/")[0] for path in self._every}
        return class_level(folders, self.classes, self.numbers, f"{self.name}: the folders of {self.root}")

    @cached_property
    def _labelled(self) -> Labelled | None:
        return None if self._given or not self.root.is_dir() else labelled_at(self.root)

    @cached_property
    def _faces(self) -> tuple[Faces, list[str]]:
        """The faces and their paths, sorted by path."""
        if self.table:
            faces, paths = self._from_table(self.table)
        else:
            faces, paths = self._from_label_files(self._labelled) if self._labelled else self._from_folders()
        table = self._with_persons(faces.table, paths)
        return replace(faces, table=table, said=self._said), paths

    def _from_folders(self) -> tuple[Faces, list[str]]:
        self.files()
        every, self._level = self._every, self._found_level
        folders = [path.rpartition("/")[0] for path in every]
        places = dict(zip(every, places_of(folders, self._level), strict=True))
        if self._level is None and (taken := self._from_names(every)) is not None:
            labels = taken
        else:
            labels = class_folders(places, self.classes, self.numbers, self.named, (self.name, self.root), self._said)
        if not labels:
            refuse_folders(every, self.name, self.root, self.access)
        there = {*filter(None, labels.values()), *(self.answered or ())}
        if not there and not self.classes:
            raise RequestError(
                f"{self.name}: {len(labels):,} pictures in no class folders, and answers of raters that name none; "
                "a network needs classes, and valence and arousal only come in addition: add a column label."
            )
        self._take_classes(there)
        loose = [] if self._level is None else [path for path in every if places[path].kind is None]
        if loose:
            self._said.append(f"{len(loose):,} pictures lie in no class folder, left out, first {loose[0]}")
        notes = {"pictures that lie in no class folder, left out": len(loose)}
        paths = list(labels)
        splits = [places[path].split for path in paths]
        return Faces(faces_table(self.name, paths, split=splits, label=list(labels.values())), None, notes), paths

    def _from_names(self, every: list[str]) -> dict[str, str | None] | None:
        """Label by path of pictures that lie in no class folders: by their names, else what raters answer; None."""
        named = self._by_name
        told = {} if named is None else dict(zip(every, named.table["label"], strict=True))
        if named is not None and any(told.values()):
            self._said += named.said
            self._names = named.keys
        elif every and self.answered is not None:
            self._said.append(f"{len(every):,} pictures in no class folders; their labels are what raters answer")
        else:
            return None
        return {path: told.get(path) for path in every if self.answered is not None or told[path]}

    def _from_label_files(self, labelled: Labelled) -> tuple[Faces, list[str]]:
        there = self.there(labelled.rows["path"].tolist())
        rows, missing = labelled.rows[there], int((~there).sum())
        sentence = "faces whose picture is not there, left out"
        self._said += [labelled.said, *([f"{missing:,} {sentence}"] if missing else [])]
        self._take_classes({*rows["label"], *(self.answered or ())})
        columns = {name: rows[name].tolist() for name in ("split", "subject", "label")}
        table = faces_table(self.name, rows["face"].tolist(), **columns)
        return Faces(table, None, {sentence: missing}), rows["path"].tolist()

    def _with_persons(self, table: pd.DataFrame, paths: list[str]) -> pd.DataFrame:
        """The faces with ``subject``, where persons are told apart, and what else names say that are a corpus' own."""
        if self.subject is None and table["subject"].notna().any():
            return table
        named = read_names(paths, labels=False)
        places = places_of([path.rpartition("/")[0] for path in paths], self._level)
        found, words = tell_apart(paths, [it.beside for it in places], self.subject, named)
        if named is None or named.offered:
            self._said += words
            return table.assign(subject=pd.Series(found, table.index, object))
        self._said += [*([] if self._names else named.said), *words]
        self._names = named.keys
        own = {str(name): named.table[name].tolist() for name in named.table if name not in ("label", "subject")}
        return table.assign(subject=pd.Series(found, table.index, object), **own)

    def _take_classes(self, there: Iterable[str]) -> None:
        """Make what is there the classes, where none were asked for."""
        if not self.classes:
            self.classes = in_order(name for name in there if name not in OTHER_ANSWERS)
            self._said.append(f"classes: {', '.join(self.classes)}")

    def _from_table(self, file: Path) -> tuple[Faces, list[str]]:
        """The faces of a table, and the files of their pictures, in the order of the paths that it names."""
        read = read_table(file, "dataset.table", together=file == self.root)
        column = picture_column(read)
        origins = read.text(read.names.index(ITS_FILE)) if ITS_FILE in read.names else None
        paths, files = self._located(read, column, origins)
        names = face_names(read, column, paths)
        notes: dict[str, int] = {}
        rated = sides_of(read, self.scale, notes)
        splits, labels = splits_of(read), self._labels(read)
        if read.find("split") is None:
            splits = splits_by_place(read, paths, origins)
        if self.root.is_dir() and (loose := len(set(self._every) - set(files))):
            notes["pictures without a row in the table, left out"] = loose
        subjects = read.text(read.find("subject"))
        table = faces_table(self.name, names, split=splits, subject=subjects, label=labels, **rated)
        columns = self._class_columns(read, labels)
        votes = None
        if columns and read.find("label") is None and (label_of_row := one_hot(read, columns)):
            table["label"] = pd.Series(label_of_row, table.index, object)
            read.guessed.append("a 1 in one column of each row is its label")
        elif columns:
            counted = count_votes(read, self.classes, further(self.classes), (), self.raters)
            votes, more = whole_votes(counted, self.classes)
            votes.insert(0, "face", names)
            notes |= {**counted.counted, **more}
        read.say()
        order = np.array(paths, dtype=str).argsort(kind="stable")  # the same on every machine
        votes = None if votes is None else votes.iloc[order].reset_index(drop=True)
        faces = Faces(table.iloc[order].reset_index(drop=True), votes, notes, said=self._said)
        return faces, [files[row] for row in order]

    def _located(self, read: Table, column: int, origins: NDArray[np.object_] | None) -> tuple[list[str], list[str]]:
        """The paths that a table names, from the root, and the files that they mean there.

        A path of another machine counts as the file that it means here. ``origins`` are the tables that rows come from,
        where several are read as one.
        """
        texts = [str(path or "") for path in read.text(column)]
        if origins is not None:
            texts = self._near(texts, [str(name) for name in origins])
        paths = [self._path(path, read.row(row)) for row, path in enumerate(texts)]
        files = on_disk(self.root, paths, read.where)
        foreign = {row for row, text in enumerate(texts) if text.strip() != paths[row] and is_foreign(text)}
        if foreign and all(files[row] == paths[row] and not (self.root / paths[row]).exists() for row in foreign):
            safe_path(texts[min(foreign)], read.row(min(foreign)))
        return [files[row] if row in foreign else path for row, path in enumerate(paths)], files

    def _class_columns(self, read: Table, labels: NDArray[np.object_]) -> dict[str, list[int]]:
        """The columns of votes by class; where no classes were asked for, those of votes and labels become them.

        Raises:
            RequestError: there are neither, and no answers of raters are attached.
        """
        read.name_numbers(self.numbers)
        columns = read.class_columns((*self.classes, *further(self.classes)) if self.classes else ())
        there = {str(label) for label in labels if label is not None}
        if columns:
            there = {name for name in columns if name in there or read.added(columns[name]).any()}
        elif not there and not self.answered:
            raise RequestError(
                f"{read.where}: nothing in it says what the pictures show: it needs a column label, or one a class; "
                f"there are: {', '.join(read.names[:12])}."
            )
        self._take_classes({*there, *(self.answered or ())})
        return columns

    def _near(self, texts: list[str], tables: list[str]) -> list[str]:
        """Paths from the root of what tables in folders of it name: pictures in the same folder, however deep."""
        below: dict[tuple[str, str], list[str]] = {}
        for path in sorted(path for path in files_below(self.root) if path.lower().endswith(PICTURES)):
            top, _, name = path.partition("/")
            below.setdefault((top, name.rpartition("/")[2]), []).append(path)
        tops = [table.partition("/")[0] for table in tables]
        found = [below.get((top, text.rpartition("/")[2]), []) for top, text in zip(tops, texts, strict=True)]
        return [paths[0] if len(paths) == 1 else text for paths, text in zip(found, texts, strict=True)]

    def _path(self, text: str, where: str) -> str:
        """A path from the root; ``on_disk`` finds what one of another machine, or a web address, means here."""
        path = path_in_address(text.strip())
        if os.path.isabs(path) and Path(os.path.normpath(path)).is_relative_to(self.root.absolute()):  # noqa: PTH117
            path = Path(os.path.normpath(path)).relative_to(self.root.absolute()).as_posix()
        path = re.sub(ABSOLUTE, "", path)
        if not path:
            raise RequestError(f"{where}: the path is empty.")
        return safe_path(path, where)

    def _labels(self, table: Table) -> NDArray[np.object_]:
        """Labels by our names, None where empty or no expression; each distinct spelling is looked at once."""
        if (column := label_of(table)) is None:
            return table.text(None)
        codes, spellings = table.coded(column)
        meaning, unknown = named_labels(spellings.tolist(), self.classes, self.numbers, table.where, table.guessed)
        if unknown and not self.named:
            first = int((codes == spellings.tolist().index(unknown[0])).argmax())
            refuse_unknown(unknown, set(meaning.values()), f"{self.name}: {table.row(first)}: ")
        labels = [meaning.get(text, text) for text in spellings]
        return np.array([*(None if text in OTHER_ANSWERS else text for text in labels), None], dtype=object)[codes]
