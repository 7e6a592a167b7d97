"""Runs and prediction files to be held against each other: brought to the same faces, classes and people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config.settings import SEEDS, flat, settings
from fer_exp.errors import RequestError
from fer_exp.face_names import finder
from fer_exp.judging.predictions import GROUP, class_names
from fer_exp.metrics.emd import left_out
from fer_exp.names import SIDES

COMMON = "add common=true to compare on those that all saw"
HUMAN = ("label", "human_valence", "human_arousal")


@dataclass(frozen=True)
class Source:
    """A model's predictions and where they come from.

    Attributes:
        path: a run folder, or a predictions file.
        table: as ``check_predictions`` gives it.
        facts: what the run says of itself (run.json): ``config`` is read; empty for a file.
        called: its name where that is not the path's.
        model: of which it is one run among several, where no run says so itself.
    """

    path: Path
    table: pd.DataFrame
    facts: dict[str, Any]
    called: str = ""
    model: str = ""

    @property
    def name(self) -> str:
        """The folder's or the file's name, or what else it is called."""
        return self.called or (self.path.name if self.path.is_dir() else self.path.stem)

    @property
    def config(self) -> dict[str, object]:
        """Dotted key -> value of what can change a number, seeds apart; empty for a file."""
        return {key: value for key, value in flat(self.facts.get("config", {})).items() if key not in SEEDS}

    @property
    def identity(self) -> dict[str, object]:
        """``config`` with what its files hold in the place of their names, where the run says so; empty for a file."""
        if "contents" not in self.facts:
            return self.config
        keys = settings(self.facts.get("config", {})) | self.facts["contents"]
        return {key: value for key, value in keys.items() if key not in SEEDS}

    @property
    def seed(self) -> object:
        """The training seed, None where not known."""
        return self.facts.get("config", {}).get("seed")


def on_same_faces(
    sources: Sequence[Source], split: str, common: bool, way_out: str = COMMON
) -> tuple[list[Source], list[str]]:
    """Every source with the same rows in the same order, and the same human side.

    Faces are called as the first source calls them: suffix and leading folders play no part where that means one face.
    ``common`` restricts all to the faces that all saw; without it, sources that saw other faces are refused, with a
    ``way_out``.

    Returns:
        The sources, their tables cut to these faces and to the classes of the first in its order; and notes on what
        was done. A source without any votes (or labels, ratings) takes them from the first that has them.

    Raises:
        RequestError: other classes, other faces, no common face, or other votes for the same face.
    """
    first, classes = sources[0], class_names(sources[0].table)
    tables = [_of_split(source, split, first, classes) for source in sources]
    notes: list[str] = []
    tables = [_named_as(tables[0].index, *each, notes) for each in zip(sources, tables, strict=True)]
    shared = tables[0].index
    for table in tables[1:]:
        shared = shared[shared.isin(table.index)]
    for source, table in zip(sources[1:], tables[1:], strict=True):
        if len(table) == len(tables[0]) and table.index.isin(tables[0].index).all():
            continue
        if len(shared) == 0:
            raise RequestError(f"{source.name} and {first.name} have no face in common in the split {split}.")
        if not common:
            both = int(table.index.isin(tables[0].index).sum())
            raise RequestError(
                f"{source.name} and {first.name} saw other faces ({len(table):,} and {len(tables[0]):,}, of which "
                f"{both:,} are in both); {way_out}."
            )
        notes.append(f"restricted to the {len(shared):,} faces that all saw (common=true)")
    tables, more = _same_people(sources, [table.loc[shared] for table in tables], classes)
    if f"votes_{classes[0]}" in tables[0] and (words := left_out(classes)):
        more.append(words)
    columns = [*(f"p_{name}" for name in classes), *(f"votes_{name}" for name in classes)]
    rest = ["split", "subject", *SIDES, *HUMAN, GROUP]
    kept = [table[[name for name in (*rest, *columns) if name in table]].reset_index() for table in tables]
    notes = [*dict.fromkeys(notes), *more]
    return [replace(source, table=table) for source, table in zip(sources, kept, strict=True)], notes


def _of_split(source: Source, split: str, first: Source, classes: tuple[str, ...]) -> pd.DataFrame:
    """The rows of a split by face; RequestError where there are none, or the classes are not those of the first."""
    theirs = class_names(source.table)
    if odd := ", ".join(sorted(set(theirs) ^ set(classes))):
        both = ",".join(name for name in classes if name in theirs)
        raise RequestError(
            f"{source.name} and {first.name} have other classes: {odd} stand in one of them alone; compare "
            f"on those of both with classes=[{both}]."
        )
    table = source.table[source.table["split"] == split].set_index("face")
    if table.empty:
        there = ", ".join(dict.fromkeys(source.table["split"]))
        raise RequestError(f"{source.name} has no faces in the split {split} (there are: {there}); set split.")
    return table


def _named_as(faces: pd.Index, source: Source, table: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """A table with its faces called as they are in ``faces``, where only their spelling differs."""
    if table.index.isin(faces).all():
        return table
    find = finder(map(str, faces), source.name, whole=True)
    names = [find(str(face)) or face for face in table.index]
    if otherwise := [(old, new) for old, new in zip(table.index, names, strict=True) if old != new]:
        old, new = otherwise[0]
        notes.append(f"{source.name} calls {len(otherwise):,} faces by other names, e.g. {old} for {new}")
    if (twice := pd.Index(names).duplicated()).any():
        face = names[int(twice.argmax())]
        same = " and ".join(str(old) for old, new in zip(table.index, names, strict=True) if new == face)
        raise RequestError(f"{source.name}: two rows mean the face {face}, {same}; call it by one name.")
    return table.set_axis(pd.Index(names, name="face"))


def _same_people(
    sources: Sequence[Source], tables: list[pd.DataFrame], classes: tuple[str, ...]
) -> tuple[list[pd.DataFrame], list[str]]:
    """The human side of every table made that of the first that has it; other votes for a face are refused."""
    notes: list[str] = []
    for columns in [[f"votes_{name}" for name in classes], *([name] for name in HUMAN), ["subject"], [GROUP]]:
        having = [i for i, table in enumerate(tables) if columns[0] in table and table[columns].notna().any().any()]
        if not having:
            continue
        known = tables[having[0]][columns]
        for i, source in enumerate(sources):
            if i not in having:
                notes.append(f"{source.name} has no {_words(columns[0])}: taken from {sources[having[0]].name}")
                tables[i] = tables[i].assign(**{name: known[name] for name in columns})
                continue
            other = _differing(tables[i][columns], known)
            if not other.any():
                continue
            if columns[0] != "label":
                face = tables[i].index[int(other.argmax())]
                _refuse_other(columns[0], str(face), int(other.sum()), source.name, sources[having[0]].name)
            notes.append(f"labels differ for {int(other.sum()):,} faces, so metrics against labels are left out")
            tables = [table.assign(label=None) for table in tables]
            break
    return tables, list(dict.fromkeys(notes))


def _differing(one: pd.DataFrame, other: pd.DataFrame) -> NDArray[np.bool_]:
    """The rows, (N,), in which two tables do not say the same; nothing on both sides is the same."""
    if one.equals(other):
        return np.zeros(len(one), np.bool_)
    same = (one == other) | (one.isna() & other.isna())
    return np.asarray(~same.all(axis=1))


def _refuse_other(column: str, face: str, number: int, source: str, first: str) -> NoReturn:
    """Raise where two sources say other things of a face, and of ``number`` faces in all."""
    if column == "subject":
        raise RequestError(f"face {face} shows another subject in {source}; are they the same faces?")
    if column == GROUP:
        raise RequestError(f"face {face} is in another group in {source}; give one table with groups=FILE.")
    raise RequestError(
        f"{source} and {first} have other {_words(column)} for {number:,} faces, {face} the first; judge them by the "
        "same people."
    )


def _words(column: str) -> str:
    return "votes" if column.startswith("votes_") else column.replace("_", " ")
