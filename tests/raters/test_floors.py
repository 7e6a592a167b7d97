"""Floors of sampling: what people get against their own votes, however few these are."""

import numpy as np
import pytest

from fer_exp.metrics.ambiguity import l1_of_sampling
from fer_exp.raters import floors
from fer_exp.raters.planning import Mixture


@pytest.mark.parametrize(("votes", "off"), [(3, 0.05), (10, 0.02)])
def test_the_floor_is_what_the_truth_gets_where_vote_fractions_would_say_less(votes, off):
    generator = np.random.default_rng(0)
    truth = generator.dirichlet(np.full(6, 0.3), 1500)
    counts = generator.multinomial(votes, truth).astype(float)
    right = np.abs(counts / votes - truth).sum(axis=1).mean()
    assert floors.sampling_l1(counts).mean() == pytest.approx(right, abs=off)
    assert l1_of_sampling(counts / votes, counts.sum(axis=1)).mean() < 0.8 * right


def test_the_people_behind_a_faces_votes_are_of_its_posterior():
    one = Mixture(np.array([1.0]), np.array([[1.0, 1.0, 2.0]]))
    counts = np.tile([3.0, 0.0, 1.0], (20_000, 1))
    drawn = floors.people_behind(counts, one, np.random.default_rng(1))
    assert drawn.mean(axis=0) == pytest.approx([4 / 8, 1 / 8, 3 / 8], abs=0.01)
    two = Mixture(np.array([0.5, 0.5]), np.array([[50.0, 1.0], [1.0, 50.0]]))
    sure = floors.people_behind(np.tile([5.0, 0.0], (2000, 1)), two, np.random.default_rng(2))
    assert (sure[:, 0] > 0.5).all()
