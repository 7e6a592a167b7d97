"""Corpora that are picture files: which files, decoded in parallel and each once, and which cannot be decoded."""

from __future__ import annotations

import hashlib
import os
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.config import DatasetConfig
from fer_exp.datasets.corpus import Corpus
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.pictures import stream
from fer_exp.pictures.crops import NO_FACE, Crop, around
from fer_exp.pictures.decoding import Box, Cut, decode, opened
from fer_exp.pictures.depth import Whites
from fer_exp.pictures.photographs import advice, look_like_photographs
from fer_exp.pictures.stream import Piece
from fer_exp.tables import Table

MOST_FACELESS = 0.5
"""Share of the pictures in which no face may be found: with more, they are something else than photographs of faces."""


class Picture(NamedTuple):
    """One picture file: its path below the root, with forward slashes, and the face's (left, top, right, bottom)."""

    path: str
    box: Box | None = None


class PictureCorpus(Corpus):
    """A corpus whose faces are single files.

    The store's key is made of the listing files' content, and of path, size and time of change of every picture:
    hashing the bytes of 400,000 pictures would cost more than decoding them. Paths start from ``root``; a share of at
    most ``max_rejected``, 0 to 1, of the pictures may be missing or damaged; in at most half no face may be found.
    """

    dated = resumable = True
    markers: ClassVar[tuple[str, ...]] = ()
    """Paths below the root; one that is there shows that the root is the one meant."""
    listings: ClassVar[tuple[str, ...]] = ()
    """Paths below the root of the files that list the pictures; none where their names and folders do."""
    crop: Crop | None = None
    """What cuts the faces out of the pictures; None takes these, or their boxes, as they are."""

    def __init__(self, root: Path, classes: tuple[str, ...], max_rejected: float = 0.01) -> None:
        self.root, self.classes, self.max_rejected = root, classes, max_rejected
        self._rejected: dict[int, str] = {}
        self._remarks: Counter[str] = Counter()
        self._whites = Whites(lambda: [os.path.join(root, each.path) for each in self.pictures()], opened)  # noqa: PTH118

    @classmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """The corpus at ``dataset.root``."""
        return cls(cls.root_of(config), classes, config.max_rejected)

    @abstractmethod
    def pictures(self) -> list[Picture]:
        """A picture per row of the faces table, in its order."""

    def files(self) -> list[Path]:
        """The listings; raises DatasetNotFoundError where the root is not the folder meant, or a listing is missing."""
        find_marker(self.root, self.markers, self)
        files = [self.root / name for name in self.listings]
        for file in files:
            if not file.is_file():
                raise DatasetNotFoundError(f"{self.name}: there is no {file}. {self.access}")
        return files

    def recipe(self) -> str:
        """A digest of path, size, time of change and face box of every picture."""
        digest = hashlib.md5(usedforsecurity=False)
        for picture in self.pictures():
            try:
                state = os.stat(os.path.join(self.root, picture.path))  # noqa: PTH116, PTH118 - a Path costs more
                digest.update(f"{picture.path} {state.st_size} {state.st_mtime_ns} {picture.box}\n".encode())
            except OSError:
                digest.update(f"{picture.path} missing\n".encode())
        cut = f", {self.crop}" if self.crop else ""
        return f"pictures {digest.hexdigest()}{cut}"

    def there(self, paths: Sequence[str]) -> NDArray[np.bool_]:
        """Which of some paths below the root are files, where half a corpus was unpacked.

        All of them where so few are missing that ``max_rejected`` allows it: these are listed with their reason when
        the pictures are decoded.
        """
        inside: dict[str, set[str]] = {}
        for folder in {path.rpartition("/")[0] for path in paths}:
            try:
                with os.scandir(self.root / folder) as entries:
                    inside[folder] = {entry.name for entry in entries}
            except OSError:
                inside[folder] = set()
        here = np.array([name in inside[folder] for folder, _, name in (path.rpartition("/") for path in paths)], bool)
        return here if (~here).sum() > self.max_rejected * len(here) else np.ones(len(here), bool)

    def pixels(self, size: int) -> Iterator[NDArray[np.uint8]]:
        """The pictures in the order of the table, without those that are rejected, in pieces."""
        yield from self.pixels_from(size, 0, {})

    def pixels_from(self, size: int, row: int, rejected: Mapping[int, str]) -> Iterator[NDArray[np.uint8]]:
        """The pictures from a row on. While a piece is handed on, the next ones are decoded on all cores.

        A piece is good until the next one is asked for; then its memory is used again.

        Raises:
            RequestError: more pictures are rejected than ``dataset.max_rejected`` allows, those before the row counted.
        """
        pictures = self.pictures()
        self._rejected = dict(rejected)
        self._remarks = Counter()

        def decode(row: int, out: NDArray[np.uint8]) -> str:
            return self.decode(pictures[row], out)

        rows, shape = range(row, len(pictures)), (size, size, self.channels)
        for piece in stream.decoded(decode, rows, shape, looking=self.crop is not None):
            self._note(piece, len(pictures))
            yield piece.pixels

    def noticed(self) -> list[str]:
        """That whole photographs are there to be cropped."""
        files = [os.path.join(self.root, each.path) for each in self.pictures() if each.box is None]  # noqa: PTH118
        return [advice("dataset.crop=face")] if self.crop is None and files and look_like_photographs(files) else []

    def rejected(self) -> dict[int, str]:
        """Row -> reason, of the pictures passed over so far."""
        return dict(self._rejected)

    def remarks(self) -> dict[str, int]:
        """What the pictures handed on since the last start should be known for: words -> how many."""
        return dict(self._remarks)

    def decode(self, picture: Picture, out: NDArray[np.uint8], cut: Cut | None = None) -> str:
        """A picture, or its face, as ``decoding.decode`` does; ``cut`` in the place of ``crop``'s own."""
        file = os.path.join(self.root, picture.path)  # noqa: PTH118 - a Path costs more
        if self.crop is None:
            return decode(file, out, picture.box, self._whites)
        return decode(file, out, picture.box and around(picture.box), self._whites, cut or self.crop.cut)

    def _note(self, piece: Piece, total: int) -> None:
        """Remember what is rejected and remarked of a piece."""
        self._remarks.update(outcome.remark for outcome in piece.outcomes if outcome.remark)
        self._rejected |= {
            piece.start + n: each.rejected for n, each in enumerate(piece.outcomes) if each.rejected is not None
        }
        self._check_rejected(total)

    def _check_rejected(self, total: int) -> None:
        faceless = [row for row, reason in self._rejected.items() if reason == NO_FACE]
        spoilt = [row for row, reason in self._rejected.items() if reason != NO_FACE]
        if len(spoilt) > self.max_rejected * total:
            raise RequestError(
                f"{self.name}: {len(spoilt):,} of {total:,} pictures cannot be used so far, first "
                f"{self.pictures()[spoilt[0]].path}: {self._rejected[spoilt[0]]}; "
                f"dataset.max_rejected={self.max_rejected:g} allows no more. Mend them or raise it."
            )
        if len(faceless) > MOST_FACELESS * total:
            raise RequestError(
                f"{self.name}: no face was found in {len(faceless):,} of {total:,} pictures, first "
                f"{self.pictures()[faceless[0]].path}; are they upright photographs of faces? dataset.crop=none takes "
                "pictures as they are."
            )


def safe_path(text: str, where: str) -> str:
    r"""A path from a table, with forward slashes; raises RequestError, naming ``where``, if it leaves the root.

    >>> safe_path("a\\b.jpg", "row 1")
    'a/b.jpg'
    >>> safe_path("../b.jpg", "row 2")
    Traceback (most recent call last):
    fer_exp.errors.RequestError: row 2: the path '../b.jpg' leaves the dataset's folder; paths start from it.
    """
    path = text.strip().replace("\\", "/")
    if path.startswith("/") or path[1:2] == ":" or ".." in path.split("/"):
        raise RequestError(f"{where}: the path {text!r} leaves the dataset's folder; paths start from it.")
    return path.removeprefix("./")


def picture_column(table: Table) -> int:
    """The column of a table that names pictures; RequestError where there is none."""
    column = table.find_picture()
    return table.need("path") if column is None else column


def find_marker(root: Path, markers: Sequence[str], corpus: Corpus | type[Corpus]) -> str:
    """The first of some paths below a root that is there.

    Raises:
        DatasetNotFoundError: none is there; says what was looked for, and which folder a level down or up to two
            levels up has it.
    """
    if found := marker_near(root, markers):
        marker, folder = found
        if folder == root:
            return marker
        place = "further down" if folder.parent == root else "further up"
        raise DatasetNotFoundError(f"{corpus.name}: {marker} lies {place}; set dataset.root={folder}.")
    if root.is_file():
        way_out = "unpack it and give the folder" if root.suffix in (".zip", ".tar", ".gz", ".tgz") else "give a folder"
        raise DatasetNotFoundError(f"{corpus.name}: dataset.root={root} is a file; {way_out}. {corpus.access}")
    if not root.is_dir():
        raise corpus.no_root(root)
    raise DatasetNotFoundError(f"{corpus.name}: there is no {' or '.join(markers)} in {root}. {corpus.access}")


def marker_near(root: Path, markers: Sequence[str]) -> tuple[str, Path] | None:
    """The first of some paths that lies below a root, a folder of it, or up to two folders above, and below which."""
    if not root.is_dir():
        return None
    below = sorted(folder for folder in root.iterdir() if folder.is_dir())
    for folder in [root, *below, *root.absolute().parents[:2]]:
        for marker in markers:
            if (folder / marker).exists():
                return marker, folder
    return None
