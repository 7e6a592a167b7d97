import pytest
import torch
from torch.autograd import gradcheck

from fer_exp.errors import RequestError
from fer_exp.methods.jocor import joint_loss
from tests.methods.cases import IDS, PAIRS, WEIGHTS, cross_entropy, double, excess, symmetric_divergence
from tests.methods.small import CLASSES, a_step, made
from tests.methods.test_co_teaching import pair


def by_hand(one: list[float], other: list[float], target: list[float], weight: float, weights=None) -> float:
    both = cross_entropy(one, target, weights) + cross_entropy(other, target, weights)
    return (1 - weight) * both + weight * symmetric_divergence(one, other)


@pytest.mark.parametrize("weight", [0.0, 0.9, 1.0])
@pytest.mark.parametrize(("logits", "target"), PAIRS, ids=IDS)
def test_the_joint_loss_is_the_papers(logits, target, weight):
    other = [row[::-1] for row in logits]
    for weights in (None, WEIGHTS[:3]):
        given = [double(logits).requires_grad_(), double(other).requires_grad_()]
        losses = joint_loss(*given, double(target), weight, None if weights is None else double(weights))
        losses.sum().backward()
        expected = [by_hand(a, b, t, weight, weights) for a, b, t in zip(logits, other, target, strict=True)]
        assert losses.tolist() == pytest.approx(expected, rel=1e-10, abs=1e-12)
        assert all(torch.isfinite(each.grad).all() for each in given)


def test_it_has_the_right_gradient_for_both_networks():
    one, target = double(PAIRS[0][0]).requires_grad_(), double(PAIRS[0][1])
    other = one.detach().flip(1).requires_grad_()
    assert gradcheck(lambda a, b: joint_loss(a, b, target, 0.9), (one, other))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("count", [2, 10])
def test_a_step_is_the_mean_over_the_smallest_joint_losses(weights, count):
    method, network = pair("jocor", weights, ramp=2, agreement=0.5)
    target = torch.rand(count, CLASSES, dtype=torch.float64).softmax(dim=1)
    for epoch, share in enumerate((0.8, 0.6, 0.6)):
        step = a_step(count, seed=epoch, epoch=epoch, target=target if epoch == 1 else None)
        learnt = method.learn(network, step)
        faces = list(
            zip(
                network(step.views[0]).logits.tolist(),
                method.peer(step.views[0]).logits.tolist(),
                step.target.tolist(),
                strict=True,
            )
        )
        number = max(1, int(share * count))
        doubts = [
            0.5 * (excess(one, target) + excess(other, target) + symmetric_divergence(one, other))
            for one, other, target in faces
        ]
        chosen = sorted(range(count), key=doubts.__getitem__)[:number]
        expected = sum(by_hand(*faces[k], 0.5, weights) for k in chosen) / number
        assert learnt.loss.item() == pytest.approx(expected, rel=1e-10)
        assert learnt.selected.tolist() == [k in chosen for k in range(count)]


def test_an_agreement_out_of_range_is_refused():
    with pytest.raises(RequestError, match=r"method\.agreement"):
        made("jocor", forget_rate=0.2, agreement=1.5)
