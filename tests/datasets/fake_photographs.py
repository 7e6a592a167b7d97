"""Photographs for tests: drawn ones, whose face a stand-in for the detector finds, and a real one."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw

from fer_exp.pictures.detector import Face

REAL = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
"""A portrait of 512 x 600 pixels in the public domain, which matplotlib brings."""
FACE = (170, 110, 350, 340)
"""Where its face is, as one sees it: left, top, right, bottom."""
LEFT_EYE, RIGHT_EYE = (255, 0, 0), (0, 255, 0)


def photograph(
    size: tuple[int, int] = (400, 300), centre: tuple[float, float] = (250, 120), side: float = 80, turned: float = 0
) -> Image.Image:
    """A grey ground with a light face so high, turned so many degrees clockwise, with a red and a green eye."""
    picture = Image.new("RGB", size, (90, 90, 90))
    draw = ImageDraw.Draw(picture)
    angle = np.radians(turned)
    right, down = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    draw.circle(centre, side / 2, (240, 220, 200))
    for sign, colour in ((-1, LEFT_EYE), (1, RIGHT_EYE)):
        draw.circle(tuple(centre + sign * 0.2 * side * right - 0.1 * side * down), max(2, side / 16), colour)
    return picture


def spot(pixels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray | None:
    """The middle (x, y) of what has about this colour; None where nothing has."""
    near = np.abs(pixels.astype(int) - colour).max(axis=2) < 90
    return np.argwhere(near).mean(axis=0)[::-1] if near.any() else None


def find_drawn(pixels: np.ndarray) -> list[Face]:
    """What ``detector.find_faces`` is for photographs, for the drawn ones."""
    eyes = [spot(pixels, colour) for colour in (LEFT_EYE, RIGHT_EYE)]
    if eyes[0] is None or eyes[1] is None:
        return []
    across = eyes[1] - eyes[0]
    side = np.hypot(*across) / 0.4
    centre = (eyes[0] + eyes[1]) / 2 + 0.25 * np.array([-across[1], across[0]])
    return [Face(np.concatenate([centre - side / 2, centre + side / 2]), np.array(eyes))]
