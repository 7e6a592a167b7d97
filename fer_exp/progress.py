"""Lines of progress: one function, so that a run on many processes says each once."""

from __future__ import annotations

import os
import sys


def is_main_process() -> bool:
    """Whether this process speaks and writes; in a DDP run only the first of all does."""
    return all(os.environ.get(name, "0") == "0" for name in ("LOCAL_RANK", "RANK", "SLURM_PROCID"))


def progress(line: str) -> None:
    """A line on standard error, at once; standard output is for results."""
    if is_main_process():
        print(line, file=sys.stderr, flush=True)


def silent(line: str) -> None:
    """In the place of ``progress``, where it was said before."""
