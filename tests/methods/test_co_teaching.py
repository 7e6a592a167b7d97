from dataclasses import replace

import numpy as np
import pytest
import torch

from fer_exp.errors import RequestError
from fer_exp.methods.co_teaching import kept_share, small_losses
from fer_exp.methods.method import Setting
from tests.methods.cases import WEIGHTS, cross_entropy, double, excess
from tests.methods.small import CLASSES, FACES, FEATURES, SmallNetwork, a_step, made


@pytest.mark.parametrize("count", [1, 2, 10, 64])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.7, 1.0])
def test_the_smallest_losses_are_those_of_sorting(count, share):
    drawn = torch.rand(count, generator=torch.Generator().manual_seed(count), dtype=torch.float64)
    for losses in (drawn, torch.zeros(count), (3 * drawn).round()):
        number = max(1, (round(share * 10) * count) // 10)  # in whole numbers: 0.6 * 10 is 6
        order = sorted(range(count), key=losses.tolist().__getitem__)[:number]
        assert small_losses(losses, share).tolist() == [k in order for k in range(count)]


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.45])
def test_what_is_forgotten_is_the_releases_schedule(rate):
    released = np.ones(200) * rate
    released[:10] = np.linspace(0, rate, 10)
    trained = [1 - released[epoch] for epoch in range(1, 200)]  # theirs train epochs 1 to 199
    assert [kept_share(epoch, rate, 9) for epoch in range(199)] == pytest.approx(trained)


@pytest.mark.parametrize("name", ["co_teaching", "jocor"])
def test_a_short_run_reaches_the_rate_in_a_third_of_it(name):
    def shares(epochs: int, **keys: object) -> list[float]:
        method = made(name, Setting(CLASSES, FACES, FEATURES, epochs, SmallNetwork, noise_rate=0.4), **keys)
        return [method.kept(a_step(epoch=epoch)) for epoch in range(epochs)]

    assert shares(40)[7:9] == pytest.approx([1 - 0.4 * 8 / 9, 0.6])
    assert shares(5) == pytest.approx([0.8, 0.6, 0.6, 0.6, 0.6])
    assert shares(1) == pytest.approx([0.6])
    assert shares(5, ramp=4) == pytest.approx([0.9, 0.8, 0.7, 0.6, 0.6])


def pair(name: str = "co_teaching", weights: list[float] | None = None, **keys):
    """The method and the network, whose peer has other weights."""
    own = None if weights is None else double(weights)
    setting = Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=own, noise_rate=0.4)
    method, network = made(name, setting, **keys), SmallNetwork()
    generator = torch.Generator().manual_seed(5)
    for each in method.peer.parameters():
        torch.nn.init.normal_(each, std=0.7, generator=generator)
    return method, network


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("count", [2, 10])
def test_each_network_learns_from_the_others_choice(weights, soft, count):
    method, network = pair(weights=weights, ramp=2)
    target = torch.rand(count, CLASSES, dtype=torch.float64).softmax(dim=1) if soft else None
    for epoch, share in enumerate((0.8, 0.6, 0.6)):
        step = a_step(count, seed=epoch, epoch=epoch, target=target)
        learnt = method.learn(network, step)
        logits = [each(step.views[0]).logits.tolist() for each in (network, method.peer)]
        number, taught, total, chosen = max(1, int(share * count)), step.target.tolist(), 0.0, []
        for own, other in (logits, logits[::-1]):
            doubted = [excess(*each) for each in zip(other, taught, strict=True)]
            chosen.append(sorted(range(count), key=doubted.__getitem__)[:number])
            total += sum(cross_entropy(own[k], taught[k], weights) for k in chosen[-1]) / number
        assert learnt.loss.item() == pytest.approx(total, rel=1e-10)
        assert learnt.selected.tolist() == [k in chosen[0] for k in range(count)]
        if count == 10 and epoch > 0:
            assert sorted(chosen[0]) != sorted(chosen[1])  # or the exchange would not show


def test_no_gradient_passes_from_one_network_to_the_other():
    method, network = pair()
    step = a_step(epoch=20)
    method.learn(network, step).loss.backward()
    own = network.classify.weight.grad.clone()
    output = network(step.views[0])
    chosen = small_losses(-(step.target * method.peer(step.views[0]).logits.log_softmax(1)).sum(1), 0.6)
    alone = -(step.target * output.logits.log_softmax(1)).sum(1)[chosen].mean()
    torch.testing.assert_close(own, torch.autograd.grad(alone, network.classify.weight)[0])


@pytest.mark.parametrize("name", ["co_teaching", "jocor"])
def test_a_rate_neither_given_nor_known_is_asked_for_and_a_given_one_wins(name):
    with pytest.raises(RequestError, match=rf"method={name} needs .+set method.forget_rate"):
        made(name)
    assert made(name, forget_rate=0.25).forget_rate == 0.25
    assert pair(name, forget_rate=0.25)[0].forget_rate == 0.25
    assert pair(name)[0].forget_rate == 0.4
    with pytest.raises(RequestError, match=r"method\.forget_rate"):
        made(name, forget_rate=1.0)


def test_two_networks_predict_with_the_first():
    method, network = pair()
    assert method.predictor(network) is network
    step = replace(a_step(), epoch=3)
    torch.testing.assert_close(method.learn(network, step).output.logits, network(step.views[0]).logits)
