"""How ResNets are called: their tensors as different code names them, and which ResNet some tensors are of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor


class Naming(NamedTuple):
    """How a ResNet's tensors may be called: one that all have, and what turns their names into torchvision's."""

    mark: str
    renamed: tuple[tuple[str, str], ...]
    said: str = ""


NAMINGS = (
    Naming("bn1.weight", ((r"\.shortcut\.", ".downsample."),)),  # torchvision, timm, and many of CIFAR
    Naming(  # nn.Sequential(*resnet.children())
        "4.0.conv1.weight",
        ((r"^0\.", "conv1."), (r"^1\.", "bn1."), *((rf"^{layer + 3}\.", f"layer{layer}.") for layer in range(1, 5))),
    ),
    Naming(  # transformers
        "encoder.stages.0.layers.0.layer.0.convolution.weight",
        (
            (r"^embedder\.embedder\.convolution", "conv1"),
            (r"^embedder\.embedder\.normalization", "bn1"),
            *((rf"^encoder\.stages\.{layer - 1}\.layers", f"layer{layer}") for layer in range(1, 5)),
            *((rf"\.layer\.{place - 1}\.convolution", f".conv{place}") for place in range(1, 4)),
            *((rf"\.layer\.{place - 1}\.normalization", f".bn{place}") for place in range(1, 4)),
            (r"\.shortcut\.convolution", ".downsample.0"),
            (r"\.shortcut\.normalization", ".downsample.1"),
        ),
    ),
    Naming(  # VGGFace2, converted from Caffe
        "conv2_1_1x1_reduce.weight",
        (
            (r"^conv1_7x7_s2_bn", "bn1"),
            (r"^conv1_7x7_s2", "conv1"),
            (r"1x1_reduce", "conv1"),
            (r"1x1_increase", "conv3"),
            (r"1x1_proj_bn", "downsample.1"),
            (r"1x1_proj", "downsample.0"),
            (r"_3x3", "_conv2"),
            (r"conv(\d)_bn", r"bn\1"),
            *(
                (rf"^conv{layer + 1}_{block}_", f"layer{layer}.{block - 1}.")
                for layer in range(1, 5)
                for block in range(1, 7)
            ),
        ),
        "a ResNet-50 of Caffe, whose blocks halve in their first convolution and whose blue comes first: a start",
    ),
)

PART_OF_BLOCK = re.compile(r"layer\d+\.\d+\.(conv[123]|bn[123]|downsample\.[01])\.\w+")
KNOWN = {
    "resnet18": ([2, 2, 2, 2], False),
    "resnet34": ([3, 4, 6, 3], False),
    "resnet50": ([3, 4, 6, 3], True),
    "resnet101": ([3, 4, 23, 3], True),
    "resnet152": ([3, 8, 36, 3], True),
}
"""Blocks a layer, and whether they are of three convolutions."""


def renamed(name: str, naming: Naming) -> str:
    """Torchvision's name of a tensor."""
    for pattern, ours in naming.renamed:
        name = re.sub(pattern, ours, name)
    return name


def architecture(state: Mapping[str, Tensor]) -> str:
    """Which ResNet some tensors, by torchvision's names, are of, in words: torchvision's name where it is one of its.

    >>> architecture({f"layer{layer}.{block}.bn1.weight": None for layer in range(1, 5) for block in (0, 1)})
    'resnet18'
    """
    blocks = {tuple(name.split(".")[:2]) for name in state if name.startswith("layer")}
    layers = [sum(layer == f"layer{number}" for layer, _ in blocks) for number in range(1, 5)]
    deep = "layer1.0.conv3.weight" in state
    known = {(*numbers, three): name for name, (numbers, three) in KNOWN.items()}
    name = known.get((*layers, deep), f"a network of {', '.join(map(str, layers))} blocks")
    middle = state.get("layer1.0.conv2.weight")
    if "conv1.0.weight" in state or "conv2.weight" in state:
        return f"{name} with a stem of three convolutions (timm's {name}d, for one)"
    if deep and middle is not None and middle.ndim == 4 and tuple(middle.shape[:2]) != (64, 64):
        return f"{name} with other widths (ResNeXt, wide ResNet)"
    own = [key for key in state if PART_OF_BLOCK.fullmatch(key) is None and key.startswith("layer")]
    return f"{name} with parts that torchvision's has not ({own[0]})" if own else name
