"""Where the jobs of a sweep leave their records: a folder that the sweep's process holds, and that goes with it."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, suppress
from pathlib import Path

from fer_exp.files import locked, may_go_on, missing, remove_empty

SWEEPS = ".sweep"
"""In an output folder, a folder a sweep, called by ``ID``."""
ID = "[0-9a-f]" * 8
LOCK = ".lock"
SUBMITTED = ".submitit"
"""What a scheduler starts jobs from, which may outlive the command."""


class Records:
    """The folder of one sweep; what killed sweeps have left beside it is removed.

    Attributes:
        folder: where the jobs' records lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._fresh, self._held = folder, missing(folder), ExitStack()
        for _ in range(3):  # another sweep may take it for one that was left, before it is held
            with suppress(OSError):  # what is wrong with a disk the jobs say
                folder.mkdir(parents=True, exist_ok=True)
                self._held.enter_context(locked(folder / LOCK, lambda: None))
                break
        if folder.parent.name == SWEEPS:
            remove_left(folder.parent.parent)

    def close(self, *, keep: bool = False) -> None:
        """Let go of the folder, and remove it unless it is to be kept, with those above it that were made for it."""
        self._held.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
            above = [self.folder.parent] if self.folder.parent.name == SWEEPS else []
            remove_empty([*above, *self._fresh])  # unless another sweep has its own there


def remove_left(output: Path) -> None:
    """Remove the records of sweeps that were killed, but not while a scheduler may still start their jobs."""
    for folder in (output / SWEEPS).glob(ID):
        submitted = folder / SUBMITTED
        with suppress(OSError):
            if submitted.exists() and may_go_on(submitted):
                continue
            with locked(folder / LOCK) as sure:
                if sure:
                    shutil.rmtree(folder, ignore_errors=True)
    remove_empty([output / SWEEPS])
