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

from fer_exp.collecting.schema import SCHEMA, VERSION, check, in_words
from fer_exp.errors import RequestError

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

    def done(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """``do``, waited for by one who cannot go on without.

        Raises:
            RequestError: the ledger is damaged.
            RunError: the disk takes nothing.
        """
        try:
            return self.do(work).result()
        except NoRoomError as error:
            raise in_words(self.file, error.__cause__ or error) from error

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
                    future.set_exception(_no_room(error))
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


def _no_room(error: sqlite3.Error) -> NoRoomError:
    refused = NoRoomError(str(error))
    refused.__cause__ = error
    return refused


def opened(file: Path) -> sqlite3.Connection:
    """A connection that writes; a new file gets its tables.

    Raises:
        RequestError: it is no ledger of ours, one of a later program, or a damaged one.
        RunError: it cannot be opened.
    """
    connection = None
    try:
        connection = sqlite3.connect(file, timeout=BUSY, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "fullfsync=ON", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        _begin_or_check(connection, file)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise in_words(file, error) from error
        raise
    return connection


def _begin_or_check(connection: sqlite3.Connection, file: Path) -> None:
    """Make the tables of a new file, or see that they are ours, and whole."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    new = version == 0 and not _tables(connection)
    if not new and version != VERSION:
        raise RequestError(f"{file} is no ledger that this version of fer-exp reads; set output= to another folder.")
    if new:
        connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={VERSION}; COMMIT;")
    else:
        check(connection, file)


def _tables(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def is_empty(file: Path) -> bool:
    """Whether a file is no ledger yet: without bytes, or a database without tables; not one that is damaged."""
    if not file.is_file() or not file.stat().st_size:
        return file.is_file()
    try:
        with contextlib.closing(reading_only(file)) as connection:
            return not _tables(connection)
    except sqlite3.Error:
        return False


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
