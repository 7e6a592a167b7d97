"""One HTML page of pictures beside what a network says of them. It holds everything it shows and asks no network."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from fer_exp.judging.predictions import class_names
from fer_exp.names import SIDES
from fer_exp.pictures.decoding import as_image
from fer_exp.pictures.photographs import spread
from fer_exp.report.answers import in_words, summary
from fer_exp.report.figures import colour_of
from fer_exp.report.page import data_uri, page_template

if TYPE_CHECKING:
    from fer_exp.pictures.crops import Crop
    from fer_exp.training.network_file import Told

MOST = 600
"""Pictures on a page, evenly spread over all: of some 2 KB each."""
SIDE = 96
"""Pixels of an embedded picture, at most."""
TEMPLATE = "answers_page.html.j2"


class Page:
    """Collects small pictures of the faces as the network gets them, and makes the page of them.

    Args:
        files: how many there are.
    """

    def __init__(self, files: int) -> None:
        self._wanted = set(spread(files, MOST).tolist())
        self._pictures: dict[int, str] = {}

    def see(self, rows: list[int], pixels: NDArray[np.uint8]) -> None:
        """Keep those of some faces that the page shows; see ``training.pictures.See``."""
        for row, face in zip(rows, pixels, strict=True):
            if row in self._wanted:
                self._pictures[row] = _small(face)

    def render(self, table: pd.DataFrame, rows: NDArray[np.int64], told: Told, crop: Crop | None) -> str:
        """The page, as HTML that needs no other file; names of files are escaped.

        Args:
            table: as ``answers.with_people`` gives it.
            rows: of its faces among the files.
            told: of the network.
            crop: what cut the faces out.
        """
        classes = class_names(table)
        colours = {name: colour_of(name, k) for k, name in enumerate(classes)}
        shown = [n for n, row in enumerate(rows.tolist()) if row in self._pictures]
        return page_template(Path(__file__).with_name(TEMPLATE)).render(
            told=told,
            total=len(table),
            most=np.log(len(classes)),
            crop=crop,
            colours=colours,
            counts=summary(table),
            cards=[_card(table.iloc[n], self._pictures[int(rows[n])], classes) for n in shown],
        )


def _card(row: pd.Series[Any], picture: str, classes: tuple[str, ...]) -> dict[str, Any]:
    ten = np.array([row[f"ten_{name}"] for name in classes])
    sides = {side: row[side] for side in SIDES if pd.notna(row[side])}
    return {
        "face": row["face"],
        "picture": picture,
        "people": [classes[k] for k in np.argsort(-ten, kind="stable") for _ in range(ten[k])],
        "words": in_words(ten, classes),
        "bars": sorted(((name, row[f"p_{name}"]) for name in classes), key=lambda bar: -bar[1]),
        "entropy": row["entropy"],
        "sides": sides,
    }


def _small(face: NDArray[np.uint8]) -> str:
    """A face, shape (size, size, channels), as a data URI of at most ``SIDE`` pixels."""
    picture = as_image(face)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=75, method=2)
    return data_uri("webp", stream.getvalue())
