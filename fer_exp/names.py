"""Names across files: expressions as different sources spell them, and faces as different files call them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fer_exp.errors import RequestError, nearest

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
"""Suffixes of picture files, in lower case; upper case is as good."""

SPELLINGS = {
    "neutral": ("neutrality",),
    "happiness": ("happy", "joy"),
    "sadness": ("sad",),
    "surprise": ("surprised",),
    "fear": ("fearful", "afraid", "scared"),
    "disgust": ("disgusted",),
    "anger": ("angry",),
    "contempt": ("contemptuous",),
    "unknown": ("uncertain",),
    "not_a_face": ("nf", "no-face", "noface", "not-a-face"),
}
"""How else a name of ours is written; case and surrounding spaces never matter."""

_OWN = {spelling: name for name, others in SPELLINGS.items() for spelling in (name, *others)}


def expression(text: str) -> str | None:
    """Our name of an expression or other answer, None where there is none.

    >>> expression(" Happy"), expression("smiling")
    ('happiness', None)
    """
    return _OWN.get(text.strip().lower().replace(" ", "-").replace("not-a-face", "not_a_face"))


def checked_expression(text: str, where: str) -> str:
    """Our name of an expression; raises RequestError, naming ``where`` and the nearest name, where there is none.

    >>> checked_expression("hapiness", "faces.csv, row 3")
    Traceback (most recent call last):
    fer_exp.errors.RequestError: faces.csv, row 3: 'hapiness' is no expression; did you mean happiness? There are: ...
    """
    if (name := expression(text)) is not None:
        return name
    near = nearest(text.strip().lower(), _OWN)
    hint = f"did you mean {_OWN[near]}? " if near else ""
    raise RequestError(f"{where}: {text!r} is no expression; {hint}There are: {', '.join(SPELLINGS)}.")


def stem(path: str) -> str:
    r"""A face's name in any file: forward slashes, without a picture's suffix and without RAF-DB's ``_aligned``.

    >>> stem("689\\a.JPG"), stem("train_00001_aligned.jpg")
    ('689/a', 'train_00001')
    """
    text = path.strip().replace("\\", "/").removeprefix("./")
    base, dot, suffix = text.rpartition(".")
    if dot and f".{suffix.lower()}" in PICTURES:
        text = base
    return text.removesuffix("_aligned")


def finder(faces: Iterable[str]) -> Callable[[str], str | None]:
    """A function from what another file calls a face to its id here, None where there is none or more than one.

    The id itself always means that face. Else suffix, ``_aligned``, slashes and leading folders play no part, as far
    as what is left is the name of one face only.

    >>> find = finder(["a/1.png", "b/1.png", "b/2.png"])
    >>> find("/home/me/b/1"), find("2.png"), find("1.png")
    ('b/1.png', 'b/2.png', None)
    """
    own = list(faces)
    exact = set(own)
    by_tail: dict[str, str | None] = {}
    for face in own:
        for tail in _tails(stem(face)):
            by_tail[tail] = face if by_tail.get(tail, face) == face else None

    def find(name: str) -> str | None:
        if name in exact:
            return name
        return next((by_tail[tail] for tail in _tails(stem(name)) if tail in by_tail), None)

    return find


def _tails(path: str) -> list[str]:
    """A path, then without its first folder, and so on to the bare name."""
    parts = path.split("/")
    return ["/".join(parts[first:]) for first in range(len(parts))]
