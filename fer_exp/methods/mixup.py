"""Mixup: blends of two faces are taught blends of their targets."""

from __future__ import annotations

from math import inf

import numpy as np
import torch
from torch import Tensor

from fer_exp.methods.ce import soft_cross_entropy
from fer_exp.methods.method import Learnt, Method, Network, Setting, Step, sent


def mixed(values: Tensor, partner: Tensor, share: float) -> Tensor:
    r"""Each row blended with its partner's: :math:`\lambda x_i + (1 - \lambda) x_{\pi(i)}`; nan where either is.

    ``partner`` is a permutation of the rows, ``share`` lambda, 0 to 1.

    >>> mixed(torch.tensor([1.0, 3.0]), torch.tensor([1, 0]), 0.75)
    tensor([1.5000, 2.5000])
    """
    return share * values + (1 - share) * values[partner]


class Mixup(Method):
    """Zhang et al. 2018. Each batch draws one share from Beta(alpha, alpha), as their code does.

    Pictures, targets and ratings are blended alike. The history's accuracy on training faces compares blends with the
    first face's label.

    Args:
        alpha: of the beta distribution; small values blend little.
    """

    ranges = (("alpha", 1e-3, inf),)

    def __init__(self, setting: Setting, *, alpha: float) -> None:
        super().__init__(setting)
        self.alpha = alpha

    def draw(self, step: Step) -> tuple[Tensor, float]:
        """Partners, shape (B,), and the share."""
        share = np.random.default_rng(step.seed).beta(self.alpha, self.alpha)
        return torch.randperm(len(step.target), generator=step.generator()), float(share)

    def learn(self, network: Network, step: Step) -> Learnt:
        """The mean cross-entropy of the blends."""
        partner, share = self.draw(step)
        partner = sent(partner, step.target.device)
        output = network(mixed(step.views[0], partner, share))
        loss = soft_cross_entropy(output.logits, mixed(step.target, partner, share), self.setting.weights)
        return Learnt(loss, output, affect=mixed(step.affect, partner, share))
