"""Expressions as facial action units: prototypes, blends, intensities, and where they lie in valence and arousal.

Sources:
    Ekman and Friesen 1978, Facial Action Coding System: what each action unit (AU) is.
    Ekman and Friesen 1983, EMFACS: which AUs show which emotion; the variants below follow its prototypes, the levels
    of each AU are our own choice.
    Russell 1980, A circumplex model of affect: the plane of valence and arousal; the coordinates are our own choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ACTION_UNITS = (
    *("AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU9", "AU10", "AU12", "AU14", "AU15", "AU16", "AU17", "AU20", "AU23"),
    *("AU24", "AU25", "AU26", "AU27", "R12", "R14"),
)
"""Action units that are drawn. Intensities go from 0 (absent) to 1 (FACS level E).

By their FACS names: 1 inner brow raiser, 2 outer brow raiser, 4 brow lowerer, 5 upper lid raiser, 6 cheek raiser, 7 lid
tightener, 9 nose wrinkler, 10 upper lip raiser, 12 lip corner puller, 14 dimpler, 15 lip corner depressor, 16 lower lip
depressor, 17 chin raiser, 20 lip stretcher, 23 lip tightener, 24 lip pressor, 25 lips part, 26 jaw drop, 27 mouth
stretch; R12 and R14 are 12 and 14 on one side.
"""

UPPER = ("AU1", "AU2", "AU4", "AU5", "AU6", "AU7")
"""Units around the eyes, which sunglasses hide; what covers the mouth hides the others."""
PROTOTYPES: dict[str, tuple[dict[str, float], ...]] = {
    "neutral": ({},),
    "happiness": (
        {"AU6": 0.8, "AU12": 0.9},
        {"AU6": 0.9, "AU12": 1.0, "AU25": 0.9},
        {"AU6": 1.0, "AU12": 1.0, "AU25": 1.0, "AU26": 0.5},
    ),
    "sadness": ({"AU1": 1.0, "AU4": 0.7, "AU15": 1.0}, {"AU1": 0.9, "AU4": 0.8, "AU15": 0.9, "AU17": 0.8}),
    "surprise": (
        {"AU1": 1.0, "AU2": 1.0, "AU5": 0.8, "AU25": 1.0, "AU26": 1.0},
        {"AU1": 1.0, "AU2": 1.0, "AU5": 0.9, "AU25": 1.0, "AU27": 1.0},
    ),
    "fear": (
        {"AU1": 1.0, "AU2": 0.6, "AU4": 0.8, "AU5": 1.0, "AU7": 0.3, "AU20": 1.0, "AU25": 0.7},
        {"AU1": 1.0, "AU2": 0.7, "AU4": 0.7, "AU5": 1.0, "AU7": 0.3, "AU20": 1.0, "AU25": 1.0, "AU26": 0.5},
    ),
    "disgust": (
        {"AU9": 1.0, "AU10": 1.0, "AU17": 0.8},
        {"AU9": 1.0, "AU10": 0.9, "AU15": 0.7, "AU17": 0.6},
        {"AU9": 1.0, "AU10": 1.0, "AU16": 0.8, "AU25": 0.9},
    ),
    "anger": (
        {"AU4": 1.0, "AU5": 0.6, "AU7": 0.7, "AU17": 0.5, "AU24": 1.0},
        {"AU4": 1.0, "AU5": 0.7, "AU7": 0.8, "AU23": 1.0},
        {"AU4": 1.0, "AU5": 0.8, "AU7": 0.6, "AU10": 0.4, "AU16": 0.6, "AU23": 0.5, "AU25": 1.0},
    ),
    "contempt": ({"R12": 0.9, "R14": 1.0}, {"R12": 0.6, "R14": 1.0, "AU7": 0.3}),
}
"""The variants of each emotion at full intensity; a face shows one of them."""
AFFECT = {
    "neutral": (0.0, 0.0),
    "happiness": (0.85, 0.40),
    "sadness": (-0.70, -0.40),
    "surprise": (0.15, 0.80),
    "fear": (-0.60, 0.75),
    "disgust": (-0.65, 0.35),
    "anger": (-0.55, 0.65),
    "contempt": (-0.45, 0.15),
}
"""Valence and arousal of each emotion at full intensity."""
FREQUENCY = {"neutral": 1.5, "happiness": 1.5, "contempt": 0.7}
"""How often a class is posed, relative to the others' 1, so that accuracy and balanced accuracy differ."""
BLENDED = 0.35
"""Share of the emotional faces that show a second emotion."""
FAINTEST = 0.25
"""The least intensity of a posed emotion."""


@dataclass(frozen=True)
class Expression:
    """What a face shows.

    Attributes:
        label: the posed class, the stronger one in a blend.
        activation: intensity of each class, shape (K,), 0..1, in the order of the classes; neutral's is always 0.
        actions: intensity of each action unit, 0..1.
        side: -1 or 1, the side of the picture on which the one-sided units act.
    """

    label: str
    activation: NDArray[np.float64]
    actions: dict[str, float]
    side: int


def pose(rng: np.random.Generator, classes: tuple[str, ...]) -> Expression:
    """An expression drawn at random: a class, its intensity, perhaps a second emotion, the noise of real muscles."""
    frequency = np.array([FREQUENCY.get(name, 1.0) for name in classes])
    label = str(rng.choice(classes, p=frequency / frequency.sum()))
    second = str(rng.choice([name for name in classes if name not in ("neutral", label)]))
    blended = bool(rng.random() < BLENDED) and label != "neutral"
    intensity, share = rng.uniform(FAINTEST, 1.0), rng.uniform(0.3, 0.9)
    activation = np.zeros(len(classes))
    if label != "neutral":
        activation[classes.index(label)] = intensity
    if blended:
        activation[classes.index(second)] = intensity * share
    variants = {name: PROTOTYPES[name][rng.integers(len(PROTOTYPES[name]))] for name in (label, second)}
    shown = dict(zip(classes, activation.tolist(), strict=True))
    actions = combine({name: shown[name] for name in variants}, variants)
    vigour = rng.uniform(0.75, 1.2, len(ACTION_UNITS))
    stray = np.maximum(rng.normal(0.0, 0.06, len(ACTION_UNITS)), 0.0)
    noisy = {
        unit: float(min(1.0, actions[unit] * vigour[i] + stray[i] * (not unit.startswith("R"))))
        for i, unit in enumerate(ACTION_UNITS)
    }
    return Expression(label, activation, noisy, int(rng.choice((-1, 1))))


def combine(shown: Mapping[str, float], variants: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Action units of a face that shows several emotions: the strongest demand on each unit decides.

    Args:
        shown: intensity of each emotion, 0..1.
        variants: the prototype of each of these emotions.

    Returns:
        The intensity of every unit of ``ACTION_UNITS``.

    >>> mixed = combine({"fear": 0.5, "sadness": 1.0}, {"fear": {"AU1": 1.0, "AU20": 1.0}, "sadness": {"AU1": 0.8}})
    >>> mixed["AU1"], mixed["AU20"], mixed["AU12"]
    (0.8, 0.5, 0.0)
    """
    return {
        unit: max((amount * variants[name].get(unit, 0.0) for name, amount in shown.items()), default=0.0)
        for unit in ACTION_UNITS
    }


def affect(activation: NDArray[np.float64], classes: tuple[str, ...]) -> NDArray[np.float64]:
    r"""Valence and arousal of faces: the mean position of the emotions shown, times the intensity of the strongest.

    .. math:: \max_k a_k \cdot \sum_k a_k c_k / \sum_k a_k

    Args:
        activation: intensity of each class, shape (N, K), 0..1.
        classes: K names.

    Returns:
        Shape (N, 2), each -1..1; (0, 0) where nothing is shown.

    >>> affect(np.array([[0.0, 0.5], [0.0, 0.0]]), ("neutral", "happiness"))
    array([[0.425, 0.2  ],
           [0.   , 0.   ]])
    """
    positions = np.array([AFFECT[name] for name in classes])
    total, strongest = activation.sum(axis=1, keepdims=True), activation.max(axis=1, keepdims=True)
    return np.asarray(activation @ positions * strongest / np.where(total > 0, total, 1.0))


def visible(covered: str, classes: tuple[str, ...]) -> NDArray[np.float64]:
    """The share of each class's action units that can still be seen, averaged over its variants.

    Args:
        covered: ``eyes``, ``mouth``, or anything else for neither.
        classes: K names.

    Returns:
        Shape (K,), 0..1; 1 for a class without action units.

    >>> visible("mouth", ("neutral", "sadness", "contempt")).round(2)
    array([1.  , 0.56, 0.08])
    """
    if covered not in ("eyes", "mouth"):
        return np.ones(len(classes))
    shares = []
    for name in classes:
        amounts = [(unit in UPPER, level) for variant in PROTOTYPES[name] for unit, level in variant.items()]
        upper, total = sum(level for above, level in amounts if above), sum(level for _, level in amounts)
        shares.append(1.0 if not total else (upper if covered == "mouth" else total - upper) / total)
    return np.array(shares)
