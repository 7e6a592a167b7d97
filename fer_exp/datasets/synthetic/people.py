"""Who is pictured and how: the look of a person, and the view, light and camera of one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]

SKINS: tuple[Colour, ...] = (
    *((246, 222, 205), (240, 205, 178), (228, 185, 150), (208, 160, 122)),
    *((180, 130, 92), (148, 100, 68), (112, 74, 50), (82, 54, 38)),
)
"""From light to dark; a person's skin lies between two neighbours."""
HAIR: tuple[Colour, ...] = (
    *((28, 24, 22), (52, 36, 26), (84, 56, 34), (128, 84, 46)),
    *((196, 158, 96), (150, 66, 36), (150, 148, 146), (214, 212, 208)),
)
IRIS: tuple[Colour, ...] = ((60, 38, 24), (92, 60, 34), (70, 104, 136), (80, 112, 84), (40, 28, 20))
STYLES = ("bald", "cropped", "short", "parted", "fringe", "long", "curly", "bun", "scarf")
BEARDS = ("none", "stubble", "moustache", "full")
COVERS = ("none", "eyes", "mouth", "side")
"""What hides a part of the face: sunglasses, a hand or cloth before the mouth, an object from one side."""


@dataclass(frozen=True)
class Person:
    """An identity. Lengths are in units of half the picture; factors are near 1."""

    width: float
    height: float
    jaw: float
    skin: Colour
    hair: Colour
    style: str
    brow_height: float
    brow_thickness: float
    brow_tilt: float
    brow_colour: Colour
    eye_size: float
    eye_gap: float
    eye_slant: float
    iris: Colour
    nose_width: float
    nose_length: float
    mouth_width: float
    mouth_height: float
    mouth_curve: float
    lips: float
    lip_colour: Colour
    beard: str
    glasses: str
    lines: float
    shirt: Colour


@dataclass(frozen=True)
class View:
    """One picture of a person. Angles in radians, lengths in half pictures; blur and noise are standard deviations."""

    yaw: float = 0.0  # to the right of the picture
    pitch: float = 0.0  # downwards
    roll: float = 0.0  # clockwise
    scale: float = 0.92
    shift: tuple[float, float] = (0.0, 0.0)  # of the head's centre, right and down
    background: Colour = (140.0, 146.0, 152.0)
    light: tuple[float, float] = (0.0, 0.0)  # where it comes from, right and down; its length says how uneven it is
    brightness: float = 1.0  # factor on all values
    contrast: float = 1.0  # factor on the distance from middle grey
    tint: Colour = (1.0, 1.0, 1.0)  # factor on each channel
    blur: float = 0.0
    noise: float = 0.0  # in grey levels of 0..255
    cover: str = "none"  # one of COVERS
    cover_colour: Colour = (90.0, 90.0, 90.0)
    cover_place: float = 0.0  # -1..1

    @property
    def clarity(self) -> float:
        """How well the face can be seen, 0.3..1: less with blur, noise and darkness, and where it is covered."""
        lost = 5.0 * self.blur + 0.006 * self.noise + 0.5 * max(0.0, 0.85 - self.brightness)
        return float(np.clip(1.0 - lost - 0.15 * (self.cover != "none"), 0.3, 1.0))


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour at ``share`` of the way from one to the other.

    >>> mix((0, 0, 0), (100, 200, 50), 0.5)
    (50.0, 100.0, 25.0)
    """
    red, green, blue = (start + (end - start) * share for start, end in zip(one, other, strict=True))
    return red, green, blue


def draw_person(rng: np.random.Generator) -> Person:
    """A random identity."""
    tone = rng.uniform(0, len(SKINS) - 1)
    low = min(int(tone), len(SKINS) - 2)
    skin = _jitter(rng, mix(SKINS[low], SKINS[low + 1], tone - low), 6)
    hair = _jitter(rng, HAIR[int(rng.choice(len(HAIR), p=(0.25, 0.2, 0.16, 0.12, 0.1, 0.05, 0.07, 0.05)))], 8)
    red = mix(skin, (150, 40, 50), rng.uniform(0.25, 0.6))
    return Person(
        width=rng.uniform(0.56, 0.68),
        height=rng.uniform(0.80, 0.90),
        jaw=rng.uniform(0.05, 0.34),
        skin=skin,
        hair=hair,
        style=str(rng.choice(STYLES)),
        brow_height=rng.normal(0.0, 0.018),
        brow_thickness=rng.uniform(0.7, 1.5),
        brow_tilt=rng.normal(0.0, 0.022),
        brow_colour=mix(hair, (30, 22, 18), rng.uniform(0.2, 0.7)),
        eye_size=rng.uniform(0.84, 1.16),
        eye_gap=rng.uniform(0.245, 0.295),
        eye_slant=rng.normal(0.0, 0.012),
        iris=IRIS[rng.integers(len(IRIS))],
        nose_width=rng.uniform(0.75, 1.35),
        nose_length=rng.uniform(0.88, 1.12),
        mouth_width=rng.uniform(0.86, 1.16),
        mouth_height=rng.normal(0.0, 0.02),
        mouth_curve=rng.normal(0.0, 0.016),
        lips=rng.uniform(0.7, 1.45),
        lip_colour=red,
        beard=str(rng.choice(BEARDS, p=(0.72, 0.1, 0.08, 0.1))),
        glasses=str(rng.choice(("none", "round", "square"), p=(0.88, 0.06, 0.06))),
        lines=float(rng.beta(1.2, 3.0)),
        shirt=_jitter(rng, (120, 120, 120), 40),
    )


def draw_view(rng: np.random.Generator) -> View:
    """A random view: mostly frontal and sharp, now and then dark, blurred or partly covered."""
    angle, uneven = rng.uniform(0, 2 * np.pi), rng.gamma(2.0, 0.07)
    blurred, covered = rng.random() < 0.2, rng.random() < 0.06
    return View(
        yaw=float(np.clip(rng.normal(0.0, 0.12), -0.35, 0.35)),
        pitch=float(np.clip(rng.normal(0.0, 0.06), -0.18, 0.18)),
        roll=float(rng.normal(0.0, 0.05)),
        scale=rng.uniform(1.14, 1.28),
        shift=(rng.normal(0.0, 0.02), rng.normal(-0.08, 0.02)),
        background=_jitter(rng, mix((60, 60, 64), (200, 198, 194), rng.uniform()), 12),
        light=(min(uneven, 0.7) * float(np.cos(angle)), min(uneven, 0.7) * float(np.sin(angle))),
        brightness=float(np.clip(rng.normal(1.0, 0.12), 0.6, 1.3)),
        contrast=rng.uniform(0.65, 1.15),
        tint=(rng.uniform(0.93, 1.07), 1.0, rng.uniform(0.9, 1.1)),
        blur=rng.uniform(0.01, 0.045) if blurred else rng.uniform(0.0, 0.015),
        noise=float(rng.gamma(2.0, 1.2)),
        cover=str(rng.choice(COVERS[1:])) if covered else "none",
        cover_colour=_jitter(rng, (110, 110, 110), 70),
        cover_place=rng.uniform(-1.0, 1.0),
    )


def _jitter(rng: np.random.Generator, colour: Colour, spread: float) -> Colour:
    red, green, blue = np.clip(np.array(colour) + rng.normal(0.0, spread, 3), 0.0, 255.0).tolist()
    return red, green, blue
