"""The predictions table, where the predictions of any model come in: one row per face beside its human answers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fer_exp.answers.scales import IN_NAME
from fer_exp.bounds import A_COUNT, PREDICTED, no_counts, no_ratings
from fer_exp.errors import RequestError, did_you_mean
from fer_exp.names import SIDES, labelled, spelt
from fer_exp.stats.shares import EXACT

TEXT = ("face", "split", "subject", "label")
NUMBERS = (*SIDES, "human_valence", "human_arousal")
REQUIRED = ("face", "split")
GROUP = "group"
"""The column of a checked table that has the group of each face, where groups were asked for."""
OF_THE_MODEL = re.compile(
    r"(?:p|pred|predicted|model|estimated)[_ .-](valence|arousal)|"
    r"(valence|arousal)[_ .-](?:pred|predicted|prediction|hat)"
)
"""Other names of valence and arousal that a model says."""
VOTED = re.compile(r"votes_|votes?[ .:]+|vote_")
"""What stands before a class in the name of a column of people's votes."""


def class_names(frame: pd.DataFrame) -> tuple[str, ...]:
    """The classes of a predictions table, in the order of its ``p_`` columns.

    >>> class_names(pd.DataFrame(columns=["face", "split", "p_fear", "p_anger"]))
    ('fear', 'anger')
    """
    return tuple(str(column)[2:] for column in frame.columns if str(column).startswith("p_"))


def check_predictions(frame: pd.DataFrame, where: str = "predictions") -> pd.DataFrame:
    """Check a predictions table against its contract and give every column its type.

    Args:
        frame: ``face``, ``split`` and two or more ``p_<class>``; and where known ``subject``, ``valence``,
            ``arousal``, ``votes_<class>`` (counts, or shares that sum to 1), ``label``, ``human_valence``,
            ``human_arousal``. Other columns are left alone.
        where: what to call the table in messages.

    Returns:
        A copy with a fresh index: numbers as float64 (nan where null), texts as object (None where null), every
        optional column but the votes present. Probabilities are not rescaled.

    Raises:
        RequestError: in one sentence, with file, column or row (counted from 1, the header apart) and face.
    """
    table = frame.set_axis([our_name(str(column)) for column in frame.columns], axis=1).reset_index(drop=True)
    _check_columns(table, where)
    classes = class_names(table)
    for name in TEXT:
        texts = np.full(len(table), None, dtype=object)
        if name in table:
            there = table[name].notna().to_numpy(np.bool_)
            texts[there] = [str(cell) for cell in table[name].to_numpy(object)[there]]
        if name == "label":
            ours = {label: label if label is None else labelled(label) or spelt(label) for label in set(texts)}
            texts = np.array([ours[label] for label in texts], dtype=object)
        table[name] = pd.Series(texts, dtype=object)
    for name in REQUIRED:
        _refuse(table[name].isna().to_numpy(), table, where, f"has no {name}")
    votes = [f"votes_{name}" for name in classes if f"votes_{name}" in table]
    for name in [*(f"p_{name}" for name in classes), *NUMBERS, *votes]:
        table[name] = _numbers(table, name, where)
    _check_rows(table, classes, votes, where)
    return table


def our_name(column: str) -> str:
    """A column's name as the contract has it, with its class by our name: P_happy is p_happiness."""
    low = column.strip().lower()
    if (side := OF_THE_MODEL.fullmatch(low)) is not None:
        return side[1] or side[2]
    if (voted := VOTED.match(low)) is not None:
        return f"votes_{spelt(column.strip()[voted.end() :])}"
    if low.startswith("p_"):
        return f"p_{spelt(column.strip()[2:])}"
    plain = IN_NAME.sub("", low).replace(" ", "_")  # human_valence (1-9)
    return plain if plain in (*TEXT, *NUMBERS) else column


def of_contract(name: str) -> bool:
    """Whether a column of this name is one of the contract's."""
    return name in (*TEXT, *NUMBERS) or name.startswith(("p_", "votes_"))


def _check_columns(frame: pd.DataFrame, where: str) -> None:
    columns = [str(column) for column in frame.columns]
    refuse_twice(columns, where)
    for name in REQUIRED:
        if name not in columns:
            hint = did_you_mean(name, columns, 0.5)
            raise RequestError(f"{where} has no column {name}; {hint}There are: {', '.join(columns[:12])}.")
    classes = class_names(frame)
    if len(classes) < 2:
        raise RequestError(f"{where} needs a column p_<class> for each class and has {len(classes)} of them.")
    voted = [column.removeprefix("votes_") for column in columns if column.startswith("votes_")]
    if voted and set(voted) != set(classes):
        only_p = ", ".join(f"p_{name}" for name in classes if name not in voted)
        only_votes = ", ".join(f"votes_{name}" for name in voted if name not in classes)
        odd = " and ".join(names for names in (only_p, only_votes) if names)
        raise RequestError(f"{where}: the classes of p_ and votes_ columns differ: {odd} stand alone.")
    refuse_strange(columns, where)
    if len(frame) == 0:
        raise RequestError(f"{where} has no rows.")


def refuse_twice(columns: Sequence[str], where: str) -> None:
    """Raise for a column of the contract that stands there twice."""
    ours = list(filter(of_contract, columns))
    if twice := sorted({name for name in ours if ours.count(name) > 1}):
        raise RequestError(f"{where}: column {twice[0]} occurs twice; which one is meant cannot be known.")


def refuse_strange(columns: Sequence[str], where: str) -> None:
    """Raise for a column that is nearly one of ours, since it would be left out."""
    optional = [name for name in (*TEXT, *NUMBERS) if name not in columns]
    for column in columns:
        if not of_contract(column) and (hint := did_you_mean(column, optional, 0.85)):
            raise RequestError(f"{where}: column {column} is not known; {hint}Rename it, or drop it.")


def _check_rows(table: pd.DataFrame, classes: tuple[str, ...], votes: list[str], where: str) -> None:
    twice = table.duplicated(["split", "face"]).to_numpy(np.bool_)
    _refuse(twice, table, where, "occurs a second time in its split")
    p = table[[f"p_{name}" for name in classes]].to_numpy(np.float64)
    _refuse(np.isnan(p).any(axis=1), table, where, "has a missing probability")
    _refuse((p < 0).any(axis=1), table, where, "has a negative probability")
    sums = p.sum(axis=1)
    off = np.abs(sums - 1) > EXACT
    what = f"has probabilities that sum to {sums[off.argmax()]:.6g} instead of 1"
    way_out = "give every class, as transformers does with top_k=None; of scores that are no shares, take the softmax"
    _refuse(off, table, where, f"{what} ({way_out})")
    if votes:
        counts = table[votes].to_numpy(np.float64)
        missing = np.isnan(counts)
        partly = missing.any(axis=1) & ~missing.all(axis=1)
        _refuse(partly, table, where, "has votes for some classes and null for others")
        shared = np.abs(counts.sum(axis=1) - 1) <= EXACT  # shares of nobody knows how many people
        for name, broken in zip(votes, (no_counts(counts) & ~shared[:, None]).T, strict=True):
            value = table[name].iloc[int(broken.argmax())]
            _refuse(broken, table, where, f"has {value:g} in column {name}; {A_COUNT}")
    label = table["label"]
    unknown = (label.notna() & ~label.isin(classes)).to_numpy()
    named = label[unknown.argmax()]
    there = f"{did_you_mean(str(named), classes, 0.5)}There are: {', '.join(classes)}"
    _refuse(unknown, table, where, f"has label {named}, which no p_ column has; {there}")
    for name in ("human_valence", "human_arousal"):
        outside = no_ratings(table[name])
        _refuse(outside, table, where, f"has {name} outside -1..1 (leave it empty where it is not known)")
    for name in SIDES:
        value = table[name].iloc[int((outside := no_ratings(table[name], *PREDICTED)).argmax())]
        _refuse(outside, table, where, f"has a {name} of {value:g}; people's run from -1 to 1, map it to these")


def _numbers(table: pd.DataFrame, name: str, where: str) -> NDArray[np.float64]:
    if name not in table:
        return np.full(len(table), np.nan)
    column = table[name]
    numbers = np.asarray(pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan))
    _refuse(np.isnan(numbers) & column.notna().to_numpy(), table, where, f"has no number in column {name}")
    _refuse(np.isinf(numbers), table, where, f"has an infinite number in column {name}")
    return numbers


def _refuse(bad: ArrayLike, table: pd.DataFrame, where: str, what: str) -> None:
    """Raise for the first bad row, and say how many more there are."""
    rows = np.flatnonzero(bad)
    if len(rows):
        row, more = int(rows[0]), len(rows) - 1
        others = f"; {more:,} more rows are like it" if more else ""
        raise RequestError(f"{where}: row {row + 1} (face {table['face'].iloc[row]}) {what}{others}.")


def target_prior(targets: pd.DataFrame, classes: tuple[str, ...]) -> NDArray[np.float64] | None:
    """The mean training target, (K,): what a model would answer that had only counted its training labels.

    ``targets`` have columns ``target_<class>``, and ``split`` where not all are of train. None without such rows.

    Raises:
        RequestError: the targets have other classes.

    >>> frame = pd.DataFrame({"split": ["train", "val"], "target_fear": [0.2, 1.0], "target_anger": [0.8, 0.0]})
    >>> target_prior(frame, ("anger", "fear"))
    array([0.8, 0.2])
    """
    taught = {str(name).removeprefix("target_") for name in targets.columns if str(name).startswith("target_")}
    if taught != set(classes):
        odd = ", ".join(sorted(taught ^ set(classes)))
        raise RequestError(f"targets and predictions are not of the same run: only one of them has the classes {odd}.")
    rows = targets[targets["split"] == "train"] if "split" in targets else targets
    if len(rows) == 0:
        return None
    return np.asarray(rows[[f"target_{name}" for name in classes]].to_numpy(np.float64).mean(axis=0))
