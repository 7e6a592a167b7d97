"""The gallery: what the page says of each face, and the faces as one small picture, taken from the runs' store."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from fer_exp.judging.applicable import Judged
from fer_exp.metrics.distribution import entropy, l1
from fer_exp.report.figures import colour_of
from fer_exp.stats.shares import shares
from fer_exp.store import Store

TILE = 48  # pixels on the page before the browser enlarges them; FER2013's own size
ACROSS = 60  # tiles in a row; 60 rows of them stay far below WebP's limit of 16,383 pixels
MOST = ACROSS * 60  # faces in the gallery; of more, the most and least human-like and some between
LARGEST = 2_600_000  # bytes of the picture; a third more as text, so that a page stays below 5 MB
QUALITIES = (70, 55, 40, 25)


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


def make_gallery(
    names: Sequence[str],
    table: pd.DataFrame,
    all_arrays: Sequence[Judged],
    classes: tuple[str, ...],
    store: Store | None,
) -> tuple[dict[str, Any], str | None]:
    """What the page's script needs of each face, and the sheet of pictures."""
    first = all_arrays[0]
    human = shares(first.counts)
    distance = l1(human, first.model)
    chosen = np.arange(len(table))
    if len(table) > MOST:
        order, third = np.argsort(distance, kind="stable"), MOST // 3
        middle = np.random.default_rng(0).choice(order[third:-third], MOST - 2 * third, replace=False)
        chosen = np.sort(np.concatenate([order[:third], middle, order[-third:]]))
    picture = None
    if store is not None:
        rows = pd.Index(store.faces["face"]).get_indexer(pd.Index(table["face"].to_numpy(object)[chosen]))
        if (rows >= 0).all():
            picture = sprite(store.pixels, np.asarray(rows, dtype=np.int64))
    gallery = {
        "classes": list(classes),
        "colours": [colour_of(name, k) for k, name in enumerate(classes)],
        "runs": list(names),
        "across": ACROSS,
        "tile": TILE,
        "high": -(-len(chosen) // ACROSS),
        "faces": table["face"].astype(str).iloc[chosen].tolist(),
        "labels": first.label[chosen].tolist(),
        "votes": first.counts[chosen].astype(int).tolist(),
        "entropy": [round(float(value), 3) for value in entropy(human)[chosen]],
        "p": [(of_run.model[chosen] * 1000).round().astype(int).tolist() for of_run in all_arrays],
    }
    return gallery, picture
