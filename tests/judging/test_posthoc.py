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


def test_a_class_that_the_model_names_too_often_is_found_and_given_back():
    logits, _ = draw(4000, 3)
    favoured = softmax(1.5 * logits + np.array([2.0, 0, 0, 0, -1.0]), axis=1)
    vector = p.fit_vector(softmax(logits, axis=1), favoured)
    np.testing.assert_allclose(vector[:5], 1 / 1.5, atol=0.01)
    biases = vector[5:] - vector[5:].mean()
    expected = -np.array([2.0, 0, 0, 0, -1.0]) / 1.5
    np.testing.assert_allclose(biases, expected - expected.mean(), atol=0.03)
    np.testing.assert_allclose(p.with_vector(favoured, vector), softmax(logits, axis=1), atol=0.02)


def test_the_vector_is_the_best_by_another_optimiser_and_few_faces_move_little():
    logits, labels = draw(300, 1)
    probabilities = softmax(1.7 * logits, axis=1)
    start = np.repeat([1 / p.fit_temperature(labels, probabilities), 0.0], 5)

    def loss(vector):
        fit = -np.log((p.with_vector(probabilities, vector) * labels).sum(axis=1)).mean()
        return fit + ((vector - start) ** 2).sum() / 2 / 300

    best = minimize(loss, start, method="Powell", options={"xtol": 1e-8, "ftol": 1e-13, "maxiter": 10_000})
    found = p.fit_vector(labels, probabilities)
    assert loss(found) <= best.fun + 1e-8
    np.testing.assert_allclose(found, best.x, atol=2e-3)
    one = p.fit_vector(labels[:1], probabilities[:1])
    assert np.isfinite(one).all()
    assert abs(one[5:]).max() < 2
