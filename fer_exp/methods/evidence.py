"""Our own: a label is evidence, not truth. A face is taught what its label and others' belief about it together say.

If the label of a face is among the classes that are found likely, the face keeps it, beside the other likely ones; if
it is not, the label is taken to be wrong, and the likely classes are taught in its place. What is found likely must not
come from a network that has learnt this very label: it repeats it, and the noise seems to vanish. So two more networks
are taught, each half of the faces, and each says what it believes of the other half.
"""

from __future__ import annotations

from math import inf
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from fer_exp.errors import RequestError
from fer_exp.methods.ce import cross_entropies, precise
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
        decay: of the average of weights, at each step; 0: the average is the network.
        rate: share of wrong labels with which estimation starts.
        faces: as how many faces of each class symmetric noise counts when the transition matrix is estimated.
        belief: of ``others``, two networks that are taught half of the faces each, about the half that they are not
            taught; or of the ``average`` of the network's own weights.
        noise: ``estimated`` after each epoch; or symmetric to the end: ``fixed`` at ``rate``, ``told`` the rate made.
        posterior: whether posteriors are taught; else the labels, on the same views and with the same average.
        views: which are taught, ``both`` or the ``weak`` one alone.

    Raises:
        RequestError: it shall be told the rate, which is not known.
    """

    views: tuple[str, ...] = ("weak", "strong")
    passes = 4
    ranges = (("warmup", 0, inf), ("decay", 0, 1), ("rate", 0.01, 0.99), ("faces", 0, inf))
    only = (("rate", {"noise": ("estimated", "fixed")}),)
    choices = (
        ("belief", ("others", "average")),
        ("noise", ("estimated", "fixed", "told")),
        ("views", ("both", "weak")),
    )
    needs_one_class = "a distribution says by itself which classes are likely"

    def __init__(
        self, setting: Setting, *, warmup: int, decay: float, rate: float,
        faces: float, belief: str, noise: str, posterior: bool, views: str,
    ) -> None:  # fmt: skip
        super().__init__(setting)
        if noise == "told":
            if setting.noise_rate is None:
                raise RequestError(
                    "method.noise=told takes the share of labels that were made wrong, and none were; give it with "
                    "method.noise=fixed method.rate=0.3, say."
                )
            rate = setting.noise_rate
        self.warmup, self.decay, self.faces = warmup, decay, faces
        self.estimate, self.posterior = noise == "estimated", posterior
        self.views = self.views if views == "both" else ("weak",)
        self.transition: Tensor
        self.counts: Tensor
        self.register_buffer("transition", symmetric(min(max(rate, 0.01), 0.99), setting.classes))
        self.register_buffer("counts", torch.zeros(setting.classes, setting.classes))
        self.steps = 0  # in checkpoints as extra state: of a buffer on a GPU each step would have to wait
        self.average = setting.make_network().requires_grad_(False)
        self.others = nn.ModuleList()
        if posterior and belief == "others":
            for _ in range(2):
                other: Any = setting.make_network()
                other.affect = None  # without a loss of its own that head would have no gradient
                self.others.append(other)

    def learn(self, network: Network, step: Step) -> Learnt:
        """Cross-entropy of the views against what label and belief say together, and the others' on their halves."""
        size, weights = len(step.target), self.setting.weights
        seen = network(torch.cat(step.views))
        own, belief = self._others(step)
        taught, selected, figures = step.target, None, {}
        if self.posterior:
            target = self._weigh(step, belief)
            kept = (target * step.target).sum(dim=1)  # the label's part
            figures["noise_rate"] = 1 - kept.mean()
            if step.epoch >= self.warmup:
                taught, selected = target, kept > 0.5
        loss = cross_entropies(seen.logits, taught.repeat(len(step.views), 1), weights).mean()
        if own is not None:
            loss = loss + cross_entropies(own, taught, weights).mean()
        return Learnt(loss, first_view(seen, size), selected, figures=figures)

    def _others(self, step: Step) -> tuple[Tensor | None, Tensor | None]:
        """Logits, shape (B, K), of each face from the network that is taught it, and from the one that is not."""
        if not len(self.others):
            return None, None
        first, second = (other(step.views[0]).logits for other in self.others)
        half = (step.index % 2 == 0)[:, None]
        return torch.where(half, first, second), torch.where(half, second, first).detach()

    @torch.no_grad()
    def _weigh(self, step: Step, belief: Tensor | None) -> Tensor:
        """Posteriors of a step's faces, shape (B, K), which are counted for the estimate of the noise.

        ``belief`` are logits, shape (B, K); None asks the average of weights.
        """
        logits = self.average.eval()(step.views[0]).logits if belief is None else belief
        target = posterior(precise(logits).softmax(dim=1), step.target.argmax(dim=1), self.transition)
        classes, labels = gathered(target), gathered(step.target)
        self.counts += (classes[:, :, None] * labels[:, None, :]).sum(
            dim=0
        )  # no product of matrices: those are rounded
        return target

    def after_step(self, network: nn.Module) -> None:
        """Move the average a little towards the network."""
        self.steps += 1
        share = min(self.decay, self.steps / (self.steps + 9))
        move = get_ema_multi_avg_fn(share)  # type: ignore[no-untyped-call]
        means, values = (
            [each for each in one.state_dict().values() if each.is_floating_point()] for one in (self.average, network)
        )
        move(means, values, None)

    def after_epoch(self, epoch: int) -> None:
        """Estimate the transition matrix from what the epoch's faces were taught."""
        if self.posterior and self.estimate and epoch + 1 >= self.warmup:
            total = self.counts.sum()
            rate = (1 - self.counts.diagonal().sum() / total).clamp(0.01, 0.99)
            prior = symmetric(rate.cpu(), self.setting.classes).to(self.counts)
            counted = self.counts + self.faces * prior
            self.transition.copy_(counted / counted.sum(dim=1, keepdim=True))
        self.counts.zero_()

    def get_extra_state(self) -> Tensor:
        """Steps that the average has seen."""
        return torch.tensor(self.steps)

    def set_extra_state(self, state: Tensor) -> None:
        """Those of a checkpoint."""
        self.steps = int(state)

    def predictor(self, network: nn.Module) -> nn.Module:
        """The average of weights."""
        return self.average
