"""Drawn faces without expressions: any action units in any mixture, and what each face was drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.config import DatasetConfig
from fer_exp.datasets.corpus import Corpus, Faces, faces_table
from fer_exp.datasets.synthetic import features
from fer_exp.datasets.synthetic.drawing import draw_face
from fer_exp.datasets.synthetic.expressions import ACTION_UNITS
from fer_exp.datasets.synthetic.pen import Marker
from fer_exp.datasets.synthetic.people import Person, View, draw_person, draw_view
from fer_exp.system import cores

VERSION = 1
"""Part of the content key; raise it when the same seed gives other faces."""
ACTIVE = 0.25
"""Chance of each action unit to be seen."""
HELD_OUT = 20
"""One of so many faces is validation."""
PIECE = 256
POOLED = 4 * PIECE
"""From so many faces on every core draws: starting the processes takes a second or two."""
MOST = 61
"""Processes at once: for more Windows cannot wait."""
SIDED = ("R12", "R14")
"""Units of one side; their sign says which."""


class _Drawn(NamedTuple):
    person: Person
    view: View
    actions: dict[str, float]
    side: int


class DrawnFaces(Corpus):
    """As many faces as wanted, each of another person, to learn what moves in a face; no expression is posed.

    The built-in faces that a classifier is trained on pose the prototypes of emotions, and their action units would
    give those away. Here each unit is drawn on its own. Behind the usual columns stand those of ``target_names``.
    """

    name = "drawn"
    title = "drawn faces without expressions"
    citation = "Built into fer-exp: faces drawn from FACS action units (Ekman and Friesen 1978)."
    licence = "MIT"
    withheld = ""
    access = "Built in; nothing to get."

    def __init__(self, faces: int, seed: int) -> None:
        self.faces, self.seed = faces, seed

    @classmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """As many faces as ``dataset.faces`` says."""
        return cls(config.faces, config.seed)

    def files(self) -> list[Path]:
        """None."""
        return []

    def recipe(self) -> str:
        """Version, number and seed."""
        return f"drawn {VERSION}, {self.faces} faces, seed {self.seed}"

    def read(self) -> Faces:
        """The faces, one in twenty of them validation, and what each was drawn from; no label."""
        known = np.concatenate(list(self._in_pieces(partial(_targets, self.seed))))
        columns = dict(zip(target_names(), known.T.astype(np.float32), strict=True))
        split = ["val" if i % HELD_OUT == 0 else "train" for i in range(self.faces)]
        return Faces(faces_table(self.name, [f"d{i:07d}" for i in range(self.faces)], split=split, **columns))

    def pixels(self, size: int) -> Iterator[NDArray[np.uint8]]:
        """Each face drawn, in pieces."""
        yield from self._in_pieces(partial(_pictures, self.seed, size))

    def _in_pieces(self, work: Callable[[range], NDArray[Any]]) -> Iterator[NDArray[Any]]:
        pieces = [range(start, min(start + PIECE, self.faces)) for start in range(0, self.faces, PIECE)]
        if self.faces < POOLED or (workers := min(cores(), MOST)) < 2:
            yield from map(work, pieces)
            return
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            yield from pool.map(work, pieces)


def target_names() -> list[str]:
    """Columns of what a face is drawn from: ``unit_AU1`` ..., ``x_0``, ``y_0`` ..., ``pose_yaw`` ..., ``light_x`` ...

    Units from 0 to 1 (those of one side with its sign), landmarks as shares of the picture, angles in radians, light as
    in ``View``.
    """
    points = len(_marks(_draw(0, 0)))
    return [
        *(f"unit_{unit}" for unit in ACTION_UNITS),
        *(f"{axis}_{k}" for k in range(points) for axis in "xy"),
        *("pose_yaw", "pose_pitch", "pose_roll"),
        *("light_x", "light_y", "light_brightness", "light_contrast"),
    ]


def draw_actions(rng: np.random.Generator) -> dict[str, float]:
    """Each action unit on its own: absent three times out of four, else of any intensity up to 1."""
    active = rng.random(len(ACTION_UNITS)) < ACTIVE
    return dict(zip(ACTION_UNITS, (active * rng.uniform(0.1, 1.0, len(ACTION_UNITS))).tolist(), strict=True))


def _draw(seed: int, index: int) -> _Drawn:
    rng = np.random.default_rng([seed, 11, index])
    return _Drawn(draw_person(rng), draw_view(rng), draw_actions(rng), int(rng.choice((-1, 1))))


def _pictures(seed: int, size: int, faces: range) -> NDArray[np.uint8]:
    return np.stack([draw_face(*_draw(seed, i), size, (seed, 12, i)) for i in faces])


def _targets(seed: int, faces: range) -> NDArray[np.float64]:
    rows = []
    for face in (_draw(seed, i) for i in faces):
        units = [level * (face.side if unit in SIDED else 1) for unit, level in face.actions.items()]
        view = face.view
        light = (*view.light, view.brightness, view.contrast)
        rows.append([*units, *np.ravel(_marks(face)), view.yaw, view.pitch, view.roll, *light])
    return np.array(rows)


def _marks(face: _Drawn) -> list[tuple[float, float]]:
    pen = Marker(face.person, face.view)
    features.draw_head(pen)
    for eye in (-1, 1):
        features.draw_eye(pen, face.actions, eye)
        features.draw_brow(pen, face.actions, eye)
    features.draw_nose(pen, face.actions)
    features.draw_mouth(pen, face.actions, face.side)
    return pen.marks
