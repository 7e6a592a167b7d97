"""What a task hands to training: faces, what is known of each, and the method that teaches it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from fer_exp.config import DatasetConfig
from fer_exp.datasets.splits import select
from fer_exp.methods.method import Method, Setting
from fer_exp.progress import progress
from fer_exp.store import Store, open_dataset
from fer_exp.training.augment import Draw


@dataclass(frozen=True)
class Lesson:
    """A pretraining's material.

    Attributes:
        store: where the faces lie.
        faces: those that are used: ``split``, by their row in the store. Validation is looked at and not learnt from.
        target: what is known of each of them, shape (N, T), nan where nothing is; T may be 0.
        make: the method, from the run's facts and the targets that are learnt.
        contents: name -> digest of the data.
        facts: of the data, in words and numbers, for run.json.
        unread: keys and groups of keys that the task does not go by.
    """

    store: Store
    faces: pd.DataFrame
    target: NDArray[np.float32]
    make: Callable[[Setting, Tensor], LessonMethod]
    contents: dict[str, str]
    facts: dict[str, Any]
    unread: tuple[str, ...]


class LessonMethod(Method):
    """A method that makes its own views, because what is known of a face may change with them."""

    def look(self, pixels: Tensor, target: Tensor, draw: Draw) -> tuple[tuple[Tensor, ...], Tensor]:
        """Views of stored faces (B, H, W, C), and what is known of the faces in them.

        While ``training`` is off, whatever need not be drawn is left as it is.
        """
        raise NotImplementedError


def corpus_faces(config: DatasetConfig, splits: list[str]) -> tuple[Store, pd.DataFrame]:
    """The faces of a corpus that may be learnt from, called train, and those of its validation split, called val.

    What becomes of test faces is said in a line.

    Raises:
        RequestError: as ``open_dataset`` and ``select``.
    """
    _, store = open_dataset(config)
    faces = select(store.faces, store.flags, config, progress)[["face", "split"]]
    tests = int((faces["split"] == "test").sum())
    also = " A network that starts here has seen its test faces." if "test" in splits else ""
    progress(f"{config.name}: {tests:,} test faces are {'learnt from' if also else 'left out'}.{also}")
    used = faces["split"].isin([*splits, "val"])
    return store, faces[used].assign(split=np.where(faces["split"][used].isin(splits), "train", "val"))


def digests(store: Store, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """64 bits for each face, of its id and the middle row of its picture: the same face of the same size has the same.

    A picture of that name in another corpus does not.
    """
    names = store.faces["face"].to_numpy()[rows]
    middle = store.pixels.shape[1] // 2
    bits = [
        hashlib.blake2b(f"{name}\n".encode() + store.pixels[row, middle].tobytes(), digest_size=8).digest()
        for name, row in zip(names, rows.tolist(), strict=True)
    ]
    return np.frombuffer(b"".join(bits), dtype=np.int64)
