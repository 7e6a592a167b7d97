"""From stored bytes to network input: a batch at a time, on the device, with parameters drawn per face."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fer_exp.training.batches import seed_of
from fer_exp.training.erasing import cutout, erase
from fer_exp.training.randaugment import ROUNDS, draw_ops, rand_augment

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""ImageNet's channel means and standard deviations, so that pretrained weights meet what they were trained on."""

Draw = tuple[int, int, int, int]
"""What decides a batch's random numbers: seed, rank of this process, number of processes, faces over all of them."""

SHIFT = 1 / 12
"""Largest shift as a share of the picture: 4 of 48 pixels, the padding that papers on small pictures use."""

STRONG, ERASED = 101, 102
"""Joined with a batch's seed, so that these views draw other numbers than the weak view that they begin with."""


def weak(pixels: Tensor, draw: Draw) -> Tensor:
    """A random shift (edges repeated) and a random mirror image of each face.

    The same draw gives the same views, whatever was drawn before.
    """
    seed, rank, world, total = draw
    generator = torch.Generator().manual_seed(seed)
    height, width = pixels.shape[1:3]
    reach = round(height * SHIFT)
    shift = torch.randint(-reach, reach + 1, (total, 2), generator=generator)[rank::world]
    mirrored = (torch.rand(total, generator=generator) < 0.5)[rank::world]
    ys = (torch.arange(height) + shift[:, :1]).clamp_(0, height - 1)
    xs = (torch.arange(width) + shift[:, 1:]).clamp_(0, width - 1)
    xs = torch.where(mirrored[:, None], width - 1 - xs, xs)
    faces = torch.arange(len(pixels))
    # One flat index a row of pixels keeps the gather cheap; it is drawn on the CPU and sent over at once.
    index = ((faces[:, None, None] * height + ys[:, :, None]) * width + xs[:, None, :]).view(-1)
    index = index.to(pixels.device, non_blocking=True)
    return pixels.reshape(-1, pixels.shape[3]).index_select(0, index).view(pixels.shape)


def strong(pixels: Tensor, draw: Draw) -> Tensor:
    """The weak view, then RandAugment (two operations, each with chance 1/2, levels 1 to 10) and a grey square."""
    seed, rank, world, total = draw
    generator = torch.Generator().manual_seed(seed_of(seed, STRONG))
    ops, levels, signs = (drawn[rank::world] for drawn in draw_ops(total, generator))
    middles = torch.rand(total, 2, generator=generator)[rank::world]
    views = weak(pixels, draw)
    for turn in range(ROUNDS):
        views = rand_augment(views, ops[:, turn], levels[:, turn], signs[:, turn])
    return cutout(views, middles)


def erased(pixels: Tensor, draw: Draw) -> Tensor:
    """The weak view; on half of the faces a rectangle of 2 to 25 % of the picture is then painted over."""
    seed, rank, world, total = draw
    generator = torch.Generator().manual_seed(seed_of(seed, ERASED))
    uniform = torch.rand(total, 5, generator=generator, dtype=torch.float64)[rank::world]
    return erase(weak(pixels, draw), uniform)


def plain(pixels: Tensor, draw: Draw) -> Tensor:
    """The faces as they are."""
    return pixels


VIEWS: dict[str, Callable[[Tensor, Draw], Tensor]] = {"none": plain, "weak": weak, "strong": strong, "erased": erased}
"""What a method or ``trainer.augment`` may ask for: pixels (B, H, W, C), uint8, to pixels of the same shape."""


def normalise(pixels: Tensor) -> Tensor:
    """Bytes to standardised network input, (B, 3, H, W), float32; grey is repeated over the channels.

    It lies in channels-last memory, which costs nothing: so does the store.
    """
    mean = torch.tensor(MEAN, device=pixels.device) * 255
    scale = 1 / (torch.tensor(STD, device=pixels.device) * 255)
    return pixels.to(torch.float32).sub(mean).mul_(scale).permute(0, 3, 1, 2)
