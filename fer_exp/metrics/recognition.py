r"""How well each emotion is recognised, as psychologists measure it: hits, Wagner's unbiased hits, d' and criterion.

All are of one emotion and of four numbers, arrays of any shape that fit each other: ``shown``, how often it was shown;
``answered``, how often it was the answer; ``hits``, how often it was both; ``total``, how many answers there are. What
is shared among tied classes counts in parts. A figure that cannot be had is nan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fer_exp.metrics.classification import ends_of_class
from fer_exp.stats.bootstrap import SHARE, FloatArray, OfSums, Statistic, mean_of, within
from fer_exp.stats.shares import ratio


class Tally(NamedTuple):
    """What an emotion's figures are made of; see above."""

    hits: FloatArray
    shown: FloatArray
    answered: FloatArray
    total: FloatArray

    @classmethod
    def of(cls, confusions: FloatArray) -> Tally:
        """Each emotion's, shape (..., K), of matrices with a row an emotion and a column an answer, (..., K, K)."""
        total = confusions.sum(axis=(-2, -1))[..., None]
        diagonal = np.diagonal(confusions, axis1=-2, axis2=-1)
        return cls(diagonal, confusions.sum(axis=-1), confusions.sum(axis=-2), total)


def hit_rate(tally: Tally) -> FloatArray:
    """The share of an emotion's faces that are answered with it, 0..1: who answers it always has all of them."""
    return ratio(tally.hits, tally.shown)


def hu(tally: Tally) -> FloatArray:
    r"""Wagner's unbiased hit rate: hits that answering one emotion more often cannot raise.

    .. math:: H_u = \frac{a}{b} \cdot \frac{a}{c}

    with a the hits, b how often the emotion was shown, c how often it was answered: the chance that it is answered when
    shown *and* shown when answered.

    Returns:
        0..1; nan where it was never shown, or never answered: the second share does not exist.

    Source:
        Wagner 1993, On measuring performance in category judgment studies of nonverbal behavior. Journal of Nonverbal
        Behavior 17, 3-28.

    >>> hu(Tally.of(np.array([[4.0, 1, 0, 1], [0, 3, 2, 1], [0, 0, 6, 0], [2, 0, 0, 4]]))).round(3)
    array([0.444, 0.375, 0.75 , 0.444])
    """
    return ratio(tally.hits**2, tally.shown * tally.answered)


def chance_hu(tally: Tally) -> FloatArray:
    r"""What ``hu`` is of answers as frequent that do not look at the face: :math:`p_c = b c / N^2`, 0..1.

    Source: Wagner 1993.
    """
    return ratio(tally.shown * tally.answered, tally.total**2)


def d_prime(tally: Tally) -> FloatArray:
    r"""How far an emotion's faces lie from all others, in standard deviations of what an observer sees.

    .. math:: d' = z(H) - z(F), \quad H = \frac{a + .5}{b + 1}, \quad F = \frac{c - a + .5}{N - b + 1}

    The halves are the log-linear correction, so that full hits or no false alarm have a finite z.

    Returns:
        0 for answers by chance, below 0 for worse; nan where no face, or every face, shows the emotion.

    Source:
        Green and Swets 1966; Hautus 1995, Corrections for extreme proportions and their biasing effects on estimated
        values of d'. Behavior Research Methods, Instruments, & Computers 27, 46-51.
    """
    hits, alarms = _z(tally)
    return hits - alarms


def criterion(tally: Tally) -> FloatArray:
    r"""How reluctantly an emotion is answered: :math:`c = -(z(H) + z(F)) / 2`, of the rates of ``d_prime``.

    Returns:
        0 without a bias, above 0 where the emotion is answered seldom, below 0 where often; nan as ``d_prime``.

    Source: Macmillan and Creelman 2005, Detection Theory, 2nd edition, chapter 2.
    """
    hits, alarms = _z(tally)
    return -(hits + alarms) / 2


FIGURES: dict[str, Callable[[Tally], FloatArray]] = {
    "hit_rate": hit_rate,
    "hu": hu,
    "chance_hu": chance_hu,
    "d_prime": d_prime,
    "criterion": criterion,
}
"""The figures of an emotion by the names of metrics.json and of the tables."""


def figure_of(name: str, columns: FloatArray, k: int) -> Statistic:
    """One of ``FIGURES`` of class k as a metric of faces.

    Args:
        name: of the figure.
        columns: as ``classification.tallies_of_tops`` has them of labels, shape (N, 3 K).
        k: the class.
    """
    classes = columns.shape[1] // 3
    if name == "hit_rate":
        hits, shown = columns[:, k], columns[:, k + classes]
        return within(shown > 0, mean_of(hits[shown > 0] / shown[shown > 0], SHARE))

    def finish(sums: FloatArray, total: FloatArray) -> FloatArray:
        hits, shown, answered = (sums[..., k + step * classes] for step in range(3))
        return FIGURES[name](Tally(hits, shown, answered, total))

    return OfSums(columns, finish, ends=ends_of_class(columns, k))


class AgainstChance(NamedTuple):
    """Hu of R raters against chance, an entry an emotion: see ``against_chance``."""

    raters: FloatArray
    hu: FloatArray
    chance: FloatArray
    t: FloatArray
    p: FloatArray


def against_chance(confusions: FloatArray) -> AgainstChance:
    """Wagner's test: is an emotion's Hu above chance, rater by rater?

    Both are turned by arcsin of the root, and a paired t-test over raters holds one against the other.

    Args:
        confusions: a matrix a rater, emotions shown in rows, shape (R, K, K).

    Returns:
        By emotion, shape (K,): ``raters`` whose Hu is defined, mean ``hu`` and ``chance`` over them, ``t`` with
        raters - 1 degrees of freedom, and ``p``, of both sides; nan of fewer than two raters, or where nothing varies.

    Source: Wagner 1993.
    """
    from scipy.special import stdtr  # a tenth of a second to import: here, not before

    tally = Tally.of(confusions)
    values, chance = hu(tally), chance_hu(tally)
    chance = np.where(np.isfinite(values), chance, np.nan)
    apart = np.arcsin(np.sqrt(values)) - np.arcsin(np.sqrt(chance))
    number = np.isfinite(apart).sum(axis=0).astype(np.float64)
    mean = ratio(np.nansum(apart, axis=0), number)
    variance = ratio(np.nansum((apart - mean) ** 2, axis=0), number - 1)
    t = ratio(mean, np.sqrt(variance / np.maximum(number, 1)))
    return AgainstChance(
        number, ratio(np.nansum(values, axis=0), number), ratio(np.nansum(chance, axis=0), number),
        t, np.asarray(2 * stdtr(np.maximum(number - 1, 1), -np.abs(t))),
    )  # fmt: skip


def _z(tally: Tally) -> tuple[FloatArray, FloatArray]:
    """The z of hits and of false alarms, each share with Hautus' half a case on both sides."""
    from scipy.special import ndtri  # likewise

    other = tally.total - tally.shown
    defined = np.where((tally.shown > 0) & (other > 0), 1.0, np.nan)
    hits = ndtri((tally.hits + 0.5) / (tally.shown + 1)) * defined
    return hits, ndtri((tally.answered - tally.hits + 0.5) / (other + 1)) * defined
