"""The corpora: one file each, opened by name."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING

from fer_exp.config import DatasetConfig
from fer_exp.datasets.classes import wanted
from fer_exp.errors import RequestError

if TYPE_CHECKING:
    from fer_exp.datasets.corpus import Corpus

CORPORA = {
    "synthetic": "fer_exp.datasets.synthetic.corpus:Synthetic",
    "fer2013": "fer_exp.datasets.fer2013:Fer2013",
    "ferplus": "fer_exp.datasets.ferplus:FerPlus",
    "rafdb": "fer_exp.datasets.rafdb:RafDb",
    "affectnet": "fer_exp.datasets.affectnet:AffectNet",
    "cafe": "fer_exp.datasets.cafe:Cafe",
    "folder": "fer_exp.datasets.folder:Folder",
}
"""``dataset.name`` -> its class, imported when it is asked for, so that naming one does not pay for the others."""


def facts(name: str) -> type[Corpus]:
    """The class of a corpus, for what it states of itself; its files are not needed."""
    kind: type[Corpus] = resolve_name(CORPORA[name])
    return kind


def open_corpus(config: DatasetConfig) -> Corpus:
    """The corpus that a config names; of its files only what ``dataset.classes=found`` asks for is read.

    Raises:
        RequestError: classes asked of a corpus that does not have them; ``dataset.crop`` of one without pictures, or
            without the detector.
        DatasetNotFoundError: a corpus on disk without ``dataset.root``.
    """
    kind = facts(config.name)
    corpus = kind.opened(config, wanted(config, kind))
    if config.crop != "none":
        from fer_exp.datasets.pictures import PictureCorpus
        from fer_exp.pictures.crops import Crop

        if not isinstance(corpus, PictureCorpus):
            raise RequestError(f"dataset.crop={config.crop}: {config.name} has faces, no photographs; leave it none.")
        corpus.crop = Crop(config.margin)
    return corpus
