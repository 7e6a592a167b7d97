"""RAF-DB: a list of names and numbers, and aligned pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pandas as pd

from fer_exp.config import DatasetConfig
from fer_exp.datasets.corpus import Corpus, Faces, faces_table
from fer_exp.datasets.pictures import Picture, PictureCorpus, marker_near, safe_path
from fer_exp.datasets.repacked import Repacked
from fer_exp.errors import RequestError
from fer_exp.face_names import stem
from fer_exp.orders import ORDERS
from fer_exp.regular import reading, whole_text

LIST = "EmoLabel/list_patition_label.txt"
CODES = ORDERS["rafdb"].classes
"""What 1..7 mean in the list."""
ATTRIBUTES = "Annotation/manual"
TOLD = {
    "sex": ("male", "female", "unsure"),
    "race": ("Caucasian", "African-American", "Asian"),
    "age": ("0-3", "4-19", "20-39", "40-69", "70+"),
}
"""What 0, 1, ... mean in the last three lines of each file there, behind five landmarks, as its readme says."""
LANDMARKS = 5


class RafDb(PictureCorpus):
    """RAF-DB basic set: 15,339 aligned in-the-wild faces, seven expressions, one label each."""

    name = "rafdb"
    title = "RAF-DB"
    contempt = False
    citation = (
        "Li, Deng, Du. Reliable crowdsourcing and deep locality-preserving learning for expression recognition in "
        "the wild. CVPR 2017."
    )
    licence = "research only, no redistribution; the pictures come from the web"
    withheld = "no part of it may be copied on, published or distributed (whdeng.cn/RAF, Terms & Conditions)"
    pictured = "faces from the web, aligned by the corpus; who they are is not recorded"
    access = (
        "Ask the authors for a password (research only), unpack basic/ with "
        "Image/aligned.zip and give its folder as dataset.root."
    )
    layout = (
        f"{LIST} and Image/aligned/train_00001_aligned.jpg, ...; or Kaggle's DATASET/train/1/train_00001_aligned.jpg, "
        "... with train_labels.csv and test_labels.csv or without"
    )
    markers = listings = (LIST,)
    besides: ClassVar[dict[str, str]] = dict.fromkeys(TOLD, ATTRIBUTES)
    expected: ClassVar[dict[str, int]] = {"train": 12_271, "test": 3_068}
    expected_labels: ClassVar[dict[str, dict[str, int]]] = {
        "train": dict(zip(CODES, (1_290, 281, 717, 4_772, 1_982, 705, 2_524), strict=True)),
        "test": dict(zip(CODES, (329, 74, 160, 1_185, 478, 162, 680), strict=True)),
    }

    @classmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """The official files, or else the folders of classes, whichever lies at ``dataset.root``."""
        repacked = RafDbRepacked(cls.root_of(config), classes, config.max_rejected)
        if not marker_near(repacked.root, cls.markers) and repacked.is_here():
            return repacked
        return super().opened(config, classes)

    def files(self) -> list[Path]:
        """The list; an error where it or the folder of pictures is missing."""
        files = super().files()
        if not (self.root / "Image" / "aligned").is_dir():
            raise RequestError(f"{self.name}: there is no folder {self.root}/Image/aligned; unpack aligned.zip there.")
        return files

    def read(self) -> Faces:
        """The faces of the list; raises RequestError naming file and line."""
        faces = [stem(name) for name in self._labels]
        splits = [face.partition("_")[0] for face in faces]
        return Faces(faces_table(self.name, faces, split=splits, label=list(self._labels.values())))

    def pictures(self) -> list[Picture]:
        """The aligned pictures; a name of the list stands for ``<name>_aligned.jpg``."""
        return [Picture(f"Image/aligned/{stem(name)}_aligned.jpg") for name in self._labels]

    def attributes(self, faces: Sequence[str]) -> pd.DataFrame | None:
        """Sex, race and age as the corpus' annotators saw them; null where a face has no file that says them."""
        folder = self.root / ATTRIBUTES
        if not folder.is_dir():
            return None
        return pd.DataFrame(
            [_told(folder / f"{face}_manu_attri.txt") for face in faces], columns=list(TOLD), dtype=object
        )

    @cached_property
    def _labels(self) -> dict[str, str]:
        """Label by name, sorted by name."""
        file = self.files()[0]
        labels: dict[str, str] = {}
        with reading(file, f"{self.name}: {file}"):
            lines = whole_text(file).split("\n")
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{self.name}: {file}, line {number}"
            name, _, code = line.strip().rpartition(" ")
            if not (code.isascii() and code.isdigit() and len(code) < 3 and 1 <= int(code) <= len(CODES)):
                raise RequestError(f"{where} ends in {code!r} where a label 1 to 7 belongs; get the list again.")
            if stem(safe_path(name, where)).partition("_")[0] not in self.expected:
                raise RequestError(f"{where}: the name {name!r} starts with neither train_ nor test_.")
            if name.strip() in labels:
                raise RequestError(f"{where}: {name.strip()!r} has a line already; which label is meant is not known.")
            labels[name.strip()] = CODES[int(code) - 1]
        if not labels:
            raise RequestError(f"{self.name}: {file} has no lines; get the list again.")
        return dict(sorted(labels.items()))


def _told(file: Path) -> list[str | None]:
    """Sex, race and age of a face, each None where its file does not say it."""
    try:
        lines = whole_text(file).split("\n") if file.is_file() else []
    except (OSError, ValueError):
        lines = []
    codes = [line.strip() for line in lines if line.strip()][LANDMARKS:]
    if len(codes) != len(TOLD):
        return [None] * len(TOLD)
    return [
        words[int(code)] if code.isdigit() and int(code) < len(words) else None
        for code, words in zip(codes, TOLD.values(), strict=True)
    ]


class RafDbRepacked(Repacked, RafDb):
    """RAF-DB as Kaggle has it: ``train/1/`` to ``test/7/``, perhaps in DATASET/; ids are those of the official list."""

    numbers: ClassVar[dict[str, str]] = ORDERS["rafdb"].meaning
    by_name = True

    def face_of(self, path: str, above: int) -> str:
        """The name of the official list."""
        return stem(path.rpartition("/")[2])
