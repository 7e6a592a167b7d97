import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fer_exp.methods.affect import affect_loss
from fer_exp.methods.ce import soft_cross_entropy
from fer_exp.methods.method import Setting
from tests.methods.small import CLASSES, FACES, FEATURES, SmallNetwork, a_step, made


def test_soft_cross_entropy_equals_the_formula_and_torchs_for_indices():
    logits = torch.randn(9, 7, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 7, (9,))
    given = soft_cross_entropy(logits, F.one_hot(labels, 7))
    torch.testing.assert_close(given.double(), F.cross_entropy(logits, labels), atol=1e-6, rtol=0)


def ccc_and_mse(x: np.ndarray, y: np.ndarray) -> float:
    covariance = np.mean((x - x.mean()) * (y - y.mean()))
    ccc = 2 * covariance / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    return float(1 - ccc + np.mean((x - y) ** 2))


def test_affect_loss_ignores_missing_ratings():
    rng = np.random.default_rng(0)
    predicted, rated = rng.uniform(-1, 1, (12, 2)), rng.uniform(-1, 1, (12, 2))
    rated[:4, 0] = np.nan
    expected = (ccc_and_mse(predicted[4:, 0], rated[4:, 0]) + ccc_and_mse(predicted[:, 1], rated[:, 1])) / 2
    assert affect_loss(torch.tensor(predicted), torch.tensor(rated)).item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "rated", [[[math.nan, math.nan]] * 3, [[0.5, math.nan]] + [[math.nan, math.nan]] * 2, [[0.0, 0.0]] * 3]
)
def test_affect_loss_and_its_gradient_are_finite_without_spread(rated):
    predicted = torch.zeros(3, 2, requires_grad=True)
    loss = affect_loss(predicted, torch.tensor(rated))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(predicted.grad).all()


@pytest.mark.parametrize("weights", [None, [0.5, 2.0, 0.0, 1.0]])
@pytest.mark.parametrize("passes", ["joint", "separate"])
def test_two_views_are_taught_alike(passes, weights):
    own = None if weights is None else torch.tensor(weights, dtype=torch.float64)
    method = made("ce_two_views", Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=own), passes=passes)
    network, step = SmallNetwork(), a_step(7, views=2)
    learnt, labels = method.learn(network, step), step.target.argmax(dim=1)
    losses = [F.cross_entropy(network(view).logits, labels, weight=own, reduction="sum") / 7 for view in step.views]
    torch.testing.assert_close(learnt.loss, sum(losses) / 2)
    torch.testing.assert_close(learnt.output.logits, network(step.views[0]).logits)
    assert learnt.selected is None
