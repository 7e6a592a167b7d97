"""A store's pictures, looked at once they lie there: which are odd, and a digest of all."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.digests import state_of
from fer_exp.files import md5
from fer_exp.pictures.look_alikes import look, look_alikes
from fer_exp.store.manifest import PIXELS, Pieces

PIECE = 1 << 23  # bytes of pictures looked at together


def look_at(folder: Path, words: dict[str, Any], faces: pd.DataFrame, votes: pd.DataFrame | None, dated: bool) -> None:
    """Put into the words of store.json what is odd in the pictures, and their digests; where it is dated, of all else.

    What the corpus itself has flagged stays.
    """
    length = math.prod(words["shape"][1:])
    digest, listed = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    pieces, state = Pieces(max(1, PIECE // length) * length), state_of(folder / PIXELS)

    def see(content: bytes) -> None:
        for each in (digest.update, listed.update, pieces.see):
            each(content)

    notes, flags = look_alikes(faces, look(_pieces(folder / PIXELS, words["shape"], pieces.length, see)))
    words["files"] = words.get("files", {}) | {PIXELS: listed.hexdigest()}
    words["states"] = words.get("states", {}) | {PIXELS: state}
    words["pieces"] = pieces.words
    new = {sentence: number for sentence, number in notes.items() if number and sentence not in words["found"]}
    words |= {"found": words["found"] | new, "flags": flags | words["flags"], "looked": True}
    if dated and "content" not in words:  # of what training reads: pictures as decoded, faces, votes, classes
        texts = (None if table is None else table.to_csv(index=False, lineterminator="\n") for table in (faces, votes))
        tables = [None if text is None else md5(text) for text in texts]
        facts = words["facts"]
        known = [facts["corpus"], facts["size"], facts["classes"], digest.hexdigest(), *tables]
        words["content"] = md5(json.dumps(known))


def _pieces(file: Path, shape: Sequence[int], length: int, see: Callable[[bytes], None]) -> Iterator[NDArray[np.uint8]]:
    """The pictures of a store in pieces of so many bytes; ``see`` is given these at the same time, in order."""
    with file.open("rb") as stream, ThreadPoolExecutor(1) as pool:
        while content := stream.read(length):
            seeing = pool.submit(see, content)
            yield np.frombuffer(content, np.uint8).reshape(-1, *shape[1:])
            seeing.result()
