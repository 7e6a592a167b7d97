"""FER+ as folders of pictures: FER2013Train, FER2013Valid and FER2013Test, each with a label.csv."""

from __future__ import annotations

import csv
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pandas as pd

from fer_exp.datasets.corpus import Faces, faces_table
from fer_exp.datasets.fer2013_rows import bad_row
from fer_exp.datasets.ferplus_votes import FerPlusFacts, read_counts, votes_table
from fer_exp.datasets.pictures import Picture, PictureCorpus, safe_path
from fer_exp.errors import RequestError
from fer_exp.face_names import stem
from fer_exp.orders import ORDERS
from fer_exp.regular import reading, regular

FOLDERS = {"FER2013Train": "train", "FER2013Valid": "val", "FER2013Test": "test"}
COLUMNS = tuple(ORDERS["ferplus"].answers.values())
"""The last ten columns of label.csv, which has no header; before them stand name and box, ``"(0, 0, 48, 48)"``."""


class FerPlusFolders(FerPlusFacts, PictureCorpus):
    """The layout that FER+'s own script writes.

    FER2013's label is not in these files, so ``label`` is null. A face is named by its picture, not by its row in
    FER2013: from row 60 on a face has another name here than in the layout of two csv files.
    """

    layout = "FER2013Train/, FER2013Valid/, FER2013Test/, each with fer0000000.png, ... and label.csv"
    channels = 1
    markers = tuple(FOLDERS)
    listings = tuple(f"{folder}/label.csv" for folder in FOLDERS)
    # The different picture names of fer2013new.csv; the script writes no others.
    expected: ClassVar[dict[str, int]] = {"train": 28_558, "val": 3_579, "test": 3_573}

    def read(self) -> Faces:
        """The faces and their votes; raises RequestError naming file and row.

        Two rows of one name are one picture, that of the last row, which the script wrote over the others: its votes
        count, the other rows are counted and left out.
        """
        counts, repeated = self._counts
        names = [stem(Path(path).name) for path in counts.index]
        splits = [FOLDERS[path.partition("/")[0]] for path in counts.index]
        votes, notes = votes_table(names, names, counts.reset_index(drop=True), self.classes)
        notes = {"rows of a picture name that a later row has again, left out": repeated, **notes}
        return Faces(faces_table(self.name, names, split=splits), votes, notes)

    def pictures(self) -> list[Picture]:
        """The pictures named in the lists."""
        return [Picture(path) for path in self._counts[0].index]

    @cached_property
    def _counts(self) -> tuple[pd.DataFrame, int]:
        """``COLUMNS`` by picture path, sorted; and how many rows a later one of the same path replaced."""
        counts: dict[str, list[int]] = {}
        repeated = 0
        for file, folder in zip(self.files(), FOLDERS, strict=True):
            with reading(file, f"{self.name}: {file}"):
                regular(file)
                with file.open(newline="", encoding="utf-8-sig") as stream:
                    lines = [line for line in csv.reader(stream) if any(line)]
            if lines and not lines[0][-1].strip().isdigit():
                lines = lines[1:]  # some copies carry a header
            if not lines:
                raise RequestError(f"{self.name}: {file} has no rows; get it again.")
            for row, cells in enumerate(lines, start=1):
                if len(cells) < len(COLUMNS) + 1:
                    problem = f"has {len(cells)} fields where a name, a box and {len(COLUMNS)} counts belong"
                    raise RequestError(bad_row(self.name, file, row, problem))
                path = f"{folder}/{safe_path(cells[0], f'{self.name}: {file}, row {row}')}"
                repeated += path in counts
                votes = [text.removesuffix(".0") for text in cells[-len(COLUMNS) :]]
                counts[path] = read_counts(dict(zip(COLUMNS, votes, strict=True)), self.name, file, row)
        return pd.DataFrame.from_dict(counts, orient="index", columns=list(COLUMNS)).sort_index(), repeated
