"""A small fake of CAFE as Databrary gives it, and of the tables that a user attaches to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.datasets.fake_pictures import save

POSES = {
    "neutral": "neutral",
    "neutralopen": "neutral",
    "angry": "anger",
    "angryopen": "anger",
    "disgust": "disgust",
    "disgustwithtongue": "disgust",
    "fearful": "fear",
    "fearfulopen": "fear",
    "happy": "happiness",
    "happyopen": "happiness",
    "sad": "sadness",
    "sadopen": "sadness",
    "surprise": "surprise",
}
SEVEN = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger")
CHILDREN = (
    "F-AA-01",
    "F-AA-03",
    "M-LA-02",
    "M-EA-11",
    "F-SA-07",
    "M-PI-04",
    "F-EA-09",
    "M-AA-12",
    "F-LA-05",
    "M-EA-20",
)


def write_cafe(root: Path) -> list[str]:
    """sessions/<folder>/<id>-<pose>_<child>.jpg for ten children; returns the names, without suffix.

    One name ends in .JPG, one picture is truncated, and each session has a hidden file beside the pictures, as some
    systems leave them.
    """
    names = []
    number = 9_970
    for session, child in enumerate(CHILDREN, start=6_280):
        folder = root / "sessions" / str(session)
        for pose, label in POSES.items():
            number += 1
            name = f"{number}-{pose}_{child}"
            suffix = ".JPG" if number == 9_975 else ".jpg"
            save(folder / f"{name}{suffix}", label, number, "truncated" if number == 9_990 else "", (48, 64))
            names.append(name)
        (folder / "._hidden.jpg").write_bytes(b"")
    return names


def write_answers(file: Path, names: list[str], raters: int = 100, proportions: bool = False) -> pd.DataFrame:
    """A table of face (the file name) and a column per class, spelt as psychologists do; about 70 % choose the pose."""
    random = np.random.default_rng(0)
    rows = []
    for name in names:
        own = SEVEN.index(POSES[name.split("-")[1].split("_")[0]])
        chance = np.full(7, 0.3 / 6)
        chance[own] = 0.7
        rows.append(random.multinomial(raters, random.dirichlet(8 * chance)))
    counts = pd.DataFrame(rows, columns=["Neutral", "Happy", "Sad", "Surprised", "Fearful", "Disgusted", "Angry"])
    table = counts / raters if proportions else counts.copy()
    table.insert(0, "face", [f"{name}.jpg" for name in names])
    table.to_csv(file, index=False)
    return counts
