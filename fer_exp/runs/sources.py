"""Runs and prediction files, as judging takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer_exp.errors import RequestError
from fer_exp.files import TABLES, file_of, or_near
from fer_exp.runs import FILES, Run, as_written

if TYPE_CHECKING:
    from fer_exp.judging.sources import Source
    from fer_exp.tables import Frames


def read_sources(
    paths: Sequence[str], frames: Frames | None = None, raters: int | None = None, by: str | None = None
) -> tuple[list[Source], list[str]]:
    """Read runs and prediction files.

    Args:
        paths: run folders, folders of run folders, prediction files, and names of ``frames``.
        frames: predictions in the place of files.
        raters: as of ``read_predictions``.
        by: likewise.

    Returns:
        The sources, and the folders that were left out because their run has not finished.

    Raises:
        RequestError: a path that is none of these, or a table against its contract.
    """
    from fer_exp.judging.predictions import read_predictions
    from fer_exp.judging.sources import Source

    sources: list[Source] = []
    unfinished: list[str] = []
    for path, name in {Path(name): name for name in paths}.items():
        if frames and name in frames:
            sources.append(Source(path, read_predictions(frames[name], name, by=by, raters=raters), {}, called=name))
            continue
        if (file := file_of(path)[0]).is_file():
            if file.suffix.lower() in TABLES:
                sources.append(Source(path, read_predictions(as_written(path), by=by, raters=raters), {}))
            else:
                unfinished.append(str(path))
            continue
        if not path.is_dir():
            raise RequestError(f"{path} is no run folder and no predictions file{or_near(path)}")
        inside = [Run(path)] if Run(path).wrote("predictions") else [Run(folder) for folder in sorted(path.iterdir())]
        judged = [run for run in inside if run.wrote("predictions")]
        if not judged:
            unfinished.append(str(path))
        sources += [run.source for run in judged]
    if not sources:
        what = f": {unfinished[0]} has no {FILES['predictions']}" if unfinished else ""
        raise RequestError(f"There is no finished run and no predictions file{what}.")
    return sources, unfinished
