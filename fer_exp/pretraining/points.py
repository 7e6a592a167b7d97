"""The task ``points``: from a corpus' faces to the landmarks that some detector found in them."""

from __future__ import annotations

import re
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import PretrainConfig
from fer_exp.errors import RequestError
from fer_exp.face_names import finder
from fer_exp.pretraining.lesson import Lesson, corpus_faces
from fer_exp.pretraining.regression import Regression
from fer_exp.progress import progress
from fer_exp.runs.naming import contents_of_files
from fer_exp.tables import Table, read_table

UNREAD = ("faces", "temperature")
"""Keys that this task does not go by."""
COORDINATE = re.compile(r"(.*?)([xyXY])_?(\d+)")
"""A column of a landmark: ``x0``, ``x_0``, ``X_0``, ``landmark_x_0``."""
SHARES = (-1.0, 2.0)
"""Coordinates that all lie between these are shares of the picture: a landmark may lie somewhat outside."""


class Points(NamedTuple):
    """Landmarks: ``faces`` as the table calls them, (N,); ``places`` x and y of P points, (N, 2 P), nan where empty."""

    faces: NDArray[np.object_]
    places: NDArray[np.float64]


def points(config: PretrainConfig) -> Lesson:
    """The faces of a corpus that a table has landmarks of; the others are counted and left out.

    Raises:
        RequestError: a table that cannot be understood, or has none of the faces; as ``corpus_faces``.
    """
    table = read_table(str(config.points), "points")
    found = read_points(table, config.width or config.dataset.size)
    store, faces = corpus_faces(config.dataset, config.splits)
    find = finder(store.faces["face"].astype(str), table.where)
    ours = pd.Series([find(str(name)) for name in found.faces], dtype=object)
    if (twice := ours.duplicated() & ours.notna()).any():
        table.refuse(twice, _face_column(table), "it has a row already; a face has one set of landmarks")
    table.say()
    row_of = {face: row for row, face in enumerate(ours) if face is not None}
    rows = np.array([row_of.get(face, -1) for face in faces["face"]])
    known = rows >= 0
    if not known.any():
        raise RequestError(
            f"{table.where} has landmarks of none of the {len(faces):,} faces that may be learnt from, first "
            f"{faces['face'].iloc[0]!r}; the table's first is {found.faces[0]!r}."
        )
    without = faces[~known]
    unused = len(found.faces) - int(known.sum())
    if len(without):
        progress(
            f"{table.where} misses {len(without):,} of {len(faces):,} faces, first {without['face'].iloc[0]}; they are "
            "left out"
        )
    if unused:
        progress(f"{table.where}: {unused:,} of its {len(found.faces):,} rows are of faces that are not learnt from")
    target = found.places[rows[known]].astype(np.float32)
    columns = [f"{axis}_{k}" for k in range(target.shape[1] // 2) for axis in "xy"]
    make = partial(Regression, columns=columns, crop=config.crop, augment=config.trainer.augment, lit=True)
    contents = {"dataset": store.content, **contents_of_files({"points": config.points})}
    facts = {"points": target.shape[1] // 2, "faces_without_points": len(without)}
    return Lesson(store, faces[known], target, make, contents, facts, UNREAD)


def read_points(table: Table, width: float) -> Points:
    """Landmarks as shares of the picture; ``width`` is that of the pictures that they are in pixels of.

    Raises:
        RequestError: no column of faces, no landmarks, one without its partner, or a cell that is no number.
    """
    faces = table.text(_face_column(table))
    table.refuse(pd.isna(faces), _face_column(table), "a face's name belongs there")
    columns = point_columns(table)
    places = np.column_stack([table.numbers(column) for column in columns])
    if not np.isfinite(places).any():
        raise RequestError(f"{table.where}: its {len(columns) // 2} landmarks are all empty.")
    if SHARES[0] <= np.nanmin(places) and np.nanmax(places) <= SHARES[1]:
        table.guessed.append(f"{len(columns) // 2} landmarks, as shares of the picture")
    else:
        table.guessed.append(f"{len(columns) // 2} landmarks, in pixels of pictures that are {width:g} wide")
        places = places / width
    return Points(faces, places)


def point_columns(table: Table) -> list[int]:
    """The columns x, y, x, y ... of the landmarks in the order of the table; of ``x_0`` and ``X_0`` the small ones.

    Raises:
        RequestError: there are none, or an x without its y.
    """
    matches = [(n, COORDINATE.fullmatch(name)) for n, name in enumerate(table.names)]
    found = {(match[1], match[2], int(match[3])): n for n, match in matches if match}
    small = any(axis.islower() for _, axis, _ in found)
    found = {key: n for key, n in found.items() if key[1].islower() == small}
    if not found:
        raise RequestError(
            f"{table.where} has no landmarks: its columns are to be called x_0, y_0, x_1, y_1 ...; there are "
            f"{', '.join(table.names[:12])}."
        )
    other = dict(zip("xyXY", "yxYX", strict=True))
    columns = []
    for (before, axis, number), n in found.items():
        partner = found.get((before, other[axis], number))
        if partner is None:
            name, place = table.names[n], len(before)
            wanted = f"{name[:place]}{other[axis]}{name[place + 1 :]}"
            raise RequestError(f"{table.where}: {name} has no {wanted} beside it.")
        if axis in "xX":
            columns += [n, partner]
    return columns


def _face_column(table: Table) -> int:
    column = table.find("task")
    return table.need("path") if column is None else column
