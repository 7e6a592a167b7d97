"""People's answers: who answered what (``Answers``), or how many did (``Votes``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.face_names import finder
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.sums import cross

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Votes:
    """Counts of answers per task, with the workers forgotten.

    Attributes:
        tasks: T names.
        classes: K names.
        counts: shape (T, K).
        subset: None, or the subset of each task, shape (T,).
        counted: what reading left out or changed: words -> how many.
    """

    tasks: NDArray[np.object_]
    classes: tuple[str, ...]
    counts: FloatArray
    subset: NDArray[np.object_] | None = None
    counted: Mapping[str, int] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """What reading left out or changed, in sentences."""
        return _sentences(self.counted)

    def of_tasks(self, tasks: NDArray[np.bool_]) -> Votes:
        """Some of the tasks, (T,) bool."""
        subset = None if self.subset is None else self.subset[tasks]
        return replace(self, tasks=self.tasks[tasks], counts=self.counts[tasks], subset=subset)

    def of_classes(self, always: Collection[str]) -> Votes:
        """Without classes that nobody chose, but those that always stay."""
        kept = [k for k, name in enumerate(self.classes) if name in always or self.counts[:, k].any()]
        return replace(self, classes=tuple(self.classes[k] for k in kept), counts=self.counts[:, kept])


class Repeats(NamedTuple):
    """Pairs of rows in which a worker answered a task again, (R,); first and last label, and ratings, (R, 2)."""

    task: Codes
    label: NDArray[np.int32]
    rated: dict[str, FloatArray]
    worker: Codes

    def of(self, chosen: NDArray[np.bool_]) -> Repeats:
        """Some of the pairs, (R,) bool."""
        rated = {name: values[chosen] for name, values in self.rated.items()}
        return Repeats(self.task[chosen], self.label[chosen], rated, self.worker[chosen])


class Scale(NamedTuple):
    """From what to what a scale runs in the table that was read, and how that is known: given, header or guessed."""

    low: float
    high: float
    how: str


@dataclass(frozen=True)
class Answers:
    """Answers of W workers to T tasks, one row an answer, at most one for a worker and task.

    Attributes:
        tasks: T names, sorted.
        workers: W names, sorted.
        classes: K names; none where there are ratings only.
        task: code of each answer's task, shape (n,).
        worker: code of each answer's worker, shape (n,).
        label: code of each answer's class, shape (n,); -1 where a row has ratings only.
        rated: scale -> ratings, shape (n,), nan where not rated; valence and arousal -1..1, others in their own units.
        scales: scale -> from what to what it ran in the table.
        seconds: time taken, shape (n,), or None.
        subset: None, or the subset of each task, shape (T,).
        repeats: what workers said when they met a task twice: first and last answer, shape (R, 2) each.
        counted: what reading left out or changed: words -> how many.
    """

    tasks: NDArray[np.object_]
    workers: NDArray[np.object_]
    classes: tuple[str, ...]
    task: Codes
    worker: Codes
    label: Codes
    rated: Mapping[str, FloatArray] = field(default_factory=dict)
    scales: Mapping[str, Scale] = field(default_factory=dict)
    seconds: FloatArray | None = None
    subset: NDArray[np.object_] | None = None
    repeats: Repeats | None = None
    counted: Mapping[str, int] = field(default_factory=dict)

    def counts(self) -> FloatArray:
        """Votes per task and class, shape (T, K)."""
        named = self.label >= 0
        return cross(self.task[named], self.label[named], (len(self.tasks), len(self.classes)))

    def votes(self) -> Votes:
        """The same without workers."""
        return Votes(self.tasks, self.classes, self.counts(), self.subset, self.counted)

    @property
    def notes(self) -> tuple[str, ...]:
        """What reading left out or changed, in sentences."""
        return _sentences(self.counted)

    def ratings(self, side: str) -> FloatArray | None:
        """The ratings on a scale, (n,), None where the table has none."""
        return self.rated.get(side)

    @property
    def said_twice(self) -> tuple[Codes, NDArray[np.bool_]] | None:
        """Who met a task again and named a class both times, and whether the same one, (R,) each; None of nobody."""
        if self.repeats is None:
            return None
        known = (self.repeats.label >= 0).all(axis=1)
        label = self.repeats.label[known]
        return self.repeats.worker[known], label[:, 0] == label[:, 1]

    def select(self, rows: NDArray[np.bool_]) -> Answers:
        """Some of the answers, (n,) bool; tasks, workers and classes keep their codes."""
        seconds = None if self.seconds is None else self.seconds[rows]
        rated = {name: values[rows] for name, values in self.rated.items()}
        task, worker, label = self.task[rows], self.worker[rows], self.label[rows]
        return replace(self, task=task, worker=worker, label=label, rated=rated, seconds=seconds)

    def of_tasks(self, tasks: NDArray[np.bool_]) -> Answers:
        """The answers to some tasks, (T,) bool, with the tasks renumbered."""
        number = np.cumsum(tasks, dtype=np.int32) - 1
        chosen, repeats = self.select(tasks[self.task]), self.repeats
        if repeats is not None:
            repeats = repeats.of(tasks[repeats.task])
            repeats = repeats._replace(task=number[repeats.task])
        subset = None if self.subset is None else self.subset[tasks]
        return replace(chosen, task=number[chosen.task], tasks=self.tasks[tasks], subset=subset, repeats=repeats)


def _sentences(counted: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(f"{number:,} {words}" for words, number in counted.items())


def known_tasks(answers: Answers | Votes, tasks: NDArray[np.object_], codes: Codes) -> tuple[Codes, int]:
    """Labels in the order of the answers' tasks, and how many of the labelled tasks nobody answered.

    A task is called by its name or, as ``face_names.finder`` knows it, by its picture's file.

    Returns:
        Codes, shape (T,), -1 where a task has no label; and a count.
    """
    place = {name: number for number, name in enumerate(answers.tasks)}
    rows = np.array([place.get(name, -1) for name in tasks], dtype=np.int64)
    if (rows < 0).any():
        find = finder(map(str, answers.tasks))
        rows = np.array([place.get(name, place.get(find(str(name)), -1)) for name in tasks], dtype=np.int64)
    labels = np.full(len(answers.tasks), -1, np.int32)
    labels[rows[rows >= 0]] = codes[rows >= 0]
    return labels, int((rows < 0).sum())
