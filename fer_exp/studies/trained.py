"""The trainings of a table: where each lies, how it ended, what it left."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_exp.config import TrainConfig
from fer_exp.runs import Run

DONE, BROKEN, MISSING = "done", "failed", "not run"


@dataclass(frozen=True)
class Trained:
    """One training of a table.

    Attributes:
        words: key -> value that sets it apart: the axes of its grid, and what all were told.
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
        found: float | None = self.run.metrics["test"].get(metric, {}).get("value")
        return found


def by(trained: Iterable[Trained], key: Callable[[Trained], Hashable]) -> dict[Any, list[Trained]]:
    """Trainings that share a key, in the order in which the keys first occur."""
    found: dict[Any, list[Trained]] = {}
    for each in trained:
        found.setdefault(key(each), []).append(each)
    return found


def done(group: Iterable[Trained]) -> list[Trained]:
    """Those that are finished."""
    return [each for each in group if each.state == DONE]


def per_seed(group: Iterable[Trained], metric: str) -> dict[int, float]:
    """Seed -> a metric of the finished runs that have it."""
    values = {each.config.seed: each.value(metric) for each in done(group)}
    return {seed: value for seed, value in values.items() if value is not None}


def troubles(group: Iterable[Trained]) -> str:
    """What is missing of a group, in a cell; '' where all are finished.

    Returns:
        ``failed: runs/NAME/failed.log`` with how many more, or ``not run``, of those that are.
    """
    group = list(group)
    failed = [each for each in group if each.state == BROKEN]
    missing = sum(each.state == MISSING for each in group)
    said = []
    if failed:
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        said.append(f"failed: {failed[0].log}{more}")
    if missing:
        said.append(f"not run: {missing}")
    return ", ".join(said)
