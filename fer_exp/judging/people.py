"""The human side of predictions from another table, and the classes that they are judged on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fer_exp.answers import Answers, Votes
from fer_exp.answers.faces import task_faces
from fer_exp.answers.read import read_answers, read_labels
from fer_exp.answers.scales import AFFECT, columns_of, sides_of
from fer_exp.answers.truth import truth_of
from fer_exp.answers.wide import raters_of
from fer_exp.bounds import no_counts
from fer_exp.errors import RequestError, did_you_mean
from fer_exp.judging.predictions import class_names
from fer_exp.names import CLASSES, OTHER_ANSWERS, spelt
from fer_exp.progress import say
from fer_exp.stats.shares import shares
from fer_exp.tables import Table, read_table


def with_people(
    table: pd.DataFrame,
    source: str | pd.DataFrame,
    scale: Sequence[float] = (-1.0, 1.0),
    raters: int | None = None,
    numbers: Any = None,
    ordered: bool = False,
) -> pd.DataFrame:
    """A checked predictions table with what people said in another, in the place of what it says itself.

    Args:
        table: as ``check_predictions`` gives it.
        source: a file, or what would be in it: votes (a column a class), single answers (task, worker, label, valence,
            arousal), shares or mean ratings a class, or a label a face; faces are called by id or file name. Answers
            that are none of the predicted classes are left out, counted.
        scale: lowest and highest valence and arousal there.
        raters: how many people are behind each row of shares; None looks for a column, else nobody knows.
        numbers: what labels that are numbers mean, as ``orders.meanings`` takes it.
        ordered: whether somebody wrote the classes of the predictions in their order, for which numbers then stand.

    Raises:
        RequestError: a table that cannot be understood, or of other faces.
    """
    classes, faces = class_names(table), table["face"].drop_duplicates()
    read = read_table(source, "votes")
    notes: dict[str, int] = {}
    labelled = _one_label_each(read)
    if labelled or _ratings_alone(read):
        others = [name for name in (*CLASSES, *OTHER_ANSWERS) if name not in classes]
        tasks, codes, rated = read_labels(
            source, classes if labelled else (), "votes", scale=scale, numbers=numbers, ordered=ordered, ignore=others,
            counted=notes,
        )  # fmt: skip
        here = task_faces(tasks, faces, read.where, "the predictions", notes)
        label = {"label": np.array([*classes, None], dtype=object)[codes]} if labelled else {}
        human = pd.DataFrame(label | {f"human_{side}": values for side, values in rated.items()})
    else:
        means = sides_of(read, scale, notes) if read.find("worker") is None else {}
        answers = read_answers(
            read, "votes", duplicates="first", scale=scale, raters=raters, uncounted=True, numbers=numbers
        )
        here = task_faces(answers.tasks, faces, read.where, "the predictions", notes)
        notes |= answers.counted
        ratings = _mean_ratings(answers) if isinstance(answers, Answers) else pd.DataFrame(means)
        human = pd.concat([_counts(answers, classes, notes), ratings.add_prefix("human_")], axis=1)
    human = human.set_index(here)[pd.notna(here)]
    notes["faces of the predictions that nobody there judged"] = int((~faces.isin(human.index)).sum())
    if told := _in_words(notes):
        say(f"{read.where}: {told}")
    rest = table.drop(columns=[name for name in table if name in human])
    return rest.join(human, on="face")


def _in_words(counts: Mapping[str, int]) -> str:
    """What there is any of, with its number."""
    return ", ".join(f"{number:,} {words}" for words, number in counts.items() if number)


def restricted(table: pd.DataFrame, wanted: Sequence[str], where: str) -> pd.DataFrame:
    """A checked predictions table on some of its classes, in their order; probabilities are rescaled to them.

    Votes for other classes do not count, and a label that is another class is none.

    Raises:
        RequestError: a class that the table does not have, or fewer than two.
    """
    classes, names = class_names(table), [spelt(name) for name in wanted]
    for name in names:
        if name not in classes:
            hint = did_you_mean(name, classes, 0.5)
            there = f"{hint}There are: {', '.join(classes)}."
            raise RequestError(f"classes names {name}, which {where} does not predict; {there}")
    if len(set(names)) < 2:
        raise RequestError("classes needs two names or more.")
    values = table[[f"p_{name}" for name in names]].to_numpy(np.float64)
    mass = values.sum(axis=1)
    kept = table[mass > 0].drop(columns=[f"{of}{name}" for of in ("p_", "votes_") for name in classes], errors="ignore")
    scaled = values[mass > 0] / mass[mass > 0, None]
    kept = kept.assign(**{f"p_{name}": scaled[:, k] for k, name in enumerate(names)})
    if f"votes_{names[0]}" in table:
        votes = table.loc[mass > 0, [f"votes_{name}" for name in names]]
        if no_counts(votes).any():
            votes = pd.DataFrame(shares(votes.to_numpy(np.float64)), votes.index, votes.columns)
        kept = kept.assign(**votes)
    other = kept["label"].notna() & ~kept["label"].isin(names)
    kept["label"] = kept["label"].where(~other, None)
    left = {
        "faces without any probability on them": int((mass == 0).sum()),
        "labels of other classes": int(other.sum()),
    }
    if set(names) != set(classes):
        more = f"; left out: {words}" if (words := _in_words(left)) else ""
        say(f"{where}: judged on {', '.join(names)}; probabilities rescaled{more}")
    judged: pd.DataFrame = kept.reset_index(drop=True)
    return judged


def _one_label_each(read: Table) -> bool:
    """Whether a table has one label a face, and not several people's answers or votes."""
    task, truth = read.find("task"), truth_of(read)
    label = read.find("label") if truth is None else truth
    if read.find("worker") is not None or label is None or task is None or len(read.class_columns()) > 1:
        return False
    if len(raters_of(read, task, label)) > 1:  # what raters said goes before what was posed
        return False
    pairs = pd.DataFrame({"task": read.text(task), "label": read.text(label)}).dropna().drop_duplicates()
    return not pairs["task"].duplicated().any()


def _ratings_alone(read: Table) -> bool:
    """Whether a table has mean ratings of each face, and nothing else that anybody answered."""
    others = read.find("worker") is not None or read.find("label") is not None or len(read.class_columns()) > 1
    return not others and read.find("task") is not None and bool(columns_of(read, AFFECT))


def _counts(answers: Answers | Votes, classes: tuple[str, ...], notes: dict[str, int]) -> pd.DataFrame:
    """Votes for the predicted classes, a row a task; empty where people gave ratings only."""
    if not answers.classes:
        return pd.DataFrame(index=range(len(answers.tasks)))
    votes = answers.votes() if isinstance(answers, Answers) else answers
    whole = not no_counts(votes.counts).any()
    counts = pd.DataFrame(votes.counts, columns=[spelt(name) for name in votes.classes])
    for name in counts.columns.difference(list(classes)):
        words = f"answers {name!r}, which is not predicted, left out"
        notes[words if whole else f"faces with a share of {name!r}, which is not predicted, left out"] = int(
            counts[name].sum() if whole else (counts[name] > 0).sum()
        )
    if not (shared := [name for name in classes if name in counts]):
        raise RequestError(f"votes: people answered {', '.join(votes.classes)}, of which nothing is predicted.")
    if lacking := [name for name in classes if name not in counts]:
        way_out = f"if that was not to be chosen, judge with classes=[{','.join(shared)}]"
        say(f"votes: nobody answered {', '.join(lacking)}; {way_out}")
    counts = counts.reindex(columns=list(classes), fill_value=0)
    counts = counts if whole else pd.DataFrame(shares(counts.to_numpy(np.float64)), columns=counts.columns)
    return counts.add_prefix("votes_")


def _mean_ratings(answers: Answers) -> pd.DataFrame:
    """Mean valence and arousal of each task, for those that were rated."""
    rated = pd.DataFrame(answers.rated, index=range(len(answers.task)))
    return rated.groupby(answers.task).mean().reindex(range(len(answers.tasks)))
