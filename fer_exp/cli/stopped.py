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
from types import FrameType

from fer_exp.config import SCHEMAS, Config
from fer_exp.errors import RunError
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
