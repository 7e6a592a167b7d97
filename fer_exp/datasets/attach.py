"""Answers of raters from tables that a user names: ``dataset.votes`` and ``dataset.ratings``, for any corpus."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import DatasetConfig
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES, OTHER_ANSWERS, checked_expression, expression, finder
from fer_exp.tables import affect, answer_columns, need, numbers, read_table, refuse

Counts = NDArray[np.int64]

PERCENT_CORRECT = re.compile(r"correct|accura|agree|percent|proportion|hit", re.IGNORECASE)
ROUNDING = 0.02
"""How far proportions may be from a sum of 1: seven numbers rounded to two decimals can be this far off."""


class Answers(NamedTuple):
    """``faces`` and ``votes`` as of a store, in its order; ``found``: sentence -> count; ``digest`` of the files."""

    faces: pd.DataFrame
    votes: pd.DataFrame | None
    found: dict[str, int]
    digest: str


def attach(faces: pd.DataFrame, votes: pd.DataFrame | None, config: DatasetConfig, classes: tuple[str, ...]) -> Answers:
    """Put the answers of ``dataset.votes`` or ``dataset.ratings`` in the place of a corpus' own.

    A face may be called by its id, or by its file name with or without suffix and folders, where that is one face
    only. A face that the table does not have is left without votes; its own valence and arousal stay.

    Args:
        faces: the faces table of a corpus.
        votes: its own votes, or None.
        config: votes, ratings and raters are read.
        classes: class names.

    Returns:
        The tables, changed or as they were, and what was found.

    Raises:
        RequestError: a table that cannot be understood or belongs to none of these faces; names file and row.
    """
    key = "dataset.votes" if config.votes else "dataset.ratings"
    name = config.votes or config.ratings
    if not name:
        return Answers(faces, votes, {}, "")
    file = Path(name).expanduser()
    frame, where = read_table(file, key), f"{key}={file}"
    found: dict[str, int]
    rated = None
    if config.votes:
        given, found = _read_votes(frame, classes, config.raters, where)
    else:
        given, rated, found = _read_ratings(frame, classes, where)
    ids = faces["face"].astype(str)
    given["face"] = pd.Series(_matched(given["face"], finder(ids), where, found), dtype=object)
    given = given.dropna(subset="face")
    refuse(given["face"].duplicated().to_numpy(), given["face"], where, "two rows mean this face")
    own = given.set_index("face").reindex(ids, fill_value=0).reset_index(drop=True)
    found["faces without votes"] = int((own.sum(axis=1) == 0).sum())
    own.insert(0, "face", ids.to_numpy())
    if votes is not None:
        found["faces whose own votes are not used"] = len(votes)
    if rated is not None:
        faces = _with_ratings(faces, rated, finder(ids))
        found["faces with a valence or arousal of these raters"] = int(faces["ratings"].gt(0).sum())
    digest = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
    own.index = faces.index
    return Answers(faces, own, found, f"{digest} {config.raters}")


def whole_votes(
    frame: pd.DataFrame, classes: tuple[str, ...], raters: int | None, where: str
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Counts per answer from a table's columns of counts, proportions or percentages.

    Everything after this works on counts, so proportions are turned into those of the ``dataset.raters`` that they
    come from (largest remainder, so that a face keeps its number of raters). Answers for a class that is none here
    (contempt among seven) count as unknown.

    Args:
        frame: text; ``face`` and a column per class, and others.
        classes: class names.
        raters: raters behind a row of proportions.
        where: the table, for messages.

    Returns:
        ``face`` and integer counts per class, ``unknown`` and ``not_a_face``; and what was found.

    Raises:
        RequestError: a class without a column, a cell that is no number or negative, proportions that do not sum to
            one, or whose number of raters is not known.
    """
    columns = answer_columns(frame)
    if missing := [name for name in classes if name not in columns]:
        raise RequestError(
            f"{where} has no column {missing[0]}; it has {', '.join(map(str, frame.columns))}. Every class needs one "
            "(zeros where nobody chose it)."
        )
    others = [name for name in (*CLASSES, *OTHER_ANSWERS) if name in columns and name not in classes]
    names = [*classes, *others]
    values = np.column_stack([np.nan_to_num(numbers(frame[columns[name]], where)) for name in names])
    bad = (values < 0).any(axis=1)
    if bad.any():
        raise RequestError(f"{where}, row {int(bad.argmax()) + 1}: a number of votes is negative.")
    found: dict[str, int] = {}
    if (values == np.floor(values)).all():
        counts = values.astype(np.int64)
    else:
        counts = _from_proportions(values, raters, where)
        found[f"faces whose proportions were made into counts of {raters} raters"] = len(counts)
    table = pd.DataFrame(counts, columns=names)
    for name in OTHER_ANSWERS:
        if name not in table:
            table[name] = 0
    for name in [name for name in others if name in CLASSES]:
        moved = table.pop(name)
        table["unknown"] += moved
        found[f"votes for {name}, which is no class here, counted as unknown"] = int(moved.sum())
    table = table[[*classes, *OTHER_ANSWERS]]
    table.insert(0, "face", frame["face"].to_numpy())
    return table, found


def _from_proportions(values: NDArray[np.float64], raters: int | None, where: str) -> Counts:
    total = values.sum(axis=1)
    unit = 100.0 if np.median(total) > 50 else 1.0
    off = (np.abs(total / unit - 1) > ROUNDING) & (total > 0)
    if off.any():
        row = int(off.argmax())
        raise RequestError(
            f"{where}, row {row + 1}: the proportions sum to {total[row]:g}, not to {unit:g} ({int(off.sum()):,} rows "
            "do not); every answer needs its column, unknown and not_a_face too."
        )
    if raters is None:
        raise RequestError(f"{where} holds proportions; say of how many raters each row is: dataset.raters=100, say.")
    share = np.divide(values, total[:, None], out=np.zeros_like(values), where=total[:, None] > 0) * raters
    share = share.round(9)
    counts = np.floor(share).astype(np.int64)
    missing = np.where(total > 0, raters, 0) - counts.sum(axis=1)
    order = np.argsort(counts - share, axis=1, kind="stable")  # largest remainder first
    rank = np.argsort(order, axis=1, kind="stable")
    return np.asarray(counts + (rank < missing[:, None]), dtype=np.int64)


def _read_votes(
    frame: pd.DataFrame, classes: tuple[str, ...], raters: int | None, where: str
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The table of ``dataset.votes``."""
    odd = [str(column) for column in frame.columns if PERCENT_CORRECT.search(str(column))]
    if not any(name in classes for name in answer_columns(frame)) and odd:
        raise RequestError(
            f"{where} has a column {odd[0]} and none per class: how many raters were right does not say what the "
            "others answered, so it is no distribution; give a column per class."
        )
    need(frame, ("face",), where)
    refuse(frame["face"].str.strip().duplicated().to_numpy(), frame["face"], where, "it has a row already")
    return whole_votes(frame, classes, raters, where)


def _read_ratings(
    frame: pd.DataFrame, classes: tuple[str, ...], where: str
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """The long table of ``dataset.ratings``: votes per face, mean valence and arousal per face, what was found."""
    need(frame, ("task", "worker", "label"), where)
    spelt = frame["label"].str.strip()
    meaning = {}
    for text in spelt[spelt != ""].unique():
        row = int((spelt == text).to_numpy().argmax()) + 1
        name = checked_expression(text, f"{where}, row {row}")
        meaning[text] = name if name in classes or name in OTHER_ANSWERS else "unknown"
    ratings = pd.DataFrame({"face": frame["task"].str.strip(), "worker": frame["worker"].str.strip()})
    ratings["label"] = spelt.map(meaning)
    for name, values in affect(frame, where).items():
        ratings[name] = values
    again = ratings.duplicated(["face", "worker"])
    elsewhere = {text for text in meaning if expression(text) not in (*classes, *OTHER_ANSWERS)}
    found = {
        "ratings": len(ratings),
        "raters": int(ratings["worker"].nunique()),
        "further answers of a rater to the same face, left out (the first counts)": int(again.sum()),
        "answers without a label": int(ratings["label"].isna().sum()),
        "answers for a class that is none here, counted as unknown": int(spelt.isin(elsewhere).sum()),
    }
    ratings = ratings[~again]
    counts = pd.crosstab(ratings["face"], ratings["label"])
    counts = counts.reindex(ratings["face"].unique(), fill_value=0)  # a face may have ratings and no label
    counts = counts.reindex(columns=[*classes, *OTHER_ANSWERS], fill_value=0).rename_axis(None, axis=1)
    means = ratings.groupby("face", sort=False)[["valence", "arousal"]].agg(["mean", "count"])
    rated = pd.DataFrame({name: means[name, "mean"] for name in ("valence", "arousal")})
    rated["ratings"] = means[[("valence", "count"), ("arousal", "count")]].max(axis=1)
    return counts.reset_index(names="face"), rated, found


def _matched(
    names: pd.Series, find: Callable[[str], str | None], where: str, found: dict[str, int]
) -> list[str | None]:
    """Our id of each face a table names, None where there is none; counts them, refuses a table of other faces."""
    matched = [find(str(name).strip()) for name in names]
    strange = matched.count(None)
    if strange == len(matched):
        raise RequestError(
            f"{where}: none of its {strange:,} faces is in this dataset, first {names.iloc[0]!r}; "
            "a face is called by its file name or id (faces.parquet in the store lists them)."
        )
    found[f"faces in {where.partition('=')[0]} that are not in this dataset"] = strange
    return matched


def _with_ratings(faces: pd.DataFrame, rated: pd.DataFrame, find: Callable[[str], str | None]) -> pd.DataFrame:
    """Mean valence and arousal of the raters where there are any, and ``ratings``, how many they are."""
    matched = np.array([find(str(name)) for name in rated.index], dtype=object)
    rated = rated.assign(face=matched).dropna(subset="face").set_index("face")
    own = rated.reindex(faces["face"]).set_index(faces.index)
    faces = faces.copy()
    for name in ("valence", "arousal"):
        faces[name] = own[name].where(own[name].notna(), faces[name])
    return faces.assign(ratings=own["ratings"].fillna(0).astype(np.int64))
