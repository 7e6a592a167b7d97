"""Grey pictures of more than 8 bits: which value is white, in a file and in a corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer_exp.regular import read_whole

MOST_BYTES = 1 << 30
"""Of a picture's file: 100 million pixels of 16-bit colours, not packed, have 0.6 of it."""
WHITES = (1.0, *(2.0**bits - 1 for bits in (8, 10, 12, 14, 16, 24, 32)))
"""Values that may be white; 1 only where pixels are fractions."""
PHOTOMETRIC, BITS, SAMPLES = 262, 258, 339  # TIFF's tags
SAMPLE = 500
"""Files of a corpus, evenly spaced, that are looked at for the value that is white."""


class RejectedError(Exception):
    """A picture that cannot be used; the message is the reason."""


def is_deep(mode: str) -> bool:
    """Whether Pillow's mode is grey of more than 8 bits, or of fractions."""
    return mode == "F" or mode.startswith("I")


def deep_values(image: Image.Image, content: bytes) -> tuple[NDArray[Any], float | None]:
    """The values of a picture of a deep mode, black at 0; and what is white, where the file itself says so.

    It does where it holds fewer than 16 bits (TIFF's BitsPerSample, PNG's sBIT), and where Pillow stretches what it
    reads to 16 (PGM, JPEG 2000). TIFF's MaxSampleValue is the largest value of one picture, and is not read.

    Raises:
        RejectedError: there are values below 0, or that are no numbers.
    """
    values = np.asarray(image)
    tags: Any = getattr(image, "tag_v2", {})
    if image.mode == "I" and tags.get(SAMPLES, (0,))[0] == 1:
        values = values.view(np.uint32)
    if not np.isfinite(values).all():
        raise RejectedError("some of its pixels are no numbers (TIFF of fractions)")
    white: float | None = None
    if image.format in ("PPM", "JPEG2000") and image.mode != "F":
        white = WHITES[5]
    elif image.format == "TIFF" and tags.get(BITS, (16,))[0] < 16:
        white = 2.0 ** tags[BITS][0] - 1
    elif image.format == "PNG" and (place := content.find(b"sBIT", 8, 256)) > 0 and content[place + 4] < 16:
        white = 2.0 ** content[place + 4] - 1
    most = white or white_of(float(values.max()), image.mode)
    if (least := float(values.min())) < -most / 255:
        raise RejectedError(f"its pixels go down to {least:g}, so black cannot be known; save it with values from 0")
    return (most - values if tags.get(PHOTOMETRIC) == 0 else values), white


def white_of(largest: float, mode: str) -> float:
    """The smallest of ``WHITES`` that holds a value; of fractions a tenth less, as resampling goes beyond its input.

    >>> white_of(3500, "I;16"), white_of(1.04, "F"), white_of(1, "I")
    (4095.0, 1.0, 255.0)
    """
    choices, beyond = (WHITES, 1.1) if mode == "F" else (WHITES[1:], 1)
    return next((white for white in choices if largest <= white * beyond), choices[-1])


def to_bytes(values: NDArray[Any], white: float) -> NDArray[np.uint8]:
    """Values of 0 to ``white`` as 0 to 255: whole numbers by their upper 8 bits, fractions rounded.

    >>> to_bytes(np.array([0, 31, 4095], np.uint16), 4095), to_bytes(np.array([0.0, 0.5, 1.0]), 1)
    (array([  0,   1, 255], dtype=uint8), array([  0, 128, 255], dtype=uint8))
    """
    if values.dtype.kind != "f":
        whole: NDArray[np.uint32] = np.maximum(values, 0).astype(np.uint32) >> (int(white).bit_length() - 8)
        return whole.clip(0, 255).astype(np.uint8)
    scaled: NDArray[np.float64] = np.floor(values * (255 / white) + 0.5)
    return scaled.clip(0, 255).astype(np.uint8)


class Whites:
    """What is white in the deep pictures of a corpus, the same for all: else a dark face would be as bright as others.

    Found out when the first such picture is met, from ``SAMPLE`` of the files, the same ones whoever asks.
    """

    def __init__(self, files: Callable[[], Sequence[str]], opened: Callable[[bytes], Image.Image]) -> None:
        self._files, self._opened = files, opened
        self._known: dict[bool, float] = {}
        self._lock = Lock()

    def __call__(self, largest: float, mode: str) -> float:
        """The value that is white, for a picture of some mode whose largest value is ``largest``."""
        fractions = mode == "F"
        with self._lock:
            if fractions not in self._known:
                self._known[fractions] = white_of(self._largest(fractions), mode)
        return max(self._known[fractions], white_of(largest, mode))

    def _largest(self, fractions: bool) -> float:
        files = self._files()
        largest = 0.0
        for file in files[:: -(-len(files) // SAMPLE)]:
            try:
                content = read_whole(file, MOST_BYTES)
                with self._opened(content) as image:
                    if not is_deep(image.mode) or (image.mode == "F") != fractions:
                        continue
                    values, white = deep_values(image, content)
            except Exception:
                continue
            if white is None:
                largest = max(largest, float(values.max()))
            if largest > WHITES[4] and not fractions:
                break
        return largest
