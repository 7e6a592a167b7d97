"""ResNets from torchvision with a stem that suits the picture size, a class head and an optional affect head."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from fer_exp.config import BackboneConfig
from fer_exp.errors import RequestError
from fer_exp.methods.method import Output
from fer_exp.progress import progress
from fer_exp.regular import why
from fer_exp.training.graphs import Graphs
from fer_exp.training.weights import LoadedWeights, Weights, load_backbone, read_weights

BACKBONES = {
    "resnet18": (models.resnet18, models.ResNet18_Weights.IMAGENET1K_V1),
    "resnet50": (models.resnet50, models.ResNet50_Weights.IMAGENET1K_V2),
    "resnet152": (models.resnet152, models.ResNet152_Weights.IMAGENET1K_V2),
}

SMALL_PICTURE = 40
"""Up to this size in pixels ``stem=auto`` takes the small stem: ImageNet's leaves a single cell of a 32-pixel face.

At 48 pixels ImageNet's leaves 2 x 2 cells and costs a quarter of the multiplications: on a CPU more is learned with it
in the same time. Where time is plenty, as on a GPU, ``stem=small`` is worth a try.
"""

STEMS = {"imagenet": (3, 7, 7), "small": (3, 3, 3)}
"""The kernels of each stem: channels, height, width."""

SMALL_LAYOUT = 64
"""Up to this size in pixels ``fastest_layout`` calls a picture small."""


class FaceNetwork(nn.Module):
    """A backbone, a linear head over the classes and, where faces are rated, one for valence and arousal.

    The backbone is one of torchvision's ResNets, ``features`` wide; its own head is not used.
    """

    def __init__(self, backbone: nn.Module, features: int, classes: int, affect: bool) -> None:
        super().__init__()
        self.backbone = backbone
        self.classify = nn.Linear(features, classes)
        self.affect = nn.Linear(features, 2) if affect else None
        self.graphs: Graphs | None = None  # while it is trained on a GPU

    def forward(self, pictures: Tensor) -> Output:
        """The network's answers on pictures of shape (N, 3, H, W)."""
        if self.graphs is None or torch.is_inference_mode_enabled():
            return self.plain_pass(pictures)
        return self.graphs(pictures)

    def plain_pass(self, pictures: Tensor) -> Output:
        """The same, operation by operation."""
        body: Any = self.backbone
        maps = body.maxpool(body.relu(body.bn1(body.conv1(pictures))))
        maps = body.layer4(body.layer3(body.layer2(body.layer1(maps))))
        features = body.avgpool(maps).flatten(1)
        affect = None if self.affect is None else torch.tanh(self.affect(features))
        return Output(self.classify(features), affect, features, maps)


def fastest_layout(device: torch.device, size: int, precision: str = "auto") -> torch.memory_format:
    """The layout in memory in which convolutions train faster, by measurement (docs/speed.md).

    Channels last on CUDA, and on a CPU for larger pictures and in bfloat16; else the plain one.

    Args:
        device: that trains.
        size: of a picture, in pixels.
        precision: as ``trainer.precision`` says it.
    """
    if device.type == "mps":  # untried there, so as it comes
        return torch.contiguous_format
    last = device.type == "cuda" or precision == "bf16-mixed" or size > SMALL_LAYOUT
    return torch.channels_last if last else torch.contiguous_format


def stem_of(kernel: Tensor) -> str | None:
    """The stem that a first convolution's weights are of, None of another's."""
    return next((name for name, shape in STEMS.items() if tuple(kernel.shape[1:]) == shape), None)


def resolve_stem(config: BackboneConfig, size: int, state: Mapping[str, Tensor] | None = None) -> str:
    """The stem that ``stem=auto`` stands for: that of loaded weights, without any small up to 40 pixels.

    Raises:
        RequestError: the weights in ``state`` are of another stem than the one that is asked for.
    """
    if (kernel := (state or {}).get("conv1.weight")) is None:
        small = config.stem == "small" or (config.stem == "auto" and size <= SMALL_PICTURE)
        return "small" if small else "imagenet"
    there = stem_of(kernel)
    if there and config.stem not in ("auto", there):
        raise RequestError(
            f"backbone.weights={config.weights} has the {there} stem (conv1.weight is {tuple(kernel.shape)}) where "
            f"backbone.stem={config.stem} is asked for; take backbone.stem={there}, or auto, which goes by the file."
        )
    return there or "imagenet"


def build_network(
    config: BackboneConfig, size: int, classes: int, affect: bool, seed: int
) -> tuple[FaceNetwork, LoadedWeights | None]:
    """The network with its first weights, the same for the same seed.

    Returns:
        The network, with a valence/arousal head where ``affect``, for pictures of ``size`` pixels, which decides
        ``stem=auto``; and what was loaded into its backbone (None for random weights).

    Raises:
        RequestError: the weights cannot be had, or do not fit this architecture key by key.
    """
    weights = None if config.weights == "none" else first_weights(config)
    stem = resolve_stem(config, size, weights.tensors if weights else None)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        backbone = BACKBONES[config.name][0](weights=None)
        features = backbone.fc.in_features
        backbone.fc = nn.Identity()
        if stem == "small":
            # Halves the picture once instead of twice before the first block.
            backbone.conv1 = nn.Conv2d(3, 64, kernel_size=3, stride=2, padding=1, bias=False)
            nn.init.kaiming_normal_(backbone.conv1.weight, mode="fan_out", nonlinearity="relu")
            backbone.maxpool = nn.Identity()
        network = FaceNetwork(backbone, features, classes, affect)
    if weights is None:
        return network, None
    matched, digest = load_backbone(backbone, config, weights.tensors, BACKBONES)
    for line in weights.said:
        progress(f"backbone.weights={config.weights}: {line}")
    return network, LoadedWeights(config.weights, matched, digest, weights.beside.get("facts"))


def first_weights(config: BackboneConfig) -> Weights:
    """What ``config.weights``, imagenet or a path, holds for a backbone; raises RequestError where it cannot be had."""
    if config.weights != "imagenet":
        return read_weights(Path(config.weights))
    try:
        return Weights(dict(BACKBONES[config.name][1].get_state_dict(progress=False, check_hash=True)))
    except (OSError, RuntimeError) as error:  # no network, or another file than torchvision's
        raise RequestError(
            f"backbone.weights=imagenet: torchvision could not fetch {config.name}'s weights ({why(error)}); on a "
            "machine without a network, copy the file over and give its path as backbone.weights."
        ) from error
