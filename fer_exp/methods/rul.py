"""Relative Uncertainty Learning (Zhang et al., NeurIPS 2021): pairs of faces are mixed by their learnt uncertainty."""

from __future__ import annotations

from math import inf

import torch
from torch import Tensor, nn

from fer_exp.errors import RequestError
from fer_exp.methods.ce import soft_cross_entropy
from fer_exp.methods.method import Learnt, Method, Network, Setting, Step


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


class UncertaintyHead(nn.Module):
    """Features to one uncertainty a face: the mean of its variance over ``dimension`` directions.

    Normalisation, dropout, a linear map and normalisation give the log-variance, as in the authors' release, which
    does it over the whole feature maps.

    ``drop_rate`` is the share of features left out, 0 to below 1.
    """

    def __init__(self, features: int, dimension: int, drop_rate: float) -> None:
        super().__init__()
        self.drop_rate = drop_rate
        self.before = nn.BatchNorm1d(features, eps=2e-5, affine=False)
        self.project = nn.Linear(features, dimension)
        self.after = nn.BatchNorm1d(dimension, eps=2e-5)

    def forward(self, features: Tensor, generator: torch.Generator) -> Tensor:
        """Uncertainty of each face, shape (B,), above 0; the generator draws which features are left out."""
        kept = (torch.rand(features.shape, generator=generator) >= self.drop_rate).to(features.device)
        dropped = self.before(features) * kept / (1 - self.drop_rate)
        variance: Tensor = self.after(self.project(dropped)).exp()
        return variance.mean(dim=1)


class RelativeUncertaintyLearning(Method):
    """Each mixture is taught both labels; the head that tells uncertainty is not needed when predicting.

    The keys are those of ``UncertaintyHead``.
    """

    ranges = (("dimension", 1, inf), ("drop_rate", 0, 0.99))

    def __init__(self, setting: Setting, *, dimension: int, drop_rate: float) -> None:
        super().__init__(setting)
        self.uncertainty = UncertaintyHead(setting.features, dimension, drop_rate)

    def learn(self, network: Network, step: Step) -> Learnt:
        """Half the cross-entropy of the mixtures with one face's label, half with the other's.

        Raises:
            RequestError: a process has a single face, which has no partner.
        """
        if len(step.target) < 2:
            raise RequestError("method=rul mixes pairs of faces; make trainer.batch_size at least twice the devices.")
        generator = step.generator()
        output = network(step.views[0])
        pairs = torch.randperm(len(step.target), generator=generator).to(step.target.device, non_blocking=True)
        uncertainty = self.uncertainty(output.features, generator)
        mixed, share = mix(output.features, uncertainty, pairs)
        target = (step.target + step.target[pairs]) / 2  # cross-entropy is linear in what is taught
        loss = soft_cross_entropy(network.classify(mixed), target, self.setting.weights)
        larger = torch.maximum(share, 1 - share).mean()
        return Learnt(loss, output, figures={"uncertainty": uncertainty.mean(), "larger_part": larger})
