"""Small fakes of corpora that say in their file names, or in files beside the pictures, who shows what."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pandas as pd

from fer_exp.names import expression
from tests.datasets.fake_pictures import save

CK = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
EXPW = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
SEVEN = ("AN", "DI", "FE", "HA", "NE", "SA", "SU")
CODES = {"SP": "surprise", "CA": "neutral"}


def label_of(code: str) -> str:
    return CODES.get(code) or expression(code) or code


def write_kdef(root: Path) -> None:
    """KDEF/AF01/AF01AFS.JPG, ...: three persons in two sessions, and a misnamed file of the release; AKDEF/ beside."""
    persons, poses = ("F01", "F02", "M01"), ("AF", "AN", "DI", "HA", "NE", "SA", "SU")
    for number, (session, person, pose, angle) in enumerate(product("AB", persons, poses, ("FL", "S"))):
        save(root / "KDEF" / f"{session}{person}" / f"{session}{person}{pose}{angle}.JPG", label_of(pose), number)
    save(root / "KDEF" / "AF01" / "AF31V.JPG", "sadness", 0)
    for sex, pose in product("FM", poses):
        save(root / "AKDEF" / f"{sex}{pose}S.JPG", label_of(pose), 99)


def write_ck48(root: Path) -> None:
    """anger/S010_004_00000017.png, ...: seven folders with contempt, three frames a sequence."""
    for person, kind in product(
        range(10, 16), ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")
    ):
        for frame in (15, 16, 17):
            label = label_of(kind)
            save(root / kind / f"S{person:03d}_004_{frame:08d}.png", label, person * frame, "grey", (48, 48))


def write_ck_plus(root: Path) -> None:
    """cohn-kanade-images/S005/001/*.png and Emotion/S005/001/*_emotion.txt for the first of two sequences a person."""
    for person in range(5, 13):
        for sequence, code in (("001", person % 7 + 1), ("002", 0)):
            folder = root / "cohn-kanade-images" / f"S{person:03d}" / sequence
            for frame in (1, 2, 11):
                save(
                    folder / f"S{person:03d}_{sequence}_{frame:08d}.png", CK[code] if frame == 11 else "neutral", person
                )
            (root / "Emotion" / f"S{person:03d}" / sequence).mkdir(parents=True)
            if code:
                file = root / "Emotion" / f"S{person:03d}" / sequence / f"S{person:03d}_{sequence}_00000011_emotion.txt"
                file.write_text(f"   {code}.0000000e+00\n")


def write_jaffe(root: Path) -> None:
    """KA.AN1.39.tiff, ...: all in one folder."""
    for number, (person, pose, take) in enumerate(product(("KA", "KL", "YM"), SEVEN, (1, 2)), start=1):
        save(root / f"{person}.{pose}{take}.{number}.tiff", label_of(pose), number, "grey")


def write_expw(root: Path) -> None:
    """label/label.lst and image/: two faces a picture, of which the boxes show one bar each; one picture is missing."""
    lines = []
    for number in range(21):
        name, label = f"angry_actor_{number}.jpg", EXPW[number % 7]
        save(root / "image" / name, label, number, "missing" if number == 20 else "", (80, 40))
        lines += [f"{name} {face} 0 {left} {left + 40} 40 77.5 {number % 7}" for face, left in enumerate((0, 40))]
    (root / "label").mkdir()
    (root / "label" / "label.lst").write_text("\n".join(lines) + "\n")


def write_ferg(root: Path) -> None:
    """aia/aia_anger/aia_anger_1.png, ..."""
    kinds = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
    for number, (person, kind) in enumerate(product(("aia", "mery", "ray"), kinds)):
        save(root / person / f"{person}_{kind}" / f"{person}_{kind}_{number}.png", label_of(kind), number)


def write_nimstim(root: Path) -> None:
    """01F_AN_C.BMP, ...; calm is CA, surprise SP."""
    for number, (person, pose) in enumerate(
        product(("01F", "02F", "20M"), ("AN", "CA", "DI", "FE", "HA", "NE", "SA", "SP"))
    ):
        save(root / f"{person}_{pose}_{'CO'[number % 2]}.BMP", label_of(pose), number)


def write_rafd(root: Path) -> None:
    """Rafd090_01_Caucasian_female_angry_frontal.jpg, ...: eight expressions."""
    people = ("01_Caucasian_female", "03_Caucasian_male", "29_Moroccan_male")
    poses = ("angry", "contemptuous", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
    for number, (person, pose) in enumerate(product(people, poses)):
        save(root / f"Rafd090_{person}_{pose}_frontal.jpg", label_of(pose), number)


def write_flat(root: Path, answers: Path, people: int = 12, each: int = 4) -> None:
    """Tim_12_0001.jpg, ... in one folder, and an answer of each of six raters to each, in a table of any kind."""
    rows = []
    labels = ("neutral", "happiness", "sadness", "anger")
    names = [("Tim", "Ana", "Eve", "Bob", "Kim", "Lee")[n % 6] + "_" + "ABC"[n // 6] for n in range(people)]
    for number, (person, take) in enumerate(product(names, range(1, each + 1))):
        label = labels[number % 4]
        save(root / f"{person}_{take:04d}.jpg", label, number)
        for rater in range(6):
            seen = labels[(number + 1) % 4] if rater == 0 else label
            rows.append(
                {"face": f"{person}_{take:04d}.jpg", "rater": f"r{rater}", "emotion": seen, "valence": rater + 2}
            )
    frame = pd.DataFrame(rows)
    frame.to_excel(answers, index=False) if answers.suffix == ".xlsx" else frame.to_csv(answers, index=False)
