"""Corpora whose labels lie in files beside the pictures, read as ``dataset=folder``: ExpW, CK+, and any for YOLO."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from fer_exp.datasets.pictures import safe_path
from fer_exp.datasets.yolo import Yolo
from fer_exp.errors import RequestError
from fer_exp.face_names import stem
from fer_exp.pictures.decoding import Box
from fer_exp.pictures.listing import files_below, listed
from fer_exp.regular import reading, whole_text

EXPW = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""What 0..6 mean in ExpW's list."""
CK = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
"""What 0..7 mean in CK+'s files."""


WHOLE = re.compile(r"-?[0-9]{1,9}")


class Labelled(NamedTuple):
    """What files beside the pictures say.

    Attributes:
        files: those whose content counts.
        rows: a row a face: ``path`` from the root, ``face``, ``split``, ``subject``, ``label``.
        boxes: of each face, by its name; None where faces are whole pictures.
        said: how it was understood, in words.
    """

    files: list[Path]
    rows: pd.DataFrame
    boxes: dict[str, Box] | None
    said: str


def labelled_at(root: Path) -> Labelled | None:
    """What lies at a root, where it is one of ``FORMS``; raises RequestError naming file and line."""
    return next((found for read in FORMS if (found := read(root)) is not None), None)


def expw(root: Path) -> Labelled | None:
    """ExpW (Zhang et al. 2018): label/label.lst and image/; several faces a picture, each with its box.

    A line is image, number of the face, top, left, right, bottom, confidence of the box, label.
    """
    lists = [top / name for top in _tops(root) for name in ("label/label.lst", "label.lst")]
    file = next((file for file in lists if file.is_file()), None)
    if file is None:
        return None
    base = file.parent.parent if file.parent.name == "label" else file.parent
    pictures = (base / name for name in ("image/origin", "image", "images", "origin"))
    folder = next((folder for folder in pictures if folder.is_dir()), base).relative_to(root).as_posix()
    here = "" if folder == "." else f"{folder}/"
    rows: list[tuple[str, str, str | None, str | None, str | None]] = []
    boxes: dict[str, Box] = {}
    with reading(file, f"folder: {file}"):
        lines = whole_text(file).split("\n")
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        where = f"folder: {file}, line {number}"
        numbers = [int(word) for word in words[1:6] + words[7:] if WHOLE.fullmatch(word)]
        if len(words) != 8 or len(numbers) != 6 or not 0 <= numbers[5] < len(EXPW):
            raise RequestError(
                f"{where} is {line[:60]!r} where an image, its face's number and box (top, left, right, bottom), a "
                "confidence and a label 0 to 6 belong."
            )
        face, top, left, right, bottom, label = numbers
        path = here + safe_path(words[0], where)
        name = f"{stem(words[0])}_{face}"
        rows.append((path, name, None, None, EXPW[label]))
        boxes[name] = (left, top, right, bottom)
    return Labelled([file], _frame(rows), boxes, f"ExpW's list {file.name}: {len(rows):,} faces by their boxes")


def ck_plus(root: Path) -> Labelled | None:
    """CK+ (Lucey et al. 2010): Emotion/S005/001/S005_001_00000011_emotion.txt names the peak frame of a sequence.

    The picture is that frame; sequences without such a file, and other frames, are left out.
    """
    name = "cohn-kanade-images"
    places = [top / below for top in _tops(root) for below in (name, f"extended-{name}/{name}")]
    pictures = next((path for path in places if path.is_dir()), None)
    labels = next((path for top in _tops(root) for path in sorted(top.glob("Emotion*")) if path.is_dir()), None)
    if pictures is None or labels is None:
        return None
    top = pictures.relative_to(root).as_posix()
    rows = []
    for file in sorted(labels / name for name in files_below(labels) if name.endswith("_emotion.txt")):
        frame = file.name.removesuffix("_emotion.txt")
        subject, sequence = file.parent.parent.name, file.parent.name
        with reading(file, f"folder: {file}"):
            code = whole_text(file).strip()
        label = next((name for number, name in enumerate(CK) if _as_number(code) == number), None)
        if label is None:
            raise RequestError(f"folder: {file} holds {code[:20]!r} where a label 0 to 7 belongs.")
        rows.append((f"{top}/{subject}/{sequence}/{frame}.png", frame, None, subject, label))
    frames = listed(root, top)
    sequences = {os.path.dirname(path) for path in frames}  # noqa: PTH120 - a Path costs more
    others = len(sequences) - len({os.path.dirname(row[0]) for row in rows} & sequences)  # noqa: PTH120
    said = f"CK+'s {labels.name}: the peak frames of {len(rows):,} sequences; {others:,} sequences without a label are"
    persons = f"{len({row[3] for row in rows})} persons; splits that are drawn take them whole"
    return Labelled([], _frame(rows), None, f"{said} left out; {persons}")


class AnyYolo(Yolo):
    """Faces of anybody's, labelled for YOLO."""

    name = title = "folder"


def yolo(root: Path) -> Labelled | None:
    """Pictures in images/, their classes in labels/, as ``Yolo`` reads them."""
    corpus = AnyYolo(root, ())
    if not corpus.is_here():
        return None
    faces = corpus.read()
    paths = [picture.path for picture in corpus.pictures()]
    rows = zip(paths, faces.table["face"], faces.table["split"], [None] * len(paths), faces.table["label"], strict=True)
    return Labelled(corpus.files(), _frame(list(rows)), None, faces.said[0])


FORMS: tuple[Callable[[Path], Labelled | None], ...] = (expw, ck_plus, yolo)


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0


def _tops(root: Path) -> list[Path]:
    """A root and the folders in it: a download is often one folder."""
    return [root, *sorted(folder for folder in root.iterdir() if folder.is_dir())]


def _frame(rows: Sequence[tuple[str, str, str | None, str | None, str | None]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["path", "face", "split", "subject", "label"], dtype=object)
