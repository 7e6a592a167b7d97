"""Cross-entropy against a distribution over classes: one loss path for one-hot, soft and noisy labels."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fer_exp.methods.method import PASSES, Learnt, Method, Network, Setting, Step, look, sent


def precise(values: Tensor) -> Tensor:
    """Values in single precision at least: with trainer.precision=bf16-mixed logits have half of it."""
    return values if values.dtype.itemsize >= 4 else values.float()


def cross_entropies(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    r"""Cross-entropy of each face's prediction against its target distribution, in nats.

    .. math:: -\sum_k w_k t_{nk} \log \mathrm{softmax}(z_n)_k

    Shape (N,); without weights at least the entropy of the target.
    """
    if weights is not None:
        target = target * sent(weights, target.device)
    return -(target * F.log_softmax(precise(logits), dim=1)).sum(dim=1)


def soft_cross_entropy(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """The mean of ``cross_entropies`` over N faces, whatever the weights sum to.

    ``F.cross_entropy`` would divide weighted losses by N for distributions, but by the weights' sum for class indices.

    >>> import torch
    >>> soft_cross_entropy(torch.zeros(1, 2), torch.tensor([[0.3, 0.7]]))
    tensor(0.6931)
    """
    return cross_entropies(logits, target, weights).mean()


class CrossEntropy(Method):
    """The baseline every other method is measured against."""

    def learn(self, network: Network, step: Step) -> Learnt:
        """The mean cross-entropy of the batch."""
        output = network(step.views[0])
        return Learnt(soft_cross_entropy(output.logits, step.target, self.setting.weights), output)


class TwoViews(Method):
    """Cross-entropy on a weak and a strong view of each face: the fair baseline of methods that have both.

    Args:
        passes: of the two views through the network, see ``look``.
    """

    views = ("weak", "strong")
    passes = 2
    choices = (("passes", PASSES),)

    def __init__(self, setting: Setting, *, passes: str) -> None:
        super().__init__(setting)
        self.way = passes

    def learn(self, network: Network, step: Step) -> Learnt:
        """The mean cross-entropy over both views."""
        weak, strong = look(network, step.views, self.way)
        losses = [soft_cross_entropy(view.logits, step.target, self.setting.weights) for view in (weak, strong)]
        return Learnt((losses[0] + losses[1]) / 2, weak)
