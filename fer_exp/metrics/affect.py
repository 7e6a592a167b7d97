"""Two lists of numbers: how well one follows the other, as predicted valence and arousal should follow human ones.

``human`` and ``model`` have shape (N,), in any unit that both share (ours: -1..1). ``weights`` say how often each face
counts, shape (N,) or (B, N), None once each; what is measured then has shape () or (B,).

``ccc_of``, ``pearson_of`` and ``absolute_agreement`` are the formulas from moments, for whoever sums over other things.
"""

from __future__ import annotations

import numpy as np

from fer_exp.stats.bootstrap import FloatArray, OfSums, weighted_mean
from fer_exp.stats.shares import ratio


def ccc(human: FloatArray, model: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    r"""Concordance correlation coefficient, with population variances as Lin defines it.

    .. math:: \rho_c = \frac{2 s_{xy}}{s_x^2 + s_y^2 + (\bar{x} - \bar{y})^2}

    -1..1; a constant beside what varies has 0; nan where both sides are constant.

    Source: Lin 1989, Biometrics 45, 255-268: variances divide by N. torchmetrics divides by N - 1 and differs slightly.

    >>> float(ccc(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])).round(4))
    0.5714
    """
    mean_x, mean_y, var_x, var_y, covariance = _moments(human, model, weights)
    return ccc_of(mean_x - mean_y, var_x, var_y, covariance)


def ccc_of(bias: FloatArray, var_x: FloatArray, var_y: FloatArray, covariance: FloatArray) -> FloatArray:
    """``ccc`` from the difference of means, population variances and covariance, of any one shape."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((var_x > 0) | (var_y > 0), 2 * covariance / (var_x + var_y + bias**2), np.nan)


def pearson(human: FloatArray, model: FloatArray) -> OfSums:
    r"""Pearson's correlation, in the form that the bootstrap draws fastest.

    .. math:: r = s_{xy} / (s_x s_y)

    -1..1; nan where a side is constant.

    Source: Pearson 1895, Proceedings of the Royal Society of London 58, 240-242.

    >>> float(pearson(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 2.0]))(None).round(4))
    0.5
    """
    # About the means of all faces, so that a constant's variance is rounding alone.
    x, y = human - human.mean(), model - model.mean()
    least = [(8 * np.finfo(np.float64).eps * np.abs(side).max()) ** 2 for side in (human, model)]

    def finish(sums: FloatArray, total: FloatArray) -> FloatArray:
        mean_x, mean_y, xx, yy, xy = (sums[..., i] / total for i in range(5))
        var_x, var_y = xx - mean_x**2, yy - mean_y**2
        varies = (var_x > 1e-13 * xx + least[0]) & (var_y > 1e-13 * yy + least[1])
        return np.where(varies, pearson_of(var_x, var_y, xy - mean_x * mean_y), np.nan)

    return OfSums(np.stack([x, y, x * x, y * y, x * y], axis=1), finish)


def pearson_of(var_x: FloatArray, var_y: FloatArray, covariance: FloatArray) -> FloatArray:
    """``pearson`` from population variances and covariance, of any one shape; nan where a variance is 0."""
    with np.errstate(invalid="ignore"):
        return np.clip(ratio(covariance, np.sqrt(var_x) * np.sqrt(var_y)), -1, 1)


def slope(human: FloatArray, model: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    r"""Least squares slope of the second list on the first; below 1 the second is less extreme.

    .. math:: b = s_{xy} / s_x^2

    nan where the first list is constant.

    Source:
        Bland and Altman 1999, Statistical Methods in Medical Research 8, 135-160, for methods that differ with size.
    """
    _, _, var_x, _, covariance = _moments(human, model, weights)
    return ratio(covariance, var_x)


def rmse(human: FloatArray, model: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    r"""Root mean squared error.

    .. math:: \sqrt{\frac{1}{N} \sum_i (x_i - y_i)^2}

    0 or more, in the unit of the ratings.

    Source: As in Mollahosseini, Hasani, Mahoor 2019 (AffectNet), IEEE Transactions on Affective Computing 10, 18-31.
    """
    return np.sqrt(weighted_mean((human - model) ** 2, weights))


def sagr(human: FloatArray, model: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    r"""Sign agreement: the share of faces whose rating and prediction lie on the same side of zero.

    .. math:: \frac{1}{N} \sum_i [\mathrm{sign}(x_i) = \mathrm{sign}(y_i)]

    0..1; zero has a sign of its own and agrees with zero alone.

    Source: Nicolaou, Gunes, Pantic 2011, IEEE Transactions on Affective Computing 2, 92-105.
    """
    return weighted_mean((np.sign(human) == np.sign(model)).astype(np.float64), weights)


def icc(human: FloatArray, model: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    r"""Intraclass correlation ICC(2,1) of two raters, people and model: absolute agreement of single ratings.

    .. math:: \frac{MS_R - MS_E}{MS_R + MS_E + 2 (MS_C - MS_E) / N}

    with the mean squares of faces (R), raters (C) and what is left (E) in a two-way analysis of variance.

    Up to 1; nan for one face, or where all ratings are the same.

    Source: Shrout and Fleiss 1979, Psychological Bulletin 86, 420-428; ICC(A,1) in McGraw and Wong 1996.
    """
    mean_x, mean_y, var_x, var_y, covariance = _moments(human, model, weights)
    count = np.asarray(float(len(human)) if weights is None else weights.sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = count * (var_x + var_y + 2 * covariance) / 2 / (count - 1)
        rest = count * (var_x + var_y - 2 * covariance) / 2 / (count - 1)
        columns = count * (mean_x - mean_y) ** 2 / 2
        single = absolute_agreement(rows, columns, rest, count, 2)
    return np.where((count > 1) & ((var_x > 0) | (var_y > 0)), single, np.nan)


def absolute_agreement(
    rows: FloatArray | float, columns: FloatArray | float, rest: FloatArray | float, n: FloatArray | int, k: int
) -> FloatArray:
    """ICC(2,1) from the mean squares of a complete table of n rows (faces) and k columns (raters)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.divide(rows - rest, rows + (k - 1) * rest + k * (columns - rest) / n))


def _moments(x: FloatArray, y: FloatArray, weights: FloatArray | None) -> tuple[FloatArray, ...]:
    """Means (both about the mean of x over all faces), population variances and covariance, each shape () or (B,).

    Working about the means of all faces keeps the one-pass variances exact to rounding; what is left of a constant
    is rounding, and becomes an exact 0.
    """
    centre_x, centre_y = x.mean(), y.mean()
    dx, dy = x - centre_x, y - centre_y
    mean_x, mean_y = weighted_mean(dx, weights), weighted_mean(dy, weights)
    var_x = _variance(dx, mean_x, np.abs(x).max(), weights)
    var_y = _variance(dy, mean_y, np.abs(y).max(), weights)
    covariance = weighted_mean(dx * dy, weights) - mean_x * mean_y
    covariance = np.where((var_x == 0) | (var_y == 0), 0.0, covariance)
    return mean_x, mean_y + (centre_y - centre_x), var_x, var_y, covariance


def _variance(deviations: FloatArray, mean: FloatArray, scale: float, weights: FloatArray | None) -> FloatArray:
    second = weighted_mean(deviations**2, weights)
    variance = second - mean**2
    rounding = 1e-13 * second + (8 * np.finfo(np.float64).eps * scale) ** 2
    return np.where(variance <= rounding, 0.0, variance)
