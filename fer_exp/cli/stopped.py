"""How a command ends that somebody or the system stops: a signal, a disk, the memory; one sentence and a code.

OpenBLAS, which numpy and scipy bring, asks for its memory while it is loaded, and asks for ever where it gets none;
others end the process with a segmentation fault. Nothing in Python hears of either: whether a limit of memory
(``ulimit -v``) leaves room for the libraries of a command is asked before they are loaded.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from fer_exp.config import SCHEMAS, Config
from fer_exp.config.paths import path_keys
from fer_exp.errors import RequestError, RunError
from fer_exp.files import file_of
from fer_exp.regular import MACHINE
from fer_exp.troubles import in_words, no_memory

SIGNALS = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
"""What ends a process from outside: a scheduler or ``kill``, a terminal that is closed, what a scheduler is told to
send before (SLURM's --signal). Windows has the first alone."""
START_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: failed for now, try again. A scheduler or a job's script requeues by it."""
MORE_MEMORY = (
    "there is not enough memory; give the job more (ulimit -v, SLURM's --mem), or make what is read at once smaller, "
    "such as dataset.size or trainer.batch_size"
)

WRITTEN = ("output", "results", "export", "labels.export", "dataset.cache")
"""Keys of what a command writes; the others name what it reads."""
LIGHT, LEARNING = 2000, 4000
"""Megabytes of addresses that commands without and with torch need to begin: the smallest took 1,760 and 3,790."""

_received: list[int] = []
_kept_back = [bytearray(1 << 21)]
"""Memory for the last sentence of a command that has run out of it; never written to, so that it costs nothing."""


class Stopped(KeyboardInterrupt):
    """A signal that ends the process; whoever minds Ctrl-C minds it too."""


@contextmanager
def told_by_signals() -> Iterator[None]:
    """Let a signal end a command as Ctrl-C does, with a word; what nohup or another has chosen stays."""
    _received.clear()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in SIGNALS:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    raise Stopped


def by_signal(stop: KeyboardInterrupt, command: str) -> tuple[int, str]:
    """Code and sentence of a command that was stopped: 130 after Ctrl-C, 128 and the signal's number else.

    Where a scheduler stops a training it is ``START_AGAIN``.
    """
    number: int = getattr(stop, "number", 0) or (_received[0] if _received else signal.SIGINT)
    what = "interrupted" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}"
    saved = " ".join(str(word) for word in stop.args)
    again = SCHEMAS.get(command, Config).goes_on and number not in (signal.SIGINT, getattr(signal, "SIGHUP", 0))
    return START_AGAIN if again else 128 + number, f"{what}.{saved and f' {saved}'}"


def by_system(error: BaseException) -> str:
    """What a system or disk said that failed, in a sentence, '' of any other error: that is a fault of ours."""
    said = words_of_system(error)
    if no_memory(error):
        _kept_back.clear()
        return f"{said}."
    if isinstance(error, OSError) and error.filename is None:
        sys.stdout = None  # which may be what could not be written
    return said and f"{said}; --debug shows where."


def words_of_system(error: BaseException) -> str:
    """What a system or disk said that failed, without a full stop; '' of any other error."""
    if no_memory(error):
        return MORE_MEMORY
    if not isinstance(error, OSError):
        return ""
    return in_words(error) if error.filename is None else f"{error.filename}: {in_words(error)}"


@contextmanager
def places_named(config: Config) -> Iterator[None]:
    """What a system or disk says of a file or folder while a command runs, as a sentence with the key to set.

    This stands around every command: who reads or writes a file has to say no more than it can say better.

    Raises:
        RequestError: what a key names cannot be read.
        RunError: what it names cannot be written, or the disk fails.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None or (named := _key_of(str(error.filename), config)) is None:
            raise
        (key, given), reason = named, in_words(error)
        if key in WRITTEN:
            raise RunError(f"{error.filename} cannot be used: {reason}; {key}=PLACE has it elsewhere.") from error
        kind = RunError if error.errno in MACHINE else RequestError
        where = f"{key}={given}" if given == str(error.filename) else f"{key}={given}: {error.filename}"
        raise kind(f"{where} cannot be read: {reason}{'' if ';' in reason else '; give another'}.") from error


def _key_of(place: str, config: Config) -> tuple[str, str] | None:
    """The key of a config, and its value, that names a place most closely: itself, or a folder above or below it."""
    found: list[tuple[int, str, str]] = []
    path = Path(place).absolute()
    for key in (*path_keys(type(config)), "labels.export"):
        value: Any = config
        for name in key.split("."):
            value = getattr(value, name, None)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one:
                named = file_of(one)[0].absolute()
                if named == path or named in path.parents or path in named.parents:
                    found.append((len(named.parts) if named != path else 1000, key, one))
    return max(found)[1:] if found else None


def check_working_folder() -> None:
    """Raise RequestError where the folder that a command is typed in is no more: no library can be loaded there."""
    try:
        Path.cwd()
    except OSError as error:
        raise RequestError(
            "the folder that this is typed in cannot be used: it was removed or moved; cd to one that is there."
            if isinstance(error, FileNotFoundError)
            else f"the folder that this is typed in cannot be used: {in_words(error)}."
        ) from None


def check_limit(command: str) -> None:
    """Raise RunError where a limit is too low for a command; where there is one, load what asks for ever first."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if allowed == resource.RLIM_INFINITY:
        return
    needed = LEARNING if SCHEMAS[command].has_network else LIGHT
    if allowed < needed << 20:
        raise RunError(
            f"memory is limited to {allowed >> 20:,} MB (ulimit -v); fer-exp {command} needs {needed:,} MB to begin, "
            "most of which it only reserves; raise the limit, or set ulimit -v unlimited and limit what is used "
            "(SLURM's --mem, a container)."
        )
    import scipy.linalg  # noqa: F401  while there is room
