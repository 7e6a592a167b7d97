"""The human side of predictions from another table, and the classes that they are judged on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fer_exp.answers import Answers, Votes
from fer_exp.answers.faces import task_faces
from fer_exp.answers.read import read_answers, read_labels
from fer_exp.errors import RequestError, did_you_mean
from fer_exp.judging.predictions import class_names
from fer_exp.names import spelt
from fer_exp.progress import say
from fer_exp.tables import read_table


def with_people(table: pd.DataFrame, source: str | pd.DataFrame, scale: Sequence[float] = (-1.0, 1.0)) -> pd.DataFrame:
    """A checked predictions table with what people said in another, in the place of what it says itself.

    Args:
        table: as ``check_predictions`` gives it.
        source: a file, or what would be in it: votes (a column a class), single answers (task, worker, label, valence,
            arousal), or a label a face; faces are called by id or file name. Answers that are none of the predicted
            classes are left out, counted.
        scale: lowest and highest valence and arousal there.

    Raises:
        RequestError: a table that cannot be understood, or of other faces.
    """
    classes, faces = class_names(table), table["face"].drop_duplicates()
    read = read_table(source, "votes")
    where = read.where
    notes: dict[str, int] = {}
    if read.find("worker") is None and read.find("label") is not None and len(read.class_columns()) < 2:
        tasks, codes, _ = read_labels(source, classes, "votes")
        here = task_faces(tasks, faces, where, "the predictions", notes)
        human = pd.DataFrame({"label": np.array([*classes, None], dtype=object)[codes]})
    else:
        answers = read_answers(source, "votes", duplicates="first", scale=scale)
        here = task_faces(answers.tasks, faces, where, "the predictions", notes)
        notes |= answers.counted
        human = _counts(answers, classes, notes)
        if isinstance(answers, Answers):
            human = pd.concat([human, _ratings(answers)], axis=1)
    human = human.set_index(here)[pd.notna(here)]
    notes["faces of the predictions that nobody there judged"] = int((~faces.isin(human.index)).sum())
    told = ", ".join(f"{number:,} {words}" for words, number in notes.items() if number)
    if told:
        say(f"{where}: {told}")
    rest = table.drop(columns=[name for name in table if name in human])
    return rest.join(human, on="face")


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
        kept = kept.assign(**{f"votes_{name}": table[f"votes_{name}"][mass > 0] for name in names})
    other = kept["label"].notna() & ~kept["label"].isin(names)
    kept["label"] = kept["label"].where(~other, None)
    left = {
        "faces without any probability on them": int((mass == 0).sum()),
        "labels of other classes": int(other.sum()),
    }
    if set(names) != set(classes):
        words = ", ".join(f"{number:,} {what}" for what, number in left.items() if number)
        more = f"; left out: {words}" if words else ""
        say(f"{where}: judged on {', '.join(names)}; probabilities rescaled{more}")
    judged: pd.DataFrame = kept.reset_index(drop=True)
    return judged


def _counts(answers: Answers | Votes, classes: tuple[str, ...], notes: dict[str, int]) -> pd.DataFrame:
    """Votes for the predicted classes, a row a task; empty where people gave ratings only."""
    if not answers.classes:
        return pd.DataFrame(index=range(len(answers.tasks)))
    votes = answers.votes() if isinstance(answers, Answers) else answers
    counts = pd.DataFrame(votes.counts, columns=[spelt(name) for name in votes.classes])
    for name in counts.columns.difference(list(classes)):
        notes[f"answers {name!r}, which is not predicted, left out"] = int(counts[name].sum())
    if not (shared := [name for name in classes if name in counts]):
        raise RequestError(f"votes: people answered {', '.join(votes.classes)}, of which nothing is predicted.")
    if lacking := [name for name in classes if name not in counts]:
        way_out = f"if that was not to be chosen, judge with classes=[{','.join(shared)}]"
        say(f"votes: nobody answered {', '.join(lacking)}; {way_out}")
    return counts.reindex(columns=list(classes), fill_value=0).add_prefix("votes_")


def _ratings(answers: Answers) -> pd.DataFrame:
    """Mean valence and arousal of each task, for those that were rated."""
    rated = pd.DataFrame({f"human_{side}": values for side, values in answers.rated.items()})
    return rated.groupby(answers.task).mean().reindex(range(len(answers.tasks)))
