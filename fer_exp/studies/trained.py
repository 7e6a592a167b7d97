"""The trainings of a table: where each lies, how it ended, what it left, and what they all come from."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from fer_exp.config import TrainConfig
from fer_exp.digests import of_text
from fer_exp.judging.applicable import arrays
from fer_exp.judging.epochs import accuracies, point_values
from fer_exp.runs import Run, runs_in
from fer_exp.runs.begun import versions
from fer_exp.studies.presets import Preset

DONE, BROKEN, MISSING = "done", "failed", "not run"

Asked = Mapping[str, pd.DataFrame]
"""What a study asks of its corpus beside the runs, tables by name."""


@dataclass(frozen=True)
class Trained:
    """One training of a table.

    Attributes:
        words: key -> value that sets it apart: the axes of its grid, and what all share.
        config: the whole config.
        run: where it lies or would lie, and what it left.
    """

    words: dict[str, str]
    config: TrainConfig
    run: Run

    @property
    def state(self) -> str:
        """``DONE``, ``BROKEN`` (a failed.log lies there) or ``MISSING``."""
        if self.run.finished:
            return DONE
        return BROKEN if self.run.has("failed") else MISSING

    @property
    def log(self) -> Path:
        """Where a failure is written down."""
        return self.run.path("failed")

    def value(self, metric: str) -> float | None:
        """A metric of the test split, None where the run has none."""
        if not self.run.wrote("metrics"):
            return self._computed.get(metric)
        value: float | None = self.run.metrics["test"].get(metric, {}).get("value")
        return value

    @cached_property
    def _computed(self) -> dict[str, float]:
        return computed(self.run)


def computed(run: Run) -> dict[str, float]:
    """What metrics.json would say of the test split of an archived run that has none; undefined ones are left out."""
    values: dict[str, float] = {}
    if run.wrote("predictions"):
        table = run.predictions
        values = point_values(arrays(table[table["split"] == "test"]))
    history = pd.DataFrame() if run.history is None else run.history
    return {name: value for name, value in values.items() if value == value} | accuracies(history)


def by(trained: Iterable[Trained], key: Callable[[Trained], Hashable]) -> dict[Any, list[Trained]]:
    """Trainings that share a key, in the order in which the keys first occur."""
    groups: dict[Any, list[Trained]] = {}
    for training in trained:
        groups.setdefault(key(training), []).append(training)
    return groups


def done(group: Iterable[Trained]) -> list[Trained]:
    """Those that are finished."""
    return [training for training in group if training.state == DONE]


def per_seed(group: Iterable[Trained], metric: str) -> dict[int, float]:
    """Seed -> a metric of the finished runs that have it."""
    values = {training.config.seed: training.value(metric) for training in done(group)}
    return {seed: value for seed, value in values.items() if value is not None}


def troubles(group: Iterable[Trained]) -> str:
    """What is missing of a group, in a cell; '' where all are finished.

    Returns:
        ``failed: runs/NAME/failed.log`` with how many more, or ``not run``, of those that are.
    """
    group = list(group)
    failed = [training for training in group if training.state == BROKEN]
    words = [f"failed: {failed[0].log}" + (f" and {len(failed) - 1} more" if len(failed) > 1 else "")] if failed else []
    if missing := sum(training.state == MISSING for training in group):
        words.append(f"not run: {missing}")
    return ", ".join(words)


def others(output: Path, own: Iterable[Run]) -> list[str]:
    """Names of the run folders that do not belong to the table, because they have another config."""
    ours = {run.name for run in own}
    return [run.name for run in runs_in(output) if run.name not in ours]


def provenance(
    preset: Preset, trained: list[Trained], left_out: list[str], command: list[str], place: Path
) -> dict[str, Any]:
    """Where the numbers come from; run folders that lie below ``place``, that of the tables, as they lie there."""

    def folder(one: Trained) -> str:
        return (
            one.run.folder.relative_to(place).as_posix()
            if one.run.folder.is_relative_to(place)
            else str(one.run.folder)
        )

    runs = [training.run.facts for training in trained if training.state == DONE]
    names = sorted(training.run.name for training in trained)  # each ends with a hash of its config
    return {
        "study": preset.study,
        "scale": preset.scale,
        "corpus": preset.corpus,
        "command": command,
        "config_hash": of_text("\n".join(names))[:16],
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": versions(),
        "trained_with": _different(run["versions"] for run in runs),
        "commits": _different(run["git_commit"] for run in runs),
        "devices": _different(run["device"] for run in runs),
        "data": _different(run["data_hash"] for run in runs),
        "training_seconds": round(sum(run["seconds"] for run in runs), 1),
        "runs": {state: [folder(one) for one in trained if one.state == state] for state in (DONE, MISSING)},
        "failed": {folder(one): str(one.log) for one in trained if one.state == BROKEN},
        "left_out": left_out,
        "start": list(preset.start),
    }


def _different(values: Iterable[Any]) -> list[Any]:
    """Each value once; they need not be hashable."""
    seen: list[Any] = []
    for value in values:
        if value not in seen:
            seen.append(value)
    return seen
