"""FER2013: one CSV file with a label, 2,304 grey values and a split per row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from fer_exp.config import DatasetConfig
from fer_exp.datasets.corpus import Corpus, Faces, faces_table
from fer_exp.datasets.fer2013_rows import SIDE, SPLITS, bad_row, columns_of, fields, parse_pixels, parse_row
from fer_exp.datasets.packed import find_file, open_unpacked, unpacked_name
from fer_exp.errors import RequestError

CODES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""What 0..6 mean in the ``emotion`` column."""
PIECE = 64
"""Rows parsed at once: half a megabyte of text and its arrays stay in the processor's cache (measured best)."""


class Fer2013(Corpus):
    """FER2013: 35,887 grey web faces of 48 x 48, seven expressions, one label each.

    ``root`` is the folder of the file, or the file; where both files are there, ``fer2013.csv`` is read. The text is
    read once, in pieces, hashed and parsed as it passes; the grey values (83 MB) stay with the instance until it goes.

    Flags, by pixel identity:
        duplicate: a val or test face whose picture already stands in an earlier split (train before val before test).
            Dropping them leaves train as it is and takes the leaked copies out of val and test.
        constant: a picture of one grey value.
        conflict: every face of a group of identical pictures that carries more than one label.
    """

    name = "fer2013"
    title = "FER2013"
    contempt = False
    citation = "Goodfellow et al. Challenges in representation learning. ICONIP 2013."
    licence = "research only; the pictures come from a web search and their rights lie with many holders"
    access = (
        "Get fer2013.csv (or icml_face_data.csv) from Kaggle's 'Challenges in Representation Learning: Facial "
        "Expression Recognition Challenge' and give its folder as dataset.root."
    )
    layout = "fer2013.csv or icml_face_data.csv, plain or packed (.gz, .bz2, .xz, .zip)"
    channels = 1
    expected: ClassVar[dict[str, int]] = {"train": 28_709, "val": 3_589, "test": 3_589}
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
        """The corpus at ``dataset.root``."""
        return cls(cls.root_of(config), classes)

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
        notes, flags = look_alikes(table, self._pieces)
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


def look_alikes(table: pd.DataFrame, pieces: list[NDArray[np.uint8]]) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Notes and flags, as ``Faces`` holds them, of identical, constant and contradictory pictures.

    Args:
        table: ``face``, ``split`` and ``label`` of N faces.
        pieces: their pictures in the same order, each piece of shape (n, 2304).
    """
    # A 128-bit digest stands for a picture; two different ones with the same digest are not to be expected.
    digests = [hashlib.blake2b(row, digest_size=16).digest() for piece in pieces for row in piece]
    picture = pd.factorize(pd.Series(digests, dtype=object))[0]
    faces, split = table["face"].to_numpy(), table["split"].to_numpy()
    in_train, in_val = (np.isin(picture, picture[split == name]) for name in ("train", "val"))
    test_of_train, val_of_train = (split == "test") & in_train, (split == "val") & in_train
    test_of_val = (split == "test") & in_val & ~in_train
    within = pd.DataFrame({"split": split, "picture": picture}).duplicated().to_numpy()
    constant = np.concatenate([piece.min(axis=1) == piece.max(axis=1) for piece in pieces])
    labels = pd.Series(pd.factorize(table["label"])[0]).groupby(picture)
    conflict = (labels.transform("min") != labels.transform("max")).to_numpy()
    notes = {
        "test faces pixel-identical to a train face": int(test_of_train.sum()),
        "val faces pixel-identical to a train face": int(val_of_train.sum()),
        "test faces pixel-identical to a val face and to no train face": int(test_of_val.sum()),
        "further copies of a picture within its own split": int(within.sum()),
        "faces that are one grey value throughout": int(constant.sum()),
        "faces whose identical copies carry different labels": int(conflict.sum()),
    }
    flags = {"duplicate": test_of_train | val_of_train | test_of_val, "constant": constant, "conflict": conflict}
    return notes, {name: faces[chosen].tolist() for name, chosen in flags.items()}
