"""Faces as different files call them: by paths, web addresses and bare names, with and without a picture's suffix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import islice
from urllib.parse import parse_qsl, unquote, urlsplit

from fer_exp.errors import RequestError
from fer_exp.names import composed

PICTURES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif", ".avif"),
    *(".heic", ".heif", ".hif", ".jp2", ".j2k", ".pgm", ".ppm", ".pnm", ".pbm"),
)
"""Suffixes of picture files, in lower case; upper case is as good."""
A_PICTURE = re.compile(
    rf"[^\s\"'<>()\[\]{{}},;:=?]+\.(?:{'|'.join(suffix[1:] for suffix in PICTURES)})(?![A-Za-z0-9])", re.IGNORECASE
)
"""A file name of a picture within a text."""
UPLOADED = re.compile(r"(.*/)?[0-9a-f]{8}-(?=[^/]+$)")
"""What Label Studio writes before the name of a picture that was uploaded."""


def is_picture(text: str) -> bool:
    """Whether a text is the name of a picture's file, or its address, perhaps with a query.

    >>> is_picture("faces/a.JPG "), is_picture("https://x.org/a.png?v=2"), is_picture("what?.txt")
    (True, True, False)
    """
    path = text.partition("?")[0] if "://" in text else text
    return path.strip().lower().endswith(PICTURES)


def path_in_address(address: str) -> str:
    """The picture's path in a web address or of an upload to Label Studio; any other text as it is.

    >>> path_in_address("https://x.org/faces/a%201.jpg?v=2"), path_in_address("/data/local-files/?d=faces/a.jpg")
    ('faces/a 1.jpg', 'faces/a.jpg')
    >>> path_in_address("a b?.jpg")
    'a b?.jpg'
    """
    if "://" not in address and not address.startswith(("//", "/data/")):
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    path = next(filter(is_picture, [parts.path, *(value for _, value in parse_qsl(parts.query))]), None)
    text = address if path is None else unquote(path).lstrip("/")
    return UPLOADED.sub("", text) if "data/upload/" in text else text


def stem(path: str) -> str:
    r"""A face's name in any file: forward slashes, without a picture's suffix and without RAF-DB's ``_aligned``.

    >>> stem("689\\a.JPG"), stem("train_00001_aligned.jpg"), stem("https://x.org/a%201.png?dl=1")
    ('689/a', 'train_00001', 'a 1')
    """
    text = composed(path).replace("\\", "/").removeprefix("./")
    text = path_in_address(text)
    base, dot, suffix = text.rpartition(".")
    if dot and f".{suffix.lower()}" in PICTURES:
        text = base
    return text.removesuffix("_aligned")


def finder(faces: Iterable[str], where: str = "", *, whole: bool = False) -> Callable[[str], str | None]:
    """A function from what another file calls a face to its id here, None where there is none.

    The id itself always means that face. Else suffix, ``_aligned``, slashes, how accents are written and leading
    folders play no part, as far as what is left is the name of one face only; nor do zeros before a number, which
    spreadsheets take away.

    Args:
        faces: ids.
        where: what the other file is called in messages.
        whole: whether of the two names one must be the end of the other, folders and all.

    Returns:
        The function. It raises RequestError where a name as it stands may mean several faces.

    >>> find = finder(["a/1.png", "b/1.png", "b/2.png"])
    >>> find("/home/me/b/1"), find("c/2.png"), find("c/1.png"), find("3")
    ('b/1.png', 'b/2.png', None, None)
    >>> finder(["001.png", "010.png"])("1"), finder(["001.png", "1.png"])("01")
    ('001.png', None)
    >>> finder(["a/1.png", "b/1.png"], "ratings.csv")("1.png")
    Traceback (most recent call last):
    fer_exp.errors.RequestError: ratings.csv: '1.png' may mean a/1.png or b/1.png; write more of its path.
    """
    faces = list(faces)
    exact = set(faces)
    by_tail: dict[str, str | None] = {}
    for face in faces:
        for tail in tails(stem(face)):
            by_tail[tail] = face if by_tail.get(tail, face) == face else None

    def find(name: str) -> str | None:
        if name in exact:
            return name
        known = stem(name)
        tail = next((tail for tail in tails(known) if tail in by_tail), None)
        if tail is None:
            return None if whole else by_number().get(_number_of(known))
        face = by_tail[tail]
        if face is None and tail == known:
            return alike(name)
        return None if face and whole and tail not in (known, stem(face)) else face

    @cache
    def by_number() -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for face in faces:
            if number := _number_of(stem(face)):
                found[number] = face if number not in found else None
        return found

    spelt: dict[str, list[str]] = {}

    def alike(name: str) -> str:
        """Of faces that differ in suffix or folder the one that is spelt so, but for accents and the suffix' case."""
        if not spelt:
            for face in faces:
                spelt.setdefault(known_as(face), []).append(face)
        may_be = spelt.get(known_as(name), [])
        if len(may_be) == 1:
            return may_be[0]
        known, start = stem(name), f"{where}: " if where else ""
        first, second = islice((face for face in may_be or faces if known in tails(stem(face))), 2)
        raise RequestError(f"{start}{name!r} may mean {first} or {second}; write more of its path.")

    return find


def known_as(path: str) -> str:
    r"""A path with forward slashes, composed accents and its suffix in lower case.

    >>> known_as("a\\B.JPG")
    'a/B.jpg'
    """
    base, dot, suffix = composed(path).replace("\\", "/").removeprefix("./").rpartition(".")
    return f"{base}{dot}{suffix.lower() if dot else suffix}"


def look_alikes(names: Iterable[str]) -> list[list[str]]:
    """Names that differ in case, or in the zeros before a number, alone: people mean one thing by them.

    >>> look_alikes(["P01", "p01", "7", "007", "P7"])
    [['P01', 'p01'], ['7', '007']]
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_number_of(name) or name.casefold(), []).append(name)
    return [alike for alike in groups.values() if len(alike) > 1]


def _number_of(known: str) -> str:
    """The number that a face is called by, without zeros before it; empty where its name is more than a number."""
    name = known.rpartition("/")[2]
    return str(int(name)) if name.isascii() and name.isdigit() else ""


def tails(path: str) -> list[str]:
    """A path, then without its first folder, and so on to the bare name."""
    return [path.split("/", first)[-1] for first in range(path.count("/") + 1)]
