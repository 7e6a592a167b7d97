"""DNFER: cross-entropy of the faces whose label the network is confident of, and agreement of both views on all."""

from __future__ import annotations

from math import inf

from torch import Tensor

from fer_exp.methods.ce import cross_entropies, precise
from fer_exp.methods.method import PASSES, Learnt, Method, Network, Setting, Step, gathered, look, start_after, taught
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
        passes: of the two views through the network, see ``look``.
    """

    views = ("weak", "strong")
    passes = 2
    ranges = (("warmup", 0, inf),)
    choices = (("passes", PASSES),)

    def __init__(self, setting: Setting, *, warmup: int | None, passes: str) -> None:
        super().__init__(setting)
        self.warmup, self.way = start_after(warmup, 5, setting.epochs), passes

    def learn(self, network: Network, step: Step) -> Learnt:
        """Half the mean cross-entropy of the confident faces of both views, half the divergence between the views."""
        views = look(network, step.views, self.way)
        logits = [precise(view.logits) for view in views]
        losses = [cross_entropies(view, step.target, self.setting.weights) for view in logits]
        if step.epoch < self.warmup:
            return Learnt((losses[0].mean() + losses[1].mean()) / 2, views[0])
        probabilities = [view.detach().softmax(dim=1) for view in logits]
        thresholds = [class_thresholds(gathered(view)) for view in probabilities]
        chosen = [confident(p, step.target, t) for p, t in zip(probabilities, thresholds, strict=True)]
        supervised = (taught(losses[0], chosen[0]) + taught(losses[1], chosen[1])) / 2
        loss = (supervised + symmetric_kl(*logits).mean()) / 2
        return Learnt(loss, views[0], chosen[0] | ~chosen[0].any(), figures={"threshold": thresholds[0]})
