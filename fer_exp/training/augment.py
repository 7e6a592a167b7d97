"""From stored bytes to network input: a batch at a time, on the device, with parameters drawn per face."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from fer_exp.training.batches import seed_of
from fer_exp.training.erasing import cutout, erase
from fer_exp.training.randaugment import ROUNDS, draw_ops, rand_augment
from fer_exp.training.sending import constant, send

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""ImageNet's channel means and standard deviations, so that pretrained weights meet what they were trained on."""

Draw = tuple[int, int, int, int]
"""What decides a batch's random numbers: seed, rank of this process, number of processes, faces over all of them."""

SHIFT = 1 / 12
"""Largest shift as a share of the picture: 4 of 48 pixels, the padding that papers on small pictures use."""

STRONG, ERASED = 101, 102
"""Joined with a batch's seed, so that these views draw other numbers than the weak view."""

VARIANCE = 30
"""Of the noise that SCN, RUL and EAC add, in squares of a byte's steps."""

BANK = 2**20
"""Numbers of noise that are drawn once for all; a face reads on from a place of its own."""


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
    # What is drawn is three numbers a face; a GPU makes an index a pixel of them faster than that is sent.
    last = mirrored[:, None].long() * (width - 1)
    down, right, last = send(torch.cat([shift, last], dim=1), pixels.device).unsqueeze(2).unbind(dim=1)
    rows, columns, first = _counted(height, width, len(pixels), pixels.device)
    ys = (rows + down).clamp_(0, height - 1).mul_(width).add_(first)
    xs = (columns + right).clamp_(0, width - 1).sub_(last).abs_()
    index = (ys[:, :, None] + xs[:, None, :]).view(-1)
    return pixels.reshape(-1, pixels.shape[3]).index_select(0, index).view(pixels.shape)


@lru_cache
def _counted(height: int, width: int, faces: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Numbers of rows, of columns, and of each face's first pixel in a batch, shape (faces, 1)."""
    with torch.inference_mode(False):
        first = torch.arange(faces, device=device)[:, None] * (height * width)
        return torch.arange(height, device=device), torch.arange(width, device=device), first


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


def noised(pixels: Tensor, draw: Draw) -> Tensor:
    """Noise on half of the faces, then random erasing: what EAC teaches, which never is a mirror image."""
    uniform = _uniform(draw)
    return erase(_with_noise(pixels, uniform, uniform[:, 0] < 0.5), uniform[:, 3:])


def mirrored(pixels: Tensor, draw: Draw) -> Tensor:
    """The mirror image of every face, then random erasing: what EAC holds against the face it teaches."""
    return erase(pixels.flip(2), _uniform(draw)[:, 3:])


def noised_or_mirrored(pixels: Tensor, draw: Draw) -> Tensor:
    """A quarter of the faces noised, a quarter mirrored, then random erasing: the augmentation of SCN and RUL."""
    uniform = _uniform(draw)
    touched, noise = uniform[:, 0] < 0.5, uniform[:, 1] < 0.5
    turned = send((touched & ~noise)[:, None, None, None], pixels.device)
    views = torch.where(turned, pixels.flip(2), pixels)
    return erase(_with_noise(views, uniform, touched & noise), uniform[:, 3:])


def _uniform(draw: Draw) -> Tensor:
    """A face's random numbers from 0 to 1: two choices, where its noise begins, and the five of ``erase``."""
    return uniform(draw, 8, ERASED, dtype=torch.float64)


def uniform(draw: Draw, count: int, *numbers: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Random numbers from 0 to 1 for each face of this process's share, shape (B, count), on the CPU.

    ``numbers`` are joined with the batch's seed, so that what is drawn for another end is drawn anew.
    """
    seed, rank, world, total = draw
    generator = torch.Generator().manual_seed(seed_of(seed, *numbers) if numbers else seed)
    return torch.rand(total, count, generator=generator, dtype=dtype)[rank::world]


def _with_noise(pixels: Tensor, uniform: Tensor, chosen: Tensor) -> Tensor:
    """Gaussian noise on the chosen faces, cut off at 0 and 255 and rounded down, as released; a new tensor."""
    bank, faces = _bank(pixels.device), chosen.nonzero().squeeze(1)
    start = send((uniform[faces, 2] * BANK).long(), pixels.device)
    rows = send(faces, pixels.device)
    views, clear = pixels.clone(), pixels[rows]
    noise = bank[(start[:, None] + torch.arange(clear.shape[1:].numel(), device=pixels.device)) % BANK]
    views[rows] = (clear + noise.view(clear.shape)).clamp_(0, 255).to(torch.uint8)
    return views


@lru_cache
def _bank(device: torch.device) -> Tensor:
    """Normal numbers of variance ``VARIANCE``, the same on every device: drawing a picture's each time costs a step."""
    drawn = np.random.default_rng(ERASED).normal(0, VARIANCE**0.5, BANK)
    return torch.from_numpy(drawn).float().to(device)


def plain(pixels: Tensor, draw: Draw) -> Tensor:
    """The faces as they are."""
    return pixels


VIEWS: dict[str, Callable[[Tensor, Draw], Tensor]] = {
    "none": plain,
    "weak": weak,
    "strong": strong,
    "noised": noised,
    "mirrored": mirrored,
    "noised_or_mirrored": noised_or_mirrored,
}
"""What a method or ``trainer.augment`` may ask for: pixels (B, H, W, C), uint8, to pixels of the same shape."""

LIGHT = ("weak", "noised_or_mirrored")
"""The views that only keep a network from memorising: ``trainer.augment`` may put another in their place."""


def view_for(name: str, augment: str) -> Callable[[Tensor, Draw], Tensor]:
    """The view that a method meets where it asks for one by name and ``trainer.augment`` is as given.

    ``weak`` leaves every method its own light view; ``none`` and ``strong`` replace it, the same for all methods.

    >>> [view_for(name, "none").__name__ for name in ("weak", "noised_or_mirrored", "noised", "strong")]
    ['plain', 'plain', 'noised', 'strong']
    """
    return VIEWS[augment if name in LIGHT and augment != "weak" else name]


def normalise(pixels: Tensor) -> Tensor:
    """Bytes to standardised network input, (B, 3, H, W), float32; grey is repeated over the channels.

    It lies in channels-last memory, which costs nothing: so does the store.
    """
    if pixels.shape[3] == 1:
        mean, scale = _mean_and_scale(pixels.device)
        return pixels.to(torch.float32).sub(mean).mul_(scale).permute(0, 3, 1, 2)
    # By whole rows: over three channels alone torch's loops are not vectorised, and take twice as long.
    mean, scale = _mean_and_scale(pixels.device, pixels.shape[2])
    rows = pixels.flatten(2).to(torch.float32).sub_(mean).mul_(scale)
    return rows.view(pixels.shape).permute(0, 3, 1, 2)


@lru_cache
def _mean_and_scale(device: torch.device, pixels: int = 1) -> tuple[Tensor, Tensor]:
    """Of the channels of so many pixels side by side."""
    with torch.inference_mode(False):  # of a validation's tensors no gradient could pass
        mean, scale = constant(MEAN, device) * 255, 1 / (constant(STD, device) * 255)
        return mean.repeat(pixels), scale.repeat(pixels)
