"""Symmetric cross-entropy: cross-entropy and its reverse, which bounds what a wrong label can do."""

from __future__ import annotations

from math import inf

from torch import Tensor

from fer_exp.methods.ce import cross_entropies, precise
from fer_exp.methods.method import Learnt, Method, Network, Setting, Step, face_weights


def reverse_cross_entropy(logits: Tensor, target: Tensor, log_zero: float) -> Tensor:
    r"""Cross-entropy with target and prediction exchanged.

    .. math:: -\sum_k p_k \max(\log t_k, A)

    ``log_zero`` is A, what stands for the logarithm of 0, below 0. Shape (N,), 0 to -A; of one class -A (1 - p_y).

    Source: Wang et al. 2019, equation 5.
    """
    return -(logits.softmax(dim=1) * target.log().clamp(min=log_zero)).sum(dim=1)


class Sce(Method):
    """Wang et al. 2019: alpha times cross-entropy plus beta times reverse cross-entropy.

    Args:
        alpha: weight of cross-entropy.
        beta: weight of its reverse.
        log_zero: see ``reverse_cross_entropy``.
    """

    ranges = (("alpha", 0, inf), ("beta", 0, inf), ("log_zero", -100, -1e-3))

    def __init__(self, setting: Setting, *, alpha: float, beta: float, log_zero: float) -> None:
        super().__init__(setting)
        self.alpha, self.beta, self.log_zero = alpha, beta, log_zero

    def learn(self, network: Network, step: Step) -> Learnt:
        """The mean loss of the batch."""
        output, weights = network(step.views[0]), self.setting.weights
        forward = cross_entropies(output.logits, step.target, weights)
        reverse = reverse_cross_entropy(precise(output.logits), step.target, self.log_zero)
        reverse = reverse * face_weights(step.target, weights)
        return Learnt((self.alpha * forward + self.beta * reverse).mean(), output)
