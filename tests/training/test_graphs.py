"""Graphs of a network's passes, with a capture that is made up: every replay writes to the same memory."""

import pytest
import torch

from fer_exp.training.graphs import MOST, Graphs
from tests.methods.learnable import tiny_network


def made_up(module, given):
    (pictures,) = given
    for _ in range(3):
        answers = module(pictures)
    answers = [answer.detach().clone() for answer in answers]

    def replay(others):
        for answer, now in zip(answers, module(others), strict=True):
            answer.copy_(now)
        return tuple(answers)

    return replay


@pytest.fixture(autouse=True)
def captured(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "make_graphed_callables", made_up)


@pytest.mark.parametrize("affect", [True, False])
def test_two_passes_of_a_step_do_not_share_memory_and_nothing_but_their_own_is_left_in_batch_norm(affect):
    network, plain = tiny_network(affect=affect), tiny_network(affect=affect)
    network.graphs = Graphs(network, network.plain_pass)
    with torch.no_grad():
        for seed in range(3):
            network.graphs.new_step()
            views = torch.randn(2, 6, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
            both, expected = [network(view) for view in views], [plain(view) for view in views]
            for one, other in zip(both, expected, strict=True):
                for ours, theirs in zip(one, other, strict=True):
                    assert ours is theirs is None or torch.equal(ours, theirs)
    assert len(network.graphs.captured) == 2
    for ours, theirs in zip(network.state_dict().values(), plain.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)


def test_validation_takes_the_plain_pass_and_too_many_kinds_do_too():
    network = tiny_network()
    network.graphs = Graphs(network, network.plain_pass)
    with torch.inference_mode():
        network(torch.zeros(2, 3, 16, 16))
    assert not network.graphs.captured
    with torch.no_grad():
        for size in range(2, 2 + 2 * MOST):
            network(torch.zeros(size, 3, 16, 16))
    assert len(network.graphs.captured) == MOST


def test_what_cannot_be_captured_is_said_once_and_done_without(monkeypatch, capsys):
    def fails(module, given):
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", fails)
    network, plain = tiny_network(), tiny_network()
    network.graphs = Graphs(network, network.plain_pass)
    pictures = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    for _ in range(2):
        network.graphs.new_step()
        assert torch.equal(network(pictures).logits, plain(pictures).logits)
    assert capsys.readouterr().err.count("not permitted when stream is capturing); it is done without") == 1
