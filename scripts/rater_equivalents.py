"""What rater equivalents hold: votes thinned on real faces, and coverage by simulation.

    python scripts/rater_equivalents.py votes RUN ...  # a run's test faces with 2, 4 and 9 of their votes
    python scripts/rater_equivalents.py coverage       # how often 95 % intervals hold the truth

Each prints a table in Markdown; `repeats=100` after it says how often each line is drawn.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_exp.judging import ceiling
from fer_exp.judging.applicable import arrays
from fer_exp.judging.predictions import class_names
from fer_exp.metrics.ambiguity import rater_equivalents
from fer_exp.runs import Run
from fer_exp.stats.bootstrap import FloatArray, Interval, OfSums, intervals, replicates
from fer_exp.stats.crossed import over_runs, runs_of, spread
from fer_exp.stats.shares import shares

SAMPLES = 500  # replicates
CLASSES, SHARP = 7, 0.3  # faces' answers are Dirichlet(0.3, ..., 0.3)
NEAR = (0.7, 0.31)  # of models worth about 2 and 10 raters: how much of another face's answers is mixed in
PERSON, RUN = 0.2, 0.05  # standard deviations, on the log scale, of that share over persons and over runs


def thinned(folders: list[str]) -> None:
    """The same faces, the same model, fewer votes."""
    print("| run | votes | k\\* | k\\* by log score | of one other rater | L1 to the votes |")
    print("| --- | --- | --- | --- | --- | --- |")
    for folder in folders:
        table = Run(Path(folder)).predictions
        judged = arrays(table[table["split"] == "test"], class_names(table))
        many = judged.counts.sum(axis=1) >= 10
        counts, model = judged.counts[many].astype(np.int64), judged.model[many]
        for left in (2, 4, 9):
            generator = np.random.default_rng(left)
            one = dealt(generator, counts, 1)
            seen = dealt(generator, counts - one, left)
            faces = np.arange(len(seen))
            named = {"k": rater_equivalents(seen.astype(np.float64), model), "log": by_log(seen, model),
                     "one": rater_equivalents(seen.astype(np.float64), one.astype(np.float64))}  # fmt: skip
            found = intervals(named, faces, SAMPLES, 0)
            cells = " | ".join(told(found[name]) for name in named)
            far = np.abs(model - shares(seen)).sum(axis=1).mean()
            print(f"| {Path(folder).name[:40]} | {left} | {cells} | {far:.3f} |", flush=True)


def dealt(generator: np.random.Generator, counts: ceiling.Counts, size: int) -> ceiling.Counts:
    """So many of each face's votes, without replacement."""
    return np.stack([generator.multivariate_hypergeometric(row, size) for row in counts])


def by_log(counts: ceiling.Counts, model: FloatArray) -> OfSums:
    """Rater equivalents by the log score."""
    sizes = ceiling.up_to(min(ceiling.LARGEST, int(counts[0].sum()) - 1))
    curve = np.stack([ceiling.panel_log_score(counts, size) for size in sizes], axis=1)
    return ceiling.by_log_score(model, counts, sizes, curve)


def told(found: Interval) -> str:
    """A value with its ends, or its least."""
    value, low, high = found
    return f"{value:.2f} [{low:.2f}, {high:.2f}]" if value is not None and low is not None else f"≥ {low or 0:.2f}"


class Made(NamedTuple):
    """Faces: the votes of each, persons, and of models worth about 2 and 10 raters the answers of each run."""

    counts: ceiling.Counts
    codes: np.ndarray
    models: list[FloatArray]


def made(generator: np.random.Generator, faces: int, persons: int, runs: int, votes: int) -> Made:
    """Draw some; shares mixed in vary over persons and runs where there are several."""
    truth, other = generator.dirichlet(np.full(CLASSES, SHARP), (2, faces))
    codes = np.arange(faces) % persons
    of_person = np.exp(PERSON * generator.normal(size=persons))[codes] if persons < faces else np.ones(faces)
    of_run = np.exp(RUN * generator.normal(size=runs)) if runs > 1 else np.ones(1)
    models = []
    for share in NEAR:
        mixed = np.minimum(share * of_person * of_run[:, None], 0.95)[..., None]
        models.append((1 - mixed) * truth + mixed * other)
    return Made(generator.multinomial(votes, truth), codes, models)


def known(persons: bool, runs: bool) -> list[float]:
    """k* of both models in the population."""
    total = CLASSES * SHARP
    disagreement = total / (total + 1) * (1 - 1 / CLASSES)
    generator, draws = np.random.default_rng(0), 1_000_000
    factor = np.exp(persons * PERSON * generator.normal(size=draws) + runs * RUN * generator.normal(size=draws))
    between = 2 * (1 - 1 / CLASSES) / (total + 1)  # two faces' expected squared distance
    return [disagreement / ((np.minimum(share * factor, 0.95) ** 2).mean() * between) for share in NEAR]


def coverage(repeats: int) -> None:
    """Two models, worth about 2 and 10 of the people behind the votes; an interval without an upper end is one, too."""
    print("| faces | votes | over | k\\* 2 | k\\* 10 | their difference | without upper end | k\\* by log score |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for faces, persons, runs in ((400, 400, 1), (3500, 3500, 1), (400, 40, 1), (1200, 1200, 3)):
        for votes in (2, 4, 10, 100) if runs == 1 and persons == faces else (10,):
            generator = np.random.default_rng([faces, persons, runs, votes])
            truth = known(persons < faces, runs > 1)
            large = made(generator, 100_000, 100_000, 1, votes)
            log = float(by_log(large.counts, large.models[0][0])(None)) if runs == 1 and persons == faces else None
            told_by_log = log is not None and log < votes - 1
            held, ends = np.zeros(4), np.zeros(2)
            for seed in range(repeats):
                drawn = made(generator, faces, persons, runs, votes)
                counts = drawn.counts.astype(np.float64)
                metrics = [[rater_equivalents(counts, run) for run in model] for model in drawn.models]
                named = {f"{m} {r}": of for m, model in enumerate(metrics) for r, of in enumerate(model)}
                values = replicates(named, drawn.codes, SAMPLES, seed)
                of = [runs_of(model, np.stack([values[f"{m} {r}"] for r in range(runs)]), drawn.codes)
                      for m, model in enumerate(metrics)]  # fmt: skip
                found = [over_runs(each, persons) for each in of]
                held[:2] += [inside(one, known_one) for one, known_one in zip(found, truth, strict=True)]
                ends[0] += found[1][2] is None
                low, high = spread([(1.0, of[0]), (-1.0, of[1])], persons).interval()
                if low is not None and high is not None:
                    held[2] += low <= truth[0] - truth[1] <= high
                    ends[1] += 1
                if told_by_log:
                    score = {"log": by_log(drawn.counts, drawn.models[0][0])}
                    held[3] += inside(intervals(score, drawn.codes, SAMPLES, seed)["log"], log or 0)
            over = "faces" if persons == faces else f"{persons} persons"
            cells = [f"{share / repeats:.2f}" for share in held[:2]]
            cells.append(f"{held[2] / ends[1]:.2f}" if ends[1] > repeats / 4 else "–")
            cells += [f"{ends[0] / repeats:.2f}", f"{held[3] / repeats:.2f}" if told_by_log else "–"]
            over = over if runs == 1 else f"{runs} runs and faces"
            print(f"| {faces:,} | {votes} | {over} | {' | '.join(cells)} |", flush=True)


def inside(found: Interval, truth: float) -> bool:
    """Whether an interval, open above where it has no upper end, holds the truth."""
    _, low, high = found
    return low is not None and low <= truth and (high is None or truth <= high)


def main(words: list[str]) -> None:
    """Print the table that is named."""
    repeats = next((int(word.removeprefix("repeats=")) for word in words if word.startswith("repeats=")), 400)
    named = [word for word in words if not word.startswith("repeats=")]
    if named[:1] == ["votes"] and named[1:]:
        thinned(named[1:])
    elif named == ["coverage"]:
        coverage(repeats)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
