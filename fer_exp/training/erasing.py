"""Cutout and random erasing on a batch of bytes.

torchvision's RandomErasing paints one rectangle on a whole batch; here every face gets its own in the same pass.
Pixels are uint8, shape (B, H, W, C); what comes out is new, of the same shape.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fer_exp.training.sending import constant, send

GREY = (127,)
"""What cutout paints (FixMatch)."""
MEAN_BYTES = (124, 116, 104)
"""What random erasing paints: 0 once normalised by ImageNet's means (0.485, 0.456, 0.406)."""
SIDE = 16 / 224
"""Of cutout's square, as a share of the picture: 16 of 224 pixels."""
AREA = (0.02, 0.25)
"""Smallest and largest share of the picture that is erased, as SCN, RUL and EAC have it."""
RATIO = (0.3, 3.3)
"""Smallest and largest height by width of what is erased (Zhong et al. 2020)."""
CHANCE = 0.5
"""Of a face to be erased (Zhong et al. 2020)."""


def cutout(pixels: Tensor, middles: Tensor) -> Tensor:
    """A grey square on each face: whole at the left and upper edge, cut off at the right and lower one.

    ``middles`` of the squares are shares of height and width, shape (B, 2), 0 to 1, on the CPU.
    """
    size = torch.tensor(pixels.shape[1:3])
    side = max(1, round(SIDE * int(size.min())))
    corner = (middles * size - side / 2).clamp_(min=0).long()
    return paint(pixels, corner, torch.full_like(corner, side), GREY)


def erase(pixels: Tensor, uniform: Tensor) -> Tensor:
    """Random erasing: on half of the faces a rectangle of random area, shape and place.

    ``uniform`` are random numbers from 0 to 1, shape (B, 5), float64, on the CPU. They decide whether a face is erased,
    the area, the ratio (on a log scale), and the place from the top and from the left.

    Source: Zhong et al. 2020, Random erasing data augmentation. AAAI.
    """
    size = torch.tensor(pixels.shape[1:3])
    whether, area, ratio = uniform[:, :3].unbind(dim=1)
    area = (AREA[0] + (AREA[1] - AREA[0]) * area) * size.prod()
    low, high = map(math.log, RATIO)
    ratio = torch.exp(low + (high - low) * ratio)
    extent = torch.stack([area * ratio, area / ratio], dim=1).sqrt().round().long()
    extent = torch.minimum(extent, size)  # of a picture far from square
    corner = (uniform[:, 3:] * (size - extent + 1)).long()
    return paint(pixels, corner, extent * (whether < CHANCE)[:, None], MEAN_BYTES)


def paint(pixels: Tensor, corner: Tensor, extent: Tensor, color: tuple[int, ...]) -> Tensor:
    """A rectangle of one colour on each face.

    Args:
        corner: row and column of the upper left pixel, shape (B, 2).
        extent: height and width in pixels, shape (B, 2); 0 paints nothing, what leaves the picture is cut off.
        color: one byte, or three; grey pictures take their mean.
    """
    if len(color) > pixels.shape[3]:
        color = (sum(color) // len(color),)
    box = send(torch.stack([corner, corner + extent], dim=2), pixels.device)  # (B, 2, start and end)
    rows = torch.arange(pixels.shape[1], device=pixels.device)
    columns = torch.arange(pixels.shape[2], device=pixels.device)
    in_rows = (rows >= box[:, 0, :1]) & (rows < box[:, 0, 1:])
    in_columns = (columns >= box[:, 1, :1]) & (columns < box[:, 1, 1:])
    inside = (in_rows[:, :, None] & in_columns[:, None, :])[..., None]
    return torch.where(inside, constant(color, pixels.device, torch.uint8), pixels)
