"""A run folder held by one process, and rid of what a process that was killed has left in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fer_exp.errors import RequestError, RunError
from fer_exp.files import locked, made, unfinished
from fer_exp.progress import is_main_process, say
from fer_exp.runs import EPOCHS, Run
from fer_exp.runs.contract import LARGE


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make a run folder and keep other commands out of it; the kernel lets go of it however the process ends.

    What a killed process left is swept, unless the file system has no locks. Where the run is refused before it has
    learnt anything, its folder goes again.

    Raises:
        RunError: another process is at work on the same run, or the folder cannot be made.
    """

    def busy() -> None:
        raise RunError(f"{folder}: another process is at work on this run; wait for it or stop it.")

    if not is_main_process():  # its parent holds the claim
        yield
        return
    fresh = not folder.exists()
    with made(folder):
        try:
            with locked(folder / ".lock", busy) as held:
                if held:
                    sweep(Run(folder))
                else:
                    say(
                        f"{folder}: this file system has no locks, so nothing keeps a second process out of the run; "
                        "start no other of the same. What killed ones left stays."
                    )
                yield
        except RequestError:
            if fresh and not Run(folder).has("checkpoint"):
                shutil.rmtree(folder, ignore_errors=True)
            raise


def sweep(run: Run) -> None:
    """Remove what a run does not need any more; what cannot be removed stays, and is tried again at the next start.

    Of any run these are files that a killed process had begun. Of a finished one, the answers of its epochs, which
    history.parquet holds, and, where ``trainer.keep`` wants no more than what it has learnt, its checkpoints. Runs of
    a time without that key keep theirs.
    """
    checkpoints = run.path("checkpoint").parent
    for folder in (run.folder, checkpoints, run.folder / EPOCHS):
        for file in unfinished(folder):
            with suppress(OSError):
                file.unlink()
    if not run.finished:
        return
    shutil.rmtree(run.folder / EPOCHS, ignore_errors=True)
    keep = kept(run)
    if keep == "none":  # it may have been told otherwise when it was interrupted
        run.path("network").unlink(missing_ok=True)
    if keep == "none" or (keep == "network" and (run.has("network") or run.has("backbone"))):
        shutil.rmtree(checkpoints, ignore_errors=True)


def kept(run: Run) -> str | None:
    """``trainer.keep`` of a finished run; None of one that had no such key, or has not finished."""
    keep: str | None = run.facts.get("config", {}).get("trainer", {}).get("keep")
    return keep


def missed(run: Run, keep: str) -> str:
    """What a finished run has not kept of what ``trainer.keep`` asks for now, or what has gone, in words; else ''."""
    lost = [name for name in LARGE if name in run.listed and not (run.folder / name).is_file()]
    if lost:
        return f" without {' and '.join(lost)}, removed since"
    if keep == "checkpoint" and not run.has("checkpoint"):
        return f" without its checkpoint (it had trainer.keep={kept(run)})"
    if keep == "network" and not any(map(run.has, ("network", "backbone", "checkpoint"))):
        return f" without its network (it had trainer.keep={kept(run)})" if kept(run) else " without its network"
    return ""
