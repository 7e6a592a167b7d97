"""Changes of shares and ratings, against closed forms and by repeating tasks."""

import numpy as np
import pytest

from fer_exp.metrics import affect
from fer_exp.raters import shift


def table(classes=5, seed=0):
    return np.random.default_rng(seed).integers(1, 40, (classes, classes)).astype(float)


def test_changes_and_their_interval():
    change, low, high = shift.share_changes(table(5))
    assert change.sum() == pytest.approx(0)
    n = table(5).sum()
    off = table(5) - np.diag(np.diag(table(5)))
    error = np.sqrt((off.sum(0) + off.sum(1)) / n - change**2) / np.sqrt(n)
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.01)  # the interval for paired shares
    nothing_moved = shift.share_changes(np.diag([3.0, 3.0]))
    assert (nothing_moved[1] < 0).all()
    assert (nothing_moved[2] > 0).all()


def test_ratings_that_are_half_as_extreme_have_a_slope_of_one_half():
    x = np.random.default_rng(0).uniform(-1, 1, 50)
    assert shift.rating_changes(x, x / 2 + 0.1)[:2] == pytest.approx([0.1 - x.mean() / 2, 0.5])
    assert np.isnan(affect.slope(np.full(4, 0.3), np.arange(4.0)))
    weights = np.random.default_rng(1).integers(0, 3, (2, 50)).astype(float)
    again = np.repeat(x, weights[0].astype(int)), np.repeat(x**3, weights[0].astype(int))
    assert shift.rating_changes(x, x**3, weights)[0] == pytest.approx(shift.rating_changes(*again))
