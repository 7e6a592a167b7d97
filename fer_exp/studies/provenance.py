"""Where the numbers of a table come from: what was trained, by what, on what, and what was left out."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fer_exp.runs import runs_in, versions
from fer_exp.studies.presets import Preset
from fer_exp.studies.trained import BROKEN, DONE, MISSING, Trained


def others(output: Path, trained: list[Trained]) -> list[str]:
    """Names of the run folders that do not belong to the table, because they have another config."""
    own = {each.run.name for each in trained}
    return [run.name for run in runs_in(output) if run.name not in own]


def provenance(preset: Preset, trained: list[Trained], left_out: list[str], command: list[str]) -> dict[str, Any]:
    """Where the numbers come from."""
    runs = [each.run.facts for each in trained if each.state == DONE]
    names = sorted(each.run.name for each in trained)  # each ends with a hash of its config
    return {
        "study": preset.study,
        "scale": preset.scale,
        "corpus": preset.corpus,
        "command": command,
        "config_hash": hashlib.sha256("\n".join(names).encode()).hexdigest()[:16],
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": versions(),
        "trained_with": _different(run["versions"] for run in runs),
        "commits": _different(run["git_commit"] for run in runs),
        "devices": _different(run["device"] for run in runs),
        "data": _different(run["data_hash"] for run in runs),
        "training_seconds": round(sum(run["seconds"] for run in runs), 1),
        "runs": {state: [str(each.run.folder) for each in trained if each.state == state] for state in (DONE, MISSING)},
        "failed": {str(each.run.folder): str(each.log) for each in trained if each.state == BROKEN},
        "left_out": left_out,
    }


def _different(values: Iterable[Any]) -> list[Any]:
    """Each value once; they need not be hashable."""
    seen: list[Any] = []
    for value in values:
        if value not in seen:
            seen.append(value)
    return seen
