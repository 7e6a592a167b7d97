"""Faces by groups: a column of predictions, of the faces that a run was trained from, or of a table beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fer_exp.errors import RequestError
from fer_exp.frames import text_of
from fer_exp.grouping import no_column, with_column
from fer_exp.runs import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from fer_exp.judging.sources import Source
    from fer_exp.tables import Table

USUAL = ("face", "split", "source")
"""Columns of the faces table that make no groups."""

Values = dict[str, str | None]
"""Face -> its group, None where it has none."""


def in_groups(
    table: pd.DataFrame,
    by: str,
    path: Path,
    beside: Sequence[tuple[str, str | pd.DataFrame]] = (),
) -> pd.DataFrame:
    """Predictions with the group of each face, ``predictions.GROUP``; as they are where they have it.

    Args:
        table: of a run, or of a file read with ``by``.
        by: the column.
        path: the run's folder, or the file.
        beside: key -> a table of faces that may have the column, asked for in this order.

    Raises:
        RequestError: there is no such column, or the faces of a run are not here.
    """
    import numpy as np

    from fer_exp.face_names import finder
    from fer_exp.judging.predictions import GROUP
    from fer_exp.tables import read_table

    asked = [key for key, _ in beside]
    if GROUP in table and "groups" not in asked:
        return table
    for key, source in beside:
        read = read_table(source, key)
        if with_column(by, read.names, read.where):
            values = _of_table(read, by)
            find = finder(values, read.where)
            known = [find(str(face)) for face in table["face"]]
            groups = np.array([None if face is None else values[face] for face in known], dtype=object)
            return table.assign(**{GROUP: groups})
        if key == "groups":
            raise RequestError(no_column(by, read.names, read.where))
    if not path.is_dir():
        raise RequestError(no_column(by, read_table(path, "predictions").names if path.is_file() else [], str(path)))
    return table.assign(**{GROUP: table["face"].map(_of_run(Run(path), by))})


def sources_in_groups(
    sources: Sequence[Source], by: str | None, beside: Sequence[tuple[str, str | pd.DataFrame]]
) -> list[Source]:
    """Runs and files likewise, as far as one of them has the column; as they are where no groups are asked for."""
    from dataclasses import replace

    found, problems = [], []
    for each in sources if by is not None else ():
        try:
            found.append(replace(each, table=in_groups(each.table, str(by), each.path, beside)))
        except RequestError as problem:
            problems.append(problem)
            found.append(each)
    if problems and len(problems) == len(found):
        raise problems[0]
    return found if by is not None else list(sources)


def beside(
    by: str | None, groups: str | None, votes: str | None, frames: Mapping[str, pd.DataFrame]
) -> list[tuple[str, str | pd.DataFrame]]:
    """The tables beside predictions in which a column of groups is looked for.

    Raises:
        RequestError: ``groups`` without ``by``.
    """
    if by is None and groups is not None:
        raise RequestError("groups=FILE has the groups of a column; say which with by=COLUMN.")
    named = {"groups": groups, "votes": votes}
    return [(key, frames.get(key, path)) for key, path in named.items() if path is not None]


def _of_table(table: Table, by: str) -> Values:
    """A column of a table with a row a face, or several that say the same."""
    name = with_column(by, table.names, table.where)
    face = table.find("task")
    face = table.find_picture() if face is None else face
    if face is None:
        raise RequestError(f"{table.where} has no column of faces, so it cannot say who is in which group of {by}.")
    values: Values = {}
    for one, value in zip(table.text(face), table.text(table.names.index(name)), strict=True):
        if one is not None and values.setdefault(one, value) != value:
            raise RequestError(f"{table.where}: face {one} has {values[one]} and {value} in {name}; give it one.")
    return values


def _of_run(run: Run, by: str) -> Values:
    """A column of predictions.parquet, or else of the faces table of the run's store."""
    import pyarrow.parquet as pq

    file = run.path("predictions")
    if name := with_column(by, pq.read_schema(file).names, str(file)):
        frame = pq.read_table(file, columns=["face", name]).to_pandas()
        return _values(frame["face"], frame[name])
    store, corpus = run.store, run.facts.get("config", {}).get("dataset", {}).get("name", "folder")
    if store is None:
        raise RequestError(
            f"by={by}: the predictions of {run.name} have no such column, and the faces it was trained from are not "
            f"prepared here; fer-exp prepare dataset={corpus} dataset.root=DIR prepares them, or give a table of face "
            f"and {by} as groups=FILE."
        )
    if name := with_column(by, store.faces.columns, run.name):
        return _values(store.faces["face"], store.faces[name])
    there = [str(one) for one in store.faces if one not in USUAL and store.faces[one].notna().any()]
    raise RequestError(f"{no_column(by, there, f'the faces of {run.name}')}{_elsewhere(by, corpus)}")


def _values(faces: pd.Series, values: pd.Series) -> Values:
    texts = [None if value is None or value != value else text_of(value) or None for value in values]
    return dict(zip(faces.astype(str), texts, strict=True))


def _elsewhere(by: str, name: str) -> str:
    """Where a corpus says it, if it does."""
    from fer_exp.datasets import CORPORA, facts

    place = facts(name).besides.get(by) if name in CORPORA else None
    if place is None:
        return ""
    return (
        f" {facts(name).title} says it in {place}, which was not there: unpack it in the corpus' folder, run fer-exp "
        f"prepare dataset={name} dataset.root=DIR, then this again."
    )
