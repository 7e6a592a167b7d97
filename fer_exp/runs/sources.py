"""Runs and prediction files, as judging takes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fer_exp.errors import RequestError
from fer_exp.files import TABLES, file_of, or_near
from fer_exp.progress import say
from fer_exp.runs import FILES, Run, as_written

if TYPE_CHECKING:
    import pandas as pd

    from fer_exp.judging.sources import Source
    from fer_exp.tables import Frames


ALIKE = re.compile(r"(.*?)[\s_.-]*(?:seed|run|rep)[\s_.-]*(\d+)(.*)", re.IGNORECASE)
"""A name with the number of a seed or run in it."""
ROUNDED = 5e-6
"""How far a copy's probabilities may be from those that it was made of."""


def read_sources(
    paths: Sequence[str],
    frames: Frames | None = None,
    raters: int | None = None,
    by: str | None = None,
    seeds: Sequence[str] = (),
) -> tuple[list[Source], list[str]]:
    """Read runs and prediction files.

    Files whose names differ in the number of a seed or run alone are runs of one model, and so are those of a table
    with a column that tells runs apart. A table may hold several models, told apart by a column likewise.

    Args:
        paths: run folders, folders of run folders, prediction files, and names of ``frames``.
        frames: predictions in the place of files.
        raters: as of ``read_predictions``.
        by: likewise.
        seeds: further prediction files, all runs of one model.

    Returns:
        The sources, and the folders that were left out because their run has not finished, which is said.

    Raises:
        RequestError: a path that is none of these, or a table against its contract.
    """
    sources: list[Source] = []
    unfinished: list[str] = []
    for path, name in {Path(name): name for name in paths}.items():
        if frames and name in frames:
            sources += read_file(path, frames[name], name, raters, by)
        elif found := _read_place(path, raters, by):
            sources += found
        else:
            unfinished.append(str(path))
    of_one = [source for name in seeds for source in read_file(Path(name), Path(name), "", raters, by)]
    model = common_name([source.name for source in of_one])
    sources = without_copies([*_of_models(sources), *(replace(source, model=model) for source in of_one)])
    if not sources:
        what = f": {unfinished[0]} has no {FILES['predictions']}" if unfinished else "; give some: runs/* or said.csv"
        raise RequestError(f"There is no finished run and no predictions file{what}.")
    if unfinished:
        say(f"left out, no finished run: {', '.join(unfinished)}")
    return sources, unfinished


def _read_place(path: Path, raters: int | None, by: str | None) -> list[Source]:
    """The runs and predictions at a path: a table, a run folder or a folder of these; none if no run has finished."""
    if (file := file_of(path)[0]).is_file():
        return read_file(path, as_written(path), "", raters, by) if file.suffix.lower() in TABLES else []
    if not path.is_dir():
        raise RequestError(f"{path} is no run folder and no predictions file{or_near(path)}")
    runs = [Run(path)] if Run(path).wrote("predictions") else [Run(folder) for folder in sorted(path.iterdir())]
    judged = [run for run in runs if run.wrote("predictions")]
    for run in judged:
        say_unchecked(run)
    return [run.source for run in judged]


def say_unchecked(run: Run) -> None:
    """Say that nobody knows whether files are as a run wrote them, where it has begun and no record of its end."""
    if not run.finished and run.has("begun"):
        say(f"{run.folder} has not finished, or its run.json is gone: its files are not checked.", once=True)


def read_file(
    path: Path, table: Path | pd.DataFrame, called: str, raters: int | None, by: str | None = None
) -> list[Source]:
    """The runs of a predictions file, of one model or several; arguments as of ``read_runs``."""
    from fer_exp.judging.reading import read_runs
    from fer_exp.judging.sources import Source

    name = called or path.stem
    runs = read_runs(table, called, by, raters)
    sources = []
    for one in runs:
        model = one.model or (name if one.run else "")
        full = f"{model} run {one.run}" if one.run else model
        sources.append(Source(path, one.predictions, {}, called=full or called, model=model))
    return sources


def common_name(names: Sequence[str]) -> str:
    """What names begin with alike, without numbers and signs at its end.

    >>> common_name(["dan_seed1", "dan_seed2"]), common_name(["a", "b"])
    ('dan_seed', 'a and 1 more')
    """
    shared = names[0] if names else ""
    while not all(name.startswith(shared) for name in names):
        shared = shared[:-1]
    shared = re.sub(r"[\s_.\d-]+$", "", shared) if len(names) > 1 else shared
    return shared or (f"{names[0]} and {len(names) - 1:,} more" if names else "")


def without_copies(sources: Sequence[Source], one_model: bool = False) -> list[Source]:
    """Sources without those that are copies of another: runs of one model and seed, or of one model, that answer alike.

    A training counted twice would be a seed more, and intervals narrower than they are. What is left out is said.
    """
    kept: list[Source] = []
    tables: dict[str, list[pd.DataFrame]] = {}
    copies: list[str] = []
    for source in sources:
        key = "one" if one_model else source.model
        if source.facts:
            key = repr((sorted(map(str, source.identity.items())), source.seed))
        alike = tables.setdefault(key, [])
        if key and any(_same_answers(source.table, other) for other in alike):
            copies.append(source.called or str(source.path))
            continue
        alike.append(source.table)
        kept.append(source)
    if copies:
        say(f"left out, copies of another run here: {', '.join(copies)}")
    return kept


def _same_answers(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two tables say the same of each face, in whatever order, and with six digits or more."""
    import numpy as np

    if one.shape != other.shape or list(one) != list(other):
        return False
    one, other = (table.sort_values(["split", "face"], ignore_index=True) for table in (one, other))
    numbers = one.select_dtypes("number").columns
    near = np.allclose(one[numbers], other[numbers], rtol=0, atol=ROUNDED, equal_nan=True)
    return near and one.drop(columns=numbers).equals(other.drop(columns=numbers))


def _of_models(sources: list[Source]) -> list[Source]:
    """Files that are called alike as runs of one model, which is said."""
    alike: dict[tuple[str, str], list[int]] = {}
    for i, source in enumerate(sources):
        if not source.facts and not source.model and (match := ALIKE.fullmatch(source.name)):
            alike.setdefault((match[1], match[3]), []).append(i)
    for (before, after), members in alike.items():
        if len(members) > 1:
            model = f"{before}{after}" or sources[members[0]].name
            names = [sources[i].name for i in members]
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            say(f"{', '.join(names[:3])}{more} are taken as {len(names)} runs of one model, {model}")
            for i in members:
                sources[i] = replace(sources[i], model=model)
    return sources
