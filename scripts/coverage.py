"""How often 95 % intervals hold the truth, and how often equal classifiers are told apart at .05: by simulation.

    python scripts/coverage.py persons   # the bootstrap of evaluate, over few and many persons
    python scripts/coverage.py differences  # of compare, of one run each, over few persons
    python scripts/coverage.py seeds     # the interval and p of compare, over runs and faces
    python scripts/coverage.py calibration  # what evaluate says of calibration, of models that are right and too sure
    python scripts/coverage.py raters    # both intervals of agreement, of faces and raters that are drawn
    python scripts/coverage.py few_faces # these of few faces, of full agreement, of a rare class
    python scripts/coverage.py band      # of a plan: L1 and KL of panels, over distributions of faces
    python scripts/coverage.py bootstrap # of a plan: what a bootstrap over the pilot's faces holds
    python scripts/coverage.py components   # shares of variance, over faces, raters and gaps
    python scripts/coverage.py rater_groups # groups of raters, as agreement by= has them
    python scripts/coverage.py face_groups  # groups of faces, as evaluate by= has them

Each prints a table in Markdown; `repeats=400` after it says how often each line is drawn.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from collections.abc import Callable

import coverage_groups
import coverage_plan
import coverage_raters
import numpy as np

from fer_exp.metrics.calibration import (
    brier_parts,
    calibration_error,
    calibration_error_debiased,
    errors_if_calibrated,
    top_answer,
)
from fer_exp.stats.bootstrap import FloatArray, OfSums, intervals, mean_of, of_share, percentile_interval, replicates
from fer_exp.stats.crossed import Runs, spread

SAMPLES = 1000  # replicates, as evaluate draws
FACES = 20  # of a person


KINDS: dict[str, tuple[Callable[[np.random.Generator, int], FloatArray], float]] = {
    "normal": (lambda g, n: g.normal(0, 1, n), 0.0),
    "accuracy .85": (lambda g, n: g.binomial(FACES, g.beta(8.5, 1.5, n)) / FACES, 0.85),
    "exponential": (lambda g, n: g.exponential(1, n), 1.0),
}
"""How values of persons are drawn, and their mean."""


def persons(repeats: int) -> None:
    """Mean accuracy of persons who differ: percentiles as they come, and taken further out."""
    print("| persons |" + "".join(f" {kind}: plain | further out |" for kind in KINDS))
    print("| --- |" + " --- |" * (2 * len(KINDS)))
    for count in (4, 6, 10, 15, 20, 40, 80):
        cells = []
        for number, (draw, truth) in enumerate(KINDS.values()):
            generator = np.random.default_rng([number, count])
            held = np.zeros(2)
            for seed in range(repeats):
                mean = {"mean": mean_of(draw(generator, count))}
                drawn = replicates(mean, np.arange(count), SAMPLES, seed)["mean"]
                _, low, high = intervals(mean, np.arange(count), SAMPLES, seed)["mean"]
                held += [inside(percentile_interval(drawn), truth), inside((low, high), truth)]
            cells += [f"{share:.2f}" for share in held / repeats]
        print(f"| {count} | {' | '.join(cells)} |", flush=True)


def shares(repeats: int) -> None:
    """Wilson's interval of a share of faces, or of faces of persons who differ."""
    print("| share | over | " + " | ".join(f"{count}" for count in (8, 20, 50, 100, 200)) + " |\n|" + " --- |" * 7)
    for share in (0.5, 0.7, 0.85, 0.95, 0.99):
        for of_person in (1, 5):
            cells = []
            for count in (8, 20, 50, 100, 200):
                generator = np.random.default_rng([int(100 * share), of_person, count])
                held = 0
                for _ in range(repeats):
                    right = generator.beta(9 * share, 9 * (1 - share), (count, 1)) if of_person > 1 else share
                    answered = (generator.random((count, of_person)) < right).astype(np.float64)
                    _, low, high = of_share(mean_of(answered.ravel()), np.repeat(np.arange(count), of_person))
                    held += inside((low, high), share)
                cells.append(f"{held / repeats:.2f}")
            over = "faces" if of_person == 1 else f"persons with {of_person} faces"
            print(f"| {share} | {over} | {' | '.join(cells)} |", flush=True)


def differences(repeats: int) -> None:
    """Student's interval of the difference of two models on the same persons, whose values are drawn alike."""
    print(f"| persons | {' | '.join(KINDS)} |\n| --- |{' --- |' * len(KINDS)}")
    for count in (4, 6, 10, 15):
        cells = []
        for number, (draw, _) in enumerate(KINDS.values()):
            generator = np.random.default_rng([number, count, 2])
            held = 0
            for seed in range(repeats):
                both = {name: mean_of(draw(generator, count)) for name in "ab"}
                drawn = replicates(both, np.arange(count), SAMPLES, seed)
                one, two = (Runs(np.array([float(of(None))]), drawn[name][None]) for name, of in both.items())
                held += inside(spread([(1.0, one), (-1.0, two)], count).interval(), 0.0)
            cells.append(f"{held / repeats:.2f}")
        print(f"| {count} | {' | '.join(cells)} |", flush=True)


def seeds(repeats: int) -> None:
    """Two equal configs on 400 faces, whose runs differ by a given share of the standard error that faces bring."""
    print("| runs | between runs | false positives | interval of the first config holds |\n| --- | --- | --- | --- |")
    for sizes in ((1, 1), (2, 2), (2, 3), (3, 3), (5, 5)):
        for apart in (0.0, 0.5, 1.0, 2.0, 5.0)[: 1 if sizes == (1, 1) else None]:
            generator = np.random.default_rng([*sizes, int(10 * apart)])
            positive = held = 0
            for seed in range(repeats):
                one, other = crossed(generator, sizes, apart, seed)
                positive += spread([(1.0, one), (-1.0, other)], 400).p() < 0.05
                held += inside(spread([(1.0, one)], 400).interval(), 0.0)
            print(f"| {sizes[0]}, {sizes[1]} | {apart} | {positive / repeats:.3f} | {held / repeats:.2f} |", flush=True)


def calibration(repeats: int) -> None:
    """How often the interval holds the truth, and how often an error is said to be more than chance, seven classes."""
    print("| faces | too sure by | ece_debiased | brier_reliability | brier_resolution | ece above chance |")
    print("| --- | --- | --- | --- | --- | --- |")
    for faces in (700, 3500):
        for sharper in (1.0, 1.5):
            generator = np.random.default_rng([faces, int(10 * sharper)])
            held, above = np.zeros(3), 0
            truths = calibration_metrics(*answers(generator, 400_000, sharper))
            for seed in range(repeats):
                truth, p = answers(generator, faces, sharper)
                metrics = calibration_metrics(truth, p)
                found = intervals(metrics, np.arange(faces), SAMPLES, seed)
                held += [inside(found[name][1:], float(of(None))) for name, of in truths.items()]
                chance = errors_if_calibrated(p, np.ones(faces, dtype=np.int64), samples=100, seed=seed)["ece"]
                above += float(calibration_error(*top_answer(truth, p))(None)) > chance
            cells = " | ".join(f"{share:.2f}" for share in (*held / repeats, above / repeats))
            print(f"| {faces} | {sharper} | {cells} |", flush=True)


def answers(generator: np.random.Generator, faces: int, sharper: float) -> tuple[FloatArray, FloatArray]:
    """What happened, one-hot, and probabilities whose logits are ``sharper`` times too large, both (N, 7)."""
    right = generator.dirichlet(np.full(7, 0.4), faces)
    stated = right**sharper
    return generator.multinomial(1, right).astype(np.float64), stated / stated.sum(axis=1, keepdims=True)


def calibration_metrics(truth: FloatArray, p: FloatArray) -> dict[str, OfSums]:
    """The metrics of calibration that have an interval."""
    parts = brier_parts(p, truth)
    return {
        "ece_debiased": calibration_error_debiased(*top_answer(truth, p)),
        "reliability": parts["reliability"],
        "resolution": parts["resolution"],
    }


def crossed(
    generator: np.random.Generator, sizes: tuple[int, int], apart: float, seed: int, faces: int = 400
) -> list[Runs]:
    """Values of two configs' runs: faces are hard for all, for a config, and for a run; runs differ as a whole."""
    hard = generator.normal(size=faces)
    error = np.sqrt(1.5 / faces)  # of a config's mean, from faces
    values = [
        hard + np.sqrt(0.5) * generator.normal(size=faces) + apart * error * generator.normal(size=(runs, 1))
        + 0.7 * generator.normal(size=(runs, faces))
        for runs in sizes
    ]  # fmt: skip
    metrics = {f"{c} {r}": mean_of(run) for c, config in enumerate(values) for r, run in enumerate(config)}
    drawn = replicates(metrics, np.arange(faces), SAMPLES, seed)
    return [
        Runs(config.mean(axis=1), np.stack([drawn[f"{c} {r}"] for r in range(len(config))]))
        for c, config in enumerate(values)
    ]


def inside(ends: tuple[float | None, float | None], truth: float) -> bool:
    """Whether an interval that exists holds the truth."""
    low, high = ends
    return low is not None and high is not None and low <= truth <= high


TABLES = {
    "persons": persons,
    "shares": shares,
    "differences": differences,
    "seeds": seeds,
    "calibration": calibration,
    "raters": coverage_raters.raters_and_faces,
    "raters_alike": coverage_raters.raters_alike,
    "few_faces": coverage_raters.few_faces,
    "band": coverage_plan.band,
    "bootstrap": coverage_plan.bootstrap,
    "components": coverage_plan.components,
    "guessed": coverage_plan.guessed,
    "rater_groups": coverage_groups.raters,
    "face_groups": coverage_groups.faces,
}


def main(words: list[str]) -> None:
    """Print the tables that are named; all of them where none is."""
    repeats = next((int(word.removeprefix("repeats=")) for word in words if word.startswith("repeats=")), 2000)
    named = [word for word in words if not word.startswith("repeats=")] or list(TABLES)
    for name in named:
        if name not in TABLES:
            sys.exit(f"coverage: there is no table {name}; there are: {', '.join(TABLES)}.")
        print(f"\n{name}: {TABLES[name].__doc__} {repeats:,} draws a line.\n")
        TABLES[name](repeats)


if __name__ == "__main__":
    main(sys.argv[1:])
