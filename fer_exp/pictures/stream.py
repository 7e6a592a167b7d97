"""Many pictures decoded on all cores, each once and in order; while some are used, the next ones are decoded."""

from __future__ import annotations

import math
import mmap
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.pictures.depth import RejectedError
from fer_exp.pictures.detector import a_core_each
from fer_exp.system import cores

PIECE = 128
"""Pictures decoded and handed on at once."""
AHEAD = 2
"""Pieces that are decoded while one is handed on, so that a slow spell of the disk does not stop the decoding."""
GROUP = 8
"""Pictures that a thread takes at a time."""
SHORT = 0.0003
"""Seconds that a picture takes to decode, below which threads cost more than they bring: they hand Python's lock to and
fro. On two cores JPEGs of 48 pixels take 0.08 ms each by one thread and 0.13 by two."""

Decode = Callable[[int, NDArray[np.uint8]], str]
"""Decodes the picture of a row into its place and gives a remark; raises RejectedError where it cannot be used."""


class Outcome(NamedTuple):
    """Of one decoding: why the picture is rejected, None where it is not; and what it should be known for."""

    rejected: str | None
    remark: str = ""


class Piece(NamedTuple):
    """Pictures of consecutive rows from ``start`` on.

    ``pixels``, shape (n, height, width, channels), uint8, hold those that were not rejected, in order; they are good
    until the next piece is asked for. Then their memory is used again.
    """

    start: int
    pixels: NDArray[np.uint8]
    outcomes: list[Outcome]


def decoded(decode: Decode, rows: range, shape: tuple[int, int, int], *, looking: bool = False) -> Iterator[Piece]:
    """The pictures of some rows in pieces; while one is used, the next ones are decoded.

    Args:
        decode: see ``Decode``.
        rows: of the pictures, consecutive.
        shape: height, width and channels of each.
        looking: whether faces are looked for in them, which torch does.
    """
    whole = (PIECE, *shape)
    # Memory of whole pages, used again and again: fresh memory costs time, and a store writes pages the fast way.
    free = deque(np.frombuffer(mmap.mmap(-1, math.prod(whole)), np.uint8).reshape(whole) for _ in range(AHEAD + 1))
    waiting: deque[tuple[int, NDArray[np.uint8], list[Future[list[Outcome]]]]] = deque()
    with a_core_each() if looking else nullcontext():
        head, seconds = _head(decode, rows[:GROUP], free[0])
        threads, size = (1, PIECE) if seconds < SHORT else (cores(), GROUP)
        with ThreadPoolExecutor(threads) as pool:
            for start in range(rows.start, rows.stop, PIECE):
                batch = range(start, min(start + PIECE, rows.stop))
                piece, done = free[0][: len(batch)], [head] if start == rows.start else []
                free.rotate(-1)
                groups = [slice(first, first + size) for first in range(GROUP * len(done), len(batch), size)]
                waiting.append(
                    (start, piece, done + [pool.submit(_decoded, decode, batch[g], piece[g]) for g in groups])
                )
                if len(waiting) > AHEAD:
                    yield _done(*waiting.popleft())
            while waiting:
                yield _done(*waiting.popleft())


def _head(decode: Decode, rows: range, out: NDArray[np.uint8]) -> tuple[Future[list[Outcome]], float]:
    """The first pictures, decoded one by one, and the seconds that one takes."""
    outcomes: list[Outcome] = []
    seconds: list[float] = []
    for n in range(len(rows)):
        started = time.perf_counter()
        outcomes += _decoded(decode, rows[n : n + 1], out[n : n + 1])
        seconds.append(time.perf_counter() - started)
    head: Future[list[Outcome]] = Future()
    head.set_result(outcomes)
    return head, median(seconds or [0.0])


def _decoded(decode: Decode, rows: range, out: NDArray[np.uint8]) -> list[Outcome]:
    """Decode some pictures into their places."""
    outcomes = []
    for row, place in zip(rows, out, strict=True):
        try:
            outcomes.append(Outcome(None, decode(row, place)))
        except RejectedError as reason:
            outcomes.append(Outcome(str(reason)))
    return outcomes


def _done(start: int, pixels: NDArray[np.uint8], groups: list[Future[list[Outcome]]]) -> Piece:
    outcomes = [outcome for group in groups for outcome in group.result()]
    good = np.array([outcome.rejected is None for outcome in outcomes])
    if not good.all():
        pixels[: good.sum()] = pixels[good]
    return Piece(start, pixels[: good.sum()], outcomes)
