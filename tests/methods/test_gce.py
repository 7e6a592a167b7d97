import math

import pytest
import torch
from torch.autograd import gradcheck

from fer_exp.errors import RequestError
from fer_exp.methods.ce import cross_entropies
from fer_exp.methods.gce import generalised_cross_entropy
from fer_exp.methods.method import Setting
from tests.methods.cases import IDS, PAIRS, WEIGHTS, double, log_softmax
from tests.methods.small import CLASSES, FACES, FEATURES, SmallNetwork, a_step, made


def by_hand(logits: list[float], target: list[float], q: float) -> float:
    return sum(t * (1 - math.exp(q * p)) / q for t, p in zip(target, log_softmax(logits), strict=True))


@pytest.mark.parametrize("q", [0.01, 0.7, 1.0])
@pytest.mark.parametrize(("logits", "target"), PAIRS, ids=IDS)
def test_the_loss_is_the_papers_and_finite_with_its_gradient(logits, target, q):
    given = double(logits).requires_grad_()
    losses = generalised_cross_entropy(given, double(target), q)
    losses.sum().backward()
    assert losses.tolist() == pytest.approx([by_hand(z, t, q) for z, t in zip(logits, target, strict=True)], abs=1e-12)
    assert ((losses >= 0) & (losses <= 1 / q + 1e-12)).all()
    assert torch.isfinite(given.grad).all()


def test_towards_0_it_is_cross_entropy_and_at_1_half_the_absolute_error():
    logits, target = double(PAIRS[0][0]), double(PAIRS[0][1])
    gaps = [
        (generalised_cross_entropy(logits, target, q) - cross_entropies(logits, target)).abs().max().item()
        for q in (1e-2, 1e-4, 1e-6)
    ]
    assert gaps[0] > 50 * gaps[1] > 2500 * gaps[2]
    assert gaps[2] < 1e-4
    absolute = (logits.softmax(dim=1) - target).abs().sum(dim=1)
    torch.testing.assert_close(generalised_cross_entropy(logits, target, 1.0), absolute / 2)


def test_its_gradient_is_that_of_cross_entropy_times_the_labels_probability_to_the_q():
    logits, target = double(PAIRS[0][0]).requires_grad_(), double(PAIRS[0][1])
    assert gradcheck(lambda each: generalised_cross_entropy(each, target, 0.7), logits)
    own = torch.autograd.grad(generalised_cross_entropy(logits, target, 0.7).sum(), logits)[0]
    plain = torch.autograd.grad(cross_entropies(logits, target).sum(), logits)[0]
    p = (logits.softmax(dim=1) * target).sum(dim=1, keepdim=True)
    torch.testing.assert_close(own, plain * p**0.7)


def test_a_step_weighs_its_faces_by_class():
    setting = Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=double(WEIGHTS))
    network, step = SmallNetwork(), a_step()
    loss = made("gce", setting).learn(network, step).loss.item()
    logits, target = network(step.views[0]).logits.tolist(), step.target.tolist()
    faces = [WEIGHTS[t.index(1)] * by_hand(z, t, 0.7) for z, t in zip(logits, target, strict=True)]
    assert loss == pytest.approx(math.fsum(faces) / len(faces), rel=1e-10)


@pytest.mark.parametrize("q", [0, 1.5])
def test_q_out_of_range_is_refused(q):
    with pytest.raises(RequestError, match=r"method.q is .* at least 0.001 and at most 1"):
        made("gce", q=q)
