"""The pictures of a store, written as they come and past the kernel's cache; an interrupted writing goes on."""

from __future__ import annotations

import errno
import io
import json
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_exp.datasets.corpus import Corpus

JOURNAL = "journal.jsonl"
DIRECT = getattr(os, "O_DIRECT", 0)  # 0 where there is no such thing
BLOCK = 512  # bytes; what is written directly begins and ends at whole ones


def write_pixels(
    corpus: Corpus, size: int, count: int, folder: Path, log: Callable[[str], None]
) -> tuple[dict[int, str], dict[str, int]]:
    """Write the pictures as they come; one piece and the next are held.

    After each piece a line of the journal says how many rows and pictures are done. An interrupted store goes on after
    the last whole line.

    Returns:
        Why which rows have no picture; and what pictures should be known for: words -> how many.
    """
    file, journal = folder / "pixels.u8", folder / JOURNAL
    rows, kept, before, remarks = _done(journal) if corpus.resumable else (0, 0, {}, Counter[str]())
    length = kept * size * size * corpus.channels
    if not file.is_file() or file.stat().st_size < length:
        rows, kept, before, remarks, length = 0, 0, {}, Counter(), 0
    if rows:
        log(f"{corpus.name}: goes on after {rows:,} of {count:,} faces")
    else:
        journal.unlink(missing_ok=True)
    rejected, first, tenths = dict(before), rows, 10 * rows // count
    with file.open("ab", buffering=0) as out, journal.open("a", encoding="utf-8") as notes:
        out.seek(out.truncate(length))
        for piece in corpus.pixels_from(size, rows, before) if rows else corpus.pixels(size):
            if piece.dtype != np.uint8 or piece.shape[1:] != (size, size, corpus.channels):
                raise RuntimeError(f"{corpus.name}.pixels gave {piece.dtype} {piece.shape}")
            _write_all(out, np.ascontiguousarray(piece))
            kept += len(piece)
            rejected = corpus.rejected()
            rows = kept + len(rejected)
            if corpus.resumable:
                fresh = {row: reason for row, reason in rejected.items() if row >= first}
                known = remarks + Counter(corpus.remarks())
                notes.write(json.dumps({"rows": rows, "kept": kept, "rejected": fresh, "remarks": known}) + "\n")
                notes.flush()
                first = rows
            if 10 * rows // count > tenths:
                tenths = 10 * rows // count
                log(f"{corpus.name}: {rows:,} of {count:,} faces written")
    if rows != count:
        raise RuntimeError(f"{corpus.name}.pixels gave {rows} pictures for {count} faces")
    return rejected, dict(remarks + Counter(corpus.remarks()))


def _done(journal: Path) -> tuple[int, int, dict[int, str], Counter[str]]:
    """Rows and pictures that an interrupted writing finished, what it rejected and remarked."""
    rows, kept, rejected, remarks = 0, 0, dict[int, str](), Counter[str]()
    with suppress(OSError, ValueError, KeyError):  # a line that was cut short is not done
        for line in journal.read_text(encoding="utf-8").splitlines():
            words = json.loads(line)
            rows, kept = int(words["rows"]), int(words["kept"])
            rejected |= {int(row): str(reason) for row, reason in words["rejected"].items()}
            remarks = Counter(words.get("remarks", {}))
    return rows, kept, rejected, remarks


def _write_all(out: io.FileIO, piece: NDArray[np.uint8]) -> None:
    """Write every byte of a piece; a single write may stop half-way when a disk fills up.

    Whole blocks go from the piece to the disk past the kernel's cache, where that can be done: a copy of the pictures
    there costs more than decoding them where its memory is fresh, and pushes out what others read.
    """
    rest = piece.reshape(-1).data  # no copy: a second one of each piece would cost time and memory
    direct = not any(number % BLOCK for number in (piece.ctypes.data, piece.nbytes, out.tell()))
    while rest:
        with suppress(OSError):  # a file system that cannot write so
            _set_direct(out, direct)
        try:
            rest = rest[os.write(out.fileno(), rest) :]
        except OSError as problem:
            if not direct or problem.errno != errno.EINVAL:  # larger blocks than BLOCK, or half a block was written
                raise
            direct = False


def _set_direct(out: io.FileIO, direct: bool) -> None:
    if not DIRECT:
        return
    import fcntl  # where there is the flag, there is this

    flags = fcntl.fcntl(out, fcntl.F_GETFL)
    fcntl.fcntl(out, fcntl.F_SETFL, flags | DIRECT if direct else flags & ~DIRECT)
