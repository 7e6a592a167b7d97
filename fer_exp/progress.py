"""Lines on standard error: what a command is doing, and what a person should know of how it read things.

One place, so that a run on many processes says each once, and so that Python's callers are told and not printed at.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TypeVar

from fer_exp.system import readable

Item = TypeVar("Item")
_kept: ContextVar[list[str] | None] = ContextVar("kept", default=None)
_noted: ContextVar[list[str] | None] = ContextVar("noted", default=None)
_said: set[str] = set()


def is_main_process() -> bool:
    """Whether this process speaks and writes; in a DDP run only the first of all does."""
    return all(os.environ.get(name, "0") == "0" for name in ("LOCAL_RANK", "RANK", "SLURM_PROCID"))


def progress(line: str) -> None:
    """What is being done: a line on standard error, at once; standard output is for results."""
    if is_main_process() and _kept.get() is None:
        print(readable(line, sys.stderr), file=sys.stderr, flush=True)


def left(seconds: float) -> str:
    """The time that is left, for such a line.

    >>> left(125.4)
    '2:05 left'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} left"


def silent(line: str) -> None:
    """In the place of ``progress``, where it was said before."""


def say(line: str, *, once: bool = False) -> None:
    """What was guessed, joined or left out: a line as ``progress``, ``once`` a process, or kept where lines are."""
    kept, noted = _kept.get(), _noted.get()
    if noted is not None and line not in noted:
        noted.append(line)
    if kept is not None:
        kept.append(line)
    elif not (once and line in _said):
        _said.add(line)
        progress(line)


@contextmanager
def collected(into: ContextVar[list[Item] | None]) -> Iterator[list[Item]]:
    """Inside the ``with``, the variable holds a list, which says that items are collected there.

    >>> with collected(_noted) as lines:
    ...     _noted.get() is lines
    True
    """
    items: list[Item] = []
    token = into.set(items)
    try:
        yield items
    finally:
        into.reset(token)


def kept_lines() -> AbstractContextManager[list[str]]:
    """Inside the ``with``, nothing is printed; the list has what was said.

    >>> with kept_lines() as lines:
    ...     progress("reading")
    ...     say("votes.csv: separated by semicolons")
    >>> lines
    ['votes.csv: separated by semicolons']
    """
    return collected(_kept)


def noted_lines() -> AbstractContextManager[list[str]]:
    """Inside the ``with``, what is said is printed as ever, and the list has it, too."""
    return collected(_noted)
