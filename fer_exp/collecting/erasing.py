"""Everything of one person taken out of a study for good: from the ledger, its log, and the tables written from it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from fer_exp.collecting.collected import collected, in_words, read_only
from fer_exp.collecting.ledger import opened
from fer_exp.collecting.opening import SALT, hashed
from fer_exp.collecting.out import write
from fer_exp.errors import RequestError, did_you_mean

OF_PERSON = {
    "answers": "answers",
    "trials": "trials dealt",
    "raw": "raw data",
}
"""Tables of the ledger with rows of a person, beside the person's own, and their words."""


class Erased(NamedTuple):
    """What was removed.

    Attributes:
        worker: what the ledger called the person.
        rows: how many, by words.
        files: tables that were written anew.
        logged: whether another program kept the ledger's log from being emptied, which then happens when it ends.
    """

    worker: str
    rows: dict[str, int]
    files: list[Path]
    logged: bool


def erase(file: Path, worker: str) -> Erased:
    """Erase a person: rows are overwritten with zeros, the file and our tables are written anew, its log is emptied.

    A server that has the ledger may go on; the person's page then gets no answer.

    Args:
        file: the ledger; tables of ours that lie beside it are written anew.
        worker: the person's id, as the platform has it or as the tables do, which may be a hash.

    Raises:
        RequestError: nobody is called so; says who is called most like it.
        RunError: another program keeps the ledger locked.
    """
    with read_only(file) as ledger:
        known = [str(row[0]) for row in ledger.execute("SELECT worker FROM persons")]
    name = next((name for name in (worker, _hashed(file, worker)) if name in known), None)
    if name is None:
        hint = did_you_mean(worker, known, 0.7) if known else "nobody has begun yet. "
        raise RequestError(
            f"worker={worker}: {file} has no such person; {hint}persons.csv names all {len(known):,} of them."
        )
    rows: dict[str, int] = {}
    try:
        connection = opened(file)
        try:
            connection.execute("BEGIN IMMEDIATE")
            person = connection.execute("SELECT person FROM persons WHERE worker = ?", (name,)).fetchone()[0]
            for table, words in OF_PERSON.items():
                of = "trial IN (SELECT trial FROM trials WHERE person = ?)" if table == "answers" else "person = ?"
                rows[words] = connection.execute(f"DELETE FROM {table} WHERE {of}", (person,)).rowcount
            connection.execute("DELETE FROM persons WHERE person = ?", (person,))
            connection.execute("COMMIT")
            connection.execute("VACUUM")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise in_words(file, error) from error
    files = write(collected(file), file.parent) if (file.parent / "answers.csv").is_file() else []
    return Erased(name, rows, files, bool(busy))


def _hashed(file: Path, worker: str) -> str | None:
    """What a study that hashes ids calls a person; None where it has no salt."""
    salt = file.parent / SALT
    if not salt.is_file():
        return None
    return hashed(salt.read_text(encoding="ascii").strip().encode(), worker)
