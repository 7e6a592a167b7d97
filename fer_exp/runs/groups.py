"""The faces of a run by groups: a column of its predictions, or of the faces that it was trained from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fer_exp.errors import RequestError
from fer_exp.formats import text_of
from fer_exp.grouping import no_column, with_column

if TYPE_CHECKING:
    import pandas as pd

    from fer_exp.runs import Run

USUAL = ("face", "split", "source")
"""Columns of the faces table that make no groups."""


def predictions_by(run: Run, by: str) -> pd.DataFrame:
    """The predictions of a run with the group of each face, ``predictions.GROUP``.

    Args:
        run: finished.
        by: a column of predictions.parquet, or else of the faces table of its store.

    Raises:
        RequestError: there is no such column, or the store is gone; and as ``Run.predictions``.
    """
    from fer_exp.judging.predictions import GROUP, read_predictions

    run.predictions  # noqa: B018  says what is wrong with the folder
    table = read_predictions(run.sound("predictions"), by=by)
    if GROUP in table:
        return table
    store, name = run.store, run.facts.get("config", {}).get("dataset", {}).get("name", "folder")
    if store is None:
        raise RequestError(
            f"by={by}: the predictions of {run.name} have no such column, and the faces it was trained from are not "
            f"prepared here; fer-exp prepare dataset={name} dataset.root=DIR prepares them, or add the column to a "
            f"copy of {run.path('predictions')} and give that as predictions."
        )
    column = with_column(by, store.faces.columns, run.name)
    if not column:
        there = [str(one) for one in store.faces if one not in USUAL and store.faces[one].notna().any()]
        raise RequestError(f"{no_column(by, there, f'the faces of {run.name}')}{_elsewhere(by, name)}")
    groups = store.faces.set_index("face")[column].reindex(table["face"])
    table[GROUP] = [None if value is None or value != value else text_of(value) for value in groups]
    return table


def _elsewhere(by: str, name: str) -> str:
    """Where a corpus says it, if it does."""
    from fer_exp.datasets import CORPORA, facts

    place = facts(name).besides.get(by) if name in CORPORA else None
    if place is None:
        return ""
    return (
        f" {facts(name).title} says it in {place}, which was not there: unpack it in the corpus' folder, run fer-exp "
        f"prepare dataset={name} dataset.root=DIR, then this again."
    )
