"""The corpora: one file each, opened by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from fer_exp.config import DatasetConfig
from fer_exp.datasets.corpus import Corpus
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.names import CLASSES


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
    from fer_exp.datasets.synthetic.corpus import Synthetic

    return Synthetic(faces=config.faces, classes=classes, seed=config.seed)


def _fer2013(config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
    from fer_exp.datasets.fer2013 import Fer2013

    seven = _seven(config, classes)
    return Fer2013(_root(config, Fer2013.access), seven)


def _ferplus(config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
    from fer_exp.datasets.ferplus import FerPlus
    from fer_exp.datasets.ferplus_folders import FerPlusFolders

    root = _root(config, FerPlus.access)
    if any((root / marker).is_dir() for marker in FerPlusFolders.markers):
        return FerPlusFolders(root, classes, config.max_rejected)
    return FerPlus(root, classes)


def _rafdb(config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
    from fer_exp.datasets.rafdb import RafDb

    seven = _seven(config, classes)
    return RafDb(_root(config, RafDb.access), seven, config.max_rejected)


def _affectnet(config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
    from fer_exp.datasets.affectnet import AffectNet, open_affectnet

    return open_affectnet(_root(config, AffectNet.access), classes, config.release, config.max_rejected)


def _cafe(config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
    from fer_exp.datasets.cafe import Cafe

    seven = _seven(config, classes)
    return Cafe(_root(config, Cafe.access), seven, config.max_rejected)


def _folder(config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
    from fer_exp.datasets.folder import Folder

    table = Path(config.table).expanduser() if config.table else None
    root = None if table and not config.root else _root(config, Folder.access)
    return Folder(root, classes, table, config.raters, config.scale, config.max_rejected)


def _seven(config: DatasetConfig, classes: tuple[str, ...]) -> tuple[str, ...]:
    if len(classes) > 7:
        raise RequestError(
            f"dataset.classes is 8 but {config.name} has no contempt; set dataset.classes=7, or dataset=ferplus for "
            "contempt."
        )
    return classes


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
    "rafdb": _rafdb,
    "affectnet": _affectnet,
    "cafe": _cafe,
    "folder": _folder,
}


def facts(name: str) -> type[Corpus]:
    """The class of a corpus, for what it states of itself; its files are not needed."""
    module = import_module(f"fer_exp.datasets.{name}")
    kinds = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Corpus)]
    return next(each for each in kinds if vars(each).get("name") == name)
