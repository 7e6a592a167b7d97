"""Files that users name, looked at before they are read: regular ones alone, and none that fills the memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from fer_exp.files import or_near, there

MOST_BYTES = 1 << 31
"""Of a file that is read whole: no table or list of labels has as many, and it would fill the memory."""
FOLDER = "a folder"
KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: FOLDER,
}
"""What a path may be that is no regular file: a pipe waits for ever, a device may give for ever."""


def kind_of(path: Path | str) -> str:
    """What a path is that is no regular file, links followed, in words; '' of a regular one.

    >>> kind_of("."), kind_of("no such file")
    ('a folder', 'a link to nothing')
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a Path costs more
    except OSError:
        return "a link to nothing"
    return "" if stat.S_ISREG(mode) else KINDS.get(stat.S_IFMT(mode), "no regular file")


def regular(path: Path | str, most: int = MOST_BYTES) -> None:
    """Look at a file before it is read, links followed: any reader of what a user names asks this first.

    Raises:
        OSError: it is not there; or, without a number, it is no regular file, or has more than ``most`` bytes.
    """
    state = os.stat(path)  # noqa: PTH116 - a Path costs more
    if not stat.S_ISREG(state.st_mode):
        raise OSError(f"it is {kind_of(path)}, no regular file")
    if state.st_size > most:
        raise OSError(f"it has {state.st_size:,} bytes, and no more than {most:,} are read")


def read_whole(path: Path | str, most: int = MOST_BYTES) -> bytes:
    """All bytes of a file that a user names; raises as ``regular``, and OSError where it cannot be read."""
    regular(path, most)
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - a Path costs more
        return stream.read()


def whole_text(path: Path, encoding: str = "utf-8-sig") -> str:
    """The text of a file, its lines ended as Python's are; raises as ``read_whole``, and UnicodeDecodeError."""
    return read_whole(path).decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def no_file(path: Path) -> str:
    """The end of a sentence that says why a path names no file, with the way out.

    >>> no_file(Path("."))
    'it is a folder; give a file in it.'
    """
    if not there(path):
        return f"there is no such file{or_near(path)}"
    kind = kind_of(path)
    return f"it is {kind}; give a file{' in it' if kind == FOLDER else ''}."
