"""How often intervals of recognition hold the truth, and how often Wagner's test finds what is not there.

    python scripts/recognition.py [SAMPLES]

Faces and raters are drawn from populations: a face is easier or harder, a rater better or worse, and each rater has
favourite answers. ``faces`` is the share of 95 % intervals over faces that hold the value of these raters on very many
faces, ``raters`` that of the intervals over faces and raters which hold the value of very many of both. In the second
table raters do not look at the face: the share of emotions that Wagner's test calls recognised, at p < .05.
"""

from __future__ import annotations

import sys
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers
from fer_exp.metrics.recognition import FIGURES, Tally
from fer_exp.raters.recognition import Recognition, recognition
from fer_exp.stats.bootstrap import FloatArray

CLASSES, DRAWS = 7, 2000
SHOWN = ("hit_rate", "hu", "d_prime", "criterion")


def chances(truth: NDArray[np.int64], skill: FloatArray, ease: FloatArray, bias: FloatArray) -> FloatArray:
    """Of each answer, shape (R, N, K), given the skill (R,) and bias (R, K) of raters and the ease (N,) of faces."""
    logits = np.repeat(bias[:, None, :], len(truth), axis=1)
    logits[:, np.arange(len(truth)), truth] += skill[:, None] + ease
    raised = np.exp(logits - logits.max(axis=2, keepdims=True))
    return np.asarray(raised / raised.sum(axis=2, keepdims=True))


def people(raters: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Skill and bias."""
    return rng.normal(2.5, 0.7, raters), rng.normal(0, 0.5, (raters, CLASSES))


def truths(shape: FloatArray, faces: int) -> dict[str, FloatArray]:
    """Each figure of very many answers, shape (K, K) by emotion, at the number of faces that an observer has."""
    tally = Tally.of(shape * faces)
    return {name: FIGURES[name](tally) for name in SHOWN}


def average(skill: FloatArray, bias: FloatArray, shares: FloatArray) -> FloatArray:
    """How often each emotion is answered with each, shape (K, K), summing to 1, over all faces: by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    truth = np.repeat(np.arange(CLASSES), len(nodes))
    given = chances(truth, skill, np.tile(nodes, CLASSES), bias).mean(axis=0).reshape(CLASSES, len(nodes), CLASSES)
    return np.asarray(np.einsum("knl,n,k->kl", given, weights / weights.sum(), shares))


def drawn(p: FloatArray, truth: NDArray[np.int64], rng: np.random.Generator, answers: int | None) -> Answers:
    """One answer a rater and face; of ``answers`` a face that many raters, drawn at random."""
    raters, faces, _ = p.shape
    label = (rng.random((raters, faces, 1)) > p.cumsum(axis=2)).sum(axis=2).clip(0, CLASSES - 1)
    there = np.ones((raters, faces), bool)
    if answers is not None:
        there = rng.random((raters, faces)).argsort(axis=0) < answers
    worker, task = (codes.astype(np.int32) for codes in np.nonzero(there))
    tasks, workers = (np.arange(n).astype(str).astype(object) for n in (faces, raters))
    return Answers(tasks, workers, tuple("abcdefg"), task, worker, label[there].astype(np.int32))


def recognised(data: Answers, truth: NDArray[np.int64]) -> Recognition:
    """As ``recognition``, of a truth that is known."""
    return cast("Recognition", recognition(data, truth.astype(np.int32)))


def coverage(faces: int, raters: int, answers: int | None, random: bool, samples: int) -> dict[str, object]:
    """One row of the first table."""
    rng = np.random.default_rng([faces, raters, random])
    shares = np.array([0.3, 0.25, 0.15, 0.1, 0.1, 0.05, 0.05]) if random else np.full(CLASSES, 1 / CLASSES)
    everyone = people(DRAWS, rng)
    population = truths(average(*everyone, shares), faces)
    held: dict[tuple[str, str], list[NDArray[np.bool_]]] = {
        (side, name): [] for side in ("faces", "raters") for name in SHOWN
    }
    for _ in range(samples):
        skill, bias = people(raters, rng)
        truth = rng.choice(CLASSES, faces, p=shares) if random else np.repeat(np.arange(CLASSES), faces // CLASSES)
        these = truths(average(skill, bias, shares), faces)
        data = drawn(chances(truth, skill, rng.normal(0, 1.0, len(truth)), bias), truth, rng, answers)
        found = recognised(data, truth).emotions
        for name in SHOWN:
            rows = found[found["measure"] == name]
            for side, over, value in (("faces", "", these[name]), ("raters", "_raters", population[name])):
                ends = rows[[f"low{over}", f"high{over}"]].to_numpy()
                known = np.isfinite(ends).all(axis=1)
                held[side, name].append(((ends[:, 0] <= value) & (value <= ends[:, 1]))[known])
    row = {"faces": faces, "numbers": "random" if random else "fixed", "raters": raters,
           "a face": raters if answers is None else answers}  # fmt: skip
    return row | {f"{name}, {side}": np.concatenate(parts).mean().round(3) for (side, name), parts in held.items()}


def false_alarms(faces: int, raters: int, samples: int) -> dict[str, object]:
    """One row of the second table."""
    rng = np.random.default_rng([faces, raters])
    truth = np.repeat(np.arange(CLASSES), faces // CLASSES)
    found, bias = [], []
    for _ in range(samples):
        favourites = rng.dirichlet(np.full(CLASSES, 3.0), raters)
        data = drawn(np.repeat(favourites[:, None, :], len(truth), axis=1), truth, rng, None)
        tests = recognised(data, truth).tests
        found.append((tests["p"] < 0.05)[tests["p"].notna()])
        bias.append((tests["mean_hu"] - tests["mean_chance"]).mean())
    return {"faces": faces, "raters": raters, "p < .05": np.concatenate(found).mean().round(3),
            "mean Hu - chance": np.mean(bias).round(4)}  # fmt: skip


def main(samples: int) -> None:
    """Print both tables."""
    designs = [(35, 10, None, False), (70, 40, None, False), (210, 20, None, False), (210, 20, None, True),
               (700, 20, 10, True), (1400, 100, 10, True)]  # fmt: skip
    print(pd.DataFrame([coverage(*design, samples) for design in designs]).to_markdown(index=False))
    rows = [false_alarms(faces, raters, 2 * samples) for faces in (14, 28, 70) for raters in (10, 20, 40)]
    print(f"\n{pd.DataFrame(rows).to_markdown(index=False)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
