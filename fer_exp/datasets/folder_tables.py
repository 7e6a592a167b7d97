"""What a table that names pictures says of them, beside labels and votes: names, splits, whether it is about them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers.truth import label_of
from fer_exp.datasets.placing import split_above
from fer_exp.errors import RequestError
from fer_exp.face_names import PICTURES, path_in_address
from fer_exp.split_names import split_named
from fer_exp.tables import Table, read_table

ABSOLUTE = re.compile(r"^([A-Za-z]:)?[/\\]+")
"""How a path of a machine begins."""


def one_hot(table: Table, columns: Mapping[str, Sequence[int]]) -> list[str]:
    """The class of each row where it has a single 1 and zeros else; none of another table."""
    if len(columns) < 2 or any(len(several) > 1 for several in columns.values()):
        return []
    with table.looking():
        values = np.stack([np.nan_to_num(table.numbers(several[0])) for several in columns.values()], axis=1)
    if not np.isin(values, (0, 1)).all() or not (values.sum(axis=1) == 1).all():
        return []
    table.unused.difference_update(*columns.values())
    names = [*columns]
    return [names[place] for place in values.argmax(axis=1)]


def face_names(read: Table, column: int, paths: list[str]) -> NDArray[np.object_]:
    """What a table calls its faces, else their paths; each once."""
    named = read.find("face")
    if named is None:
        names = np.array(paths, dtype=object)
    else:
        names = read.text(named)
        read.refuse(pd.isna(names), named, "a face needs a name")
    twice = pd.Series(names).duplicated().to_numpy()
    read.refuse(twice, column if named is None else named, "it has a row already; one face, one row")
    return names


def splits_by_place(read: Table, paths: list[str], origins: NDArray[np.object_] | None) -> NDArray[np.object_]:
    """The split of each row by the table that it comes from, where several are read as one, else by its folder."""
    if origins is not None:
        return np.array([split_of_table(str(name)) for name in origins], dtype=object)
    splits = np.array([split_above(path.rpartition("/")[0])[0] for path in paths], dtype=object)
    if pd.notna(splits).any():
        read.guessed.append("splits by the folders of the paths")
    return splits


def is_about(file: Path, pictures: Collection[str]) -> bool:
    """Whether a table has a row a picture and says what it shows; pictures are file names, case folded.

    By its first row alone, which is of one of them. What several people answered is no such table.
    """
    try:
        read = read_table(file)
        column = read.find_picture()
        if column is None or (label_of(read) is None and not read.class_columns()):
            return False
        paths = read.text(column)
        if len(set(paths)) < len(paths):
            return False
        first = path_in_address(str(paths[0] or "").strip()).replace("\\", "/")
    except RequestError:  # whatever else lies there
        return False
    name = first.rpartition("/")[2].casefold()
    return name in pictures or any(name + suffix in pictures for suffix in PICTURES)


def split_of_table(place: str) -> str | None:
    """The split that a table's folder, or its name, says.

    >>> split_of_table("val/labels.csv"), split_of_table("train_labels"), split_of_table("labels.csv")
    ('val', 'train', None)
    """
    folder, _, name = place.rpartition("/")
    words = re.split(r"[\W_]+", name.split(".")[0])
    return split_named(folder.partition("/")[0]) or next(filter(None, map(split_named, words)), None)


def is_foreign(path: str) -> bool:
    r"""Whether a path is that of a file on some machine, and not from a dataset's folder.

    >>> is_foreign("C:\\faces\\a.jpg"), is_foreign("/home/me/a.jpg"), is_foreign("faces/a.jpg")
    (True, True, False)
    """
    return re.match(ABSOLUTE, path.strip()) is not None


def splits_of(table: Table) -> NDArray[np.object_]:
    """Splits by our names, None where empty."""
    if (column := table.find("split")) is None:
        return table.text(None)
    codes, spellings = table.coded(column)
    splits = np.array([*(split_named(text) for text in spellings), None], dtype=object)[codes]
    table.refuse(pd.isna(splits) & (codes >= 0), column, "the split must be train, val or test")
    return splits
