"""A command in a process of its own that is forked from one which has imported everything: half a second each."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.faults.judged import PATIENCE
from tests.faults.operations import Watch

FIT = "fer_exp.training.fit"
KILLED, CRASHED, HUNG = -9, 99, -1


class Forked(NamedTuple):
    """How it ended: the exit code, ``KILLED``, ``CRASHED`` (a traceback) or ``HUNG``; what it said; what it changed."""

    code: int
    said: str
    seen: list[str]


def warm(commands: Sequence[str] = ()) -> None:
    """Import what commands import, all of them by default, and make ``backbone=resnet18`` one convolution."""
    from importlib import import_module

    from fer_exp.config import SCHEMAS

    for name in commands or SCHEMAS:
        import_module(f"fer_exp.commands.{name}")
    for name in ("matplotlib.backends.backend_svg", "hydra", "pyarrow.parquet", "getpass"):
        import_module(name)
    if commands:
        return
    for name in ("pytorch_lightning", FIT):
        import_module(name)
    from fer_exp.training.networks import BACKBONES
    from tests.light import light_row

    BACKBONES["resnet18"] = light_row()


def run(
    words: Sequence[str],
    place: Path,
    watch: Watch | None = None,
    before: Callable[[], None] | None = None,
    env: Mapping[str, str | None] | None = None,
    seconds: float = 90,
    stdout: str = "",
) -> Forked:
    """Run a command to its end.

    Args:
        words: what is typed after ``fer-exp``.
        place: a folder for what it says.
        watch: sees its operations.
        before: is called in its process first.
        env: variables that are set, or unset with None.
        seconds: of a processor's time, or ``PATIENCE`` times as many by the clock, after which it hangs.
        stdout: a file in the place of standard output.
    """
    said, ops = place / "said", place / "operations"
    ops.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        _child(words, said, ops, watch, before, env or {}, stdout)
    begun = time.monotonic()
    while (done := os.waitpid(child, os.WNOHANG))[0] == 0:
        if hangs(child, time.monotonic() - begun, seconds):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return Forked(HUNG, said.read_text(errors="replace"), [])
        time.sleep(0.01)
    code = os.waitstatus_to_exitcode(done[1])
    seen = ops.read_text(errors="replace").splitlines() if ops.is_file() else []
    return Forked(code, said.read_text(errors="replace"), seen)


def hangs(process: int, clock: float, seconds: float) -> bool:
    """Whether a process has had its time; on a busy machine the clock alone says little.

    Args:
        process: a child that has not been waited for.
        clock: seconds since it began.
        seconds: of a processor's time that it may take.
    """
    if clock < seconds:
        return False
    words = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    used = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return used > seconds or clock > PATIENCE * seconds


def _child(
    words: Sequence[str],
    said: Path,
    ops: Path,
    watch: Watch | None,
    before: Callable[[], None] | None,
    env: Mapping[str, str | None],
    stdout: str,
) -> None:
    from fer_exp.cli import main

    code = CRASHED
    try:
        err = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(err, 2)
        os.dup2(os.open(stdout or os.devnull, os.O_WRONLY), 1)
        for name, value in env.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
        if before is not None:
            before()
        if watch is not None:
            watch.start()
        code = main(list(words))
        if sys.stdout is not None:
            sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stderr.flush()
            if watch is not None:
                watch.at = None
                watch.folder = os.devnull
                ops.write_text("\n".join(watch.seen), encoding="utf-8", errors="replace")
        finally:
            os._exit(code)
