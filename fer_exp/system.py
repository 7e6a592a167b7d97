"""What Linux, macOS and Windows do not share, asked in one place: how many cores there are, which letters are shown."""

from __future__ import annotations

import codecs
import gc
import io
import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TextIO

LETTERS = dict(zip("↑↓→±≤≥×·–—−", ("^", "v", "->", "+-", "<=", ">=", "x", ".", "-", "-", "-"), strict=True))
"""How signs of our tables are written where there is no letter for them."""
HIDDEN = {
    code: chr(code).encode("unicode_escape").decode()
    for codes in (range(9), range(11, 32), range(127, 160), range(0x2028, 0x202F), range(0x2066, 0x206A))
    for code in codes
}
"""What a text must not do to a reader's screen, spelt out: move, colour or retitle it, or turn the reading order round.

Of these control characters new lines and tabs stay.
"""
HANDLER = "fer-exp"
"""What ``codecs`` knows ``_spelt`` by."""


def cores() -> int:
    """How many cores this process may use; with taskset, SLURM or in a container they are fewer than there are."""
    ask = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return len(ask(0)) if ask is not None else os.cpu_count() or 1


@contextmanager
def without_collector() -> Iterator[None]:
    """Let no garbage be looked for meanwhile: of imports, or of much that is read, all stays, and each look is long.

    >>> with without_collector():
    ...     gc.isenabled()
    False
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def alive(process: int) -> bool:
    """Whether a process of this number runs on this machine; True where nobody can tell."""
    if os.name != "posix" or process == os.getpid():
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # of another user
    return True


def visible(text: str) -> str:
    r"""A text from data as a terminal, a figure or a page may show it: its control characters are spelt out.

    >>> print(visible("\x1b[31mred\x9b0m"), visible("gpj.\u202egnp"))
    \x1b[31mred\x9b0m gpj.\u202egnp
    """
    return text.translate(HIDDEN)


def readable(text: str, stream: IO[str] | None) -> str:
    r"""A text as ``visible``, and on a terminal broken between words; a line with a command is left to be copied whole.

    >>> readable("a\nb", io.StringIO())
    'a\nb'
    """
    text = visible(text)
    if stream is None or not stream.isatty():
        return text
    columns = shutil.get_terminal_size().columns
    return "\n".join(
        line if "fer-exp " in line else textwrap.fill(line, columns, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )


def silent() -> IO[str]:
    """A stream that keeps nothing, open to the end."""
    return Path(os.devnull).open("w", encoding="utf-8")


def open_streams() -> None:
    """Make standard output and error take whatever is printed.

    A console or a pipe of an older encoding (Windows' cp1252, ``LC_ALL=C``) has no letter for ↑; a name of a file may
    be no text at all. And a stream that was closed before we began (``2>&-``) becomes one that keeps nothing: else the
    next file that is opened would take its place, and get what is meant for it.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, silent())
        elif isinstance(stream, io.TextIOWrapper) and stream.errors != HANDLER:
            stream.reconfigure(errors=HANDLER)


class WhileRead:
    """A standard stream as long as it has a reader; after that, as with head, what is printed goes nowhere.

    So the command goes on to its end, and its exit code says how that was.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As of the stream."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._let_go()
            return len(text)

    def flush(self) -> None:
        """As of the stream."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._let_go()

    def _let_go(self) -> None:
        """Lead the stream nowhere, also for what is still in its buffer, which Python would write at its end."""
        with suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
            self._stream.flush()


@contextmanager
def while_read() -> Iterator[None]:
    """Let a reader who goes before the end of standard output or error be no error."""
    wrapped = {name: WhileRead(getattr(sys, name)) for name in ("stdout", "stderr") if getattr(sys, name) is not None}
    for name, stream in wrapped.items():
        setattr(sys, name, stream)
    try:
        yield
    finally:
        for name, stream in wrapped.items():
            if getattr(sys, name) is stream:  # else it was closed meanwhile
                setattr(sys, name, stream._stream)


def _spelt(error: UnicodeError) -> tuple[str | bytes, int]:
    """The first letter that cannot be shown, as one that can: without its accent, else a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    if "\udc80" <= letter <= "\udcff":  # a byte of a file name that is no text
        return bytes([ord(letter) - 0xDC00]), error.start + 1
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode("ascii")
    return LETTERS.get(letter) or plain or "?", error.start + 1


codecs.register_error(HANDLER, _spelt)
