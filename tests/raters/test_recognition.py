"""Recognition of emotions by people: intervals against leaving out one by one, and what is undefined."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from fer_exp.answers import Answers, Votes
from fer_exp.metrics import recognition as figures
from fer_exp.raters.recognition import recognition

FACES, RATERS, CLASSES = 24, 6, 3


@pytest.fixture
def answers():
    """Six raters of 24 faces, gaps among them, one face with a single answer, unequal numbers of each emotion."""
    rng = np.random.default_rng(1)
    truth = rng.permutation(np.repeat([0, 1, 2], [10, 8, 6])).astype(np.int32)
    there = rng.random((FACES, RATERS)) < 0.7
    there[0] = [True] + [False] * 5
    task, worker = (codes.astype(np.int32) for codes in np.nonzero(there))
    label = np.where(rng.random(len(task)) < 0.6, truth[task], rng.integers(0, CLASSES, len(task))).astype(np.int32)
    names = (np.arange(n).astype(str).astype(object) for n in (FACES, RATERS))
    return Answers(*names, ("anger", "fear", "joy"), task, worker, label), truth


def by_hand(data, truth):
    """Hu and d' of the first emotion, face by face: each face's answers are one, shared among its raters."""
    hits = shown = answered = total = 0.0
    for face in range(FACES):
        said = data.label[data.task == face]
        if len(said):
            hits += (truth[face] == 0) * (said == 0).mean()
            shown, answered, total = shown + (truth[face] == 0), answered + (said == 0).mean(), total + 1
    rates = (hits + 0.5) / (shown + 1), (answered - hits + 0.5) / (total - shown + 1)
    return hits**2 / (shown * answered), np.subtract(*stats.norm.ppf(rates))


def test_values_and_intervals_are_those_of_leaving_out_one_by_one(answers):
    data, truth = answers
    found = recognition(data, truth).emotions.set_index(["class", "measure"])
    full = np.array(by_hand(data, truth))
    assert found.loc["anger"].loc[["hu", "d_prime"], "value"].to_numpy() == pytest.approx(full)

    def variance(codes, number):
        left = np.array([by_hand(data.select(codes != one), truth) for one in range(number)])
        left[:, 0] = np.arcsin(np.sqrt(left[:, 0]))
        return (number - 1) * left.var(axis=0)

    faces, raters = variance(data.task, FACES), variance(data.worker, RATERS)
    freedom = (faces + raters) ** 2 / (faces**2 / 9 + raters**2 / 5)
    for over, spread, df in (("", faces, 9), ("_raters", faces + raters, freedom)):
        half = stats.t.ppf(0.975, df) * np.sqrt(spread)
        hu, d_prime = found.loc[("anger", "hu")], found.loc[("anger", "d_prime")]
        centre = np.arcsin(np.sqrt(full[0]))
        ends = np.sin([centre - half[0], centre + half[0]]) ** 2
        assert hu[[f"low{over}", f"high{over}"]].to_numpy(float) == pytest.approx(ends)
        assert d_prime[[f"low{over}", f"high{over}"]].to_numpy(float) == pytest.approx(
            [full[1] - half[1], full[1] + half[1]]
        )


def test_where_emotions_are_shown_equally_often_their_numbers_are_fixed(answers):
    data, _ = answers
    truth = np.repeat([0, 1, 2], 8).astype(np.int32)
    found = recognition(data, truth).emotions.set_index(["class", "measure"]).loc[("anger", "hu")]
    left = np.arcsin(np.sqrt([by_hand(data.select(data.task != face), truth)[0] for face in range(FACES)]))
    spread = sum(7 / 8 * ((part - part.mean()) ** 2).sum() for part in left.reshape(3, 8))
    half = stats.t.ppf(0.975, 7) * np.sqrt(spread)
    assert np.arcsin(np.sqrt(found["high"])) - np.arcsin(np.sqrt(found["value"])) == pytest.approx(half)


def test_votes_have_the_same_values_and_no_raters(answers):
    data, truth = answers
    votes = Votes(data.tasks, data.classes, data.counts())
    with_raters, without = recognition(data, truth), recognition(votes, truth)
    assert without.emotions["value"].tolist() == pytest.approx(with_raters.emotions["value"].tolist())
    assert without.tests.empty
    assert without.raters.empty
    assert "low_raters" not in without.emotions


def test_tables_of_raters_and_faces(answers):
    data, truth = answers
    found = recognition(data, truth)
    own = (data.worker == 2) & (truth[data.task] == 1)
    row = found.raters.set_index(["rater", "class"]).loc[("2", "fear")]
    assert row["hit_rate"] == pytest.approx((data.label[own] == 1).mean())
    assert row["shown"] == own.sum()
    faces = found.faces.groupby("class")["hu"].mean()
    pooled = found.emotions[found.emotions["measure"] == "hu"].set_index("class")["value"]
    assert faces.to_dict() == pytest.approx(pooled.to_dict())


def test_what_cannot_be_had_is_undefined(answers):
    data, truth = answers
    assert recognition(data, np.full(FACES, -1, np.int32)) is None
    perfect = recognition(replace(data, label=truth[data.task]), truth).emotions.set_index(["class", "measure"])
    assert perfect.loc[("anger", "hu"), "value"] == 1
    assert perfect.loc[("anger", "hu")][["low", "high", "low_raters"]].isna().all()  # nothing varies
    never = recognition(replace(data, label=np.minimum(data.label, 1)), truth)
    assert np.isnan(never.emotions.set_index(["class", "measure"]).loc[("joy", "hu"), "value"])
    assert never.tests.set_index("class").loc["joy", "raters"] == 0
    unseen = recognition(data, np.minimum(truth, 1)).emotions.set_index(["class", "measure"])
    assert np.isnan(unseen.loc[("joy", "hit_rate"), "value"])
    assert unseen.loc[("joy", "hit_rate"), "n"] == 0
    assert figures.FIGURES.keys() == set(unseen.loc["joy"].index)
