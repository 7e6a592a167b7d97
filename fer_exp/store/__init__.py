"""Decode a corpus once: a memory-mapped uint8 array and parquet tables in a cache folder, keyed by content."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import DatasetConfig
from fer_exp.datasets import open_corpus
from fer_exp.datasets.attach import attach
from fer_exp.datasets.classes import without_faces
from fer_exp.datasets.corpus import Corpus, Faces
from fer_exp.digests import SEAL, is_sealed, sealed
from fer_exp.errors import RequestError, RunError
from fer_exp.files import locked, made, md5, write_json, write_table
from fer_exp.pictures.look_alikes import flags_said
from fer_exp.progress import progress
from fer_exp.regular import reading, whole_text
from fer_exp.store.looks import look_at
from fer_exp.store.manifest import ATTRIBUTES, PIXELS, check, described, list_files, without
from fer_exp.store.write import clean, is_whole, write

VERSION = 2
"""Part of every key; raise it when reading or writing changes what a store holds."""
AGAIN = "remove the folder, and it is prepared again"
LISTED = 20  # files named one by one in store.json; a corpus of single pictures has too many


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
        content: the same; of pictures, whose key goes by times of change, what was read, so that a copy has the same.
        facts: ``corpus``, ``size``, ``channels``, ``classes``, ``recipe`` and ``files`` (MD5 by file name).
        said: how the corpus' layout was understood, a line each.
        listed: its files that have digests; none of a store of before.
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
    said: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()


def open_store(
    corpus: Corpus,
    size: int,
    cache: Path | None = None,
    *,
    log: Callable[[str], None] = progress,
    whole: bool = False,
) -> Store:
    """The store of a corpus, its pictures so high and wide, prepared now if it is not there yet.

    What is written lies aside until it is whole, so a killed run leaves nothing that is taken for a store; two
    processes that want the same store wait for each other. Nothing is synced to disk for the sake of power cuts: what
    these or others do to a store is seen when it is opened (``manifest.check``), and ``whole`` looks at every byte.

    Raises:
        RequestError: the corpus is missing or cannot be read.
        RunError: the cache cannot be written, its disk is full, or a file in it is not what was prepared.
    """
    cache = cache_folder(cache)
    try:
        facts = {
            "version": VERSION,
            "corpus": corpus.name,
            "size": size,
            "channels": corpus.channels,
            "classes": list(corpus.classes),
            "recipe": corpus.recipe(),
            "files": _digests(corpus, cache, log),
        }
        key = md5(json.dumps(facts, sort_keys=True))
        folder = cache / f"{corpus.name}-{size}-{key[:12]}"
        if not is_whole(folder):
            clean(cache)
            lock = cache / "locks" / folder.name
            # Without locks whoever is second at the renaming uses the first one's store.
            waits = partial(log, f"{folder.name}: another process is preparing it; waiting")
            with made(lock.parent, "dataset.cache"), locked(lock, waits) as held:
                if not held:
                    log(f"{cache}: this file system has no locks; processes that prepare the same each do it")
                try:
                    if not is_whole(folder):  # another process may have written it while this one waited
                        write(corpus, facts, key, folder, log)
                except RequestError:
                    with suppress(OSError):  # a store that cannot be needs no lock
                        lock.unlink()
                    raise
    except OSError as problem:
        place, reason = Path(str(problem.filename2 or problem.filename or cache)), problem.strerror or problem
        if cache != place and cache not in place.parents and place not in cache.parents:
            raise RequestError(f"{corpus.name}: {place} cannot be read ({reason}).") from problem
        taken = place != cache and (place.is_symlink() or place.is_file())
        way_out = "move it away: a folder has this name" if taken else "set dataset.cache to a folder of yours"
        raise RunError(f"{corpus.name}: the cache cannot be written at {place} ({reason}); {way_out}.") from problem
    return _load(folder, corpus, log, whole=whole)


def open_dataset(
    config: DatasetConfig, *, log: Callable[[str], None] = progress, whole: bool = False
) -> tuple[Corpus, Store]:
    """The corpus that a config names and its store, with the answers of ``dataset.votes`` or ``ratings`` attached.

    Answers are attached to what was read from the store, so that other answers do not decode the pictures again; the
    key of what is returned stands for them, too.

    Raises:
        RequestError: as ``open_corpus``, ``open_store`` and ``attach``.
        RunError: as ``open_store``.
    """
    corpus = open_corpus(config)
    store = open_store(corpus, config.size, Path(config.cache) if config.cache else None, log=log, whole=whole)
    for line in store.said:
        log(f"{corpus.name}: {line}")
    faces, attached = attach(Faces(store.faces, store.votes, {}, store.flags), config, corpus.classes)
    if nobody := without_faces(faces, corpus.classes):
        log(f"{corpus.name}: no face is {', '.join(nobody)}, of the {len(corpus.classes)} classes asked for")
    if not attached:
        return corpus, store
    told = "; ".join(f"{number:,} {sentence}" for sentence, number in faces.notes.items() if number)
    if told:
        log(f"{corpus.name}: {told}")
    key, content = (md5(f"{digest} {attached}") for digest in (store.key, store.content))
    notes = store.notes | faces.notes
    return corpus, replace(
        store, faces=faces.table, votes=faces.votes, notes=notes, flags=faces.flags, key=key, content=content
    )


def find_store(facts: Mapping[str, Any]) -> Store | None:
    """The store that a run was trained from, without the answers that were attached to it; None where it is gone.

    Of the run.json in ``facts``, ``store`` is the folder's name; older runs have ``data_hash`` alone, the key.
    """
    dataset, key = facts.get("config", {}).get("dataset"), facts.get("data_hash")
    if not dataset or not key:
        return None
    name = facts.get("store") or f"{dataset['name']}-{dataset['size']}-{key[:12]}"
    folder = cache_folder(Path(dataset["cache"]) if dataset.get("cache") else None) / name
    return _load(folder) if is_whole(folder) else None


def cache_folder(cache: Path | None = None) -> Path:
    """``cache`` itself, else ``$FER_EXP_CACHE``, else ``$XDG_CACHE_HOME/fer-exp``, else ``~/.cache/fer-exp``."""
    if cache is None:
        usual = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "fer-exp"
        try:
            cache = Path(os.environ.get("FER_EXP_CACHE") or usual).expanduser()
        except RuntimeError as error:  # a user without a name, as in containers
            raise RequestError(
                "You have no home folder to keep prepared faces in; set FER_EXP_CACHE or dataset.cache to a folder."
            ) from error
    return cache.absolute()


def _digests(corpus: Corpus, cache: Path, log: Callable[[str], None]) -> dict[str, str]:
    """MD5 of the corpus's files, from an earlier reading where path, size and times are the same as then."""
    files = corpus.files()
    stamp = _stamp(corpus.name, files)
    known = cache / "hashes" / f"{stamp}.json"
    if files and known.is_file():
        with suppress(OSError, ValueError, RecursionError):  # a damaged note is no note
            note = json.loads(whole_text(known))
            if isinstance(note, dict) and SEAL in note and is_sealed(note):
                return {str(name): str(digest) for name, digest in note.items() if name != SEAL}
    if files:
        log(f"{corpus.name}: reading {files[0] if len(files) == 1 else f'{len(files):,} files'}")
    digests = corpus.digests()
    if len(digests) > LISTED:
        digests = {f"{len(digests)} files": md5(json.dumps(digests, sort_keys=True))}
    if files and _stamp(corpus.name, files) == stamp:  # else they changed under our hands
        with suppress(RunError):  # the note only saves time; a full disk is reported where it matters
            write_json(known, sealed(digests))
    return digests


def _stamp(name: str, files: list[Path]) -> str:
    """Stands for the state of files without reading them; ctime betrays a file put in place with its old mtime."""
    states = [(str(file.resolve()), file.stat()) for file in files]
    known = [(path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) for path, stat in states]
    return md5(json.dumps([VERSION, name, known]))


def _load(
    folder: Path, corpus: Corpus | None = None, log: Callable[[str], None] = progress, *, whole: bool = False
) -> Store:
    """A store that is whole, by its digests; where its corpus is given, its pictures are looked at once.

    ``whole``: every file is read to its end, and one of before, without digests, gets them.
    """
    with reading(folder / "store.json", way_out=AGAIN):
        words = described(folder)
        fresh = check(folder, words, log, whole=whole)
    with reading(folder / "faces.parquet", f"{folder / 'faces.parquet'} or votes.parquet", AGAIN):
        faces, votes = (
            pd.read_parquet(each, page_checksum_verification=True) if each.exists() else None
            for each in (folder / "faces.parquet", folder / "votes.parquet")
        )
    if faces is None:
        raise RunError(f"{folder} has lost its faces.parquet; {AGAIN}.")
    if corpus and ("looked" not in words or (whole and PIXELS not in words.get("files", {}))):
        look_at(folder, words, faces, votes, corpus.dated)
        list_files(folder, words)
        fresh = True
        if odd := flags_said(words["flags"]):
            log(f"{corpus.name}: {odd}")
    if fresh:
        with suppress(RunError):  # a cache of others, not to be written: it is looked at again next time
            write_json(folder / "store.json", sealed(words))
    faces = _with_attributes(folder, words, faces, corpus, log)
    pixels = np.memmap(folder / PIXELS, np.uint8, mode="r", shape=tuple(words["shape"]))
    key, content = words["key"], words.get("content", words["key"])
    said = tuple(words.get("said", ()))
    of_files = (words["facts"], said, tuple(words.get("files", ())))
    return Store(folder, faces, votes, pixels, words["found"], words["flags"], key, content, *of_files)


def _with_attributes(
    folder: Path, words: dict[str, Any], faces: pd.DataFrame, corpus: Corpus | None, log: Callable[[str], None]
) -> pd.DataFrame:
    """The faces with what a corpus says of them elsewhere; read once, again while faces are missing there."""
    file = folder / ATTRIBUTES
    told = None
    if file.exists():
        with reading(file, way_out=AGAIN):
            told = pd.read_parquet(file, page_checksum_verification=True).astype(object)
            told = told.where(told.notna(), None)
    if corpus and corpus.besides and (told is None or told.isna().any(axis=None)):
        found = corpus.attributes(faces["face"].tolist())
        if found is not None and (told is None or not found.equals(told)):
            told = found
            missing = int(told.isna().any(axis=1).sum())
            of_all = "" if not missing else f"; {missing:,} faces have no file there that says all of them"
            places = ", ".join(dict.fromkeys(corpus.besides.values()))
            log(f"{corpus.name}: {', '.join(corpus.besides)} of {len(faces):,} faces read from {places}{of_all}")
            with suppress(RunError):  # a cache of others, not to be written
                if without(words, ATTRIBUTES):  # first, so that a kill leaves no digest of an older file
                    write_json(folder / "store.json", sealed(words))
                write_table(file, told)
                if "files" in words:
                    list_files(folder, words)
                    write_json(folder / "store.json", sealed(words))
    return faces if told is None else pd.concat([faces, told], axis=1)
