"""Where the faces of a picture are: MTCNN (Zhang et al. 2016), of facenet-pytorch, whose package holds the weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer_exp.errors import RequestError
from fer_exp.pictures.decoding import as_image

PACKAGE = "facenet-pytorch"
VERSION = 1
"""Part of the key of every store with crops; raise it when what is found, or how it is cut out, changes."""
USUAL, THOROUGH = (0.6, 0.7, 0.7), (0.4, 0.5, 0.8)
"""What each of MTCNN's three networks has to reach: its authors' thresholds; and those of a second look, in which the
first two pass more on and the last is the stricter."""


class Look(NamedTuple):
    """A way of looking: longer side of the picture and shortest face in pixels, thresholds, degrees it is turned."""

    side: int
    smallest: int
    thresholds: tuple[float, float, float]
    turned: float = 0.0


LOOKS = (
    Look(320, 40, USUAL),
    Look(480, 40, THOROUGH),
    Look(320, 40, THOROUGH, -20),
    Look(320, 40, THOROUGH, 20),
    Look(1000, 40, USUAL),
)
"""Until one finds a face; the last is for faces below an eighth of the longer side. What each finds is measured in
docs/datasets.md."""


class Face(NamedTuple):
    """A face in pixels of the picture: (left, top, right, bottom), and the eyes, the left one first, shape (2, 2)."""

    box: NDArray[np.float64]
    eyes: NDArray[np.float64]

    @property
    def side(self) -> float:
        """The longer side of the box."""
        return float(max(self.box[2] - self.box[0], self.box[3] - self.box[1]))


def detector() -> str:
    """Name and version of what finds faces, and of how it is asked, as a store's key holds them.

    Raises:
        RequestError: it is not installed.
    """
    try:
        return f"{PACKAGE} {version(PACKAGE)}, looks {VERSION}"
    except PackageNotFoundError:
        raise RequestError(
            "dataset.crop=face needs a face detector, which is not installed: pip install 'fer-exp[crop]' (2 MB)."
        ) from None


def find_faces(pixels: NDArray[np.uint8]) -> list[Face]:
    """The faces of a picture, the largest first; none where none is found.

    A face is found from an eighth of the picture's longer side on, where there is none so large from a
    twenty-fifth. Any number of threads may look at once, within ``a_core_each``.

    Args:
        pixels: shape (height, width, channels), uint8; channels 1 or 3.
    """
    picture = as_image(pixels).convert("RGB")
    return next((found for look in LOOKS if (found := _seen(picture, look))), [])


def _seen(picture: Image.Image, look: Look) -> list[Face]:
    scale = look.side / max(picture.size)
    width, height = (round(side * scale) for side in picture.size)
    if (look is LOOKS[-1] and scale > 1) or min(width, height) < look.smallest:
        return []
    seen = picture.resize((width, height), Image.Resampling.BILINEAR).rotate(look.turned, Image.Resampling.BILINEAR)
    boxes, _, points = _network(look.smallest, look.thresholds).detect(seen, landmarks=True)
    if boxes is None:
        return []
    # What rotate turns about the middle by so many degrees is turned back, of a box its middle.
    angle = np.radians(look.turned)
    back = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array([width, height]) / 2
    boxes, points = np.asarray(boxes, np.float64), np.asarray(points, np.float64)
    centres, halves = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    centres, eyes = ((places - middle) @ back + middle for places in (centres, points[:, :2]))
    faces = [
        Face(np.concatenate([centre - half, centre + half]) / scale, pair / scale)
        for centre, half, pair in zip(centres, halves, eyes, strict=True)
    ]
    return sorted(faces, key=lambda face: -face.side)


@contextmanager
def a_core_each() -> Iterator[None]:
    """Threads started within compute on one core each, as there are as many as cores; then torch has all of them again.

    Without the last, a training of the same process would have one core: torch gives a new thread as many as were set
    last, and so the first that trains.
    """
    import torch

    cores = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(cores)


@cache
def _network(smallest: int, thresholds: tuple[float, float, float]) -> Any:
    from facenet_pytorch import MTCNN

    return MTCNN(min_face_size=smallest, thresholds=list(thresholds), select_largest=True).eval()
