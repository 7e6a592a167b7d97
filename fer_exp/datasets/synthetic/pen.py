"""A pen that draws in face coordinates: x to the right, y downwards, in half pictures, the head's centre at 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from fer_exp.datasets.synthetic.people import Colour, Person, View

Points = NDArray[np.float64]

DEPTH = 0.45
"""How far the middle of the face stands out before its rim, in half pictures: what turns with yaw and pitch."""


class Pen:
    """A canvas that takes face coordinates and knows how the head is turned."""

    def __init__(self, person: Person, view: View, canvas: int) -> None:
        self.person, self.view, self.canvas = person, view, canvas
        self.image = Image.new("RGB", (canvas, canvas), _rgb(view.background))
        self.draw = ImageDraw.Draw(self.image)
        self._yaw, self._pitch, self._roll = ((np.cos(a), np.sin(a)) for a in (view.yaw, view.pitch, view.roll))

    def place(self, points: ArrayLike) -> list[tuple[float, float]]:
        """Face coordinates (N, 2) to canvas coordinates, turned, scaled and shifted."""
        person, view = self.person, self.view
        x, y = np.asarray(points, dtype=np.float64).T
        rim = (x / person.width) ** 2 + (y / person.height) ** 2
        depth = DEPTH * np.sqrt(np.maximum(1 - rim, 0))
        x = x * self._yaw[0] + depth * self._yaw[1]
        y = y * self._pitch[0] + depth * self._pitch[1]
        cos, sin = self._roll
        x, y = (x * cos - y * sin) * view.scale + view.shift[0], (x * sin + y * cos) * view.scale + view.shift[1]
        half = self.canvas / 2
        return list(zip((half * (1 + x)).tolist(), (half * (1 + y)).tolist(), strict=True))

    def fill(self, points: ArrayLike, colour: Colour) -> None:
        """A filled outline."""
        self.draw.polygon(self.place(points), fill=_rgb(colour))

    def line(self, points: ArrayLike, colour: Colour, width: float) -> None:
        """A stroke with round ends; width in half pictures."""
        thick = max(1, round(width * self.view.scale * self.canvas / 2))
        self.draw.line(self.place(points), fill=_rgb(colour), width=thick, joint="curve")

    def mark(self, points: ArrayLike) -> None:
        """Where landmarks of the face are; see ``Marker``."""

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle."""
        self.fill(ellipse(x, y, radius, radius), colour)


class Marker(Pen):
    """A pen that draws nothing and keeps where the landmarks are, as shares of the picture's width and height."""

    def __init__(self, person: Person, view: View) -> None:
        super().__init__(person, view, 1)
        self.marks: list[tuple[float, float]] = []

    def fill(self, points: ArrayLike, colour: Colour) -> None:
        """Nothing."""

    def line(self, points: ArrayLike, colour: Colour, width: float) -> None:
        """Nothing."""

    def mark(self, points: ArrayLike) -> None:
        """Keeps them, in the order in which a face is drawn."""
        self.marks += self.place(points)


def ellipse(x: float, y: float, rx: float, ry: float) -> Points:
    """48 points around (x, y) at radii rx and ry, shape (48, 2)."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return np.column_stack([x + rx * np.cos(angle), y + ry * np.sin(angle)])


def band(x: NDArray[np.float64], upper: NDArray[np.float64], lower: NDArray[np.float64]) -> Points:
    """The outline between two curves over the same x of N values, shape (2 N, 2)."""
    return np.vstack([np.column_stack([x, upper]), np.column_stack([x, lower])[::-1]])


def _rgb(colour: Colour) -> tuple[int, int, int]:
    return round(colour[0]), round(colour[1]), round(colour[2])
