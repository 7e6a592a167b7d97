"""The task ``drawn``: from drawn faces to the action units, landmarks, head pose and light that made them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from fer_exp.config import PretrainConfig
from fer_exp.pretraining.drawn_faces import DrawnFaces, target_names
from fer_exp.pretraining.lesson import Lesson
from fer_exp.pretraining.regression import Regression
from fer_exp.store import open_store

UNREAD = ("dataset", "splits", "temperature", "width")
"""Keys that this task does not go by."""


def drawn(config: PretrainConfig) -> Lesson:
    """``faces`` drawn faces of ``dataset.size`` pixels, kept in the store; of the dataset nothing else is read.

    They are the same for every seed: drawing costs more than learning from them.

    Raises:
        RunError: as ``open_store``.
    """
    cache = config.dataset.cache
    store = open_store(DrawnFaces(config.faces, 0), config.dataset.size, Path(cache) if cache else None)
    columns = target_names()
    make = partial(Regression, columns=columns, crop=config.crop, augment=config.trainer.augment, lit=False)
    target = store.faces[columns].to_numpy(np.float32, copy=True)
    facts = {"targets": columns}
    return Lesson(store, store.faces[["face", "split"]], target, make, {"drawn": store.content}, facts, UNREAD)
