"""How a command that met a fault has to end: with the right code and one sentence, soon, and never in a traceback."""

import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from fer_exp.cli import main

FOREIGN = re.compile(
    r"Traceback|allow_pickle|weights_only|inline_container|\[Errno|codec can't|NoneType|has no attribute|object is not|"
    r"not subscriptable|is not JSON serializable|unhashable|\b[A-Z]\w*(Error|Exception)\b|__\w+__|invalid literal|"
    r"unsupported operand|positional argument|no attribute|list indices|string indices|out of bounds for axis"
)
"""What only a programmer reads."""
SECONDS = 60
"""Of a processor's time; by the clock ``PATIENCE`` times as many, for a machine that has other work."""
PATIENCE = 8


class Ended(NamedTuple):
    """How a command ended: its code, what it said on standard error, and what is wrong with that, '' for nothing."""

    code: int
    said: str
    wrong: str


class HungError(BaseException):
    """A command takes too long."""


@contextmanager
def not_for_ever(seconds: int) -> Iterator[None]:
    """Raise ``HungError`` in what takes more than these seconds of a processor's time, or waits for ever."""

    def hung(*_: object) -> None:
        raise HungError

    timers = ((signal.SIGPROF, signal.ITIMER_PROF, seconds), (signal.SIGALRM, signal.ITIMER_REAL, PATIENCE * seconds))
    before = [signal.signal(number, hung) for number, _, _ in timers]
    for _, timer, time in timers:
        signal.setitimer(timer, time)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def ended(words: Sequence[str], codes: Sequence[int], capture, seconds: int = SECONDS) -> Ended:
    """Run a command in this process.

    Args:
        words: what is typed after ``fer-exp``.
        codes: the exit codes that are right.
        capture: pytest's ``capsys``, or anything with its ``readouterr``.
        seconds: after which it hangs.
    """
    capture.readouterr()
    try:
        with not_for_ever(seconds):
            code, wrong = main(list(words)), ""
    except HungError:
        code, wrong = -1, f"it hangs ({seconds} s)"
    except BaseException as error:
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        where = f"{last.tb_frame.f_code.co_filename}:{last.tb_lineno}" if last else ""
        code, wrong = -2, f"a traceback: {type(error).__name__}: {str(error)[:200]} at {where}"
    said = capture.readouterr().err
    return Ended(code, said, wrong or faults(code, said, codes))


def faults(code: int, said: str, codes: Sequence[int]) -> str:
    """What is wrong with how a command ended, '' for nothing."""
    if code not in codes:
        return f"its code is {code}, not {' or '.join(map(str, codes))}"
    lines = [line for line in said.splitlines() if line.startswith("fer-exp: ")]
    last = lines[-1] if lines else ""
    if code in (1, 2) and not last:
        return "it says nothing of why"
    if found := FOREIGN.search(said):
        return f"it speaks to programmers: {found[0]}"
    if code and not last.rstrip().endswith((".", "?", ")", "}")):
        return "its last sentence has no end"
    return ""
