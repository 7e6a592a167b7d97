"""The rows of fer2013.csv: an emotion, 2,304 grey values as text and a Usage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_exp.errors import RequestError

SIDE = 48
PIXELS = SIDE * SIDE
SPLITS = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
WITHHELD = (
    "photographs found by a web search, whose rights lie with many holders; the rules of the challenge keep its data "
    "among its participants (kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-"
    "challenge/rules)"
)
"""Why neither FER2013's pictures nor FER+'s, which are the same, may be passed on."""
PICTURED = "grey faces of 48 x 48 cut out of what a web search found; who they are, how old and whence, is not recorded"
"""Whom they show."""
SPACE = (ord(" ") - ord("0")) % 256


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


def bad_row(corpus: str, file: Path, row: int, problem: str) -> str:
    """The sentence for a row that cannot be read; row 1 follows the header, so it is line 2 of the file."""
    return f"{corpus}: {file}, row {row} (line {row + 1}) {problem}; the file is cut or changed, get it again."


def fields(line: bytes, columns: tuple[int, int, int]) -> tuple[int, bytes, str]:
    r"""Label (0..6), pixel text and Usage of one line; raises ValueError with what is wrong.

    >>> fields(b"3,Training,70 80 82\r\n", (0, 2, 1))
    (3, b'70 80 82', 'Training')
    """
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
    numbers at once. No Python object is made per number. Plain are 2,304 numbers 0..255, one space between them.

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
