"""A study's folder: its ledger, held by one server; begun, or gone on with by the study that it was begun with."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_exp.collecting import FILES
from fer_exp.collecting.faces import Faces
from fer_exp.collecting.ledger import Ledger, is_empty
from fer_exp.collecting.stock import Stock
from fer_exp.collecting.study import ASKED, Study
from fer_exp.digests import of_text
from fer_exp.errors import RequestError, RunError
from fer_exp.files import locked, or_near, whole
from fer_exp.progress import say
from fer_exp.regular import read_whole, reading
from fer_exp.troubles import in_words

LEDGER = "ledger.sqlite"
SALT = "salt"
TOKEN = "token"
LOCK = ".lock"
SECRET = re.compile(r"[A-Za-z0-9_-]{32,}")
"""What a salt or a token is; a token stands in an address."""
LARGEST_SECRET = 1 << 10


@dataclass(frozen=True)
class Opened:
    """Faces by the ledger's numbers, F in all; those of before that are no more among the pictures have no picture.

    Attributes:
        pictures: the file of each for the screen, None of one that is no more dealt.
        gold: the known answer of each.
        gold_faces: numbers of those with one.
        strata: what each is balanced by.
        stock: what each has and lacks.
        practice, gold_number: how many of gold_faces a person meets for practice, and among the others.
        salt: of hashed ids.
    """

    pictures: tuple[Path | None, ...]
    gold: tuple[str | None, ...]
    gold_faces: NDArray[np.int64]
    strata: NDArray[np.int64]
    stock: Stock
    practice: int
    gold_number: int
    salt: bytes


@contextlib.contextmanager
def held(folder: Path) -> Iterator[Ledger]:
    """The ledger of a folder, which no other server has meanwhile.

    Raises:
        RequestError: another one has it, it is damaged, or it is gone and left what only a study leaves.
        RunError: the folder cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(0o700, parents=True, exist_ok=True)  # people's answers are nobody else's
            stack.enter_context(locked(folder / LOCK))
        except BlockingIOError:
            raise RequestError(
                f"{folder} is served already, by another fer-exp rate; stop that one, or set output= to another folder."
            ) from None
        except OSError as error:
            raise RunError(
                f"{folder} cannot be written: {in_words(error, folder)}; set output= to a folder of yours."
            ) from error
        _check_kept(folder)
        with contextlib.suppress(OSError):  # said by who opens it
            (folder / LEDGER).touch(0o600)
        ledger = Ledger(folder / LEDGER)
        stack.callback(ledger.close)
        yield ledger


def begun(
    ledger: Ledger, study: Study, faces: Faces, files: list[Path], gold: tuple[int, int], *, changed: bool = False
) -> Opened:
    """Write a study and its faces into a new ledger, or see that one was begun with them.

    Args:
        ledger: of the folder.
        study: what is asked.
        faces: that can be shown.
        files: their pictures.
        gold: how many faces with known answers a person meets: for practice, and among the others.
        changed: whether to go on with a study that is not as it was.

    Raises:
        RequestError: it was begun with another study, other pictures or another salt, with the way out.
        RunError: the ledger is damaged, or its disk takes nothing.
    """

    def work(connection: sqlite3.Connection) -> tuple[list[str], str, list[str]]:
        known, notes = _written(connection, study, faces, changed, ledger.file)
        salt, more = _salted(connection, study, ledger.file, changed)
        return known, salt, [*notes, *more]

    known, salt, notes = ledger.done(work)
    for note in notes:
        say(note)
    return _numbered(known, study, faces, files, gold, salt.encode())


def _numbered(
    known: list[str], study: Study, faces: Faces, files: list[Path], gold: tuple[int, int], salt: bytes
) -> Opened:
    """Faces by the ledger's numbers, those of ``known`` in turn; the others as ``begun`` and ``Opened`` have them."""
    place = {task: number for number, task in enumerate(known)}
    rows = [place[task] for task in faces.tasks]
    pictures: list[Path | None] = [None] * len(known)
    answers: list[str | None] = [None] * len(known)
    strata = np.zeros(len(known), np.int64)
    strata[rows] = faces.strata
    used = np.zeros(len(known), bool)
    used[rows] = True
    for row, file, answer in zip(rows, files, faces.gold, strict=True):
        pictures[row], answers[row] = file, answer
    golden = np.array([answer is not None for answer in answers], bool)
    return Opened(
        tuple(pictures),
        tuple(answers),
        np.flatnonzero(golden),
        strata,
        Stock(study, used),
        *gold,
        salt,
    )


def hashed(salt: bytes, person: str) -> str:
    """What a study that hashes ids calls a person."""
    return hmac.new(salt, person.encode(), hashlib.sha256).hexdigest()[:20]


def experimenter_token(folder: Path) -> str:
    """The token of the experimenter's page, made at the first start and kept beside the ledger."""
    return _kept_secret(folder / TOKEN)


def _check_kept(folder: Path) -> None:
    """See that a folder without a ledger is none of a study that has lost it, whose tables those of a new one replace.

    Raises:
        RequestError: it has a study's tables, salt or token, or a link in the ledger's place that leads nowhere.
    """
    file = folder / LEDGER
    there = os.path.lexists(file)
    if there and not file.exists():
        raise RequestError(f"{file}{or_near(file)}")
    if there and not is_empty(file):
        return
    beside = [] if there and file.stat().st_size else [f"{LEDGER}-wal"]  # the log of one that is gone
    left = [name for name in (*FILES, SALT, TOKEN, *beside) if os.path.lexists(folder / name)]
    if left:
        raise RequestError(
            f"{folder} holds {left[0]} of a study whose ledger, {LEDGER}, is {'empty' if there else 'gone'}; put back "
            "a copy of it, or set output= to another folder. Nothing was changed."
        )


def secret(file: Path) -> str:
    """The secret in a file, as ``_kept_secret`` has written it.

    Raises:
        RequestError: it is damaged: empty, say, as a full disk leaves a file.
    """
    way_out = "put back a copy of before, or remove it, then the next start makes a new one"
    with reading(file, way_out=way_out):
        text = read_whole(file, LARGEST_SECRET).decode("ascii").strip()
    if not SECRET.fullmatch(text):
        what = "cut short or changed, as 32 letters, digits, - and _ were written" if text else "empty"
        raise RequestError(f"{file} is {what}; {way_out}.")
    return text


def _kept_secret(file: Path) -> str:
    """A secret in a file that its owner alone can read; made where there is none, whole and on the disk.

    Raises:
        RequestError: as ``secret``.
        RunError: it cannot be written.
    """
    if not os.path.lexists(file):
        with whole(file) as aside:
            aside.touch(0o600)
            aside.write_text(f"{secrets.token_urlsafe(24)}\n", encoding="ascii")
            with aside.open("rb+") as stream:
                os.fsync(stream.fileno())  # what is hashed with it is on the disk, too
    return secret(file)


def _salted(connection: sqlite3.Connection, study: Study, file: Path, changed: bool) -> tuple[str, list[str]]:
    """The salt of hashed ids, and what is to be said; one by which nobody is known is no matter, and made anew.

    The ledger keeps its digest, by which another one is noticed.
    """
    salt, notes = file.parent / SALT, []
    stored = connection.execute("SELECT value FROM about WHERE key = 'salt'").fetchone()
    hashed_ids = connection.execute("SELECT count(*) FROM persons").fetchone()[0] if study.hash_ids else 0
    lost = not os.path.lexists(salt)
    if hashed_ids and (lost or (stored is not None and stored[0] != of_text(secret(salt)))):
        what = f"{salt} {'is gone' if lost else 'is another one'}, by which {hashed_ids:,} people's ids were hashed"
        if not changed:
            raise RequestError(
                f"{what}: who comes back would count twice. Put back the one of before, or write changed=true to go on "
                "so; then nobody can be found by the platform's id any more."
            )
        notes.append(f"{what}: who comes back is a new person")
    found = _kept_secret(salt)
    connection.execute("INSERT OR REPLACE INTO about VALUES ('salt', ?)", (of_text(found),))
    return found, notes


def _written(
    connection: sqlite3.Connection, study: Study, faces: Faces, changed: bool, file: Path
) -> tuple[list[str], list[str]]:
    """The tasks by number, and what is to be said."""
    stored = connection.execute("SELECT value FROM about WHERE key = 'study'").fetchone()
    notes: list[str] = []
    if stored is not None and (differing := _differing(json.loads(stored[0]), study.content)):
        _refuse(differing, changed, file, connection)
        notes.append(f"{file.parent}: the study has changed, for people who come from now on: {_said(differing)}")
    known = [row["task"] for row in connection.execute("SELECT task FROM faces ORDER BY face")]
    added = [n for n, task in enumerate(faces.tasks) if task not in set(known)]
    gone = set(known) - set(faces.tasks)
    if known and (added or gone):
        if not changed:
            raise RequestError(
                f"{file.parent} was begun with {len(known):,} pictures; of these {len(gone):,} are gone, and "
                f"{len(added):,} are new. changed=true goes on with those that are there, output=FOLDER begins anew."
            )
        notes.append(f"{file.parent}: {len(added):,} pictures are new, {len(gone):,} are gone and shown to nobody")
    connection.execute("INSERT OR REPLACE INTO about VALUES ('study', ?)", (json.dumps(study.content),))
    connection.execute("INSERT OR IGNORE INTO about VALUES ('pictures', ?)", (faces.name,))
    connection.executemany(
        "INSERT INTO faces (face, task) VALUES (?, ?)",
        [(number, faces.tasks[n]) for number, n in enumerate(added, len(known))],
    )
    connection.execute("UPDATE faces SET used = 0")
    groups = [{name: values[n] for name, values in faces.groups.items()} for n in range(len(faces))]
    connection.executemany(
        "UPDATE faces SET used = 1, gold = ?, label = ?, groups = ? WHERE task = ?",
        [
            (*row[:2], json.dumps(row[2]), row[3])
            for row in zip(faces.gold, faces.labels, groups, faces.tasks, strict=True)
        ],
    )
    return [*known, *(faces.tasks[n] for n in added)], notes


def _differing(before: dict[str, Any], now: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Key -> what it was and is, of keys that differ; one that an older program did not know counts as its default."""
    default = Study().content
    pairs = {key: (before.get(key, default.get(key)), now.get(key)) for key in (*now, *before)}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _refuse(differing: dict[str, tuple[Any, Any]], changed: bool, file: Path, connection: sqlite3.Connection) -> None:
    number = connection.execute("SELECT count(*) FROM answers").fetchone()[0]
    other = {key: pair for key, pair in differing.items() if key in ASKED}
    if other and number:
        raise RequestError(
            f"{file.parent} holds {number:,} answers to another study ({_said(other)}), which cannot be mixed with "
            "these; set output= to a new folder."
        )
    if not changed:
        raise RequestError(
            f"{file.parent} was begun with another study ({_said(differing)}) and holds {number:,} answers. Set "
            "output= to a new folder, or write changed=true to go on with it so for people who come from now on."
        )


def _said(differing: dict[str, tuple[Any, Any]]) -> str:
    """Changed keys in words, with values where these are short."""

    def short(value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return text if len(text) <= 40 else f"{text[:39]}…"

    return "; ".join(
        "platform differs" if key == "platform" else f"{key} was {short(was)}, is {short(now)}"
        for key, (was, now) in differing.items()
    )
