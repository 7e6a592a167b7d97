"""Shares from counts, and their intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.ranges import LEVEL

FloatArray = NDArray[np.float64]

HALF_A_VOTE = 0.5
"""What ``smoothed`` adds to a face's votes."""


def shares(counts: FloatArray | NDArray[np.int64]) -> FloatArray:
    """Each row by its sum, shape (N, K): vote fractions from votes; rows of 0 stay 0.

    >>> shares(np.array([[3, 1], [0, 0]]))
    array([[0.75, 0.25],
           [0.  , 0.  ]])
    """
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0))


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """A quotient, nan where what is below is 0 or less.

    >>> ratio(np.array([1.0, 0.0]), np.array([4.0, 0.0]))
    array([0.25,  nan])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(below > 0, np.divide(above, below), np.nan))


def percent(share: float, form: str = ".0f") -> str:
    """A share of 0 to 1 as every text writes it.

    >>> percent(2 / 3), percent(2 / 3, ".1f"), percent(0.125, "g")
    ('67 %', '66.7 %', '12.5 %')
    """
    return f"{100 * share:{form}} %"


ROUNDED = {2: 0.005, 3: 0.0005}
"""Digits with which all numbers of a row are written -> how far each is from the truth, at most."""
EXACT = 1e-3
"""How far from 1 a sum of probabilities may be: float16, and tables with four decimals, pass."""


def probabilities(values: FloatArray) -> tuple[FloatArray, list[str]]:
    """Probabilities that somebody wrote, shape (N, K), as shares; and what was done to them, in words.

    Percentages become shares, and rows of numbers with two or three digits are rescaled to sum to 1 where rounding
    explains what they are off by. Other rows stay as they are.

    >>> probabilities(np.array([[80.0, 20.0], [50.0, 50.0]]))
    (array([[0.8, 0.2],
           [0.5, 0.5]]), ['percentages'])
    >>> probabilities(np.array([[0.33, 0.33, 0.33], [0.5, 0.2, 0.1]]))[0].round(4)
    array([[0.3333, 0.3333, 0.3333],
           [0.5   , 0.2   , 0.1   ]])
    """
    done: list[str] = []
    sums = values.sum(axis=1)
    if np.isfinite(sums).any() and abs(float(np.nanmedian(sums)) - 100) <= 100 * ROUNDED[2] * values.shape[1]:
        done.append("percentages")
        values, sums = values / 100, sums / 100
    off = np.abs(sums - 1)
    rounded = np.zeros(len(values), bool)
    for digits, most in ROUNDED.items():
        written = (np.abs(values - values.round(digits)) < 1e-8).all(axis=1)
        rounded |= written & (off > EXACT) & (off <= most * values.shape[1] + 1e-9)
    if rounded.any():
        done.append(f"{int(rounded.sum()):,} rows sum to 1 within rounding and are rescaled")
        values = np.where(rounded[:, None], values / np.where(rounded, sums, 1)[:, None], values)
    return values, done


def smoothed(counts: FloatArray | NDArray[np.int64]) -> FloatArray:
    """Vote fractions with half a vote more a face, spread evenly, so that no class is impossible, shape (N, K).

    Where logs are taken, a class that nobody chose would otherwise decide alone, by the number it is clipped at.

    >>> smoothed(np.array([[3, 1], [0, 0]]))
    array([[0.72222222, 0.27777778],
           [0.5       , 0.5       ]])
    """
    return shares(counts + HALF_A_VOTE / counts.shape[1])


def shares_of_logs(log: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shares from their logs up to a constant a row, shape (N, K), and these constants, shape (N,).

    >>> shares_of_logs(np.log([[3.0, 1.0]]))[0]
    array([[0.75, 0.25]])
    """
    top = log.max(axis=1, keepdims=True)
    raised = np.exp(log - top)
    total = raised.sum(axis=1, keepdims=True)
    return raised / total, (np.log(total) + top)[:, 0]


def whole_people(fractions: FloatArray, people: int | NDArray[np.int64]) -> NDArray[np.int64]:
    """Shares as whole people, shape (N, K), by largest remainder, so that a row of 1 keeps their number.

    ``people`` is one number, or one a row, shape (N,). Of equal remainders the first class is rounded up. Rows of 0
    stay 0.

    Source: Hamilton's method; Balinski, Young 2001, Fair Representation.

    >>> whole_people(np.array([[0.55, 0.25, 0.2], [0.98, 0.01, 0.01], [0, 0, 0]]), 10)
    array([[ 6,  2,  2],
           [10,  0,  0],
           [ 0,  0,  0]])
    """
    expected = (fractions * np.reshape(people, (-1, 1))).round(9)  # 0.1 * 30 is 3, not 3.0000000000000004
    counts = np.floor(expected)
    lacking = np.where(fractions.sum(axis=1) > 0, people, 0) - counts.sum(axis=1)
    order = np.argsort(counts - expected, axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    return np.asarray(counts + (rank < lacking[:, None]), dtype=np.int64)


def wilson(right: FloatArray, number: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Wilson's interval of a share, which holds for few cases and at 0 and 1; nan where there is none.

    Source: Wilson 1927, Journal of the American Statistical Association 22, 209-212.

    >>> low, high = wilson(np.array([10.0]), np.array([10]))
    >>> low.round(3), high.round(3)
    (array([0.722]), array([1.]))
    """
    from scipy.special import ndtri  # a tenth of a second to import: here, not before

    z = ndtri((1 + LEVEL) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = right / number
        centre = share + z**2 / (2 * number)
        half = z * np.sqrt(share * (1 - share) / number + z**2 / (4 * number**2))
        below = 1 + z**2 / number
        return (centre - half) / below, (centre + half) / below


def paired_interval(
    change: FloatArray, weights: FloatArray | None = None, level: float = LEVEL, more: float = 0.0
) -> tuple[float, float, float]:
    """Mean of what each task gains or loses, -1 to 1, with Student's interval over tasks.

    Half a task that gains and half a task that loses are added, and a whole one that stays, to the interval: where no
    task changed, it still has a width, of three divided by the number of tasks or so.

    Args:
        change: shape (N,).
        weights: how much each task counts, shape (N,); None for alike.
        level: of the interval.
        more: variance of the mean that does not come from these tasks.

    Returns:
        Mean, low, high; nan where there is nothing to compare, and no ends for a single task.

    Source:
        Agresti and Min 2005, Simple improved confidence intervals for comparing matched proportions. Statistics in
        Medicine 24, 729-740 (half a case in each cell).

    >>> [round(end, 4) for end in paired_interval(np.zeros(1000))]
    [0.0, -0.002, 0.002]
    """
    from scipy.special import stdtrit

    n = len(change)
    share = np.ones(n) if weights is None else np.asarray(weights / weights.mean() if n else weights)
    if n == 0:
        return np.nan, np.nan, np.nan
    mean = float((share * change).mean())
    if n == 1:
        return mean, np.nan, np.nan
    centre = mean * n / (n + 2)
    squares = float(((share * (change - centre)) ** 2).sum()) + 1.0 + 2 * centre**2
    half = float(stdtrit(n + 1, (1 + level) / 2) * np.sqrt(squares / (n + 1) / (n + 2) + more))
    return mean, max(centre - half, -1.0), min(centre + half, 1.0)
