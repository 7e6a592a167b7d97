"""Jobs that run side by side on one machine take turns on its GPUs: a lock file a GPU, each held by one job."""

from __future__ import annotations

import getpass
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import takewhile
from pathlib import Path

from fer_exp.files import locked
from fer_exp.progress import progress

SIDE_BY_SIDE = ("JoblibLauncher", "LocalLauncher")
"""Hydra's launchers that run several jobs on this machine; SLURM deals out GPUs itself."""


def visible() -> list[str]:
    """Names of the GPUs that this process may use, as CUDA_VISIBLE_DEVICES has them."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        import torch

        return [str(number) for number in range(torch.cuda.device_count())]
    names = (name.strip() for name in listed.split(","))
    # CUDA too ends at the first that is no GPU, as -1 is.
    return list(takewhile(lambda name: name.isdigit() or name.startswith(("GPU-", "MIG-")), names))


@contextmanager
def own_gpus(wanted: int) -> Iterator[None]:
    """Hold as many GPUs as a job wants, that no other job of this user holds; waits until they are free.

    CUDA_VISIBLE_DEVICES names them from then on, also for later jobs of the process: CUDA reads it once, so a process
    keeps to the GPUs of its first job, but holds them only while it has a job. The kernel lets go of them however the
    process ends. Where there are too few nothing is held.

    Args:
        wanted: how many.
    """
    names = visible()
    if len(names) < wanted:
        yield
        return
    locks = Path(tempfile.gettempdir()) / f"fer-exp-gpus-{getattr(os, 'getuid', getpass.getuser)()}"
    locks.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as held:
        waits = False
        while not (taken := _take(locks, names, wanted, held)):
            if not waits:
                progress(f"waits for {wanted} free of the GPUs {','.join(names)}")
            waits = True
            time.sleep(0.5)
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(taken)
        yield


def _take(locks: Path, names: list[str], wanted: int, held: ExitStack) -> list[str]:
    """The first ``wanted`` GPUs that are free, now locked; none where there are fewer."""
    taken: list[str] = []
    with ExitStack() as trial:
        for name in names:
            try:
                trial.enter_context(locked(locks / f"{name.replace('/', '-')}.lock"))
            except BlockingIOError:
                continue
            taken.append(name)
            if len(taken) == wanted:
                held.push(trial.pop_all())
                return taken
    return []
