"""Cross-entropy against a distribution over classes: one loss path for one-hot, soft and noisy labels."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def soft_cross_entropy(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    r"""Mean cross-entropy of predictions against target distributions, in nats.

    .. math:: -\frac{1}{N} \sum_n \sum_k w_k t_{nk} \log \mathrm{softmax}(z_n)_k

    Reduced here rather than in ``F.cross_entropy``, which divides by different things for indices and distributions
    once classes are weighted.

    Args:
        logits: shape (N, K).
        target: shape (N, K), rows sum to 1.
        weights: of the classes, shape (K,); None weighs all by 1. The sum is divided by N whatever they are.

    Returns:
        A scalar; without weights at least the mean entropy of the targets.

    >>> import torch
    >>> soft_cross_entropy(torch.zeros(1, 2), torch.tensor([[0.3, 0.7]]))
    tensor(0.6931)
    """
    if weights is not None:
        target = target * weights.to(target.device)
    return -(target * F.log_softmax(logits.float(), dim=1)).sum(dim=1).mean()


class CrossEntropy:
    """The baseline every other method is measured against.

    Args:
        weights: of the classes, shape (K,), or None.
    """

    def __init__(self, weights: Tensor | None = None) -> None:
        self.weights = weights

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """The batch's loss from its logits and targets, both (N, K)."""
        return soft_cross_entropy(logits, target, self.weights)
