"""Rater equivalents in closed form: what they are of people, that votes do not move them, where they end."""

import numpy as np
import pytest

from fer_exp.metrics import ambiguity as e
from fer_exp.stats.bootstrap import intervals, open_above
from fer_exp.stats.crossed import Runs, over_runs, spread

TRUTH = np.random.default_rng(0).dirichlet(np.full(6, 0.3), 20_000)


def drawn(votes, seed):
    return np.random.default_rng(seed).multinomial(votes, TRUTH).astype(float)


@pytest.mark.parametrize("votes", [2, 4, 10, 99])
def test_however_many_votes_a_face_has_a_model_and_k_people_are_worth_the_same(votes):
    seen, model = drawn(votes, 1), 0.2 * TRUTH + 0.8 / 6
    known = (1 - (TRUTH**2).sum(axis=1)).mean() / ((TRUTH - model) ** 2).sum(axis=1).mean()
    assert float(e.rater_equivalents(seen, model)(None)) == pytest.approx(known, rel=0.03)
    for k in (1, 3):
        assert float(e.rater_equivalents(seen, drawn(k, 2) / k)(None)) == pytest.approx(k, rel=0.03)


def test_disagreement_is_the_share_of_pairs_of_raters_that_differ():
    for row in ([3, 2, 1], [4, 0, 0], [1, 1, 0]):
        votes = [k for k, count in enumerate(row) for _ in range(count)]
        pairs = [votes[i] != votes[j] for i in range(len(votes)) for j in range(i)]
        assert e.disagreement(np.array([row], dtype=float))[0] == pytest.approx(np.mean(pairs))


def test_one_that_names_the_mode_alone_is_not_made_of_more_people_than_it_is():
    modes = np.eye(6)[TRUTH.argmax(axis=1)]
    known = (1 - (TRUTH**2).sum(axis=1)).mean() / ((TRUTH - modes) ** 2).sum(axis=1).mean()
    assert 1 < known < 3
    for votes in (2, 10):
        assert float(e.rater_equivalents(drawn(votes, 3), modes)(None)) == pytest.approx(known, rel=0.03)


def test_of_a_model_that_nobody_can_tell_from_the_truth_only_the_least_is_known():
    seen, faces = drawn(10, 4)[:500], np.arange(500)
    near = intervals({"k": e.rater_equivalents(seen, TRUTH[:500])}, faces, 300, 0)["k"]
    assert near[0] is None
    assert near[1] > 10
    assert near[2] is None
    certain = np.tile([10.0, 0, 0, 0, 0, 0], (500, 1))  # people never disagree
    assert intervals({"k": e.rater_equivalents(certain, TRUTH[:500])}, faces, 300, 0)["k"] == (None, None, None)


def test_over_runs_it_is_the_mean_of_what_it_is_one_over():
    draws = np.random.default_rng(5).normal([0.5, 0.4, 0.6], 0.02, (400, 3)).T
    runs = Runs(1 / np.array([0.5, 0.4, 0.6]), 1 / draws, inverse=True)
    value, low, high = over_runs(runs, 1000)
    ends = spread([(1.0, Runs(1 / runs.values, draws))], 1000).interval()
    assert (value, low, high) == pytest.approx((2, 1 / ends[1], 1 / ends[0]))
    assert spread([(1.0, runs), (-1.0, runs)], 1000).value == 0
    wide = Runs(runs.values, 1 / (draws - 0.45), inverse=True)  # replicates of which some are past the truth
    assert over_runs(Runs(wide.values[:1], wide.drawn[:1].clip(0), inverse=True), 1000)[0] is not None
    assert open_above((5.0, 4.0, 6.0), most=5.0) == (None, 4.0, None)
