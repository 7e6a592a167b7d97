"""The ledger's tables, and whether a ledger still has them whole: a damaged one is refused, and never read in part."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from fer_exp.errors import RequestError, RunError

SCHEMA = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE faces (
    face INTEGER PRIMARY KEY, task TEXT NOT NULL UNIQUE, gold TEXT, label TEXT, groups TEXT NOT NULL DEFAULT '{}',
    used INTEGER NOT NULL DEFAULT 1);
CREATE TABLE persons (
    person INTEGER PRIMARY KEY, worker TEXT NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE, code TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'done', 'screened_out')),
    language TEXT NOT NULL, classes TEXT NOT NULL, details TEXT NOT NULL DEFAULT '{}',
    started REAL NOT NULL, seen REAL NOT NULL, ended REAL, about TEXT, why TEXT);
CREATE TABLE trials (
    trial INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, person INTEGER NOT NULL REFERENCES persons ON DELETE CASCADE,
    place INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('practice', 'face', 'attention')),
    face INTEGER NOT NULL REFERENCES faces, gold INTEGER NOT NULL, repeat INTEGER NOT NULL, wanted TEXT,
    UNIQUE (person, place));
CREATE TABLE answers (
    trial INTEGER PRIMARY KEY REFERENCES trials ON DELETE CASCADE, label TEXT, intensity REAL, valence REAL,
    arousal REAL, seconds REAL, shown_at REAL, answered REAL NOT NULL);
CREATE TABLE raw (person INTEGER PRIMARY KEY REFERENCES persons ON DELETE CASCADE, jspsych TEXT NOT NULL);
"""
VERSION = 1
"""Of the schema, as SQLite's user_version."""
STUDY = "(SELECT value FROM about WHERE key = 'study')"


def _json(column: str, kind: str) -> str:
    """The condition that a column holds no JSON of a kind, where it holds anything."""
    return f"CASE WHEN json_valid({column}) THEN json_type({column}) != '{kind}' ELSE {column} IS NOT NULL END"


IMPOSSIBLE = {
    "the study that it was begun with is no JSON object": f"about WHERE key = 'study' AND {_json('value', 'object')}",
    "it does not say which study it was begun with": f"persons WHERE NOT EXISTS {STUDY}",
    "what is known of a person is no JSON": (
        f"persons WHERE {_json('classes', 'array')} OR {_json('details', 'object')} OR {_json('about', 'object')}"
    ),
    "its faces are not numbered from 0 without a gap": (
        "(SELECT count(*) AS number, min(face) AS low, max(face) AS high FROM faces) WHERE low != 0 OR high >= number"
    ),
    "a person's state is none that there is": "persons WHERE state NOT IN ('on', 'done', 'screened_out')",
    "a trial's kind is none that there is": "trials WHERE kind NOT IN ('practice', 'face', 'attention')",
    "a trial's gold or repeat is neither 0 nor 1": "trials WHERE gold NOT IN (0, 1) OR repeat NOT IN (0, 1)",
    "an answer is none that the page takes": (
        "answers WHERE valence NOT BETWEEN 1 AND 9 OR arousal NOT BETWEEN 1 AND 9 OR seconds NOT BETWEEN 0 AND 86400"
    ),
    "an answer is no class of its study": (
        f"answers WHERE label != 'unknown' AND EXISTS {STUDY} "
        f"AND label NOT IN (SELECT key FROM json_each({STUDY}, '$.classes'))"
    ),
}
"""What no ledger of ours says -> rows that say it. In this order: one asks what those before it have made sure.

Kinds and states, too: SQLite forgets the conditions of a table (CHECK) that it may only read.
"""
OF_DISK = re.compile("I/O|unable to open|readonly|is full|out of memory")
"""What SQLite says of a disk or a system; whatever else it says of our own tables is damage."""


def check(connection: sqlite3.Connection, file: Path) -> None:
    """See that a ledger is whole, as far as can be seen: pages, indexes, references, kinds of values, what they can be.

    Raises:
        RequestError: it is damaged, with the first thing that is wrong.
        sqlite3.DatabaseError: so badly that SQLite cannot look.
    """
    for problem in (_of_pages, _of_tables, _of_references, _of_kinds, _of_values):
        if said := problem(connection):
            raise damaged(file, said)


def damaged(file: Path, problem: str) -> RequestError:
    """What is said of a ledger that is not as it was written."""
    return RequestError(
        f"{file} is damaged, or no ledger of fer-exp rate: {problem}; put back a copy of before, or take what is still "
        f"readable out of it: sqlite3 {file.name} .recover (docs/reliability.md)."
    )


def in_words(file: Path, error: BaseException) -> Exception:
    """What SQLite says of a ledger, as our own error."""
    said = str(error)
    if "locked" in said or "busy" in said:
        return RunError(f"{file} is in use by another program; try again in a moment.")
    if isinstance(error, sqlite3.OperationalError) and OF_DISK.search(said):
        return RunError(f"{file} cannot be used: {said}; see that it is yours to write, on a disk with room.")
    return damaged(file, said)


@cache
def _columns() -> dict[str, dict[str, str]]:
    """Table -> column -> kind of its values, of a ledger as we write it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: _kinds(connection, table) for table in tables}


def _kinds(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    return {row[1]: row[2].lower() for row in connection.execute(f"PRAGMA table_info({table})")}


def _of_pages(connection: sqlite3.Connection) -> str:
    """SQLite's own look, with the indexes: names of faces and persons stand there a second time."""
    said = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    return "" if said == "ok" else " ".join(said.removeprefix("*** in database main ***").split())


def _of_tables(connection: sqlite3.Connection) -> str:
    for table, columns in _columns().items():
        there = _kinds(connection, table)
        if lacking := [column for column in columns if column not in there]:
            return f"its table {table} has no column {lacking[0]}" if there else f"it has no table {table}"
    return ""


def _of_references(connection: sqlite3.Connection) -> str:
    row = connection.execute("PRAGMA foreign_key_check").fetchone()
    return f"a row of {row[0]} belongs to none of {row[2]}" if row else ""


def _of_kinds(connection: sqlite3.Connection) -> str:
    """SQLite keeps a text in a column of numbers, if one is written there."""
    for table, columns in _columns().items():
        other = " OR ".join(f"typeof({column}) NOT IN ('{kind}', 'null')" for column, kind in columns.items())
        kinds = ", ".join(f"typeof({column})" for column in columns)
        row = connection.execute(f"SELECT {kinds} FROM {table} WHERE {other} LIMIT 1").fetchone()
        for (column, kind), found in zip(columns.items(), row or (), strict=False):
            if found not in (kind, "null"):
                return f"its table {table} has a {found} for {column}, where {kind} belongs"
    return ""


def _of_values(connection: sqlite3.Connection) -> str:
    for problem, rows in IMPOSSIBLE.items():
        if connection.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchone():
            return problem
    return ""
