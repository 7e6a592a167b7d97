"""Generalised cross-entropy: between cross-entropy and absolute error, which forgives wrong labels."""

from __future__ import annotations

from torch import Tensor

from fer_exp.methods.ce import precise
from fer_exp.methods.method import Learnt, Method, Network, Setting, Step, face_weights


def generalised_cross_entropy(logits: Tensor, target: Tensor, q: float) -> Tensor:
    r"""The negative Box-Cox transformation of the label's probability, expected over the target.

    .. math:: \sum_k t_k \frac{1 - p_k^q}{q}

    Shape (N,), 0 to 1 / q. Towards q = 0 it is cross-entropy, at 1 half of the absolute error.

    Source: Zhang and Sabuncu 2018, equation 6.
    """
    powers = (q * logits.log_softmax(dim=1)).exp()
    return (target * (1 - powers)).sum(dim=1) / q


class Gce(Method):
    """Zhang and Sabuncu 2018, without truncation.

    Of a soft target the loss is the expectation over its classes; its least is not at the target but at a sharper one.

    Args:
        q: see ``generalised_cross_entropy``.
    """

    ranges = (("q", 1e-3, 1),)

    def __init__(self, setting: Setting, *, q: float) -> None:
        super().__init__(setting)
        self.q = q

    def learn(self, network: Network, step: Step) -> Learnt:
        """The mean loss of the batch."""
        output = network(step.views[0])
        losses = generalised_cross_entropy(precise(output.logits), step.target, self.q)
        return Learnt((losses * face_weights(step.target, self.setting.weights)).mean(), output)
