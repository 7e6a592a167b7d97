"""A small fake of RAF-DB's basic set."""

from __future__ import annotations

from pathlib import Path

from tests.datasets.fake_pictures import save

CODES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
QUIRKS = {2: "grey", 3: "cmyk", 4: "turned", 5: "truncated", 6: "missing"}


def write_rafdb(root: Path, train: int = 56, test: int = 21) -> None:
    """EmoLabel/list_patition_label.txt (test faces first, not sorted) and Image/aligned/<name>_aligned.jpg.

    Among the training faces are a grey, a CMYK and a turned picture, a truncated one and a missing one.
    """
    lines = []
    for split, count in (("test", test), ("train", train)):
        for number in reversed(range(1, count + 1)):
            code = number % 7 + 1
            lines.append(f"{split}_{number:05d}.jpg {code}")
            file = root / "Image" / "aligned" / f"{split}_{number:05d}_aligned.jpg"
            save(file, CODES[code - 1], number, QUIRKS.get(number, "") if split == "train" else "")
    (root / "EmoLabel").mkdir(parents=True)
    (root / "EmoLabel" / "list_patition_label.txt").write_text("\r\n".join(lines) + "\r\n")


def write_attributes(root: Path, faces: list[str], codes: list[tuple[int, int, int]]) -> None:
    """Annotation/manual/<face>_manu_attri.txt: five landmarks, then sex, race, age."""
    folder = root / "Annotation" / "manual"
    folder.mkdir(parents=True, exist_ok=True)
    for face, told in zip(faces, codes, strict=True):
        landmarks = "".join(f"{x}.5\t{2 * x}.25\n" for x in range(5))
        (folder / f"{face}_manu_attri.txt").write_text(landmarks + "".join(f"{code}\n" for code in told))
