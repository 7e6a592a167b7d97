"""FER+: ten people's votes for every face of FER2013."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from fer_exp.config import DatasetConfig
from fer_exp.datasets.corpus import Corpus, Faces
from fer_exp.datasets.fer2013 import Fer2013
from fer_exp.datasets.ferplus_folders import FerPlusFolders
from fer_exp.datasets.ferplus_votes import VOTES, FerPlusFacts, read_votes, votes_table
from fer_exp.datasets.packed import file_in, find_file, open_unpacked, unpacked_name
from fer_exp.datasets.pictures import marker_near
from fer_exp.errors import RequestError
from fer_exp.face_names import stem


class FerPlus(FerPlusFacts, Fer2013):
    """FER+: the pictures of FER2013 with the votes of ten crowd workers each, eight expressions.

    ``root`` holds ``fer2013.csv`` (or ``icml_face_data.csv``) and ``fer2013new.csv``. They are paired by row order:
    the picture names of the votes file are missing in 173 rows, occur twice in four cases, and stop carrying the row
    number at row 60. The column ``picture`` holds that name (null where there is none): files that others publish for
    FER+ use it. ``label`` is FER2013's original label, one annotator's word.
    """

    layout = (
        "fer2013.csv (or icml_face_data.csv) and fer2013new.csv in one folder; or FER2013Train/, FER2013Valid/, "
        "FER2013Test/, each with pictures and label.csv"
    )

    @classmethod
    def opened(cls, config: DatasetConfig, classes: tuple[str, ...]) -> Corpus:
        """The two files, or the folders that FER+'s own script writes, whichever lies at ``dataset.root``."""
        root = cls.root_of(config)
        near = marker_near(root, FerPlusFolders.markers)
        if near is not None and (near[1] == root or not file_in(root, cls.listings)):
            return FerPlusFolders.opened(config, classes)
        return cls(root, classes)

    def files(self) -> list[Path]:
        """FER2013's file and the votes beside it; raises DatasetNotFoundError where one is missing."""
        faces = super().files()[0]
        return [faces, find_file(faces.parent, (VOTES,), self)]

    def digests(self) -> dict[str, str]:
        """MD5 of both files, unpacked."""
        votes = self.files()[1]
        with open_unpacked(votes, self.name, (VOTES,)) as stream:
            digest = hashlib.md5(stream.read(), usedforsecurity=False).hexdigest()
        return {**super().digests(), unpacked_name(votes): digest}

    def read(self) -> Faces:
        """The faces of FER2013 and their votes; RequestError also where the two files differ in rows or their Usage."""
        faces = super().read()
        file = self.files()[1]
        names, usages, counts = read_votes(file, self.name)
        fer = self.files()[0].name
        if len(counts) != len(faces.table):
            raise RequestError(
                f"{self.name}: {file.name} has {len(counts):,} rows but {fer} has {len(faces.table):,}. They are "
                "paired by row order, so one of them is incomplete; get both again (docs/datasets.md, FER+)."
            )
        for row, (usage, votes_usage) in enumerate(zip(self._usages, usages, strict=True), start=1):
            if usage != votes_usage:
                raise RequestError(
                    f"{self.name}: in row {row} (line {row + 1}) {file.name} says Usage {votes_usage!r} but {fer} says "
                    f"{usage!r}. They are paired by row order, so one of them was sorted or cut; get both again."
                )
        votes, notes = votes_table(faces.table["face"], names, counts, self.classes)
        pictures = pd.Series([stem(name) or None for name in names], dtype=object)
        return Faces(faces.table.assign(picture=pictures), votes, faces.notes | notes, faces.flags)
