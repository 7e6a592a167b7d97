"""Where the jobs of a sweep leave their records: a folder that the sweep's process holds, and that goes with it."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from contextlib import ExitStack, suppress
from pathlib import Path

from fer_exp.files import locked, may_go_on, missing, remove_empty

SWEEPS = ".sweep"
"""In an output folder, a folder a sweep, called by ``ID``."""
ID = "[0-9a-f]" * 8
ASIDE = "fer-exp-sweep-"
"""How the folder of a sweep begins that has no output folder, among the system's temporary ones."""
LOCK = ".lock"
SUBMITTED = ".submitit"
"""What a scheduler starts jobs from, which may outlive the command."""


def folder_aside() -> Path:
    """Where a sweep of a command leaves its records that has no output folder; its name is nobody's before."""
    return Path(tempfile.gettempdir()) / f"{ASIDE}{uuid.uuid4().hex}"


class Records:
    """The folder of one sweep; what killed sweeps have left beside it is removed.

    Attributes:
        folder: where the jobs' records lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._held = folder, ExitStack()
        self._fresh = [folder]
        with suppress(OSError):  # what is wrong with a disk the jobs say
            self._fresh = missing(folder)
        for _ in range(3):  # another sweep may take it for one that was left, before it is held
            with suppress(OSError):
                folder.parent.mkdir(parents=True, exist_ok=True)
                folder.mkdir(mode=0o700 if folder.name.startswith(ASIDE) else 0o777, exist_ok=True)
                self._held.enter_context(locked(folder / LOCK, lambda: None))
                break
        if folder.parent.name == SWEEPS:
            remove_left(folder.parent.parent)
        if folder.name.startswith(ASIDE):
            _remove(folder.parent, f"{ASIDE}*")

    def close(self, *, keep: bool = False) -> None:
        """Let go of the folder, and remove it unless it is to be kept, with those above it that were made for it."""
        self._held.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
            above = [self.folder.parent] if self.folder.parent.name == SWEEPS else []
            remove_empty([*above, *self._fresh])  # unless another sweep has its own there


def submitted(folder: Path) -> bool:
    """Whether a scheduler may start jobs from the folder of a sweep; not where it cannot be read."""
    with suppress(OSError):
        return (folder / SUBMITTED).exists()
    return False


def remove_left(output: Path) -> None:
    """Remove the records of sweeps that were killed, but not while a scheduler may still start their jobs."""
    _remove(output / SWEEPS, ID)
    remove_empty([output / SWEEPS])


def _remove(place: Path, names: str) -> None:
    """Remove those folders of sweeps in a place that nobody holds, or may start jobs from."""
    with suppress(OSError):  # it cannot be read
        for folder in list(place.glob(names)):
            with suppress(OSError):
                if submitted(folder) and may_go_on(folder / SUBMITTED):
                    continue
                with locked(folder / LOCK) as sure:
                    if sure:
                        shutil.rmtree(folder, ignore_errors=True)
