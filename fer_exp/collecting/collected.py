"""What a ledger holds, as tables: read while the server runs, and after; and a person taken out of it for good."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from fer_exp.collecting.ledger import is_empty, reading_only
from fer_exp.collecting.out import Collected
from fer_exp.collecting.schema import VERSION, check, in_words
from fer_exp.errors import RequestError
from fer_exp.regular import reading

COPY = "take a copy of before, or export the answers with sqlite3"
TIMES = ("started", "seen", "ended")
"""Columns of persons that are times, in seconds since 1970."""
TIME = "%Y-%m-%dT%H:%M:%SZ"
"""How they are written."""


def collected(file: Path) -> Collected:
    """Everything in a ledger, as of one moment.

    Raises:
        RequestError: there is no such file, it is no ledger that this program reads, or a damaged one.
        RunError: another program keeps it locked.
    """
    with reading(file, way_out=COPY), read_only(file) as ledger:
        persons = _frame(ledger, "SELECT * FROM persons ORDER BY started")
        answers = _frame(
            ledger,
            "SELECT task, worker, answers.label, valence, arousal, intensity, seconds, kind, trials.gold, repeat, "
            "wanted, place, shown_at, answered FROM answers JOIN trials USING (trial) JOIN persons USING (person) "
            "JOIN faces USING (face) ORDER BY answered, trial",
        )
        gold = _frame(ledger, "SELECT task, gold FROM faces WHERE gold IS NOT NULL ORDER BY face")
        raw = _frame(ledger, "SELECT worker, jspsych FROM raw JOIN persons USING (person) ORDER BY started")
        return Collected(
            _persons(persons),
            answers.astype({"gold": bool, "repeat": bool}),
            dict(zip(gold["task"], gold["gold"], strict=True)),
            {worker: _list(text) for worker, text in zip(raw["worker"], raw["jspsych"], strict=True)},
        )


@contextlib.contextmanager
def read_only(file: Path, *, checked: bool = True) -> Iterator[sqlite3.Connection]:
    """``reading_only`` for a while, of a whole ledger of this program's; all that is read is of one moment.

    What SQLite says of another file, or of a damaged one, is a sentence; ``checked=False`` is for who reads a
    line, and leaves the look at the whole to the next one.
    """
    try:
        with contextlib.closing(reading_only(file)) as connection:
            connection.execute("BEGIN")
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if is_empty(file):
                raise RequestError(f"{file} is empty; put back a copy of before.")
            if version != VERSION:
                by = "a later" if version > VERSION else "no, or an earlier,"
                raise RequestError(
                    f"{file} is the ledger of {by} version of this program (its tables are {version}, ours {VERSION}); "
                    "read it with the program that wrote it."
                )
            if checked:
                check(connection, file)
            yield connection
    except sqlite3.DatabaseError as error:
        raise in_words(file, error) from error


def _frame(ledger: sqlite3.Connection, query: str) -> pd.DataFrame:
    found = ledger.execute(query)
    names = [column[0] for column in found.description]
    return pd.DataFrame([tuple(row) for row in found.fetchall()], columns=names)


def _persons(table: pd.DataFrame) -> pd.DataFrame:
    """Persons without their secrets, times as people read them, and what they said about themselves a column each."""
    kept = table[["worker", "state", *(name for name in ("why", "language", "code") if name in table)]].copy()
    for name in TIMES:
        kept[name] = pd.to_datetime(table[name], unit="s", utc=True).dt.strftime(TIME)
    for column, before in (("details", ""), ("about", "about_")):
        said = [_object(text) for text in table[column]]
        for key in dict.fromkeys(key for one in said for key in one):
            name = f"{before}{key}"
            kept[name if name not in kept else f"{column}_{key}"] = [one.get(key) for one in said]
    return kept


def _list(text: str) -> list[Any]:
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("the data of jsPsych of a person are no list")
    return found


def _object(text: str | None) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
