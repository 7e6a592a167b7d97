import numpy as np
import pytest
from scipy.spatial import distance
from scipy.stats import entropy as scipy_entropy, pearsonr

from fer_exp.metrics import distribution as d
from fer_exp.metrics.ambiguity import entropy_correlation


def random_pairs():
    generator = np.random.default_rng(1)
    return generator.dirichlet(np.full(8, 0.6), 50), generator.dirichlet(np.full(8, 0.6), 50)


def vote_pairs():
    """Few votes a face: many exact zeros on both sides."""
    generator = np.random.default_rng(2)
    return generator.multinomial(5, np.full(7, 1 / 7), 50) / 5, generator.multinomial(3, np.full(7, 1 / 7), 50) / 3


def corner_pairs():
    """Identical, disjoint, uniform, nearly one-hot."""
    u = np.array([[1, 0, 0], [1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0, 0, 1]], dtype=float)
    v = np.array([[1, 0, 0], [0, 0.5, 0.5], [0, 0, 1], [1e-12, 1e-9, 1 - 1e-9 - 1e-12]])
    return u, v


def clip(rows):
    """The clipping by loops."""
    raised = [[max(x, 1e-6) for x in row] for row in rows]
    return np.array([[x / sum(row) for x in row] for row in raised])


# Clark and Canberra differ from scipy's on raw rows by their clipping, so scipy is given clipped rows.
REFERENCES = {
    "l1": distance.cityblock,
    "total_variation": lambda u, v: distance.cityblock(u, v) / 2,
    "jensen_shannon_divergence": lambda u, v: distance.jensenshannon(u, v, base=2) ** 2,
    "kl_divergence": lambda u, v: scipy_entropy(u, clip([v])[0]),
    "soft_cross_entropy": lambda u, v: scipy_entropy(u) + scipy_entropy(u, clip([v])[0]),
    "chebyshev": distance.chebyshev,
    "clark": lambda u, v: sum(((a - b) / (a + b)) ** 2 for a, b in zip(*clip([u, v]), strict=True)) ** 0.5,
    "canberra": lambda u, v: distance.canberra(*clip([u, v])),
    "cosine": lambda u, v: 1 - distance.cosine(u, v),
    "intersection": lambda u, v: sum(min(a, b) for a, b in zip(u, v, strict=True)),
}


@pytest.mark.parametrize("pairs", [random_pairs, vote_pairs, corner_pairs])
@pytest.mark.parametrize("name", REFERENCES)
def test_equals_an_independent_definition_face_by_face(name, pairs):
    human, model = pairs()
    expected = [REFERENCES[name](u, v) for u, v in zip(human, model, strict=True)]
    np.testing.assert_allclose(getattr(d, name)(human, model), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("pairs", [random_pairs, vote_pairs, corner_pairs])
def test_entropy_equals_scipy(pairs):
    for side in pairs():
        np.testing.assert_allclose(d.entropy(side), scipy_entropy(side, axis=1), atol=1e-9)


def test_kl_is_human_first():
    u, v = np.array([[0.9, 0.1]]), np.array([[0.5, 0.5]])
    assert d.kl_divergence(u, v)[0] == pytest.approx(0.9 * np.log(1.8) + 0.1 * np.log(0.2))
    assert d.kl_divergence(u, v)[0] != pytest.approx(d.kl_divergence(v, u)[0])


def test_a_zero_probability_costs_a_finite_named_amount():
    u, v = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert d.kl_divergence(u, v)[0] == pytest.approx(-np.log(d.CLIP / (1 + d.CLIP)))


def test_identities_between_metrics():
    human, model = vote_pairs()
    np.testing.assert_allclose(d.l1(human, model), 2 * (1 - d.intersection(human, model)), atol=1e-12)
    surplus = d.soft_cross_entropy(human, model) - d.entropy(human)
    np.testing.assert_allclose(surplus, d.kl_divergence(human, model), atol=1e-9)


def test_no_metric_leaves_its_range():
    human, model = corner_pairs()
    for name, low, high in [("jensen_shannon_divergence", 0, 1), ("cosine", 0, 1), ("l1", 0, 2), ("canberra", 0, 3)]:
        values = getattr(d, name)(human, model)
        assert (values >= low).all(), name
        assert (values <= high).all(), name


def test_entropy_correlation_is_pearson_of_entropies():
    human, model = random_pairs()
    expected = pearsonr(scipy_entropy(human, axis=1), scipy_entropy(model, axis=1))[0]
    assert float(entropy_correlation(human, model)(None)) == pytest.approx(expected, abs=1e-9)


def test_entropy_correlation_of_one_repeated_answer_is_undefined():
    human, _ = random_pairs()
    assert np.isnan(entropy_correlation(human, np.tile([0.1, 0.2, 0.7] + [0.0] * 5, (50, 1)))(None))
