"""Pictures for the fakes, with the quirks of real ones: no real face is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

EXPRESSIONS = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")


def picture(label: str, seed: int, size: tuple[int, int] = (40, 40)) -> Image.Image:
    """Noise with a bar whose place says the label, so that there is something to learn; size is (width, height)."""
    pixels = np.random.default_rng(seed).integers(0, 120, (size[1], size[0], 3), dtype=np.uint8)
    start = EXPRESSIONS.index(label) * size[1] // len(EXPRESSIONS)
    pixels[start : start + size[1] // 8] = 230
    return Image.fromarray(pixels)


def save(file: Path, label: str, seed: int, quirk: str = "", size: tuple[int, int] = (40, 40)) -> None:
    """Write a picture in the format of its suffix. Quirks: grey, cmyk, turned, truncated, missing; '' for none."""
    if quirk == "missing":
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    made = picture(label, seed, size)
    more = {}
    if quirk == "grey":
        made = made.convert("L")
    elif quirk == "cmyk":
        made = made.convert("CMYK")
    elif quirk == "turned":  # stored on its side, and EXIF says so
        exif = Image.Exif()
        exif[274] = 6
        made, more = made.transpose(Image.Transpose.ROTATE_90), {"exif": exif}
    made.save(file, **more)
    if quirk == "truncated":
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
