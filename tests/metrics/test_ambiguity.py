import math

import numpy as np
import pytest
from scipy.stats import binom, entropy as scipy_entropy, pearsonr
from sklearn.metrics import top_k_accuracy_score

from fer_exp.metrics import ambiguity as a
from fer_exp.metrics.affect import pearson
from fer_exp.metrics.distribution import kl_divergence


def draw(faces=60, classes=5, votes=10, seed=0):
    generator = np.random.default_rng(seed)
    truth = generator.dirichlet(np.full(classes, 0.5), faces)
    counts = np.array([generator.multinomial(votes, row) for row in truth]).astype(float)
    return truth, counts, generator.dirichlet(np.full(classes, 0.5), faces)


def test_entropy_similarity_is_the_cosine_of_entropies():
    _, counts, model = draw()
    x, y = scipy_entropy(counts / 10, axis=1), scipy_entropy(model, axis=1)
    expected = x @ y / math.sqrt(x @ x) / math.sqrt(y @ y)
    assert float(a.entropy_similarity(counts / 10, model)(None)) == pytest.approx(expected, abs=1e-9)
    assert np.isnan(a.entropy_similarity(np.eye(5), np.eye(5))(None))


@pytest.mark.parametrize("shift", [0.0, 1e3])
def test_correlation_equals_scipy_and_repeating_faces(shift):
    generator = np.random.default_rng(1)
    x, y = generator.normal(shift, 1, 40), generator.normal(shift, 2, 40)
    weights = generator.integers(0, 4, (6, 40)).astype(float)
    assert float(pearson(x, y)(None)) == pytest.approx(pearsonr(x, y)[0], abs=1e-9)
    drawn = [pearsonr(np.repeat(x, row.astype(int)), np.repeat(y, row.astype(int)))[0] for row in weights]
    np.testing.assert_allclose(pearson(x, y)(weights), drawn, atol=1e-9)


def test_class_correlations_equal_scipy_and_leave_constant_classes_out_of_the_mean():
    _, counts, model = draw()
    counts[:, 4] = 0
    counts[:, 0] += 1
    human = counts / counts.sum(axis=1, keepdims=True)
    *each, mean = a.class_correlations(human, model)
    expected = [pearsonr(human[:, k], model[:, k])[0] for k in range(4)]
    np.testing.assert_allclose([float(one(None)) for one in each[:4]], expected, atol=1e-9)
    assert np.isnan(each[4](None))
    assert float(mean(None)) == pytest.approx(np.mean(expected), abs=1e-9)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_agreement_with_labels_is_sklearns_top_k_accuracy(k):
    _, _, model = draw()
    labels = np.random.default_rng(2).integers(0, 5, 60)
    expected = top_k_accuracy_score(labels, model, k=k, labels=range(5))
    assert a.top_k_agreement(np.eye(5)[labels], model, k).mean() == pytest.approx(expected, abs=1e-9)


def test_top_k_agreement_is_the_share_of_votes_covered():
    _, counts, model = draw()
    for i, share in enumerate(a.top_k_agreement(counts / 10, model, 2)):
        best = sorted(range(5), key=lambda k: -model[i, k])[:2]
        assert share == pytest.approx(counts[i, best].sum() / 10, abs=1e-12)


def test_the_miller_madow_correction_by_hand_and_against_the_truth():
    truth, counts, model = draw(4000, votes=12)
    plain = scipy_entropy(counts / 12, axis=1)
    expected = plain + ((counts > 0).sum(axis=1) - 1) / 24
    np.testing.assert_allclose(a.entropy_corrected(counts), expected, atol=1e-12)
    off = scipy_entropy(truth, axis=1).mean() - np.array([plain.mean(), a.entropy_corrected(counts).mean()])
    assert 0 < off[1] < off[0] / 2
    # The divergence to the true distribution is nearer after correction.
    right = kl_divergence(truth, model).mean()
    assert (
        abs(a.kl_divergence_corrected(counts, model).mean() - right) < kl_divergence(counts / 12, model).mean() - right
    )


def test_the_corrected_squared_error_is_unbiased():
    generator = np.random.default_rng(4)
    truth, model = np.array([0.6, 0.3, 0.1]), np.array([0.5, 0.2, 0.3])
    counts = generator.multinomial(4, truth, 200_000).astype(float)
    values = a.squared_error_corrected(counts, np.broadcast_to(model, counts.shape))
    assert values.mean() == pytest.approx(((truth - model) ** 2).sum(), abs=4 * values.std() / np.sqrt(len(values)))


@pytest.mark.parametrize("votes", [1, 2, 5, 10, 100])
def test_l1_of_sampling_equals_the_sum_over_all_outcomes(votes):
    shares = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0], [0.9, 0.05, 0.05], [0.1, 0.1, 0.8]])
    x = np.arange(votes + 1)
    expected = [sum((binom.pmf(x, votes, q) * abs(x / votes - q)).sum() for q in row) for row in shares]
    np.testing.assert_allclose(a.l1_of_sampling(shares, np.full(4, float(votes))), expected, atol=1e-9)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_of_equal_probabilities_any_may_be_among_the_top_whatever_their_order(k):
    rng = np.random.default_rng(0)
    model = rng.integers(0, 3, (40, 5)).astype(float)
    human = rng.dirichlet(np.ones(5), 40)
    drawn = [np.argsort(-(model + 1e-3 * rng.random(model.shape)), axis=1)[:, :k] for _ in range(4000)]
    expected = np.mean([np.take_along_axis(human, top, axis=1).sum(axis=1) for top in drawn], axis=0)
    found = a.top_k_agreement(human, model, k)
    assert found == pytest.approx(expected, abs=0.03)
    order = rng.permutation(5)
    assert a.top_k_agreement(human[:, order], model[:, order], k) == pytest.approx(found)
