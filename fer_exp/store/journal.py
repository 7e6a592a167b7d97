"""What an interrupted writing of pictures has finished: a line a piece, each with its digest and that of its pixels."""

from __future__ import annotations

import json
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from io import FileIO
from pathlib import Path

from fer_exp.digests import SEAL, is_sealed, sealed
from fer_exp.regular import read_whole, regular
from fer_exp.store.manifest import PIXELS

JOURNAL = "journal.jsonl"


@dataclass(frozen=True)
class Done:
    """How far a writing has come.

    Attributes:
        rows: faces that are done.
        kept: those of them that have a picture in the file of pixels.
        rejected: row -> why it has none, of the others.
        remarks: what pictures should be known for: words -> how many.
        length: bytes of the journal that say so.
        lost: whether the journal says more, which is not so: it or the pixels were changed since.
    """

    rows: int = 0
    kept: int = 0
    rejected: dict[int, str] = field(default_factory=dict)
    remarks: Counter[str] = field(default_factory=Counter)
    length: int = 0
    lost: bool = False


def line_of(done: Done, first: int, pixels: int) -> str:
    """The line after a piece.

    Args:
        done: all until now.
        first: row of the piece's first face.
        pixels: CRC-32 of the piece's pictures.
    """
    fresh = {row: reason for row, reason in done.rejected.items() if row >= first}
    words = {"rows": done.rows, "kept": done.kept, "rejected": fresh, "remarks": done.remarks, "crc32": pixels}
    return json.dumps(sealed(words)) + "\n"


def finished(folder: Path, count: int, length: int) -> Done:
    """What is done of an interrupted writing, as far as journal and pixels are what was written.

    Args:
        folder: both lie in it.
        count: faces that there are.
        length: bytes of a picture.
    """
    done, lines = Done(), list[bytes]()
    with suppress(OSError):
        lines = read_whole(folder / JOURNAL).splitlines(keepends=True)
    try:
        regular(folder / PIXELS, sys.maxsize)
        with (folder / PIXELS).open("rb", buffering=0) as pixels:
            for line in lines:
                if not line.endswith(b"\n"):  # a kill has cut it short
                    break
                after = _after(done, line, count)
                if after is None or not _lie_there(pixels, (after[0].kept - done.kept) * length, after[1]):
                    return replace(done, lost=True)
                done = after[0]
    except OSError:
        return Done(lost=bool(lines))
    return done


def _after(done: Done, line: bytes, count: int) -> tuple[Done, int] | None:
    """What is done after a line, and the checksum of its pixels; None where it does not follow on what is done."""
    try:
        words = json.loads(line)
        if not isinstance(words, dict) or SEAL not in words or not is_sealed(words):
            return None
        rows, kept, checksum = int(words["rows"]), int(words["kept"]), int(words["crc32"])
        rejected = done.rejected | {int(row): str(reason) for row, reason in words["rejected"].items()}
        remarks = Counter[str](words["remarks"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    follows = done.rows < rows <= count and kept >= done.kept and rows == kept + len(rejected)
    if not follows or not all(0 <= row < rows for row in rejected):
        return None
    return Done(rows, kept, rejected, remarks, done.length + len(line)), checksum


def _lie_there(pixels: FileIO, length: int, checksum: int) -> bool:
    """Whether the next so many bytes of a file are there, and are those of the checksum."""
    found = 0
    for part in _parts(pixels, length):
        if not part:
            return False
        found = zlib.crc32(part, found)
    return found == checksum


def _parts(pixels: FileIO, length: int) -> Iterator[bytes]:
    while length > 0:
        part = pixels.read(min(length, 1 << 23))
        length = length - len(part) if part else 0
        yield part
