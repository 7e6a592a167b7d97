"""JoCoR: two networks are trained to agree; faces on which they disagree, or whose labels they doubt, are left out."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_exp.methods.ce import cross_entropies, precise
from fer_exp.methods.co_teaching import TwoNetworks, small_losses
from fer_exp.methods.dnfer import symmetric_kl
from fer_exp.methods.method import Learnt, Network, Setting, Step, mean_over


def joint_loss(one: Tensor, other: Tensor, target: Tensor, weight: float, weights: Tensor | None = None) -> Tensor:
    r"""Both networks' cross-entropies and their symmetric divergence.

    .. math:: (1 - \lambda) (\mathrm{CE}_1 + \mathrm{CE}_2) + \lambda (\mathrm{KL}(p_1, p_2) + \mathrm{KL}(p_2, p_1))

    ``one`` and ``other`` are the logits of both, ``weight`` is lambda, 0 to 1. Shape (N,), 0 or more.

    Source: Wei et al. 2020, equations 1 to 3.
    """
    both = cross_entropies(one, target, weights) + cross_entropies(other, target, weights)
    return (1 - weight) * both + weight * symmetric_kl(one, other)


class Jocor(TwoNetworks):
    """Wei et al. 2020.

    Args:
        agreement: lambda of ``joint_loss``; the other keys are those of ``TwoNetworks``.
    """

    title = "jocor"
    ranges = (*TwoNetworks.ranges, ("agreement", 0, 1))

    def __init__(self, setting: Setting, *, forget_rate: float | None, ramp: int | None, agreement: float) -> None:
        super().__init__(setting, forget_rate=forget_rate, ramp=ramp)
        self.agreement = agreement

    def learn(self, network: Network, step: Step) -> Learnt:
        """The mean joint loss over the faces with the smallest one."""
        output = network(step.views[0])
        one, other = precise(output.logits), precise(self.peer(step.views[0]).logits)
        plain = joint_loss(one.detach(), other.detach(), step.target, self.agreement)
        least = 2 * (1 - self.agreement) * torch.special.entr(step.target).sum(dim=1)  # of an ambiguous soft target
        chosen = small_losses(plain - least, self.kept(step))
        loss = joint_loss(one, other, step.target, self.agreement, self.setting.weights)
        return Learnt(mean_over(loss, chosen), output, chosen)
