"""Small fakes of official layouts, with the quirks of the real files; no real face is in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

USAGES = ("Training", "PublicTest", "PrivateTest")
ANSWERS = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def fake_faces(rows: int, seed: int = 0) -> tuple[list[int], NDArray[np.uint8], list[str]]:
    """Labels 0..6, pictures of shape (rows, 2304) and usages; half the rows train, a quarter each val and test."""
    generator = np.random.default_rng(seed)
    pictures = generator.integers(0, 256, (rows, 48 * 48), dtype=np.uint8)
    usages = [USAGES[0 if row < rows // 2 else 1 if row < 3 * rows // 4 else 2] for row in range(rows)]
    return [row % 7 for row in range(rows)], pictures, usages


def fer2013_text(labels: Sequence[int], pictures: NDArray[np.uint8], usages: Sequence[str]) -> str:
    """The text of a fer2013.csv."""
    rows = zip(labels, pictures.tolist(), usages, strict=True)
    lines = [f"{label},{' '.join(map(str, picture))},{usage}\n" for label, picture, usage in rows]
    return "".join(["emotion,pixels,Usage\n", *lines])


def write_fer2013(folder: Path, rows: int = 200, seed: int = 0) -> NDArray[np.uint8]:
    """Write a fer2013.csv of random pictures; returns them, shape (rows, 48, 48)."""
    labels, pictures, usages = fake_faces(rows, seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fer2013.csv").write_text(fer2013_text(labels, pictures, usages))
    return pictures.reshape(-1, 48, 48)


def write_icml(folder: Path, rows: int = 200, seed: int = 0) -> NDArray[np.uint8]:
    """Write the same faces as an icml_face_data.csv: another order of columns, spaces in the header, CRLF."""
    labels, pictures, usages = fake_faces(rows, seed)
    lines = [
        f"{label},{usage},{' '.join(map(str, picture))}\r\n"
        for label, usage, picture in zip(labels, usages, pictures.tolist(), strict=True)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "icml_face_data.csv").write_bytes("".join(["emotion, Usage, pixels\r\n", *lines]).encode())
    return pictures.reshape(-1, 48, 48)


def write_votes(folder: Path, rows: int = 200, seed: int = 0) -> NDArray[np.int64]:
    """Write a fer2013new.csv; returns its counts, shape (rows, 10), in the order of its columns.

    Row 3 has no name and is all NF, row 4 has 9 votes, row 6 repeats the name of row 5.
    """
    counts = np.random.default_rng(seed).multinomial(10, [0.1] * 10, rows)
    counts[3] = [0] * 9 + [10]
    counts[4] = [9] + [0] * 9
    names = [f"fer{row:07d}.png" for row in range(rows)]
    names[3], names[6] = "", names[5]
    usages = fake_faces(rows, seed)[2]
    lines = [
        f"{usage},{name},{','.join(map(str, votes))}\n"
        for usage, name, votes in zip(usages, names, counts.tolist(), strict=True)
    ]
    (folder / "fer2013new.csv").write_text("".join([f"Usage,Image name,{ANSWERS}\n", *lines]))
    return counts
