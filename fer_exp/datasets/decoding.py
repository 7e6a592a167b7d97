"""One picture file to pixels: upright, cropped, resized; or the reason why it cannot be used."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

try:
    import simplejpeg
except ImportError:  # where it has no wheel; Pillow gives the same pixels, on one core
    simplejpeg = None

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
MOST_PIXELS = 100_000_000
"""A larger picture is refused by its header: decoded it would take hundreds of megabytes."""
ORIENTATION = 274  # EXIF
UPRIGHT = (None, 0, 1)
MODES = {1: ("L", "GRAY"), 3: ("RGB", "RGB")}
"""Pillow's and simplejpeg's name of a picture with so many channels."""

Box = tuple[int, int, int, int]

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # MOST_PIXELS decides here


class RejectedError(Exception):
    """A picture that cannot be used; the message is the reason."""


def decode(file: str | Path, out: NDArray[np.uint8], box: Box | None = None) -> None:
    """Decode a picture into ``out``: turned upright as its EXIF says, cropped, resized, RGB or grey.

    The crop, or the whole picture, is stretched to a square by Pillow's bilinear filter, which averages over its
    support when it shrinks. JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that is still large enough; alpha and
    the lower 8 of 16 bits are left out.

    Args:
        file: JPEG, PNG, WebP, BMP or TIFF, whatever its suffix says.
        out: shape (size, size, channels), uint8; channels 1 or 3.
        box: left, top, right, bottom in pixels of the upright picture; what lies outside the picture is cut off.

    Raises:
        RejectedError: missing, damaged, cut short, empty, too large, or a box outside the picture.
    """
    try:
        with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - a Path costs more
            content = stream.read()
    except FileNotFoundError:
        raise RejectedError("the file is missing") from None
    except OSError as problem:
        raise RejectedError(f"the file cannot be read ({problem.strerror})") from None
    if not content:
        raise RejectedError("the file is empty")
    try:
        pixels, scale = _from_jpeg(content, out, box) or _from_any(content, out, box)
    except RejectedError:
        raise
    except Image.DecompressionBombError:
        raise RejectedError(f"it has more than {MOST_PIXELS:,} pixels") from None
    except Exception as problem:  # Pillow's readers raise many kinds for damaged files
        reason = "it is no JPEG, PNG, WebP, BMP or TIFF" if "cannot identify" in str(problem) else str(problem)
        raise RejectedError(reason.splitlines()[0] if reason else type(problem).__name__) from None
    if pixels is out:
        return
    if box is not None:  # cropped first: the filter would reach over the edge of a box
        left, top = (max(0, edge // scale) for edge in box[:2])
        right, bottom = (-(-edge // scale) for edge in box[2:])
        pixels = pixels[top : max(0, bottom), left : max(0, right)]
        if not pixels.size:
            raise RejectedError(f"the face box {box} lies outside the picture")
    if pixels.shape[:2] != out.shape[:2]:
        pixels = np.asarray(Image.fromarray(pixels).resize(out.shape[1::-1], Image.Resampling.BILINEAR))
    out[:] = pixels.reshape(out.shape)


def _from_jpeg(content: bytes, out: NDArray[np.uint8], box: Box | None) -> tuple[NDArray[np.uint8], int] | None:
    """Pixels of a plain JPEG and what its sides were divided by, decoded without Python's lock.

    None leaves to Pillow what may be turned (EXIF), is CMYK or damaged.
    """
    if simplejpeg is None or content[:3] != b"\xff\xd8\xff" or b"Exif\0" in content[:65536]:
        return None
    try:
        height, width, space, _ = simplejpeg.decode_jpeg_header(content)
        if space not in ("YCbCr", "Gray") or height * width > MOST_PIXELS:
            return None
        scale = _scale(width, height, out.shape[0], box)
        sides = {"min_width": -(-width // scale), "min_height": -(-height // scale)}
        how = {"colorspace": MODES[out.shape[2]][1], "strict": True, **(sides if scale > 1 else {})}
        if box is None and tuple(sides.values()) == out.shape[1::-1]:
            simplejpeg.decode_jpeg(content, buffer=out, **how)  # into its place
            return out, scale
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(content, **how)
    except ValueError:
        return None
    return pixels.squeeze(-1) if out.shape[2] == 1 else pixels, scale


def _from_any(content: bytes, out: NDArray[np.uint8], box: Box | None) -> tuple[NDArray[np.uint8], int]:
    """Pixels of any picture and what its sides were divided by, by Pillow."""
    mode = MODES[out.shape[2]][0]
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        image: Image.Image = opened
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise RejectedError(f"it has {width * height:,} pixels, more than {MOST_PIXELS:,}")
        turned = image.getexif().get(ORIENTATION) not in UPRIGHT
        scale = _scale(*((height, width) if turned else (width, height)), out.shape[0], box)
        if image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L"):
            image.draft(mode, (width // scale, height // scale))
        scale = round(width / image.width)
        if turned:
            image = ImageOps.exif_transpose(image)
        if image.mode == "F":
            raise RejectedError("its pixels are fractions (TIFF of mode F), whose range cannot be known")
        if image.mode.startswith("I"):
            image = Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))
        return np.asarray(image.convert(mode)), scale


def _scale(width: int, height: int, size: int, box: Box | None) -> int:
    """What a JPEG's sides can be divided by while decoding, with ``size`` pixels left: 1, 2, 4 or 8."""
    if box is not None:
        width, height = box[2] - box[0], box[3] - box[1]
    most = min(width, height) // size
    return next((scale for scale in (8, 4, 2) if scale <= most), 1)
