"""What a disk or a system that fails says, in words with the way out; files and commands ask here."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What a disk says that has no room for us."""
WORDS = {
    errno.EACCES: "Permission denied; give yourself the right to it (chmod), or give another",
    errno.EPERM: "it is not permitted; give yourself the right to it (chmod), or give another",
    errno.EISDIR: "there is a folder of this name; move it away, or give another",
    errno.ENOTDIR: "a file is where a folder should be; move it away, or give another",
    errno.EEXIST: "something of this name is there, a file or a link that leads nowhere; move it away, or give another",
    errno.EFBIG: "it would be larger than files may be here; raise the limit, ulimit -f, or use another disk",
    errno.EDQUOT: "your quota of this disk is used up; make room",
    errno.EROFS: "the disk is read-only; use a folder on another",
    errno.EMFILE: "too many files are open at once; raise the limit, ulimit -n",
    errno.ENFILE: "the machine has too many files open; end other programs",
    errno.EIO: "the disk has an error (input/output error); work on another disk, and have this one checked",
    errno.ESTALE: "a file on the network's disk was replaced meanwhile; start again",
    errno.ELOOP: "its links lead in a circle",
    errno.ENOMEM: "there is not enough memory; give the job more (ulimit -v, SLURM's --mem)",
    errno.ENAMETOOLONG: "a name in it is too long; give a shorter one",
}
"""What errors of a system mean, where its own words leave a person alone."""
NO_MEMORY = re.compile(
    r"(?i)can.t allocate memory|cannot allocate memory|not enough memory|DefaultCPUAllocator|failed to map segment|"
    r"can.t start new thread|bad_alloc|cannot apply additional memory|pthread_create failed|"
    r"error return without exception set"  # Python itself, where an error finds no room for its frames
)
"""What libraries say where the memory ends."""
LEAST_ROOM = 1 << 16
"""Bytes that a disk keeps back when it is as good as full."""


def in_words(error: OSError, place: Path | None = None) -> str:
    """Why a system refused a file, and the way out where it has one; without a full stop.

    Args:
        error: what was raised.
        place: the file or folder, for a disk that may have room for bytes and none for files; that of the error.

    >>> in_words(OSError(errno.EROFS, "Read-only file system"))
    'the disk is read-only; use a folder on another'
    """
    if error.errno == errno.ENOSPC:
        return _full(Path(error.filename or ".") if place is None else place)
    return WORDS.get(error.errno or 0) or error.strerror or str(error)


def no_memory(error: BaseException) -> bool:
    """Whether an error says that the memory has ended, by whatever library.

    >>> no_memory(MemoryError()), no_memory(RuntimeError("can't start new thread")), no_memory(ValueError("no"))
    (True, True, False)
    """
    return isinstance(error, MemoryError) or bool(NO_MEMORY.search(str(error)))


def reason_at(folder: Path) -> OSError:
    """What a disk says to a file that a library could not write, as it kept the reason to itself."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as stream:
            stream.write(bytes(LEAST_ROOM))
    except OSError as error:
        return error
    return OSError("the disk refused it; make room, or use another")


def _full(place: Path) -> str:
    """Whether bytes or names have run out on the disk of a path."""
    with suppress(OSError, ValueError, AttributeError):  # Windows has no statvfs
        there = next(each for each in (place, *place.absolute().parents) if os.path.lexists(each))
        state = os.statvfs(there)
        if state.f_files and not state.f_favail and state.f_bavail * state.f_frsize > LEAST_ROOM:
            return "the disk has room for bytes, but for no further file (inodes); remove files there"
    return "the disk is full; make room there"
