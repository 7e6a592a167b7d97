"""What numbers of people can be, by one rule at every door: counts of votes, ratings, and the scales of these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fer_exp.errors import RequestError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


MOST_VOTES = 1_000_000
"""For one class of one face. More is a slip, and far more does not fit the integers that counts become."""
A_COUNT = f"a number of votes is whole, from 0 to {MOST_VOTES:,}"
SHARED = f"votes, or shares of them, run from 0 to {MOST_VOTES:,}"
PREDICTED = (-2.0, 2.0)
"""Of valence and arousal as a network gives them: one without bounds goes a little beyond people's -1..1."""


def no_counts(values: ArrayLike, *, whole: bool = True) -> NDArray[np.bool_]:
    """Which numbers cannot be counts of votes, of the same shape; nan is a missing one, and none of them.

    Args:
        values: of any shape.
        whole: whether fractions are none, either; shares are counts only once it is known of how many people.

    >>> import numpy as np
    >>> no_counts([3, 0.5, -1, 1e300, np.inf, np.nan]).tolist()
    [False, True, True, True, True, False]
    """
    import numpy as np  # the rules of configs read the bounds, and help waits for no library

    numbers = np.asarray(values, dtype=np.float64)
    bad = no_ratings(numbers, 0, MOST_VOTES)
    return np.asarray(bad | (np.isfinite(numbers) & (numbers != np.floor(numbers)))) if whole else bad


def no_ratings(values: ArrayLike, low: float = -1.0, high: float = 1.0) -> NDArray[np.bool_]:
    """Which numbers lie outside a scale, infinite ones included; nan is a missing rating, and does not.

    >>> import numpy as np
    >>> no_ratings([-1, 1.5, -np.inf, np.nan]).tolist()
    [False, True, True, False]
    """
    import numpy as np

    numbers = np.asarray(values, dtype=np.float64)
    return np.asarray((numbers < low) | (numbers > high))


A_RANGE = re.compile(r"(.+?)\s*[:=]\s*(-?\d+(?:\.\d+)?)\s*(?:\.\.|-|–|to)\s*(-?\d+(?:\.\d+)?)")
"""A scale with its ends, as a word of a list."""
NO_SCALE = {"task", "worker", "label", "labels", "class", "classes", "seconds", "subset", "split", "original", "notes",
            "repeats", "scales", "against", "verdict", "all"}  # fmt: skip
"""What no scale can be called: columns and results that mean something else."""


def scales_named(named: Any) -> dict[str, tuple[float, float] | None]:
    """Scale -> its lowest and highest rating, None where that is not said.

    Args:
        named: a name, a list of names, each perhaps with its range behind a colon, or name -> range; None for no scale.

    Raises:
        RequestError: a range that is none, or a name that is given twice.

    >>> scales_named(["intensity:1..7", "genuineness"]), scales_named({"warmth": [0, 100]})
    ({'intensity': (1.0, 7.0), 'genuineness': None}, {'warmth': (0.0, 100.0)})
    """
    way_out = "write scales=[intensity,warmth:0..100], a name each and, behind a colon, from what to what it runs"
    if isinstance(named, Mapping):
        pairs = [(str(name), ends) for name, ends in named.items()]
    else:
        words = [] if named is None else [named] if isinstance(named, str) else list(named)
        found = [(str(word), A_RANGE.fullmatch(str(word))) for word in words]
        pairs = [
            (name, None) if with_ends is None else (with_ends[1], with_ends.groups()[1:]) for name, with_ends in found
        ]
    scales: dict[str, tuple[float, float] | None] = {}
    for name, ends in pairs:
        name = name.strip()
        if not name or name in scales:
            raise RequestError(f"scales names {name or 'nothing'}{' twice' if name else ''}; {way_out}.")
        if name.casefold() in NO_SCALE:
            raise RequestError(f"scales names {name}, which no scale can be called; {way_out}.")
        try:
            low, high = (None, None) if ends is None else map(float, ends)
        except (TypeError, ValueError):
            raise RequestError(f"scales: {ends} is no range for {name}; {way_out}.") from None
        if low is not None and high is not None and not low < high:
            raise RequestError(f"scales: {name} runs from {low:g} to {high:g}, which is no range; {way_out}.")
        scales[name] = None if low is None or high is None else (low, high)
    return scales
