"""A sweep's jobs leave records, because a launcher may run them elsewhere; the table at the end is made of those."""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback

from fer_exp.cli.next_steps import after_sweep, next_step
from fer_exp.config import Config, TrainConfig
from fer_exp.errors import RequestError, RunError
from fer_exp.files import missing, remove_empty, write_json
from fer_exp.progress import is_main_process, progress
from fer_exp.runs import Run
from fer_exp.runs.naming import find_runs

_FOLDERS: list[tuple[Path, list[Path]]] = []
"""Where the records of each sweep lie, and what has to be made for them."""


class SweepFolder(Callback):
    """Hydra's callback that tells this process where the records lie, once ``output`` is known."""

    def on_multirun_start(self, config: Any, **kwargs: Any) -> None:
        """Remembers the folder."""
        folder = Path(config.hydra.sweep.dir)
        _FOLDERS.append((folder, missing(folder)))


def record(
    folder: Path, number: int, overrides: list[str], make: Callable[[], Config], job: Callable[[Config], Path | None]
) -> None:
    """Run one job of a sweep and leave a record of how it ended; a failure does not stop the others.

    Args:
        folder: where the records lie.
        number: the job's number in its sweep.
        overrides: of the job, ``key=value``.
        make: returns its config, or raises where that is refused.
        job: runs it and returns what it left, or None. The traceback of a training that failed is written into its run
            folder.
    """
    # What submitit's jobs say goes to a file.
    heard = "SUBMITIT_EXECUTOR" not in os.environ
    ended: dict[str, Any] = {"overrides": overrides, "folder": None, "next": "", "error": None, "heard": heard}
    log = None
    try:
        config = make()
        if isinstance(config, TrainConfig):
            log = find_runs([config])[0].path("failed")
            log.unlink(missing_ok=True)
        place = job(config)
        ended["folder"] = str(place) if place is not None and isinstance(config, TrainConfig) else None
        ended["next"] = next_step(config, place)
    except Exception as error:
        known = isinstance(error, RequestError | RunError)
        ended["error"] = str(error) if known else f"{type(error).__name__}: {error}"
        if log is not None:
            with suppress(OSError):
                log.parent.mkdir(parents=True, exist_ok=True)
                log.write_text(traceback.format_exc(), encoding="utf-8")
                ended["error"] += f" Log: {log}"
        _say(ended)
    if is_main_process():  # the others of a DDP run end with nothing to show
        write_json(folder / f"{number}.json", ended)


def show_sweep(ended: bool = True, guided: bool = False) -> int:
    """Print what failed unheard, one table over all jobs, then one run folder a line, at last what people do next.

    Args:
        ended: whether every job has ended; else the records stay, for those that have not.
        guided: whether to say what people do next; nobody asks where a job failed.

    Returns:
        1 where a job failed, else 0.
    """
    if not _FOLDERS:  # --cfg
        return 0
    folder, fresh = _FOLDERS[-1]
    files = sorted(folder.glob("[0-9]*.json"), key=lambda path: int(path.stem))
    jobs = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    for job in jobs:
        if job["error"] and not job["heard"]:
            _say(job)
    if any(job["folder"] or job["error"] for job in jobs):
        _show(jobs)
    if ended:
        shutil.rmtree(folder, ignore_errors=True)
        sweeps = [folder.parent] if folder.parent.name == ".sweep" else []
        remove_empty([*sweeps, *fresh])  # unless another sweep has its own there
    if any(job["error"] for job in jobs):
        return 1
    folders = [Path(job["folder"]) for job in jobs if job["folder"]]
    if guided and (step := after_sweep(folders, [job["next"] for job in jobs])):
        progress(f"next: {step}")
    return 0


def _say(job: dict[str, Any]) -> None:
    print(f"fer-exp: {' '.join(job['overrides'])}: {job['error']}", file=sys.stderr, flush=True)


def _show(jobs: list[dict[str, Any]]) -> None:
    from fer_exp.report.outcome import Outcome, show
    from fer_exp.report.tables import runs_table

    words = [dict(word.lstrip("+").split("=", 1) for word in job["overrides"] if "=" in word) for job in jobs]
    keys = list(dict.fromkeys(key for overrides in words for key in overrides))
    swept = [key for key in keys if len({overrides.get(key) for overrides in words}) > 1] or keys
    labels = [{key: overrides.get(key, "") for key in swept} for overrides in words]
    if any(job["error"] for job in jobs):
        labels = [{**row, "state": "failed" if job["error"] else "done"} for row, job in zip(labels, jobs, strict=True)]
    metrics = [Run(Path(job["folder"])).metrics if job["folder"] else {} for job in jobs]
    show(Outcome(screen=[runs_table(list(zip(labels, metrics, strict=True)))]))
    for job in jobs:
        if job["folder"]:
            print(job["folder"])
