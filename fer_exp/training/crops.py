"""Crops of faces under another light, each face its own, and where points of the face lie in them."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from fer_exp.training.sending import send

LIGHT = 0.4
"""Brightness and contrast change by up to this share (SimCLR on small pictures, Chen et al. 2020)."""
TINT = 0.1
"""So do the channels of colour pictures, each on its own."""
GREY = 0.2
"""Share of colour pictures that become grey (SimCLR)."""
DRAWN = 10
"""Random numbers a view: area, place (2), mirrored, brightness, contrast, tint (3), grey."""


class Crops(NamedTuple):
    """Squares of faces, on the CPU.

    Attributes:
        corner: left and upper edge as shares of the picture, shape (B, 2).
        side: as a share of the picture, shape (B,).
        mirrored: shape (B,), bool.
    """

    corner: Tensor
    side: Tensor
    mirrored: Tensor


def draw_crops(uniform: Tensor, least: float, mirror: bool) -> Crops:
    """Squares that keep between ``least`` and all of a picture's area; where ``mirror``, half of them are mirrored.

    ``uniform`` are random numbers from 0 to 1, shape (B, at least 4).
    """
    side = (least + (1 - least) * uniform[:, 0]).sqrt()
    return Crops(uniform[:, 1:3] * (1 - side)[:, None], side, (uniform[:, 3] < 0.5) & mirror)


def crop(pixels: Tensor, crops: Crops) -> Tensor:
    """What lies in the squares, as large as before: (B, H, W, C), bytes or floats, to float32 of the same shape."""
    maps = torch.zeros(len(pixels), 2, 3)
    maps[:, 0, 0] = torch.where(crops.mirrored, -crops.side, crops.side)
    maps[:, 1, 1] = crops.side
    maps[:, :, 2] = 2 * crops.corner + crops.side[:, None] - 1  # the middle, from -1 to 1
    pictures = pixels.permute(0, 3, 1, 2).float()
    grid = F.affine_grid(send(maps, pixels.device), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False).permute(0, 2, 3, 1)


def moved(points: Tensor, crops: Crops) -> Tensor:
    """Where points are in the squares: x and y as shares of the picture, shape (B, P, 2), to the same of the view."""
    corner, side, mirrored = (send(each, points.device).to(points.dtype) for each in crops)
    seen = (points - corner[:, None]) / side[:, None, None]
    flip = mirrored[:, None]
    return torch.stack([flip + (1 - 2 * flip) * seen[..., 0], seen[..., 1]], dim=2)


def relight(pictures: Tensor, uniform: Tensor) -> Tensor:
    """Another brightness, contrast and tint; some colour pictures become grey.

    Pictures are (B, H, W, C) from 0 to 255, float; ``uniform`` are random numbers, shape (B, DRAWN), on the CPU.
    """
    grey = uniform[:, 9, None] < GREY
    uniform = 2 * send(uniform, pictures.device)[:, None, None, :] - 1
    tint = 1 + TINT * uniform[..., 6:9] if pictures.shape[3] == 3 else 1.0
    lit = pictures * ((1 + LIGHT * uniform[..., 4:5]) * tint)
    mean = lit.mean(dim=(1, 2, 3), keepdim=True)
    lit = mean + (1 + LIGHT * uniform[..., 5:6]) * (lit - mean)
    return greyed(lit, grey[:, 0]).clamp(0, 255)


def greyed(pictures: Tensor, which: Tensor) -> Tensor:
    """Those of ``which``, bool, shape (B,), with the mean of their channels in each channel."""
    if pictures.shape[3] == 1:
        return pictures
    which = send(which, pictures.device)[:, None, None, None]
    return torch.where(which, pictures.mean(dim=3, keepdim=True), pictures)
