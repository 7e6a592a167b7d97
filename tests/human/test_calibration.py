import numpy as np
import pytest
from sklearn.metrics import log_loss

from fer_exp.human import calibration as c


def draw(faces=120, classes=5, seed=5):
    generator = np.random.default_rng(seed)
    return generator.integers(0, classes, faces), generator.dirichlet(np.full(classes, 0.4), faces)


def loop_ece(confidence, correct, bins=15):
    """The textbook, bin by bin."""
    total = 0.0
    edges = np.linspace(0, 1, bins + 1)
    for b in range(bins):
        inside = (confidence > edges[b]) & (confidence <= edges[b + 1])
        if b == 0:
            inside |= confidence == 0
        if inside.any():
            total += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return total


EDGES = (np.array([0, 1, 2, 0]), np.array([[1.0, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.2, 0.6, 0.2], [0.4, 0.4, 0.2]]))


@pytest.mark.parametrize("data", [draw(), draw(1), draw(40, 2), EDGES])
def test_ece_equals_the_textbook_loop(data):
    labels, p = data
    expected = loop_ece(p.max(axis=1), p.argmax(axis=1) == labels)
    assert float(c.ece(labels, p)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("data", [draw(), draw(1), draw(40, 2), EDGES])
def test_classwise_ece_equals_the_textbook_loop(data):
    labels, p = data
    expected = np.mean([loop_ece(p[:, k], labels == k) for k in range(p.shape[1])])
    assert float(c.classwise_ece(labels, p)) == pytest.approx(expected, abs=1e-9)


def test_a_calibrated_coin_has_no_error():
    assert float(c.ece(np.array([0, 0, 0, 1]), np.tile([0.75, 0.25], (4, 1)))) == pytest.approx(0, abs=1e-12)


def test_brier_and_nll_equal_independent_references():
    labels, p = draw()
    expected = [sum((p[i, k] - (labels[i] == k)) ** 2 for k in range(5)) for i in range(len(labels))]
    np.testing.assert_allclose(c.brier(labels, p), expected, atol=1e-12)
    assert c.nll(labels, p).mean() == pytest.approx(log_loss(labels, p, labels=range(5)), abs=1e-9)


def test_nll_of_a_certain_mistake_is_finite_and_of_a_certainty_never_negative():
    p = np.array([[1.0 + 1e-8, 0.0]])
    assert c.nll(np.array([1]), p)[0] == pytest.approx(-np.log(np.finfo(float).eps))
    assert c.nll(np.array([0]), p)[0] == 0


@pytest.mark.parametrize("metric", [c.ece, c.classwise_ece])
def test_weights_equal_repeating_faces(metric):
    labels, p = draw()
    weights = np.random.default_rng(6).integers(0, 4, (7, len(labels)))
    values = metric(labels, p, weights.astype(float))
    expected = [float(metric(np.repeat(labels, row), np.repeat(p, row, axis=0))) for row in weights]
    np.testing.assert_allclose(values, expected, atol=1e-12)
