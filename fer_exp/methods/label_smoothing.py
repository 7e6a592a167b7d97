"""Label smoothing: a share of each target is spread evenly over the classes."""

from __future__ import annotations

from torch import Tensor

from fer_exp.methods.ce import soft_cross_entropy
from fer_exp.methods.method import Learnt, Method, Network, Setting, Step


def smoothed(target: Tensor, smoothing: float) -> Tensor:
    r"""Targets with a share spread over all classes: :math:`(1 - \epsilon) t + \epsilon / K`.

    >>> import torch
    >>> smoothed(torch.tensor([[1.0, 0.0]]), 0.1)
    tensor([[0.9500, 0.0500]])
    """
    return (1 - smoothing) * target + smoothing / target.shape[1]


class LabelSmoothing(Method):
    """Cross-entropy against smoothed targets (Szegedy et al. 2016).

    Only training targets are smoothed; ``labels.smoothing`` smooths those of validation, too.

    Args:
        smoothing: share that is spread.
    """

    ranges = (("smoothing", 0, 1),)

    def __init__(self, setting: Setting, *, smoothing: float) -> None:
        super().__init__(setting)
        self.smoothing = smoothing

    def learn(self, network: Network, step: Step) -> Learnt:
        """The mean cross-entropy against the smoothed targets."""
        output = network(step.views[0])
        target = smoothed(step.target, self.smoothing)
        return Learnt(soft_cross_entropy(output.logits, target, self.setting.weights), output)
