"""How often intervals of groups hold the truth, and how often equal groups are told apart at .05: by simulation.

Tables of scripts/coverage.py: groups of raters as agreement by= has them, groups of faces as evaluate by= has them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.grouping import Grouping
from fer_exp.judging import gaps
from fer_exp.judging.applicable import Judged
from fer_exp.raters.groups import compared
from fer_exp.stats.bootstrap import FloatArray

CLASSES = 7
NAMES = tuple(f"class {k}" for k in range(CLASSES))


class Asked(NamedTuple):
    """Two groups of raters: how many in each, how many faces, the share of these that the second answers.

    ``habit`` is the share of answers that come from a rater's own habit, ``apart`` that of the second group which come
    from its own view of the face.
    """

    faces: int
    one: int
    other: int
    answered: float
    habit: float
    apart: float


RATERS = (
    Asked(60, 5, 5, 1.0, 0.2, 0.0), Asked(60, 10, 10, 1.0, 0.3, 0.0), Asked(60, 4, 16, 1.0, 0.3, 0.0),
    Asked(60, 15, 15, 0.3, 0.3, 0.0), Asked(60, 15, 5, 0.4, 0.3, 0.0), Asked(200, 10, 10, 0.2, 0.3, 0.0),
    Asked(200, 10, 10, 1.0, 0.6, 0.0), Asked(60, 5, 5, 1.0, 0.2, 0.4), Asked(60, 10, 10, 1.0, 0.3, 0.4),
    Asked(60, 20, 20, 0.5, 0.3, 0.3), Asked(200, 10, 10, 1.0, 0.5, 0.2), Asked(584, 13, 14, 0.3, 0.3, 0.1),
)  # fmt: skip
"""The last is like face4, 584 faces of 27 workers."""


def raters(repeats: int) -> None:
    """Raters with habits of their own; the distance is 0 where groups are not apart."""
    print("| faces | raters | second answers | habit | apart | p of distance < .05 | of cohesion | of a class | "
          "interval over faces holds | over faces and raters |")  # fmt: skip
    print("|" + " --- |" * 10)
    for asked in RATERS:
        generator = np.random.default_rng([asked.faces, asked.one, asked.other, int(10 * asked.apart)])
        true, positive, held = distance(asked), np.zeros(3), np.zeros(2)
        for seed in range(repeats):
            task, worker, label, groups = answers(generator, asked)
            row = compared(np.eye(CLASSES)[label], task, worker, groups, permutations=199, seed=seed)[0]
            shifts = np.mean([shift["p"] < 0.05 for shift in row["shift"]])
            positive += [row["p"] < 0.05, row["p_cohesion"] < 0.05, shifts]
            held += [inside(row["low"], row["high"], true), inside(row["low_raters"], row["high_raters"], true)]
        cells = [f"{share:.3f}" for share in positive / repeats] + [f"{share:.2f}" for share in held / repeats]
        words = f"{asked.faces} | {asked.one}, {asked.other} | {asked.answered:g} | {asked.habit:g} | {asked.apart:g}"
        print(f"| {words} | {' | '.join(cells)} |", flush=True)


def answers(
    generator: np.random.Generator, asked: Asked
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], Grouping]:
    """Task, worker and label of each answer, and the groups of the workers."""
    truth, view = (generator.dirichlet(np.full(CLASSES, 0.4), asked.faces) for _ in range(2))
    codes = np.repeat([0, 1], [asked.one, asked.other])
    parts = []
    for number, second in enumerate(codes):
        p = (1 - asked.habit) * truth + asked.habit * generator.dirichlet(np.ones(CLASSES))
        p = (1 - asked.apart * second) * p + asked.apart * second * view
        share = asked.answered if second else 1.0
        seen = generator.choice(asked.faces, round(share * asked.faces), replace=False)
        label = (generator.random((len(seen), 1)) > p[seen].cumsum(axis=1)).sum(axis=1).clip(max=CLASSES - 1)
        parts.append((seen, np.full(len(seen), number), label))
    task, worker, label = (np.concatenate(column) for column in zip(*parts, strict=True))
    return task.astype(np.int32), worker.astype(np.int32), label, Grouping("group", ("a", "b"), codes.astype(np.int64))


def distance(asked: Asked) -> float:
    """The squared distance of both groups' response distributions, over other raters and faces."""
    generator = np.random.default_rng(1)
    truth, view = (generator.dirichlet(np.full(CLASSES, 0.4), 200_000) for _ in range(2))
    first = (1 - asked.habit) * truth + asked.habit / CLASSES
    return float(asked.apart**2 * ((first - view) ** 2).sum(axis=1).mean())


class Shown(NamedTuple):
    """Faces of two groups: persons of each, faces a person, votes a face, and how the second group differs.

    ``harder`` makes its faces more ambiguous, for people and the model alike, ``worse`` the model alone worse there.
    """

    persons: tuple[int, int]
    faces: int
    votes: int
    harder: float = 0.0
    worse: float = 0.0


FACES = (
    Shown((77, 77), 7, 100), Shown((127, 27), 7, 100), Shown((138, 16), 7, 100), Shown((2600, 400), 1, 10),
    Shown((60, 60), 1, 10), Shown((300, 20), 1, 10), Shown((2600, 400), 1, 10, harder=0.5),
    Shown((127, 27), 7, 100, harder=0.5), Shown((2600, 400), 1, 10, worse=0.2), Shown((77, 77), 7, 100, worse=0.2),
)  # fmt: skip
"""The first three are like CAFE (sexes, two of its races); those of one face a person like FER+ and RAF-DB."""
METRICS = ("l1", "accuracy", "entropy_correlation")


def faces(repeats: int) -> None:
    """A gap is the second group's value less the first's; ``beyond`` is the model's gap less people's."""
    vars(gaps)["COMPARED"] = METRICS  # what is not asked about here need not be computed
    columns = "".join(f" {name}: p < .05 | holds |" for name in METRICS)
    print(f"| persons | faces each | votes | harder | worse |{columns}")
    print("|" + " --- |" * (5 + 2 * len(METRICS)))
    for shown in FACES:
        generator = np.random.default_rng([*shown.persons, shown.votes, int(10 * (shown.harder + 2 * shown.worse))])
        large = Shown((10_000, 10_000), 1, shown.votes, shown.harder, shown.worse)
        true = beyond(np.random.default_rng(2), large, 2)
        positive, held = np.zeros(len(METRICS)), np.zeros(len(METRICS))
        for seed in range(repeats):
            found = beyond(generator, shown, 300, seed)
            for place, name in enumerate(METRICS):
                row, value = found[name], true[name]["difference"]
                positive[place] += row["p"] is not None and row["p"] < 0.05
                held[place] += inside(row["low"], row["high"], value)
        cells = " | ".join(f"{p:.3f} | {h:.2f}" for p, h in zip(positive / repeats, held / repeats, strict=True))
        sizes = f"{shown.persons[0]}, {shown.persons[1]} | {shown.faces} | {shown.votes}"
        print(f"| {sizes} | {shown.harder:g} | {shown.worse:g} | {cells} |", flush=True)


def beyond(generator: np.random.Generator, shown: Shown, samples: int, seed: int = 0) -> dict[str, dict[str, Any]]:
    """The model's gap less people's, of the second group less the first, by metric."""
    second = np.repeat([0, 1], [number * shown.faces for number in shown.persons])
    person = np.repeat(np.arange(sum(shown.persons)), shown.faces)
    own = generator.normal(0, 0.5, person.max() + 1)[person]  # some persons are harder to read
    spread = 0.4 * np.exp(own + shown.harder * second)[:, None]
    truth = generator.dirichlet(np.full(CLASSES, 1.0), len(second)) ** (1 / spread)
    truth /= truth.sum(axis=1, keepdims=True)
    noise = (0.3 + shown.worse * second)[:, None]
    model = (1 - noise) * truth + noise * generator.dirichlet(np.full(CLASSES, 0.5), len(second))
    votes = generator.multinomial(shown.votes, truth).astype(np.float64)
    label = (generator.random((len(second), 1)) > truth.cumsum(axis=1)).sum(axis=1).clip(max=CLASSES - 1)
    nothing: FloatArray = np.full((len(second), 2), np.nan)
    judged = Judged(model, votes, label.astype(np.int64), person.astype(np.int64), nothing, nothing)
    groups = Grouping("group", ("b", "a"), 1 - second.astype(np.int64))
    found = gaps.by_group([judged], NAMES, groups, samples=samples, seed=seed)
    return {gap["metric"]: gap["beyond"] for gap in found["gaps"] if gap["beyond"]}


def inside(low: float | None, high: float | None, truth: float) -> bool:
    """Whether an interval that exists holds the truth."""
    return low is not None and high is not None and low <= truth <= high
