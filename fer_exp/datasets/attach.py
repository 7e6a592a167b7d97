"""Answers of raters from tables that a user names: ``dataset.votes`` and ``dataset.ratings``, for any corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers, Votes
from fer_exp.answers.faces import task_faces
from fer_exp.answers.read import read_answers
from fer_exp.answers.scales import Ends
from fer_exp.config import DatasetConfig
from fer_exp.datasets.classes import count_as_unknown
from fer_exp.datasets.corpus import Corpus, Faces
from fer_exp.datasets.splits import outside
from fer_exp.face_names import finder
from fer_exp.files import file_of
from fer_exp.names import CLASSES, OTHER_ANSWERS, SIDES
from fer_exp.together import tables_in

AGREED = 0.6
"""Subset A: at least this share of the raters chose the posed class."""


def read_attached(
    config: DatasetConfig, classes: tuple[str, ...], scales: Mapping[str, Ends] | None = None
) -> Answers | Votes | None:
    """What ``dataset.votes`` or ``dataset.ratings`` holds, by the names of its own faces; None where neither is given.

    Expressions that are no classes here come behind the others; without classes, what is there is taken. ``scales`` are
    as of ``read_answers``.
    """
    if not (config.votes or config.ratings):
        return None
    return read_answers(
        str(config.votes or config.ratings), attached_key(config),
        classes=classes, also=further(classes), ignore=(), numbers=config.numbers, numbered=False,
        others=OTHER_ANSWERS[0] if isinstance(config.classes, list) else None,
        duplicates=config.duplicates, scale=config.scale, raters=config.raters, scales=scales,
    )  # fmt: skip


def attached_key(config: DatasetConfig) -> str:
    """The key that names the raters' answers."""
    return f"dataset.{'votes' if config.votes else 'ratings'}"


def single_answers(
    config: DatasetConfig, corpus: Corpus, faces: Iterable[str] = (), scales: Mapping[str, Ends] | None = None
) -> pd.DataFrame | None:
    """What each person answered, of ``dataset.ratings`` or of the corpus itself; None where only votes are known.

    Args:
        config: the dataset group.
        corpus: the one that it names.
        faces: ids of its faces, by which tasks of ``dataset.ratings`` are called; others are left out.
        scales: as of ``read_answers``.

    Returns:
        Columns task, worker, valence, arousal, and label and further scales where there are any; of these ``attrs`` has
        ``scales``, with their ends.
    """
    if not config.ratings:
        ratings = getattr(corpus, "ratings", None)
        return ratings() if callable(ratings) and not config.votes else None
    read = read_attached(config, corpus.classes, scales)
    if not isinstance(read, Answers):
        return None
    find = finder(map(str, faces), f"dataset.ratings={config.ratings}")
    ours = corpus.classes if isinstance(config.classes, list) else read.classes
    tasks = np.array([find(str(task)) for task in read.tasks], dtype=object)
    frame = pd.DataFrame({"task": tasks[read.task], "worker": read.workers[read.worker], **_sides(read), **read.rated})
    if read.classes:
        names = [name if name in (*ours, *OTHER_ANSWERS) else OTHER_ANSWERS[0] for name in read.classes]
        frame["label"] = np.array([*names, None], dtype=object)[read.label]
    frame = frame.dropna(subset="task", ignore_index=True)
    frame.attrs["scales"] = {name: (scale.low, scale.high) for name, scale in read.scales.items() if name not in SIDES}
    return frame


def further(classes: tuple[str, ...]) -> list[str]:
    """The answers that may stand in a table beside the classes."""
    return [name for name in (*CLASSES, *OTHER_ANSWERS) if name not in classes]


def attach(faces: Faces, config: DatasetConfig, classes: tuple[str, ...]) -> tuple[Faces, str]:
    """Put the answers of ``dataset.votes`` or ``dataset.ratings`` in the place of a corpus' own.

    A face may be called by its id, or by its file name with or without suffix and folders, where that is one face
    only. A face that the table does not have is left without votes; its own valence and arousal stay. With
    ``dataset.subset`` the faces outside it are flagged.

    Args:
        faces: of a corpus.
        config: votes, ratings, raters, duplicates, scale and subset are read.
        classes: class names.

    Returns:
        The faces, of whose notes only those of the answers are left; and a digest of what was attached, empty for
        nothing.

    Raises:
        RequestError: a table that cannot be understood or belongs to none of these faces; names file and row.
    """
    read = read_attached(config, classes)
    if read is None:
        return faces, ""
    name, key = str(config.votes or config.ratings), attached_key(config)
    table, votes, flags = faces.table, faces.votes, dict(faces.flags)
    notes = {"answers": len(read.task), "raters": len(read.workers)} if isinstance(read, Answers) else {}
    notes |= read.counted
    ids = table["face"].astype(str)
    here = task_faces(read.tasks, ids, f"{key}={name}", "this dataset", notes)
    if read.classes:
        counts, more = whole_votes(read.votes() if isinstance(read, Answers) else read, classes)
        notes |= more
        if votes is not None:
            notes["faces whose own votes are not used"] = len(votes)
        votes = counts.set_index(here)[pd.notna(here)].reindex(ids, fill_value=0).set_index(table.index)
        notes["faces without votes"] = int((votes.sum(axis=1) == 0).sum())
        votes.insert(0, "face", ids.to_numpy())
    if isinstance(read, Answers):
        table = _with_ratings(table, read, here)
        notes["faces with a valence or arousal of these raters"] = int(table["ratings"].gt(0).sum())
    if config.subset != "all" and votes is not None:
        flags[outside(config.subset)] = table["face"][~subset(table, votes, config.subset)].tolist()
    file, sheet = file_of(name)
    content = file.read_bytes() if file.is_file() else b"".join(part.read_bytes() for part in tables_in(file))
    digest = [hashlib.md5(content, usedforsecurity=False).hexdigest(), str(config.raters)]
    digest += [sheet] if sheet else []
    digest += [str(config.numbers)] if config.numbers is not None else []
    digest += [config.duplicates] if config.duplicates != "first" else []
    digest += [str(config.scale)] if list(config.scale) != [-1, 1] else []
    return Faces(table, votes, notes, flags), " ".join(digest)


def subset(faces: pd.DataFrame, votes: pd.DataFrame, letter: str) -> pd.Series:
    """Which faces are of a subset by agreement, a bool each, by the index of ``faces``.

    A is as published: at least 60 % of a face's raters chose the posed class. B is our own reading, all other faces
    that were rated: the publication describes B by its variability, not by a rule.

    Args:
        faces: ``label`` is read, the posed class.
        votes: counts in the same order; all answers count, other answers than classes included.
        letter: A or B.
    """
    answers = votes.drop(columns="face")
    place = answers.columns.get_indexer(pd.Index(faces["label"]))
    counts = answers.to_numpy(np.float64)
    total = counts.sum(axis=1)
    chosen = np.where(place >= 0, counts[np.arange(len(counts)), place], 0.0)
    agreed = (total > 0) & (chosen >= AGREED * total - 1e-9)
    return pd.Series(agreed if letter == "A" else (total > 0) & ~agreed, index=faces.index)


def whole_votes(votes: Votes, classes: tuple[str, ...]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Integer counts per class, ``unknown`` and ``not_a_face``, a row a task, and what was counted otherwise.

    Answers for a class that is none here (contempt among seven) count as unknown.
    """
    return count_as_unknown(pd.DataFrame(votes.counts.astype(np.int64), columns=list(votes.classes)), classes)


def _sides(answers: Answers) -> dict[str, object]:
    """Valence and arousal of each answer, nan where there are none."""
    return {side: np.nan if (values := answers.ratings(side)) is None else values for side in SIDES}


def _with_ratings(faces: pd.DataFrame, answers: Answers, here: NDArray[np.object_]) -> pd.DataFrame:
    """Mean valence and arousal of the raters where there are any, and ``ratings``, how many they are."""
    rated = pd.DataFrame({"face": here[answers.task], **_sides(answers)})
    means = rated.groupby("face")[[*SIDES]].agg(["mean", "count"])
    means = means.reindex(faces["face"]).set_index(faces.index)
    mean = {side: means[side, "mean"].where(means[side, "mean"].notna(), faces[side]) for side in SIDES}
    number = means[[(side, "count") for side in SIDES]].max(axis=1).fillna(0).astype(np.int64)
    return faces.assign(**mean, ratings=number)
