"""Erasing Attention Consistency (Zhang et al., ECCV 2022): a face and its mirror image must be looked at alike."""

from __future__ import annotations

from math import inf

import torch.nn.functional as F
from torch import Tensor

from fer_exp.methods.ce import precise, soft_cross_entropy
from fer_exp.methods.method import Learnt, Method, Network, Setting, Step


def activation_maps(maps: Tensor, weight: Tensor) -> Tensor:
    r"""Class activation maps :math:`A_{nkij} = \sum_f w_{kf} m_{nfij}` (Zhou et al. 2016).

    ``maps`` are the last feature maps, shape (N, F, h, w), ``weight`` that of the linear class head, shape (K, F).
    """
    return F.conv2d(maps, weight[:, :, None, None])


def consistency(seen: Tensor, mirrored: Tensor) -> Tensor:
    """Mean squared error between the activation maps of faces and the maps of their mirror images, turned back.

    >>> import torch
    >>> maps = torch.tensor([[[[1.0, 2.0, 4.0]]]])
    >>> consistency(maps, maps.flip(3)), consistency(maps, maps)
    (tensor(0.), tensor(6.))
    """
    return F.mse_loss(precise(seen), precise(mirrored).flip(3))


class ErasingAttentionConsistency(Method):
    """The network memorises wrong labels by parts of faces: erasing hides some, the mirror image makes it look at all.

    The taught face is never mirrored, the mirror image never taught: that is the imbalance the paper speaks of. Each
    goes through the network by itself, so batch normalisation sees them apart, as in the authors' release.

    Args:
        consistency_weight: of the consistency beside cross-entropy.
    """

    views = ("noised", "mirrored")
    passes = 2
    ranges = (("consistency_weight", 0, inf),)

    def __init__(self, setting: Setting, *, consistency_weight: float) -> None:
        super().__init__(setting)
        self.consistency_weight = consistency_weight

    def learn(self, network: Network, step: Step) -> Learnt:
        """Cross-entropy on the faces, plus the weighted consistency with their mirror images."""
        faces, images = step.views
        output, mirrored = network(faces), network(images)
        weight = network.classify.weight.detach()  # consistency teaches where to look, not what the classes are
        apart = consistency(activation_maps(output.maps, weight), activation_maps(mirrored.maps, weight))
        loss = soft_cross_entropy(output.logits, step.target, self.setting.weights) + self.consistency_weight * apart
        return Learnt(loss, output, figures={"consistency": apart})
