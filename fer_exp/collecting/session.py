"""A person's way through a study, without HTTP: start or go on, answer, say something about oneself, finish.

Each step is a function that the ledger runs in its writing thread; what it returns is on the disk.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from fer_exp.collecting import platforms
from fer_exp.collecting.answered import Refused, about_of, answer_of, query_of, raw_of, text_of
from fer_exp.collecting.deal import Trial, arranged, dealt, golden
from fer_exp.collecting.ledger import Ledger, reading_only
from fer_exp.collecting.opening import Opened, hashed
from fer_exp.collecting.stock import COUNTED
from fer_exp.collecting.study import Study
from fer_exp.collecting.words import chosen_language, described, words

INSERT_TRIALS = (
    "INSERT INTO trials (person, place, token, kind, face, gold, repeat, wanted) SELECT ?, key, "
    + ", ".join(f"json_extract(value, '$[{column}]')" for column in range(6))
    + " FROM json_each(?)"
)
"""All trials of a person by one statement: at each one SQLite gives Python's lock away, and waits to get it back."""

Reply = dict[str, Any]
Clock = Callable[[], float]


class Sessions:
    """Everybody's sessions over one ledger.

    Attributes:
        study: what is asked.
        opened: the faces by the ledger's numbers, what they lack, the salt.
        ledger: where it is kept.
        clock: seconds since 1970; another one lets a test wait half an hour.
    """

    def __init__(self, study: Study, opened: Opened, ledger: Ledger, clock: Clock = time.time) -> None:
        self.study, self.opened, self.ledger, self.clock = study, opened, ledger, clock
        self._queries: dict[str, dict[str, str]] = {}
        known = platforms.PLATFORMS[study.platform.name]
        self._names = (*known.person, *known.details)
        self._look = reading_only(ledger.file)
        ledger.done(opened.stock.load)
        ledger.when_undone(opened.stock.load)

    def start(self, asked: Mapping[str, Any]) -> Future[Reply]:
        """A new session, or the one that a person has."""
        query = query_of(asked, self._names)
        platform = self.study.platform
        if platforms.is_preview(platform, query):
            raise Refused(403, "This is a preview. Accept the task, then it begins.", "preview")
        person = platforms.participant(platform, query) or text_of(asked, "participant")
        if person is None and platform.name != "none":
            called = platforms.PLATFORMS[platform.name].called
            raise Refused(403, f"Please open the study by its link at {called}: your id is missing.", "no_participant")
        resume, language = text_of(asked, "resume"), text_of(asked, "language")
        details = {} if self.study.hash_ids else platforms.details(platform, query)

        def work(connection: sqlite3.Connection) -> Reply:
            now = self.clock()
            self.opened.stock.expire(now)
            worker = None if person is None else self._worker(person)
            by_id, by_token = ("worker", worker), ("token", resume)  # the page has kept the session's token
            row = _person(connection, *(by_token if worker is None else by_id))
            if row is None:
                row = self._admit(connection, worker, language, details, now)
            else:
                row = self._again(connection, row, language, now)
            if row is None:
                return self._full(chosen_language(self.study, language), person, query)
            self._queries[row["token"]] = query
            return self._shown(connection, row, person, query)

        return self.ledger.do(work)

    def answer(self, asked: Mapping[str, Any]) -> Future[Reply]:
        """Keep one answer. The same trial a second time changes nothing and is as good as the first."""
        session, trial = text_of(asked, "session"), text_of(asked, "trial")

        def work(connection: sqlite3.Connection) -> Reply:
            row = connection.execute(
                "SELECT trial, person, kind, face, gold, repeat, wanted, state, persons.token AS session "
                "FROM trials JOIN persons USING (person) WHERE trials.token = ?",
                (trial,),
            ).fetchone()
            if row is None or not hmac.compare_digest(row["session"].encode(), (session or "").encode()):
                raise Refused(404, "There is no such trial in this session.", "unknown")
            answer = answer_of(asked, self.study, row["kind"])
            now = self.clock()
            known = connection.execute("SELECT 1 FROM answers WHERE trial = ?", (row["trial"],)).fetchone()
            if known:
                return {"saved": True, "state": row["state"]}
            connection.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (row["trial"], *answer, now))
            connection.execute("UPDATE persons SET seen = ? WHERE person = ?", (now, row["person"]))
            if row["state"] != "on":  # sent late by one who was screened out
                return {"saved": True, "state": row["state"]}
            if row["kind"] == "face" and not row["repeat"]:
                self.opened.stock.answered(row["person"], row["face"], now)
            why = self._screens(connection, row)
            if why:
                self._screen_out(connection, row["person"], why, now)
            return {"saved": True, "state": "screened_out" if why else "on"}

        return self.ledger.do(work)

    def about(self, asked: Mapping[str, Any]) -> Future[Reply]:
        """Keep what a person says about themself; a second time adds to the first."""
        session, given = text_of(asked, "session"), about_of(asked, self.study)

        def work(connection: sqlite3.Connection) -> Reply:
            row = _of_session(connection, session)
            content = {**json.loads(row["about"] or "{}"), **given}
            connection.execute(
                "UPDATE persons SET about = ?, seen = ? WHERE person = ?",
                (json.dumps(content, ensure_ascii=False), self.clock(), row["person"]),
            )
            return {"saved": True, "state": row["state"]}

        return self.ledger.do(work)

    def finish(self, asked: Mapping[str, Any]) -> Future[Reply]:
        """Keep jsPsych's own data, and say how the person goes back; refused while answers are missing."""
        session, raw, query = text_of(asked, "session"), raw_of(asked), query_of(asked, self._names)

        def work(connection: sqlite3.Connection) -> Reply:
            row = _of_session(connection, session)
            state = row["state"]
            if state == "on":
                missing = connection.execute(
                    "SELECT count(*) FROM trials LEFT JOIN answers USING (trial) WHERE person = ? AND answered IS NULL",
                    (row["person"],),
                ).fetchone()[0]
                if missing:
                    raise Refused(409, f"{missing} answers are still missing.", "missing")
                state = "done"
                self.opened.stock.let_go(row["person"])
                connection.execute(
                    "UPDATE persons SET state = 'done', ended = ? WHERE person = ?", (self.clock(), row["person"])
                )
            if raw is not None:
                connection.execute("INSERT OR REPLACE INTO raw VALUES (?, ?)", (row["person"], raw))
            known = query or self._queries.get(row["token"]) or json.loads(row["details"])
            return {"state": state, **self._goodbye(row, state, None, known)._asdict()}

        return self.ledger.do(work)

    def picture(self, name: str) -> Path | None:
        """The picture of a trial, None where nobody was dealt one of that name."""
        row = self._look.execute("SELECT face FROM trials WHERE token = ?", (name,)).fetchone()
        return None if row is None else self.opened.pictures[row[0]]

    def close(self) -> None:
        """Let go of the ledger's file."""
        self._look.close()

    def _worker(self, person: str) -> str:
        """What the ledger calls a person: the id, or its salted hash."""
        if not self.study.hash_ids:
            return person
        return hashed(self.opened.salt, person)

    def _admit(
        self,
        connection: sqlite3.Connection,
        worker: str | None,
        language: str | None,
        details: Mapping[str, str],
        now: float,
    ) -> sqlite3.Row | None:
        """A new person with a deal; None where no face lacks an answer."""
        number = connection.execute("SELECT coalesce(max(person), 0) + 1 FROM persons").fetchone()[0]
        draw = np.random.default_rng([self.study.seed, number])
        trials = self._dealt(draw)
        if trials is None:
            return None
        order = list(self.study.classes)
        if self.study.order == "shuffled":
            order = [order[place] for place in draw.permutation(len(order))]
        row = {
            "worker": worker or f"p{secrets.token_hex(4)}",
            "token": secrets.token_urlsafe(24),
            "code": secrets.token_hex(4).upper(),
            "language": chosen_language(self.study, language),
            "classes": json.dumps(order),
            "details": json.dumps(dict(details)),
            "started": now,
            "seen": now,
        }
        insert = f"INSERT INTO persons ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
        person = int(connection.execute(insert, tuple(row.values())).lastrowid or 0)
        labels = list(self.study.classes)
        rows = [
            (secrets.token_urlsafe(12), trial.kind, trial.face, int(trial.gold), int(trial.repeat),
             self._wanted(trial, labels, draw))
            for trial in trials
        ]  # fmt: skip
        connection.execute(INSERT_TRIALS, (person, json.dumps(rows)))
        stock, first = self.opened.stock, [trial for trial in trials if trial.kind == "face" and not trial.repeat]
        stock.hold(person, {trial.face for trial in first}, now)
        for trial in first:
            stock.gold_shown[trial.face] += trial.gold
        return _person(connection, "person", person)

    def _dealt(self, draw: np.random.Generator) -> list[Trial] | None:
        """All trials of a new person; None where no face lacks an answer.

        Gold faces are drawn first and count as any face does; the deal fills up what they leave.
        """
        study, opened, stock = self.study, self.opened, self.opened.stock
        lacking, gold = stock.lacking, opened.gold
        known = draw.permutation(opened.gold_faces)
        known = known[np.argsort(lacking[known], kind="stable")]  # what lacks nothing is for practice first
        practice, known = known[: opened.practice], np.sort(known[opened.practice :])
        chosen = golden(stock.gold_shown[known], [str(gold[n]) for n in known], opened.gold_number, draw)
        judged = known[chosen]
        wanted = bool((lacking[judged] > 0).any())
        lacking[practice] = lacking[judged] = 0
        mine = dealt(lacking, opened.strata, study.per_person, draw)
        if not len(mine) and not wanted:
            return None
        faces = [Trial("face", int(face), gold[face] is not None) for face in mine]
        among = [Trial("face", int(face), True) for face in judged]
        first = [Trial("practice", int(face), True) for face in practice]
        shown = [trial.face for trial in (*faces, *among)]
        checks = [shown[int(n)] for n in draw.integers(len(shown), size=study.attention if study.classes else 0)]
        return first + arranged(faces, among, study.repeats, checks, draw)

    def _wanted(self, trial: Trial, labels: Sequence[str], draw: np.random.Generator) -> str | None:
        """What is to be answered, as far as the page may know it."""
        if trial.kind == "practice":
            return self.opened.gold[trial.face]
        return labels[int(draw.integers(len(labels)))] if trial.kind == "attention" else None

    def _again(
        self, connection: sqlite3.Connection, row: sqlite3.Row, language: str | None, now: float
    ) -> sqlite3.Row | None:
        """A person who comes back: goes on, with other faces where those of the deal have been given to others."""
        person = row["person"]
        chosen = chosen_language(self.study, language) if language else row["language"]
        connection.execute("UPDATE persons SET seen = ?, language = ? WHERE person = ?", (now, chosen, person))
        if row["state"] == "on" and not self.opened.stock.holds(person):
            self._hold_again(connection, person, now)
        return _person(connection, "person", person)

    def _hold_again(self, connection: sqlite3.Connection, person: int, now: float) -> None:
        """Keep for a person the faces that still wait for an answer, and others in place of those that have enough."""
        stock = self.opened.stock
        waiting = [each["face"] for each in connection.execute(
            "SELECT face FROM trials LEFT JOIN answers USING (trial) "
            "WHERE person = ? AND kind = 'face' AND repeat = 0 AND answered IS NULL", (person,)
        )]  # fmt: skip
        mine = {each["face"] for each in connection.execute("SELECT face FROM trials WHERE person = ?", (person,))}
        kept = {face for face in waiting if stock.lacking[face] > 0}
        gone = [face for face in waiting if stock.pool[face] and face not in kept]
        stock.hold(person, kept, now)
        lacking = stock.lacking
        lacking[list(mine)] = 0
        draw = np.random.default_rng([self.study.seed, person, int(now)])
        others = dealt(lacking, self.opened.strata, len(gone), draw).tolist()
        for face, other in zip_longest(gone, others):
            self._swap(connection, person, face, other)
        stock.let_go(person)
        stock.hold(person, {*kept, *others}, now)

    def _swap(self, connection: sqlite3.Connection, person: int, face: int, other: int | None) -> None:
        """Give a person another face in the place of one, and of its repeat; None takes it away."""
        rows = connection.execute(
            "SELECT trial FROM trials LEFT JOIN answers USING (trial) "
            "WHERE person = ? AND face = ? AND answered IS NULL",
            (person, face),
        ).fetchall()
        for row in rows:
            if other is None:
                connection.execute("DELETE FROM trials WHERE trial = ?", (row["trial"],))
            else:
                gold = int(self.opened.gold[other] is not None)
                connection.execute(
                    "UPDATE trials SET face = ?, gold = ?, token = ? WHERE trial = ?",
                    (other, gold, secrets.token_urlsafe(12), row["trial"]),
                )

    def _screens(self, connection: sqlite3.Connection, row: sqlite3.Row) -> str | None:
        """Why a person is sent away after an answer, None who stays."""
        study = self.study
        if row["kind"] == "attention" and study.max_missed_attention is not None:
            missed = connection.execute(
                "SELECT count(*) FROM trials JOIN answers USING (trial) "
                "WHERE person = ? AND kind = 'attention' AND label IS NOT wanted",
                (row["person"],),
            ).fetchone()[0]
            return "attention" if missed > study.max_missed_attention else None
        if not row["gold"] or row["kind"] != "face" or row["repeat"] or study.min_gold_accuracy is None:
            return None
        given = connection.execute(
            "SELECT face, label FROM trials JOIN answers USING (trial) "
            "WHERE person = ? AND kind = 'face' AND gold = 1 AND repeat = 0",
            (row["person"],),
        ).fetchall()
        right = sum(self.opened.gold[each["face"]] == each["label"] for each in given)
        few = len(given) < study.enough_gold_answers
        return None if few or right / len(given) >= study.min_gold_accuracy else "gold"

    def _screen_out(self, connection: sqlite3.Connection, person: int, why: str, now: float) -> None:
        counted = connection.execute(
            f"SELECT face FROM answers JOIN trials USING (trial) JOIN persons USING (person) "
            f"WHERE person = ? AND {COUNTED}",
            (person,),
        ).fetchall()
        connection.execute(
            "UPDATE persons SET state = 'screened_out', why = ?, ended = ? WHERE person = ?", (why, now, person)
        )
        self.opened.stock.withdraw(person, [each["face"] for each in counted])

    def _shown(
        self, connection: sqlite3.Connection, row: sqlite3.Row, person: str | None, query: Mapping[str, str]
    ) -> Reply:
        """What the page gets of a session."""
        trials = connection.execute(
            "SELECT token, kind, wanted, answered FROM trials LEFT JOIN answers USING (trial) "
            "WHERE person = ? ORDER BY place",
            (row["person"],),
        ).fetchall()
        going_on = row["state"] == "on"
        back = platforms.Goodbye() if going_on else self._goodbye(row, row["state"], person, query)
        reply = self._reply(row["token"], row["state"], row["language"], json.loads(row["classes"]), back)
        return reply | {
            "trials": [_trial(each) for each in trials] if going_on else [],
            "answered": [each["token"] for each in trials if each["answered"] is not None],
        }

    def _full(self, language: str, person: str | None, query: Mapping[str, str]) -> Reply:
        """What the page gets where no face lacks an answer."""
        back = platforms.goodbye(self.study.platform, "full", "", person, query)
        return self._reply(None, "full", language, list(self.study.classes), back)

    def _reply(
        self, session: str | None, state: str, language: str, order: list[str], back: platforms.Goodbye
    ) -> Reply:
        """What the page gets at the start, before anything is dealt; ``order`` is that of the classes."""
        study = described(self.study, language, order)
        begun = {"session": session, "language": language, "words": words(language), "study": study}
        return {**begun, "trials": [], "answered": [], "state": state, **back._asdict()}

    def _goodbye(self, row: sqlite3.Row, state: str, person: str | None, query: Mapping[str, str]) -> platforms.Goodbye:
        person = person or platforms.participant(self.study.platform, query)
        person = person or (None if self.study.hash_ids else row["worker"])
        return platforms.goodbye(self.study.platform, state, row["code"], person, query)


def _person(connection: sqlite3.Connection, column: str, value: str | int | None) -> sqlite3.Row | None:
    """The person's row by worker, token or number; None where there is none."""
    row: sqlite3.Row | None = connection.execute(f"SELECT * FROM persons WHERE {column} = ?", (value,)).fetchone()
    return row


def _of_session(connection: sqlite3.Connection, session: str | None) -> sqlite3.Row:
    """The row of the person whose session it is; raises Refused where there is none."""
    if (row := _person(connection, "token", session)) is None:
        raise Refused(404, "There is no such session.", "unknown")
    return row


def _trial(row: sqlite3.Row) -> Reply:
    """A trial as the page sees it; its picture is called by the trial, so that no two have one name."""
    shown = {"trial": row["token"], "kind": row["kind"], "picture": f"picture/{row['token']}"}
    return shown if row["wanted"] is None else {**shown, "wanted": row["wanted"]}
