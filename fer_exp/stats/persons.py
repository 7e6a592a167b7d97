"""Who is shown on each face: what splits keep together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def persons_of(subject: pd.Series[Any], face: pd.Series[Any] | pd.Index[Any]) -> NDArray[np.int64] | None:
    """A code for the person on each face, 0..P-1 in the order of their names.

    A face that names nobody is a person of its own, so that the named ones stay together however many are not named.

    Args:
        subject: the person of each face, missing where nobody is named, shape (N,).
        face: the name of each face, shape (N,).

    Returns:
        Shape (N,); None where no face names a person.

    >>> persons_of(pd.Series(["b", None, "a", "b"]), pd.Series(["1", "2", "3", "4"]))
    array([2, 0, 1, 2])
    >>> persons_of(pd.Series([None, None]), pd.Series(["1", "2"])) is None
    True
    """
    named = subject.notna().to_numpy()
    if not named.any():
        return None
    own = "\0" + np.asarray(face).astype(str).astype(object)  # no name begins so
    names = np.where(named, subject.to_numpy(object).astype(str), own).astype(str)
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
