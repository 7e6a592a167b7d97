import math
from dataclasses import replace

import pytest
import torch
from torch.autograd import gradcheck

from fer_exp.errors import RequestError
from fer_exp.methods.method import Setting
from fer_exp.methods.rul import Head, mix
from tests.methods.cases import softmax
from tests.methods.small import CLASSES, FACES, FEATURES, TAUGHT, SmallNetwork, a_step, made, targets_of


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_mixtures_are_the_formula_face_by_face(scale):
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(7, 3, generator=generator, dtype=torch.float64)
    uncertainty = scale * torch.rand(7, generator=generator, dtype=torch.float64) + 1e-9
    pairs = torch.tensor([1, 0, 2, 5, 3, 4, 0])  # a face may be its own partner
    mixed, part = mix(features, uncertainty, pairs)
    for i, j in enumerate(pairs.tolist()):
        si, sj = uncertainty[i].item(), uncertainty[j].item()
        assert part[i].item() == pytest.approx(si / (si + sj), rel=1e-12)
        for f in range(3):
            by_hand = (si * features[i, f].item() + sj * features[j, f].item()) / (si + sj)
            assert mixed[i, f].item() == pytest.approx(by_hand, rel=1e-9, abs=1e-12)


def test_mixing_has_the_right_gradient():
    features = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    uncertainty = (torch.rand(5, dtype=torch.float64) + 0.1).requires_grad_()
    pairs = torch.tensor([1, 0, 3, 4, 2])
    assert gradcheck(lambda f, u: mix(f, u, pairs), (features, uncertainty))


def normalised(columns: torch.Tensor) -> torch.Tensor:
    centred = columns - columns.mean(dim=0)
    return centred / (centred.square().mean(dim=0) + 2e-5).sqrt()


def test_a_head_normalises_projects_and_normalises_again():
    head = Head(FEATURES, 5, 0.4).double()
    torch.nn.init.normal_(head.after.weight, generator=torch.Generator().manual_seed(1))
    features = torch.randn(9, FEATURES, dtype=torch.float64)
    expected = normalised(normalised(features) @ head.project.weight.T) * head.after.weight
    torch.testing.assert_close(head(features), expected)


def test_a_head_leaves_out_its_share_of_features_by_the_generator_alone():
    head = Head(FEATURES, 5, 0.4).double()
    seen = []
    head.project.register_forward_hook(lambda module, given, made: seen.append(given[0]))
    features = torch.randn(2000, FEATURES, dtype=torch.float64)
    first = head(features, torch.Generator().manual_seed(3))
    torch.rand(5)
    assert first.equal(head(features, torch.Generator().manual_seed(3)))
    assert not first.equal(head(features, torch.Generator().manual_seed(4)))
    left = seen[0]
    assert (left == 0).double().mean().item() == pytest.approx(0.4, abs=0.02)  # 12,000 draws
    torch.testing.assert_close(left, normalised(features) / 0.6 * (left != 0))


@pytest.mark.parametrize("targets", TAUGHT)
@pytest.mark.parametrize("count", [2, 11])
def test_the_loss_of_a_step_is_that_of_the_release(count, targets):
    """Mixed are the projected features after their normalisation; a linear map of the mixture is taught both labels."""
    target = targets_of(targets, count)
    weights = torch.tensor([0.5, 2.0, 0.0, 1.0], dtype=torch.float64)
    method = made("rul", Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=weights), drop_rate=0.0)
    network, step = SmallNetwork(), a_step(count, seed=5, target=target)
    learnt = method.learn(network, step)
    features = normalised(network(step.views[0]).features)
    mu, log_var = (
        normalised(features @ head.project.weight.T + head.project.bias) for head in (method.mean, method.log_variance)
    )
    att = log_var.exp().mean(dim=1, keepdim=True)
    index = torch.randperm(count, generator=step.generator())
    mixed = att / (att + att[index]) * mu + att[index] / (att + att[index]) * mu[index]
    logits = mixed @ method.classify.weight.T + method.classify.bias
    total = 0.0
    for i, j in enumerate(index.tolist()):
        p = softmax(logits[i].tolist())
        for which in (i, j):
            taught = (step.target[which] * weights).tolist()
            total -= 0.5 * sum(t * math.log(each) for t, each in zip(taught, p, strict=True))
    assert learnt.loss.item() == pytest.approx(total / count, abs=1e-10)


def test_it_predicts_as_released_by_the_projected_features_and_running_moments():
    method, network, step = made("rul"), SmallNetwork(), a_step()
    for seed in range(3):
        method.learn(network, a_step(seed=seed))
    said = method.eval().predictor(network)(step.views[0]).logits
    features = network(step.views[0]).features
    head = method.mean
    seen = (features - head.before.running_mean) / (head.before.running_var + 2e-5).sqrt()
    projected = seen @ head.project.weight.T + head.project.bias
    projected = (projected - head.after.running_mean) / (head.after.running_var + 2e-5).sqrt()
    torch.testing.assert_close(said, projected @ method.classify.weight.T + method.classify.bias)


def test_a_step_depends_on_its_seed_alone():
    network, step = SmallNetwork(), a_step()
    losses = [made("rul").learn(network, each).loss.item() for each in (step, step, replace(step, seed=9))]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


def test_every_parameter_learns_from_the_first_step_but_for_the_networks_own_head():
    method, network = made("rul"), SmallNetwork()
    method.learn(network, a_step()).loss.backward()
    for name, each in [*method.named_parameters("method"), *network.named_parameters()]:
        assert each.grad is not None, name
        idle = name.startswith("classify.") or name.endswith("project.bias")  # not read; normalised away
        assert idle or each.grad.abs().sum() > 0, name


def test_a_face_without_a_partner_is_refused():
    with pytest.raises(RequestError, match="batch_size"):
        made("rul").learn(SmallNetwork(), a_step(1))


@pytest.mark.parametrize("keys", [{"dimension": 0}, {"drop_rate": 1.0}])
def test_keys_out_of_range_are_refused(keys):
    with pytest.raises(RequestError, match=next(iter(keys))):
        made("rul", **keys)
