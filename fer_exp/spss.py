"""Files of SPSS and Stata: numbers with the words that stand for them, and columns with their questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fer_exp.column_names import role_by_name
from fer_exp.face_names import A_PICTURE, is_picture
from fer_exp.names import expression

SUFFIXES = (".sav", ".zsav", ".dta")
BEGINS = (b"$FL2", b"$FL3", b"<sta")
"""First bytes of SPSS's files, plain and packed, and of Stata's since 13."""
SHOWN = 4
"""Columns that are named one by one."""


def is_spss(file: Path, start: bytes) -> bool:
    """Whether a file is one of SPSS or Stata, by its first four bytes, else by its name."""
    return start in BEGINS or file.suffix.lower() in SUFFIXES


def read_spss(file: Path, start: bytes) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Read every column of a file of SPSS or Stata.

    A column has its value labels in place of numbers where each of its values has one, and where it is nominal (SPSS),
    a task, a person or a label by its name, or has an expression or a picture among its labels. Others keep their
    numbers, as a scale must whose points all have words. What is declared as missing is an empty cell.

    A column whose question names a picture is called by the question, as survey tools call it elsewhere.

    Args:
        file: it.
        start: its first four bytes.

    Returns:
        The columns, cells of mixed types; the question of each, '' where it has none; and what was guessed.

    Raises:
        Exception: what pyreadstat raises for damaged files, of which ``regular.reading`` makes a sentence.
    """
    import pyreadstat  # which other tables do without

    stata = start == b"<sta" or (start not in BEGINS and file.suffix.lower() == ".dta")
    cells, meta = (pyreadstat.read_dta if stata else pyreadstat.read_sav)(str(file), output_format="dict")
    guessed = []
    for name, labels in meta.variable_value_labels.items():
        if _by_words(name, cells[name], labels, meta.variable_measure.get(name, "")):
            cells[name] = [None if _missing(value) else labels[value] for value in cells[name]]
            value, word = min(labels.items(), key=str)
            guessed.append(f"{name} ({_plain(value)} is {word})")
    more = f", and {len(guessed) - SHOWN} more" if len(guessed) > SHOWN else ""
    questions = [meta.column_names_to_labels.get(name) or "" for name in cells]
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in cells.items()})
    frame.columns = [
        question if A_PICTURE.search(question) else name for name, question in zip(cells, questions, strict=True)
    ]
    return frame, questions, [f"labels of values: {', '.join(guessed[:SHOWN])}{more}"] if guessed else []


def _by_words(name: str, values: Sequence[Any], labels: Mapping[Any, str], measure: str) -> bool:
    """Whether the words of a column's values are meant, rather than its numbers."""
    role = role_by_name(name)
    if role in ("valence", "arousal", "seconds") or not all(_missing(value) or value in labels for value in values):
        return False
    if measure == "nominal" or role in ("task", "worker", "label", "path"):
        return True
    return any(expression(word) or is_picture(word) for word in labels.values())


def _missing(value: object) -> bool:
    return value is None or value == "" or value != value


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value
