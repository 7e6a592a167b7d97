"""What every corpus offers: facts as class attributes, a table of faces, and pixels in pieces."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import DatasetConfig
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.files import or_near
from fer_exp.names import CLASSES
from fer_exp.regular import regular

FACE_COLUMNS = ("face", "split", "subject", "label", "valence", "arousal", "source")


@dataclass(frozen=True)
class Faces:
    """What a corpus knows of its faces. Row i of each table, and of the pixels, is the same face.

    Attributes:
        table: columns ``face`` (unique id), ``split`` (train, val, test), ``subject`` (person pictured, or null),
            ``label`` (class name or null), ``valence`` and ``arousal`` (-1..1 or nan), ``source``, in that order;
            then columns of the corpus' own, text (CAFE: mouth, sex, race) or floats (what faces were drawn from).
        votes: None, or ``face`` and one integer count column per class, then any of ``OTHER_ANSWERS``.
        notes: what a person should know of what was read: sentence -> count, e.g. rows without a picture name.
        flags: face ids by the name that ``dataset.drop`` gives them: duplicate, constant, dark, conflict; those
            that a corpus does not have are looked for in the pictures of the store.
        said: how a layout that is not the official one was understood, and what may be asked for, a line each; said
            whenever the corpus is opened.
    """

    table: pd.DataFrame
    votes: pd.DataFrame | None = None
    notes: dict[str, int] = field(default_factory=dict)
    flags: dict[str, list[str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def faces_table(source: str, face: Sequence[str] | NDArray[np.object_], **columns: object) -> pd.DataFrame:
    """A faces table, as ``Faces`` holds it, of N ids and columns of N values; usual ones that are left out are null."""
    null = pd.Series([None] * len(face), dtype=object)
    usual = {"face": face, "split": null, "subject": null, "label": null, "valence": np.nan, "arousal": np.nan}
    return pd.DataFrame({**usual, "source": source, **columns})


class Corpus(ABC):
    """One corpus in its official layout. Subclasses state facts and read; they know nothing of training."""

    name: ClassVar[str]
    title: ClassVar[str]
    """The name in tables, as papers write it."""
    contempt: ClassVar[bool] = True
    """Whether ``dataset.classes=8`` may be asked of it."""
    open_classes: ClassVar[bool] = False
    """Whether ``dataset.classes`` may be ``found`` or name classes beyond the eight: the faces are the user's."""
    citation: ClassVar[str]
    licence: ClassVar[str]
    withheld: ClassVar[str]
    """Why its pictures may not be passed on, said after its name, with where the terms stand; empty where they may."""
    pictured: ClassVar[str]
    """Whom its pictures show, where they come from, and how they are cut: half a sentence for a model card."""
    access: ClassVar[str]
    layout: ClassVar[str] = ""
    """The files below ``dataset.root``, as one looks for them."""
    channels: ClassVar[int] = 3
    expected: ClassVar[dict[str, int]] = {}
    """Faces per split in the whole corpus."""
    expected_labels: ClassVar[dict[str, dict[str, int]]] = {}
    """Faces per split and label, where they are published."""
    dated: ClassVar[bool] = False
    """Whether ``recipe`` holds times of change, which a copy does not keep."""
    resumable: ClassVar[bool] = False
    """Whether ``pixels_from`` can start at any row, so that an interrupted store goes on where it was."""
    besides: ClassVar[dict[str, str]] = {}
    """Columns of the faces table that come from files which a root may lack -> where these lie."""
    voted: ClassVar[bool] = False
    """Whether its own files hold the answers of several people a face."""
    hashes: ClassVar[dict[str, str]] = {}
    """MD5 of official files, by file name, as their publisher or a well-known reader states it."""
    classes: tuple[str, ...] = CLASSES
    """Those of a run on it; where they are what is there, from ``opened`` on."""

    @classmethod
    @abstractmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """The corpus as the dataset group has it, with these classes; none takes what is there (``open_classes``)."""

    @classmethod
    def root_of(cls, config: DatasetConfig) -> Path:
        """``dataset.root``; raises DatasetNotFoundError where it is not given."""
        if not config.root:
            raise DatasetNotFoundError(
                f"{cls.name}: dataset.root is not set; try fer-exp prepare dataset={cls.name} dataset.root=DIR. "
                f"{cls.access}"
            )
        return Path(config.root)

    @classmethod
    def no_root(cls, root: Path) -> DatasetNotFoundError:
        """What to raise where ``dataset.root`` is not there."""
        return DatasetNotFoundError(f"{cls.name}: dataset.root={root} does not exist{or_near(root)} {cls.access}")

    @abstractmethod
    def files(self) -> list[Path]:
        """The files that the content key is made of; raises DatasetNotFoundError where one is missing."""

    def digests(self) -> dict[str, str]:
        """MD5, as publishers state it, of each of ``files()``, by its path below the folder that holds them all.

        Raises:
            RequestError: one is no regular file, or larger than any that is read.
        """
        files = self.files()
        top = os.path.commonpath([file.parent for file in files]) if files else ""
        digests = {}
        for file in files:
            try:
                regular(file)
            except OSError as problem:
                raise RequestError(f"{self.name}: {file}: {problem.strerror or problem}.") from None
            with file.open("rb") as stream:
                digests[os.path.relpath(file, top)] = hashlib.file_digest(stream, "md5").hexdigest()
        return digests

    def recipe(self) -> str:
        """What besides the files decides the content (a seed, a number of faces); part of the content key."""
        return ""

    @abstractmethod
    def read(self) -> Faces:
        """The faces table and votes, checked; raises RequestError naming file and row."""

    @abstractmethod
    def pixels(self, size: int) -> Iterator[NDArray[np.uint8]]:
        """The pictures in the order of the table, in pieces of shape (n, size, size, channels), uint8."""

    def pixels_from(self, size: int, row: int, rejected: Mapping[int, str]) -> Iterator[NDArray[np.uint8]]:
        """The pictures from a row of the table on, for ``resumable`` corpora; ``rejected`` are those before it."""
        raise NotImplementedError(f"{self.name} reads its pictures from the start")

    def attributes(self, faces: Sequence[str]) -> pd.DataFrame | None:
        """What is said of faces in files beside those that make the key, as sex, race, age: columns, a row a face.

        They change no picture, label or split, so that a store stays what it is where they come to lie there later.

        Returns:
            A column each of ``besides``, text or null; None where there are no such files.
        """
        return None

    def noticed(self) -> list[str]:
        """What a look at the pictures suggests to a person, a line each; said whenever the store is opened."""
        return []

    def rejected(self) -> dict[int, str]:
        """Rows of the table whose pictures ``pixels`` passed over, and those before a later start: row -> reason."""
        return {}

    def remarks(self) -> dict[str, int]:
        """What the pictures that ``pixels`` handed on should be known for: words -> how many."""
        return {}
