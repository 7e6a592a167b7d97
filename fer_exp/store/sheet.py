"""A contact sheet: what the faces of a store look like, and where in their photographs they were found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from fer_exp.datasets.pictures import PictureCorpus
from fer_exp.files import whole
from fer_exp.pictures.crops import NO_FACE, Crop
from fer_exp.pictures.decoding import MODES, as_image
from fer_exp.pictures.detector import find_faces
from fer_exp.pictures.photographs import spread
from fer_exp.store import Store
from fer_exp.store.write import REJECTED
from fer_exp.system import visible

SHEET = "contact_sheet.jpg"
FACES, ACROSS = 100, 10
ORIGINALS = 5
"""Photographs shown with the crop drawn in, and as many in which no face was found."""
SIDE, GAP, CAPTION, TITLE = 112, 10, 13, 34
WIDTH = ACROSS * (SIDE + GAP) + GAP
PAPER, INK, PALE, FRAME = "white", "#222222", "#6b6b6b", "#ff4f1f"


def contact_sheet(store: Store, corpus: PictureCorpus) -> Path:
    """Write ``contact_sheet.jpg`` into the store's folder, if it is not there yet; gives its path.

    It shows faces spread evenly over the store, as training reads them, with name and label; below, where faces are
    cut out, some photographs with the crop drawn in, and some in which no face was found.

    Raises:
        RunError: it cannot be written.
    """
    file = store.folder / SHEET
    if file.is_file():
        return file
    rows, size = spread(len(store.faces), FACES), store.facts["size"]
    faces = store.faces.iloc[rows]
    pictures = [as_image(store.pixels[row]).resize((SIDE, SIDE)) for row in rows]
    words = list(zip(faces["face"], faces["label"].fillna(""), strict=True))
    title = f"{corpus.name}: {len(rows):,} of {len(store.faces):,} faces at {size} x {size}, as training reads them"
    parts = [_part(title, pictures, words, ACROSS)]
    if corpus.crop is not None:
        found = faces["face"].iloc[spread(len(faces), ORIGINALS)].tolist()
        parts.append(_originals("where faces were found", found, corpus, corpus.crop))
        if missed := _missed(store.folder):
            title = f"no face was found in {len(missed):,} ({REJECTED})"
            parts.append(_originals(title, missed[:ORIGINALS], corpus, corpus.crop))
    sheet = Image.new("RGB", (WIDTH, sum(part.height for part in parts) + GAP), PAPER)
    top = 0
    for part in parts:
        sheet.paste(part, (0, top))
        top += part.height
    with whole(file) as aside:
        sheet.save(aside, "JPEG", quality=88)
    return file


def _missed(folder: Path) -> list[str]:
    if not (folder / REJECTED).is_file():
        return []
    rejected = pd.read_csv(folder / REJECTED, dtype=str)
    return [str(face) for face in rejected.loc[rejected["reason"] == NO_FACE, "face"]]


def _originals(title: str, faces: Sequence[str], corpus: PictureCorpus, crop: Crop) -> Image.Image:
    """Photographs by their faces' names, with the crop drawn in."""

    def framed(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], str]:
        picture = as_image(pixels).convert("RGB")
        if found := find_faces(pixels):
            corners = [(float(x), float(y)) for x, y in crop.corners(found[0])]
            ImageDraw.Draw(picture).line([*corners, *corners[:2]], FRAME, max(2, max(picture.size) // 100), "curve")
        heights.append(min(1.0, picture.height / picture.width))
        square = (max(picture.size),) * 2
        padded = ImageOps.pad(picture, square, color=PAPER, centering=(0.5, 0))
        return np.asarray(padded.convert(MODES[corpus.channels][0])), ""

    side = (WIDTH - GAP) // ORIGINALS - GAP
    row_of = {face: row for row, face in enumerate(corpus.read().table["face"])}
    every, pictures = corpus.pictures(), []
    heights: list[float] = []
    for face in faces:
        out = np.empty((side, side, corpus.channels), np.uint8)
        corpus.decode(every[row_of[face]], out, framed)
        pictures.append(as_image(out))
    pictures = [picture.crop((0, 0, side, round(side * max(heights)))) for picture in pictures]
    return _part(title, pictures, [(face, "") for face in faces], ORIGINALS)


def _part(title: str, pictures: Sequence[Image.Image], words: Sequence[tuple[str, str]], across: int) -> Image.Image:
    """Pictures of one size in rows, each with two lines of words below it."""
    side, height = pictures[0].size
    lines = 2 if any(second for _, second in words) else 1
    step = height + GAP // 2 + lines * CAPTION + GAP
    part = Image.new("RGB", (WIDTH, TITLE + -(-len(pictures) // across) * step), PAPER)
    draw, large, small = ImageDraw.Draw(part), ImageFont.load_default(15), ImageFont.load_default(10.5)
    draw.text((GAP, GAP), title, INK, large)
    for number, (picture, texts) in enumerate(zip(pictures, words, strict=True)):
        left, top = GAP + number % across * (side + GAP), TITLE + number // across * step
        part.paste(picture.convert("RGB"), (left, top))
        for line, (text, ink) in enumerate(zip(texts, (INK, PALE), strict=True)):
            text = visible(text).replace("\n", " ")
            while draw.textlength(text, small) > side:  # the end of a path tells more than its start
                text = "…" + text.removeprefix("…")[1:]
            draw.text((left, top + height + GAP // 2 - 2 + line * CAPTION), text, ink, small)
    return part
