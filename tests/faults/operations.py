"""The operations of a process that change a file below a folder: an audit hook sees each before it is done."""

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink")
ERRORS = (errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT, errno.EACCES, errno.EMFILE)
"""What a disk says, one after the other."""


class Watch:
    """Counts the operations below a folder, and lets something happen before one of them.

    Args:
        folder: the others are of no interest.
        at: the number of the operation, from 0; None lets all pass.
        happens: is called with what the operation is about.
    """

    def __init__(self, folder: Path, at: int | None = None, happens: Callable[[str], None] | None = None) -> None:
        self.folder, self.at, self.happens = str(folder.resolve()), at, happens
        self.seen: list[str] = []

    def start(self) -> None:
        """Begin; a hook cannot be taken away again, so this is for a process that ends with its command."""
        sys.addaudithook(self._see)

    def _see(self, event: str, given: tuple[object, ...]) -> None:
        if event != "open" and event not in CHANGES:
            return
        if event == "open" and not (isinstance(given[2], int) and given[2] & WRITES):
            return
        name = given[0]
        if not isinstance(name, str | bytes | os.PathLike):
            return
        path = os.path.abspath(os.fsdecode(name))  # noqa: PTH100  pathlib would ask the disk
        if not path.startswith(self.folder):
            return
        number = len(self.seen)
        self.seen.append(f"{event} {path.removeprefix(self.folder)}")
        if number == self.at and self.happens is not None:
            self.happens(path)


def kill(path: str) -> None:
    """End this process as a power button does."""
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(number: int) -> Callable[[str], None]:
    """Raise what a disk says."""

    def happens(path: str) -> None:
        raise OSError(number, os.strerror(number), path)

    return happens
