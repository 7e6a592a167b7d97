"""Early-learning regularisation: hold on to what the network said before it began to memorise."""

from __future__ import annotations

from math import inf

import torch
from torch import Tensor

from fer_exp.methods.ce import cross_entropies, precise
from fer_exp.methods.method import Learnt, Method, Network, Setting, Step, face_weights, gathered


def elr_penalty(logits: Tensor, earlier: Tensor) -> Tensor:
    r"""How far the prediction is from the earlier ones: :math:`\log(1 - \langle t, p \rangle)`.

    ``earlier`` is t, the running mean of probabilities, shape (N, K); no gradient passes through it. Shape (N,), at
    most 0; the more prediction and mean agree, the lower.

    Source: Liu et al. 2020, equation 6; probabilities are kept 1e-4 away from 0 and 1, as in their code.
    """
    p = logits.softmax(dim=1).clamp(1e-4, 1 - 1e-4)
    return (1 - (earlier * p).sum(dim=1)).log()


def running_mean(before: Tensor, logits: Tensor, beta: float) -> Tensor:
    r"""Earlier predictions moved towards the present ones: :math:`\beta t + (1 - \beta) p / \sum p`.

    p are the probabilities of the logits, kept 1e-4 away from 0 and 1.
    """
    p = logits.softmax(dim=1).clamp(1e-4, 1 - 1e-4)
    return beta * before + (1 - beta) * p / p.sum(dim=1, keepdim=True)


class Elr(Method):
    """Liu et al. 2020 (ELR, one network). A face that was not met before starts from zeros, as in their code.

    Args:
        beta: of the running mean of a face's predictions.
        strength: lambda, weight of the penalty.
    """

    ranges = (("beta", 0, 1), ("strength", 0, inf))

    def __init__(self, setting: Setting, *, beta: float, strength: float) -> None:
        super().__init__(setting)
        self.beta, self.strength = beta, strength
        self.earlier: Tensor
        self.register_buffer("earlier", torch.zeros(setting.faces, setting.classes))

    def learn(self, network: Network, step: Step) -> Learnt:
        """Mean cross-entropy plus the penalty; the running means move first, as in the published code."""
        output, weights = network(step.views[0]), self.setting.weights
        logits = precise(output.logits)
        now = running_mean(self.earlier[step.index], logits.detach(), self.beta)
        # Under DDP a face meets another process in every epoch, so each process keeps the means of all faces.
        self.earlier[gathered(step.index)] = gathered(now)
        penalty = elr_penalty(logits, now) * face_weights(step.target, weights)
        loss = cross_entropies(logits, step.target, weights) + self.strength * penalty
        return Learnt(loss.mean(), output)
