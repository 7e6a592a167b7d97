"""FER+ as folders of pictures: FER2013Train, FER2013Valid and FER2013Test, each with a label.csv."""

from __future__ import annotations

import csv
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import pandas as pd

from fer_exp.datasets.corpus import FACE_COLUMNS, Faces
from fer_exp.datasets.fer2013 import bad_row
from fer_exp.datasets.ferplus import FerPlus, oddities, whole
from fer_exp.datasets.pictures import Picture, PictureCorpus, safe_path
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES, stem

FOLDERS = {"FER2013Train": "train", "FER2013Valid": "val", "FER2013Test": "test"}
COLUMNS = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
    *("unknown", "not_a_face"),
)
"""The last ten columns of label.csv, which has no header; before them stand name and box, ``"(0, 0, 48, 48)"``."""


class _Rows(NamedTuple):
    paths: list[str]
    splits: list[str]
    counts: pd.DataFrame


class FerPlusFolders(PictureCorpus):
    """The layout that FER+'s own script writes. A face is called by its picture's name, not by FER2013's row.

    FER2013's label is not in these files, so ``label`` is null; what a face is called here and in the layout of two
    csv files is not the same name from row 60 on.
    """

    name = FerPlus.name
    citation = FerPlus.citation
    licence = FerPlus.licence
    access = FerPlus.access
    layout = "FER2013Train/, FER2013Valid/, FER2013Test/, each with fer0000000.png, ... and label.csv"
    channels = 1
    markers = tuple(FOLDERS)
    # The different picture names of fer2013new.csv; the script writes no others.
    expected: ClassVar[dict[str, int]] = {"train": 28_558, "val": 3_579, "test": 3_573}

    def files(self) -> list[Path]:
        """The three lists; raises DatasetNotFoundError or RequestError where a folder or list is missing."""
        self.check_root()
        files = [self.root / folder / "label.csv" for folder in FOLDERS]
        for file in files:
            if not file.is_file():
                raise RequestError(f"{self.name}: there is no {file}; {self.access}")
        return files

    def read(self) -> Faces:
        """The faces with a count per class, ``unknown`` and ``not_a_face``.

        Two rows of one name are one picture, that of the last row, which the script wrote over the others: its votes
        count, the other rows are counted and left out.

        Raises:
            RequestError: a row with another number of fields, or a count that is no whole number.
        """
        rows, twice = self._rows
        names = [stem(Path(path).name) for path in rows.paths]
        nothing = pd.Series([None] * len(names), dtype=object)
        table = pd.DataFrame(
            {
                "face": names,
                "split": rows.splits,
                "subject": nothing,
                "label": nothing,
                "valence": np.nan,
                "arousal": np.nan,
                "source": self.name,
            },
            columns=list(FACE_COLUMNS),
        )
        votes = rows.counts.copy()
        found = {"rows of a picture name that a later row has again, left out": twice}
        found |= oddities(names, votes.to_numpy(), FerPlus.votes_per_face)
        for left_out in (name for name in CLASSES if name not in self.classes):
            moved = votes.pop(left_out)
            votes["unknown"] += moved
            found[f"votes for {left_out}, which is no class here, counted as unknown"] = int(moved.sum())
        votes = votes[[*self.classes, "unknown", "not_a_face"]]
        votes.insert(0, "face", names)
        return Faces(table, votes, found)

    def pictures(self) -> list[Picture]:
        """The pictures named in the lists."""
        return [Picture(path) for path in self._rows[0].paths]

    @cached_property
    def _rows(self) -> tuple[_Rows, int]:
        paths: dict[str, tuple[str, list[int]]] = {}
        twice = 0
        for file, (folder, split) in zip(self.files(), FOLDERS.items(), strict=True):
            with file.open(newline="", encoding="utf-8-sig") as stream:
                lines = [line for line in csv.reader(stream) if any(line)]
            if lines and not lines[0][-1].strip().isdigit():
                lines = lines[1:]  # some copies carry a header
            if not lines:
                raise RequestError(f"{self.name}: {file} has no rows; get it again.")
            for row, parts in enumerate(lines, start=1):
                if len(parts) < len(COLUMNS) + 1:
                    problem = f"has {len(parts)} fields where a name, a box and {len(COLUMNS)} counts belong"
                    raise RequestError(bad_row(self.name, file, row, problem))
                try:
                    counts = [whole(text.removesuffix(".0")) for text in parts[-len(COLUMNS) :]]
                except ValueError as problem:
                    raise RequestError(bad_row(self.name, file, row, str(problem))) from None
                path = f"{folder}/{safe_path(parts[0], f'{self.name}: {file}, row {row}')}"
                twice += path in paths
                paths[path] = (split, counts)
        order = sorted(paths)
        frame = pd.DataFrame([paths[path][1] for path in order], columns=list(COLUMNS))
        return _Rows(order, [paths[path][0] for path in order], frame), twice
