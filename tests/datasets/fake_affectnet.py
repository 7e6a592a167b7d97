"""Small fakes of AffectNet's lists of 2017 and of its release of 2021."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.datasets.fake_pictures import save

CODES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
HEADER = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"
QUIRKS = {1: "grey", 6: "cmyk", 7: "turned", 4: "truncated"}
SUFFIXES = (".jpg", ".JPG", ".png", ".bmp", ".tif", ".jpeg")


def write_2017(root: Path, training: int = 88, validation: int = 24) -> None:
    """The two lists, with backslash paths, a leading space in a header, -2 for missing ratings and rows without a face.

    The last training row lists a picture a second time, with another box.
    """
    (root / "Manually_Annotated_file_lists").mkdir(parents=True)
    for name, count in (("training", training), ("validation", validation)):
        lines = [HEADER.replace(",expression", ", expression")]
        for row in range(count):
            code = row % 11 if name == "training" else row % 8
            path = f"{row % 3}/{name[0]}{row:04d}{SUFFIXES[row % 6]}"
            if code < 8:
                quirk = QUIRKS.get(row, "") if name == "training" else ""
                file = root / "Manually_Annotated_Images" / path
                save(file, CODES[code], row, quirk, (80, 60))
            valence, arousal = ("-2", "-2") if code > 7 or row % 5 == 0 else (f"{row % 20 / 10 - 1:.3f}", "0.25")
            box = "NULL,NULL,NULL,NULL" if code == 10 else "20,10,40,40"
            lines.append(
                f"{path if row % 2 else path.replace('/', chr(92))},{box},1.5;2.5;3,{code},{valence},{arousal}"
            )
        if name == "training":
            lines.append(lines[2].replace("20,10,40,40", "0,0,40,40"))
        (root / "Manually_Annotated_file_lists" / f"{name}.csv").write_text("\n".join(lines) + "\n")


def write_2021(root: Path, training: int = 64, validation: int = 24) -> None:
    """train_set and val_set; expressions and ratings as 0-d arrays, of strings in half of the files.

    Of the training faces, one has no expression file, one no picture, one a picture that is cut short.
    """
    for folder, count in (("train_set", training), ("val_set", validation)):
        (root / folder / "annotations").mkdir(parents=True)
        for number in range(count):
            label = number % 8
            quirk = {5: "missing", 6: "truncated"}.get(number, "") if folder == "train_set" else ""
            save(root / folder / "images" / f"{number}.jpg", CODES[label], number, quirk)
            start = root / folder / "annotations" / str(number)
            values = {"exp": label, "val": -2.0 if number % 7 == 0 else 0.5, "aro": -2.0 if number % 7 == 0 else -0.25}
            for kind, value in values.items():
                if kind == "exp" and number == 4 and folder == "train_set":
                    continue
                np.save(f"{start}_{kind}.npy", np.array(str(value)) if number % 2 else np.array(value))
            np.save(f"{start}_lnd.npy", np.zeros(136))
