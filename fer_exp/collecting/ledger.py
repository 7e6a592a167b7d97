"""The ledger: who was asked what and answered what, in SQLite; what was acknowledged is on the disk.

One thread writes. It takes what waits, does all of it in one transaction and tells those who wait once the disk has
it: WAL with synchronous=FULL, so that neither a killed process nor a power cut takes back an answer that was
acknowledged, and a disk's slow flush is shared by all who answer at once.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

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
TOGETHER = 256
"""Requests that one transaction takes at most."""
BUSY = 10.0
"""Seconds that a write waits for another program, such as one that erases a person."""

Answer = TypeVar("Answer")


class NoRoomError(Exception):
    """The disk could not take it; nothing of it was kept, and it can be sent again."""


class Ledger:
    """A ledger in use; ``do`` runs a function with its connection in the writing thread."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._waiting: queue.SimpleQueue[tuple[Callable[[sqlite3.Connection], Any], Future[Any]] | None]
        self._waiting = queue.SimpleQueue()
        self._ready: Future[None] = Future()
        self._lost: list[Callable[[sqlite3.Connection], None]] = []
        self._version: int | None = None  # SQLite's own, which another connection's writing changes
        self._thread = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._thread.start()
        self._ready.result()

    def do(self, work: Callable[[sqlite3.Connection], Answer]) -> Future[Answer]:
        """Run ``work`` in a transaction with others; the future has what it returned once that is on the disk.

        What ``work`` raises undoes its own changes alone. NoRoomError where the disk takes nothing.
        """
        future: Future[Answer] = Future()
        self._waiting.put((work, future))
        return future

    def when_undone(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Have ``work`` run, to read anew what is kept in memory, where a transaction could not be finished.

        Also where another program has written meanwhile, which erases a person.
        """
        self._lost.append(work)

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        self._waiting.put(None)
        self._thread.join()

    def _write(self) -> None:
        try:
            connection = opened(self.file)
        except BaseException as error:
            self._ready.set_exception(error)
            return
        self._ready.set_result(None)
        try:
            while (first := self._waiting.get()) is not None:
                batch, more = [first], True
                while more and len(batch) < TOGETHER:
                    try:
                        item = self._waiting.get_nowait()
                    except queue.Empty:
                        break
                    if item is None:
                        self._waiting.put(None)
                        break
                    batch.append(item)
                self._together(connection, batch)
        finally:
            connection.close()

    def _together(self, connection: sqlite3.Connection, batch: list[tuple[Callable[..., Any], Future[Any]]]) -> None:
        ends: list[Callable[[], None]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            if (version := connection.execute("PRAGMA data_version").fetchone()[0]) != self._version:
                self._version = version
                for work in self._lost:
                    work(connection)
            for work, future in batch:
                if future.set_running_or_notify_cancel():  # else whoever asked has gone
                    ends.append(_one(connection, work, future))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            for work in self._lost:
                with contextlib.suppress(sqlite3.Error):
                    work(connection)
            for _, future in batch:
                if not future.cancelled():
                    future.set_exception(NoRoomError(str(error)))
            return
        for end in ends:
            end()


def _one(connection: sqlite3.Connection, work: Callable[..., Any], future: Future[Any]) -> Callable[[], None]:
    """Do one of several; how its future ends once all are on the disk. A disk's error ends the whole transaction."""
    connection.execute("SAVEPOINT one")
    try:
        found = work(connection)
    except sqlite3.OperationalError:
        raise
    except Exception as error:
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        said = error
        return lambda: future.set_exception(said)
    connection.execute("RELEASE one")
    return lambda: future.set_result(found)


def opened(file: Path) -> sqlite3.Connection:
    """A connection that writes; a new file gets its tables.

    Raises:
        RequestError: it is no ledger of ours, or one of a later program.
        RunError: it cannot be opened.
    """
    try:
        connection = sqlite3.connect(file, timeout=BUSY, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "fullfsync=ON", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version not in (0, VERSION) or (version == 0 and tables):
            connection.close()
            raise RequestError(
                f"{file} is no ledger that this version of fer-exp reads; set output= to another folder."
            )
        if version == 0:
            connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={VERSION}; COMMIT;")
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error) or "malformed" in str(error):
            raise RequestError(f"{file} is damaged, or no ledger: {error}; set output= to another folder.") from error
        raise RunError(f"{file} cannot be opened: {error}.") from error
    return connection


def reading_only(file: Path) -> sqlite3.Connection:
    """A connection that only reads, also while the server writes.

    Raises:
        RequestError: there is no such file.
    """
    if not file.is_file():
        raise RequestError(f"{file}: there is no such ledger; output= names the folder of a study, as runs/rate-….")
    uri = f"{file.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection
