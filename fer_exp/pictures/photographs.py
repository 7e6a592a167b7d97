"""Whether pictures look like photographs rather than faces cut out of them, by their sizes alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer_exp.pictures.decoding import formats
from fer_exp.regular import regular

SAMPLE = 50
"""Pictures, evenly spread, whose headers are read."""
SMALLEST = 200
"""Pixels of the shorter side; few photographs have less, and most cut faces (48 of FER2013, 100 of RAF-DB) do."""
OBLONG = 1.15
"""Longer side through shorter: faces are cut square or nearly so, cameras make 4:3 and 3:2 (KDEF's are 762 x 562)."""
LARGE = 600
"""Pixels of the shorter side from which square pictures, too, are more than a face."""


def advice(key: str) -> str:
    """What to say of pictures that ``look_like_photographs``; ``key`` is what a user writes to have faces cut out."""
    return f"these look like photographs, not faces cut out: {key} finds the face in each (pip install 'fer-exp[crop]')"


def look_like_photographs(files: Sequence[str]) -> bool:
    """Whether most of some picture files are photographs; files that cannot be read count as none."""
    rows = spread(len(files), SAMPLE)
    return 2 * sum(_is_photograph(files[row]) for row in rows) > len(rows)


def spread(count: int, most: int) -> NDArray[np.int64]:
    """Up to ``most`` of the rows 0 to count - 1, evenly spaced.

    >>> spread(9, 3), spread(2, 3)
    (array([0, 4, 8]), array([0, 1]))
    """
    return np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(np.int64))


def _is_photograph(file: str) -> bool:
    try:
        regular(file)
        with Image.open(file, formats=formats()) as picture:
            shorter, longer = sorted(picture.size)
    except Exception:  # Pillow raises many kinds; when it is decoded, it is rejected with its reason
        return False
    return shorter >= LARGE or (shorter >= SMALLEST and longer >= OBLONG * shorter)
