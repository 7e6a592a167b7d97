"""Who gets which faces, by simulated studies: every face gets its answers, and nobody meets one-sided faces."""

import numpy as np
import pytest

from fer_exp.collecting.deal import Trial, arranged, dealt, golden


def simulated(strata, per_face, per_person, leave=0.0, seed=0):
    """People come until nobody is needed: the answers of each face, and who met which faces."""
    draw = np.random.default_rng(seed)
    have = np.zeros(len(strata), np.int64)
    people = []
    for _ in range(10_000):
        mine = dealt(per_face - have, strata, per_person, draw)
        if not len(mine):
            return have, people
        if draw.random() < leave:  # goes after some of them; the others are dealt again
            mine = mine[: draw.integers(len(mine))]
        have[mine] += 1
        people.append(mine)
    raise AssertionError("it never ends")


@pytest.mark.parametrize(
    ("sizes", "per_face", "per_person", "leave"),
    [
        ((50,), 5, 20, 0),
        ((30, 60, 10), 9, 12, 0),
        ((5, 5, 5, 5, 5, 5, 5), 3, 20, 0.3),
        ((1,), 4, 40, 0),
        ((3, 100), 7, 6, 0.2),
    ],
)
def test_every_face_gets_exactly_its_answers_and_nobody_meets_one_twice(sizes, per_face, per_person, leave):
    strata = np.repeat(np.arange(len(sizes)), sizes)
    have, people = simulated(strata, per_face, per_person, leave)
    assert (have == per_face).all()
    assert all(len(np.unique(mine)) == len(mine) <= per_person for mine in people)
    needed = max(per_face, sum(sizes) * per_face / per_person)
    assert (
        leave or len(people) <= needed + per_face
    )  # no more people than the faces take, but for an end that is ragged


def test_faces_never_differ_by_more_than_an_answer_while_nobody_leaves():
    strata = np.repeat([0, 1], 30)
    draw, have = np.random.default_rng(1), np.zeros(60, np.int64)
    for _ in range(40):
        have[dealt(9 - have, strata, 10, draw)] += 1
        assert all(np.ptp(have[strata == stratum]) <= 1 for stratum in (0, 1))


@pytest.mark.parametrize("sizes", [(70, 70, 70), (120, 60, 30), (10, 190)])
def test_each_person_meets_the_strata_in_their_proportions(sizes):
    strata = np.repeat(np.arange(len(sizes)), sizes)
    _, people = simulated(strata, 10, 21)
    whole = people[: len(people) // 2]
    for stratum, size in enumerate(sizes):
        met = np.array([(strata[mine] == stratum).sum() for mine in whole])
        exact = 21 * size / sum(sizes)
        assert np.abs(met - exact).max() < 1 + 1e-9  # rounded, never more
        assert abs(met.mean() - exact) < 0.3  # and over people exactly so


def test_what_lacks_most_goes_first():
    lacking = np.array([1, 5, 2, 5, 0, 5])
    assert sorted(dealt(lacking, np.zeros(6, np.int64), 3, np.random.default_rng(0)).tolist()) == [1, 3, 5]


def test_gold_faces_take_turns_over_classes_and_over_people():
    draw, shown, classes = np.random.default_rng(0), np.zeros(12, np.int64), ["fear"] * 8 + ["anger"] * 4
    for _ in range(12):
        mine = golden(shown, classes, 4, draw)
        assert (mine < 8).sum() == 2
        shown[mine] += 1
    assert np.ptp(shown[:8]) <= 1
    assert np.ptp(shown[8:]) <= 1


@pytest.mark.parametrize("number", [1, 3, 12, 60])
def test_repeats_come_later_and_all_trials_are_there_once(number):
    draw = np.random.default_rng(number)
    faces = [Trial("face", n) for n in range(number)]
    gold = [Trial("face", 100 + n, gold=True) for n in range(4)]
    row = arranged(faces, gold, min(5, number), [0, 0], draw)
    assert len(row) == number + 4 + min(5, number) + 2
    assert sorted(t.face for t in row if not t.repeat and t.kind == "face") == [*range(number), *range(100, 104)]
    for place, trial in enumerate(row):
        if trial.repeat:
            first = row.index(trial._replace(repeat=False))
            assert first < place
            assert number < 20 or place - first > 4 or place > len(row) - 8
    if number == 60:
        places = [n for n, trial in enumerate(row) if trial.gold]
        assert np.ptp(np.diff(places)) < len(row) / 2  # spread, not in a heap
