import pytest
import torch
from torch.autograd import gradcheck

from fer_exp.methods.dnfer import symmetric_kl
from fer_exp.methods.method import Setting
from tests.methods.cases import IDS, PAIRS, WEIGHTS, cross_entropy, double, softmax, symmetric_divergence
from tests.methods.small import CLASSES, FACES, FEATURES, TAUGHT, SmallNetwork, a_step, made, targets_of


@pytest.mark.parametrize(("logits", "target"), PAIRS[::3], ids=IDS[::3])
def test_the_divergence_is_that_of_both_directions(logits, target):
    other = [row[::-1] for row in logits]
    one = double(logits).requires_grad_()
    given = symmetric_kl(one, double(other))
    given.sum().backward()
    expected = [symmetric_divergence(a, b) for a, b in zip(logits, other, strict=True)]
    assert given.tolist() == pytest.approx(expected, rel=1e-10)
    assert torch.isfinite(one.grad).all()
    assert (symmetric_kl(one, one).abs() < 1e-12).all()


def test_the_divergence_has_the_right_gradient():
    one = double(PAIRS[0][0]).requires_grad_()
    assert gradcheck(symmetric_kl, (one, one.detach().flip(1).requires_grad_()))


def selected_by_hand(probabilities: list[list[float]], target: list[list[float]]) -> list[bool]:
    count, classes = len(target), len(target[0])
    means = [sum(row[k] for row in probabilities) / count for k in range(classes)]
    pairs = zip(probabilities, target, strict=True)
    return [
        sum(t * p for t, p in zip(own, row, strict=True)) >= sum(t * m for t, m in zip(own, means, strict=True))
        for row, own in pairs
    ]


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("targets", TAUGHT)
@pytest.mark.parametrize("count", [2, 11])
def test_a_step_is_the_papers(count, targets, weights):
    target = targets_of(targets, count)
    own = None if weights is None else double(weights)
    method = made("dnfer", Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=own), warmup=2)
    network = SmallNetwork()
    for epoch in (1, 2):
        step = a_step(count, seed=3, epoch=epoch, target=target, views=2)
        learnt, taught = method.learn(network, step), step.target.tolist()
        logits = [network(view).logits.tolist() for view in step.views]
        losses = [[cross_entropy(*face, weights) for face in zip(view, taught, strict=True)] for view in logits]
        torch.testing.assert_close(learnt.output.logits, double(logits[0]))
        if epoch == 1:
            assert learnt.loss.item() == pytest.approx(sum(map(sum, losses)) / (2 * count), rel=1e-10)
            assert learnt.selected is None
            continue
        supervised, chosen = 0.0, []
        for view, own_losses in zip(logits, losses, strict=True):
            chosen.append(selected_by_hand([softmax(row) for row in view], taught))
            kept = [loss for loss, is_chosen in zip(own_losses, chosen[-1], strict=True) if is_chosen]
            kept = kept or own_losses  # as released
            supervised += sum(kept) / len(kept)
        agreement = sum(map(symmetric_divergence, *logits)) / count
        assert learnt.loss.item() == pytest.approx((supervised / 2 + agreement) / 2, rel=1e-10)
        assert learnt.selected.tolist() == (chosen[0] if any(chosen[0]) else [True] * count)


def test_without_a_confident_face_all_are_taught():
    network = SmallNetwork()
    probabilities = network(a_step(2).views[0]).logits.softmax(dim=1)
    labels = (probabilities - probabilities.mean(dim=0)).argmin(dim=1)  # the class that the other face is surer of
    target = torch.eye(CLASSES, dtype=torch.float64)[labels]
    step = a_step(2, epoch=9, target=target, views=2)
    learnt = made("dnfer").learn(network, step)
    weak, strong = (network(view).logits for view in step.views)
    sure = [selected_by_hand(view.softmax(dim=1).tolist(), target.tolist()) for view in (weak, strong)]
    assert not any(sure[0])
    assert learnt.selected.all()
    entropies = [-(target * view.log_softmax(dim=1)).sum(dim=1) for view in (weak, strong)]
    own = [view[kept].mean() if any(kept) else view.mean() for view, kept in zip(entropies, sure, strict=True)]
    expected = (sum(own) / 2 + symmetric_kl(weak, strong).mean()) / 2
    torch.testing.assert_close(learnt.loss, expected)
