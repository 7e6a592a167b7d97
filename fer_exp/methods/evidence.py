"""Our own: a label is evidence, not truth. A face is taught what its label and an average of the network together say.

If the label of a face is among the classes that the average finds likely, the face keeps it, beside the other likely
ones; if it is not, the label is taken to be wrong, and the likely classes are taught in its place.
"""

from __future__ import annotations

from math import inf

import torch
from torch import Tensor, nn

from fer_exp.methods.ce import cross_entropies
from fer_exp.methods.method import Learnt, Method, Network, Setting, Step, first_view, gathered


def posterior(belief: Tensor, labels: Tensor, transition: Tensor) -> Tensor:
    r"""Probabilities of a face's classes, from what the network believes and the label that the face carries.

    .. math:: t_{nk} \propto q_{nk} \, T_{k y_n}

    Bayes' rule with the belief q, (N, K), as prior and :math:`T_{ky} = P(\text{label } y \mid \text{class } k)` as
    likelihood.
    """
    joint = belief * transition.T[labels]
    return joint / joint.sum(dim=1, keepdim=True).clamp(min=1e-12)


def symmetric(rate: float | Tensor, classes: int) -> Tensor:
    """Transition matrix, shape (K, K), of labels that go wrong at ``rate``, to every other class alike."""
    eye = torch.eye(classes)
    return (1 - rate) * eye + rate * (1 - eye) / (classes - 1)


class Evidence(Method):
    """EM (expectation-maximisation): ``posterior`` says what to teach, each epoch's posteriors estimate the noise.

    Args:
        warmup: epochs of plain cross-entropy, in which the noise is not yet estimated.
        decay: of the average of weights, at each step.
        rate: share of wrong labels with which estimation starts.
        faces: as how many faces of each class symmetric noise counts when the transition matrix is estimated.
    """

    views = ("weak", "strong")
    passes = 2.33
    ranges = (("warmup", 0, inf), ("decay", 0, 1), ("rate", 0.01, 0.99), ("faces", 0, inf))
    needs_one_class = "a distribution says by itself which classes are likely"

    def __init__(self, setting: Setting, *, warmup: int, decay: float, rate: float, faces: float) -> None:
        super().__init__(setting)
        self.warmup, self.decay, self.faces = warmup, decay, faces
        self.transition: Tensor
        self.counts: Tensor
        self.steps: Tensor
        self.register_buffer("transition", symmetric(rate, setting.classes))
        self.register_buffer("counts", torch.zeros(setting.classes, setting.classes))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.average = setting.make_network().requires_grad_(False)

    def learn(self, network: Network, step: Step) -> Learnt:
        """Cross-entropy of both views against what label and belief say together."""
        size, weights = len(step.target), self.setting.weights
        labels = step.target.argmax(dim=1)
        with torch.no_grad():
            belief = self.average.eval()(step.views[0]).logits.float().softmax(dim=1)
            target = posterior(belief, labels, self.transition)
            self.counts += torch.zeros_like(self.counts).index_add_(0, gathered(labels), gathered(target)).T
        kept = target.gather(1, labels[:, None]).squeeze(1)
        both = network(torch.cat(step.views))
        taught = step.target if step.epoch < self.warmup else target
        loss = cross_entropies(both.logits, taught.repeat(2, 1), weights).mean()
        selected = None if step.epoch < self.warmup else kept > 0.5
        return Learnt(loss, first_view(both, size), selected, figures={"noise_rate": 1 - kept.mean()})

    @torch.no_grad()
    def after_step(self, network: nn.Module) -> None:
        """Move the average a little towards the network."""
        self.steps += 1
        rate = 1 - (self.steps / (self.steps + 9)).clamp(max=self.decay)  # a tensor: nothing here waits for a GPU
        means, now = ([*each.parameters(), *each.buffers()] for each in (self.average, network))
        pairs = list(zip(means, now, strict=True))
        moving = [pair for pair in pairs if pair[0].dtype.is_floating_point]
        apart = torch._foreach_sub([new for _, new in moving], [mean for mean, _ in moving])
        torch._foreach_mul_(apart, rate)
        torch._foreach_add_([mean for mean, _ in moving], apart)
        for mean, new in pairs:
            if not mean.dtype.is_floating_point:
                mean.copy_(new)

    def after_epoch(self, epoch: int) -> None:
        """Estimate the transition matrix from what the epoch's faces were taught."""
        if epoch + 1 >= self.warmup:
            total = self.counts.sum()
            rate = (1 - self.counts.diagonal().sum() / total).clamp(0.01, 0.99)
            prior = symmetric(rate.cpu(), self.setting.classes).to(self.counts)
            counted = self.counts + self.faces * prior
            self.transition.copy_(counted / counted.sum(dim=1, keepdim=True))
        self.counts.zero_()

    def predictor(self, network: nn.Module) -> nn.Module:
        """The average of weights."""
        return self.average
