"""Decode a corpus once: a memory-mapped uint8 array and parquet tables in a cache folder, keyed by content."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fer_exp.config import DatasetConfig
from fer_exp.datasets import open_corpus
from fer_exp.datasets.attach import attach
from fer_exp.datasets.corpus import FACE_COLUMNS, Corpus, Faces
from fer_exp.errors import RequestError, RunError
from fer_exp.files import locked, write_json
from fer_exp.progress import progress

VERSION = 2
"""Part of every key; raise it when reading or writing changes what a store holds."""

PARTIAL = ".partial-"
RESUME = f"{PARTIAL}resume"
"""Of a store that goes on where it was interrupted; others begin again under another name each time."""
JOURNAL = "journal.jsonl"
REJECTED = "rejected.csv"
KEPT_DAYS = 14  # that an interrupted store waits for the command that goes on with it
FULL = (errno.ENOSPC, errno.EDQUOT)
TABLE_BYTES_PER_FACE = 200  # generous for both tables together, for the check of free space
DIRECT = getattr(os, "O_DIRECT", 0)  # 0 where there is no such thing
BLOCK = 512  # bytes; what is written directly begins and ends at whole ones
LISTED = 20  # files named one by one in store.json; a corpus of single pictures has too many
SCHEMA = pa.schema([(name, pa.float64() if name in ("valence", "arousal") else pa.string()) for name in FACE_COLUMNS])


@dataclass(frozen=True)
class Store:
    """A corpus as training reads it. Row i of ``faces``, ``votes`` and ``pixels`` is the same face.

    Attributes:
        folder: where it lies; rejected.csv in it lists the pictures that could not be used, where there are any.
        faces: the faces table (``corpus.FACE_COLUMNS`` and a corpus' own), N rows.
        votes: None, or ``face`` and a count column per answer, N rows.
        pixels: uint8, shape (N, size, size, channels), memory-mapped and read-only.
        notes: sentence -> count, what reading the corpus came upon.
        flags: face ids by the name that ``dataset.drop`` gives them.
        key: 32 hex digits that stand for the content of the files, the recipe, the classes and the size.
        content: the same, but for pictures, whose key goes by times of change: there what was read of them decides, so
            that a copy has the same.
        facts: ``corpus``, ``size``, ``channels``, ``classes``, ``recipe`` and ``files`` (MD5 by file name).
    """

    folder: Path
    faces: pd.DataFrame
    votes: pd.DataFrame | None
    pixels: NDArray[np.uint8]
    notes: dict[str, int]
    flags: dict[str, list[str]]
    key: str
    content: str
    facts: dict[str, Any]


def open_store(corpus: Corpus, size: int, cache: Path | None = None, *, log: Callable[[str], None] = progress) -> Store:
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
        folder = cache / _folder_name(corpus.name, size, key)
        if not _is_whole(folder):
            _clean(cache)
            lock = cache / "locks" / folder.name
            lock.parent.mkdir(exist_ok=True)
            # Without locks whoever is second at the renaming uses the first one's store.
            with locked(lock, lambda: log(f"{folder.name}: another process is preparing it; waiting")):
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
    return _load(folder, corpus.dated)


def open_dataset(config: DatasetConfig, *, log: Callable[[str], None] = progress) -> tuple[Corpus, Store]:
    """The corpus that a config names and its store, with the answers of ``dataset.votes`` or ``ratings`` attached.

    Answers are attached to what was read from the store, so that other answers do not decode the pictures again; the
    key of what is returned stands for them, too.

    Raises:
        RequestError: as ``open_corpus``, ``open_store`` and ``attach``.
        RunError: as ``open_store``.
    """
    corpus = open_corpus(config)
    store = open_store(corpus, config.size, Path(config.cache) if config.cache else None, log=log)
    faces, attached = attach(Faces(store.faces, store.votes, {}, store.flags), config, corpus.classes)
    if not attached:
        return corpus, store
    for sentence, number in faces.notes.items():
        log(f"{corpus.name}: {number:,} {sentence}")
    key, content = (_md5(f"{digest} {attached}") for digest in (store.key, store.content))
    notes = store.notes | faces.notes
    return corpus, replace(
        store, faces=faces.table, votes=faces.votes, notes=notes, flags=faces.flags, key=key, content=content
    )


def find_store(facts: Mapping[str, Any]) -> Store | None:
    """The store that a run was trained from, without the answers that were attached to it.

    Args:
        facts: run.json. ``store`` is the folder's name; older runs have ``data_hash`` alone, the key.

    Returns:
        None where it is gone, or was never there.
    """
    dataset, key = facts.get("config", {}).get("dataset"), facts.get("data_hash")
    if not dataset or not key:
        return None
    name = facts.get("store") or _folder_name(dataset["name"], dataset["size"], key)
    folder = cache_folder(Path(dataset["cache"]) if dataset.get("cache") else None) / name
    return _load(folder) if _is_whole(folder) else None


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


def _folder_name(corpus: str, size: int, key: str) -> str:
    return f"{corpus}-{size}-{key[:12]}"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _is_whole(folder: Path) -> bool:
    """Whether a folder holds a finished store: its description, and pictures of the size that this states."""
    try:
        facts = json.loads((folder / "store.json").read_text())
        return bool((folder / "pixels.u8").stat().st_size == int(np.prod(facts["shape"])))
    except (OSError, ValueError, KeyError):
        return False


def _clean(cache: Path) -> None:
    """Remove what killed processes left: folders aside whose store nobody has locked, and that nothing goes on with."""
    for partial in cache.glob(f"*{PARTIAL}*"):
        with suppress(OSError):
            if partial.name.endswith(RESUME) and time.time() - partial.stat().st_mtime < KEPT_DAYS * 86_400:
                continue
        lock = cache / "locks" / partial.name.split(PARTIAL)[0]
        with suppress(OSError), locked(lock) as sure:
            if sure:
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
    aside = folder.with_name(f"{folder.name}{RESUME if corpus.resumable else PARTIAL + uuid.uuid4().hex[:8]}")
    done = False
    try:
        aside.mkdir(exist_ok=corpus.resumable)
        rejected = _write_pixels(corpus, size, count, aside, log)
        faces = _without(faces, rejected, aside / REJECTED)
        if faces.table.empty:
            raise RequestError(
                f"{corpus.name}: none of {count:,} pictures can be used: {next(iter(rejected.values()))}."
            )
        extra = [(name, pa.string()) for name in faces.table.columns[len(FACE_COLUMNS) :]]
        schema = pa.schema([*SCHEMA, *extra])
        pq.write_table(pa.Table.from_pandas(faces.table, schema, preserve_index=False), aside / "faces.parquet")
        if faces.votes is not None:
            faces.votes.to_parquet(aside / "votes.parquet", index=False)
        shape = [len(faces.table), size, size, corpus.channels]
        words = {"key": key, "shape": shape, "found": faces.notes, "flags": faces.flags, "facts": facts}
        (aside / "store.json").write_text(json.dumps(words, indent=1))
        (aside / JOURNAL).unlink(missing_ok=True)
        if folder.exists() and not _is_whole(folder):
            shutil.rmtree(folder)
        with _unless_there(folder):
            aside.rename(folder)
        done = True
    except OSError as problem:
        if problem.errno not in FULL:
            raise
        done = True  # what is there takes the room that is missing
        raise RunError(_disk_full(corpus, needed, folder.parent, None)) from None
    finally:
        if done or not corpus.resumable:
            shutil.rmtree(aside, ignore_errors=True)


def _without(faces: Faces, rejected: dict[int, str], file: Path) -> Faces:
    """The tables without the faces whose pictures were rejected; these are listed in a file."""
    if not rejected:
        return faces
    rows = sorted(rejected)
    listed = faces.table.iloc[rows][["face", "split", "label"]].assign(reason=[rejected[row] for row in rows])
    listed.to_csv(file, index=False)
    good = np.ones(len(faces.table), dtype=bool)
    good[rows] = False
    votes = None if faces.votes is None else faces.votes[good].reset_index(drop=True)
    notes = {**faces.notes, f"pictures rejected, listed in {REJECTED}": len(rows)}
    return Faces(faces.table[good].reset_index(drop=True), votes, notes, faces.flags)


@contextmanager
def _unless_there(folder: Path) -> Iterator[None]:
    """Let a renaming fail where another process was first and left a whole store."""
    try:
        yield
    except OSError:
        if not _is_whole(folder):
            raise


def _write_pixels(corpus: Corpus, size: int, count: int, folder: Path, log: Callable[[str], None]) -> dict[int, str]:
    """Write the pictures as they come, and return why which rows have none; one piece and the next are held.

    After each piece a line of the journal says how many rows and pictures are done. An interrupted store goes on after
    the last whole line.
    """
    file, journal = folder / "pixels.u8", folder / JOURNAL
    rows, kept, before = _done(journal) if corpus.resumable else (0, 0, {})
    length = kept * size * size * corpus.channels
    if not file.is_file() or file.stat().st_size < length:
        rows, kept, before, length = 0, 0, {}, 0
    if rows:
        log(f"{corpus.name}: goes on after {rows:,} of {count:,} faces")
    else:
        journal.unlink(missing_ok=True)
    rejected, first, tenths = dict(before), rows, 10 * rows // count
    with file.open("ab", buffering=0) as out, journal.open("a") as notes:
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
                notes.write(json.dumps({"rows": rows, "kept": kept, "rejected": fresh}) + "\n")
                notes.flush()
                first = rows
            if 10 * rows // count > tenths:
                tenths = 10 * rows // count
                log(f"{corpus.name}: {rows:,} of {count:,} faces written")
    if rows != count:
        raise RuntimeError(f"{corpus.name}.pixels gave {rows} pictures for {count} faces")
    return rejected


def _done(journal: Path) -> tuple[int, int, dict[int, str]]:
    """Rows and pictures that an interrupted writing finished, and what it rejected."""
    rows, kept, rejected = 0, 0, dict[int, str]()
    with suppress(OSError, ValueError, KeyError):  # a line that was cut short is not done
        for line in journal.read_text().splitlines():
            words = json.loads(line)
            rows, kept = int(words["rows"]), int(words["kept"])
            rejected |= {int(row): str(reason) for row, reason in words["rejected"].items()}
    return rows, kept, rejected


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


def _check(corpus: Corpus, faces: Faces) -> None:
    """Raise where a corpus broke its contract (RuntimeError) or its files name a face twice (RequestError)."""
    table, votes = faces.table, faces.votes
    if table.empty:
        raise RequestError(f"{corpus.name}: no face was found in {', '.join(map(str, corpus.files()))}.")
    if tuple(table.columns)[: len(FACE_COLUMNS)] != FACE_COLUMNS:
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


def _load(folder: Path, dated: bool = False) -> Store:
    """A store that is whole; ``dated`` as of its corpus."""
    words = json.loads((folder / "store.json").read_text())
    tables = (folder / "faces.parquet", folder / "votes.parquet")
    faces, votes = (pd.read_parquet(table) if table.exists() else None for table in tables)
    if faces is None:
        raise RunError(f"{folder} has lost its faces.parquet; remove the folder, and it is prepared again.")
    if dated and "content" not in words:
        words["content"] = _content(folder, words["facts"], faces, votes)
        with suppress(RunError):  # a cache of others, not to be written: it is hashed again next time
            write_json(folder / "store.json", words)
    return Store(
        folder=folder,
        faces=faces,
        votes=votes,
        pixels=np.memmap(folder / "pixels.u8", np.uint8, mode="r", shape=tuple(words["shape"])),
        notes=words["found"],
        flags=words["flags"],
        key=words["key"],
        content=words.get("content", words["key"]),
        facts=words["facts"],
    )


def _content(folder: Path, facts: Mapping[str, Any], faces: pd.DataFrame, votes: pd.DataFrame | None) -> str:
    """A digest of what training reads: pictures as decoded, faces, votes, classes."""
    with (folder / "pixels.u8").open("rb") as stream:
        pixels = hashlib.file_digest(stream, "md5").hexdigest()
    tables = [None if table is None else _md5(table.to_csv(index=False)) for table in (faces, votes)]
    return _md5(json.dumps([facts["corpus"], facts["size"], facts["classes"], pixels, *tables]))
