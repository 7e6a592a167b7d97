"""What both layouts of FER+ share: its facts, and its votes as a table."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fer_exp.bounds import A_COUNT, MOST_VOTES
from fer_exp.datasets.classes import count_as_unknown
from fer_exp.datasets.fer2013_rows import PICTURED, WITHHELD, bad_row, quoted
from fer_exp.datasets.packed import open_unpacked
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES
from fer_exp.regular import reading

VOTES = "fer2013new.csv"
RATERS = 10
"""Votes for each face."""
ANSWERS = {**{name: name for name in CLASSES}, "unknown": "unknown", "not_a_face": "nf"}
"""Our name of an answer -> its column in the file, in lower case."""


class FerPlusFacts:
    """FER+ as it states itself."""

    name = "ferplus"
    voted = True
    title = "FER+"
    contempt = True
    citation = (
        "Barsoum, Zhang, Canton Ferrer, Zhang. Training deep networks for facial expression recognition with "
        "crowd-sourced label distribution. ICMI 2016."
    )
    licence = "votes: MIT; pictures: as FER2013"
    withheld = WITHHELD
    pictured = PICTURED
    access = (
        "Get fer2013.csv from Kaggle's 'Challenges in Representation Learning: Facial Expression Recognition "
        "Challenge' and fer2013new.csv from github.com/microsoft/FERPlus, put them in one folder and give it as "
        "dataset.root."
    )


def votes_table(
    faces: Sequence[str] | pd.Series, pictures: list[str], counts: pd.DataFrame, classes: tuple[str, ...]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The votes as ``Faces`` holds them; those for a class that is none here are added to ``unknown``.

    Args:
        faces: ids of N faces.
        pictures: their picture names, "" where there is none.
        counts: a column of N counts for each of ``ANSWERS``.
        classes: class names.

    Returns:
        The table, and what is odd: sentence -> count.
    """
    total = counts.sum(axis=1)
    notes = {
        "rows of votes without a picture name": pictures.count(""),
        "picture names that occur more than once": sum(n > 1 for name, n in Counter(pictures).items() if name),
        f"faces with another number of votes than {RATERS}": int((total != RATERS).sum()),
        "faces without any vote": int((total == 0).sum()),
    }
    votes, moved = count_as_unknown(counts, classes)
    votes.insert(0, "face", faces)
    return votes, notes | moved


def read_votes(file: Path, corpus: str) -> tuple[list[str], list[str], pd.DataFrame]:
    """Picture names, usages and counts (a column for each of ``ANSWERS``) of the N rows of a votes file.

    Raises:
        RequestError: a missing column, a row with another number of fields, or a count that is no whole number.
    """
    with reading(file, f"{corpus}: {file}"), open_unpacked(file, corpus, (VOTES,)) as stream:
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
    counts = []
    for row, cells in enumerate(rows[1:], start=1):
        if len(cells) != len(header):
            raise RequestError(bad_row(corpus, file, row, f"has {len(cells)} fields where {len(header)} belong"))
        counts.append(read_counts({header[column]: cells[column] for column in answers}, corpus, file, row))
    names, usages = ([cells[column].strip() for cells in rows[1:]] for column in (name, usage))
    return names, usages, pd.DataFrame(counts, columns=list(ANSWERS), dtype=np.int64)


def read_counts(cells: Mapping[str, str], corpus: str, file: Path, row: int) -> list[int]:
    """The votes in a row's cells, by their columns; raises RequestError where one is no count."""
    for column, text in cells.items():
        word = text.strip()
        if not (word.isascii() and word.isdigit() and len(word) < 10 and int(word) <= MOST_VOTES):
            problem = f"has {quoted(word.encode('latin-1', 'replace'))} as a count of votes in column {column}"
            raise RequestError(bad_row(corpus, file, row, f"{problem}; {A_COUNT}"))
    return [int(text) for text in cells.values()]
