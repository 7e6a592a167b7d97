"""What the commands about people share: where the answers come from, where the files go."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fer_exp.answers import Answers, Votes, known_tasks
from fer_exp.answers.groups import subsets, with_groups
from fer_exp.answers.read import read_answers, read_labels
from fer_exp.answers.scales import UNIT, Ends, Scales
from fer_exp.bounds import scales_named
from fer_exp.config import AgreementConfig, DatasetConfig, PeopleConfig
from fer_exp.errors import RequestError, nearest
from fer_exp.files import file_of, md5, there, writable
from fer_exp.frames import text_of
from fer_exp.grouping import Grouping, no_column, with_column
from fer_exp.names import OTHER_ANSWERS, in_order
from fer_exp.progress import say
from fer_exp.raters.changes import Original
from fer_exp.runs.groups import beside
from fer_exp.tables import NO_FRAMES, Frames, Table, places, read_table

ORIGINALS = ("original", "intended", "posed", "target")
"""Columns of a table of answers that may say what a face shows: the label before, or what its poser meant."""


class People(NamedTuple):
    """Answers or votes, the ``name`` of where they come from and their table; of a dataset its faces and classes."""

    data: Answers | Votes
    name: str
    faces: pd.DataFrame | None = None
    classes: tuple[str, ...] = ()
    table: Table | None = None


def load(config: PeopleConfig, frames: Frames = NO_FRAMES) -> People:
    """The answers that a config names: of a file, else of a dataset.

    Args:
        config: of a command about people.
        frames: a table in the place of its file ``ratings``.

    Raises:
        RequestError: neither is given, a dataset without votes, or what reading finds.
    """
    reading: dict[str, Any] = {"ignore": config.ignore, "duplicates": config.duplicates}
    if config.ratings is not None:
        path = Path(config.ratings)
        columns = {"task": config.task, "worker": config.worker, "label": config.label}
        reading |= {"classes": config.classes, "numbers": config.numbers, "columns": columns, "scale": config.scale}
        reading["scales"] = wanted(config)
        table = read_table(frames.get("ratings", config.ratings), "ratings", together=True)
        by = config.by if isinstance(config, AgreementConfig) else None
        if by and (name := with_column(by, table.names, table.where)):
            table.unused.discard(table.names.index(name))
        read_data = read_answers(table, "ratings", **reading)
        _refuse_missing(reading["scales"], read_data, table.where)
        return People(read_data, path.name.split(".")[0], table=table)
    if config.dataset is None:
        raise RequestError("No answers are given: name a table with ratings=FILE, or a dataset with dataset=ferplus.")
    frame, faces, classes, read = _of_dataset(config.dataset, wanted(config))
    if read:
        reading["scales"] = read
    if config.classes or "worker" in frame:
        data = read_answers(frame, classes=config.classes, **reading)
    else:
        data = read_answers(frame, classes=classes, also=OTHER_ANSWERS, **reading)
    _refuse_missing(wanted(config), data, f"dataset={config.dataset.name}")
    return People(data, config.dataset.name, faces, classes)


def _refuse_missing(named: Collection[str] | None, data: Answers | Votes, where: str) -> None:
    """Raise for a scale that was named where nobody's ratings on it are known."""
    there = data.scales if isinstance(data, Answers) else {}
    if missing := [name for name in named or () if name not in there]:
        only = f"of these scales there {'is' if len(there) == 1 else 'are'} {', '.join(there)}" if there else (
            "no single ratings of anybody are there, only votes or labels"
        )  # fmt: skip
        raise RequestError(f"scales names {missing[0]}, which {where} does not have: {only}.")


def in_groups(config: AgreementConfig, people: People, frames: Frames = NO_FRAMES) -> tuple[People, Grouping | None]:
    """The answers with the groups of ``by``: of the tasks, as subsets, or of the raters, which come back.

    The column is one of ``groups``, of the answers' own table, or of the dataset's faces, whichever there is first.

    Raises:
        RequestError: there is no such column, or it makes no groups.
    """
    beside_answers = beside(config.by, config.groups, None, frames)
    if config.by is None:
        return people, None
    table, columns = people.table, {"task": config.task, "worker": config.worker}
    if beside_answers:
        ((key, source),) = beside_answers
        table, columns = read_table(source, key), {}
    elif table is None and config.dataset is not None and people.faces is not None:
        if name := with_column(config.by, people.faces.columns, people.name):
            values = dict(zip(people.faces["face"], people.faces[name].map(text_of, na_action="ignore"), strict=True))
            return people._replace(data=subsets(people.data, values, config.by, people.name)), None
        if config.dataset.ratings is None:
            raise RequestError(no_column(config.by, list(people.faces.columns), f"the faces of {people.name}"))
        table, columns = read_table(config.dataset.ratings, "dataset.ratings"), {}
    if table is None:
        raise RequestError("by= needs a column, and these answers have no table; give one with groups=FILE.")
    data, groups = with_groups(people.data, config.by, table, columns)
    return people._replace(data=data), groups


def wanted(config: PeopleConfig) -> dict[str, tuple[float, float] | None] | None:
    """The scales that a config names; None of a command that asks nothing of ratings."""
    return scales_named(config.scales) if isinstance(config, AgreementConfig) else None


def original(config: PeopleConfig, against: str, people: People, frames: Frames = NO_FRAMES) -> Original:
    """The original labels, and ratings where there are any.

    Args:
        config: names the table of answers.
        against: ``original``, another of ``ORIGINALS``, or a file.
        people: as ``load`` gives them.
        frames: tables in the place of the files ``against`` and ``ratings``.

    Raises:
        RequestError: there are none, or they name other classes.
    """
    scales = people.data.scales if isinstance(people.data, Answers) else {}
    columns: dict[str, str | None] = {}
    source: Path | pd.DataFrame | Table
    if "against" in frames:
        source = frames["against"]
    elif against not in ORIGINALS or (people.faces is not None and against != "original"):
        if nearest(against, ("original",), 0.8) and not there(file_of(against)[0]):
            raise RequestError(f"against={against}: there is no such file; did you mean against=original?")
        source = Path(against)
    elif people.faces is not None:
        source, columns = _corpus_labels(people, people.faces), {"task": config.task}
    else:
        source = read_table(frames.get("ratings", str(config.ratings)), "ratings")
        columns = {"task": config.task, **_columns_of(against, source, scales)}
    like_answers = against != "original" or people.faces is None  # a table of the same ratings as the answers
    ends = {name: (scale.low, scale.high) for name, scale in scales.items() if like_answers and name not in UNIT}
    ends |= {name: given for name in UNIT if like_answers and (given := (wanted(config) or {}).get(name))}
    tasks, codes, rated = read_labels(
        source, people.data.classes, "against", columns, config.scale if like_answers else (-1.0, 1.0), config.numbers,
        Scales(ends, tuple(UNIT), emotions=False), ordered=bool(config.classes),
    )  # fmt: skip
    label, missing = known_tasks(people.data, tasks, codes)
    row, _ = known_tasks(people.data, tasks, np.arange(len(tasks), dtype=np.int32))
    aligned = {name: np.where(row >= 0, values[row], np.nan) for name, values in rated.items()}
    if (label < 0).all() and all(np.isnan(values).all() for values in aligned.values()):
        raise RequestError(
            f"against={against}: none of its {len(tasks):,} tasks was answered, so nothing can be compared."
        )
    return Original(label, aligned, missing)


def _corpus_labels(people: People, faces: pd.DataFrame) -> pd.DataFrame:
    """A corpus' own labels and ratings, as a table of tasks; labels that are no class here are left out, and said."""
    table = faces.rename(columns={"face": "task"})
    strange = table["label"].notna() & ~table["label"].isin(people.classes)
    if strange.any():
        named = ", ".join(in_order(set(table["label"][strange])))
        say(f"{people.name}: original labels of {int(strange.sum()):,} faces are no class here, left out: {named}")
        table["label"] = table["label"].where(~strange, None)
    table = table[[name for name in ("task", "label", "valence", "arousal") if table[name].notna().any()]]
    if not {"label", "valence"} & set(table):
        raise RequestError(f"{people.name} has no original labels; give a file with against=FILE.")
    return table


def _columns_of(against: str, table: Table, scales: Collection[str]) -> dict[str, str | None]:
    """The columns of a table of answers that hold what these are compared with: ``original``, ``original_valence``."""
    rated = {name: f"{against}_{name}" for name in scales}
    if not {against, *rated.values()} & set(table.names):
        others = ", ".join(f"against={name}" for name in ORIGINALS if name in table.names)
        way_out = f"write {others}." if others else f"give the {against} labels with against=FILE (task, label)."
        raise RequestError(f"{table.where} has no column {against}; {way_out}")
    return {"label": against if against in table.names else None, **rated}


def labels_of(people: People) -> Original | None:
    """The corpus' own labels of the faces that people answered; None where there are none that people could name."""
    if people.faces is None:
        return None
    codes, names = places(people.faces["label"], people.data.classes), people.faces["face"].to_numpy(object)
    label, missing = known_tasks(people.data, names, codes.astype(np.int32))
    return Original(label, {}, missing) if (label >= 0).any() else None


def folder(config: PeopleConfig, command: str, name: str) -> Path:
    """Where a command writes: ``output``, or a folder named by what was asked.

    Raises:
        RunError: it cannot be written.
    """
    if config.output is not None:
        return writable(Path(config.output))
    asked = {**asdict(config), "json": None}  # once a key: without it folders would have other names
    later = {
        "numbers": None,
        "enough_gold_answers": 10,
        "scales": None,
        "by": None,
        "groups": None,
        "permutations": 10000,
        "sure": True,
    }  # keys that came later: left alone, they name no other folder
    for group in (asked, asked["dataset"] or {}):
        for key, default in later.items():
            if group.get(key) == default:
                group.pop(key, None)
    request = json.dumps(asked, sort_keys=True, default=str)
    digest = md5(request)[:8]
    return writable(Path("runs") / f"{command}-{name}-{digest}")


def _of_dataset(
    config: DatasetConfig, scales: dict[str, Ends] | None
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...], dict[str, Ends]]:
    """The single answers of a corpus or of what is attached to it, where there are any, else votes.

    Returns:
        They, faces, classes, and scales of ratings in them beside valence and arousal.
    """
    from fer_exp.datasets import open_corpus
    from fer_exp.datasets.attach import single_answers
    from fer_exp.store import open_dataset

    corpus = open_corpus(config)
    if not config.ratings and (single := single_answers(config, corpus)) is not None:
        return single, corpus.read().table, corpus.classes, {}  # no picture needs to be decoded
    _, store = open_dataset(config)
    if (single := single_answers(config, corpus, store.faces["face"], scales)) is not None:
        return single, store.faces, corpus.classes, single.attrs.get("scales", {})
    if store.votes is None:
        raise RequestError(
            f"{config.name} has one label a face and no votes, so there is no agreement to measure; attach "
            "votes with dataset.votes=FILE, or give the answers with ratings=FILE."
        )
    return store.votes, store.faces, corpus.classes, {}
