"""How often the 95 % interval of each metric of `evaluate` holds its value in the population of faces: by simulation.

    python scripts/coverage_metrics.py [repeats=200]

Faces have seven classes as unequal as FER+'s, ten votes each, a label drawn from the same people, and valence; a model
that is wrong as a trained one is, and too sure. The population is 200,000 faces drawn alike. A line a metric, a column
a sample: 200 faces of 20 persons (as in CAFE), 400 and 3,500 faces. Coverage below .92 or above .98 by more than its
standard error is marked with an asterisk.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys

import numpy as np

from fer_exp.judging.applicable import Group, Judged, statistics
from fer_exp.judging.judge import with_intervals
from fer_exp.names import CLASSES

SHARES = np.array([0.35, 0.26, 0.12, 0.13, 0.03, 0.015, 0.095])
VOTES, SAMPLES, POPULATION = 10, 1000, 200_000
DESIGNS = {"200 faces, 20 persons": (200, 10), "400 faces": (400, 1), "3,500 faces": (3500, 1)}
"""Faces, and faces of a person."""
METRICS = (
    "accuracy", "balanced_accuracy", "macro_f1", "f1_disgust", "nll", "brier", "majority_accuracy", "l1",
    "jensen_shannon_divergence", "soft_cross_entropy", "earth_movers_distance", "entropy_correlation",
    "vote_correlation", "soft_macro_f1", "squared_error_corrected", "kl_divergence_corrected", "confidence_gap",
    "valence_ccc", "valence_pearson", "valence_rmse", "valence_sagr", "valence_icc",
)  # fmt: skip


def faces_of(generator: np.random.Generator, faces: int, per_person: int) -> Judged:
    """Faces, people and a model, all drawn; faces of a person are alike in what the model gets wrong."""
    persons = np.repeat(np.arange(-(-faces // per_person)), per_person)[:faces]
    kind = generator.choice(len(SHARES), faces, p=SHARES)
    truth = generator.dirichlet(np.ones(len(SHARES)), faces) * SHARES**0.5
    truth = truth / truth.sum(axis=1, keepdims=True) * generator.uniform(0.1, 0.8, (faces, 1))
    truth[np.arange(faces), kind] += 1 - truth.sum(axis=1)
    counts = generator.multinomial(VOTES, truth)
    labels = (generator.random((faces, 1)) > truth.cumsum(axis=1)).sum(axis=1).clip(0, len(SHARES) - 1)
    skill = np.repeat(generator.normal(0, 0.5, persons.max() + 1), per_person)[:faces]
    logits = (1.5 + 0.3 * skill[:, None]) * np.log(truth + 0.02) + generator.normal(0, 1.2, truth.shape)
    model = np.exp(logits - logits.max(axis=1, keepdims=True))
    valence = np.clip(generator.normal(0, 0.5, faces), -1, 1)
    felt = np.clip(0.7 * valence + 0.2 * skill + generator.normal(0, 0.3, faces), -1, 1)
    both = (np.stack([side, np.full(faces, np.nan)], axis=1) for side in (valence, felt))
    ratings, affect = both
    return Judged(
        model / model.sum(axis=1, keepdims=True),
        counts.astype(float),
        labels,
        persons.astype(np.int64),
        ratings,
        affect,
    )


def measured(judged: Judged) -> list[Group]:
    """The metrics looked at, by the faces that have them."""
    return list(statistics(judged, CLASSES[:7], names=METRICS).values())


def main(repeats: int) -> None:
    """Print the table."""
    held: dict[str, dict[str, str]] = {name: {} for name in METRICS}
    for design, (faces, per_person) in DESIGNS.items():
        generator = np.random.default_rng([faces, per_person])
        whole = measured(faces_of(generator, POPULATION, per_person))
        truths = {name: float(of(None)) for _, group in whole for name, of in group.items()}
        runs = max(20, repeats * 400 // faces) if faces > 400 else repeats
        inside: dict[str, list[bool]] = {name: [] for name in METRICS}
        for seed in range(runs):
            judged = faces_of(generator, faces, per_person)
            for name, row in with_intervals(measured(judged), judged.clusters, SAMPLES, seed).items():
                low, high = row["low"], row["high"]
                if low is not None and high is not None:
                    inside[name].append(low <= truths[name] <= high)
        for name, hits in inside.items():
            share = np.mean(hits) if hits else np.nan
            error = np.sqrt(0.05 * 0.95 / max(1, len(hits)))
            rough = not 0.92 - error <= share <= 0.98 + error
            held[name][f"{design} ({runs} draws)"] = f"{share:.2f}{'*' * bool(hits and rough)}"
        print(f"{design}: done", file=sys.stderr, flush=True)
    columns = list(next(iter(held.values())))
    print(f"| metric | {' | '.join(columns)} |\n| --- |{' --- |' * len(columns)}")
    for name, cells in held.items():
        print(f"| `{name}` | {' | '.join(cells[column] for column in columns)} |")


if __name__ == "__main__":
    words = dict(word.split("=", 1) for word in sys.argv[1:])
    main(int(words.get("repeats", 200)))
