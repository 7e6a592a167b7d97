"""Plans against worlds whose truth is known."""

import numpy as np
import pytest
from scipy.stats import dirichlet_multinomial

from fer_exp.raters import planning


def test_likelihood_equals_scipys_but_for_the_order_of_answers():
    counts, alpha = np.array([[3.0, 1.0, 0.0]]), np.array([[0.4, 2.0, 1.0]])
    ways = np.log(4)  # orders of aaab
    expected = dirichlet_multinomial.logpmf([3, 1, 0], alpha[0], 4) - ways
    assert planning.log_likelihood(counts, alpha)[0, 0] == pytest.approx(expected)


def test_curves_equal_many_independent_panels():
    truth = np.random.default_rng(0).dirichlet(np.full(4, 0.5), 4000)
    found = planning.curves(truth, np.array([1, 5]), np.random.default_rng(1))
    rng = np.random.default_rng(2)
    panel = rng.multinomial(5, truth) / 5
    assert found[1, 0] == pytest.approx(np.abs(panel - truth).sum(axis=1).mean(), abs=0.02)
    assert found[0, 3] == pytest.approx(truth.max(axis=1).mean(), abs=0.02)
    assert found[0, 0] == pytest.approx((2 * (1 - (truth**2).sum(axis=1))).mean(), abs=0.02)


def test_a_plan_from_a_pilot_finds_the_truth_beyond_it():
    rng = np.random.default_rng(0)

    def world(faces):
        kind = rng.integers(0, 2, faces)
        return np.where(kind[:, None], rng.dirichlet([6, 1, 1], faces), rng.dirichlet([1, 2, 2], faces))

    pilot = rng.multinomial(8, world(800)).astype(float)
    table = planning.plan(pilot, 40, samples=20, faces=1500)
    truth = planning.curves(world(8000), np.arange(1, 41), rng)
    for k in (1, 8, 40):
        for place, metric in enumerate(planning.METRICS):
            if k == 1 and metric == "entropy_correlation":
                continue
            assert table[metric].iloc[k - 1] == pytest.approx(truth[k - 1, place], rel=0.08), (k, metric)
    assert table["extrapolated"].tolist() == [False] * 8 + [True] * 32
    assert (table["l1_low"] <= table["l1_high"]).all()
    for metric in ("l1", "kl"):
        true = truth[:, list(planning.METRICS).index(metric)]
        assert (table[f"{metric}_low"] <= 1.01 * true).all()
        assert (table[f"{metric}_high"] >= 0.99 * true).all()


def test_pilots_that_leave_little_to_learn():
    agreed = np.eye(3)[[0, 1, 1, 2]] * 5
    assert planning.plan(agreed, 5, samples=0)["l1"].iloc[4] < 0.1
    unequal = np.array([[2.0, 0.0], [1.0, 5.0], [1.0, 0.0]])
    assert np.isfinite(planning.plan(unequal, 5, samples=2)["l1_high"]).all()
    assert planning.check(unequal)["seen"] >= 0


def test_more_faces_win_for_means_and_more_raters_for_single_faces():
    pilot = np.random.default_rng(0).multinomial(8, [[0.6, 0.4]] * 50 + [[0.1, 0.9]] * 50).astype(float)
    table = planning.plan(pilot, 20, samples=0)
    bought = planning.spend(table, planning.fit(pilot), 1000)
    assert bought["faces"].tolist() == [1000 // k for k in range(1, 21)]
    assert bought["share_error"].is_monotonic_increasing
    assert bought["l1"].iloc[-1] < bought["l1"].iloc[0]
    assert (bought["right_labels"] + bought["wrong_labels"]).tolist() == pytest.approx(bought["faces"].tolist())


def test_raters_who_always_say_the_same_class_need_no_second():
    counts = np.zeros((20, 2))
    counts[:, 0] = 4
    table = planning.plan(counts, 4, samples=2, faces=50)
    assert planning.saturation(table)["majority_right"] == 1
    assert (table["l1"] < 0.02).all()
    assert (table["l1_low"] < 1e-4).all()
    assert (table["l1_high"] > 0.1).all()  # one face in six may be otherwise, as none of twenty has shown


def test_faces_that_are_to_be_labelled_are_planned_for():
    pilot = np.random.default_rng(0).multinomial(8, [[0.6, 0.4]] * 50 + [[0.1, 0.9]] * 50).astype(float)
    table = planning.plan(pilot, 20, samples=0)
    bought = planning.spend(table, planning.fit(pilot), faces=300)
    assert set(bought["faces"]) == {300}
    assert bought["answers"].tolist() == [300 * k for k in range(1, 21)]
    assert bought["right_labels"].iloc[-1] > bought["right_labels"].iloc[0]
    assert len(planning.spend(table, planning.fit(pilot), 1000, 300)) == 3
    assert "the pilot cannot tell" in " ".join(planning.advice(table.assign(l1_low=0.1, l1_high=0.9), bought, 0.3, 300))
