import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import wasserstein_distance

from fer_exp.errors import RequestError
from fer_exp.metrics.distribution import total_variation
from fer_exp.metrics.emd import POSITIONS, earth_movers_distance, ground_cost


def transport(u, v, cost):
    """The textbook: a linear programme over all ways to move."""
    size = len(u)
    rows = [np.outer(np.eye(size)[j], np.ones(size)).ravel() for j in range(size)]
    rows += [np.outer(np.ones(size), np.eye(size)[k]).ravel() for k in range(size)]
    return linprog(np.asarray(cost).ravel(), A_eq=np.array(rows), b_eq=np.concatenate([u, v]), method="highs").fun


def pairs(size, seed=0, faces=12):
    generator = np.random.default_rng(seed)
    u = generator.multinomial(6, np.full(size, 1 / size), faces) / 6
    v = generator.dirichlet(np.full(size, 0.5), faces)
    u[0], v[0] = np.eye(size)[0], np.eye(size)[-1]
    u[1] = v[1]
    return u, v


@pytest.mark.parametrize("size", [2, 3, 5, 7, 8])
def test_equals_the_linear_programme(size):
    names = list(POSITIONS)[:size]
    u, v = pairs(size)
    cost = ground_cost(names)
    expected = [transport(a, b, cost) for a, b in zip(u, v, strict=True)]
    np.testing.assert_allclose(earth_movers_distance(u, v, cost), expected, atol=1e-9)


def test_a_random_metric_equals_the_linear_programme():
    points = np.random.default_rng(3).normal(size=(6, 4))
    cost = np.linalg.norm(points[:, None] - points, axis=-1)
    u, v = pairs(6, 4)
    expected = [transport(a, b, cost) for a, b in zip(u, v, strict=True)]
    np.testing.assert_allclose(earth_movers_distance(u, v, cost), expected, atol=1e-9)


def test_on_a_line_it_is_scipys_distance_with_weights():
    places = np.array([0.0, 1.0, 2.5, 4.0])
    u, v = pairs(4, 1)
    expected = [wasserstein_distance(places, places, a, b) for a, b in zip(u, v, strict=True)]
    np.testing.assert_allclose(earth_movers_distance(u, v, np.abs(places[:, None] - places)), expected, atol=1e-9)


def test_equal_costs_give_total_variation():
    u, v = pairs(5, 2)
    np.testing.assert_allclose(earth_movers_distance(u, v, 1 - np.eye(5)), total_variation(u, v), atol=1e-9)


def test_near_emotions_cost_less_than_far_ones():
    cost = ground_cost(["happiness", "surprise", "sadness"])
    happy, other = np.array([[1.0, 0, 0]] * 2), np.array([[0, 1.0, 0], [0, 0, 1.0]])
    surprise, sadness = earth_movers_distance(happy, other, cost)
    assert surprise < sadness <= 1


def test_classes_without_a_place_have_no_cost():
    assert ground_cost(["happiness", "boredom"]) is None


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (np.zeros((3, 3)), "above 0 elsewhere"),
        (np.array([[0, 1, 5.0], [1, 0, 1], [5, 1, 0]]), "no detour cheaper"),
        (np.array([[0, 1, 2.0], [2, 0, 1], [2, 1, 0]]), "symmetric"),
        (1 - np.eye(12), "12 classes is too much"),
    ],
)
def test_a_cost_that_is_no_distance_is_refused(cost, said):
    rows = np.full((1, len(cost)), 1 / len(cost))
    with pytest.raises(RequestError, match=said):
        earth_movers_distance(rows, rows, cost)
