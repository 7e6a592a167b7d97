"""Rows that are each the answer to one of several questions about a picture, put together."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers.sheet import Sheet
from fer_exp.answers.words import OF_LABELS
from fer_exp.columns import is_number
from fer_exp.names import expressions
from fer_exp.table_cells import Coded


def by_question(
    sheet: Sheet, whole: dict[str, Coded], rows: NDArray[np.int64], questions: Sequence[Coded], named: str | None
) -> tuple[dict[str, Coded], NDArray[np.int64]]:
    """Answers with a row a question as answers with a column a role.

    Args:
        sheet: counts what is left out.
        whole: task, worker, label (the answer, whatever was asked) and perhaps seconds, (n,) each.
        rows: their numbers, (n,).
        questions: columns that together name the question, (n,) each.
        named: the question about the label, None to find it.

    Returns:
        Columns by role, and the number of the first row of each answer. Second answers stay second answers.

    Raises:
        ValueError: several questions may be the one about the label; names the key.
    """
    parts = [question.each(question.names, "") for question in questions]
    asked = pd.Series([" ".join(filter(None, cells)) for cells in zip(*parts, strict=True)])
    answers = whole["label"]
    answer = pd.Series(answers.each(answers.names, None))
    numeric = answer.map({text: is_number(text) for text in answers.names}).groupby(asked).all()
    called = {name: sheet.scales.within(name) or sheet.scales.emotion(name) for name in asked.unique()}
    roles = asked.map({name: role if role and numeric.get(name, True) else "label" for name, role in called.items()})
    keep = _about_label(sheet, asked, roles, answer, named) | (roles != "label")
    frame = pd.DataFrame({"row": np.arange(len(rows)), "role": roles, "answer": answer,
                          "task": whole["task"].codes, "worker": whole["worker"].codes})[keep.to_numpy()]  # fmt: skip
    wide, first = answers_of(frame)
    made = {role: column.rows(first) for role, column in whole.items() if role != "label"}
    for role in ("label", *(str(name) for name in wide if name != "label")):
        if role in wide:
            codes, texts = pd.factorize(wide[role])
            made[role] = Coded(codes.astype(np.int32), np.asarray(texts, dtype=object))
    return made, rows[first]


def answers_of(frame: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Rows that each have one role of an answer as a row an answer; rows of a role again are a second answer.

    Args:
        frame: ``task``, ``worker``, ``role``, what was answered (``answer``), and the number of the ``row``.

    Returns:
        A column a role, by task, worker and time, in the order of the first row of each; and the numbers of these.
    """
    answer = ["task", "worker", "time"]
    frame = frame.assign(time=frame.groupby(["task", "worker", "role"]).cumcount())
    first = frame.groupby(answer)["row"].min().sort_values()
    wide = frame.pivot(index=answer, columns="role", values="answer").reindex(first.index)
    return wide, first.to_numpy(np.int64)


def _about_label(sheet: Sheet, asked: pd.Series, roles: pd.Series, answer: pd.Series, named: str | None) -> pd.Series:
    """Which rows answer the question about the label."""
    labels = roles == "label"
    said = answer[labels].groupby(asked[labels], sort=False).agg(set)
    names = list(said.index)
    real = [named] if named in names else [name for name in names if _all_expressions(said[name])]
    if not real and len(names) > 1 and labels.any():
        real = [name for name in names if re.search(OF_LABELS, name, re.IGNORECASE)]
    if not real and len(names) > 1 and len(names) <= 12:
        raise ValueError(f"with several questions: {', '.join(names)}; say which with label={names[0]!r}.")
    chosen = labels & (asked.isin(real) if real else True)
    others = [name for name in names if real and name not in real]
    sheet.count(int((labels & ~chosen).sum()), f"answers to other questions ({', '.join(others[:6])})")
    return chosen


def _all_expressions(said: set[str]) -> bool:
    return len(expressions(said - {"[]"}, labels=True)) == len(said - {"[]"}) > 0
