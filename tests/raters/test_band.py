"""Bands against worlds whose truth is known, extreme ones too, and against what is known in closed form."""

import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from fer_exp.metrics.distribution import kl_divergence
from fer_exp.raters import band as bands

CURVES = {"l1": bands.l1_of_class}


def truth(faces, sizes):
    return np.array([bands.l1_of_class(k, faces).sum(axis=1).mean() for k in sizes])


@pytest.mark.parametrize("k", [1, 2, 7, 40])
def test_what_a_class_adds_equals_the_sum_over_all_panels(k):
    shares, votes = np.linspace(0, 1, 13), np.arange(k + 1)
    chance = binom.pmf(votes, k, shares[:, None])
    expected = (chance * np.abs(shares[:, None] - votes / k)).sum(axis=1)
    assert bands.l1_of_class(k, shares) == pytest.approx(expected, abs=1e-12)
    face = np.array([[0.2, 0.8]])
    panels = np.stack([votes, k - votes], axis=1)
    smooth = (panels + 0.5) / (k + 1)
    distance = kl_divergence(np.repeat(face, k + 1, axis=0), smooth)
    both = sum(bands.kl_of_class(k, face[:, c], 2)[0] for c in (0, 1))
    assert both == pytest.approx(binom.pmf(votes, k, 0.2) @ distance, abs=1e-5)


def test_random_subsets_are_hypergeometric():
    found = bands._subsets(np.array([[3.0, 1.0], [0.0, 6.0]]), 3)
    votes = np.arange(4)
    assert found[0] == pytest.approx(hypergeom.pmf(votes, 4, 3, 3) + hypergeom.pmf(votes, 4, 1, 3))
    assert found[1] == pytest.approx([1, 0, 0, 1])


@pytest.mark.parametrize("world", ["smooth", "extreme"])
def test_the_band_holds_the_truth_and_narrows_to_what_moments_leave_open(world):
    rng, sizes = np.random.default_rng(0), np.array([5, 50])
    if world == "smooth":
        faces = rng.dirichlet([0.5, 0.5, 0.5], 4000)
    else:  # shares at which panels of 50 are furthest from the population, for a given distribution of ten votes
        faces = np.array([[0.03, 0.97], [0.35, 0.65], [0.5, 0.5]])[rng.integers(0, 3, 4000)]
    low, high = bands.band(rng.multinomial(10, faces).astype(float), CURVES, sizes)["l1"]
    true = truth(faces, sizes)
    assert (low <= true).all()
    assert (true <= high).all()
    assert ((high - low) / true < [0.3, 0.5]).all()


def test_more_votes_lie_within_fewer_and_a_few_faces_of_many_raters_tell_most():
    rng, sizes = np.random.default_rng(1), np.array([20])
    faces = np.vstack([rng.dirichlet(np.full(8, 0.35), 500), rng.dirichlet([6, *[0.15] * 7], 500)])[
        rng.permutation(1000)
    ]
    ten = rng.multinomial(10, faces).astype(float)
    five = np.stack([rng.multivariate_hypergeometric(row.astype(int), 5) for row in ten]).astype(float)
    mixed = np.vstack([five[:600], rng.multinomial(50, faces[600:640])])  # 5,000 answers, as five a face are
    of_ten, of_five, of_mixed = (bands.band(votes, CURVES, sizes)["l1"][:, 0] for votes in (ten, five, mixed))
    assert of_five[0] < of_ten[0] < of_ten[1] < of_five[1]
    assert np.diff(of_mixed) < 0.7 * np.diff(of_five)
    assert of_mixed[0] < truth(faces, sizes)[0] < of_mixed[1]


def test_pilots_that_tell_next_to_nothing():
    for counts in ([[2.0, 0.0]], [[1.0, 1.0], [2.0, 0.0], [1.0, 0.0]], np.eye(3)[[0] * 20] * 4):
        low, high = bands.band(np.array(counts), CURVES, np.array([1, 9]))["l1"]
        assert (low <= high).all()
        assert (high <= 2).all()
