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

from fer_exp.datasets.corpus import Corpus, Faces, faces_table
from fer_exp.datasets.packed import find_file, open_unpacked, unpacked_name
from fer_exp.errors import RequestError

SIDE = 48
PIXELS = SIDE * SIDE
CODES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""What 0..6 mean in the ``emotion`` column."""
SPLITS = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
SPACE = (ord(" ") - ord("0")) % 256
PIECE = 64
"""Rows parsed at once: half a megabyte of text and its arrays stay in the processor's cache (measured best)."""


class Fer2013(Corpus):
    """FER2013: 35,887 grey web faces of 48 x 48, seven expressions, one label each.

    ``root`` is the folder with ``fer2013.csv`` or ``icml_face_data.csv``, or that file itself, plain or packed
    (.gz, .bz2, .xz, .zip). Where both are there, ``fer2013.csv`` is read. The text is read once, in pieces, hashed and
    parsed as it passes; the grey values (83 MB) stay with the instance until it goes.

    Args:
        root: the folder of the file, or the file.
        classes: class names that the tables may use; the seven of FER2013, for FER+ contempt as well.

    Flags, by pixel identity:
        duplicate: a val or test face whose picture already stands in an earlier split (train before val before test).
            Dropping them leaves train as it is and takes the leaked copies out of val and test.
        constant: a picture of one grey value.
        conflict: every face of a group of identical pictures that carries more than one label.
    """

    name = "fer2013"
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

    def files(self) -> list[Path]:
        """The one file that is read; raises DatasetNotFoundError saying what was looked for and where."""
        return [find_file(self.root, self.listings, self.name, self.access)]

    def digests(self) -> dict[str, str]:
        """MD5 of the unpacked file, by its unpacked name: packing a file does not make it another corpus."""
        self._parse()
        return {unpacked_name(self.files()[0]): self._digest}

    def read(self) -> Faces:
        """The faces table, with identical, constant and contradictory pictures counted and flagged.

        Raises:
            DatasetNotFoundError: no file of that name.
            RequestError: a row that is cut, garbled or out of range; the message names file and row.
        """
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
        with open_unpacked(file, self.name, self.listings) as stream:
            header = stream.readline()
            digest.update(header)
            columns = columns_of(header, file, self.name)
            texts: list[bytes] = []
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
        self._pieces, self._labels, self._usages = pieces, np.array(labels), usages
        self._digest = digest.hexdigest()

    def _values(self, texts: list[bytes], file: Path, first: int) -> NDArray[np.uint8]:
        """The grey values of rows ``first``.. of the file, shape (n, 2304)."""
        values = parse_pixels(texts)
        if values is not None:
            return values
        # Something in this piece is not "digits, one space, digits": go row by row, to read it or to name the row.
        slow = np.empty((len(texts), PIXELS), np.uint8)
        for offset, text in enumerate(texts):
            try:
                slow[offset] = parse_row(text)
            except ValueError as problem:
                raise RequestError(bad_row(self.name, file, first + offset, str(problem))) from None
        return slow


def bad_row(corpus: str, file: Path, row: int, problem: str) -> str:
    """The sentence for a row that cannot be read; row 1 follows the header, so it is line 2 of the file."""
    return f"{corpus}: {file}, row {row} (line {row + 1}) {problem}; the file is cut or changed, get it again."


def fields(line: bytes, columns: tuple[int, int, int]) -> tuple[int, bytes, str]:
    """Label (0..6), pixel text and usage of one line; raises ValueError with what is wrong."""
    cells = line.split(b",")
    if len(cells) != 3:
        raise ValueError(f"has {len(cells)} fields where emotion, pixels and Usage belong")
    emotion, pixels, usage = (cells[column].strip(b' "\r\n') for column in columns)
    if len(emotion) != 1 or not b"0" <= emotion <= b"6":
        raise ValueError(f"has the emotion {quoted(emotion)} where one of 0 to 6 belongs")
    text = usage.decode("latin-1")
    if text not in SPLITS:
        raise ValueError(f"has the Usage {quoted(usage)} where Training, PublicTest or PrivateTest belongs")
    return emotion[0] - ord("0"), pixels, text


def parse_pixels(rows: list[bytes]) -> NDArray[np.uint8] | None:
    """Grey values of many rows at once, or None where any of them is not plain.

    Every byte that is no digit ends a number; the up to three digits before each such end are gathered for all
    numbers at once. No Python object is made per number.

    Args:
        rows: n texts of 2,304 numbers 0..255 of one to three digits, with one space between two of them.

    Returns:
        Shape (n, 2304), or None when a row has another number of values, another byte, or a value out of range.

    >>> parse_pixels([b"7 " * 2303 + b"255"])[0, -2:]
    array([  7, 255], dtype=uint8)
    """
    count = len(rows)
    # Three bytes in front, so that the first number has digits to look back at; digits become 0..9, a space 240.
    text = np.frombuffer(b"   " + b"\n".join(rows) + b"\n", np.uint8) - np.uint8(ord("0"))
    digit = text < 10
    ends = np.flatnonzero(~digit[3:])
    row_ends = np.cumsum([len(row) + 1 for row in rows]) - 1
    if len(ends) != count * PIXELS or not np.array_equal(ends[PIXELS - 1 :: PIXELS], row_ends):
        return None
    separators = text[3:].take(ends).reshape(count, PIXELS)[:, :-1]
    if separators.min() != SPACE or separators.max() != SPACE:
        return None
    # Tests over bytes, not over the 8-byte positions in ``ends``: those would take longer than the parsing.
    if (digit[3:] & digit[2:-1] & digit[1:-2] & digit[:-3]).any():
        return None  # four digits
    ones, tens, hundreds = text[2:].take(ends), text[1:].take(ends), text.take(ends)
    if ones.max() > 9:
        return None  # two separators in a row
    two = tens < 10
    three = two & (hundreds < 10)
    tens *= two
    hundreds *= three
    below_hundred = ones + tens * np.uint8(10)
    if hundreds.max() > 2 or ((hundreds == 2) & (below_hundred > 55)).any():
        return None
    values: NDArray[np.uint8] = below_hundred + hundreds * np.uint8(100)
    return values.reshape(count, PIXELS)


def parse_row(text: bytes) -> NDArray[np.uint8]:
    """Grey values of one row, any white space between them, shape (2304,); raises ValueError with what is wrong."""
    words = text.split()
    for place, word in enumerate(words, start=1):
        if not word.isdigit() or len(word) > 3 or int(word) > 255:
            raise ValueError(f"has {quoted(word)} as pixel {place} where a whole number 0 to 255 belongs")
    if len(words) != PIXELS:
        raise ValueError(f"has {len(words):,} pixel values where 48 x 48 = 2,304 belong")
    return np.array([int(word) for word in words], np.uint8)


def quoted(text: bytes) -> str:
    """Bytes of a file as a message shows them: quoted, and cut where they are long."""
    return repr(text[:20].decode("latin-1")) + ("..." if len(text) > 20 else "")


def look_alikes(table: pd.DataFrame, pieces: list[NDArray[np.uint8]]) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Count and flag identical, constant and contradictory pictures.

    Args:
        table: ``face``, ``split`` and ``label`` of N faces.
        pieces: their pictures in the same order, each piece of shape (n, 2304).

    Returns:
        The sentences with counts, and the face ids by flag, as ``Faces`` holds them.
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


def columns_of(header: bytes, file: Path, corpus: str) -> tuple[int, int, int]:
    """Where emotion, pixels and Usage stand; the two official files differ in order and in spaces."""
    if not header.strip():
        raise RequestError(f"{corpus}: {file} is empty; get the file again.")
    names = [name.strip(' "\r\n').lower() for name in header[:200].decode("utf-8-sig", "replace").split(",")]
    if sorted(names) != ["emotion", "pixels", "usage"]:
        raise RequestError(
            f"{corpus}: {file} starts with {quoted(header.strip())} where the columns emotion, pixels, Usage belong; "
            "is this fer2013.csv or icml_face_data.csv?"
        )
    return names.index("emotion"), names.index("pixels"), names.index("usage")
