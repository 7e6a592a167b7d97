"""Corpora repacked for YOLO: pictures in images/, a text file of class and box for each in labels/, and data.yaml."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from omegaconf import OmegaConf

from fer_exp.datasets.repacked import LEFT_OUT, Repacked, folders
from fer_exp.errors import RequestError
from fer_exp.files import md5, there
from fer_exp.names import CLASSES, expression
from fer_exp.regular import reading, whole_text

LISTING = "data.yaml"
"""Where the classes are named, in the order of their numbers."""


class Yolo(Repacked):
    """``<split>/images/`` and ``<split>/labels/``, anywhere below the root.

    The first number of a picture's label file is its class, in data.yaml's own order, which is not that of a corpus'
    official release; boxes are not used, as the pictures are faces.
    """

    unlabelled: ClassVar[str] = "pictures without a label file, or with an empty one, left out"

    def is_here(self) -> bool:
        """Whether there are folders of label files."""
        return any(folder.rpartition("/")[2] == "labels" for folder in folders(self.root))

    def order(self) -> Mapping[str, str]:
        """Class by number, as data.yaml has them."""
        return self._order[1]

    def files(self) -> list[Path]:
        """data.yaml; an error where it is missing, for without it the order of the classes is not known."""
        return [self._order[0]]

    def recipe(self) -> str:
        """The pictures' digest, and one of their labels."""
        labels = "\n".join(self._found[0]["label"])
        return f"{super().recipe()}, labels {md5(labels)}"

    def understood(self, files: list[Path]) -> list[str]:
        """The order of the classes, and that boxes are not used."""
        numbers = ", ".join(f"{number} is {name or 'left out'}" for number, name in self.order().items())
        return ["by YOLO's label files", f"{files[0].name} says {numbers}", "boxes are not used"]

    @cached_property
    def _order(self) -> tuple[Path, dict[str, str]]:
        files = sorted([*self.root.glob(LISTING), *self.root.glob(f"*/{LISTING}")])
        if not files:
            raise RequestError(
                f"{self.name}: {self.root} holds YOLO's labels without {LISTING}; what their numbers mean is not known "
                f"without it. Put the download's {LISTING} there (names: [Anger, Contempt, ...])."
            )
        where = f"{self.name}: {files[0]}"
        with reading(files[0], where):
            read: Any = OmegaConf.to_container(OmegaConf.create(whole_text(files[0])))
        names = read.get("names") if isinstance(read, dict) else None
        if not isinstance(names, dict | list):
            raise RequestError(f"{where} has no list of classes (names: [...]).")
        pairs = {
            str(number): str(name) for number, name in (names.items() if isinstance(names, dict) else enumerate(names))
        }
        meaning = {number: expression(name) for number, name in pairs.items()}
        if strange := [pairs[number] for number, name in meaning.items() if name is None]:
            raise RequestError(f"{self.name}: {files[0]} names the class {strange[0]!r}, which is no expression.")
        return files[0], {number: name if name in CLASSES else LEFT_OUT for number, name in meaning.items() if name}

    def labelled(self, rows: pd.DataFrame, notes: Counter[str]) -> list[Path]:
        """The labels of the text files; one of several faces is the first."""
        labels: list[str | None] = []
        for path in rows["path"]:
            file = (self.root / re.sub(r"(^|/)images/", r"\1labels/", path)).with_suffix(".txt")
            lines = [""]
            if there(file):
                with reading(file, f"{self.name}: {file}"):
                    lines = whole_text(file).split("\n")
            number = lines[0].partition(" ")[0].strip()
            if number and number not in self.order():
                raise RequestError(
                    f"{self.name}: {file} begins with {number!r}, which is no number of {self._order[0].name}."
                )
            labels.append(self.order()[number] if number else None)
            notes["label files with several faces, of which the first counts"] += sum(map(bool, lines)) > 1
        rows["label"] = pd.Series(labels, dtype=object)
        return self.files()
