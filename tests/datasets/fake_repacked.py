"""Small fakes of corpora as Kaggle and others repack them; no real face is in them."""

from __future__ import annotations

from pathlib import Path

from tests.datasets.fake_affectnet import CODES
from tests.datasets.fake_pictures import save
from tests.datasets.fake_rafdb import CODES as RAF

SEVEN = {
    "angry": "anger", "disgust": "disgust", "fear": "fear", "happy": "happiness",
    "neutral": "neutral", "sad": "sadness", "surprise": "surprise",
}  # fmt: skip
YOLO = ("Anger", "Contempt", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")


def write_fer2013(root: Path, each: int = 6, held_out: str = "test") -> None:
    """train/angry/Training_1.jpg, ...; test/ holds both official test sets, as in the most used download.

    Two test pictures are copies of training pictures, one of them under another class. With another name of the second
    folder its pictures have plain numbers, as in the download with validation/.
    """
    number = 0
    for kind, label in SEVEN.items():
        for split, count in (("train", each), (held_out, each // 2 * 2)):
            for n in range(count):
                number += 1
                start = "Training" if split == "train" else ("PublicTest", "PrivateTest")[n % 2]
                start = f"{start}_" if held_out == "test" else ""
                save(root / split / kind / f"{start}{10_000 + number}.jpg", label, number, "grey", (48, 48))
    copied = sorted((root / "train" / "happy").iterdir())[:2]
    sorted((root / held_out / "happy").iterdir())[0].write_bytes(copied[0].read_bytes())
    sorted((root / held_out / "sad").iterdir())[0].write_bytes(copied[1].read_bytes())


def write_rafdb(root: Path, train: int = 56, test: int = 21, tables: bool = True) -> None:
    """DATASET/train/1/train_00001_aligned.jpg, ... with train_labels.csv and test_labels.csv beside DATASET/."""
    for split, count, digits in (("train", train, 5), ("test", test, 4)):
        lines = ["image,label"]
        for number in range(1, count + 1):
            code = number % 7 + 1
            name = f"{split}_{number:0{digits}d}_aligned.jpg"
            save(root / "DATASET" / split / str(code) / name, RAF[code - 1], number)
            lines.append(f"{name},{code}")
        if tables:
            (root / f"{split}_labels.csv").write_text("\n".join(lines) + "\n")


def write_affectnet(root: Path, form: str, each: int = 4) -> None:
    """AffectNet by the folders of a repacking: class001, 0, Anger, or a table."""
    splits = {
        "class001": ("train_class", "valid_class"),
        "Anger": ("Train", "Test"),
        "sets": ("train_set", "val_set"),
    }.get(form, ("train", "val"))
    for split in splits:
        lines = ["image,expression,valence,arousal"]
        for number in range(8 * each):
            code = number % 8
            folder = {
                "class001": f"class{code + 1:03d}",
                "0": str(code),
                "sets": str(code),
                "Anger": CODES[code].capitalize(),
            }.get(form)
            path = f"{folder}/image{number:07d}.jpg" if folder else f"images/{number}.png"
            save(root / split / path, CODES[code], number)
            lines.append(f"{path},{code},0.5,{-2 if number % 3 == 0 else -0.25}")
        if form == "table":
            (root / f"{split}.csv").write_text("\n".join(lines) + "\n")


def write_labelled(root: Path, each: int = 4) -> None:
    """anger/image0000001.jpg, ... with a labels.csv of names that moved two pictures and names one that is missing."""
    lines = [",pth,label,relFCs"]
    for number in range(8 * each):
        folder = YOLO[number % 8].lower()
        moved = {8: "surprise", 9: "fear"}.get(number, folder)
        label = {"happy": "happiness", "sad": "sadness"}.get(moved, moved)
        save(root / folder / f"image{number:07d}.jpg", label, number)
        lines.append(f"{number},{folder}/image{number:07d}.jpg,{moved},0.{number:02d}")
    lines.append("99,anger/image9999999.jpg,anger,0.5")
    (root / "labels.csv").write_text("\n".join(lines) + "\n")


def write_yolo(root: Path, each: int = 4, listing: bool = True) -> None:
    """YOLO_format/train/images and labels, ...; the class is the first number, in alphabetical order of the names."""
    ours = {"Happy": "happiness", "Sad": "sadness"}
    for split in ("train", "valid", "test"):
        (root / "YOLO_format" / split / "labels").mkdir(parents=True)
        for number in range(8 * each):
            name = YOLO[number % 8]
            start = root / "YOLO_format" / split
            save(start / "images" / f"ffhq_{number}.png", ours.get(name, name.lower()), number)
            if number != 3:
                text = f"{number % 8} 0.5 0.5 0.9 0.9\n"
                (start / "labels" / f"ffhq_{number}.txt").write_text(text)
    if listing:
        (root / "YOLO_format" / "data.yaml").write_text(f"train: ../train/images\nnc: 8\nnames: {list(YOLO)}\n")
