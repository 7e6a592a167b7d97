"""A run folder held by one process, and rid of what a process that was killed has left in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from fer_exp.errors import RequestError, RunError
from fer_exp.files import locked, made, unfinished, writable, write_text
from fer_exp.progress import is_main_process, say
from fer_exp.regular import kind_of
from fer_exp.runs import EPOCHS, FILES, Run, runs_in
from fer_exp.runs.contract import LARGE
from fer_exp.troubles import in_words

LOCK = ".lock"
"""In a run folder, what the process at work on the run holds."""


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make a run folder and keep other commands out of it; the kernel lets go of it however the process ends.

    What a killed process left is swept, unless the file system has no locks. Where the run is refused before it has
    learnt anything, its folder goes again. A finished run that may not be written is let be: it is there to be read.

    Raises:
        RequestError: something else lies where the run or one of its files belongs.
        RunError: another process is at work on the same run, or the folder cannot be made.
    """
    run = Run(folder)
    if not is_main_process():  # its parent holds the claim
        yield
        return
    _check_kinds(run)
    if run.finished and not _may_be_written(folder):
        yield
        return
    fresh = not folder.exists()
    with made(folder):
        try:
            with ExitStack() as held:
                if _hold(folder, held):
                    sweep(run)
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


def _hold(folder: Path, held: ExitStack) -> bool:
    """Take the lock of a run folder; whether there are locks. RunError where it is held, or cannot be taken."""

    def busy() -> None:
        raise RunError(f"{folder}: another process is at work on this run; wait for it or stop it.")

    try:
        return held.enter_context(locked(folder / LOCK, busy))
    except OSError as error:
        way_out = "set output to a folder of yours"
        raise RunError(f"{folder / LOCK} cannot be written: {in_words(error)}; {way_out}.") from error


def _check_kinds(run: Run) -> None:
    """Raise RequestError where a folder lies where a file of a run belongs, or a file where it has a folder."""
    folders = (run.folder, run.path("checkpoint").parent, run.folder / EPOCHS)
    for path in (*folders, *map(run.path, FILES)):
        right = path.is_dir() if path in folders else path.is_file()
        if os.path.lexists(path) and not right:
            wanted = "a folder" if path in folders else "a file"
            raise RequestError(
                f"{path} is {kind_of(path) or 'a file'}, where {wanted} of the run belongs; remove it, or set output "
                "to another folder."
            )


def _may_be_written(folder: Path) -> bool:
    """Whether this process may write into a run folder, and hold it."""
    try:
        writable(folder)
        with (folder / LOCK).open("ab"):
            return True
    except (OSError, RunError):
        return False


def output_for(runs: Path) -> Path:
    """The folder of runs that a training is to write into, before it computes anything.

    Raises:
        RunError: it cannot be written; but where runs lie in it, the one that is asked for may be finished.
    """
    return runs if runs_in(runs) else writable(runs)


@contextmanager
def undisturbed(folder: Path) -> Iterator[bool]:
    """Keep trainings out of a run folder while a file in it is replaced; False where one is at work there.

    Where nothing can be held, nothing is: no training has ever begun there, or the folder may not be written.
    """
    with ExitStack() as held:
        alone = True
        try:
            if (folder / LOCK).is_file():
                held.enter_context(locked(folder / LOCK))
        except BlockingIOError:
            alone = False
        except OSError:
            pass  # whoever writes says why that cannot be
        yield alone


def keep_traceback(run: Run, text: str) -> Path | None:
    """Leave the traceback of a failed try in its run folder, where that is no finished run and nobody is at work there.

    Returns:
        Where it lies, None where it could not be left.
    """
    with suppress(OSError, RequestError, RunError):
        _check_kinds(run)
        run.folder.mkdir(parents=True, exist_ok=True)
        with locked(run.folder / LOCK):
            if not run.finished:
                write_text(run.path("failed"), text)
                return run.path("failed")
    return None


def sweep(run: Run) -> None:
    """Remove what a run does not need any more; what cannot be removed stays, and is tried again at the next start.

    Of any run these are files that a killed process had begun, and the traceback of the try before. Of a finished one,
    the answers of its epochs, which history.parquet holds, and, where ``trainer.keep`` wants no more than what it has
    learnt, its checkpoints. Runs of a time without that key keep theirs.
    """
    checkpoints = run.path("checkpoint").parent
    for folder in (run.folder, checkpoints, run.folder / EPOCHS):
        for file in unfinished(folder):
            with suppress(OSError):
                file.unlink()
    with suppress(OSError):
        run.path("failed").unlink(missing_ok=True)
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
