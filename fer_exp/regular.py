"""Files that users name: regular ones, none that fills the memory, and one sentence for whatever a reader raises."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fer_exp.errors import RequestError, RunError
from fer_exp.files import or_near, there
from fer_exp.troubles import in_words

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


MACHINE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE)
"""What a file is not to blame for: the system or the disk has no room for what is asked, or fails."""
GET_AGAIN = "get it again, or give another file"
FOREIGN = (
    (r"allow_pickle|Object arrays|unpickl", "it holds objects of Python, which are not read, in place of numbers"),
    (r"weights.only|WeightsUnpickler|GLOBAL", "it holds more than tensors and settings, which is not read"),
    (r"enforce fail|PytorchStreamReader|central directory|zip file|zip archive", "it is cut short or damaged"),
    (
        r"CRC|decompress|invalid (code|stored|distance|block|lit)|nknown compr|Corrupt|Invalid data|Compr",
        "it is damaged",
    ),
    (r"end-of-stream|Truncated", "it is cut short"),
    (r"malformed node|valid dtype|magic string|array header|negative dimens", "it is no whole array of numpy"),
    (r"Parquet|not a parquet file|(?i:thrift|snappy|zstd|brotli)", "it is no whole parquet file"),
    (r"new-line character", "its lines end in several ways, or a quote in it is never closed"),
    (r"field larger than", "a cell in it has more than 131,072 letters, or a quote is never closed"),
    (r"null (byte|character)", "its name, or one in it, has a character that no file name can have"),
    (r"Exceeds the limit|too (large|big) to convert|overflow", "a number in it is too large"),
)
"""What libraries say to programmers -> what it means for a person."""


@contextmanager
def reading(file: Path | str, where: str = "", way_out: str = GET_AGAIN) -> Iterator[None]:
    """Make one sentence of whatever a reader raises: each reader of a file that somebody else wrote stands in this.

    Args:
        file: what is read.
        where: what to call it, such as its key with it; the file by default.
        way_out: what a person can do.

    Raises:
        RequestError: the file cannot be read as what it should be.
        RunError: the system or the disk fails, whatever is in the file.
    """
    try:
        yield
    except (RequestError, RunError):
        raise
    except Exception as error:  # each library has kinds of its own for damaged files
        reason, place = why(error), str(getattr(error, "filename", None) or "")
        if place and Path(place).name not in f"{where} {file}":  # another that belongs to it
            where = place
        if isinstance(error, OSError) and error.errno in MACHINE:
            raise RunError(f"{where or file} cannot be read now: {reason}.") from error
        way_out = "" if re.search("[;:] (give|save|unpack|get|take|try|write|is it)", reason) else way_out
        raise RequestError(f"{where or file} cannot be read: {reason}{way_out and f'; {way_out}'}.") from error


def why(error: BaseException) -> str:
    """An error of a reader in words, without a full stop.

    >>> why(ValueError("Object arrays cannot be loaded when allow_pickle=False"))
    'it holds objects of Python, which are not read, in place of numbers'
    >>> why(KeyError("classes")), why(EOFError())
    ("it has no 'classes'", 'it is cut short')
    """
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "").rstrip(".")
    if isinstance(error, OSError) and error.strerror:
        return in_words(error)
    if isinstance(error, MemoryError):
        return "it asks for more memory than there is"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"it is no JSON from line {error.lineno:,}, column {error.colno:,} on ({error.msg})"
    if (mark := getattr(error, "problem_mark", None)) is not None:
        return f"it is no YAML from line {mark.line + 1:,} on"
    if isinstance(error, UnicodeDecodeError):
        return f"it is no text in {error.encoding.upper()}, by its byte {error.start + 1:,}"
    if isinstance(error, EOFError):
        return "it is cut short"
    if isinstance(error, KeyError | AttributeError | IndexError | TypeError | AssertionError):
        return f"it has no {text}" if isinstance(error, KeyError) else "it lacks what belongs there"
    return next((words for said, words in FOREIGN if re.search(said, text)), text) or "it is damaged"


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


def whole_text(path: Path) -> str:
    """The text of a file, its lines ended as Python's are; raises as ``read_whole``, and UnicodeDecodeError."""
    return read_whole(path).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def no_file(path: Path) -> str:
    """The end of a sentence that says why a path names no file, with the way out.

    >>> no_file(Path("."))
    'it is a folder; give a file in it.'
    """
    if path.is_symlink() and not there(path):
        return "it is a link that leads to no file; give the file itself."
    if not there(path):
        return f"there is no such file{or_near(path)}"
    kind = kind_of(path)
    return f"it is {kind}; give a file{' in it' if kind == FOLDER else ''}."
