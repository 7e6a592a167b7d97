"""Pictures that are the same: copies that leak from one split into another, and copies with different labels."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def look_alikes(
    table: pd.DataFrame, digests: Sequence[bytes], constant: NDArray[np.bool_] | None = None
) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Notes and flags, as ``Faces`` holds them, of identical, constant and contradictory pictures.

    Flags:
        duplicate: a val or test face whose picture already stands in an earlier split (train before val before test).
            Dropping them leaves train as it is and takes the leaked copies out of val and test. Of faces without a
            split, which are dealt out later, every further copy.
        constant: a picture of one grey value, where that is known here.
        conflict: every face of a group of identical pictures that carries more than one label.

    Args:
        table: ``face``, ``split`` and ``label`` of N faces.
        digests: what stands for each picture, equal where pictures are.
        constant: whether each picture is one grey value throughout, shape (N,); None where that is not known.
    """
    picture = pd.factorize(pd.Series(list(digests), dtype=object))[0]
    faces, split = table["face"].to_numpy(), table["split"].to_numpy()
    in_train, in_val = (np.isin(picture, picture[split == name]) for name in ("train", "val"))
    test_of_train, val_of_train = (split == "test") & in_train, (split == "val") & in_train
    test_of_val = (split == "test") & in_val & ~in_train
    within = pd.DataFrame({"split": split, "picture": picture}).duplicated().to_numpy()
    labels = pd.Series(pd.factorize(table["label"])[0]).groupby(picture)
    conflict = (labels.transform("min") != labels.transform("max")).to_numpy()
    found = {"conflict": conflict} if constant is None else {"constant": constant, "conflict": conflict}
    notes = {
        "test faces pixel-identical to a train face": int(test_of_train.sum()),
        "val faces pixel-identical to a train face": int(val_of_train.sum()),
        "test faces pixel-identical to a val face and to no train face": int(test_of_val.sum()),
        "further copies of a picture within its own split": int(within.sum()),
        **({} if constant is None else {"faces that are one grey value throughout": int(constant.sum())}),
        "faces whose identical copies carry different labels": int(conflict.sum()),
    }
    unsplit = within & pd.isna(table["split"]).to_numpy()
    flags = {"duplicate": test_of_train | val_of_train | test_of_val | unsplit, **found}
    return notes, {name: faces[chosen].tolist() for name, chosen in flags.items()}


def copies_said(flags: Mapping[str, Sequence[str]]) -> list[str]:
    """A line about copies, where there are any."""
    count = len(flags["duplicate"])
    sentence = "faces are copies of a picture that another split has (dataset.drop=[duplicate] leaves them out)"
    return [f"{count:,} {sentence}"] if count else []


def of_files(root: Path, paths: Sequence[str]) -> list[bytes]:
    """What stands for each of N picture files, equal where files are; only those of equal size are read."""
    sizes = [_size(root / path) for path in paths]
    often = Counter(sizes)
    return [
        _digest(root / path) if size > 0 and often[size] > 1 else f"{size} {path}".encode()
        for path, size in zip(paths, sizes, strict=True)
    ]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return -1


def _digest(file: Path) -> bytes:
    try:
        return hashlib.blake2b(file.read_bytes(), digest_size=16).digest()
    except OSError:
        return str(file).encode()
