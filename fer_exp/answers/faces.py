"""Which faces people's tasks are: tables call a face by its id or by its file name."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.errors import RequestError
from fer_exp.face_names import finder


def task_faces(
    tasks: NDArray[np.object_], faces: Iterable[str], where: str, among: str, notes: dict[str, int]
) -> NDArray[np.object_]:
    """Our id of each task, None where there is none.

    Args:
        tasks: names, shape (T,).
        faces: our ids.
        where: what to call the table in messages; its key stands before ``=``.
        among: what the faces are of, for messages.
        notes: receives how many tasks are none of the faces.

    Raises:
        RequestError: none of the tasks is a face, or two are the same.
    """
    find = finder(map(str, faces), where)
    here = np.array([find(str(task)) for task in tasks], dtype=object)
    strange = int(pd.isna(here).sum())
    if strange == len(here):
        raise RequestError(
            f"{where}: none of its {strange:,} faces is in {among}, first {tasks[0]!r}; a face is called by its file "
            "name or id (faces.parquet in the store lists them)."
        )
    if len(twice := np.flatnonzero(pd.Series(here).duplicated() & pd.notna(here))):
        same = " and ".join(repr(task) for task in tasks[here == here[twice[0]]])
        raise RequestError(f"{where}: two rows mean the face {here[twice[0]]}, {same}; call it by one name.")
    notes[f"faces in {where.partition('=')[0]} that are not in {among}"] = strange
    return here
