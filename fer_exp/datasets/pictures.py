"""Corpora that are picture files: listing, decoding in parallel with one decode each, what cannot be decoded."""

from __future__ import annotations

import hashlib
import io
import math
import mmap
import os
import warnings
from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from fer_exp.datasets.corpus import Corpus
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.names import PICTURES

try:
    import simplejpeg
except ImportError:  # where it has no wheel; Pillow gives the same pixels, on one core
    simplejpeg = None

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
MOST_PIXELS = 100_000_000
"""A larger picture is refused by its header: decoded it would take hundreds of megabytes."""
PIECE = 128
"""Pictures decoded and handed on at once."""
AHEAD = 2
"""Pieces that are decoded while one is handed on, so that a slow spell of the disk does not stop the decoding."""
GROUP = 8
"""Pictures that a thread takes at a time."""
ORIENTATION = 274  # EXIF
UPRIGHT = (None, 0, 1)

MODES = {1: ("L", "GRAY"), 3: ("RGB", "RGB")}
"""Pillow's and simplejpeg's name of a picture with so many channels."""

Box = tuple[int, int, int, int]

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # MOST_PIXELS decides here


class Picture(NamedTuple):
    """One picture file: its path below the root, with forward slashes, and the face's (left, top, right, bottom)."""

    path: str
    box: Box | None = None


class RejectedError(Exception):
    """A picture that cannot be used; the message is the reason."""


class PictureCorpus(Corpus):
    """A corpus whose faces are single files.

    The store's key is made of the listing files' content, and of path, size and time of change of every picture:
    hashing the bytes of 400,000 pictures would cost more than decoding them.

    Args:
        root: the folder that all paths start from.
        classes: class names.
        max_rejected: the share of pictures that may be missing or damaged, 0 to 1.
    """

    resumable = True
    markers: ClassVar[tuple[str, ...]] = ()
    """Paths below the root; one that is there shows that the root is the one meant."""

    def __init__(self, root: Path, classes: tuple[str, ...], max_rejected: float = 0.01) -> None:
        self.root, self.classes, self.max_rejected = root, classes, max_rejected
        self._rejected: dict[int, str] = {}

    @abstractmethod
    def pictures(self) -> list[Picture]:
        """A picture per row of the faces table, in its order."""

    def check_root(self) -> None:
        """Raise DatasetNotFoundError where the root is not the folder meant, naming the one that is if it is near."""
        find_marker(self.root, self.markers, self.name, self.access)

    def recipe(self) -> str:
        """A digest of path, size, time of change and face box of every picture."""
        digest = hashlib.md5(usedforsecurity=False)
        for picture in self.pictures():
            try:
                state = os.stat(os.path.join(self.root, picture.path))  # noqa: PTH116, PTH118 - a Path costs more
                digest.update(f"{picture.path} {state.st_size} {state.st_mtime_ns} {picture.box}\n".encode())
            except OSError:
                digest.update(f"{picture.path} missing\n".encode())
        return f"pictures {digest.hexdigest()}"

    def pixels(self, size: int) -> Iterator[NDArray[np.uint8]]:
        """The pictures in the order of the table, without those that are rejected, in pieces."""
        yield from self.pixels_from(size, 0, {})

    def pixels_from(self, size: int, row: int, rejected: Mapping[int, str]) -> Iterator[NDArray[np.uint8]]:
        """The pictures from a row on. While a piece is handed on, the next ones are decoded on all cores.

        A piece is good until the next one is asked for; then its memory is used again.

        Raises:
            RequestError: more pictures are rejected than ``dataset.max_rejected`` allows, those before the row counted.
        """
        pictures = self.pictures()
        self._rejected = dict(rejected)
        shape = (PIECE, size, size, self.channels)
        # Memory of whole pages, used again and again: fresh memory costs time, and a store writes pages the fast way.
        free = deque(np.frombuffer(mmap.mmap(-1, math.prod(shape)), np.uint8).reshape(shape) for _ in range(AHEAD + 1))
        waiting: deque[tuple[int, NDArray[np.uint8], list[Future[list[str | None]]]]] = deque()
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            for start in range(row, len(pictures), PIECE):
                batch = pictures[start : start + PIECE]
                piece = free[0][: len(batch)]
                free.rotate(-1)
                groups = [slice(first, first + GROUP) for first in range(0, len(batch), GROUP)]
                decoding = [pool.submit(self._decode, batch[group], piece[group]) for group in groups]
                waiting.append((start, piece, decoding))
                if len(waiting) > AHEAD:
                    yield self._kept(*waiting.popleft(), len(pictures))
            while waiting:
                yield self._kept(*waiting.popleft(), len(pictures))

    def rejected(self) -> dict[int, str]:
        """Row -> reason, of the pictures passed over so far."""
        return dict(self._rejected)

    def _decode(self, pictures: list[Picture], out: NDArray[np.uint8]) -> list[str | None]:
        """Decode some pictures into their places; for each None, or the reason why that cannot be done."""
        reasons: list[str | None] = []
        for picture, place in zip(pictures, out, strict=True):
            try:
                decode(os.path.join(self.root, picture.path), place, picture.box)  # noqa: PTH118 - a Path costs more
                reasons.append(None)
            except RejectedError as reason:
                reasons.append(str(reason))
        return reasons

    def _kept(
        self, start: int, piece: NDArray[np.uint8], done: list[Future[list[str | None]]], total: int
    ) -> NDArray[np.uint8]:
        good = np.ones(len(piece), dtype=bool)
        for place, reason in enumerate(reason for future in done for reason in future.result()):
            if reason is not None:
                good[place] = False
                self._rejected[start + place] = reason
        if len(self._rejected) > self.max_rejected * total:
            row, reason = next(iter(self._rejected.items()))
            raise RequestError(
                f"{self.name}: {len(self._rejected):,} of {total:,} pictures cannot be used so far, first "
                f"{self.pictures()[row].path}: {reason}; dataset.max_rejected={self.max_rejected:g} allows no more. "
                "Mend them or raise it."
            )
        if not good.all():
            piece[: good.sum()] = piece[good]
        return piece[: good.sum()]


def decode(file: str | Path, out: NDArray[np.uint8], box: Box | None = None) -> None:
    """Decode a picture into ``out``: turned upright as its EXIF says, cropped, resized, RGB or grey.

    The crop, or the whole picture, is stretched to a square by Pillow's bilinear filter, which averages over its
    support when it shrinks. JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that is still large enough. Alpha is
    left out, the upper 8 of 16 bits are kept.

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
    if box is None and pixels.shape[:2] == out.shape[:2]:
        out[:] = pixels.reshape(out.shape)
        return
    if box is not None:  # cropped first: the filter would reach over the edge of a box
        left, top = (max(0, edge // scale) for edge in box[:2])
        right, bottom = (-(-edge // scale) for edge in box[2:])
        pixels = pixels[top : max(0, bottom), left : max(0, right)]
        if not pixels.size:
            raise RejectedError(f"the face box {box} lies outside the picture")
    resized = Image.fromarray(pixels).resize(out.shape[1::-1], Image.Resampling.BILINEAR)
    out[:] = np.asarray(resized).reshape(out.shape)


def _from_jpeg(content: bytes, out: NDArray[np.uint8], box: Box | None) -> tuple[NDArray[np.uint8], int] | None:
    """Pixels of a plain JPEG and what its sides were divided by, decoded without holding Python's lock.

    None leaves a file to Pillow: one that may be turned (EXIF), CMYK, damaged.
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


def listed(root: Path, folder: str = "") -> list[str]:
    """Every picture file below a folder of the root, as paths from the root with forward slashes, sorted.

    Hidden files, and those of other kinds, are passed over. The order is that of the text of the paths, the same on
    every machine.
    """
    paths: list[str] = []
    for top, folders, files in os.walk(root / folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = "".join(f"{name}/" for name in Path(top).relative_to(root).parts)
        paths += [below + name for name in files if not name.startswith(".") and name.lower().endswith(PICTURES)]
    return sorted(paths)


def safe_path(text: str, where: str) -> str:
    r"""A path from a table, with forward slashes; raises RequestError, naming ``where``, if it leaves the root.

    >>> safe_path("a\\b.jpg", "row 1")
    'a/b.jpg'
    >>> safe_path("../b.jpg", "row 2")
    Traceback (most recent call last):
    fer_exp.errors.RequestError: row 2: the path '../b.jpg' leaves the dataset's folder; paths start from it.
    """
    path = text.strip().replace("\\", "/")
    if path.startswith("/") or path[1:2] == ":" or ".." in path.split("/"):
        raise RequestError(f"{where}: the path {text!r} leaves the dataset's folder; paths start from it.")
    return path.removeprefix("./")


def find_marker(root: Path, markers: Iterable[str], corpus: str, access: str) -> str:
    """The first of ``markers`` (paths below the root) that is there.

    Raises:
        DatasetNotFoundError: none is; says what was looked for, and the folder one level up or down that has it.
    """
    markers = list(markers)

    def has(folder: Path) -> str | None:
        return next((marker for marker in markers if (folder / marker).exists()), None)

    if marker := has(root):
        return marker
    if root.is_file():
        way_out = "unpack it and give the folder" if root.suffix in (".zip", ".tar", ".gz", ".tgz") else "give a folder"
        raise DatasetNotFoundError(f"{corpus}: dataset.root={root} is a file; {way_out}. {access}")
    if not root.is_dir():
        raise DatasetNotFoundError(f"{corpus}: dataset.root={root} does not exist. {access}")
    below = sorted(folder for folder in root.iterdir() if folder.is_dir())
    for folder in [*below, *root.absolute().parents[:2]]:
        if marker := has(folder):
            place = "further down" if folder in below else "further up"
            raise DatasetNotFoundError(f"{corpus}: {marker} lies {place}; set dataset.root={folder}.")
    raise DatasetNotFoundError(f"{corpus}: there is no {' or '.join(markers)} in {root}. {access}")
