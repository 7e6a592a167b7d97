import math
from dataclasses import replace

import pytest
import torch
from torch.autograd import gradcheck

from fer_exp.errors import RequestError
from fer_exp.methods.method import Setting
from fer_exp.methods.scn import attended, high_group, rank_loss, relabel
from tests.methods.cases import softmax
from tests.methods.small import CLASSES, FACES, FEATURES, TAUGHT, SmallNetwork, a_step, made, targets_of


def split_by_sorting(attention: list[float], beta: float) -> list[bool]:
    order = sorted(range(len(attention)), key=lambda k: -attention[k])
    count = min(max(1, math.floor(beta * len(attention) + 1e-9)), len(attention) - 1)
    return [k in order[:count] for k in range(len(attention))]


@pytest.mark.parametrize("beta", [0, 0.3, 0.7, 1])
@pytest.mark.parametrize("count", [1, 2, 3, 10, 90])
def test_groups_and_rank_loss_are_those_of_sorting(count, beta):
    values = torch.rand(count, generator=torch.Generator().manual_seed(count), dtype=torch.float64)
    for attention in (values, torch.full_like(values, 0.5), (4 * values).round() / 4):
        high = high_group(attention, beta)
        expected = split_by_sorting(attention.tolist(), beta)
        assert high.tolist() == expected
        top = [a for a, h in zip(attention.tolist(), expected, strict=True) if h]
        rest = [a for a, h in zip(attention.tolist(), expected, strict=True) if not h]
        for margin in (0.0, 0.15, 1.0):
            loss, in_high, in_low = rank_loss(attention, high, margin)
            if not top:
                assert loss == 0
                continue
            gap = sum(top) / len(top) - sum(rest) / len(rest)
            assert loss.item() == pytest.approx(max(0.0, margin - gap), abs=1e-12)
            assert (in_high - in_low).item() == pytest.approx(gap, abs=1e-12)


def test_rank_loss_has_the_right_gradient():
    attention = torch.rand(9, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    high = high_group(attention, 0.7)
    assert gradcheck(lambda each: rank_loss(each, high, 1.0)[0], attention)


def test_relabelling_is_the_rule_face_by_face():
    logits = 2 * torch.randn(200, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    label = torch.arange(200) % 5
    for margin in (0.0, 0.2, 1.0):
        for row, own, new in zip(
            logits.tolist(), label.tolist(), relabel(logits.softmax(1), label, margin).tolist(), strict=True
        ):
            p = softmax(row)
            assert new == (p.index(max(p)) if max(p) - p[own] > margin else -1)


def by_hand(method, network, step) -> float:
    """The loss of a step, a face at a time: scaled logits, cross-entropy, and the gap of the groups."""
    output = network(step.views[0])
    weight, bias = method.attention.weight[0].tolist(), method.attention.bias.item()
    attention = [
        1 / (1 + math.exp(-sum(w * f for w, f in zip(weight, face, strict=True)) - bias))
        for face in output.features.tolist()
    ]
    total = 0.0
    for a, logits, target in zip(attention, output.logits.tolist(), step.target.tolist(), strict=True):
        p = softmax([a * each for each in logits])
        total -= sum(t * math.log(each) for t, each in zip(target, p, strict=True))
    high = split_by_sorting(attention, method.beta)
    top = [a for a, h in zip(attention, high, strict=True) if h]
    rest = [a for a, h in zip(attention, high, strict=True) if not h]
    ranked = max(0.0, method.margin - (sum(top) / len(top) - sum(rest) / len(rest)))
    return total / len(attention) + ranked


@pytest.mark.parametrize("targets", TAUGHT)
@pytest.mark.parametrize("count", [2, 11])
def test_the_loss_of_a_step_is_the_papers(count, targets):
    target = targets_of(targets, count)
    method, network, step = made("scn"), SmallNetwork(), a_step(count, target=target)
    torch.nn.init.normal_(method.attention.weight, generator=torch.Generator().manual_seed(1))
    assert method.learn(network, step).loss.item() == pytest.approx(by_hand(method, network, step), abs=1e-10)


def test_class_weights_are_honoured():
    step, network = a_step(), SmallNetwork()
    weights = torch.tensor([0.5, 2.0, 0.0, 1.0], dtype=torch.float64)
    weighted = made("scn", Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=weights), margin=0.0)
    plain = made("scn", margin=0.0)
    own = weights[step.target.argmax(dim=1)]
    logits = attended(plain.attention, network(step.views[0]))[1]
    expected = (own * -(step.target * logits.log_softmax(dim=1)).sum(dim=1)).mean()
    torch.testing.assert_close(weighted.learn(network, step).loss, expected)


@pytest.mark.parametrize("group", ["low", "all"])
def test_labels_are_replaced_from_the_epoch_on_and_then_taught(group):
    method, network = made("scn", relabel_epoch=3, relabel_margin=0.0, relabel_group=group), SmallNetwork()
    for epoch in (0, 1):
        method.learn(network, a_step(20, epoch=epoch))
    assert (method.relabelled == -1).all()
    step = a_step(20, epoch=2)
    learnt = method.learn(network, step)
    attention, logits = attended(method.attention, network(step.views[0]))
    doubtful = logits.argmax(dim=1) != step.target.argmax(dim=1)
    replaced = doubtful & ~high_group(attention, 0.7) if group == "low" else doubtful
    assert replaced.any()
    expected = torch.where(replaced, logits.argmax(dim=1), -1)
    assert method.relabelled[:20].equal(expected)
    assert (method.relabelled[20:] == -1).all()
    assert learnt.figures["relabelled_share"].item() == pytest.approx(replaced.double().mean().item())
    taught = torch.where(replaced, expected, step.target.argmax(dim=1))
    now = a_step(20, epoch=0, target=torch.eye(CLASSES, dtype=torch.float64)[taught])
    assert method.learn(network, replace(step, epoch=0)).loss.item() == pytest.approx(
        by_hand(method, network, now), abs=1e-10
    )


def test_what_is_relabelled_is_kept_with_the_weights_and_a_face_met_twice_counts_once():
    method = made("scn")
    method.remember(torch.tensor([3, 5, 3, 7]), torch.tensor([2, -1, -1, 0]))
    method.remember(torch.tensor([5, 3]), torch.tensor([1, -1]))
    again = made("scn")
    again.load_state_dict(method.state_dict())
    assert again.relabelled[[3, 5, 7, 0]].tolist() == [2, 1, 0, -1]


def test_predictions_are_scaled_as_in_training():
    method, network, step = made("scn"), SmallNetwork(), a_step()
    torch.nn.init.normal_(method.attention.weight, generator=torch.Generator().manual_seed(1))
    said = method.predictor(network)(step.views[0])
    torch.testing.assert_close(said.logits, attended(method.attention, network(step.views[0]))[1])
    torch.testing.assert_close(said.features, network(step.views[0]).features)


def test_every_parameter_learns_from_the_first_step():
    method, network = made("scn"), SmallNetwork()
    method.learn(network, a_step()).loss.backward()
    for each in [*method.parameters(), *network.parameters()]:
        assert each.grad is not None
        assert each.grad.abs().sum() > 0


@pytest.mark.parametrize("keys", [{"beta": 1.2}, {"margin": -0.1}, {"relabel_epoch": 0}, {"relabel_group": "high"}])
def test_keys_out_of_range_are_refused(keys):
    with pytest.raises(RequestError, match=next(iter(keys))):
        made("scn", **keys)
