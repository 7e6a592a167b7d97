from dataclasses import replace

import pytest
import torch
from torch.autograd import gradcheck

from fer_exp.errors import RequestError
from fer_exp.methods.elr import elr_penalty, running_mean
from fer_exp.methods.method import Setting
from tests.methods.cases import LOGITS, WEIGHTS, cross_entropy, double, softmax
from tests.methods.small import CLASSES, FACES, FEATURES, SmallNetwork, a_step, made


def clamped(logits: list[float]) -> list[float]:
    return [min(max(p, 1e-4), 1 - 1e-4) for p in softmax(logits)]


def moved(before: list[float], logits: list[float], beta: float) -> list[float]:
    p = clamped(logits)
    return [beta * t + (1 - beta) * each / sum(p) for t, each in zip(before, p, strict=True)]


def penalty(logits: list[float], earlier: list[float]) -> float:
    agreement = sum(t * p for t, p in zip(earlier, clamped(logits), strict=True))
    return double([1 - agreement]).log().item()


@pytest.mark.parametrize("logits", LOGITS.values(), ids=LOGITS)
@pytest.mark.parametrize("earlier", [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]])
def test_penalty_and_running_mean_are_the_papers(logits, earlier):
    given, before = double(logits).requires_grad_(), double([earlier] * len(logits))
    losses = elr_penalty(given, before)
    losses.sum().backward()
    assert losses.tolist() == pytest.approx([penalty(row, earlier) for row in logits], abs=1e-12)
    assert torch.isfinite(given.grad).all()
    for beta in (0.0, 0.7, 1.0):
        now = running_mean(before, given.detach(), beta)
        torch.testing.assert_close(now, double([moved(earlier, row, beta) for row in logits]))


def test_the_gradient_is_the_papers():
    """Liu et al. 2020, section 4: p - y, plus lambda times g_k = p_k (<t, p> - t_k) / (1 - <t, p>)."""
    logits = double(LOGITS["ordinary"]).requires_grad_()
    earlier = double([[0.2, 0.3, 0.5], [0.8, 0.1, 0.1], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert gradcheck(lambda each: elr_penalty(each, earlier), logits)
    given = torch.autograd.grad(elr_penalty(logits, earlier).sum(), logits)[0].tolist()
    for row, t, gradient in zip(logits.tolist(), earlier.tolist(), given, strict=True):
        p = softmax(row)
        agreement = sum(a * b for a, b in zip(t, p, strict=True))
        expected = [p[k] / (1 - agreement) * (agreement - t[k]) for k in range(3)]
        assert gradient == pytest.approx(expected, abs=1e-12)


def test_steps_remember_each_face_and_weigh_classes():
    setting = Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=double(WEIGHTS))
    method, network = made("elr", setting, beta=0.6, strength=2.0), SmallNetwork()
    memory = {face: [0.0] * CLASSES for face in range(FACES)}
    for seed, faces in enumerate(([3, 1, 7], [7, 3, 0], [3, 39, 12])):
        step = replace(a_step(3, seed=seed), index=torch.tensor(faces))
        loss, total = method.learn(network, step).loss.item(), 0.0
        for face, row, taught in zip(faces, network(step.views[0]).logits.tolist(), step.target.tolist(), strict=True):
            memory[face] = moved(memory[face], row, 0.6)
            own = WEIGHTS[taught.index(1)]
            total += cross_entropy(row, taught, WEIGHTS) + 2.0 * own * penalty(row, memory[face])
        assert loss == pytest.approx(total / 3, rel=1e-10)
    torch.testing.assert_close(method.earlier, double(list(memory.values())))


@pytest.mark.parametrize("keys", [{"beta": 1.1}, {"strength": -1.0}])
def test_keys_out_of_range_are_refused(keys):
    with pytest.raises(RequestError, match=next(iter(keys))):
        made("elr", **keys)
