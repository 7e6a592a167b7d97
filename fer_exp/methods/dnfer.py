"""DNFER: cross-entropy of the faces whose label the network is confident of, and agreement of both views on all."""

from __future__ import annotations

from math import inf

import torch
from torch import Tensor

from fer_exp.methods.ce import cross_entropies, precise
from fer_exp.methods.method import Learnt, Method, Network, Setting, Step, first_view, gathered, mean_over, start_after
from fer_exp.methods.ncctfer import class_thresholds, confident


def symmetric_kl(one: Tensor, other: Tensor) -> Tensor:
    r"""Symmetric Kullback-Leibler divergence of two predictions for each face, in nats.

    .. math:: \sum_k (p_k - q_k) (\log p_k - \log q_k)

    From the logits of both, shape (N, K): KL(p, q) + KL(q, p), 0 or more, shape (N,).
    """
    first, second = one.log_softmax(dim=1), other.log_softmax(dim=1)
    return ((first.exp() - second.exp()) * (first - second)).sum(dim=1)


class Dnfer(Method):
    """Gera, Badveeti, Raj Kumar and Balasubramanian 2022 (arXiv 2208.10221).

    Args:
        warmup: epochs of plain cross-entropy on both views; None: the paper's 5, at most a third of the run.
    """

    views = ("weak", "strong")
    passes = 2
    ranges = (("warmup", 0, inf),)

    def __init__(self, setting: Setting, *, warmup: int | None) -> None:
        super().__init__(setting)
        self.warmup = start_after(warmup, 5, setting.epochs)

    def learn(self, network: Network, step: Step) -> Learnt:
        """Half the mean cross-entropy of the confident faces of both views, half the divergence between the views."""
        size = len(step.target)
        both = network(torch.cat(step.views))
        output = first_view(both, size)
        logits = precise(both.logits)
        losses = cross_entropies(logits, step.target.repeat(2, 1), self.setting.weights)
        if step.epoch < self.warmup:
            return Learnt(losses.mean(), output)
        chosen, thresholds = [], []
        for view in logits.detach().softmax(dim=1).view(2, size, -1):
            thresholds.append(class_thresholds(gathered(view)))
            chosen.append(confident(view, step.target, thresholds[-1]))
        supervised = (mean_over(losses[:size], chosen[0]) + mean_over(losses[size:], chosen[1])) / 2
        loss = (supervised + symmetric_kl(logits[:size], logits[size:]).mean()) / 2
        return Learnt(loss, output, chosen[0], figures={"threshold": thresholds[0]})
