"""Photographs made of FER2013's faces: how many are found in them, or a folder of them with answers of 20 people.

usage: python scripts/photographs.py found DIR
       python scripts/photographs.py walk DIR OUT

DIR holds fer2013.csv and FER+'s fer2013new.csv. `found` pastes 150 faces, blurred by enlarging them to 200 to 340
pixels, at known places of grounds of 800 x 600, upright and turned by 15, -15 and 30 degrees, and prints for each how
many `dataset.crop=face` finds there and elsewhere, by how many degrees the eyes' line misses the turn against the same
face upright (median), and the processor time a photograph. Then how many it finds where there is no face: 60 grounds.
`walk` writes OUT/photographs/IMG_1001.jpg to IMG_1300.jpg and OUT/answers.xlsx, what docs/photographs.md begins with:
people who answer as FER+'s votes are spread, one of them at random, and rate valence and arousal from 1 to 9.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from fer_exp.config import DatasetConfig
from fer_exp.datasets import open_corpus
from fer_exp.orders import ORDERS
from fer_exp.pictures.detector import find_faces

NAMES = list(ORDERS["ferplus"].classes)
SAID = dict(
    zip(NAMES, ["neutral", "happy", "surprised", "sad", "angry", "disgusted", "afraid", "contempt"], strict=True)
)
VALENCE = dict(zip(NAMES, (5, 7.6, 5.8, 2.8, 2.6, 2.7, 2.9, 3.6), strict=True))
AROUSAL = dict(zip(NAMES, (3.4, 5.8, 6.6, 3.6, 6.4, 5.4, 6.7, 4.6), strict=True))
WIDTH, HEIGHT = 800, 600


def read(folder: str) -> tuple[pd.DataFrame, NDArray[np.uint8]]:
    """FER+'s votes, and FER2013's pictures, (N, 48, 48), in the same order."""
    corpus = open_corpus(DatasetConfig(name="ferplus", root=folder, classes=8, size=48))
    votes = pd.DataFrame(corpus.read().votes)
    return votes, np.concatenate([piece.squeeze(-1).copy() for piece in corpus.pixels(48)])


def coloured(random: np.random.Generator) -> Image.Image:
    """A ground of colours that run into each other, with grain."""
    spots = random.normal(120, 45, (HEIGHT // 80 + 2, WIDTH // 80 + 2, 3)).clip(0, 255).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(spots).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    return Image.fromarray((smooth + random.normal(0, 6, (HEIGHT, WIDTH, 3))).clip(0, 255).astype(np.uint8))


def pasted(face: NDArray[np.uint8], turn: float, random: np.random.Generator) -> tuple[Image.Image, tuple[int, ...]]:
    """A photograph with a face in it, and where: left, top, side."""
    side = int(random.integers(200, 340))
    large = Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC).convert("RGB")
    large = large.rotate(turn, Image.Resampling.BICUBIC, fillcolor=(120, 120, 120))
    away = np.hypot(*np.meshgrid(*[np.linspace(-1, 1, side)] * 2))
    photograph = coloured(random)
    left, top = int(random.integers(0, WIDTH - side)), int(random.integers(0, HEIGHT - side))
    photograph.paste(large, (left, top), Image.fromarray(((1.25 - away) * 400).clip(0, 255).astype(np.uint8)))
    return photograph, (left, top, side)


def found(folder: str) -> None:
    """Print the table of ``found``."""
    votes, faces = read(folder)
    random = np.random.default_rng(0)
    chosen = random.choice(np.flatnonzero(votes["not_a_face"] == 0), 200, replace=False)[:150]
    upright: dict[int, float] = {}
    print("turned  found  elsewhere  of  degrees off  ms a photograph")
    for turn in (0, 15, -15, 30):
        there, elsewhere, off, seconds = 0, 0, [], 0.0
        for row in chosen.tolist():
            photograph, (left, top, side) = pasted(faces[row], turn, random)
            begun = time.thread_time()
            seen = find_faces(np.asarray(photograph))
            seconds += time.thread_time() - begun
            if not seen:
                continue
            x, y = seen[0].box[[0, 2]].mean(), seen[0].box[[1, 3]].mean()
            if not (left <= x <= left + side and top <= y <= top + side):
                elsewhere += 1
                continue
            there += 1
            across, down = seen[0].eyes[1] - seen[0].eyes[0]
            tilt = float(np.degrees(np.arctan2(down, across)))
            upright.setdefault(row, tilt + turn)
            off.append(abs(tilt + turn - upright[row]))
        print(f"{turn:6d} {there:6d} {elsewhere:10d} {len(chosen):3d} {np.median(off):12.1f} "
              f"{1000 * seconds / len(chosen):16.0f}", flush=True)  # fmt: skip
    none = sum(bool(find_faces(np.asarray(coloured(random)))) for _ in range(60))
    print(f"in grounds without a face: {none} of 60")


def walk(folder: str, out: str) -> None:
    """Write the photographs and the answers."""
    votes, faces = read(folder)
    counts = votes[NAMES].to_numpy()
    top, random = counts.argmax(axis=1), np.random.default_rng(7)
    pool = np.flatnonzero((votes["not_a_face"] == 0) & (top < 7))
    rows = [row for k in range(7) for row in random.choice(pool[top[pool] == k], 43, replace=False).tolist()]
    random.shuffle(rows)
    rows, names = rows[:300], [f"IMG_{1001 + n}.jpg" for n in range(300)]
    place = Path(out) / "photographs"
    place.mkdir(parents=True)
    for row, name in zip(rows, names, strict=True):
        photograph, _ = pasted(faces[row], float(random.normal(0, 8)), random)
        photograph.save(place / name, quality=90)
    answers, random = [], np.random.default_rng(11)
    for person in range(1, 21):
        lean = random.normal(0, 0.5, 2)
        for n in random.permutation(300):
            felt = random.choice(NAMES, p=None if person == 13 else counts[rows[n]] / counts[rows[n]].sum())
            sides = np.array([VALENCE[felt], AROUSAL[felt]]) + lean + random.normal(0, 1, 2)
            answers.append((f"P{person:02d}", names[n], SAID[felt], *np.rint(sides).clip(1, 9)))
    columns = ["Participant", "Photo", "Expression", "Valence", "Arousal"]
    pd.DataFrame(answers, columns=columns).to_excel(Path(out) / "answers.xlsx", index=False)


if __name__ == "__main__":
    if sys.argv[1:2] == ["found"] and len(sys.argv) == 3:
        found(sys.argv[2])
    elif sys.argv[1:2] == ["walk"] and len(sys.argv) == 4:
        walk(sys.argv[2], sys.argv[3])
    else:
        sys.exit(__doc__)
