"""The built-in faces: drawn people with known expressions, and simulated raters whose true answers are known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import DatasetConfig
from fer_exp.datasets.classes import count_as_unknown
from fer_exp.datasets.corpus import Corpus, Faces, faces_table
from fer_exp.datasets.synthetic import raters as people_who_rate
from fer_exp.datasets.synthetic.drawing import draw_face
from fer_exp.datasets.synthetic.expressions import Expression, affect, pose, visible
from fer_exp.datasets.synthetic.people import Person, View, draw_person, draw_view
from fer_exp.datasets.synthetic.raters import PANEL, Raters
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES, OTHER_ANSWERS

VERSION = 2
"""Part of the content key; raise it when the same seed gives other faces or votes."""
PER_SUBJECT = 12
TEST_SHARE = 0.25
FEWEST = 48
PIECE = 256
RATING_NOISE = 0.18  # standard deviation of one rater's valence or arousal around their own mean


class _Sitting(NamedTuple):
    person: Person
    view: View
    expression: Expression


class Synthetic(Corpus):
    """Faces drawn from action units, twelve of each person, in seven expressions, or eight with contempt.

    The label is the posed class, the votes are what simulated raters saw in it.
    """

    name = "synthetic"
    voted = True
    title = "the built-in faces"
    citation = "Built into fer-exp: faces drawn from FACS action units (Ekman and Friesen 1978) after EMFACS (1983)."
    licence = "MIT"
    withheld = ""
    pictured = "faces drawn from action units, no photographs: nobody is pictured"
    access = "Built in; nothing to get."

    def __init__(self, faces: int, classes: tuple[str, ...], seed: int) -> None:
        if faces < FEWEST:
            raise RequestError(f"dataset.faces is {faces}; give at least {FEWEST}, so that every split has persons.")
        self.faces, self.classes, self.seed = faces, classes, seed
        self.posed = CLASSES[: 8 if "contempt" in classes else 7]

    @classmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """As many faces as ``dataset.faces`` says."""
        return cls(config.faces, classes, config.seed)

    def files(self) -> list[Path]:
        """None."""
        return []

    def recipe(self) -> str:
        """Version, number and seed."""
        return f"synthetic {VERSION}, {self.faces} faces, seed {self.seed}"

    def read(self) -> Faces:
        """The faces and what the raters said of them; a quarter of the persons are test."""
        order = np.random.default_rng([self.seed, 1]).permutation(self._persons)
        tests = set(order[: max(1, round(TEST_SHARE * self._persons))].tolist())
        rated = self.ratings().groupby("task", sort=False)[["valence", "arousal"]].mean()
        subjects = [i // PER_SUBJECT for i in range(self.faces)]
        table = faces_table(
            self.name,
            self._ids,
            split=["test" if subject in tests else "train" for subject in subjects],
            subject=[f"s{subject:04d}" for subject in subjects],
            label=[sitting.expression.label for sitting in self._sittings],
            valence=rated["valence"].to_numpy(),
            arousal=rated["arousal"].to_numpy(),
        )
        counts = {name: (self._votes == k).sum(axis=1) for k, name in enumerate((*self.posed, *OTHER_ANSWERS))}
        votes, notes = count_as_unknown(pd.DataFrame(counts), self.classes)
        votes.insert(0, "face", self._ids)
        return Faces(table, votes, notes)

    def pixels(self, size: int) -> Iterator[NDArray[np.uint8]]:
        """Each face drawn, in pieces."""
        for start in range(0, self.faces, PIECE):
            yield np.stack([self.picture(i, size) for i in range(start, min(start + PIECE, self.faces))])

    def picture(self, index: int, size: int) -> NDArray[np.uint8]:
        """One face drawn, shape (size, size, 3)."""
        person, view, shown = self._sittings[index]
        return draw_face(person, view, shown.actions, shown.side, size, (self.seed, 5, index))

    def truth(self) -> pd.DataFrame:
        """``face`` and, per class, its share of the expressions that the whole pool would name; rows sum to 1."""
        return pd.DataFrame({"face": self._ids, **dict(zip(self.posed, self._chances.mean(axis=0).T, strict=True))})

    def ratings(self) -> pd.DataFrame:
        """Every answer: ``task`` (the face), ``worker``, ``label``, ``valence``, ``arousal`` (-1..1)."""
        rng = np.random.default_rng([self.seed, 3])
        felt = affect(self._activation, self.posed)[:, None, :] * self._clarity[:, None, None]
        rating = felt + self._raters.shift[self._seats] + rng.normal(0.0, RATING_NOISE, (self.faces, PANEL, 2))
        blind = self._raters.skill[self._seats] == 0
        rating[blind] = rng.uniform(-1, 1, (int(blind.sum()), 2))
        rating = np.clip(rating, -1, 1).round(2)
        ours = (name if name in self.classes else "unknown" for name in self.posed)
        names = np.array([*ours, *OTHER_ANSWERS], dtype=object)
        return pd.DataFrame(
            {
                "task": np.repeat(self._ids, PANEL),
                "worker": [f"w{seat:02d}" for seat in self._seats.ravel().tolist()],
                "label": names[self._votes.ravel()],
                "valence": rating[:, :, 0].ravel(),
                "arousal": rating[:, :, 1].ravel(),
            }
        )

    def workers(self) -> pd.DataFrame:
        """The truth about the raters: ``worker``, ``skill`` and ``confusion``, as of ``Raters``."""
        names = [f"w{number:02d}" for number in range(people_who_rate.POOL)]
        return pd.DataFrame({"worker": names, "skill": self._raters.skill, "confusion": self._raters.confusion})

    @property
    def _persons(self) -> int:
        return -(-self.faces // PER_SUBJECT)

    @cached_property
    def _ids(self) -> list[str]:
        return [f"s{i // PER_SUBJECT:04d}-{i % PER_SUBJECT:02d}" for i in range(self.faces)]

    @cached_property
    def _sittings(self) -> list[_Sitting]:
        """What each picture is drawn from. A face has its own random stream, whatever the number of faces."""
        persons = [draw_person(np.random.default_rng([self.seed, 0, number])) for number in range(self._persons)]
        streams = [np.random.default_rng([self.seed, 2, i]) for i in range(self.faces)]
        return [
            _Sitting(persons[i // PER_SUBJECT], draw_view(rng), pose(rng, self.posed)) for i, rng in enumerate(streams)
        ]

    @cached_property
    def _activation(self) -> NDArray[np.float64]:
        return np.stack([sitting.expression.activation for sitting in self._sittings])

    @cached_property
    def _clarity(self) -> NDArray[np.float64]:
        return np.array([sitting.view.clarity for sitting in self._sittings])

    @cached_property
    def _raters(self) -> Raters:
        return people_who_rate.draw_raters(np.random.default_rng([self.seed, 4]), self.posed)

    @cached_property
    def _chances(self) -> NDArray[np.float64]:
        seen = np.stack([visible(sitting.view.cover, self.posed) for sitting in self._sittings])
        return people_who_rate.answers(self._raters, self._activation, seen, self._clarity, self.posed)

    @cached_property
    def _seats(self) -> NDArray[np.int64]:
        return people_who_rate.panel(np.random.default_rng([self.seed, 6]), self.faces)

    @cached_property
    def _votes(self) -> NDArray[np.int64]:
        return people_who_rate.vote(np.random.default_rng([self.seed, 7]), self._chances, self._seats, self._clarity)
