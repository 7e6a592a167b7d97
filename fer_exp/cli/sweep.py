"""A sweep's jobs leave records, because a launcher may run them elsewhere; the table at the end is made of those."""

from __future__ import annotations

import itertools
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback

from fer_exp.cli.machine import described, plain_json, way_out
from fer_exp.cli.next_steps import compare_line, next_step, say_next
from fer_exp.cli.stopped import words_of_system
from fer_exp.config import Config, TrainConfig
from fer_exp.errors import RequestError, RunError
from fer_exp.files import writable, write_json
from fer_exp.progress import is_main_process, noted_lines
from fer_exp.runs import Run
from fer_exp.runs.claim import keep_traceback
from fer_exp.runs.naming import find_runs
from fer_exp.runs.sweeps import SWEEPS, Records, submitted
from fer_exp.system import visible

_BEGUN: list[Records] = []
"""Where the records lie of each sweep that has not been shown."""


class SweepFolder(Callback):
    """Hydra's callback that tells this process where the records lie, once ``output`` is known."""

    def on_multirun_start(self, config: Any, **kwargs: Any) -> None:
        """Holds the folder."""
        _BEGUN.append(Records(Path(config.hydra.sweep.dir)))


def begun() -> int:
    """How many sweeps have begun that have not been shown: the jobs of one may start another."""
    return len(_BEGUN)


def check_folder() -> None:
    """Raise RunError where no job left a record because the folder cannot be written: no launcher is to blame."""
    folder, recorded = _BEGUN[-1].folder, False
    with suppress(OSError):
        recorded = any(folder.glob("[0-9]*.json"))
    if not recorded:
        try:
            writable(folder.parent.parent if folder.parent.name == SWEEPS else folder)
        except RunError:
            forget()
            raise


def forget() -> None:
    """Remove the records of a sweep that ended before it could be shown, unless a scheduler may start its jobs yet."""
    while _BEGUN:
        records = _BEGUN.pop()
        records.close(keep=submitted(records.folder))


def asked_jobs(overrides: Sequence[str]) -> list[list[str]]:
    """The words of each job of a sweep, by its number; none where Hydra's own sweeper does not make them."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    if any(word.startswith("hydra/sweeper=") for word in overrides):
        return []
    axes: dict[str, list[str]] = {}
    try:
        for each in OverridesParser.create().parse_overrides([word for word in overrides if "hydra" not in word]):
            key = each.get_key_element()
            values = each.sweep_string_iterator() if each.is_sweep_override() else [each.get_value_element_as_str()]
            axes[key] = [f"{key}={value}" for value in values]
    except (HydraException, ValueError, AttributeError):  # what it alone can say, as glob(*)
        return []
    return [list(job) for job in itertools.product(*axes.values())]


def record(
    folder: Path,
    number: int,
    overrides: list[str],
    make: Callable[[], Config],
    job: Callable[[Config], Path | None],
    as_json: bool = False,
) -> None:
    """Run one job of a sweep and leave a record of how it ended; a failure does not stop the others.

    Args:
        folder: where the records lie.
        number: the job's number in its sweep.
        overrides: of the job, ``key=value``.
        make: returns its config, or raises where that is refused.
        job: runs it and returns what it left, or None. The traceback of a training that failed is written into its run
            folder, unless another process is at work there.
        as_json: keep what it says in the record, too, in place of showing it.
    """
    # What submitit's jobs say goes to a file.
    heard = "SUBMITIT_EXECUTOR" not in os.environ
    ended: dict[str, Any] = {"overrides": overrides, "folder": None, "next": "", "error": None, "heard": heard}
    run = None
    try:
        config = make()
        if isinstance(config, TrainConfig):
            run = find_runs([config])[0]
        place = _run(config, job, ended) if as_json else job(config)
        ended["folder"] = str(place) if place is not None and isinstance(config, TrainConfig) else None
        ended["next"] = next_step(config, place)
    except Exception as error:
        ended["error"] = why(error)
        ended["code"] = 1 + isinstance(error, RequestError)
        if run is not None and (log := keep_traceback(run, traceback.format_exc())):
            ended["error"] += f" Log: {log}"
        _say(ended)
    if is_main_process():  # the others of a DDP run end with nothing to show
        write_json(folder / f"{number}.json", plain_json(ended))


def why(error: Exception) -> str:
    """What a job or a launcher failed by: our sentence, what a system said, else the name of the error before it."""
    if isinstance(error, RequestError | RunError):
        return str(error)
    if said := words_of_system(error):
        return f"{said.strip().partition(chr(10))[0]}."
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def _run(config: Config, job: Callable[[Config], Path | None], ended: dict[str, Any]) -> Path | None:
    """A job, of which is recorded what it was told and said."""
    from fer_exp.commands.train import show
    from fer_exp.report.outcome import kept

    with kept() as outcomes, noted_lines() as lines:
        try:
            place = job(config)
            if isinstance(config, TrainConfig) and place is not None:
                show(place)
        finally:
            ended["said"] = described(config, outcomes, lines)
    return place


def show_sweep(
    asked: Sequence[Sequence[str]],
    *,
    of_trainings: bool,
    lost: str = "",
    guided: bool = False,
    answer: dict[str, Any] | None = None,
) -> int:
    """Print what failed unheard, one table over all trainings, one run folder a line, at last what people do next.

    Args:
        asked: the words of each job, by its number, where they are known.
        of_trainings: whether the jobs are trainings, which have the table; each of another command has shown its own.
        lost: why the launcher lost jobs; the records stay, for those that have not ended.
        guided: whether to say what people do next; nobody asks where a job failed.
        answer: what ``--json`` prints, to be filled; None where it is not asked for.

    Returns:
        1 where a job failed or was lost, else 0.
    """
    if not begun():  # --cfg
        return 0
    records = _BEGUN.pop()
    jobs = _jobs_of(records.folder, asked)
    for job in jobs:
        if job["error"] and not job["heard"]:
            _say(job)
    step = _shown(jobs, answer) if of_trainings and any(job["folder"] or job["error"] for job in jobs) else ""
    records.close(keep=bool(lost))
    wrong = _wrong(jobs, lost)
    if answer is not None:
        answer["jobs"] = [_as_object(job) for job in jobs]
        answer |= {"error": wrong, "hint": way_out(wrong.partition(" Log: ")[0])} if wrong else {}
    if wrong:
        if lost or not of_trainings or not any(job["error"] for job in jobs):  # what failed has said so
            print(visible(f"fer-exp: {wrong}"), file=sys.stderr)
        return 1
    if guided and (step := step or next((job["next"] for job in reversed(jobs) if job["next"]), "")):
        say_next(step, answer)
    return 0


def _jobs_of(folder: Path, asked: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """The records of a sweep's jobs by their numbers; of one that was asked for and left none, that it is silent."""
    ended = {int(path.stem): json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("[0-9]*.json")}
    unknown = {"folder": None, "error": None, "next": "", "heard": True, "silent": True}
    silent = {number: {**unknown, "overrides": list(words)} for number, words in enumerate(asked)}
    return [job for _, job in sorted((silent | ended).items())]


def _wrong(jobs: Sequence[dict[str, Any]], lost: str) -> str:
    """One sentence on what went wrong in a sweep, '' where nothing did."""
    if lost:
        return (
            f"the launcher lost a job ({lost}). The same command runs what is missing; jobs that still run go on to "
            "their end."
        )
    if failed := [job for job in jobs if job["error"]]:
        return f"{len(failed)} of {len(jobs)} jobs failed; the first: {failed[0]['error']}"
    silent = sum("silent" in job for job in jobs)
    return f"{silent} of {len(jobs)} jobs did not run; the same command runs them." if silent else ""


def _as_object(job: dict[str, Any]) -> dict[str, Any]:
    """A job as ``--json`` lists it."""
    error = "Its launcher has no word of it; the same command runs it." if "silent" in job else job["error"]
    head = {"overrides": job["overrides"], "exit_code": job.get("code", int(bool(error))), "error": error}
    return {**head, "hint": way_out((error or "").partition(" Log: ")[0]), **job.get("said", {})}


def _say(job: dict[str, Any]) -> None:
    print(visible(f"fer-exp: {' '.join(job['overrides'])}: {job['error']}"), file=sys.stderr, flush=True)


def _shown(jobs: Sequence[dict[str, Any]], answer: dict[str, Any] | None) -> str:
    """Show the table of all trainings, or give its rows as ``results``; what to do next where that is to compare."""
    from fer_exp.report.outcome import finish, kept
    from fer_exp.report.sweep import Job, comparable, rows_of, summary

    rows = rows_of([Job(_words(job), _run_of(job), job["error"] or "") for job in jobs])
    outcome = summary(rows)
    outcome.left = list(dict.fromkeys(Path(job["folder"]) for job in jobs if job["folder"]))
    step = ""
    if len(outcome.left) > 1:
        needed, reason = comparable([run for row in rows for run in row.runs if run.wrote("predictions")])
        outcome.notes += [f"fer-exp compare does not take these runs together: {reason}"] if reason else []
        step = "" if reason else compare_line([[run.folder for run in row.runs] for row in rows], needed)
    if answer is None:
        finish(outcome)
    else:
        with kept() as outcomes:
            finish(outcome)
        files = [str(path) for path in outcomes[0].files]
        answer |= {"results": outcome.content, "files": files, "notes": outcome.notes}
    return step


def _words(job: dict[str, Any]) -> dict[str, str]:
    return dict(word.lstrip("+").split("=", 1) for word in job["overrides"] if "=" in word)


def _run_of(job: dict[str, Any]) -> Run | None:
    return Run(Path(job["folder"])) if job["folder"] else None
