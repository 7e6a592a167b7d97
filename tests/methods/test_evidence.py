from dataclasses import replace

import pytest
import torch
from torch import nn

from fer_exp.errors import RequestError
from fer_exp.methods.evidence import posterior, symmetric
from fer_exp.methods.method import Setting
from tests.methods.small import CLASSES, FACES, FEATURES, SmallNetwork, a_step, made

SETTING = Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, noise_rate=0.4)


def moved_network(seed: int = 1) -> SmallNetwork:
    network = SmallNetwork()
    for each in network.parameters():
        nn.init.normal_(each, std=0.5, generator=torch.Generator().manual_seed(seed))
    return network


def entropies(network: nn.Module, step, target: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy over all faces of the views."""
    losses = [-(target * network(view).logits.log_softmax(dim=1)).sum(dim=1) for view in step.views]
    return torch.cat(losses).mean()


def test_posteriors_are_bayes_rule_face_by_face():
    generator = torch.Generator().manual_seed(0)
    belief = torch.rand(9, 3, generator=generator, dtype=torch.float64).softmax(dim=1)
    transition = torch.rand(3, 3, generator=generator, dtype=torch.float64).softmax(dim=1)
    labels = torch.arange(9) % 3
    for q, y, given in zip(belief.tolist(), labels.tolist(), posterior(belief, labels, transition), strict=True):
        joint = [q[k] * transition[k, y].item() for k in range(3)]
        assert given.tolist() == pytest.approx([each / sum(joint) for each in joint])


def test_an_ambiguous_face_keeps_its_label_and_a_flipped_one_does_not():
    belief = torch.tensor([[0.5, 0.45, 0.05], [0.9, 0.05, 0.05]])
    kept = posterior(belief, torch.tensor([1, 2]), symmetric(0.4, 3)).gather(1, torch.tensor([[1], [2]])).squeeze(1)
    assert kept[0] > 0.5 > kept[1]


def beliefs(method, step) -> torch.Tensor:
    """Probabilities by the average, or of each face by the network that is taught the faces of the other parity."""
    if not len(method.others):
        return method.average(step.views[0]).logits.softmax(dim=1)
    faces = zip(step.index.tolist(), step.views[0], strict=True)
    return torch.stack([method.others[n % 2 ^ 1](face[None]).logits[0] for n, face in faces]).softmax(dim=1)


def with_others(**keys):
    """A method whose two other networks differ."""
    method = made("evidence", SETTING, **keys)
    for seed, other in enumerate(method.others):
        other.load_state_dict(moved_network(seed + 5).state_dict())
    return method


@pytest.mark.parametrize("belief", ["others", "average"])
@pytest.mark.parametrize("views", ["both", "weak"])
def test_it_teaches_posteriors_after_the_warmup_and_labels_before(views, belief):
    method, network = with_others(warmup=1, views=views, rate=0.2, belief=belief), moved_network()
    step = a_step(12, views=len(method.views))
    labels, noise = step.target.argmax(dim=1), symmetric(0.2, CLASSES).double()
    target = posterior(beliefs(method, step).detach(), labels, noise)
    for epoch, taught in ((0, step.target), (1, target)):
        learnt = method.learn(network, replace(step, epoch=epoch))
        expected = entropies(network, step, taught)
        if belief == "others":  # each is taught its own half
            own = torch.stack([method.others[n % 2](step.views[0][n : n + 1]).logits[0] for n in range(12)])
            expected = expected - (taught * own.log_softmax(dim=1)).sum(dim=1).mean()
        assert learnt.loss.item() == pytest.approx(expected.item(), rel=1e-6)
    kept = (target * step.target).sum(dim=1)
    assert learnt.selected.equal(kept > 0.5)
    assert learnt.figures["noise_rate"].item() == pytest.approx(1 - kept.mean().item(), rel=1e-6)


def test_who_is_taught_a_face_does_not_say_what_is_believed_of_it():
    method, network = with_others(warmup=0), moved_network()
    step = a_step(8, views=2)
    even = replace(step, index=2 * torch.arange(8))
    method.learn(network, even).loss.backward()
    taught, asked = ([p.grad.abs().sum().item() for p in other.parameters()] for other in method.others)
    assert min(taught) > 0
    assert max(asked) == 0


@pytest.mark.parametrize("views", ["both", "weak"])
def test_without_posteriors_it_is_cross_entropy_on_its_views(views):
    method, network = made("evidence", SETTING, warmup=0, posterior=False, views=views), moved_network()
    step = a_step(12, epoch=3, views=len(method.views))
    learnt = method.learn(network, step)
    assert learnt.loss.item() == pytest.approx(entropies(network, step, step.target).item())
    assert learnt.selected is None
    before = method.transition.clone()
    method.after_epoch(3)
    assert method.transition.equal(before)


@pytest.mark.parametrize("decay", [0.5, 0.0])
def test_the_average_of_weights_predicts_and_without_decay_it_is_the_network(decay):
    method = made("evidence", SETTING, decay=decay)
    mean = {name: value.clone() for name, value in method.average.state_dict().items()}
    for step in range(1, 15):
        network = moved_network(step)
        method.after_step(network)
        share = min(decay, step / (step + 9))
        mean = {name: share * mean[name] + (1 - share) * now for name, now in network.state_dict().items()}
    predictor = method.predictor(network).state_dict()
    for name, value in predictor.items():
        torch.testing.assert_close(value, mean[name])
        assert decay or value.equal(network.state_dict()[name])


def test_resumed_the_average_goes_on_at_the_pace_it_had():
    method = made("evidence", SETTING, decay=0.99)
    for step in range(5):
        method.after_step(moved_network(step))
    again = made("evidence", SETTING, decay=0.99)
    again.load_state_dict(method.state_dict())
    for each in (method, again):
        each.after_step(moved_network(9))
    assert all(value.equal(again.state_dict()[name]) for name, value in method.state_dict().items())


@pytest.mark.parametrize("noise", ["estimated", "fixed", "told"])
def test_the_noise_is_estimated_from_an_epochs_posteriors_or_stays_as_told(noise):
    method = with_others(warmup=0, rate=0.2, faces=10.0, noise=noise)
    before, counts = method.transition.clone(), torch.zeros(CLASSES, CLASSES, dtype=torch.float64)
    torch.testing.assert_close(before, symmetric(0.4 if noise == "told" else 0.2, CLASSES).double())
    for seed in (0, 1):
        step = a_step(15, seed=seed, views=2)
        labels = step.target.argmax(dim=1)
        for t, y in zip(posterior(beliefs(method, step), labels, before), labels, strict=True):
            counts[:, y] += t
        method.learn(moved_network(), step)
    method.after_epoch(0)
    rate = 1 - (counts.diagonal().sum() / counts.sum()).item()
    counted = counts + 10 * symmetric(rate, CLASSES).double()
    expected = counted / counted.sum(dim=1, keepdim=True) if noise == "estimated" else before
    torch.testing.assert_close(method.transition, expected, rtol=1e-5, atol=1e-6)
    assert not method.counts.any()


def test_a_rate_that_is_not_known_cannot_be_told():
    with pytest.raises(RequestError, match=r"method\.noise=fixed method\.rate"):
        made("evidence", replace(SETTING, noise_rate=None), noise="told")
