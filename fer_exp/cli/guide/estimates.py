"""How long a command may take here, and what so many faces can show; computed from what was measured in results/.

``measured.json`` is made by ``scripts/guide_numbers.py``. torch is not asked, because importing it takes seconds.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from fer_exp.config import TrainConfig
from fer_exp.system import cores

MEASURED = Path(__file__).with_name("measured.json")

START = 4.0
"""Seconds until a command that reads a table has imported what it needs and has its intervals (docs/install.md)."""
DECODED = 1900.0
"""JPEGs of 224 pixels that a core decodes in a second (docs/speed.md: 20,000 in 5.3 s on two)."""
ANSWERED = 250.0
"""Pictures of 48 pixels to which a core gives a network's answers in a second (docs/speed.md: 486 on two)."""


@cache
def measured() -> dict[str, Any]:
    """What measured.json holds."""
    content: dict[str, Any] = json.loads(MEASURED.read_text(encoding="utf-8"))
    return content


def has_gpu() -> bool:
    """Whether NVIDIA's driver is here; whether torch can use it, only torch knows."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return not hidden and (Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None)


def of_training(config: TrainConfig, faces: int, runs: int) -> tuple[float, str]:
    """Seconds that trainings take one after the other, and what that is computed from.

    Speed grows with the cores. A picture of 112 pixels takes about twice the time of one of 48 (docs/speed.md), in
    proportion to its side; beyond, in proportion to its area.

    Args:
        config: of one of them.
        faces: that each learns from.
        runs: how many.
    """
    device = "gpu" if has_gpu() and config.trainer.accelerator in ("auto", "gpu") else "cpu"
    speed = measured()["speed"][device]
    here = cores()
    size = config.dataset.size
    slower = size / speed["pixels"] * max(1.0, size / 112)
    faster = here / speed["cores"] if device == "cpu" else 1.0
    of_one = faces * config.trainer.epochs * slower / (speed["images_per_second"] * faster) + speed["seconds_besides"]
    where = f"{here} core{'s' if here > 1 else ''}" if device == "cpu" else f"a GPU as fast as {speed['device']}"
    return of_one * runs, where


def of_pictures(pictures: int, *, answered: bool) -> tuple[float, str]:
    """Seconds to read pictures, or to have a network's answers to them, on the cores of this machine."""
    here = cores()
    return START + pictures / ((ANSWERED if answered else DECODED) * here), f"{here} core{'s' if here > 1 else ''}"


def people_for(faces: int, study: str) -> str:
    """How many people a study of ``fer-exp rate`` takes, in a sentence."""
    from fer_exp.collecting.study import read_study

    asked = read_study(study)
    people = max(asked.per_face, math.ceil(faces * asked.per_face / asked.per_person))
    return (
        f"People: {people:,}, if each of {faces:,} faces gets {asked.per_face} answers and a person sees at most "
        f"{asked.per_person} (per_face= and per_person= change that)."
    )


def in_words(seconds: float) -> str:
    """A time as rough as an estimate is.

    >>> in_words(8), in_words(75), in_words(400), in_words(9000), in_words(400_000)
    ('less than a minute', 'about 1 minute', 'about 7 minutes', 'about 2.5 hours', 'about 5 days')
    """
    if seconds < 45:
        return "less than a minute"
    for unit, size, most in (("minute", 60.0, 90), ("hour", 3600.0, 48), ("day", 86400.0, float("inf"))):
        number = seconds / size
        if number < most:
            rounded = f"{number:.0f}" if unit == "minute" or number >= 4 else f"{number:.1f}".removesuffix(".0")
            return f"about {rounded} {unit}{'' if rounded == '1' else 's'}"
    raise ValueError(f"{seconds} seconds are no time")


def what_faces_show(faces: int, runs: int) -> str:
    """The smallest difference in L1 that so many test faces show in 8 of 10 studies, in a sentence; '' of too few."""
    if faces < 10:
        return ""
    from fer_exp.stats.power import Sizes, detectable

    known = measured()["l1"]
    sizes = Sizes(known["faces"], known["answers"], known["runs"])
    smallest = detectable(sizes, faces, runs)
    with_runs = "one training" if runs == 1 else f"{runs} trainings"
    return (
        f"{faces:,} test faces and {with_runs} of each kind detect an L1 difference of {smallest:.3f} in 8 of 10 "
        f"studies. On FER+, one-hot and soft labels differed by {known['seen']:.3f}. It is assumed that faces vary as "
        f"they do there ({known['source']})."
    )
