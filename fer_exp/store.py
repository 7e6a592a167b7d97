"""Decode a corpus once: a memory-mapped uint8 array and parquet tables in a cache folder, keyed by content."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fer_exp.datasets.corpus import FACE_COLUMNS, Corpus, Faces
from fer_exp.errors import RequestError, RunError

VERSION = 1
"""Part of every key; raise it when reading or writing changes what a store holds."""

PARTIAL = ".partial-"
FULL = (errno.ENOSPC, errno.EDQUOT)
TABLE_BYTES_PER_FACE = 200  # generous for both tables together, for the check of free space
LISTED = 20  # files named one by one in store.json; a corpus of single pictures has too many
SCHEMA = pa.schema([(name, pa.float64() if name in ("valence", "arousal") else pa.string()) for name in FACE_COLUMNS])


@dataclass(frozen=True)
class Store:
    """A corpus as training reads it. Row i of ``faces``, ``votes`` and ``pixels`` is the same face.

    Attributes:
        folder: where it lies.
        faces: the faces table (``corpus.FACE_COLUMNS``), N rows.
        votes: None, or ``face`` and a count column per answer, N rows.
        pixels: uint8, shape (N, size, size, channels), memory-mapped and read-only.
        found: sentence -> count, what reading the corpus came upon.
        flags: face ids by the name that ``dataset.drop`` gives them.
        key: 32 hex digits that stand for the content of the files, the recipe, the classes and the size.
        facts: ``corpus``, ``size``, ``channels``, ``classes``, ``recipe`` and ``files`` (MD5 by file name).
    """

    folder: Path
    faces: pd.DataFrame
    votes: pd.DataFrame | None
    pixels: np.memmap[Any, np.dtype[np.uint8]]
    found: dict[str, int]
    flags: dict[str, list[str]]
    key: str
    facts: dict[str, Any]


def open_store(corpus: Corpus, size: int, cache: Path | None = None, *, log: Callable[[str], None]) -> Store:
    """The store of a corpus at a picture size, prepared now if it is not there yet.

    What is written lies aside until it is whole, so a killed run leaves nothing that is taken for a store; two
    processes that want the same store wait for each other. Only processes that die are guarded against: nothing is
    synced to disk for the sake of power cuts, but the size of ``pixels.u8`` is checked on every opening.

    Args:
        corpus: what to read.
        size: height and width of the stored pictures.
        cache: folder of all stores; see ``cache_folder`` for the default.
        log: receives a line of progress now and then.

    Raises:
        RequestError: the corpus is missing or cannot be read.
        RunError: the cache cannot be written, or its disk is full.
    """
    cache = cache_folder(cache)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        facts = {
            "version": VERSION,
            "corpus": corpus.name,
            "size": size,
            "channels": corpus.channels,
            "classes": list(corpus.classes),
            "recipe": corpus.recipe(),
            "files": _digests(corpus, cache, log),
        }
        key = _md5(json.dumps(facts, sort_keys=True))
        folder = cache / f"{corpus.name}-{size}-{key[:12]}"
        if not _is_whole(folder):
            _clean(cache)
            with _locked(cache, folder.name, log):
                if not _is_whole(folder):  # another process may have written it while this one waited
                    _write(corpus, facts, key, folder, log)
    except (PermissionError, NotADirectoryError, FileExistsError) as problem:
        place = Path(str(problem.filename or cache))
        if cache != place and cache not in place.parents and place not in cache.parents:
            raise RequestError(f"{corpus.name}: {place} cannot be read ({problem.strerror}).") from None
        raise RunError(
            f"{corpus.name}: the cache cannot be written at {place} ({problem.strerror}); "
            "set dataset.cache to a folder of yours."
        ) from None
    return _load(folder)


def cache_folder(cache: Path | None = None) -> Path:
    """``cache`` itself, else ``$FER_EXP_CACHE``, else ``$XDG_CACHE_HOME/fer-exp``, else ``~/.cache/fer-exp``."""
    if cache is None and (ours := os.environ.get("FER_EXP_CACHE")):
        cache = Path(ours)
    if cache is None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "fer-exp"
    return cache.expanduser().absolute()


def _digests(corpus: Corpus, cache: Path, log: Callable[[str], None]) -> dict[str, str]:
    """MD5 of the corpus's files, from an earlier reading where path, size and times are the same as then."""
    files = corpus.files()
    stamp = _stamp(corpus.name, files)
    known = cache / "hashes" / f"{stamp}.json"
    if files and known.is_file():
        with suppress(ValueError):  # a damaged note is no note
            return {str(name): str(digest) for name, digest in json.loads(known.read_text()).items()}
    if files:
        log(f"{corpus.name}: reading {files[0] if len(files) == 1 else f'{len(files):,} files'}")
    digests = corpus.digests()
    if len(digests) > LISTED:
        digests = {f"{len(digests)} files": _md5(json.dumps(digests, sort_keys=True))}
    if files and _stamp(corpus.name, files) == stamp:  # else they changed under our hands
        known.parent.mkdir(exist_ok=True)
        aside = known.with_suffix(f".{uuid.uuid4().hex}")
        with suppress(OSError):  # the note only saves time; a full disk is reported where it matters
            aside.write_text(json.dumps(digests))
            aside.replace(known)
        aside.unlink(missing_ok=True)
    return digests


def _stamp(name: str, files: list[Path]) -> str:
    """Stands for the state of files without reading them; ctime betrays a file put in place with its old mtime."""
    states = [(str(file.resolve()), file.stat()) for file in files]
    known = [(path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) for path, stat in states]
    return _md5(json.dumps([VERSION, name, known]))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _is_whole(folder: Path) -> bool:
    """Whether a folder holds a finished store: its description, and pictures of the size that this states."""
    try:
        facts = json.loads((folder / "store.json").read_text())
        return bool((folder / "pixels.u8").stat().st_size == int(np.prod(facts["shape"])))
    except (OSError, ValueError, KeyError):
        return False


@contextmanager
def _locked(cache: Path, name: str, log: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of one store. The kernel lets go of it however the process ends."""
    lock = cache / "locks" / name
    lock.parent.mkdir(exist_ok=True)
    with lock.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log(f"{name}: another process is preparing it; waiting")
            fcntl.flock(stream, fcntl.LOCK_EX)
        except OSError:
            pass  # a file system without locks: whoever is second at the renaming uses the first one's store
        yield


def _clean(cache: Path) -> None:
    """Remove what killed processes left: folders aside whose store nobody has locked."""
    for partial in cache.glob(f"*{PARTIAL}*"):
        lock = cache / "locks" / partial.name.split(PARTIAL)[0]
        with suppress(OSError), lock.open("a") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(partial, ignore_errors=True)


def _write(corpus: Corpus, facts: dict[str, Any], key: str, folder: Path, log: Callable[[str], None]) -> None:
    """Write a store aside and rename it into place."""
    faces = corpus.read()
    _check(corpus, faces)
    count, size = len(faces.table), facts["size"]
    needed = count * (size * size * corpus.channels + TABLE_BYTES_PER_FACE)
    free = shutil.disk_usage(folder.parent).free
    if free < needed:
        raise RunError(_disk_full(corpus, needed, folder.parent, free))
    aside = folder.with_name(f"{folder.name}{PARTIAL}{uuid.uuid4().hex[:8]}")
    try:
        aside.mkdir()
        _write_pixels(corpus, size, count, aside / "pixels.u8", log)
        pq.write_table(pa.Table.from_pandas(faces.table, SCHEMA, preserve_index=False), aside / "faces.parquet")
        if faces.votes is not None:
            faces.votes.to_parquet(aside / "votes.parquet", index=False)
        shape = [count, size, size, corpus.channels]
        words = {"key": key, "shape": shape, "found": faces.found, "flags": faces.flags, "facts": facts}
        (aside / "store.json").write_text(json.dumps(words, indent=1))
        if folder.exists() and not _is_whole(folder):
            shutil.rmtree(folder)
        with _unless_there(folder):
            aside.rename(folder)
    except OSError as problem:
        if problem.errno not in FULL:
            raise
        raise RunError(_disk_full(corpus, needed, folder.parent, None)) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _unless_there(folder: Path) -> Iterator[None]:
    """Let a renaming fail where another process was first and left a whole store."""
    try:
        yield
    except OSError:
        if not _is_whole(folder):
            raise


def _write_pixels(corpus: Corpus, size: int, count: int, file: Path, log: Callable[[str], None]) -> None:
    """Write the pictures as they come; no more than one piece is held here."""
    done = tenths = 0
    with file.open("wb", buffering=0) as out:
        for piece in corpus.pixels(size):
            if piece.dtype != np.uint8 or piece.shape[1:] != (size, size, corpus.channels):
                raise RuntimeError(f"{corpus.name}.pixels gave {piece.dtype} {piece.shape}")
            _write_all(out.fileno(), np.ascontiguousarray(piece))
            done += len(piece)
            if 10 * done // count > tenths:
                tenths = 10 * done // count
                log(f"{corpus.name}: {done:,} of {count:,} faces written")
    if done != count:
        raise RuntimeError(f"{corpus.name}.pixels gave {done} pictures for {count} faces")


def _write_all(descriptor: int, piece: NDArray[np.uint8]) -> None:
    """Write every byte of a piece; a single write may stop half-way when a disk fills up."""
    rest = memoryview(piece.tobytes())
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _check(corpus: Corpus, faces: Faces) -> None:
    """Raise where a corpus broke its contract (RuntimeError) or its files name a face twice (RequestError)."""
    table, votes = faces.table, faces.votes
    if table.empty:
        raise RequestError(f"{corpus.name}: no face was found in {corpus.files()}.")
    if tuple(table.columns) != FACE_COLUMNS:
        raise RuntimeError(f"{corpus.name}.read gave the columns {list(table.columns)}")
    if votes is not None and votes["face"].tolist() != table["face"].tolist():
        raise RuntimeError(f"{corpus.name}.read gave votes in another order than faces")
    twice = table["face"][table["face"].duplicated()]
    if len(twice):
        raise RequestError(f"{corpus.name}: the face {twice.iloc[0]!r} occurs more than once; a face needs a name.")


def _disk_full(corpus: Corpus, needed: int, cache: Path, free: int | None) -> str:
    available = "" if free is None else f" and {free / 1e6:,.0f} MB are free"
    return (
        f"{corpus.name}: the disk of {cache} is full: the prepared faces need {needed / 1e6:,.0f} MB{available}; "
        "make room there or set dataset.cache to a folder on another disk."
    )


def _load(folder: Path) -> Store:
    words = json.loads((folder / "store.json").read_text())
    votes = folder / "votes.parquet"
    return Store(
        folder=folder,
        faces=pd.read_parquet(folder / "faces.parquet"),
        votes=pd.read_parquet(votes) if votes.exists() else None,
        pixels=np.memmap(folder / "pixels.u8", np.uint8, mode="r", shape=tuple(words["shape"])),
        found=words["found"],
        flags=words["flags"],
        key=words["key"],
        facts=words["facts"],
    )
