"""Everything of one person taken out of a study for good: from the ledger, its log, and the tables written from it."""

from __future__ import annotations

import csv
import hmac
import io
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from fer_exp.collecting import FILES
from fer_exp.collecting.collected import collected, read_only
from fer_exp.collecting.ledger import opened
from fer_exp.collecting.opening import SALT, hashed, secret
from fer_exp.collecting.out import write
from fer_exp.collecting.schema import in_words
from fer_exp.errors import RequestError, RunError, did_you_mean
from fer_exp.files import GUARDED
from fer_exp.regular import reading, whole_text

OF_PERSON = {
    "answers": "answers",
    "trials": "trials dealt",
    "raw": "raw data",
}
"""Tables of the ledger with rows of a person, beside the person's own, and their words."""
BEGUN = "erasing"
"""What the ledger's table about calls an erasure, from its COMMIT until log and tables are without the person, too."""


class Erased(NamedTuple):
    """What was removed.

    Attributes:
        worker: what the ledger called the person.
        rows: how many, by words; none where an earlier call had removed them, and was stopped before it had finished.
        files: tables that were written anew.
        logged: whether another program kept the ledger's log from being emptied, which then happens when it ends.
    """

    worker: str
    rows: dict[str, int]
    files: list[Path]
    logged: bool


def erase(file: Path, worker: str) -> Erased:
    """Erase a person: rows are overwritten with zeros, the file and our tables are written anew, its log is emptied.

    A server that has the ledger may go on; the person's page then gets no answer. Where a call was stopped on its way,
    the next one does what is left.

    Args:
        file: the ledger; tables of ours that lie beside it are written anew.
        worker: the person's id, as the platform has it or as the tables do, which may be a hash.

    Raises:
        RequestError: nobody is called so; says who is called most like it.
        RunError: another program keeps the ledger locked, or a table cannot be written.
    """
    with read_only(file) as ledger:
        known = [str(row[0]) for row in ledger.execute("SELECT worker FROM persons")]
        begun = _begun(ledger)
    names = [worker] if worker in known else [worker, *_hashed(file, worker)]
    name = next((name for name in names if name in known), None)
    if name is not None:
        rows = _removed(file, name)
        return Erased(name, rows, *_finished(file, name))
    left = next((name for name in names if _is_of(begun, name) or _in_tables(file.parent, name)), None)
    if begun is not None or left is not None:
        files, logged = _finished(file, worker)
    if left is not None:
        return Erased(left, {}, files, logged)
    hint = did_you_mean(worker, known, 0.7) if known else "nobody has begun yet. "
    raise RequestError(
        f"worker={worker}: {file} has no such person; {hint}persons.csv names all {len(known):,} of "
        f"them.{_unsalted(file)}"
    )


def finish_erasing(file: Path) -> None:
    """Do what is left of an erasure that was stopped on its way; errors as ``erase``."""
    with read_only(file, checked=False) as ledger:
        begun = _begun(ledger)
    if begun is not None:
        _finished(file, "a person")


def _removed(file: Path, name: str) -> dict[str, int]:
    """Remove a person's rows from the ledger; how many, by words. What is left to do then is noted in it."""
    rows: dict[str, int] = {}
    with _writing(file) as connection:
        connection.execute("BEGIN IMMEDIATE")
        person = connection.execute("SELECT person FROM persons WHERE worker = ?", (name,)).fetchone()[0]
        for table, words in OF_PERSON.items():
            of = "trial IN (SELECT trial FROM trials WHERE person = ?)" if table == "answers" else "person = ?"
            rows[words] = connection.execute(f"DELETE FROM {table} WHERE {of}", (person,)).rowcount
        connection.execute("DELETE FROM persons WHERE person = ?", (person,))
        key = secrets.token_hex(16)
        mark = f"{key} {hashed(key.encode(), name)}"  # not the name, which is to be gone
        connection.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (BEGUN, mark))
        connection.execute("COMMIT")
    return rows


def _finished(file: Path, who: str) -> tuple[list[Path], bool]:
    """The log emptied, the tables written without the person: what is ``files`` and ``logged`` of ``Erased``."""
    with _writing(file) as connection:
        connection.execute("VACUUM")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    there = any(os.path.lexists(file.parent / name) for name in FILES)
    try:
        files = write(collected(file), file.parent) if there else []
    except RunError as error:
        raise RunError(
            f"{who} is out of {file}, but perhaps not of its tables: {error} Then give the same command again."
        ) from error
    with _writing(file) as connection:
        connection.execute("DELETE FROM about WHERE key = ?", (BEGUN,))
    return files, bool(busy)


@contextmanager
def _writing(file: Path) -> Iterator[sqlite3.Connection]:
    """``opened`` for a while; what SQLite says is a sentence."""
    with closing(opened(file)) as connection:
        try:
            yield connection
        except sqlite3.DatabaseError as error:
            raise in_words(file, error) from error


def _begun(ledger: sqlite3.Connection) -> str | None:
    """The note of an erasure that was begun and is not finished."""
    row = ledger.execute("SELECT value FROM about WHERE key = ?", (BEGUN,)).fetchone()
    return None if row is None else str(row[0])


def _is_of(begun: str | None, name: str) -> bool:
    """Whether such a note is of a person of this name."""
    key, _, digest = (begun or "").partition(" ")
    return hmac.compare_digest(digest.encode(), hashed(key.encode(), name).encode())


def _in_tables(folder: Path, name: str) -> bool:
    """Whether tables that were written before have a person, whom the ledger has no more."""
    return any(name in _workers(folder / table) for table in FILES if (folder / table).is_file())


def _workers(file: Path) -> set[str]:
    """The persons in one of ``FILES``, as the ledger calls them."""
    with reading(file, way_out="remove it, it is made anew"):
        text = whole_text(file)
        rows = json.loads(text) if file.suffix == ".json" else csv.DictReader(io.StringIO(text, newline=""))
        found = {str(row.get("worker")) for row in rows}
    return found | {each[1:] for each in found if each.startswith(GUARDED)}


def _hashed(file: Path, worker: str) -> list[str]:
    """What a study that hashes ids calls a person; nothing where it has no salt."""
    salt = file.parent / SALT
    return [hashed(secret(salt).encode(), worker)] if os.path.lexists(salt) else []


def _unsalted(file: Path) -> str:
    """The end of a sentence about a person who is not found, where the study's salt is gone."""
    if os.path.lexists(file.parent / SALT):
        return ""
    return f" Where a study hashes ids (hash_ids), its file {SALT} finds them by the platform's id; it is not there."
