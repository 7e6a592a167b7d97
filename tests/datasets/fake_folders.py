"""Small fakes of picture folders: one's own, and FER+ as its script writes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.datasets.fake_pictures import save

KINDS = {"angry": "anger", "Happy": "happiness", "sad": "sadness", "neutral": "neutral"}
SUFFIXES = (".jpg", ".PNG", ".webp", ".bmp", ".tiff")


def write_classes(root: Path, each: int = 20) -> None:
    """A folder per class, with pictures of five formats, equal names in different folders, and a file of no picture."""
    for kind, label in KINDS.items():
        for number in range(each):
            save(root / kind / f"{number}{SUFFIXES[number % 5]}", label, number)
    (root / "angry" / "Thumbs.db").write_bytes(b"no picture")


def write_faces_table(root: Path, people: int = 12, each: int = 5) -> pd.DataFrame:
    """root/faces.csv with everything that a table can name, and the pictures beside it."""
    rows = []
    for person in range(people):
        for number in range(each):
            label = list(KINDS.values())[(person + number) % 4]
            path = f"pictures/p{person:02d}/{number}.png"
            save(root / path, label, 10 * person + number)
            votes = dict.fromkeys(("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry", "unknown"), 0)
            votes[{"anger": "angry", "happiness": "happy", "sadness": "sad"}.get(label, label)] = 7
            votes["fear"] += 2
            votes["unknown"] += 1
            valence = "" if number == 0 else f"{(person % 5) / 4 - 0.5:.2f}"
            rows.append({"path": path, "label": label, "subject": f"p{person:02d}", "valence": valence, "arousal": 0.1})
            rows[-1] |= {"split": ("training", "valid", "test")[0 if person < 7 else 1 if person < 9 else 2], **votes}
    table = pd.DataFrame(rows)
    table.to_csv(root / "faces.csv", index=False)
    return table


def write_ferplus_folders(root: Path, each: int = 60) -> None:
    """FER2013{Train,Valid,Test} with grey pictures of 48 pixels and label.csv, which has no header."""
    random = np.random.default_rng(0)
    number = 0
    names = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
    for folder, count in (("FER2013Train", each), ("FER2013Valid", each // 3), ("FER2013Test", each // 3)):
        lines = []
        for row in range(count):
            top = row % 8
            counts = random.multinomial(3, np.full(10, 0.1))
            counts[top] += 7
            save(root / folder / f"fer{number:07d}.png", names[top], number, "grey", (48, 48))
            lines.append(f'fer{number:07d}.png,"(0, 0, 48, 48)",{",".join(map(str, counts))}')
            number += 1
        if folder == "FER2013Train":
            lines.append(lines[4])  # the real lists have four such names
        (root / folder / "label.csv").write_text("\n".join(lines) + "\n")
