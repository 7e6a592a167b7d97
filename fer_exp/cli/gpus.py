"""Jobs that run side by side on one machine share its GPUs out by lock files, of which the kernel lets go.

A GPU has a lock file of its own, its door, and one a place on it. A job with others beside it passes the door and keeps
a place. One that needs more places shuts the door while it collects them: nobody comes in, those inside go on, and only
one collects at a time. A job alone keeps the door, so that nobody comes after it, and all the places.
"""

from __future__ import annotations

import gc
import getpass
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TypeVar

from fer_exp.errors import RunError
from fer_exp.files import locked
from fer_exp.progress import progress

SIDE_BY_SIDE = ("JoblibLauncher", "LocalLauncher")
"""Hydra's launchers that run several jobs on this machine; SLURM deals out GPUs itself."""
POLL = 0.5
"""Seconds between looks for a free GPU."""
FULL = ("out of memory", "ALLOC_FAILED")
"""What CUDA and its libraries say where a GPU has no room."""

_learnt: dict[int, int] = {}
"""For how many places a job of this process counts, by the jobs that a GPU was said to have room for."""

Result = TypeVar("Result")


def visible() -> list[str]:
    """Names of the GPUs that this process may use, as CUDA_VISIBLE_DEVICES has them."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        import torch

        return [str(number) for number in range(torch.cuda.device_count())]
    names = (name.strip() for name in listed.split(","))
    # CUDA too ends at the first that is no GPU, as -1 is.
    return list(takewhile(lambda name: name.isdigit() or name.startswith(("GPU-", "MIG-")), names))


def beside_others(job: Callable[[], Result], gpus: int, jobs_per_gpu: int) -> Result:
    """Run a job on GPUs that it shares with at most ``jobs_per_gpu - 1`` others.

    Where they have no room it gives its place back and runs again with two, then four, at last with all of them: fewer
    jobs are then beside it. Later jobs of this process begin with as many places. A training goes on from its last
    checkpoint, so that a job that is run again loses no epoch.
    """
    while True:
        share = min(_learnt.get(jobs_per_gpu, 1), jobs_per_gpu)
        with own_gpus(gpus, jobs_per_gpu, share):
            try:
                return job()
            except Exception as error:
                if share == jobs_per_gpu or not memory_is_full(error):
                    raise
                _learnt[jobs_per_gpu] = more = min(2 * share, jobs_per_gpu)
                progress(
                    f"The GPU has no room for {jobs_per_gpu} jobs (trainer.jobs_per_gpu); this one takes {more} of the "
                    f"{jobs_per_gpu} places and goes on from its last checkpoint."
                )
            finally:
                _free_memory()  # before the place is another's


@contextmanager
def own_gpus(wanted: int, jobs: int = 1, share: int = 1) -> Iterator[None]:
    """Hold as many GPUs as a job wants, or a place on each; waits until they are free.

    CUDA_VISIBLE_DEVICES names them from then on, also for later jobs of the process: CUDA reads it once, so a process
    keeps to the GPUs of its first job, but holds them only while it has a job. Where there are too few nothing is held.

    Args:
        wanted: how many.
        jobs: how many jobs of this user may be on each, this one included; 1 is alone.
        share: for how many of them this one counts, 1 to ``jobs``; all of them is alone.
    """
    names = visible()
    if len(names) < wanted:
        yield
        return
    locks = _lock_folder()
    said: list[str] = []

    def waits() -> None:
        if not said:
            places = f", {share} of {jobs} places" if jobs > share > 1 else ""
            said.append(f"waits for {wanted} free of the GPUs {','.join(names)}{places}")
            progress(said[0])

    with ExitStack() as held:
        while not (taken := _take(locks, names, wanted, jobs, share, held, waits)):
            waits()
            time.sleep(POLL)
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(name for name in names if name in taken)
        yield


def _lock_folder() -> Path:
    """The folder of this user's lock files, made if need be; others can neither make it a link nor write there.

    Raises:
        RunError: what lies there is not a folder that this user alone may write to.
    """
    user = getattr(os, "getuid", None)
    folder = Path(tempfile.gettempdir()) / f"fer-exp-gpus-{getpass.getuser() if user is None else user()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or (user is not None and (state.st_uid != user() or state.st_mode & 0o022)):
        raise RunError(
            f"{folder} is not yours alone, and jobs lock GPUs there; remove it, or set TMPDIR to a folder of yours."
        )
    return folder


def memory_is_full(error: BaseException | None) -> bool:
    """Whether an error, or one that it was made of, says that a GPU has no room."""
    while error is not None:
        if type(error).__name__ == "OutOfMemoryError" or any(words in str(error) for words in FULL):
            return True
        error = error.__cause__
    return False


def _take(
    locks: Path, names: list[str], wanted: int, jobs: int, share: int, held: ExitStack, waits: Callable[[], None]
) -> list[str]:
    """The first ``wanted`` GPUs that have room, now locked; none where there are fewer.

    First places come before second ones, so that jobs spread over the GPUs. A job that takes several places, or all,
    and has no choice of GPUs ``waits`` behind shut doors; else jobs that take one would have every place that gets
    free. It shuts doors in the order of their names: two jobs never wait for each other.
    """
    taken: list[str] = []
    busy = waits if len(names) == wanted else None
    if share == 1 < jobs:
        tries = [(name, partial(_enter, locks, name, place)) for place in range(jobs) for name in names]
    else:
        tries = [(name, partial(_collect, locks, name, jobs, share, busy)) for name in sorted(names)]
    with ExitStack() as trial:
        for name, take in tries:
            if name not in taken and take(trial):
                taken.append(name)
            if len(taken) == wanted:
                held.push(trial.pop_all())
                return taken
    return []


def _enter(locks: Path, name: str, place: int, held: ExitStack) -> bool:
    """Take a place on a GPU; False where that is taken or the door is shut."""
    door, places = _files(locks, name, place + 1)
    try:
        with locked(door):
            held.enter_context(locked(places[-1]))
    except BlockingIOError:
        return False
    return True


def _collect(locks: Path, name: str, jobs: int, share: int, busy: Callable[[], None] | None, held: ExitStack) -> bool:
    """Take several places on a GPU, or alone all of it; False where some are taken and nobody says ``busy``."""
    door, places = _files(locks, name, jobs)
    alone = share == jobs
    with ExitStack() as shut, ExitStack() as got:
        try:
            shut.enter_context(locked(door, busy))
            if alone:
                places = sorted({*places, *locks.glob(f"{door.stem}.*.lock")})  # of jobs that count otherwise, too
            missing = len(places) if alone else share
            while missing:
                for place in places[:]:
                    with suppress(BlockingIOError):
                        got.enter_context(locked(place))
                        places.remove(place)
                        missing -= 1
                    if not missing:
                        break
                else:
                    if busy is None:
                        return False
                    busy()
                    time.sleep(POLL)
        except BlockingIOError:
            return False
        held.push(got.pop_all())
        if alone:
            held.push(shut.pop_all())
    return True


def _files(locks: Path, name: str, jobs: int) -> tuple[Path, list[Path]]:
    """The lock files of a GPU: of its door, and of the places on it."""
    gpu = name.replace("/", "-")
    return locks / f"{gpu}.lock", [locks / f"{gpu}.{place}.lock" for place in range(jobs)]


def _free_memory() -> None:
    """Give back the GPU memory that torch keeps for later, if this process has used any."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        gc.collect()
        torch.cuda.empty_cache()
