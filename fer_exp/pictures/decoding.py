"""One picture file to pixels: upright, cropped, resized; or the reason why it cannot be used."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, features

from fer_exp.pictures.depth import MOST_BYTES, RejectedError, Whites, deep_values, is_deep, to_bytes, white_of
from fer_exp.regular import read_whole

try:
    import simplejpeg
except ImportError:  # where it has no wheel; Pillow gives the same pixels, on one core
    simplejpeg = None

FORMATS = {
    "JPEG": ("PIL.JpegImagePlugin", ""),
    "PNG": ("PIL.PngImagePlugin", ""),
    "BMP": ("PIL.BmpImagePlugin", ""),
    "TIFF": ("PIL.TiffImagePlugin", ""),
    "GIF": ("PIL.GifImagePlugin", ""),
    "PPM": ("PIL.PpmImagePlugin", ""),
    "WEBP": ("PIL.WebPImagePlugin", ".webp"),
    "AVIF": ("PIL.AvifImagePlugin", ".avif"),
    "JPEG2000": ("PIL.Jpeg2KImagePlugin", ".jp2 .j2k"),
    "HEIF": ("pi_heif", ".heic .heif .hif"),
}
"""Pillow's name of each format that is read: what reads it, and the suffixes of those that may be lacking."""
CODECS = {"WEBP": "webp", "AVIF": "avif", "JPEG2000": "jpg_2000"}
"""What Pillow must be built with."""
NEEDED = {"HEIF": "pip install 'fer-exp[heic]'"}
"""What reads a format that Pillow has no reader of, where it is more than a newer Pillow."""
MOST_PIXELS = 100_000_000
"""A larger picture is refused by its header: decoded it would take hundreds of megabytes."""
ORIENTATION = 274  # EXIF
UPRIGHT = (None, 0, 1)
IN_XMP = re.compile(rb"tiff:Orientation(?:=[\"']|>)\s*([1-8])")
LYING = (5, 6, 7, 8)
"""Orientations of pictures whose sides change places."""
PADDING = 16
"""Bytes too many behind a JPEG's data that some cameras write; more are what a damaged picture left over."""
FRAMES = "pictures with several frames or pages, of which the first is read"
MODES = {1: ("L", "GRAY"), 3: ("RGB", "RGB")}
"""Pillow's and simplejpeg's name of a picture with so many channels."""

Picture: TypeAlias = str | os.PathLike[str] | Image.Image | NDArray[Any]
"""A file, a picture of Pillow, or pixels: uint8, height x width (grey) or height x width x 3 (RGB)."""
Box = tuple[int, int, int, int]
Cut = Callable[[NDArray[np.uint8]], tuple[NDArray[np.uint8], str]]
"""Of a picture's pixels the part that is used, and a remark; raises RejectedError where there is none."""
ROOM = 8
"""Of a picture that is cut, the shorter side is decoded to so many times the size asked for, or more."""

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # MOST_PIXELS decides here


@cache
def formats() -> tuple[str, ...]:
    """Those of ``FORMATS`` that can be read here."""
    for module, _ in FORMATS.values():
        with suppress(ImportError):
            reader = import_module(module)
            if module == "pi_heif":
                reader.register_heif_opener()
    here = [name for name in FORMATS if name in Image.OPEN]
    return tuple(name for name in here if name not in CODECS or features.check(CODECS[name]))


def unreadable() -> dict[str, str]:
    """Suffix of ``face_names.PICTURES`` -> the way out, of formats that cannot be read here."""
    names = [name for name in FORMATS if name not in formats()]
    way_out = "pip install --upgrade pillow"
    return {suffix: NEEDED.get(name, way_out) for name in names for suffix in FORMATS[name][1].split()}


def opened(content: bytes) -> Image.Image:
    """A picture whose header is read, of any of ``formats()``; raises as Pillow does."""
    return Image.open(io.BytesIO(content), formats=formats())


def decode(
    file: str | Path,
    out: NDArray[np.uint8],
    box: Box | None = None,
    whites: Whites | None = None,
    cut: Cut | None = None,
) -> str:
    """Decode a picture into ``out``: turned upright as its EXIF says, cropped, resized, RGB or grey.

    The crop, or the whole picture, is stretched to a square by Pillow's bilinear filter, which averages over its
    support when it shrinks. JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that is still large enough. Alpha is
    left out, as are the lower 8 of 16 bits of colours and all frames but the first; of grey pictures of more bits, see
    ``depth``.

    Args:
        file: of any of ``formats()``, whatever its suffix says.
        out: shape (size, size, channels), uint8; channels 1 or 3.
        box: left, top, right, bottom in pixels of the upright picture; what lies outside the picture is cut off.
        whites: of the corpus; None: what is white goes by this picture alone.
        cut: what takes the face out of what is left by the box.

    Returns:
        What such pictures should be known for, in words; mostly nothing.

    Raises:
        RejectedError: missing, no regular file, damaged, cut short, empty, too large, a box outside the picture, or as
            ``cut``.
    """
    content = _content(file)
    size, channels = out.shape[1:]
    room = out if cut is None else np.empty((ROOM * size, ROOM * size, channels), np.uint8)
    with _rejecting(file, content):
        pixels, scale, remark = _from_jpeg(content, room, box) or _from_any(content, room, box, whites)
    return remark if pixels is out else _fitted(pixels, scale, remark, out, box, cut)


def _content(file: str | Path) -> bytes:
    """All bytes of a file; raises RejectedError where there is none of it, or it cannot be read."""
    try:
        content = read_whole(file, MOST_BYTES)
    except FileNotFoundError:
        raise RejectedError("the file is missing") from None
    except OSError as problem:
        raise RejectedError(f"the file cannot be read ({problem.strerror or problem})") from None
    if not content:
        raise RejectedError("the file is empty")
    return content


@contextmanager
def _rejecting(file: str | Path, content: bytes) -> Iterator[None]:
    """Whatever a reader raises over a damaged file is raised as RejectedError, with its reason in one line."""
    try:
        yield
    except RejectedError:
        raise
    except Image.DecompressionBombError:
        raise RejectedError(f"it has more than {MOST_PIXELS:,} pixels") from None
    except Exception as problem:  # Pillow's readers raise many kinds for damaged files
        reason = _what_it_is(file, content) if "cannot identify" in str(problem) else str(problem)
        raise RejectedError(reason.splitlines()[0] if reason else type(problem).__name__) from None


def decode_whole(file: str | Path, side: int) -> NDArray[np.uint8]:
    """All of a picture, upright, not cropped and not stretched; shrunk where its longer side has more than ``side``.

    What is read of it is said at ``decode``.

    Returns:
        Height x width x 3 (RGB), uint8.

    Raises:
        RejectedError: as ``decode``.
    """
    content = _content(file)
    with _rejecting(file, content), opened(content) as image:
        _from_jpeg(content, np.empty((1, 1, 1), np.uint8), None)  # which sees damage where Pillow does not
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise RejectedError(f"it has {width * height:,} pixels, more than {MOST_PIXELS:,}")
        if not width * height:
            raise RejectedError("it has no pixels")
        if image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L"):
            image.draft("RGB", (min(width, side), min(height, side)))
        pixels, _ = _converted(image, content, "RGB", None)
    high, wide = pixels.shape[:2]
    if (most := max(high, wide)) > side:
        small = max(1, round(wide * side / most)), max(1, round(high * side / most))
        pixels = np.asarray(Image.fromarray(pixels).resize(small, Image.Resampling.LANCZOS))
    return pixels


def decode_any(picture: Picture, out: NDArray[np.uint8], whites: Whites | None = None, cut: Cut | None = None) -> str:
    """A file by ``decode``, a picture that is in memory by ``from_memory``; arguments as theirs."""
    if isinstance(picture, str | os.PathLike):
        return decode(os.fspath(picture), out, None, whites, cut)
    return from_memory(picture, out, cut)


def as_image(pixels: NDArray[np.uint8]) -> Image.Image:
    """An array of shape (height, width), or with 1, 3 or 4 channels behind these, as a picture of Pillow."""
    return Image.fromarray(pixels.squeeze(2) if pixels.shape[2:] == (1,) else pixels)


def from_memory(picture: Image.Image | NDArray[Any], out: NDArray[np.uint8], cut: Cut | None = None) -> str:
    """A picture that is in memory into ``out``, as ``decode`` would its file.

    A JPEG's file, decoded by ``decode``, may be shrunk while it is decoded; what is in memory is shrunk from all its
    pixels, which gives values that differ by a few greys.

    Args:
        picture: of Pillow, or uint8 of shape (height, width) or (height, width, 1, 3 or 4): grey, RGB, RGBA.
        out: as of ``decode``.
        cut: likewise.

    Raises:
        RejectedError: no such array, an empty or too large picture, or as ``cut``.
    """
    if not isinstance(picture, Image.Image):
        if not isinstance(picture, np.ndarray):
            raise RejectedError(f"it is of type {type(picture).__name__}, not a path, a picture of Pillow or an array")
        if picture.dtype != np.uint8:
            raise RejectedError(f"its pixels are {picture.dtype}, not uint8 from 0 to 255")
        if picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] not in (1, 3, 4)):
            raise RejectedError(
                f"it is of shape {picture.shape}, not height x width (x 3); a stack is given as list(stack)"
            )
        picture = as_image(picture)
    if 0 in picture.size:
        raise RejectedError("it has no pixels")
    try:
        if picture.width * picture.height > MOST_PIXELS:
            raise RejectedError(f"it has more than {MOST_PIXELS:,} pixels")
        pixels, remark = _converted(picture, b"", MODES[out.shape[2]][0], None)
    except RejectedError:
        raise
    except Exception as problem:  # a file that is decoded only now, or was closed
        raise RejectedError(str(problem).partition("\n")[0] or type(problem).__name__) from None
    return _fitted(pixels, 1, remark, out, None, cut)


def _fitted(
    pixels: NDArray[np.uint8], scale: int, remark: str, out: NDArray[np.uint8], box: Box | None, cut: Cut | None
) -> str:
    """Pixels cropped and resized into ``out``; ``scale`` is what their sides were divided by."""
    if box is not None:  # cropped first: the filter would reach over the edge of a box
        left, top = (max(0, edge // scale) for edge in box[:2])
        right, bottom = (-(-edge // scale) for edge in box[2:])
        pixels = pixels[top : max(0, bottom), left : max(0, right)]
        if not pixels.size:
            raise RejectedError(f"the face box {box} lies outside the picture")
    if cut is not None:
        pixels, more = cut(pixels)
        remark = remark or more
    if pixels.shape[:2] != out.shape[:2]:
        pixels = np.asarray(Image.fromarray(pixels).resize(out.shape[1::-1], Image.Resampling.BILINEAR))
    out[:] = pixels.reshape(out.shape)
    return remark


Decoded = tuple[NDArray[np.uint8], int, str]
"""Pixels, what the sides were divided by, and a remark."""


def _from_jpeg(content: bytes, out: NDArray[np.uint8], box: Box | None) -> Decoded | None:
    """A plain JPEG, decoded without Python's lock.

    None leaves to Pillow what is CMYK or no JPEG. RejectedError of one whose pixels are damaged (``_damage``): Pillow
    takes it for whole.
    """
    if simplejpeg is None or content[:3] != b"\xff\xd8\xff":
        return None
    turn = _turn_of_jpeg(content)
    try:
        height, width, space, _ = simplejpeg.decode_jpeg_header(content)
        if space not in ("YCbCr", "Gray") or height * width > MOST_PIXELS:
            return None
        scale = _scale(*((height, width) if turn in LYING else (width, height)), out.shape[0], box)
        sides = {"min_width": -(-width // scale), "min_height": -(-height // scale)}
        how = {"colorspace": MODES[out.shape[2]][1], "strict": True, **(sides if scale > 1 else {})}
        if box is None and turn in UPRIGHT and tuple(sides.values()) == out.shape[1::-1]:
            simplejpeg.decode_jpeg(content, buffer=out, **how)  # into its place
            return out, scale, ""
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(content, **how)
    except ValueError as problem:
        if damage := _damage(problem):
            raise RejectedError(damage) from None
        return None
    pixels = pixels.squeeze(-1) if out.shape[2] == 1 else pixels
    return pixels if turn in UPRIGHT else np.asarray(_upright(Image.fromarray(pixels), turn)), scale, ""


def _turn_of_jpeg(content: bytes) -> int | None:
    """The orientation that a JPEG's EXIF or XMP states, wherever they stand; None where nothing is said of it."""
    if b"Exif\0" not in content and b"tiff:Orientation" not in content:
        return None
    with opened(content) as image:
        return _orientation(image, content)


def _orientation(image: Image.Image, content: bytes) -> int | None:
    """What a picture's EXIF says, else its XMP, which older versions of Pillow look for in PNG alone."""
    turn: int | None = image.getexif().get(ORIENTATION)
    stated = None if turn or image.format not in ("JPEG", "MPO") else IN_XMP.search(content)
    return int(stated[1]) if stated else turn


def _upright(image: Image.Image, turn: int | None) -> Image.Image:
    """A picture set upright from an orientation, as Pillow does it."""
    if turn in UPRIGHT:
        return image
    image.getexif()[ORIENTATION] = turn
    return ImageOps.exif_transpose(image)


def _damage(problem: ValueError) -> str:
    """What libjpeg says of data with holes or other bytes; empty of what leaves pixels as they were, and of a cut end.

    A file that ends too early is Pillow's to judge: it may lack no pixel.

    >>> _damage(ValueError("Corrupt JPEG data: bad Huffman code"))
    'its data are damaged (bad Huffman code)'
    >>> _damage(ValueError("Corrupt JPEG data: 2 extraneous bytes before marker 0xd9"))
    ''
    """
    corrupt = re.fullmatch(r"Corrupt JPEG data: ((\d*).+)", str(problem))
    if not corrupt or ("extraneous" in corrupt[1] and int(corrupt[2]) <= PADDING):
        return ""
    return f"its data are damaged ({corrupt[1]})"


def _from_any(content: bytes, out: NDArray[np.uint8], box: Box | None, whites: Whites | None) -> Decoded:
    """Any picture, by Pillow."""
    mode = MODES[out.shape[2]][0]
    with opened(content) as file:
        image: Image.Image = file
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise RejectedError(f"it has {width * height:,} pixels, more than {MOST_PIXELS:,}")
        lying = image.getexif().get(ORIENTATION) in LYING
        scale = _scale(*((height, width) if lying else (width, height)), out.shape[0], box)
        if image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L"):
            image.draft(mode, (width // scale, height // scale))
        scale = round(width / image.width)
        pixels, remark = _converted(image, content, mode, whites)
        return pixels, scale, remark


def _converted(image: Image.Image, content: bytes, mode: str, whites: Whites | None) -> tuple[NDArray[np.uint8], str]:
    """A picture's pixels, upright, as grey or RGB, and a remark; of its file ``content``, where it has one."""
    image.load()  # first: it turns a TIFF upright, and then no orientation is left
    turn = _orientation(image, content)
    remark = FRAMES if image.format != "MPO" and getattr(image, "is_animated", False) else ""
    if is_deep(image.mode):
        values, white = deep_values(image, content)
        white = white or (whites or white_of)(float(values.max()), image.mode)
        image = Image.fromarray(to_bytes(values, white))
        remark = f"grey pictures of more than 8 bits, read so that {white:,.0f} is white"
    return np.asarray(_upright(image, turn).convert(mode)), remark


def _what_it_is(file: str | Path, content: bytes) -> str:
    """Why a file that is no picture of ``formats()`` cannot be read."""
    kind = "HEIF" if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc") else ""
    suffix = Path(file).suffix.lower()
    if way_out := (NEEDED["HEIF"] if kind and kind not in formats() else unreadable().get(suffix)):
        return f"{suffix or 'its kind'} is not read here; {way_out}"
    return f"it is no {', '.join(formats()[:-1])} or {formats()[-1]}"


def _scale(width: int, height: int, size: int, box: Box | None) -> int:
    """What a JPEG's sides can be divided by while decoding, with ``size`` pixels left: 1, 2, 4 or 8."""
    if box is not None:
        width, height = box[2] - box[0], box[3] - box[1]
    most = min(width, height) // size
    return next((scale for scale in (8, 4, 2) if scale <= most), 1)
