"""NCCTFER: faces whose label the network is confident of teach it; a negative head keeps the others consistent.

Its released recipe leaves much open (docs/methods.md); every open choice is a key.
"""

from __future__ import annotations

from math import inf

import torch
from torch import Tensor, nn

from fer_exp.errors import RequestError
from fer_exp.methods.ce import cross_entropies, precise
from fer_exp.methods.method import (
    PASSES,
    Learnt,
    Method,
    Network,
    Setting,
    Step,
    gathered,
    look,
    mean_over,
    start_after,
    taught,
)

LEAST_SHARE = 0.05
"""Confident share of a class below which ``balance=given`` weighs its faces no higher."""


def clamped(probabilities: Tensor, clamp: float) -> Tensor:
    """Probabilities moved into [clamp, 1 - clamp], less the clamp.

    The released code clamps to [.35, .65] and compares nothing but clamped values. Less the clamp, all values below it
    are exactly 0 and so is their mean: where no face of a batch gives a class more than the clamp, all with its label
    pass, whatever the rounding.

    >>> clamped(torch.tensor([0.1, 0.4, 0.9]), 0.35).round(decimals=4)
    tensor([0.0000, 0.0500, 0.3000])
    """
    return probabilities.clamp(clamp, 1 - clamp) - clamp


def class_thresholds(probabilities: Tensor) -> Tensor:
    r"""A threshold a class, the mean probability: :math:`\tau_c = \frac{1}{N} \sum_n p_{nc}`, of shape (N, K).

    >>> class_thresholds(torch.tensor([[0.9, 0.1], [0.7, 0.3]])).round(decimals=4)
    tensor([0.8000, 0.2000])
    """
    return probabilities.mean(dim=0)


def confident(probabilities: Tensor, target: Tensor, thresholds: Tensor) -> Tensor:
    r"""Faces whose probability for their label reaches its class's threshold: :math:`p_y \ge \tau_y`.

    Of a target that is a distribution both sides are expectations: :math:`\sum_k t_k p_k \ge \sum_k t_k \tau_k`.

    >>> confident(torch.tensor([[0.6, 0.4], [0.6, 0.4]]), torch.eye(2), torch.tensor([0.5, 0.5]))
    tensor([ True, False])
    """
    return (target * probabilities).sum(dim=1) >= target @ thresholds


def negative_classes(negative: Tensor, rule: str, k: int) -> Tensor:
    """The classes of each face that take part in negative consistency.

    Args:
        negative: probabilities of the negative head on the weak view, shape (N, K).
        rule: the ``lowest`` or ``highest`` k of them, or ``all``.
        k: their number, 1 to K.

    Returns:
        Shape (N, K), bool.
    """
    if rule == "all":
        return torch.ones_like(negative, dtype=torch.bool)
    chosen = negative.topk(k, dim=1, largest=rule == "highest").indices
    return torch.zeros_like(negative, dtype=torch.bool).scatter_(1, chosen, True)


def negative_consistency(weak: Tensor, strong_logits: Tensor, chosen: Tensor) -> Tensor:
    r"""Cross-entropy of the negative head's two answers, on the weak and the strong view, over the chosen classes.

    .. math:: -\sum_{k \in \text{chosen}} n^{weak}_k \log n^{strong}_k

    ``weak`` are probabilities, ``chosen`` a mask, both of shape (N, K). Shape (N,), 0 or more.
    """
    return -(weak * strong_logits.log_softmax(dim=1) * chosen).sum(dim=1)


def mutual_information(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """How decided a head is, and how much its answers say of the faces.

    Returns:
        Two scalars in nats: the mean entropy H of the answers, and the entropy of the mean answer less H. The second is
        0 where every face gets the same answer, the sign of a collapsed head.
    """
    entropy = torch.special.entr(probabilities).sum(dim=1).mean()
    return entropy, torch.special.entr(probabilities.mean(dim=0)).sum() - entropy


class Ncctfer(Method):
    """Gera, Raj Kumar, Badveeti and Balasubramanian 2023 (arXiv 2305.01884), with its open choices as keys.

    Args:
        warmup: epochs of plain cross-entropy on both views; None: the paper's 4, at most a third of the run.
        threshold: where a class's threshold comes from: the mean probability over the ``batch``, a ``running`` mean of
            those, the mean over the ``epoch`` before (the batch until there is one), or ``fixed``.
        fixed_threshold: of every class, with ``threshold=fixed``.
        momentum: of the running mean.
        clamp: of probabilities on both sides of the comparison, see ``clamped``.
        floor: of thresholds, as a multiple of 1 / K.
        temperature: logits are divided by it before selection; below 1 sharpens.
        balance: ``none``; or ``given``: the confident faces of a class together weigh as much as all faces with that
            label, so that selection does not change how frequent classes are.
        reduction: of the supervised loss over the confident faces: ``mean``, or ``sum`` as released.
        passes: of the two views through the network, see ``look``.
        negative_learner: the view whose negative answer learns to be consistent: the ``strong`` one, the weak view's
            being a fixed target; ``both``; or the ``weak`` one, as released, where a copy of the strong view's logits
            (``copy.copy`` makes it a leaf) lets no gradient pass.
        classes: the rule of ``negative_classes``.
        k: the number of ``negative_classes``.
        supervision: what else the negative head is taught: nothing (``none``), all classes but the label alike
            (``complement``), or the class that the positive head finds least likely (``argmin``).
        negative_weight: of the negative losses.
    """

    views = ("weak", "strong")
    passes = 2
    ranges = (
        ("warmup", 0, inf),
        ("fixed_threshold", 0, 1),
        ("momentum", 0, 1),
        ("clamp", 0, 0.5),
        ("floor", 0, inf),
        ("temperature", 1e-3, inf),
        ("k", 1, inf),
        ("negative_weight", 0, inf),
    )
    only = (
        ("fixed_threshold", {"threshold": ("fixed",)}),
        ("momentum", {"threshold": ("running",), "balance": ("given",)}),
        ("k", {"classes": ("lowest", "highest")}),
    )
    choices = (
        ("threshold", ("batch", "running", "epoch", "fixed")),
        ("balance", ("none", "given")),
        ("reduction", ("mean", "sum")),
        ("passes", PASSES),
        ("negative_learner", ("strong", "weak", "both")),
        ("classes", ("lowest", "highest", "all")),
        ("supervision", ("none", "complement", "argmin")),
    )

    def __init__(
        self, setting: Setting, *, warmup: int | None, threshold: str, fixed_threshold: float, momentum: float,
        clamp: float, floor: float, temperature: float, balance: str, reduction: str, passes: str,
        negative_learner: str, classes: str, k: int, supervision: str, negative_weight: float,
    ) -> None:  # fmt: skip
        super().__init__(setting)
        self.thresholds: Tensor
        self.sums: Tensor
        self.batches: Tensor
        self.shares: Tensor
        if classes != "all" and k > setting.classes:
            raise RequestError(f"method.k is {k} but this dataset has {setting.classes} classes; make it smaller.")
        self.warmup = start_after(warmup, 4, setting.epochs)
        self.threshold, self.momentum = threshold, momentum
        # Thresholds, fixed ones and the floor too, are kept less the clamp, as the probabilities are.
        self.clamp, self.floor, self.temperature = clamp, floor / setting.classes - clamp, temperature
        self.balance, self.total = balance, reduction == "sum"
        self.way, self.negative_learner = passes, negative_learner
        self.rule, self.k, self.supervision, self.negative_weight = classes, k, supervision, negative_weight
        self.negative = nn.Linear(setting.features, setting.classes)
        fixed = torch.full((2, setting.classes), fixed_threshold - clamp)
        # A row a view. The running mean starts with the first batch, the epoch's with the first epoch.
        self.register_buffer("thresholds", fixed if threshold == "fixed" else torch.full_like(fixed, torch.nan))
        self.register_buffer("sums", torch.zeros(2, setting.classes))
        self.register_buffer("batches", torch.zeros(()))
        self.register_buffer("shares", torch.full((3, setting.classes), torch.nan))  # confident in each view, all

    def learn(self, network: Network, step: Step) -> Learnt:
        """Cross-entropy of the confident faces, and negative consistency of those that are not."""
        views = look(network, step.views, self.way)
        logits = torch.stack([precise(view.logits) for view in views])
        losses = torch.stack([cross_entropies(view, step.target, self.setting.weights) for view in logits])
        negative_logits = torch.stack([precise(self.negative(view.features)) for view in views])
        weak, strong = negative_logits[0].softmax(dim=1), negative_logits[1]
        entropy, information = mutual_information(weak.detach())
        figures = {"negative_entropy": entropy, "negative_information": information}
        negative = self.negative_weight * self._supervised(negative_logits, logits.detach(), step.target)
        if step.epoch < self.warmup:
            loss = losses.mean() + negative + 0 * negative_logits.sum()  # every parameter has a part in every step
            return Learnt(loss, views[0], figures=figures)
        sharp = clamped((logits.detach() / self.temperature).softmax(dim=2), self.clamp)
        thresholds = self._thresholds(sharp)
        chosen = torch.stack([confident(p, step.target, t) for p, t in zip(sharp, thresholds, strict=True)])
        shares = [None, None] if self.balance == "none" else self._balance(chosen, step.target)
        own = zip(losses, chosen, shares, strict=True)
        supervised = [taught(loss, kept, share, self.total) for loss, kept, share in own]
        kept = negative_classes(weak.detach(), self.rule, self.k)
        weak = weak.detach() if self.negative_learner == "strong" else weak
        strong = strong.detach() if self.negative_learner == "weak" else strong
        consistency = mean_over(negative_consistency(weak, strong, kept), ~chosen[0])
        loss = (supervised[0] + supervised[1]) / 2 + negative + self.negative_weight * consistency
        figures |= {"threshold": thresholds[0] + self.clamp, "negative_consistency": consistency}
        return Learnt(loss, views[0], chosen[0] | ~chosen[0].any(), figures=figures)

    def _supervised(self, negative_logits: Tensor, logits: Tensor, target: Tensor) -> Tensor:
        """The negative head's loss against what it is taught by itself, 0 with ``supervision=none``.

        Both logits are those of both views, shape (2, B, K).
        """
        if self.supervision == "none":
            return negative_logits.new_zeros(())
        if self.supervision == "argmin":
            return nn.functional.cross_entropy(negative_logits.flatten(0, 1), logits.argmin(dim=2).flatten())
        complement = (1 - target) / (target.shape[1] - 1)
        return torch.stack([cross_entropies(view, complement) for view in negative_logits]).mean()

    def _thresholds(self, probabilities: Tensor) -> Tensor:
        """Thresholds of both views, shape (2, K), from probabilities of shape (2, B, K); alike in all processes."""
        whole = gathered(probabilities.transpose(0, 1).contiguous()).transpose(0, 1)
        now = torch.stack([class_thresholds(view) for view in whole])
        if self.threshold == "running":
            before = torch.where(torch.isnan(self.thresholds), now, self.thresholds)
            self.thresholds.copy_(self.momentum * before + (1 - self.momentum) * now)
        elif self.threshold == "epoch":
            self.sums += now
            self.batches += 1
        if self.threshold != "batch":
            now = torch.where(torch.isnan(self.thresholds), now, self.thresholds)
        return now.clamp(min=self.floor)

    def after_epoch(self, epoch: int) -> None:
        """The epoch's mean becomes the next one's thresholds."""
        if self.threshold == "epoch" and self.batches > 0:
            self.thresholds.copy_(self.sums / self.batches)
            self.sums.zero_()
            self.batches.zero_()

    def _balance(self, chosen: Tensor, target: Tensor) -> Tensor:
        """One over the confident share of each face's class, in each view, shape (2, B).

        The shares are running means over batches, because a batch holds few faces of rare classes.
        """
        picked = gathered((chosen[:, :, None] * target).transpose(0, 1).contiguous()).mean(dim=0)
        now = torch.cat([picked, gathered(target).mean(dim=0)[None]])
        before = torch.where(torch.isnan(self.shares), now, self.shares)
        self.shares.copy_(self.momentum * before + (1 - self.momentum) * now)
        share = (self.shares[:2] / self.shares[2].clamp(min=1e-6)).clamp(LEAST_SHARE, 1)
        return (target @ (1 / share).T).T
