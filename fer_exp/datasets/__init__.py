"""The corpora: one file each, opened by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fer_exp.config import DatasetConfig
from fer_exp.datasets.corpus import CLASSES, Corpus
from fer_exp.errors import DatasetNotFoundError, RequestError


def open_corpus(config: DatasetConfig) -> Corpus:
    """The corpus that a config names; nothing is read yet.

    Raises:
        RequestError: an unknown name, classes that are not 7 or 8, or contempt asked of a corpus without it.
        DatasetNotFoundError: a corpus on disk without ``dataset.root``.
    """
    if config.name not in LOADERS:
        raise RequestError(f"dataset.name is {config.name!r}; choose one of {', '.join(LOADERS)}.")
    if config.classes not in (7, 8):
        raise RequestError(f"dataset.classes is {config.classes}; it must be 7, or 8 to count contempt as a class.")
    return LOADERS[config.name](config, CLASSES[: config.classes])


def _synthetic(config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
    from fer_exp.datasets.synthetic import Synthetic

    return Synthetic(faces=config.faces, classes=classes, seed=config.seed)


def _fer2013(config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
    from fer_exp.datasets.fer2013 import Fer2013

    if len(classes) > 7:
        raise RequestError(
            "dataset.classes is 8 but fer2013 has no contempt; set dataset.classes=7, or dataset=ferplus for contempt."
        )
    return Fer2013(_root(config, Fer2013.access), classes)


def _ferplus(config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
    from fer_exp.datasets.ferplus import FerPlus

    return FerPlus(_root(config, FerPlus.access), classes)


def _root(config: DatasetConfig, access: str) -> Path:
    if not config.root:
        raise DatasetNotFoundError(
            f"{config.name}: dataset.root is not set; try fer-exp prepare dataset={config.name} dataset.root=DIR. "
            f"{access}"
        )
    return Path(config.root).expanduser()


# Each loader imports its corpus itself, so that naming one does not pay for the others.
LOADERS: dict[str, Callable[[DatasetConfig, tuple[str, ...]], Corpus]] = {
    "synthetic": _synthetic,
    "fer2013": _fer2013,
    "ferplus": _ferplus,
}
