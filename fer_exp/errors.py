"""The two ways a command ends badly; cli/ turns them into one sentence and an exit code."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class RequestError(ValueError):
    """What was asked for cannot be done as asked: exit code 2; to Python's callers it is a ValueError.

    The message is one sentence or two for the person who typed the command: what was wrong, where (file, row, key),
    and the way out.
    """


class DatasetNotFoundError(RequestError):
    """A corpus is not where ``dataset.root`` points."""


class RunError(Exception):
    """The request was sound but the run failed (a loss of nan, a full disk): exit code 1, message as above."""


def did_you_mean(name: str, choices: Iterable[str], alike: float = 0.6) -> str:
    """The nearest of the choices as a question with a space behind it, empty where none is as alike, 0 to 1, as that.

    >>> did_you_mean("majorty", ("majority", "all"))
    'did you mean majority? '
    """
    near = nearest(name, choices, alike)
    return f"did you mean {near}? " if near else ""


def nearest(name: str, choices: Iterable[str], alike: float = 0.6) -> str | None:
    """The choice most like a name, whatever their cases, None where none is near; arguments as of ``did_you_mean``."""
    lower = {choice.casefold(): choice for choice in choices}
    return next((lower[near] for near in difflib.get_close_matches(name.casefold(), lower, 1, alike)), None)


def enumerated(words: Sequence[str], last: str = "and") -> str:
    """Words as a sentence lists them.

    >>> enumerated(["a"]), enumerated(["a", "b"]), enumerated(["a", "b", "c"], "or")
    ('a', 'a and b', 'a, b or c')
    """
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
