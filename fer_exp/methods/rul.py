"""Relative Uncertainty Learning (Zhang et al., NeurIPS 2021): pairs of faces are mixed by their learnt uncertainty."""

from __future__ import annotations

from math import inf

import torch
from torch import Tensor, nn

from fer_exp.errors import RequestError
from fer_exp.methods.ce import precise, soft_cross_entropy
from fer_exp.methods.method import Learnt, Method, Network, Output, Setting, Step, sent


def mix(features: Tensor, uncertainty: Tensor, pairs: Tensor) -> tuple[Tensor, Tensor]:
    r"""Features of pairs, weighted by relative uncertainty: :math:`(s_i \mu_i + s_j \mu_j) / (s_i + s_j)`.

    The less certain face has the larger share: both labels can be read from the mixture only if uncertainty is large
    where a face is hard to read.

    ``pairs`` are the partner j of each face i, shape (B,), ``uncertainty`` is above 0.

    Returns:
        The mixtures, shape (B, F), and the share of face i in each, shape (B,), 0 to 1.

    >>> mix(torch.tensor([[0.0], [8.0]]), torch.tensor([3.0, 1.0]), torch.tensor([1, 0]))[0]
    tensor([[2.], [2.]])
    """
    share = uncertainty / (uncertainty + uncertainty[pairs])
    return share[:, None] * features + (1 - share)[:, None] * features[pairs], share


class Head(nn.Module):
    """Features to ``dimension`` numbers a face: normalisation, dropout, a linear map, normalisation, as released.

    ``drop_rate`` is the share of features left out in training, 0 to below 1.
    """

    def __init__(self, features: int, dimension: int, drop_rate: float) -> None:
        super().__init__()
        self.drop_rate = drop_rate
        self.before = nn.BatchNorm1d(features, eps=2e-5, affine=False)
        self.project = nn.Linear(features, dimension)
        self.after = nn.BatchNorm1d(dimension, eps=2e-5)

    def forward(self, features: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Shape (B, dimension), float32 at least; the generator draws which features are left out, None leaves all."""
        seen = self.before(features)
        if generator is not None:
            kept = torch.rand(features.shape, generator=generator) >= self.drop_rate
            seen = seen * sent(kept, seen.device) / (1 - self.drop_rate)
        projected: Tensor = self.after(self.project(seen))
        return precise(projected)


class RelativeUncertaintyLearning(Method):
    """Each mixture is taught both labels; the head that tells uncertainty is not needed when predicting.

    Classes are read from the projected features, so the network's own class head has no part but in the shape of the
    checkpoint.

    Args:
        dimension: of what classes are read from, and of the log-variance whose exponential has the uncertainty as mean.
        drop_rate: as in ``Head``.
    """

    views = ("noised_or_mirrored",)
    ranges = (("dimension", 1, inf), ("drop_rate", 0, 0.99))

    def __init__(self, setting: Setting, *, dimension: int, drop_rate: float) -> None:
        super().__init__(setting)
        self.mean = Head(setting.features, dimension, drop_rate)
        self.log_variance = Head(setting.features, dimension, drop_rate)
        self.classify = nn.Linear(dimension, setting.classes)

    def learn(self, network: Network, step: Step) -> Learnt:
        """Half the cross-entropy of the mixtures with one face's label, half with the other's.

        Raises:
            RequestError: a process has a single face, which has no partner.
        """
        if len(step.target) < 2:
            raise RequestError("method=rul mixes pairs of faces; make trainer.batch_size at least twice the devices.")
        generator = step.generator()
        output = network(step.views[0])
        pairs = sent(torch.randperm(len(step.target), generator=generator), step.target.device)
        mean = self.mean(output.features, generator)
        uncertainty = self.log_variance(output.features, generator).exp().mean(dim=1)
        mixed, share = mix(mean, uncertainty, pairs)
        target = (step.target + step.target[pairs]) / 2  # cross-entropy is linear in what is taught
        loss = soft_cross_entropy(self.classify(mixed), target, self.setting.weights)
        loss = loss + 0 * output.logits.sum()  # DDP asks that every parameter has a part
        larger = torch.maximum(share, 1 - share).mean()
        figures = {"uncertainty": uncertainty.mean(), "larger_part": larger}
        return Learnt(loss, output._replace(logits=self.classify(mean)), figures=figures)

    def predictor(self, network: nn.Module) -> nn.Module:
        """The network with classes read from the projected features."""
        return Projected(network, self.mean, self.classify)


class Projected(nn.Module):
    """A network whose classes are read from its projected features."""

    def __init__(self, network: nn.Module, mean: nn.Module, classify: nn.Module) -> None:
        super().__init__()
        self.network, self.mean, self.classify = network, mean, classify

    def forward(self, pictures: Tensor) -> Output:
        """What the network says of pictures, shape (N, 3, H, W)."""
        output: Output = self.network(pictures)
        return output._replace(logits=self.classify(self.mean(output.features)))
