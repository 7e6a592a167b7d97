"""The face of a photograph: the largest one found, its eyes level, with a margin around it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer_exp.pictures.decoding import Box, as_image
from fer_exp.pictures.depth import RejectedError
from fer_exp.pictures.detector import Face, detector, find_faces

NO_FACE = "no face was found"
SEVERAL = "pictures with several faces, of which the largest is taken"
AS_LARGE = 0.5
"""Of the largest face's side; a smaller one beside it is not worth a word."""
APART = 0.25
"""Share of the face's width that the eyes must lie apart to be levelled: in profile their line says nothing."""
AROUND = 0.25
"""Of a corpus' own face box, looked at on each side of it."""


@dataclass(frozen=True)
class Crop:
    """How faces are cut out of photographs: ``dataset.crop=face`` and its ``dataset.margin``.

    Attributes:
        margin: share of the longer side of the face's box that is added on each side.
        detector: what finds faces, with its version.
    """

    margin: float
    detector: str = field(default_factory=detector)

    def cut(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], str]:
        """The face of a picture, shape (side, side, channels), and what such pictures should be known for.

        Raises:
            RejectedError: no face was found.
        """
        faces = find_faces(pixels)
        if not faces:
            raise RejectedError(NO_FACE)
        several = any(face.side >= AS_LARGE * faces[0].side for face in faces[1:])
        return level(pixels, self.corners(faces[0])), SEVERAL if several else ""

    def corners(self, face: Face) -> NDArray[np.float64]:
        """Where the crop lies: its corners top left, top right, bottom right, bottom left as x and y, shape (4, 2)."""
        box, eyes = face
        across, down = eyes[1] - eyes[0]
        turned = np.arctan2(down, across) if np.hypot(across, down) >= APART * (box[2] - box[0]) else 0.0
        right = np.array([np.cos(turned), np.sin(turned)]) * face.side * (0.5 + self.margin)
        below = np.array([-right[1], right[0]])
        centre = (box[:2] + box[2:]) / 2
        corners: NDArray[np.float64] = centre + np.array([-right - below, right - below, right + below, below - right])
        return corners


def level(pixels: NDArray[np.uint8], corners: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The square with these corners as a picture of its own; beyond the edge the picture's last pixels go on.

    Args:
        pixels: shape (height, width, channels) or (height, width).
        corners: as ``Crop.corners`` gives them.
    """
    height, width = pixels.shape[:2]
    low = np.floor(corners.min(axis=0)).astype(int) - 1
    high = np.ceil(corners.max(axis=0)).astype(int) + 2
    inside = pixels[max(0, low[1]) : max(1, high[1]), max(0, low[0]) : max(1, high[0])]
    edges = [(max(0, -low[1]), max(0, high[1] - height)), (max(0, -low[0]), max(0, high[0] - width))]
    inside = np.pad(inside, [*edges, *[(0, 0)] * (pixels.ndim - 2)], mode="edge")
    side = max(1, round(float(np.hypot(*(corners[1] - corners[0])))))
    across, down = (corners[1] - corners[0]) / side, (corners[3] - corners[0]) / side
    left, top = corners[0] - low
    where = (across[0], down[0], left, across[1], down[1], top)
    cut = as_image(inside).transform((side, side), Image.Transform.AFFINE, where, Image.Resampling.BILINEAR)
    return np.asarray(cut).reshape(side, side, *pixels.shape[2:])


def around(box: Box) -> Box:
    """A face box of a corpus with some of what lies around it, in which the face is looked for."""
    left, top, right, bottom = box
    across, down = round((right - left) * AROUND), round((bottom - top) * AROUND)
    return left - across, top - down, right + across, bottom + down
