"""The faces of a run as one small picture, taken from the store that the run was trained from."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TILE = 48  # pixels on the page before the browser enlarges them; FER2013's own size
ACROSS = 60  # tiles in a row; 60 rows of them stay far below WebP's limit of 16,383 pixels
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
