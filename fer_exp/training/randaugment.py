"""RandAugment on a batch of bytes: each face has its own operation and level, and comes out as from Pillow.

The pool, the ranges and the way of drawing are those that semi-supervised training uses: Sohn et al. 2020 (FixMatch),
appendix D, in the form of its public PyTorch version, after Cubuk et al. 2020 (RandAugment). One difference: levels are
drawn from 1 to 10, both included, as the methods on noisy expressions say; that version never draws 10.

torchvision's RandAugment gives a whole batch the same operation and level, and its arithmetic is not Pillow's. Only its
``equalize`` takes no level, treats each face alone and gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from fer_exp.training.sending import constant, send

OPS = (
    "auto_contrast", "brightness", "color", "contrast", "equalize", "identity", "posterize", "rotate", "sharpness",
    "shear_x", "shear_y", "solarize", "translate_x", "translate_y",
)  # fmt: skip
IDENTITY = OPS.index("identity")
ROUNDS = 2
"""Operations drawn for a face."""
CHANCE = 0.5
"""Of each to be applied."""
LEVELS = 10
"""Highest level; the lowest is 1."""


def draw_ops(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Operations for ``count`` faces, their levels, and their signs: which way a face is turned or moved.

    Indices into ``OPS`` (identity where none is applied), 1 to 10, and -1 or 1; shape (count, ROUNDS), int64.
    """
    shape = (count, ROUNDS)
    ops = torch.randint(len(OPS), shape, generator=generator)
    applied = torch.rand(shape, generator=generator) < CHANCE
    levels = torch.randint(1, LEVELS + 1, shape, generator=generator)
    signs = 2 * torch.randint(2, shape, generator=generator) - 1
    return torch.where(applied, ops, IDENTITY), levels, signs


def rand_augment(pixels: Tensor, ops: Tensor, levels: Tensor, signs: Tensor) -> Tensor:
    """One operation on each face of (B, H, W, C), uint8, C of 1 (grey) or 3: new pixels.

    ``ops`` are indices into ``OPS``, ``levels`` 1 to 10, ``signs`` -1 or 1; all of shape (B,), on the CPU.
    """
    views = pixels.clone()
    for code in sorted(set(ops.tolist()) - {IDENTITY}):
        faces = (ops == code).nonzero().squeeze(1)
        rows = send(faces, pixels.device)
        views[rows] = operate(OPS[code], pixels[rows], levels[faces], signs[faces])
    return views


def operate(op: str, faces: Tensor, level: Tensor, sign: Tensor) -> Tensor:
    """One operation of ``OPS`` on faces of shape (F, H, W, C); levels and signs have shape (F,) and lie on the CPU."""
    if op == "auto_contrast":
        return auto_contrast(faces)
    if op == "equalize":
        equalized: Tensor = functional.equalize(faces.permute(0, 3, 1, 2))
        return equalized.permute(0, 2, 3, 1)
    if op in DULLED:
        return blend(DULLED[op](faces), faces, _wide(0.05 + level * 0.9 / LEVELS, faces))
    if op == "posterize":
        dropped = 4 - _wide(level * 4 // LEVELS, faces)  # bits; 8 to 4 are kept
        return (faces >> dropped) << dropped
    if op == "solarize":
        return torch.where(faces < _wide(256 - level * 256 // LEVELS, faces), faces, 255 - faces)
    return transform(faces, matrices(op, level * sign, *faces.shape[1:3]))


def matrices(op: str, level: Tensor, height: int, width: int) -> Tensor:
    """Affine maps from places in the view to places in the face: x' = ax + by + c, y' = dx + ey + f.

    Args:
        op: ``rotate`` (3 degrees a level, around the middle), ``shear_x``, ``shear_y`` (0.03 a level), ``translate_x``
            or ``translate_y`` (0.03 of the picture a level, whole pixels).
        level: with sign, shape (F,).

    Returns:
        Columns a to f, shape (F, 6), float64.
    """
    maps = torch.tensor([1.0, 0, 0, 0, 1, 0], dtype=torch.float64).repeat(len(level), 1)
    amount = level.double() * 0.3 / LEVELS
    if op == "rotate":
        angle = -level.double() * 30 / LEVELS * math.pi / 180
        cos, sin, x, y = angle.cos(), angle.sin(), width / 2, height / 2
        maps = torch.stack([cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y], dim=1)
    elif op == "shear_x":
        maps[:, 1] = amount
    elif op == "shear_y":
        maps[:, 3] = amount
    elif op == "translate_x":
        maps[:, 2] = (amount * width).trunc()
    else:
        maps[:, 5] = (amount * height).trunc()
    return maps


def transform(faces: Tensor, maps: Tensor) -> Tensor:
    """Each face seen through its affine map (``matrices``): the nearest pixel, black where it leaves the picture."""
    count, height, width, channels = faces.shape
    a, b, c, d, e, f = maps.unbind(dim=1)
    # Pillow's fixed-point numbers with 16 binary places, so that places between two pixels fall on the same side.
    fixed = torch.stack([a, b, c + (a + b) / 2, d, e, f + (d + e) / 2]).mul(65536).add(0.5).floor().long()
    a, b, c, d, e, f = send(fixed, faces.device)[:, :, None, None]
    xs = torch.arange(width, device=faces.device)
    ys = torch.arange(height, device=faces.device)[:, None]
    column, row = (a * xs + b * ys + c) >> 16, (d * xs + e * ys + f) >> 16
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    index = (row * width + column).where(inside, 0).view(count, -1, 1).expand(-1, -1, channels)
    moved = faces.reshape(count, -1, channels).gather(1, index).view(faces.shape)
    return moved.where(inside[..., None], 0)


def auto_contrast(faces: Tensor) -> Tensor:
    """Each channel stretched so that its darkest pixel becomes 0 and its brightest 255; a constant one stays."""
    if faces.device.type == "mps":  # which has no float64
        return auto_contrast(faces.cpu()).to(faces.device)
    low, high = faces.amin(dim=(1, 2), keepdim=True).double(), faces.amax(dim=(1, 2), keepdim=True).double()
    # A quotient of tensors: 255 / tensor would be rounded twice, as a product with the reciprocal.
    scale = torch.full_like(low, 255) / (high - low).clamp(min=1)
    stretched = (faces * scale - low * scale).clamp_(0, 255).to(torch.uint8)
    return torch.where(high > low, stretched, faces)


def blend(dull: Tensor, faces: Tensor, factor: Tensor) -> Tensor:
    """``dull`` (factor 0) to ``faces`` (factor 1), cut to whole grey values."""
    return (dull + factor * (faces.float() - dull)).to(torch.uint8)


def grey(faces: Tensor) -> Tensor:
    """Luminance after ITU-R 601, shape (F, H, W, 1), whole numbers."""
    if faces.shape[3] == 1:
        return faces
    weights = constant((19595, 38470, 7471), faces.device, torch.int32)
    return ((faces.int() * weights).sum(dim=3, keepdim=True, dtype=torch.int32) + 32768) >> 16


def mean_grey(faces: Tensor) -> Tensor:
    """Each face's mean luminance, rounded, shape (F, 1, 1, 1)."""
    sums = grey(faces).sum(dim=(1, 2), keepdim=True, dtype=torch.int64)
    pixels = faces.shape[1] * faces.shape[2]
    return (2 * sums + pixels) // (2 * pixels)


def smooth(faces: Tensor) -> Tensor:
    """Each pixel's mean with its neighbours, itself counted five times; the rim stays as it is."""
    middle = faces[:, 1:-1, 1:-1].int()
    rows = faces[:, :-2].int() + faces[:, 1:-1] + faces[:, 2:]
    around = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:] + 4 * middle
    smoothed = faces.clone()
    smoothed[:, 1:-1, 1:-1] = ((2 * around + 13) // 26).to(torch.uint8)
    return smoothed


DULLED: dict[str, Callable[[Tensor], Tensor]] = {
    "brightness": torch.zeros_like,
    "color": grey,
    "contrast": mean_grey,
    "sharpness": smooth,
}
"""What ``blend`` mixes a face with; factors of 0.14 to 0.95 leave less brightness, colour, contrast or sharpness."""


def _wide(values: Tensor, faces: Tensor) -> Tensor:
    """Values of faces, (F,), in a shape that fits their pixels: (F, 1, 1, 1), float, or uint8 for whole numbers."""
    values = values.float() if values.is_floating_point() else values.to(torch.uint8)
    return send(values, faces.device)[:, None, None, None]
