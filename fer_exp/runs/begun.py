"""What a run began with, in begun.json before its first epoch; and every start of it, since it may be interrupted."""

from __future__ import annotations

import glob
import json
import platform
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from typing import Any

from fer_exp import __version__
from fer_exp.commit import git_commit
from fer_exp.digests import of_text, sealed
from fer_exp.errors import RequestError
from fer_exp.progress import say
from fer_exp.runs import Run
from fer_exp.runs.claim import missed

PACKAGES = ("torch", "torchvision", "pytorch-lightning", "numpy", "pandas", "scipy", "hydra-core")
TOLD = {"contents": "what the files hold", "targets_hash": "the faces or their labels", "settings": "its settings"}
"""What stands for the numbers of a run beside the machine, and what each is called."""
WHERE = ("device", "threads", "git_commit")
"""What a start says of the machine, beside versions; numbers depend on these in their last bits."""
START_AGAIN = "remove the folder to start again, or set output to another"


def begun_with(contents: Mapping[str, str], settings: Mapping[str, object], **more: str) -> dict[str, Any]:
    """What a run begins with, as begun.json has it: contents of files by key, settings, and other keys of ``TOLD``."""
    plain: dict[str, Any] = json.loads(json.dumps({"contents": dict(contents), "settings": dict(settings), **more}))
    return plain


def check_begun(run: Run, now: Mapping[str, Any]) -> None:
    """Raise RequestError where an interrupted run, or a finished one, began with other data, labels or settings.

    Args:
        run: what it began with is in begun.json; of a run without one nothing is known.
        now: as ``begun_with``, or a part of it.
    """
    for key, words in TOLD.items():
        before, after = run.begun.get(key), now.get(key)
        if before is None or after is None or before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            names = [name for name in before if name in after and before[name] != after[name]]
            if not names:  # a key that is new has its default, which changes nothing
                continue
            words += f" ({', '.join(names)})"
        raise RequestError(f"{run.folder} began with other data: {words} changed since; {START_AGAIN}.")


def begin(run: Run, now: Mapping[str, Any], device: str, threads: int, clock: float) -> None:
    """Note a start in begun.json, and say what is another on this machine than at the start before.

    Args:
        run: held by this process; what it began with is as ``now``, as ``check_begun`` has seen.
        now: as ``begun_with``.
        device: what computes.
        threads: how many of torch's; another number adds in another order.
        clock: ``time.time()`` when the command began.

    Raises:
        RunError: it cannot be written.
    """
    start = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(clock)),
        "clock": round(clock, 1),
        "seconds": None,
        "versions": versions(),
        "git_commit": git_commit(),
        "device": device,
        "threads": threads,
    }
    starts = run.begun.get("starts", [])
    if starts:
        before = starts[-1]
        before["seconds"] = _lasted(run, before)
        if changed := changes(before, start):
            say(
                f"{run.name}: goes on with {changed}; its numbers will differ in their last digits from those of a run "
                "that was not interrupted. Go on as it began, or remove the folder, to have the same."
            )
    elif other := _of_other_data(run, now):
        differing = [
            what for what in now["contents"] if now["contents"][what] != other.begun.get("contents", {}).get(what)
        ]
        what = "data" if differing in ([], ["dataset"]) else f"files ({', '.join(differing)})"
        say(
            f"{run.name}: its {what} differ from those that {other.name} began with under the same settings, so this "
            "is another run."
        )
    known: Mapping[str, Any] = {key: run.begun[key] for key in TOLD if key in run.begun}
    if not run.begun and not run.has("checkpoint"):  # else it was begun by a version that noted nothing
        known = now
    run.write("begun", sealed({**known, "starts": [*starts, start]}))


def all_starts(run: Run) -> dict[str, Any]:
    """For run.json: every start of a run that is about to be finished, the last until now, and the seconds of all."""
    starts = run.begun["starts"]
    starts[-1]["seconds"] = round(time.time() - starts[-1]["clock"], 1)
    return {"starts": starts, "seconds": round(sum(start["seconds"] for start in starts), 1)}


def identity(run: Run) -> str | None:
    """A digest of what a run began with, by which its checkpoints are known; None where that is not known."""
    known = {key: run.begun[key] for key in TOLD if key in run.begun}
    return of_text(json.dumps(known, sort_keys=True)) if known else None


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What two starts differ in, in words; '' where in nothing.

    >>> changes({"versions": {"torch": "2.8"}, "threads": 2}, {"versions": {"torch": "2.9"}, "threads": 1})
    'torch 2.9 (was 2.8), threads 1 (was 2)'
    """
    pairs = {name: (before.get("versions", {}).get(name), new) for name, new in now.get("versions", {}).items()}
    pairs |= {name: (before[name], now[name]) for name in WHERE if name in before and name in now}
    names = {"git_commit": "commit"}
    told = [f"{names.get(name, name)} {new} (was {old})" for name, (old, new) in pairs.items() if old != new]
    return ", ".join(told)


def left_alone(run: Run, now: Mapping[str, Any], keep: str) -> str:
    """What there is to say of a finished run that is asked for again, as the middle of a sentence; often ''.

    Args:
        run: all its files are looked at.
        now: as ``begun_with``, or a part of it.
        keep: ``trainer.keep`` now.

    Raises:
        RequestError: a file is not what it wrote, or it was of other data.
    """
    run.check()
    check_begun(run, now)
    before: dict[str, Any] = {key: run.facts[key] for key in ("versions", "git_commit") if key in run.facts}
    changed = changes(before, {"versions": versions(), "git_commit": git_commit()}) if before else ""
    return missed(run, keep) + (f"; since then changed: {changed}" if changed else "")


def _of_other_data(run: Run, now: Mapping[str, Any]) -> Run | None:
    """A run beside this one, of the same settings and other contents, None where there is none."""
    for folder in sorted(run.folder.parent.glob(f"{glob.escape(run.name.rpartition('-')[0])}-*")):
        other = Run(folder)
        with suppress(RequestError):
            if other.name != run.name and other.has("begun") and other.begun.get("settings") == now["settings"]:
                return other
    return None


def _lasted(run: Run, start: Mapping[str, Any]) -> float:
    """Seconds that an interrupted start is known to have worked: until it last wrote its history."""
    if start["seconds"] is not None:
        return float(start["seconds"])
    path = run.path("by_epoch")
    return max(0.0, round(path.stat().st_mtime - start["clock"], 1)) if path.is_file() else 0.0


def versions() -> dict[str, str]:
    """The versions of Python, of fer-exp, installed or not, and of the packages that numbers come from."""
    ours = {"python": platform.python_version(), "fer-exp": __version__}
    return ours | {name: version(name) for name in PACKAGES}
