"""FER+: ten people's votes for every face of FER2013."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.datasets.corpus import Faces
from fer_exp.datasets.fer2013 import Fer2013
from fer_exp.datasets.fer2013_rows import bad_row, quoted
from fer_exp.datasets.packed import find_file, open_unpacked, unpacked_name
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES, OTHER_ANSWERS, stem

VOTES = "fer2013new.csv"
RATERS = 10
"""Votes for each face."""
ANSWERS = {**{name: name for name in CLASSES}, "unknown": "unknown", "not_a_face": "nf"}
"""Our name of an answer -> its column in the file, in lower case."""


class FerPlus(Fer2013):
    """FER+: the pictures of FER2013 with the votes of ten crowd workers each, eight expressions.

    ``root`` holds ``fer2013.csv`` (or ``icml_face_data.csv``) and ``fer2013new.csv``. They are paired by row order:
    the picture names of the votes file are missing in 173 rows, occur twice in four cases, and stop carrying the row
    number at row 60.

    The column ``picture`` holds that name (null where there is none): files that others publish for FER+ use it.

    The ``label`` column is FER2013's original label, one annotator's word; what FER+ says of a face is in the votes.
    With seven classes contempt is no class: its votes are added to ``unknown``, so that a face keeps its number of
    votes, and how many were moved is reported.
    """

    name = "ferplus"
    citation = (
        "Barsoum, Zhang, Canton Ferrer, Zhang. Training deep networks for facial expression recognition with "
        "crowd-sourced label distribution. ICMI 2016."
    )
    licence = "votes: MIT; pictures: as FER2013"
    access = (
        "Get fer2013.csv from Kaggle's 'Challenges in Representation Learning: Facial Expression Recognition "
        "Challenge' and fer2013new.csv from github.com/microsoft/FERPlus, put them in one folder and give it as "
        "dataset.root."
    )
    layout = (
        "fer2013.csv (or icml_face_data.csv) and fer2013new.csv in one folder; or FER2013Train/, FER2013Valid/, "
        "FER2013Test/, each with pictures and label.csv"
    )

    def files(self) -> list[Path]:
        """FER2013's file and the votes beside it; raises DatasetNotFoundError where one is missing."""
        faces = super().files()[0]
        return [faces, find_file(faces.parent, (VOTES,), self.name, self.access)]

    def digests(self) -> dict[str, str]:
        """MD5 of both files, unpacked."""
        votes = self.files()[1]
        with open_unpacked(votes, self.name, (VOTES,)) as stream:
            digest = hashlib.md5(stream.read(), usedforsecurity=False).hexdigest()
        return {**super().digests(), unpacked_name(votes): digest}

    def read(self) -> Faces:
        """The faces of FER2013 with a count per class, ``unknown`` and ``not_a_face``.

        Raises:
            RequestError: the two files differ in rows or in a row's Usage, or a row of votes cannot be read.
        """
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
        votes, notes = votes_table(
            faces.table["face"], names, pd.DataFrame(counts, columns=list(ANSWERS)), self.classes
        )
        pictures = pd.Series([stem(name) or None for name in names], dtype=object)
        return Faces(faces.table.assign(picture=pictures), votes, faces.notes | notes, faces.flags)


def votes_table(
    faces: Sequence[str] | pd.Series, pictures: list[str], counts: pd.DataFrame, classes: tuple[str, ...]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The votes as ``Faces`` holds them; those for a class that is none here are added to ``unknown``.

    Args:
        faces: ids of N faces.
        pictures: their picture names, "" where there is none.
        counts: a column of N counts for each answer of FER+.
        classes: class names.

    Returns:
        ``face`` and a count column per class, ``unknown`` and ``not_a_face``; and what is odd: sentence -> count.
    """
    total = counts.sum(axis=1)
    notes = {
        "rows of votes without a picture name": pictures.count(""),
        "picture names that occur more than once": sum(n > 1 for name, n in Counter(pictures).items() if name),
        f"faces with another number of votes than {RATERS}": int((total != RATERS).sum()),
        "faces without any vote": int((total == 0).sum()),
    }
    votes = counts[[*classes, *OTHER_ANSWERS]].copy()
    for name in (name for name in CLASSES if name not in classes):
        votes["unknown"] += counts[name]
        notes[f"votes for {name}, which is no class here, counted as unknown"] = int(counts[name].sum())
    votes.insert(0, "face", faces)
    return votes, notes


def read_votes(file: Path, corpus: str) -> tuple[list[str], list[str], NDArray[np.int64]]:
    """Picture names, usages and counts of a votes file.

    Returns:
        Names and usages of N rows, and counts of shape (N, 10), columns in the order of ``ANSWERS``.

    Raises:
        RequestError: a missing column, a row with another number of fields, or a count that is no whole number.
    """
    with open_unpacked(file, corpus, (VOTES,)) as stream:
        rows = list(csv.reader(io.StringIO(stream.read().decode("utf-8-sig", "replace"))))
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise RequestError(f"{corpus}: {file} is empty; get the file again.")
    header = [name.strip().lower() for name in rows[0]]
    wanted = ["usage", "image name", *ANSWERS.values()]
    if missing := [name for name in wanted if name not in header]:
        raise RequestError(f"{corpus}: {file} has no column {missing[0]!r}; is it FER+'s {VOTES}?")
    usage, name, *answers = (header.index(column) for column in wanted)
    counts = np.empty((len(rows) - 1, len(answers)), np.int64)
    for row, cells in enumerate(rows[1:], start=1):
        if len(cells) != len(header):
            raise RequestError(bad_row(corpus, file, row, f"has {len(cells)} fields where {len(header)} belong"))
        try:
            counts[row - 1] = [whole(cells[column]) for column in answers]
        except ValueError as problem:
            raise RequestError(bad_row(corpus, file, row, str(problem))) from None
    return [cells[name].strip() for cells in rows[1:]], [cells[usage].strip() for cells in rows[1:]], counts


def whole(text: str) -> int:
    """A count of votes; raises ValueError where the text is no whole number, 0 or more."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(f"has {quoted(text.encode('latin-1', 'replace'))} as a count of votes")
    return int(text)
