"""Questions on a terminal: a choice from a list, a path, yes or no. A wrong answer is said and asked again."""

from __future__ import annotations

import glob
import re
import shlex
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from fer_exp.cli.help import WIDTH
from fer_exp.config.spellings import option_called
from fer_exp.errors import RequestError, nearest
from fer_exp.system import visible

Found = TypeVar("Found")
KEY = re.compile(r"^(?:\w+: )?[\w.]+=(?=\S)")
"""How commands name what is wrong; here no key was typed."""
LEAVE = ("q", "quit", "exit")


class LeftError(Exception):
    """The person has left: Ctrl-D, or q."""


def say(text: str, indent: str = "") -> None:
    """A paragraph of at most 80 columns."""
    print(textwrap.fill(visible(text), WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False))


def choose(question: str, choices: Sequence[tuple[str, str]], group: str = "") -> str:
    """Ask for one of some choices, by its number or its name.

    Args:
        question: in a sentence.
        choices: the name of each, and what it means.
        group: a config group whose options they are; they may then be called as others call them.

    Returns:
        The name.
    """
    print()
    say(question)
    column = max(len(name) for name, _ in choices) + 2
    for number, (name, meaning) in enumerate(choices, 1):
        head = f"  {number:2}  {name.ljust(column)}"
        lines = textwrap.wrap(meaning, WIDTH - len(head), break_on_hyphens=False) or [""]
        print(head + f"\n{' ' * len(head)}".join(lines))
    names = [name for name, _ in choices]
    while True:
        answer = _typed("Number or name (q leaves): ").casefold()
        if answer.isdecimal() and 1 <= int(answer) <= len(names):
            return names[int(answer) - 1]
        if group and (option := option_called(group, answer, names, 1.0)):
            return option
        begun = [name for name in names if answer and name.startswith(answer)]
        if len(begun) == 1 or answer in names:
            return answer if answer in names else begun[0]
        near = nearest(answer, names)
        meant = f" Did you mean {names.index(near) + 1} ({near})?" if near else ""
        say(f"There is no {answer or 'empty answer'} here.{meant} Type a number from 1 to {len(names)}.")


def path(question: str, look: Callable[[str], Found], otherwise: str | None = None) -> tuple[str, Found | None]:
    """Ask for a path until what lies there can be read.

    Args:
        question: what is asked for.
        look: reads it; a RequestError says what is wrong, and the question is asked again.
        otherwise: what an empty answer means; None where there has to be an answer.

    Returns:
        What was typed, without quotes, and what ``look`` found; '' and None of an empty answer.
    """
    print()
    say(question)
    if otherwise is not None:
        say(f"Press Enter {otherwise}.")
    while True:
        with _paths_completed():
            answer = _as_path(_typed("Path (q leaves): "))
        if not answer:
            if otherwise is not None:
                return "", None
            say("A path is needed here.")
            continue
        try:
            return answer, look(answer)
        except RequestError as error:
            say(KEY.sub("", str(error)))
        except OSError as error:
            say(f"{answer}: {error.strerror or error}.")


def yes(question: str) -> bool:
    """Ask yes or no; Enter alone is no."""
    while True:
        answer = _typed(f"{question} [y/N] ").casefold()
        if answer in ("y", "yes", "n", "no", ""):
            return answer in ("y", "yes")
        say("Type y for yes or n for no.")


def _typed(prompt: str) -> str:
    try:
        answer = input(prompt).strip()
    except EOFError:
        print()
        raise LeftError from None
    if answer.casefold() in LEAVE:
        raise LeftError
    return answer


def _as_path(answer: str) -> str:
    r"""A path as it was typed or dropped on the terminal: without quotes, and without backslashes before spaces.

    >>> _as_path("'my faces/a'"), _as_path("my\\ faces"), _as_path("it's here")
    ('my faces/a', 'my faces', "it's here")
    """
    if not answer or Path(answer).expanduser().exists():
        return answer
    try:
        words = shlex.split(answer)
    except ValueError:
        return answer
    return words[0] if (len(words) == 1 and "\\" not in words[0] and answer[0] in "'\"") or "\\ " in answer else answer


@contextmanager
def _paths_completed() -> Iterator[None]:
    """Tab completes files, where Python has readline."""
    try:
        import readline
    except ImportError:  # Windows
        yield
        return

    def complete(begun: str, number: int) -> str | None:
        start = str(Path(begun).expanduser()) + ("/" if begun.endswith("/") else "") if begun[:1] == "~" else begun
        found = sorted(glob.glob(glob.escape(start) + "*"))  # noqa: PTH207  of any folder
        return f"{found[number]}/" if number < len(found) and Path(found[number]).is_dir() else (
            found[number] if number < len(found) else None
        )  # fmt: skip

    before, delimiters = readline.get_completer(), readline.get_completer_delims()
    readline.set_completer(complete)
    readline.set_completer_delims("\t\n")
    readline.parse_and_bind("tab: complete")
    try:
        yield
    finally:
        readline.set_completer(before)
        readline.set_completer_delims(delimiters)
