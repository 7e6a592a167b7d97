"""Drawn faces without expressions: what is said of a face is where it is drawn."""

import numpy as np
import pytest

from fer_exp.datasets.synthetic.drawing import draw_face
from fer_exp.datasets.synthetic.expressions import ACTION_UNITS
from fer_exp.datasets.synthetic.features import INSIDE, TEETH
from fer_exp.datasets.synthetic.people import View, draw_person
from fer_exp.pretraining.drawn_faces import DrawnFaces, _Drawn, _marks, draw_actions, target_names

CALM = dict.fromkeys(ACTION_UNITS, 0.0)


def test_landmarks_lie_where_the_face_is_drawn():
    person = draw_person(np.random.default_rng(4))
    for view in (View(), View(yaw=0.3, pitch=-0.1, roll=0.2, shift=(0.1, -0.05))):
        face = _Drawn(person, view, CALM | {"AU25": 1.0, "AU27": 1.0}, 1)
        picture = draw_face(*face, 256, (0,)).astype(float)
        (x, y), (low_x, low_y) = np.array(_marks(face))[-2:] * 256  # the lips' inner edges
        inside = picture[round(y + 0.7 * (low_y - y)), round(x + 0.7 * (low_x - x))]
        assert np.abs(inside - INSIDE).max() < 25 or np.abs(inside - TEETH).max() < 25


def test_a_turned_head_moves_every_landmark_as_its_pixels():
    face = _Drawn(draw_person(np.random.default_rng(0)), View(), CALM, 1)
    moved = face._replace(view=View(shift=(0.1, -0.2)))
    assert np.allclose(np.subtract(_marks(moved), _marks(face)), (0.05, -0.1))  # half pictures to pictures


def test_the_table_has_what_faces_were_drawn_from_and_no_label():
    corpus = DrawnFaces(60, 3)
    table = corpus.read().table
    names = target_names()
    assert list(table.columns[7:]) == names
    assert table["label"].isna().all()
    assert set(table["split"]) == {"train", "val"}
    points = table[[name for name in names if name[0] in "xy"]].to_numpy()
    assert ((points > -0.5) & (points < 1.5)).all()
    assert (np.concatenate(list(corpus.pixels(16))) == np.concatenate(list(DrawnFaces(70, 3).pixels(16)))[:60]).all()


def test_action_units_are_drawn_apart_from_each_other():
    rng = np.random.default_rng(0)
    levels = np.array([list(draw_actions(rng).values()) for _ in range(4000)])
    assert (levels > 0).mean(axis=0) == pytest.approx(0.25, abs=0.03)
    correlation = np.corrcoef(levels.T) - np.eye(len(ACTION_UNITS))
    assert np.abs(correlation).max() < 0.07  # 4.4 standard errors
