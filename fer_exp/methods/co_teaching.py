"""Co-teaching: two networks, each learns from the faces of which the other has the smaller losses."""

from __future__ import annotations

from math import inf
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from fer_exp.errors import RequestError
from fer_exp.methods.ce import cross_entropies
from fer_exp.methods.method import Learnt, Method, Network, Ranges, Setting, Step, mean_over, start_after


def excess(logits: Tensor, target: Tensor) -> Tensor:
    r"""Divergence of each prediction from its target: :math:`\mathrm{KL}(t, p)`, shape (N,), in nats.

    Cross-entropy less the least that the target allows, so that an ambiguous soft target does not rank as a wrong one.
    """
    least: Tensor = torch.special.entr(target).sum(dim=1)
    return cross_entropies(logits, target) - least


def small_losses(losses: Tensor, share: float) -> Tensor:
    """The faces with the smallest losses, shape (N,), bool.

    Of losses of shape (N,) the ``share``, 0 to 1; their number is rounded down, but one is always chosen.

    >>> small_losses(torch.tensor([3.0, 1.0, 2.0, 9.0]), 0.5)
    tensor([False,  True,  True, False])
    """
    number = max(1, int(share * len(losses) + 1e-6))
    chosen = torch.zeros_like(losses, dtype=torch.bool)
    chosen.scatter_(0, losses.argsort(stable=True)[:number], True)  # by index it would wait for a GPU
    return chosen


def kept_share(epoch: int, forget_rate: float, ramp: float) -> float:
    """Share of a batch kept in an epoch (from 0): 1 less a share that rises to ``forget_rate`` within ``ramp`` epochs.

    As both releases train, whose ``linspace(0, rate, 10)`` has its 0 in an epoch that is not trained: with ``ramp=9``
    the first epoch forgets a ninth of the rate and the ninth all of it.

    >>> [round(kept_share(epoch, 0.36, 9), 2) for epoch in (0, 1, 7, 8, 50)]
    [0.96, 0.92, 0.68, 0.64, 0.64]
    """
    return 1 - forget_rate * min(1.0, (epoch + 1) / ramp)


class TwoNetworks(Method):
    """What co-teaching and JoCoR share: a second network, and the share of faces that is forgotten.

    The first network predicts. The second has no valence/arousal head: a method's loss is that of classes.

    Args:
        forget_rate: share of faces that is not learnt from in the end; None takes the rate of the noise that was made.
        ramp: the epoch, from 1, that reaches that share; None: the releases' ninth, or the last of the first third of a
            short run.

    Raises:
        RequestError: the rate is neither given nor known.
    """

    passes = 2
    ranges: ClassVar[Ranges] = (("forget_rate", 0, 0.99), ("ramp", 1, inf))
    title = "co_teaching"

    def __init__(self, setting: Setting, *, forget_rate: float | None, ramp: int | None) -> None:
        super().__init__(setting)
        rate = setting.noise_rate if forget_rate is None else forget_rate
        if rate is None:
            raise RequestError(
                f"method={self.title} needs the share of wrong labels, not known here: set method.forget_rate, e.g. to "
                "their share in a sample checked by hand, or to the share of validation labels that a short run with "
                "method=ce contradicts, which is an upper bound."
            )
        self.forget_rate, self.ramp = rate, start_after(ramp, 9, setting.epochs)
        peer: Any = setting.make_network()
        peer.affect = None  # without a loss of its own that head would have no gradient, which DDP does not allow
        self.peer: nn.Module = peer

    def kept(self, step: Step) -> float:
        """Share of this step's faces that is learnt from."""
        return kept_share(step.epoch, self.forget_rate, self.ramp)


class CoTeaching(TwoNetworks):
    """Han et al. 2018."""

    def learn(self, network: Network, step: Step) -> Learnt:
        """Each network's mean cross-entropy over the faces of which the other has small losses, added."""
        output, other = network(step.views[0]), self.peer(step.views[0])
        weights, share = self.setting.weights, self.kept(step)
        both = (output.logits, other.logits)
        chosen = [small_losses(excess(logits.detach(), step.target), share) for logits in both[::-1]]
        losses = [cross_entropies(logits, step.target, weights) for logits in both]
        loss = mean_over(losses[0], chosen[0]) + mean_over(losses[1], chosen[1])
        return Learnt(loss, output, chosen[0])
