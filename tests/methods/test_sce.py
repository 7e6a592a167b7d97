import math

import pytest
import torch
from torch.autograd import gradcheck

from fer_exp.errors import RequestError
from fer_exp.methods.method import Setting
from fer_exp.methods.sce import reverse_cross_entropy
from tests.methods.cases import IDS, PAIRS, WEIGHTS, cross_entropy, double, softmax
from tests.methods.small import CLASSES, FACES, FEATURES, SmallNetwork, a_step, made


def by_hand(logits: list[float], target: list[float], log_zero: float) -> float:
    logs = [max(math.log(t), log_zero) if t > 0 else log_zero for t in target]
    return -sum(p * each for p, each in zip(softmax(logits), logs, strict=True))


@pytest.mark.parametrize("log_zero", [-4.0, -0.5, -9.21])
@pytest.mark.parametrize(("logits", "target"), PAIRS, ids=IDS)
def test_the_reverse_is_the_papers(logits, target, log_zero):
    given = double(logits).requires_grad_()
    losses = reverse_cross_entropy(given, double(target), log_zero)
    losses.sum().backward()
    expected = [by_hand(z, t, log_zero) for z, t in zip(logits, target, strict=True)]
    assert losses.tolist() == pytest.approx(expected, abs=1e-12)
    assert ((losses >= -1e-12) & (losses <= -log_zero + 1e-12)).all()
    assert torch.isfinite(given.grad).all()


def test_the_reverse_of_one_class_is_the_absolute_error_and_has_the_right_gradient():
    logits, target = double(PAIRS[0][0]).requires_grad_(), double(PAIRS[0][1])
    p = (logits.softmax(dim=1) * target).sum(dim=1)
    torch.testing.assert_close(reverse_cross_entropy(logits, target, -4.0), 4 * (1 - p))
    assert gradcheck(lambda each: reverse_cross_entropy(each, target, -4.0), logits)


@pytest.mark.parametrize("soft", [False, True])
def test_a_step_is_the_weighted_sum_of_both(soft):
    setting = Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=double(WEIGHTS))
    target = torch.rand(10, CLASSES, dtype=torch.float64).softmax(dim=1) if soft else None
    network, step = SmallNetwork(), a_step(target=target)
    loss = made("sce", setting, alpha=0.3, beta=2.0).learn(network, step).loss.item()
    total = 0.0
    for logits, taught in zip(network(step.views[0]).logits.tolist(), step.target.tolist(), strict=True):
        own = sum(w * t for w, t in zip(WEIGHTS, taught, strict=True))
        total += 0.3 * cross_entropy(logits, taught, WEIGHTS) + 2.0 * own * by_hand(logits, taught, -4.0)
    assert loss == pytest.approx(total / 10, rel=1e-10)


@pytest.mark.parametrize("keys", [{"log_zero": 0.0}, {"alpha": -1.0}, {"beta": -0.1}])
def test_keys_out_of_range_are_refused(keys):
    with pytest.raises(RequestError, match=next(iter(keys))):
        made("sce", **keys)
