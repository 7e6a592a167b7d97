import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import softmax

from fer_exp.judging import posthoc as p


def draw(faces=4000, seed=0):
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, (faces, 5))
    truth = softmax(logits, axis=1)
    labels = np.array([generator.choice(5, p=row) for row in truth])
    return logits, np.eye(5)[labels]


@pytest.mark.parametrize("hot", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_a_model_too_sure_is_found(hot):
    logits, labels = draw()
    assert p.fit_temperature(labels, softmax(logits * hot, axis=1)) == pytest.approx(hot, rel=0.06)


def test_the_fit_is_the_minimum_by_another_optimiser():
    logits, labels = draw(300, 1)
    probabilities = softmax(1.7 * logits, axis=1)

    def loss(x):
        return -np.log((p.with_temperature(probabilities, float(np.exp(x[0]))) * labels).sum(axis=1)).mean()

    expected = float(np.exp(minimize(loss, [0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14}).x[0]))
    assert p.fit_temperature(labels, probabilities) == pytest.approx(expected, abs=1e-4)


def test_temperature_works_on_logits_and_keeps_the_answer():
    logits, _ = draw(50)
    probabilities = softmax(logits, axis=1)
    np.testing.assert_allclose(p.with_temperature(probabilities, 2.5), softmax(logits / 2.5, axis=1), atol=1e-9)
    assert (p.with_temperature(probabilities, 9.0).argmax(axis=1) == probabilities.argmax(axis=1)).all()
    certain = p.with_temperature(np.array([[1.0, 0.0, 0.0]]), 3.0)
    assert np.isfinite(certain).all()
    assert certain.sum() == pytest.approx(1)


def test_the_share_of_uniform_that_people_show_is_found():
    generator = np.random.default_rng(2)
    model = np.eye(4)[generator.integers(0, 4, 2000)] * 0.96 + 0.01
    people = 0.7 * model + 0.3 / 4
    assert p.fit_uniform(people, model) == pytest.approx(0.3, abs=1e-4)
    assert p.fit_uniform(model, model) == pytest.approx(0, abs=1e-4)
