"""Hu, its chance and test, d' and criterion: against figures worked out by others, and scipy's distributions."""

import numpy as np
import pytest
from scipy import stats

from fer_exp.metrics import recognition
from fer_exp.metrics.classification import onehot, tallies_of_tops
from fer_exp.metrics.recognition import Tally, against_chance
from fer_exp.stats.bootstrap import faces_of, has_ends

HAPPY_SAD_ANGRY_FEARFUL = np.array([[4.0, 1, 0, 1], [0, 3, 2, 1], [0, 0, 6, 0], [2, 0, 0, 4]])


def test_hu_of_a_worked_example():
    """Cross Validated, Combining unbiased hit rates: 16 / 36, 9 / 24, 36 / 48, 16 / 36."""
    tally = Tally.of(HAPPY_SAD_ANGRY_FEARFUL)
    assert recognition.hu(tally) == pytest.approx([0.444, 0.375, 0.75, 0.444], abs=5e-4)
    assert recognition.chance_hu(tally) == pytest.approx([6 * 6 / 576, 6 * 4 / 576, 6 * 8 / 576, 6 * 6 / 576])
    assert recognition.hit_rate(tally) == pytest.approx([4 / 6, 3 / 6, 1, 4 / 6])


def test_who_answers_one_emotion_always_hits_it_and_hu_says_so():
    always = np.zeros((4, 4))
    always[:, 0] = 6
    tally = Tally.of(always)
    assert recognition.hit_rate(tally)[0] == 1
    assert recognition.hu(tally)[0] == recognition.chance_hu(tally)[0] == 0.25
    assert np.isnan(recognition.hu(tally)[1:]).all()  # never answered: no share of those answers is right
    assert recognition.d_prime(tally)[0] == pytest.approx(stats.norm.ppf(6.5 / 7) - stats.norm.ppf(18.5 / 19))
    assert recognition.criterion(tally)[0] < 0 < recognition.criterion(tally)[1]


@pytest.mark.parametrize(("hits", "misses", "alarms", "rejections"), [(9, 1, 2, 8), (10, 0, 0, 10), (0, 5, 3, 12)])
def test_d_prime_and_criterion_by_scipys_normal_distribution(hits, misses, alarms, rejections):
    tally = Tally(
        *(np.array([float(n)]) for n in (hits, hits + misses, hits + alarms, hits + misses + alarms + rejections))
    )
    high = stats.norm.ppf((hits + 0.5) / (hits + misses + 1))
    low = stats.norm.ppf((alarms + 0.5) / (alarms + rejections + 1))
    assert recognition.d_prime(tally) == pytest.approx([high - low])
    assert recognition.criterion(tally) == pytest.approx([-(high + low) / 2])


def test_an_emotion_that_no_face_or_every_face_shows_has_no_d_prime():
    tally = Tally.of(np.array([[3.0, 1.0], [0.0, 0.0]]))
    assert np.isnan(recognition.d_prime(tally)).all()
    assert np.isnan(recognition.hit_rate(tally)).tolist() == [False, True]


def test_wagners_test_is_scipys_paired_t_of_arcsines():
    counts = np.random.default_rng(0).poisson(np.eye(3) * 4 + 1, (12, 3, 3)).astype(float)
    counts[0, :, 2] = 0  # one rater never answers the last emotion, whose Hu they do not have
    found = against_chance(counts)
    for k in range(3):
        raters = slice(1 if k == 2 else 0, None)
        tally = Tally.of(counts[raters])
        sides = [np.arcsin(np.sqrt(of(tally)[:, k])) for of in (recognition.hu, recognition.chance_hu)]
        theirs = stats.ttest_rel(*sides)
        assert (found.t[k], found.p[k]) == pytest.approx((theirs.statistic, theirs.pvalue))
        assert found.raters[k] == len(sides[0])
        assert found.hu[k] == pytest.approx(recognition.hu(tally)[:, k].mean())
    alone = against_chance(counts[1:2])
    assert np.isnan(alone.p).all()


def test_figures_of_faces_are_those_of_their_confusions():
    rng = np.random.default_rng(0)
    truth, answers = rng.integers(0, 3, 50), rng.integers(0, 3, 50)
    confusion = np.zeros((3, 3))
    np.add.at(confusion, (truth, answers), 1)
    columns = tallies_of_tops(onehot(truth, 3), onehot(answers, 3))
    for name, figure in recognition.FIGURES.items():
        by_face = [float(recognition.figure_of(name, columns, k)(None)) for k in range(3)]
        assert by_face == pytest.approx(figure(Tally.of(confusion))), name


def test_a_class_of_few_faces_has_no_interval_but_of_its_hit_rate():
    labels = np.repeat([0, 1], [22, 4])
    columns = tallies_of_tops(onehot(labels, 2), onehot(labels[::-1], 2))
    few, many = ({of: recognition.figure_of(of, columns, k) for of in recognition.FIGURES} for k in (1, 0))
    assert {of for of in few if has_ends(few[of])} == {"hit_rate"}
    assert all(map(has_ends, many.values()))
    assert faces_of(few["hit_rate"]).sum() == 4
