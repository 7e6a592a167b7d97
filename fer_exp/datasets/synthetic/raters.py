"""Simulated raters: people who see the same expression and answer differently, in ways that are known.

The confusions follow what is reported of human answers to posed and natural faces (fear taken for surprise, disgust for
anger, faint expressions for neutral); their sizes are our own choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

FloatArray = NDArray[np.float64]

POOL = 40
PANEL = 10
"""Raters a face, drawn from the pool without replacement, as in FER+."""
SPAMMERS = 3
"""Raters in the pool who answer without looking."""
UNKNOWN, NOT_A_FACE = 0.01, 0.002
"""Share of answers that are no expression; more of the first for faces that are hard to see."""

CONFUSIONS = (
    ("fear", "surprise", 0.38),
    ("surprise", "fear", 0.12),
    ("disgust", "anger", 0.30),
    ("anger", "disgust", 0.14),
    ("sadness", "neutral", 0.12),
    ("sadness", "fear", 0.06),
    ("anger", "sadness", 0.06),
    ("happiness", "neutral", 0.03),
    ("contempt", "neutral", 0.25),
    ("contempt", "happiness", 0.12),
)
"""Of what a face shows of the first emotion, the share that an average rater takes for the second."""
SHARPNESS = 16.0
"""The factor of evidence in the softmax. With 16 the most frequent class has 76 % of a face's votes on average; in FER+
it has 77 %."""
THRESHOLD = 0.28
"""Evidence for neutral; an expression weaker than this is mostly called neutral."""


@dataclass(frozen=True)
class Raters:
    """A pool of raters, R of them, for K classes.

    Attributes:
        skill: factor on ``SHARPNESS``, shape (R,); 0 for one who does not look.
        bias: added to the evidence for each class, shape (R, K).
        confusion: factor on ``CONFUSIONS``, shape (R,).
        shift: what a rater adds to valence and arousal, shape (R, 2).
    """

    skill: FloatArray
    bias: FloatArray
    confusion: FloatArray
    shift: FloatArray


def draw_raters(rng: np.random.Generator, classes: tuple[str, ...]) -> Raters:
    """A pool of ``POOL`` raters: the first ``SPAMMERS`` do not look, the others differ in skill, bias and confusion."""
    skill = np.clip(rng.lognormal(0.0, 0.3, POOL), 0.35, 2.0)
    skill[:SPAMMERS] = 0.0
    bias = rng.normal(0.0, 0.06, (POOL, len(classes)))
    bias[:SPAMMERS] = rng.normal(0.0, 1.2, (SPAMMERS, len(classes)))
    return Raters(skill, bias, rng.uniform(0.4, 1.6, POOL), rng.normal(0.0, 0.1, (POOL, 2)))


def answers(
    raters: Raters, activation: FloatArray, visible: FloatArray, clarity: FloatArray, classes: tuple[str, ...]
) -> FloatArray:
    """The chance that each rater gives each expression as answer, unless they name none.

    Args:
        raters: R of them.
        activation: intensity of each class in each face, shape (N, K), 0..1; neutral's is 0.
        visible: share of each class's action units that can be seen, shape (N, K), 0..1.
        clarity: how well each face can be seen, shape (N,), 0..1.
        classes: K names.

    Returns:
        Shape (R, N, K); sums to 1 over classes.
    """
    seen = activation * visible * clarity[:, None]
    chances = np.empty((len(raters.skill), *activation.shape))
    number = {name: k for k, name in enumerate(classes)}
    for r, (skill, bias, factor) in enumerate(zip(raters.skill, raters.bias, raters.confusion, strict=True)):
        evidence = seen.copy()
        for one, other, share in CONFUSIONS:
            if one not in number or other not in number:
                continue
            share = min(0.9, share * factor)
            if other == "neutral":  # nothing is evidence for it: what is taken for it is lost
                evidence[:, number[one]] *= 1 - share
            else:
                evidence[:, number[one]] -= 0.5 * (share * seen[:, number[one]])
                evidence[:, number[other]] += share * seen[:, number[one]]
        evidence[:, number["neutral"]] = THRESHOLD
        score = SHARPNESS * skill * evidence + (SHARPNESS if skill else 1.0) * bias
        chances[r] = softmax(score, axis=1)
    return chances


def panel(rng: np.random.Generator, faces: int) -> NDArray[np.int64]:
    """The raters of each face, shape (faces, PANEL), none twice for a face."""
    return np.argsort(rng.random((faces, POOL)), axis=1)[:, :PANEL].astype(np.int64)


def vote(
    rng: np.random.Generator, chances: FloatArray, seats: NDArray[np.int64], clarity: FloatArray
) -> NDArray[np.int64]:
    """One answer of each seated rater.

    Args:
        rng: for the draws.
        chances: as ``answers`` gives them, shape (R, N, K).
        seats: raters of each face, shape (N, S).
        clarity: shape (N,); unclear faces are more often called unknown.

    Returns:
        Shape (N, S): a class number, K for unknown, K + 1 for not a face.
    """
    by_seat = chances[seats, np.arange(len(seats))[:, None]]
    drawn = (by_seat.cumsum(axis=2) < rng.random((*seats.shape, 1))).sum(axis=2)
    classes = chances.shape[2]
    other = rng.random(seats.shape)
    unknown = (UNKNOWN * (1 + 4 * (1 - clarity)))[:, None]
    chosen = np.where(other < unknown, classes, np.minimum(drawn, classes - 1))
    return np.asarray(np.where(other > 1 - NOT_A_FACE, classes + 1, chosen), dtype=np.int64)
