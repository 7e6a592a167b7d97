"""The pictures of a store, written as they come and past the kernel's cache; an interrupted writing goes on."""

from __future__ import annotations

import errno
import io
import os
import shutil
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_exp.datasets.corpus import Corpus
from fer_exp.store.journal import JOURNAL, Done, finished, line_of
from fer_exp.store.manifest import PIXELS

DIRECT = getattr(os, "O_DIRECT", 0)  # 0 where there is no such thing
BLOCK = 512  # bytes; what is written directly begins and ends at whole ones


def write_pixels(
    corpus: Corpus, size: int, count: int, folder: Path, log: Callable[[str], None]
) -> tuple[dict[int, str], dict[str, int]]:
    """Write the pictures as they come; one piece and the next are held.

    After each piece a line of the journal says how many rows and pictures are done. An interrupted store goes on after
    the last line that is whole, and whose pixels are those that were written.

    Returns:
        Why which rows have no picture; and what pictures should be known for: words -> how many.
    """
    length = size * size * corpus.channels
    done = _to_go_on(corpus, count, length, folder, log)
    before, tenths = done, 10 * done.rows // count
    with (folder / PIXELS).open("ab", buffering=0) as out, (folder / JOURNAL).open("ab") as notes:
        out.seek(out.truncate(done.kept * length))
        notes.truncate(done.length)
        for piece in corpus.pixels_from(size, done.rows, done.rejected) if done.rows else corpus.pixels(size):
            if piece.dtype != np.uint8 or piece.shape[1:] != (size, size, corpus.channels):
                raise RuntimeError(f"{corpus.name}.pixels gave {piece.dtype} {piece.shape}")
            first, piece = done.rows, np.ascontiguousarray(piece)
            _write_all(out, piece)
            kept, rejected = done.kept + len(piece), corpus.rejected()
            done = Done(kept + len(rejected), kept, rejected, before.remarks + Counter(corpus.remarks()))
            if corpus.resumable:
                notes.write(line_of(done, first, zlib.crc32(piece.reshape(-1).data)).encode())
                notes.flush()
            if 10 * done.rows // count > tenths:
                tenths = 10 * done.rows // count
                log(f"{corpus.name}: {done.rows:,} of {count:,} faces written")
    if done.rows != count:
        raise RuntimeError(f"{corpus.name}.pixels gave {done.rows} pictures for {count} faces")
    return done.rejected, dict(before.remarks + Counter(corpus.remarks()))


def _to_go_on(corpus: Corpus, count: int, length: int, folder: Path, log: Callable[[str], None]) -> Done:
    """What is done already; where nothing is, the folder is emptied."""
    done = finished(folder, count, length) if corpus.resumable else Done()
    if done.lost:
        log(
            f"{corpus.name}: what was interrupted is damaged after {done.rows:,} of {count:,} faces; the others are "
            "prepared again"
        )
    if done.rows:
        log(f"{corpus.name}: goes on after {done.rows:,} of {count:,} faces")
        return done
    shutil.rmtree(folder)
    folder.mkdir()
    return Done()


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
