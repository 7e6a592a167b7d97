"""What each face has and lacks: answers in the ledger, and deals that are kept for people who are at it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from fer_exp.collecting.study import Study

COUNTED = "kind = 'face' AND repeat = 0 AND state != 'screened_out'"
"""Answers that count for a face, gold ones among them."""


class Stock:
    """Counts in memory, by the ledger's numbers of faces; the writing thread alone touches them.

    Attributes:
        pool: whether a face is one of those that get ``per_face`` answers, (F,).
        have: answers of each face by people who were not screened out, (F,).
        held: deals of each face that are kept for somebody, (F,).
        gold_shown: how often each face was dealt as gold, (F,).
    """

    def __init__(self, study: Study, pool: NDArray[np.bool_]) -> None:
        self.study, self.pool = study, pool
        self.have, self.held, self.gold_shown = (np.zeros(len(pool), np.int64) for _ in range(3))
        self._deals: dict[int, tuple[float, set[int]]] = {}

    def load(self, connection: sqlite3.Connection) -> None:
        """Count anew what the ledger says."""
        for counts in (self.have, self.held, self.gold_shown):
            counts[:] = 0
        self._deals.clear()
        rows = connection.execute(
            f"SELECT face, count(*) FROM answers JOIN trials USING (trial) JOIN persons USING (person) "
            f"WHERE {COUNTED} GROUP BY face"
        )
        for face, number in rows:
            self.have[face] = number
        rows = connection.execute(
            "SELECT face, count(*) FROM trials WHERE gold = 1 AND kind = 'face' AND repeat = 0 GROUP BY face"
        )
        for face, number in rows:
            self.gold_shown[face] = number
        waiting: dict[int, tuple[float, set[int]]] = {}
        rows = connection.execute(
            "SELECT person, seen, face FROM trials JOIN persons USING (person) LEFT JOIN answers USING (trial) "
            "WHERE state = 'on' AND kind = 'face' AND repeat = 0 AND answered IS NULL"
        )
        for person, seen, face in rows:
            if self.pool[face]:
                waiting.setdefault(person, (seen, set()))[1].add(face)
        for person, (seen, faces) in waiting.items():
            self.hold(person, faces, seen)

    @property
    def lacking(self) -> NDArray[np.int64]:
        """Answers that each face lacks, deals that are kept counted as answers; 0 of what is dealt no more."""
        return np.where(self.pool, self.study.per_face - self.have - self.held, 0)

    def hold(self, person: int, faces: Iterable[int], now: float) -> None:
        """Keep faces for a person."""
        mine = {face for face in faces if self.pool[face]}
        self._deals[person] = (now, mine)
        self.held[list(mine)] += 1

    def holds(self, person: int) -> bool:
        """Whether faces are still kept for a person."""
        return person in self._deals

    def let_go(self, person: int) -> None:
        """Keep nothing for a person any more."""
        _, mine = self._deals.pop(person, (0.0, set()))
        self.held[list(mine)] -= 1

    def expire(self, now: float) -> None:
        """Let go of what is kept for people who were not seen for as long as the study says."""
        for person in [person for person, (seen, _) in self._deals.items() if now - seen > 60 * self.study.minutes]:
            self.let_go(person)

    def answered(self, person: int, face: int, now: float) -> None:
        """Count an answer to a face of the pool."""
        if person in self._deals:
            _, mine = self._deals[person]
            if face in mine:
                mine.discard(face)
                self.held[face] -= 1
            self._deals[person] = (now, mine)
        if self.pool[face]:
            self.have[face] += 1

    def withdraw(self, person: int, faces: Iterable[int]) -> None:
        """Count a person's answers no longer."""
        self.let_go(person)
        for face in faces:
            if self.pool[face]:
                self.have[face] -= 1
