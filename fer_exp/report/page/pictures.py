"""The faces of a run as one small picture, taken from the store that the run was trained from."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from fer_exp.store import cache_folder

TILE = 48  # pixels on the page before the browser enlarges them; FER2013's own size
ACROSS = 60  # tiles in a row; 60 rows of them stay far below WebP's limit of 16,383 pixels
LARGEST = 2_600_000  # bytes of the picture; a third more as text, so that a page stays below 5 MB
QUALITIES = (70, 55, 40, 25)


@dataclass(frozen=True)
class Stored:
    """What a run's store holds: ``faces`` (the faces table) and ``pixels`` (N, size, size, channels), uint8."""

    faces: pd.DataFrame
    pixels: NDArray[np.uint8]


def find_store(run: dict[str, Any]) -> Stored | None:
    """The store that a run was trained from, None where it is gone or was never there.

    Args:
        run: run.json; its ``data_hash`` names the store, its config says where stores lie.
    """
    dataset, key = run.get("config", {}).get("dataset", {}), str(run.get("data_hash", ""))
    if not dataset or not key:
        return None
    cache = cache_folder(Path(dataset["cache"]) if dataset.get("cache") else None)
    folder = cache / f"{dataset['name']}-{dataset['size']}-{key[:12]}"
    try:
        words = json.loads((folder / "store.json").read_text())
        if words["key"] != key:
            return None
        pixels = np.memmap(folder / "pixels.u8", np.uint8, mode="r", shape=tuple(words["shape"]))
        return Stored(pd.read_parquet(folder / "faces.parquet"), pixels)
    except (OSError, ValueError, KeyError):
        return None


def sprite(pixels: NDArray[np.uint8], rows: NDArray[np.int64]) -> str:
    """Faces side by side in one WebP picture, as a data URI.

    Args:
        pixels: of the store, shape (N, size, size, channels).
        rows: which, in which order; face i lies at column i % ``ACROSS``, row i // ``ACROSS``.

    Returns:
        ``data:image/webp;base64,...`` of at most about ``LARGEST`` bytes where the lowest quality allows it.
    """
    high = -(-len(rows) // ACROSS)
    channels = pixels.shape[3]
    sheet = np.zeros((high * TILE, ACROSS * TILE, channels), dtype=np.uint8)
    for i, row in enumerate(rows):
        tile = pixels[row]
        if tile.shape[0] != TILE:
            image = Image.fromarray(tile[:, :, 0] if channels == 1 else tile).resize((TILE, TILE), Image.Resampling.BOX)
            tile = np.asarray(image).reshape(TILE, TILE, channels)
        y, x = divmod(i, ACROSS)
        sheet[y * TILE : (y + 1) * TILE, x * TILE : (x + 1) * TILE] = tile
    image = Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet)
    content = b""
    for quality in QUALITIES:
        stream = io.BytesIO()
        image.save(stream, "WEBP", quality=quality, method=2)
        content = stream.getvalue()
        if len(content) <= LARGEST:
            break
    return "data:image/webp;base64," + base64.b64encode(content).decode()
