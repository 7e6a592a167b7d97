"""The predictions table, where the predictions of any model come in: one row per face beside its human answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fer_exp.answers.scales import IN_NAME, read_scale
from fer_exp.answers.votes import people_of
from fer_exp.bounds import A_COUNT, PREDICTED, no_counts, no_ratings
from fer_exp.errors import RequestError, did_you_mean
from fer_exp.grouping import with_column
from fer_exp.judging.answer_columns import truth_column
from fer_exp.judging.outputs import a_row_a_face, found, read_output, sizes
from fer_exp.names import SIDES, labelled, normal, spelt
from fer_exp.split_names import splits_named
from fer_exp.stats.shares import EXACT
from fer_exp.tables import Table, read_table

TEXT = ("face", "split", "subject", "label")
NUMBERS = (*SIDES, "human_valence", "human_arousal")
REQUIRED = ("face", "split")
RUN = "run of several"
RUNS = ("run", "seed", "runid", "runname", "seedid", "repetition")
"""Columns that tell runs of one model apart, by ``normal``."""
MODELS = {"model", "modelname", "modelid", "tool", "toolname", "network", "system", "classifier", "llm", "method"}
"""Columns that tell models apart, likewise."""
GROUP = "group"
"""The column of a checked table that has the group of each face, where groups were asked for."""
OF_THE_MODEL = re.compile(
    r"(?:p|pred|predicted|model|estimated)[_ .-](valence|arousal)|"
    r"(valence|arousal)[_ .-](?:pred|predicted|prediction|hat)"
)
"""Other names of valence and arousal that a model says."""
VOTED = re.compile(r"votes_|votes?[ .:]+|vote_")
"""What stands before a class in the name of a column of people's votes."""
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
    """As ``read_predictions``, of a table in which several models, or several runs of one, answer the same faces."""
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


def _opened(source: Path | pd.DataFrame, called: str) -> Table:
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
    names = [_our_name(name) for name in table.names]
    return names.index("face") if "face" in names else table.find_picture(said="face")


def read_predictions(
    source: Path | pd.DataFrame, called: str = "", by: str | None = None, raters: int | None = None
) -> pd.DataFrame:
    """Read the predictions of any tool, in our contract or as the tool writes them; what was guessed is said.

    The face is the column ``face``, else one of paths or another usual name. Without a column ``split`` all faces are
    of test. Rows without a face are left out and counted; of several faces in one picture the largest counts.

    Args:
        source: a file, or what would be in it.
        called: what to call a frame in messages.
        by: a column of groups; where the table has it, it is there as ``GROUP``.
        raters: how many people are behind each row of ``votes_`` that are shares; None looks for a column.

    Returns:
        The table as ``check_predictions`` gives it.

    Raises:
        RequestError: no such file, not readable as what its name says, or what ``read_output`` or
            ``check_predictions`` finds.
    """
    table = _opened(source, called)
    return check_predictions(_read(table, by, raters).drop(columns=RUN, errors="ignore"), table.where)


def _read(table: Table, by: str | None, raters: int | None) -> pd.DataFrame:
    """The columns of the contract in a table of one model, with ``RUN`` where runs share its faces."""
    face = _face_of(table)
    names = [_our_name(name) for name in table.names]
    if (wide := a_row_a_face(table, face)) is not table:
        table, face = wide, 0
        names = [_our_name(name) for name in table.names]
    if face is not None:
        names[face] = "face"
    if "split" not in names and (split := table.find("split")) is not None:
        names[split] = "split"
    if face is None:
        table.need("task")
    _refuse_twice(names, table.where)
    output = read_output(table)
    names = [name if name != "label" else "" for name in names]
    if (truth := truth_column(table, output.answer)) is not None:
        names[truth] = "label"
    columns: dict[str, object] = {}
    for n, name in enumerate(names):
        if name == "split":
            codes, texts = table.coded(n)
            columns[name] = np.array([*splits_named(texts).values(), None], dtype=object)[codes]
        elif name in TEXT:
            columns[name] = table.text(n, keep=tuple(output.probabilities))
        elif name in NUMBERS and IN_NAME.search(table.names[n]):
            columns[name] = read_scale(table, name.removeprefix("human_"), n, None, {})[0]
        elif name in NUMBERS or name.startswith("votes_"):
            columns[name] = table.numbers(n)
        elif name.startswith("p_"):
            columns[name] = output.probabilities[name[2:]]
    if "split" not in columns:
        columns["split"] = "test"
        output.done.append("no column split, so all faces are of test")
    columns |= {f"p_{name}": values for name, values in output.probabilities.items()}
    if by is not None and (column := with_column(by, table.names, table.where)):
        columns[GROUP] = table.text(table.names.index(column))
    frame = _with_shares(pd.DataFrame(columns), table, raters)
    _refuse_strange(names, table.where)
    table.guessed += output.done
    run = next((n for n, name in enumerate(table.names) if normal(name) in RUNS), None)
    if run is not None and frame.duplicated(["split", "face"]).any():
        frame[RUN] = table.text(run)
        table.refuse(frame[RUN].isna().to_numpy(), run, "where a face has several rows, each needs its run")
        table.guessed.append(f"{table.names[run]} tells {frame[RUN].nunique():,} runs of one model apart")
    frame = _one_row_a_face(frame, table)
    table.unused -= {n for n, name in enumerate(names) if TOLD.fullmatch(name)}
    table.say()
    return frame


def _with_shares(frame: pd.DataFrame, table: Table, raters: int | None) -> pd.DataFrame:
    """Votes that are shares or mean ratings as counts, where it is known of how many people, else as rows of sum 1."""
    votes = [name for name in frame if str(name).startswith("votes_")]
    values = frame[votes].to_numpy(np.float64)
    if not votes or not no_counts(values).any() or (np.isnan(values) & ~np.isnan(values).all(axis=1)[:, None]).any():
        return frame
    columns = [[_our_name(name) for name in table.names].index(str(name)) for name in votes]
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
    table = frame.set_axis([_our_name(str(column)) for column in frame.columns], axis=1).reset_index(drop=True)
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


def _our_name(column: str) -> str:
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


def _check_columns(frame: pd.DataFrame, where: str) -> None:
    columns = [str(column) for column in frame.columns]
    _refuse_twice(columns, where)
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
    _refuse_strange(columns, where)
    if len(frame) == 0:
        raise RequestError(f"{where} has no rows.")


def _refuse_twice(columns: Sequence[str], where: str) -> None:
    known = [name for name in columns if name in (*TEXT, *NUMBERS) or name.startswith(("p_", "votes_"))]
    if twice := sorted({name for name in known if known.count(name) > 1}):
        raise RequestError(f"{where}: column {twice[0]} occurs twice; which one is meant cannot be known.")


def _refuse_strange(columns: Sequence[str], where: str) -> None:
    """Raise for a column that is nearly one of ours, since it would be left out."""
    optional = [name for name in (*TEXT, *NUMBERS) if name not in columns]
    for column in columns:
        if column in (*TEXT, *NUMBERS) or column.startswith(("p_", "votes_")):
            continue
        if hint := did_you_mean(column, optional, 0.85):
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
    _refuse(off, table, where, f"{what} (of scores that are no shares, divide each row by its sum)")
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
