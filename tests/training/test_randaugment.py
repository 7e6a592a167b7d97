"""Each operation against Pillow's on the same pictures and levels; how often which is drawn."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from fer_exp.training.randaugment import IDENTITY, OPS, draw_ops, operate, rand_augment

ENHANCE = {
    "brightness": ImageEnhance.Brightness,
    "color": ImageEnhance.Color,
    "contrast": ImageEnhance.Contrast,
    "sharpness": ImageEnhance.Sharpness,
}


def by_pillow(op: str, face: np.ndarray, level: int, sign: int) -> np.ndarray:
    """The published operation on one face, (H, W, C)."""
    image = Image.fromarray(face[:, :, 0] if face.shape[2] == 1 else face)
    share = level / 10
    if op == "auto_contrast":
        made = ImageOps.autocontrast(image)
    elif op in ENHANCE:
        made = ENHANCE[op](image).enhance(level * 0.9 / 10 + 0.05)
    elif op == "equalize":
        made = ImageOps.equalize(image)
    elif op == "posterize":
        made = ImageOps.posterize(image, int(share * 4) + 4)
    elif op == "solarize":
        made = ImageOps.solarize(image, 256 - int(level * 256 / 10))
    elif op == "rotate":
        made = image.rotate(sign * int(level * 30 / 10))
    elif op.startswith("shear"):
        slope = sign * level * 0.3 / 10
        data = (1, slope, 0, 0, 1, 0) if op == "shear_x" else (1, 0, 0, slope, 1, 0)
        made = image.transform(image.size, Image.Transform.AFFINE, data)
    elif op.startswith("translate"):
        along = image.size[0 if op == "translate_x" else 1]
        shift = int(sign * level * 0.3 / 10 * along)
        data = (1, 0, shift, 0, 1, 0) if op == "translate_x" else (1, 0, 0, 0, 1, shift)
        made = image.transform(image.size, Image.Transform.AFFINE, data)
    else:
        made = image
    return np.asarray(made).reshape(face.shape)


def pictures(channels: int) -> np.ndarray:
    """Twenty awkward pictures, 24 by 31: noise, dark, bright, two values, constant, one odd pixel, a ramp."""
    rng = np.random.default_rng(channels)
    shape = (24, 31, channels)
    odd = np.full(shape, 90)
    odd[3, 4] = 200
    ramp = np.broadcast_to(np.linspace(0, 255, 31)[None, :, None], shape)
    kinds = [
        rng.integers(0, 256, shape),
        rng.integers(0, 40, shape),
        rng.integers(200, 256, shape),
        rng.integers(0, 2, shape) * 255,
        np.full(shape, 17),
        odd,
        ramp,
        rng.normal(120, 30, shape).clip(0, 255),
        np.zeros(shape),
        np.full(shape, 255),
    ]
    return np.stack(kinds * 2).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("op", [op for op in OPS if op != "identity"])
def test_operations_are_pillows(op, channels):
    faces = pictures(channels)
    signs = torch.tensor([1, -1]).repeat(10)
    for level in range(1, 11):
        made = operate(op, torch.from_numpy(faces), torch.full((20,), level), signs)
        expected = np.stack([by_pillow(op, face, level, int(sign)) for face, sign in zip(faces, signs, strict=True)])
        assert made.dtype == torch.uint8
        off = np.abs(made.numpy().astype(int) - expected)
        assert off.max() <= (1 if op in ENHANCE else 0), level  # a blend may be cut the other way


@pytest.mark.parametrize("channels", [1, 3])
def test_each_face_has_its_own_operation_level_and_sign(channels):
    rng = torch.Generator().manual_seed(0)
    count = 200
    faces = torch.randint(0, 256, (count, 20, 20, channels), generator=rng, dtype=torch.uint8)
    ops = torch.randint(len(OPS), (count,), generator=rng)
    levels = torch.randint(1, 11, (count,), generator=rng)
    signs = 2 * torch.randint(2, (count,), generator=rng) - 1
    given = faces.clone()
    views = rand_augment(faces, ops, levels, signs)
    assert faces.equal(given)
    for k in range(count):
        expected = by_pillow(OPS[ops[k]], faces[k].numpy(), int(levels[k]), int(signs[k]))
        assert np.abs(views[k].numpy().astype(int) - expected).max() <= 1, OPS[ops[k]]


def test_no_face_is_no_trouble():
    none = torch.zeros(0, dtype=torch.int64)
    assert rand_augment(torch.zeros(0, 8, 8, 1, dtype=torch.uint8), none, none, none).shape == (0, 8, 8, 1)


def test_operations_levels_and_signs_are_drawn_as_often_as_published():
    count = 50_000
    ops, levels, signs = draw_ops(count, torch.Generator().manual_seed(0))
    for shares, expected in (
        (torch.bincount(ops.flatten(), minlength=14), [0.5 / 14 + 0.5 * (k == IDENTITY) for k in range(14)]),
        (torch.bincount(levels.flatten(), minlength=11), [0, *[0.1] * 10]),
        (torch.bincount(signs.flatten() + 1, minlength=3), [0.5, 0, 0.5]),
    ):
        # 100,000 draws: four standard deviations are below 0.0064
        assert (shares / (2 * count)).tolist() == pytest.approx(expected, abs=0.0064)
    both = (ops != IDENTITY).all(dim=1).double().mean().item()
    assert both == pytest.approx((0.5 * 13 / 14) ** 2, abs=0.008)  # the two are drawn apart
