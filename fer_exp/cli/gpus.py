"""Jobs that run side by side on one machine share its GPUs out by lock files, of which the kernel lets go.

A GPU has a lock file of its own, its door, and one a place on it. A job with others beside it passes the door and keeps
a place; a job alone keeps the door, so that nobody comes after it, and all the places.
"""

from __future__ import annotations

import gc
import getpass
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TypeVar

from fer_exp.files import locked
from fer_exp.progress import progress

SIDE_BY_SIDE = ("JoblibLauncher", "LocalLauncher")
"""Hydra's launchers that run several jobs on this machine; SLURM deals out GPUs itself."""
POLL = 0.5
"""Seconds between looks for a free GPU."""
FULL = ("out of memory", "ALLOC_FAILED")
"""What CUDA and its libraries say where a GPU has no room."""

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
    """Run a job on GPUs that it shares with at most ``jobs_per_gpu - 1`` others; where they have no room, alone.

    A training goes on from its last checkpoint, so that a job that is run again loses no epoch.
    """
    try:
        with own_gpus(gpus, jobs_per_gpu):
            return job()
    except Exception as error:
        if jobs_per_gpu == 1 or not memory_is_full(error):
            raise
        progress(
            f"The GPU has no room for {jobs_per_gpu} jobs (trainer.jobs_per_gpu). This one waits until it has the GPU "
            "alone, then goes on from its last checkpoint."
        )
    finally:
        _free_memory()  # which a worker that waits for its next job would keep from the others
    with own_gpus(gpus):
        return job()


@contextmanager
def own_gpus(wanted: int, jobs: int = 1) -> Iterator[None]:
    """Hold as many GPUs as a job wants, or a place on each; waits until they are free.

    CUDA_VISIBLE_DEVICES names them from then on, also for later jobs of the process: CUDA reads it once, so a process
    keeps to the GPUs of its first job, but holds them only while it has a job. Where there are too few nothing is held.

    Args:
        wanted: how many.
        jobs: how many jobs of this user may be on each, this one included; 1 is alone.
    """
    names = visible()
    if len(names) < wanted:
        yield
        return
    locks = Path(tempfile.gettempdir()) / f"fer-exp-gpus-{getattr(os, 'getuid', getpass.getuser)()}"
    locks.mkdir(mode=0o700, exist_ok=True)
    said: list[str] = []

    def waits() -> None:
        if not said:
            said.append(f"waits for {wanted} free of the GPUs {','.join(names)}")
            progress(said[0])

    with ExitStack() as held:
        while not (taken := _take(locks, names, wanted, jobs, held, waits)):
            waits()
            time.sleep(POLL)
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(taken)
        yield


def memory_is_full(error: BaseException | None) -> bool:
    """Whether an error, or one that it was made of, says that a GPU has no room."""
    while error is not None:
        if type(error).__name__ == "OutOfMemoryError" or any(words in str(error) for words in FULL):
            return True
        error = error.__cause__
    return False


def _take(
    locks: Path, names: list[str], wanted: int, jobs: int, held: ExitStack, waits: Callable[[], None]
) -> list[str]:
    """The first ``wanted`` GPUs that have room, now locked; none where there are fewer.

    First places come before second ones, so that jobs spread over the GPUs. A job alone that has no choice shuts the
    doors first and then ``waits``; else jobs that share would take every place that gets free.
    """
    taken: list[str] = []
    no_choice = jobs == 1 and len(names) == wanted
    with ExitStack() as trial:
        for place in range(jobs):
            for name in names:
                if name not in taken and _enter(locks, name, place, jobs == 1, trial, waits if no_choice else None):
                    taken.append(name)
                if len(taken) == wanted:
                    held.push(trial.pop_all())
                    return taken
    return []


def _enter(locks: Path, name: str, place: int, alone: bool, held: ExitStack, busy: Callable[[], None] | None) -> bool:
    """Take a place on a GPU, or alone all of it; False where that is taken and nobody says that it is ``busy``."""
    gpu = name.replace("/", "-")
    door = locks / f"{gpu}.lock"
    try:
        if not alone:
            with locked(door):
                held.enter_context(locked(locks / f"{gpu}.{place}.lock"))
            return True
        with ExitStack() as all_of_it:
            all_of_it.enter_context(locked(door, busy))
            for taken in sorted(locks.glob(f"{gpu}.*.lock")):
                all_of_it.enter_context(locked(taken, busy))
            held.push(all_of_it.pop_all())
    except BlockingIOError:
        return False
    return True


def _free_memory() -> None:
    """Give back the GPU memory that torch keeps for later, if this process has used any."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        gc.collect()
        torch.cuda.empty_cache()
