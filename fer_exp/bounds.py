"""What numbers of people can be, by one rule at every door: counts of votes, and ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
