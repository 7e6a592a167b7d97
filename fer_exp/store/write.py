"""A store written aside and renamed into place when it is whole."""

from __future__ import annotations

import json
import math
import shutil
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_float_dtype

from fer_exp.datasets.corpus import FACE_COLUMNS, Corpus, Faces
from fer_exp.digests import sealed
from fer_exp.errors import RequestError, RunError
from fer_exp.files import locked, may_go_on
from fer_exp.pictures.crops import NO_FACE
from fer_exp.store.journal import JOURNAL
from fer_exp.store.manifest import PIXELS, described, list_files
from fer_exp.store.pixels import write_pixels
from fer_exp.troubles import FULL

PARTIAL = ".partial-"
RESUME = f"{PARTIAL}resume"
"""Of a store that goes on where it was interrupted; others begin again under another name each time."""
REJECTED = "rejected.csv"
TABLE_BYTES_PER_FACE = 200  # generous for both tables together, for the check of free space
SCHEMA = pa.schema([(name, pa.float64() if name in ("valence", "arousal") else pa.string()) for name in FACE_COLUMNS])


def write(corpus: Corpus, facts: dict[str, Any], key: str, folder: Path, log: Callable[[str], None]) -> None:
    """Write a store aside and rename it into place."""
    if folder.exists():
        log(f"{folder} is no whole store any more; it is prepared again")
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
        rejected, remarks = write_pixels(corpus, size, count, aside, log)
        remarks |= _reasons(rejected)
        for remark, number in remarks.items():
            log(f"{corpus.name}: {number:,} {remark}")
        faces.notes.update(remarks)
        faces = _without(faces, rejected, aside / REJECTED)
        if faces.table.empty:
            reason = next(iter(rejected.values()))
            raise RequestError(f"{corpus.name}: none of {count:,} pictures can be used: {reason}.")
        _write_tables(aside, faces)
        shape = [len(faces.table), size, size, corpus.channels]
        words = {"key": key, "shape": shape, "found": faces.notes, "flags": faces.flags, "facts": facts}
        words["said"] = [*faces.said, *corpus.noticed()]
        list_files(aside, words)
        (aside / "store.json").write_text(json.dumps(sealed(words), indent=1), encoding="utf-8")
        (aside / JOURNAL).unlink(missing_ok=True)
        if folder.exists() and not is_whole(folder):
            shutil.rmtree(folder)
        try:
            aside.rename(folder)
        except OSError:
            if not is_whole(folder):  # else another process was first
                raise
        done = True
    except OSError as problem:
        if problem.errno not in FULL:
            raise
        done = True  # what is there takes the room that is missing
        raise RunError(_disk_full(corpus, needed, folder.parent, None)) from None
    finally:
        if done or not corpus.resumable or not _worth_keeping(aside):
            shutil.rmtree(aside, ignore_errors=True)


def _write_tables(folder: Path, faces: Faces) -> None:
    own = faces.table.iloc[:, len(FACE_COLUMNS) :]
    types = (pa.float32() if is_float_dtype(kind) else pa.string() for kind in own.dtypes)
    schema = pa.schema([*SCHEMA, *zip(own, types, strict=True)])
    table = pa.Table.from_pandas(faces.table, schema, preserve_index=False)
    pq.write_table(table, folder / "faces.parquet", write_page_checksum=True)
    if faces.votes is not None:
        faces.votes.to_parquet(folder / "votes.parquet", index=False, write_page_checksum=True)


def _worth_keeping(aside: Path) -> bool:
    """Whether a picture was decoded that need not be decoded again."""
    try:
        return (aside / PIXELS).stat().st_size > 0
    except OSError:
        return False


def is_whole(folder: Path) -> bool:
    """Whether a folder holds a finished store: its description, and pictures of the size that this states."""
    try:
        length: int = math.prod(described(folder)["shape"])
        return (folder / PIXELS).stat().st_size == length
    except (OSError, ValueError):
        return False


def clean(cache: Path) -> None:
    """Remove what killed processes left: folders aside whose store nobody has locked, and that nothing goes on with."""
    for partial in cache.glob(f"*{PARTIAL}*"):
        with suppress(OSError):
            if partial.name.endswith(RESUME) and may_go_on(partial):
                continue
        lock = cache / "locks" / partial.name.split(PARTIAL)[0]
        with suppress(OSError), locked(lock) as sure:
            if sure:
                shutil.rmtree(partial, ignore_errors=True)


def _reasons(rejected: Mapping[int, str]) -> dict[str, int]:
    """How many pictures are left out because they show no face, and how many because they cannot be used."""
    faceless = sum(reason == NO_FACE for reason in rejected.values())
    counts = {f"pictures in which {NO_FACE}": faceless, "pictures rejected": len(rejected) - faceless}
    return {f"{what}, listed in {REJECTED}": count for what, count in counts.items() if count}


def _without(faces: Faces, rejected: dict[int, str], file: Path) -> Faces:
    """The tables without the faces whose pictures were rejected; these are listed in a file."""
    file.unlink(missing_ok=True)  # of a writing that was interrupted at its end
    if not rejected:
        return faces
    rows = sorted(rejected)
    listed = faces.table.iloc[rows][["face", "split", "label"]].assign(reason=[rejected[row] for row in rows])
    listed.to_csv(file, index=False, lineterminator="\n")
    good = np.ones(len(faces.table), dtype=bool)
    good[rows] = False
    votes = None if faces.votes is None else faces.votes[good].reset_index(drop=True)
    return Faces(faces.table[good].reset_index(drop=True), votes, faces.notes, faces.flags, faces.said)


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
