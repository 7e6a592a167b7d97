"""Absolute paths in what is passed on, an archive, a page, a card: they tell of a machine and of whose it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath

from fer_exp.runs import FILES

_LETTER = r"[^\s,;'\"\[\](){}|<>]"
PLACE = re.compile(
    rf"file://{_LETTER}+|"
    rf"(?<![\w.:/\\~-])(?:[A-Za-z]:[\\/]+|\\\\|~[\w.-]*[\\/]|/)(?={_LETTER}*[\w~]){_LETTER}+",
)
"""An absolute path within a longer text: of Linux and macOS, of a home, of Windows with either bar, of a server."""


def is_absolute(text: str) -> bool:
    r"""Whether a text is an absolute path as a whole, on any system.

    >>> is_absolute("/home/anna meier/x"), is_absolute(r"C:\Users\anna"), is_absolute("runs/a"), is_absolute("~/faces")
    (True, True, False, True)
    """
    path, windows = PurePosixPath(text), PureWindowsPath(text)
    return path.is_absolute() or windows.is_absolute() or text.startswith(("~/", "file://"))


def last_part(path: str) -> str:
    r"""The last part of a path; of a backbone with the run that it is of.

    >>> last_part(r"C:\Users\anna\x.csv"), last_part("/data/runs/pretrain-drawn/backbone.pt")
    ('x.csv', 'pretrain-drawn/backbone.pt')
    """
    parts = [part for part in re.split(r"[/\\]+", path.removeprefix("file:")) if part]
    return "/".join(parts[-2:] if len(parts) > 1 and parts[-1] == FILES["backbone"] else parts[-1:])


def without_places(text: str, shown: Callable[[str], str] = last_part, *, one: bool = True) -> str:
    r"""A text in which of each absolute path stands what is ``shown`` of it.

    Args:
        text: a word, a value, or a sentence.
        shown: of a path.
        one: whether the text, or what stands behind its ``key=``, may be one path, with spaces in it; else a space
            ends each.

    >>> without_places("root=/home/anna meier/fer"), without_places("train=[root=C:/Users/anna/fer,seed=0]")
    ('root=fer', 'train=[root=fer,seed=0]')
    >>> without_places("see (/home/anna/y.csv), https://x.org/a/b"), without_places(r"\\server\x.csv of a", one=False)
    ('see (y.csv), https://x.org/a/b', 'x.csv of a')
    """
    before, mark, value = text.partition("=")
    if one and mark and is_absolute(value):
        return f"{before}{mark}{shown(value)}"
    return shown(text) if one and is_absolute(text) else PLACE.sub(lambda found: shown(found[0]), text)
