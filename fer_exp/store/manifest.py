"""Whether the files of a store are those that were prepared: store.json has their digests, and their states then.

A file whose state (size, times, inode) is the one noted is taken for what it was, but for some pieces of the pixels,
others at each opening: of a large corpus to read all would take as long as an epoch. A file with another state is read
whole, once.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fer_exp.digests import is_sealed, sha256, state_of
from fer_exp.errors import RunError
from fer_exp.regular import whole_text

STORE = "store.json"
PIXELS = "pixels.u8"
ATTRIBUTES = "attributes.parquet"
"""What ``Corpus.attributes`` says of the faces; it may come later than the other files."""
TABLES = ("faces.parquet", "votes.parquet", "rejected.csv", ATTRIBUTES)
SAMPLED = 1 << 25
"""Bytes of pixels that are looked at where the state is the one noted: 0.03 s."""
LONG = 1 << 30
"""Bytes of a file from which on it is said that it is read whole."""
DIMENSIONS = 4
"""Of the pixels: faces, height, width, channels."""
FACTS: Mapping[str, tuple[type, type | None]] = {
    "key": (str, None),
    "shape": (list, int),
    "found": (dict, int),
    "flags": (dict, list),
    "facts": (dict, None),
}
"""What store.json has at least: what each is, and what is in it."""
OF_FACTS = {"corpus": str, "size": int, "classes": list, "files": dict}
"""What is in its ``facts`` at least."""
MORE: Mapping[str, tuple[type, type | None]] = {
    "content": (str, None),
    "said": (list, str),
    "files": (dict, str),
    "states": (dict, list),
    "pieces": (dict, None),
}
"""What it may have besides."""


def described(folder: Path) -> dict[str, Any]:
    """The words of store.json.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, or it does not describe a store.
    """
    try:
        words = json.loads(whole_text(folder / STORE))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(words, dict):
        raise ValueError("it holds no object")
    for name, of in {**FACTS, **{name: of for name, of in MORE.items() if name in words}}.items():
        if not _is(words.get(name), *of):
            raise ValueError(f"it does not say its {name}")
    if len(words["shape"]) != DIMENSIONS or min(words["shape"]) < 1:
        raise ValueError("it does not say its shape")
    if not all(isinstance(words["facts"].get(name), kind) for name, kind in OF_FACTS.items()):
        raise ValueError("it does not say its facts")
    if not all(
        isinstance(name, str) for names in (*words["flags"].values(), words["facts"]["classes"]) for name in names
    ):
        raise ValueError("it names faces or classes by what is no name")
    return words


def _is(value: object, kind: type, inside: type | None) -> bool:
    """Whether a value is of a kind, and what is in it."""
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, kind) and (inside is None or all(type(each) is inside for each in within))


def check(folder: Path, words: dict[str, Any], log: Callable[[str], None], *, whole: bool = False) -> bool:
    """Hold the files of a store against its store.json; one of before lists none, and is read as it is.

    Args:
        folder: of the store.
        words: of store.json; states are noted in it anew where a file was read whole.
        log: is told where that takes long.
        whole: read every file whole.

    Returns:
        Whether states were noted.

    Raises:
        RunError: a file is gone, or is not what was prepared.
    """
    way = f"remove {folder}, and it is prepared again"
    if not is_sealed(words):
        raise RunError(f"{folder / 'store.json'} is not what was prepared (it has another digest than it says); {way}.")
    noted = words.setdefault("states", {})
    fresh = False
    for name, known in words.get("files", {}).items():
        path = folder / name
        try:
            state = state_of(path)
            if same := state == noted.get(name) and not whole:
                same = name != PIXELS or _pieces_match(path, words["pieces"])
            if not same:
                if state[0] > LONG:
                    log(f"{path}: reading it whole, to see whether it is what was prepared")
                if sha256(path) != known:
                    raise RunError(f"{path} is not what was prepared (store.json has another SHA-256); {way}.")
                noted[name], fresh = state, True
        except FileNotFoundError:
            raise RunError(f"{path} is gone, which was prepared; {way}.") from None
    return fresh


def list_files(folder: Path, words: dict[str, Any]) -> None:
    """Put into the words of store.json the digests of those files that it has not got yet."""
    listed = words.setdefault("files", {})
    listed |= {name: sha256(folder / name) for name in TABLES if name not in listed and (folder / name).is_file()}


def without(words: dict[str, Any], name: str) -> bool:
    """Take a file that is written anew off the list; whether it was there."""
    words.get("states", {}).pop(name, None)
    return words.get("files", {}).pop(name, None) is not None


class Pieces:
    """The checksums of the pieces of a file as it is read from its beginning."""

    def __init__(self, length: int) -> None:
        self.length, self.sums = length, list[int]()

    def see(self, content: bytes) -> None:
        """The next piece, of ``length`` bytes but for the last."""
        self.sums.append(zlib.crc32(content))

    @property
    def words(self) -> dict[str, Any]:
        """As store.json has them."""
        return {"bytes": self.length, "crc32": "".join(f"{each:08x}" for each in self.sums)}


def _pieces_match(path: Path, pieces: dict[str, Any]) -> bool:
    """Whether some pieces of a file, drawn by chance, have their checksums."""
    length, sums = pieces["bytes"], pieces["crc32"]
    count = len(sums) // 8
    drawn = np.random.default_rng().permutation(count)[: max(1, SAMPLED // length)].tolist()
    with path.open("rb", buffering=0) as stream:
        for number in sorted(drawn):
            stream.seek(number * length)
            if zlib.crc32(stream.read(length)) != int(sums[8 * number : 8 * number + 8], 16):
                return False
    return True
