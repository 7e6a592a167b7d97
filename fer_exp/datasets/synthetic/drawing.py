"""A face drawn from a person, a view and action units: larger than asked, then reduced, so that edges are soft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from fer_exp.datasets.synthetic import features
from fer_exp.datasets.synthetic.pen import Pen
from fer_exp.datasets.synthetic.people import Person, View


def draw_face(
    person: Person, view: View, actions: Mapping[str, float], side: int, size: int, noise_seed: Sequence[int]
) -> NDArray[np.uint8]:
    """One picture, shape (size, size, 3), uint8, RGB.

    Args:
        person: who.
        view: pose, light, blur, noise and what covers the face.
        actions: intensity 0..1 of each of ``expressions.ACTION_UNITS``.
        side: -1 or 1, where the one-sided units act.
        size: height and width in pixels.
        noise_seed: of the camera's noise.
    """
    factor = max(2, min(4, 256 // size))
    pen = Pen(person, view, size * factor)
    features.draw_hair_behind(pen)
    features.draw_head(pen)
    features.draw_lines(pen, actions)
    for eye in (-1, 1):
        features.draw_eye(pen, actions, eye)
        features.draw_brow(pen, actions, eye)
    features.draw_nose(pen, actions)
    features.draw_mouth(pen, actions, side)
    features.draw_hair_before(pen)
    features.draw_glasses(pen)
    features.draw_cover(pen)
    small = pen.image.resize((size, size), Image.Resampling.BOX)
    if view.blur > 0.004:
        small = small.filter(ImageFilter.GaussianBlur(view.blur * size / 2))
    place = (np.arange(size) + 0.5) / size * 2 - 1
    light = 1 + 0.5 * (view.light[0] * place[None, :] + view.light[1] * place[:, None])
    picture: NDArray[np.float64] = (np.asarray(small, dtype=np.float64) - 128) * view.contrast + 128
    picture = picture * (light * view.brightness)[:, :, None] * np.array(view.tint)
    if view.noise:
        picture += np.random.default_rng(noise_seed).normal(0.0, view.noise, (size, size, 1))
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
