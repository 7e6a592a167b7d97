"""What a trained network says of pictures: while it answers a batch, the next one is decoded."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.pictures.crops import Crop
from fer_exp.pictures.decoding import Picture, decode_any, opened
from fer_exp.pictures.depth import Whites
from fer_exp.pictures.stream import Piece, decoded
from fer_exp.progress import left, progress
from fer_exp.training.answers import at_once
from fer_exp.training.trained import Trained

EVERY = 5.0
"""Seconds between two lines of progress."""

See = Callable[[list[int], NDArray[np.uint8]], None]
"""Is shown the rows of some files and their faces as the network gets them; these are good until it returns."""


class Answered(NamedTuple):
    """What a network says of the files that could be used.

    Attributes:
        rows: which these are, in order, shape (n,).
        probabilities: shape (n, K), rows sum to 1.
        affect: valence and arousal, shape (n, 2), nan of a network without that head.
        rejected: row -> reason, of the others.
        remarks: what pictures should be known for -> how many.
    """

    rows: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    affect: NDArray[np.float64]
    rejected: dict[int, str]
    remarks: Counter[str]


def answer_pictures(
    trained: Trained, pictures: Sequence[Picture], crop: Crop | None = None, see: See | None = None
) -> Answered:
    """Decode pictures as a store does, and let the network answer them.

    Args:
        trained: the network.
        pictures: files, or what is in memory, each with one face.
        crop: cuts the face out of a photograph; None takes pictures as they are.
        see: see there.
    """
    told = trained.told
    shape = (told.size, told.size, told.channels)
    files = [os.fspath(picture) for picture in pictures if isinstance(picture, str | os.PathLike)]
    whites, cut = Whites(lambda: files, opened), None if crop is None else crop.cut
    rows: list[int] = []
    rejected: dict[int, str] = {}
    remarks: Counter[str] = Counter()

    def read(row: int, out: NDArray[np.uint8]) -> str:
        return decode_any(pictures[row], out, whites, cut)

    def faces() -> Iterator[NDArray[np.uint8]]:
        for piece in _told(decoded(read, range(len(pictures)), shape, looking=crop is not None), len(pictures)):
            outcomes = list(enumerate(piece.outcomes, piece.start))
            rejected.update({row: outcome.rejected for row, outcome in outcomes if outcome.rejected is not None})
            remarks.update(outcome.remark for outcome in piece.outcomes if outcome.remark)
            good = [row for row, outcome in outcomes if outcome.rejected is None]
            rows.extend(good)
            if see is not None and good:
                see(good, piece.pixels)
            yield piece.pixels

    answers = [trained.answers(batch) for batch in _in_batches(faces(), shape, at_once(told.size, trained.device))]
    nothing = np.empty((0, len(told.classes)))
    probabilities = np.concatenate([nothing, *(answer.probabilities for answer in answers)])
    affect = np.full((len(rows), 2), np.nan)
    if told.affect and answers:
        sides = ([answer.valence for answer in answers], [answer.arousal for answer in answers])
        affect = np.stack([np.concatenate([side for side in one if side is not None]) for one in sides], axis=1)
    return Answered(np.array(rows, dtype=np.int64), probabilities, affect, rejected, remarks)


def _in_batches(
    pieces: Iterable[NDArray[np.uint8]], shape: tuple[int, int, int], size: int
) -> Iterator[NDArray[np.uint8]]:
    """Faces that come in pieces, ``size`` at a time; a batch is good until the next one is asked for."""
    batch, held = np.empty((size, *shape), np.uint8), 0
    for faces in pieces:
        while len(faces):
            fit = min(len(faces), size - held)
            batch[held : held + fit], faces, held = faces[:fit], faces[fit:], held + fit
            if held == size:
                yield batch
                held = 0
    if held:
        yield batch[:held]


def _told(pieces: Iterable[Piece], total: int) -> Iterator[Piece]:
    """The same pieces; between them a line of progress every few seconds."""
    started = said = time.monotonic()
    for piece in pieces:
        yield piece
        done, now = piece.start + len(piece.outcomes), time.monotonic()
        if now - said > EVERY and done < total:
            said = now
            speed = f"{done / (now - started):,.0f} pictures/s  {left((now - started) / done * (total - done))}"
            progress(f"{done:,} of {total:,} pictures  {speed}")
