"""Odd pictures: copies that leak from one split into another or carry different labels, blank and very dark ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DARK = 16
"""Mean value, 0 to 255, below which a picture is very dark. Of FER2013's 35,887 faces 19 are, few of which people would
recognise."""
BESIDE = 64
"""Pixels of a picture that are looked at before all are, for whether it is blank."""

FLAGS = {
    "duplicate": "stands elsewhere, too",
    "constant": "of one colour throughout",
    "dark": f"mean below {DARK} of 255",
    "conflict": "a copy has another label",
}
"""Each flag, and why a picture has it."""


class Looks(NamedTuple):
    """What N pictures look like: a digest each, equal where pictures are; which are of one colour; which very dark."""

    digests: list[bytes]
    constant: NDArray[np.bool_]
    dark: NDArray[np.bool_]


def look(pieces: Iterable[NDArray[np.uint8]]) -> Looks:
    """Look at pictures, in pieces of shape (n, height, width, channels) or (n, values)."""
    digests: list[bytes] = []
    constant, dark = [], []
    for piece in pieces:
        rows, channels = piece.reshape(len(piece), -1), piece.shape[3] if piece.ndim == 4 else 1
        # A 160-bit digest stands for a picture; two different ones with the same digest are not to be expected.
        digests += [hashlib.sha1(row.data, usedforsecurity=False).digest() for row in rows]
        blank = _blank(rows[:, : channels * BESIDE], channels)
        blank[blank] = _blank(rows[blank], channels)
        constant.append(blank)
        dark.append(rows.sum(axis=1, dtype=np.uint32) < DARK * rows.shape[1])
    return Looks(digests, np.concatenate(constant), np.concatenate(dark))


def _blank(rows: NDArray[np.uint8], channels: int) -> NDArray[np.bool_]:
    """Which rows repeat their first pixel, shape (n,)."""
    same: NDArray[np.bool_] = (rows[:, channels:] == rows[:, :-channels]).all(axis=1)
    return same


def look_alikes(table: pd.DataFrame, looks: Looks) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Notes and flags, as ``Faces`` holds them, of identical, blank, very dark and contradictory pictures.

    Flags:
        duplicate: a val or test face whose picture already stands in an earlier split (train before val before test).
            Dropping them leaves train as it is and takes the leaked copies out of val and test. Of faces without a
            split, which are dealt out later, every further copy.
        constant: a picture of one colour throughout.
        dark: a picture whose mean is below ``DARK``.
        conflict: every face of a group of identical pictures that carries more than one label.

    Args:
        table: ``face``, ``split`` and ``label`` of N faces.
        looks: of their pictures, in the same order.
    """
    picture = pd.factorize(pd.Series(looks.digests, dtype=object))[0]
    faces, split = table["face"].to_numpy(), table["split"].to_numpy()
    in_train, in_val = (np.isin(picture, picture[split == name]) for name in ("train", "val"))
    test_of_train, val_of_train = (split == "test") & in_train, (split == "val") & in_train
    test_of_val = (split == "test") & in_val & ~in_train
    within = pd.DataFrame({"split": split, "picture": picture}).duplicated().to_numpy()
    labels = table["label"].reset_index(drop=True).groupby(picture)
    conflict = (labels.transform("nunique") > 1).to_numpy()
    unsplit = within & pd.isna(table["split"]).to_numpy()
    notes = {
        "test faces pixel-identical to a train face": int(test_of_train.sum()),
        "val faces pixel-identical to a train face": int(val_of_train.sum()),
        "test faces pixel-identical to a val face and to no train face": int(test_of_val.sum()),
        "further copies of a picture within its own split": int(within.sum()),
        "faces that are one grey value throughout": int(looks.constant.sum()),
        "faces that are very dark": int(looks.dark.sum()),
        "faces whose identical copies carry different labels": int(conflict.sum()),
    }
    duplicate = test_of_train | val_of_train | test_of_val | unsplit
    chosen = dict(zip(FLAGS, (duplicate, looks.constant, looks.dark, conflict), strict=True))
    return notes, {name: faces[some].tolist() for name, some in chosen.items()}


def flags_said(flags: Mapping[str, Sequence[str]]) -> str:
    """How many faces are flagged, and the key that leaves them out, in words; nothing where none is.

    >>> flags_said({"dark": ["a", "b"], "constant": []})
    'odd pictures: 2 dark (mean below 16 of 255); dataset.drop=[dark] leaves them out'
    """
    found = {name: len(flags[name]) for name in FLAGS if flags.get(name)}
    words = ", ".join(f"{number:,} {name} ({FLAGS[name]})" for name, number in found.items())
    return words and f"odd pictures: {words}; dataset.drop=[{','.join(found)}] leaves them out"
