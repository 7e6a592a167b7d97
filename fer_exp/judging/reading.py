"""Predictions of any model as whatever wrote them has them, read to the contract of ``predictions.py``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from fer_exp.answers.scales import IN_NAME, read_scale
from fer_exp.answers.votes import people_of
from fer_exp.bounds import no_counts
from fer_exp.errors import RequestError
from fer_exp.grouping import with_column
from fer_exp.judging.answer_columns import truth_column
from fer_exp.judging.outputs import Output, a_row_a_face, found, read_output, sizes
from fer_exp.judging.predictions import (
    GROUP,
    NUMBERS,
    TEXT,
    check_predictions,
    class_names,
    of_contract,
    our_name,
    refuse_strange,
    refuse_twice,
)
from fer_exp.names import normal
from fer_exp.split_names import splits_named
from fer_exp.tables import Table, read_table

RUN = "run of several"
RUNS = ("run", "seed", "runid", "runname", "seedid", "repetition")
"""Columns that tell runs of one model apart, by ``normal``."""
MODELS = {"model", "modelname", "modelid", "tool", "toolname", "network", "system", "classifier", "llm", "method"}
"""Columns that tell models apart, likewise."""
TOLD = re.compile("prediction|entropy|of_ten|ten_.+")
"""Columns of `fer-exp predict` that follow from the probabilities."""


class OneRun(NamedTuple):
    """What ``check_predictions`` gives of one run of one model, and what its table calls both; '' where it is alone."""

    model: str
    run: str
    predictions: pd.DataFrame


def read_runs(
    source: Path | pd.DataFrame, called: str = "", by: str | None = None, raters: int | None = None
) -> list[OneRun]:
    """As ``read_predictions``, of a table in which several models, or several runs of one, answer the same faces.

    Args:
        source: a file, or what would be in it.
        called: what to call a frame in messages.
        by: a column of groups; where the table has it, it is there as ``GROUP``.
        raters: how many people are behind each row of ``votes_`` that are shares; None looks for a column.
    """
    found: list[OneRun] = []
    for model, table in _of_models(_opened(source, called)).items():
        frame = _read(table, by, raters)
        if RUN not in frame:
            found.append(OneRun(model, "", check_predictions(frame, table.where)))
            continue
        for run, rows in frame.groupby(RUN, sort=False):
            one = check_predictions(rows.drop(columns=RUN), f"{table.where}, run {run}")
            found.append(OneRun(model, str(run), one))
    return found


def _opened(source: Path | pd.DataFrame, called: str = "") -> Table:
    if isinstance(source, Path) and (source / "predictions.parquet").is_file():
        raise RequestError(f"{source} is a run folder; write run={source} in place of predictions.")
    return read_table(source, called if isinstance(source, pd.DataFrame) else "")


def _of_models(table: Table) -> dict[str, Table]:
    """What a column calls each model -> its rows, where several answer the same faces; else '' -> the table."""
    face = _face_of(table)
    model = next((n for n, name in enumerate(table.names) if normal(name) in MODELS), None)
    if face is None or model is None:
        return {"": table}
    with table.looking():
        whose, faces = table.coded(model), table.coded(face)
    pairs = pd.DataFrame({"model": whose.codes, "face": faces.codes})[faces.codes >= 0].drop_duplicates()
    if not pairs["face"].duplicated().any():
        return {"": table}
    table.refuse(whose.codes < 0, model, "several models answer the same faces, and each row needs its own")
    models: dict[str, Table] = {}
    columns = [n for n in range(len(table.names)) if n != model]
    for code in pd.unique(whose.codes):
        rows = np.flatnonzero(whose.codes == code)
        models[str(whose.names[code])] = one = table.of_rows(rows, [], {}, columns)
        one.where = f"{table.where}, {table.names[model]} {whose.names[code]}"
        one.guessed = list(table.guessed)
    return models


def _face_of(table: Table) -> int | None:
    names = [our_name(name) for name in table.names]
    return names.index("face") if "face" in names else table.find_picture(said="face")


def read_predictions(source: Path | pd.DataFrame) -> pd.DataFrame:
    """Read the predictions of any tool, in our contract or as the tool writes them; what was guessed is said.

    The face is the column ``face``, else one of paths or another usual name. Without a column ``split`` all faces are
    of test. Rows without a face are left out and counted; of several faces in one picture the largest counts.

    ``source`` is a file, or what would be in it.

    Returns:
        The table as ``check_predictions`` gives it.

    Raises:
        RequestError: no such file, not readable as what its name says, or what ``read_output`` or
            ``check_predictions`` finds.
    """
    table = _opened(source)
    return check_predictions(_read(table).drop(columns=RUN, errors="ignore"), table.where)


def _read(table: Table, by: str | None = None, raters: int | None = None) -> pd.DataFrame:
    """The columns of the contract in a table of one model, with ``RUN`` where runs share its faces."""
    face = _face_of(table)
    if (wide := a_row_a_face(table, face)) is not table:
        table, face = wide, 0
    names = _names_of_columns(table, face)
    output = read_output(table)
    truth = truth_column(table, output.answer)
    names = ["label" if n == truth else "" if name == "label" else name for n, name in enumerate(names)]
    columns = {name: _column(table, n, name, output) for n, name in enumerate(names) if of_contract(name)}
    if "split" not in columns:
        columns["split"] = "test"
        output.done.append("no column split, so all faces are of test")
    columns |= {f"p_{name}": values for name, values in output.probabilities.items()}
    if by is not None and (column := with_column(by, table.names, table.where)):
        columns[GROUP] = table.text(table.names.index(column))
    frame = _with_shares(pd.DataFrame(columns), table, raters)
    refuse_strange(names, table.where)
    table.guessed += output.done
    frame = _one_row_a_face(_with_runs(frame, table), table)
    table.unused -= {n for n, name in enumerate(names) if TOLD.fullmatch(name)}
    table.say()
    return frame


def _names_of_columns(table: Table, face: int | None) -> list[str]:
    """What the contract calls each column of a table; ``face`` is the column that names the picture."""
    names = [our_name(name) for name in table.names]
    if face is not None:
        names[face] = "face"
    if "split" not in names and (split := table.find("split")) is not None:
        names[split] = "split"
    if face is None:
        table.need("task")
    refuse_twice(names, table.where)
    return names


def _column(table: Table, n: int, name: str, output: Output) -> object:
    """The cells of a column by what the contract calls it."""
    if name == "split":
        codes, texts = table.coded(n)
        return np.array([*splits_named(texts).values(), None], dtype=object)[codes]
    if name in TEXT:
        return table.text(n, keep=tuple(output.probabilities))
    if name.startswith("p_"):
        return output.probabilities[name.removeprefix("p_")]
    if name in NUMBERS and IN_NAME.search(table.names[n]):
        return read_scale(table, name.removeprefix("human_"), n, None, {})[0]
    return table.numbers(n)


def _with_runs(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """With ``RUN``, by the column that tells runs apart, where faces have several rows."""
    run = next((n for n, name in enumerate(table.names) if normal(name) in RUNS), None)
    if run is None or not frame.duplicated(["split", "face"]).any():
        return frame
    frame = frame.assign(**{RUN: table.text(run)})
    table.refuse(frame[RUN].isna().to_numpy(), run, "where a face has several rows, each needs its run")
    table.guessed.append(f"{table.names[run]} tells {frame[RUN].nunique():,} runs of one model apart")
    return frame


def _with_shares(frame: pd.DataFrame, table: Table, raters: int | None) -> pd.DataFrame:
    """Votes that are shares or mean ratings as counts, where it is known of how many people, else as rows of sum 1."""
    votes = [name for name in frame if str(name).startswith("votes_")]
    values = frame[votes].to_numpy(np.float64)
    if not votes or not no_counts(values).any() or (np.isnan(values) & ~np.isnan(values).all(axis=1)[:, None]).any():
        return frame
    columns = [[our_name(name) for name in table.names].index(str(name)) for name in votes]
    for n in columns:
        table.counts(n)
    people = people_of(np.nan_to_num(values), table, columns, raters, {}, uncounted=True)
    return frame.assign(**dict(zip(map(str, votes), np.where(np.isnan(values), np.nan, people).T, strict=True)))


def _one_row_a_face(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The rows in which a face was found, the largest of a picture; what is left out is said."""
    values = frame[[f"p_{name}" for name in class_names(frame)]]
    there = found(table) & values.notna().any(axis=1).to_numpy()
    if not there.any():
        raise RequestError(f"{table.where}: no row has a face and a prediction.")
    if not there.all():
        table.guessed.append(f"{int((~there).sum()):,} rows without a face or an answer are left out")
    kept = frame[there]
    one = ["split", "face", *([RUN] if RUN in kept else [])]
    twice = kept.duplicated(one, keep=False)
    if twice.any() and (area := sizes(table)) is not None:
        order = np.argsort(-area[there], kind="stable")
        largest = kept.iloc[order].drop_duplicates(one).sort_index()
        table.guessed.append(f"{len(kept) - len(largest):,} smaller faces beside another in their picture are left out")
        kept = largest
    return kept
