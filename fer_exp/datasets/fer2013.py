"""FER2013: one CSV file with a label, 2,304 grey values and a split per row, or folders of pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer_exp.config import DatasetConfig
from fer_exp.datasets.corpus import Corpus, Faces, faces_table
from fer_exp.datasets.fer2013_rows import (
    PICTURED,
    SIDE,
    SPLITS,
    WITHHELD,
    bad_row,
    columns_of,
    fields,
    parse_pixels,
    parse_row,
)
from fer_exp.datasets.packed import file_in, find_file, open_unpacked, unpacked_name
from fer_exp.datasets.repacked import Repacked
from fer_exp.errors import RequestError
from fer_exp.orders import ORDERS
from fer_exp.pictures.look_alikes import look, look_alikes

CODES = ORDERS["fer2013"].classes
"""What 0..6 mean in the ``emotion`` column."""
PIECE = 64
"""Rows parsed at once: half a megabyte of text and its arrays stay in the processor's cache (measured best)."""


class Fer2013Facts:
    """FER2013 as it states itself."""

    name = "fer2013"
    title = "FER2013"
    contempt = False
    citation = "Goodfellow et al. Challenges in representation learning. ICONIP 2013."
    licence = "research only; the pictures come from a web search and their rights lie with many holders"
    withheld = WITHHELD
    pictured = PICTURED
    access = (
        "Get fer2013.csv (or icml_face_data.csv) from Kaggle's 'Challenges in Representation Learning: Facial "
        "Expression Recognition Challenge' and give its folder as dataset.root."
    )
    layout: ClassVar[str] = (
        "fer2013.csv or icml_face_data.csv, plain or packed (.gz, .bz2, .xz, .zip); or Kaggle's folders "
        "train/angry/Training_3908.jpg, ..., test/angry/PrivateTest_88305.jpg, ..."
    )
    channels = 1
    expected: ClassVar[dict[str, int]] = {"train": 28_709, "val": 3_589, "test": 3_589}


class Fer2013(Fer2013Facts, Corpus):
    """FER2013: 35,887 grey web faces of 48 x 48, seven expressions, one label each.

    ``root`` is the folder of the file, or the file; where both files are there, ``fer2013.csv`` is read. The text is
    read once, in pieces, hashed and parsed as it passes; the grey values (83 MB) stay with the instance until it goes.

    Flags, by pixel identity:
        duplicate: a val or test face whose picture already stands in an earlier split (train before val before test).
            Dropping them leaves train as it is and takes the leaked copies out of val and test.
        constant: a picture of one grey value.
        conflict: every face of a group of identical pictures that carries more than one label.
    """

    hashes: ClassVar[dict[str, str]] = {
        "fer2013.csv": "f8428a1edbd21e88f42c73edd2a14f95",
        "icml_face_data.csv": "b114b9e04e6949e5fe8b6a98b3892b1d",  # both as torchvision.datasets.FER2013 states them
    }
    listings: ClassVar[tuple[str, ...]] = ("fer2013.csv", "icml_face_data.csv")

    def __init__(self, root: Path, classes: tuple[str, ...]) -> None:
        self.root, self.classes = root, classes
        self._pieces: list[NDArray[np.uint8]] = []
        self._labels: NDArray[np.int64] = np.empty(0, np.int64)
        self._usages: list[str] = []
        self._digest = ""

    @classmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """The file, or where there is none the folders of classes, whichever lies at ``dataset.root``."""
        root = cls.root_of(config)
        repacked = Fer2013Repacked(root, classes, config.max_rejected)
        if root.is_dir() and not file_in(root, cls.listings) and repacked.is_here():
            return repacked
        return cls(root, classes)

    def files(self) -> list[Path]:
        """The one file that is read; raises DatasetNotFoundError saying what was looked for and where."""
        return [find_file(self.root, self.listings, self)]

    def digests(self) -> dict[str, str]:
        """MD5 of the unpacked file, by its unpacked name: packing a file does not make it another corpus."""
        self._parse()
        return {unpacked_name(self.files()[0]): self._digest}

    def read(self) -> Faces:
        """The faces, with identical, constant and contradictory pictures flagged; RequestError names file and row."""
        self._parse()
        faces = [f"fer{row:07d}" for row in range(len(self._labels))]
        splits = [SPLITS[usage] for usage in self._usages]
        table = faces_table(self.name, faces, split=splits, label=np.array(CODES)[self._labels])
        notes, flags = look_alikes(table, look(self._pieces))  # here, because other sizes than 48 are resampled
        return Faces(table, None, notes, flags)

    def pixels(self, size: int) -> Iterator[NDArray[np.uint8]]:
        """Grey pictures in row order, pieces of shape (n, size, size, 1), uint8.

        A size other than 48 is resampled by Pillow's bilinear filter, which averages over its support when it shrinks.
        """
        self._parse()
        for piece in self._pieces:
            pictures = piece.reshape(-1, SIDE, SIDE)
            if size != SIDE:
                resized = [Image.fromarray(face).resize((size, size), Image.Resampling.BILINEAR) for face in pictures]
                pictures = np.stack([np.asarray(face) for face in resized])
            yield pictures[..., None]

    def _parse(self) -> None:
        """Read the file once and keep what it says; a second call does nothing."""
        if self._digest:
            return
        file = self.files()[0]
        digest = hashlib.md5(usedforsecurity=False)
        pieces: list[NDArray[np.uint8]] = []
        labels: list[int] = []
        usages: list[str] = []
        texts: list[bytes] = []
        with open_unpacked(file, self.name, self.listings) as stream:
            header = stream.readline()
            digest.update(header)
            columns = columns_of(header, file, self.name)
            blank = 0  # empty lines are fine at the end of a file and nowhere else
            for row, line in enumerate(stream, start=1):
                digest.update(line)
                if not line.strip():
                    blank = blank or row
                    continue
                if blank:
                    raise RequestError(bad_row(self.name, file, blank, "is empty"))
                try:
                    label, text, usage = fields(line, columns)
                except ValueError as problem:
                    raise RequestError(bad_row(self.name, file, row, str(problem))) from None
                labels.append(label)
                texts.append(text)
                usages.append(usage)
                if len(texts) == PIECE:
                    pieces.append(self._values(texts, file, row - PIECE + 1))
                    texts = []
        if texts:
            pieces.append(self._values(texts, file, len(labels) - len(texts) + 1))
        if not labels:
            raise RequestError(f"{self.name}: {file} has a header and no rows; get the file again.")
        self._pieces, self._labels, self._usages, self._digest = pieces, np.array(labels), usages, digest.hexdigest()

    def _values(self, texts: list[bytes], file: Path, first: int) -> NDArray[np.uint8]:
        """The grey values of rows ``first``.. of the file, shape (n, 2304)."""
        if (values := parse_pixels(texts)) is not None:
            return values
        # Something in this piece is not "digits, one space, digits": go row by row, to read it or to name the row.
        rows = []
        for row, text in enumerate(texts, start=first):
            try:
                rows.append(parse_row(text))
            except ValueError as problem:
                raise RequestError(bad_row(self.name, file, row, str(problem))) from None
        return np.stack(rows)


class Fer2013Repacked(Fer2013Facts, Repacked):
    """FER2013 as Kaggle has it: ``train/angry/Training_3908.jpg``, ...

    The names of the pictures say the official split, so that of Kaggle's test folder one half is val, the other test.
    """

    numbers: ClassVar[dict[str, str]] = ORDERS["fer2013"].meaning
    by_name = True
