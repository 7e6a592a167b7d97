"""Which classes a run has, and what the labels of a user's own faces mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fer_exp.answers import Answers, Votes
from fer_exp.config import DatasetConfig
from fer_exp.errors import RequestError, enumerated
from fer_exp.names import (
    CLASSES,
    OTHER_ANSWERS,
    among,
    class_name,
    expression,
    in_order,
    labelled,
    near_expression,
    one_word,
)
from fer_exp.orders import meanings

if TYPE_CHECKING:
    from fer_exp.datasets.corpus import Corpus, Faces

KEY = "dataset.classes"
FOUND = "found"
"""The value of ``dataset.classes`` that takes what is there."""
A_PREFIX = re.compile(r"\d+\s*[.)_-]\s*(\D.*)|\d+\s+(\D.*)")
"""``01_happy``, ``1. Angry``: a number that orders, before the name."""


def wanted(config: DatasetConfig, corpus: type[Corpus]) -> tuple[str, ...]:
    """The classes that a config asks of a corpus, in the one order that they have; none takes what is there.

    Raises:
        RequestError: a class that the corpus does not have, or ``found`` of one whose classes are known.
    """
    there = CLASSES if corpus.contempt else CLASSES[:7]
    if config.classes == FOUND:
        if not corpus.open_classes:
            raise RequestError(
                f"{KEY}=found takes what lies in a folder or table of one's own; {corpus.name} has {len(there)} "
                f"classes: set {KEY}={len(there)}, or name some of {', '.join(there)}."
            )
        return ()
    if isinstance(config.classes, int):
        if config.classes > len(there):
            raise RequestError(
                f"{KEY} is 8 but {config.name} has no contempt; set {KEY}=7, or dataset=ferplus for contempt."
            )
        return CLASSES[: config.classes]
    names = [class_name(str(name), KEY) for name in config.classes]
    if twice := [str(text) for text, name in zip(config.classes, names, strict=True) if names.count(name) > 1]:
        raise RequestError(f"{KEY} names one class twice: {' and '.join(twice)}.")
    if not corpus.open_classes and (odd := [name for name in names if name not in there]):
        raise RequestError(f"{KEY} names {odd[0]}, which {corpus.name} does not have; there are: {', '.join(there)}.")
    return in_order(names)


def as_named(text: str) -> list[str]:
    """A label as it stands, and without a number before its name.

    >>> as_named("01_happy"), as_named("happy")
    (['01_happy', 'happy'], ['happy'])
    """
    match = A_PREFIX.fullmatch(text.strip())
    return [part for part in (text, *(match.groups() if match else ())) if part]


def named_labels(
    texts: Collection[str], classes: Iterable[str], numbers: Any, where: str, said: list[str]
) -> tuple[dict[str, str], list[str]]:
    """What labels mean, of folders or cells.

    Args:
        texts: the labels.
        classes: of the run, as far as they are known.
        numbers: ``dataset.numbers``.
        where: whose labels they are, for messages.
        said: receives what a person should know: spellings that became one class, how numbers were read.

    Returns:
        Label -> class or other answer, and the labels that are neither.

    Raises:
        RequestError: as ``orders.meanings``.

    >>> named_labels(["Happy", "01_sad", "boredom", "thumbs"], ("happiness", "boredom"), None, "faces", [])
    ({'Happy': 'happiness', '01_sad': 'sadness', 'boredom': 'boredom'}, ['thumbs'])
    """
    own = among(classes)
    known: dict[str, str] = {}
    for text in texts:
        meant = next(filter(None, (own(part) or expression(part) for part in as_named(text))), None)
        if name := meant or labelled(text):
            known[text] = name
    spelt = ([text for text in known if known[text] == name] for name in dict.fromkeys(known.values()))
    said += [f"{enumerated(same)} are one class" for same in spelt if len(same) > 1]
    counted, words = meanings(numbers, (text for text in texts if text not in known), "dataset.numbers", where)
    said += [words] if words else []
    known |= counted
    return known, [text for text in texts if text not in known]


def refuse_unknown(unknown: Sequence[str], known: Iterable[str], where: str) -> None:
    """Raise RequestError over labels that are no expressions, with both ways out; nothing where there are none.

    Args:
        unknown: the labels.
        known: classes and other answers that are there beside them.
        where: whose labels they are, and what they are called there.
    """
    if not unknown:
        return
    near = near_expression(unknown[0])
    hint = f"; did you mean {near}? " if near else ". "
    there = [name for name in in_order(known) if name not in OTHER_ANSWERS]
    both = ",".join(in_order([*there, *map(one_word, unknown)]))
    without = f"; if not, leave it out with {KEY}=[{','.join(there)}]" if len(there) > 1 else ""
    shown = ", ".join(map(repr, unknown[:8])) + (" …" if len(unknown) > 8 else "")
    raise RequestError(
        f"{where}{shown} {'are no expressions' if len(unknown) > 1 else 'is no expression'}{hint}There are: "
        f"{', '.join(CLASSES)}. If it is a class of yours, say {KEY}=[{both}]{without}."
    )


def classes_of_answers(answers: Answers | Votes, key: str) -> list[str]:
    """The classes that anybody answered.

    Raises:
        RequestError: some are no expressions, and nobody named them.
    """
    counts = answers.counts() if isinstance(answers, Answers) else answers.counts
    given = [name for name, number in zip(answers.classes, counts.sum(axis=0), strict=True) if number]
    named = [name for name in given if name not in OTHER_ANSWERS]
    strange = [name for name in named if name not in CLASSES]
    meanings(None, strange, "dataset.numbers", f"the labels of {key}")  # whose numbers nobody named
    refuse_unknown(strange, set(named) & {*CLASSES}, f"{key}: ")
    return named


def without_faces(faces: Faces, classes: Iterable[str]) -> list[str]:
    """The classes that no face has as its label and nobody chose for any."""
    named = set(faces.table["label"].dropna())
    chosen = set() if faces.votes is None else {name for name in classes if faces.votes[name].any()}
    return [name for name in classes if name not in named | chosen]


def count_as_unknown(votes: pd.DataFrame, classes: Sequence[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Counts per class and other answer; those for what is no class here, contempt among seven, are unknown's.

    Args:
        votes: a column of counts per expression and other answer.
        classes: of the run.

    Returns:
        Columns of the classes and of ``OTHER_ANSWERS``, in this order, and how many votes became unknown, in words.
    """
    moved = {name: int(votes[name].sum()) for name in votes.columns if name not in (*classes, *OTHER_ANSWERS)}
    table = votes.reindex(columns=[*classes, *OTHER_ANSWERS], fill_value=0)
    table["unknown"] += votes[[*moved]].sum(axis=1).astype(np.int64)
    words = "votes for {}, which is no class here, counted as unknown"
    return table, {words.format(name): number for name, number in moved.items() if number}
