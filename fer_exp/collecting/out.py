"""What a study comes to on disk: tables that the other commands read, and the raw data beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_exp.collecting import FILES
from fer_exp.errors import RunError
from fer_exp.files import json_text, write_text
from fer_exp.report.files import csv_text
from fer_exp.troubles import in_words

AFFECT = {"valence": (1.0, 9.0), "arousal": (1.0, 9.0)}
"""Scales whose answers are kept as people saw them, and written in -1..1, as every reader of tables expects them."""

FIRST = ("task", "worker", "label", "valence", "arousal", "intensity", "seconds")
"""The columns that other commands read, in their order; one that nobody answered is left out, others follow."""

NOT_COUNTED = {
    "practice": "practice answers",
    "attention": "answers to attention checks",
    "screened_out": "answers of persons who were screened out",
    "repeat": "second answers to a repeated face",
    "empty": "trials without an answer",
}
"""Why an answer is not in answers.csv, as column ``left_out`` of every_answer.csv says it -> in words, when counted."""


@dataclass(frozen=True)
class Collected:
    """What a ledger holds.

    Attributes:
        persons: a row a person: ``worker``, ``state`` (on, done, screened_out) and whatever else is known.
        answers: a row an answer, in the order in which they came: ``worker``, ``task`` (the face's id), ``kind``
            (practice, attention, face), ``gold`` and ``repeat`` (bool), ``label``, ``valence`` and ``arousal`` (1..9)
            and ``intensity`` as people saw them, ``seconds``, and whatever else is known.
        gold: face -> its known class.
        raw: a list of jsPsych trials for each person who came to the end, by worker.
        scales: scale -> lowest and highest answer, of those that are written in -1..1.
    """

    persons: pd.DataFrame
    answers: pd.DataFrame
    gold: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, list[Any]] = field(default_factory=dict)
    scales: Mapping[str, tuple[float, float]] = field(default_factory=lambda: AFFECT)


def every_answer(collected: Collected) -> pd.DataFrame:
    """Every answer, with ``left_out``: why it is not one of the panel's, one of ``NOT_COUNTED``, empty where it is.

    A person's answer counts once a face, the first; the panel is of faces, gold among them, and of persons who were not
    screened out.
    """
    table = collected.answers.copy()
    state = dict(zip(collected.persons["worker"], collected.persons["state"], strict=True))
    out = table["worker"].map(state).eq("screened_out").to_numpy(bool)
    told = [name for name in ("label", *collected.scales, "intensity") if name in table]
    empty = table[told].isna().all(axis=1).to_numpy(bool) if told else np.zeros(len(table), bool)
    repeat = table["repeat"].to_numpy(bool)
    kind = table["kind"].to_numpy(object)
    why = np.select(
        [kind == "practice", kind == "attention", empty, out, repeat],
        ["practice", "attention", "empty", "screened_out", "repeat"],
        "",
    )
    again = (why == "") & pd.DataFrame({"w": table["worker"], "t": table["task"], "y": why}).duplicated().to_numpy()
    table["left_out"] = np.where(again, "repeat", why)
    for name, (low, high) in collected.scales.items():
        if name in table:
            table[name] = (pd.to_numeric(table[name]) - (low + high) / 2) / ((high - low) / 2)
    return table[[*(name for name in FIRST if name in table), *(name for name in table if name not in FIRST)]]


def tables(collected: Collected) -> dict[str, pd.DataFrame]:
    """The tables of a study by file name (``FILES``); one that would have no row is left out, but for answers.csv."""
    every = every_answer(collected)
    panel = every["left_out"] == ""
    again = panel | (every["left_out"] == "repeat")
    asked = every.loc[panel] if panel.any() else every
    told = [name for name in FIRST if name in every and (name in FIRST[:2] or asked[name].notna().any() or every.empty)]
    known = pd.DataFrame({"task": list(collected.gold), "label": list(collected.gold.values())})
    made = {
        "answers.csv": every.loc[panel, told],
        "repeats.csv": every.loc[again, told] if (again & ~panel).any() else every.loc[[], told],
        "every_answer.csv": every,
        "gold.csv": known,
        "persons.csv": persons(collected, every),
    }
    return {name: table for name, table in made.items() if len(table) or name == "answers.csv"}


def persons(collected: Collected, every: pd.DataFrame | None = None) -> pd.DataFrame:
    """A row a person: ``worker``, ``state``, how many ``answers`` count, ``left_out``, ``gold`` and ``gold_right``."""
    every = every_answer(collected) if every is None else every
    table = collected.persons.copy()
    of_gold = every[every["gold"].astype(bool) & (every["kind"] == "face") & ~every["repeat"].astype(bool)]
    right = of_gold[of_gold["label"] == of_gold["task"].map(dict(collected.gold))]
    counts = {
        "answers": every[every["left_out"] == ""],
        "left_out": every[every["left_out"] != ""],
        "gold": of_gold,
        "gold_right": right,
    }
    for place, (name, rows) in enumerate(counts.items(), start=2):
        table.insert(place, name, table["worker"].map(rows["worker"].value_counts()).fillna(0).astype(np.int64))
    return table


def left_out(every: pd.DataFrame) -> dict[str, int]:
    """How many answers are not the panel's: words -> number; of ``every_answer``."""
    number = every.loc[every["left_out"] != "", "left_out"].value_counts()
    return {words: int(number[why]) for why, words in NOT_COUNTED.items() if why in number}


def counted(collected: Collected) -> dict[str, Any]:
    """How many ``answers`` count, of how many ``faces`` and ``workers``; ``left_out``; ``persons`` by state."""
    every = every_answer(collected)
    panel = every[every["left_out"] == ""]
    return {
        "answers": len(panel),
        "faces": int(panel["task"].nunique()),
        "workers": int(panel["worker"].nunique()),
        "left_out": left_out(every),
        "persons": {str(state): int(number) for state, number in collected.persons["state"].value_counts().items()},
    }


def raw_trials(collected: Collected) -> list[dict[str, Any]]:
    """The data of jsPsych as one list of trials, each with its ``worker``, as its own tools write it."""
    return [
        {"worker": worker, **trial}
        for worker, trials in collected.raw.items()
        for trial in trials
        if isinstance(trial, dict)
    ]


def write(collected: Collected, folder: Path) -> list[Path]:
    """Write the tables and raw.json into a folder, each aside and renamed; what strangers typed is no formula in them.

    Raises:
        RunError: a file cannot be written.
    """
    made = texts(collected)
    for name, text in made.items():
        write_text(folder / name, text)
    for name in sorted(FILES.keys() - made.keys()):
        _remove(folder / name)
    return [folder / name for name in made]


def _remove(file: Path) -> None:
    """Remove a table of an earlier writing, which is of answers that are no more."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"{file} is of an earlier writing and cannot be removed: {in_words(error, file)}.") from error


def texts(collected: Collected) -> dict[str, str]:
    """What ``write`` writes, by file name."""
    made = {name: csv_text(table) for name, table in tables(collected).items()}
    if trials := raw_trials(collected):
        made["raw.json"] = json_text(trials)
    return made
