import os
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_exp.datasets.synthetic.corpus import Synthetic
from fer_exp.judging import ceiling as c
from fer_exp.names import CLASSES

SHARED = Path(__file__).parents[3] / "shared/data/fer2013/fer2013new.csv"
FERPLUS = Path(os.environ.get("FER_EXP_FER2013") or SHARED)


def ballots(counts):
    return [k for k, count in enumerate(counts) for _ in range(count)]


def shares(votes, classes):
    tally = Counter(votes)
    return np.array([tally[k] / len(votes) for k in range(classes)])


def dealt(counts, size, held_out):
    """Every way to seat a panel and another group of a face's raters: the L1 between them."""
    votes = ballots(counts)
    everyone = range(len(votes))
    for panel in combinations(everyone, size):
        rest = [i for i in everyone if i not in panel]
        for other in combinations(rest, held_out):
            pair = (shares([votes[i] for i in group], len(counts)) for group in (panel, other))
            yield sum(abs(a - b) for a, b in zip(*pair, strict=True))


FACES = np.array([[3, 2, 1], [6, 0, 0], [2, 2, 2], [4, 1, 0], [0, 1, 1]])


@pytest.mark.parametrize(("size", "held_out"), [(1, 1), (1, 3), (2, 3), (3, 2)])
def test_a_panels_expected_l1_is_the_mean_over_all_ways_to_seat_it(size, held_out):
    faces = FACES[FACES.sum(axis=1) >= size + held_out]
    expected = [np.mean(list(dealt(row, size, held_out))) for row in faces]
    np.testing.assert_allclose(c.panel_l1(faces, size, np.full(len(faces), held_out)), expected, atol=1e-9)


def test_the_models_expected_l1_is_the_mean_over_all_groups_held_out():
    model = np.random.default_rng(0).dirichlet(np.ones(3), len(FACES))
    held_out = FACES.sum(axis=1) // 2
    expected = []
    for row, p, m in zip(FACES, model, held_out, strict=True):
        votes = ballots(row)
        groups = [shares([votes[i] for i in group], 3) for group in combinations(range(len(votes)), m)]
        expected.append(np.mean([np.abs(group - p).sum() for group in groups]))
    np.testing.assert_allclose(c.model_l1(model, FACES, held_out), expected, atol=1e-9)


def test_leaving_one_out_is_a_panel_of_one_against_all_others():
    others = FACES.sum(axis=1) - 1
    np.testing.assert_allclose(c.leave_one_out_l1(FACES), c.panel_l1(FACES, 1, others), atol=1e-9)
    chances = []
    for row in FACES:
        votes = ballots(row)
        credit = []
        for i, vote in enumerate(votes):
            tally = Counter(votes[:i] + votes[i + 1 :])
            top = [k for k, count in tally.items() if count == max(tally.values())]
            credit.append((vote in top) / len(top))
        chances.append(np.mean(credit))
    np.testing.assert_allclose(c.leave_one_out_accuracy(FACES), chances, atol=1e-9)


def test_larger_panels_come_closer_and_all_meet_the_same_people():
    counts = np.random.default_rng(1).multinomial(12, [0.5, 0.3, 0.2], 200)
    panels = c.deal(counts)
    assert panels.sizes[-1] == 6
    assert (panels.held_out == 6).all()
    curve = [c.panel_l1(counts, k, panels.held_out).mean() for k in range(1, 7)]
    assert (np.diff(curve) < 0).all()


def test_faces_with_few_raters_leave_all_panels_and_not_some():
    counts = np.zeros((100, 2), dtype=np.int64)
    counts[:, 0] = [10] * 95 + [4] * 3 + [1] * 2
    panels = c.deal(counts)
    assert panels.sizes[-1] == 5
    assert panels.faces.sum() == 95
    assert c.deal(np.array([[1, 0], [0, 1]])) is None


def beside(model, counts, prior=None):
    prior = np.full(model.shape, 1 / model.shape[1]) if prior is None else prior
    return {name: float(each(None)) for name, each in c.against_panels(model, prior, counts, c.deal(counts)).items()}


def test_a_panels_expected_log_score_is_the_mean_over_all_panels_and_other_raters():
    faces = FACES[FACES.sum(axis=1) >= 4]
    for size in (1, 3):
        expected = []
        for row in faces:
            votes = ballots(row)
            losses = []
            for i, vote in enumerate(votes):
                panels = combinations(votes[:i] + votes[i + 1 :], size)
                losses.append(np.mean([-np.log((panel.count(vote) + 0.5 / 3) / (size + 0.5)) for panel in panels]))
            expected.append(np.mean(losses))
        np.testing.assert_allclose(c.panel_log_score(faces, size), expected, atol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_by_the_log_score_a_panel_of_k_other_people_is_worth_k_of_them(k):
    generator = np.random.default_rng(2)
    truth = generator.dirichlet(np.full(6, 0.15), 4000)
    counts, panel = (np.array([generator.multinomial(n, row) for row in truth]) for n in (12, k))
    smoothed = (panel + 0.5 / 6) / (k + 0.5)
    assert beside(smoothed, counts)["rater_equivalents_log"] == pytest.approx(k, rel=0.08)


def test_the_truth_itself_beats_every_panel_and_even_answers_are_nobodys():
    corpus = Synthetic(faces=600, classes=CLASSES[:7], seed=3)
    truth = corpus.truth().drop(columns="face").to_numpy()
    votes = corpus.read().votes[list(CLASSES[:7])].to_numpy(np.int64)
    best = beside(truth, votes)
    largest = max(int(name[13:-3]) for name in best if name.startswith("ceiling_panel"))
    assert best["held_out_l1"] < best[f"ceiling_panel{largest}_l1"] < best["ceiling_panel1_l1"]
    assert best["rater_equivalents_log"] == 8  # of 90 % of the faces, which have nine votes or ten
    assert beside(np.full(truth.shape, 1 / 7), votes)["rater_equivalents_log"] == pytest.approx(0, abs=1e-9)


@pytest.mark.skipif(not FERPLUS.is_file(), reason="FER+'s votes are not here")
def test_the_floor_of_ferplus():
    votes = pd.read_csv(FERPLUS)
    columns = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]
    counts = votes.loc[votes["Usage"] == "PrivateTest", columns].to_numpy(np.int64)
    counts = counts[counts.sum(axis=1) >= 8]
    assert len(counts) == 3474
    raters = counts.sum(axis=1)
    floor = [c.panel_l1(counts, k, raters - k).mean() for k in range(1, 6)]
    np.testing.assert_allclose(floor, [0.665, 0.528, 0.472, 0.448, 0.441], atol=0.001)
    fractions = counts / raters[:, None]
    assert np.abs(fractions - fractions.mean(axis=0)).sum(axis=1).mean() == pytest.approx(1.29, abs=0.005)


def test_interpolation_is_one_face_of_numpys():
    curve, sizes = np.array([1.3, 0.7, 0.5, 0.45]), np.array([0.0, 1.0, 2.0, 3.0])
    for distance in np.linspace(0.4, 1.4, 21):
        expected = np.interp(-distance, -curve, sizes)
        assert float(c.interpolated(np.asarray(distance), curve, sizes)) == pytest.approx(expected, abs=1e-9)
    many = c.interpolated(np.array([0.6, 0.6]), np.stack([curve, curve + 0.05]), sizes)
    assert many == pytest.approx([1.5, 1.75])


def test_better_than_the_largest_panel_is_worth_that_or_more_where_one_person_is_no_better_than_nobody():
    counts = np.array([[1, 1]] * 20 + [[2, 0]] * 10 + [[0, 2]] * 10)
    right = np.array([[0.5, 0.5]] * 20 + [[0.9, 0.1]] * 10 + [[0.1, 0.9]] * 10)
    panels = c.deal(counts)
    found = {}
    for name, model in (("right", right), ("wrong", right[:, ::-1])):
        metric = c.against_panels(model, np.full((40, 2), 0.5), counts, panels)["rater_equivalents_log"]
        found[name] = float(metric(None))
    assert found == {"right": panels.log_sizes[-1], "wrong": 0}
