"""Intervals of figures that have a range: they stay in it, and lean inwards near its ends."""

from __future__ import annotations

import numpy as np

LEVEL = 0.95
"""How often every interval is to hold the truth; tables and documents say it in words."""


def ends_in(
    value: float, variance: float, span: tuple[float, float], df: float, count: float
) -> tuple[float | None, float | None]:
    r"""Wilson's interval of a figure in its range, of as many cases as have its variance; Student's outside the range.

    Args:
        value: the figure, theta.
        variance: of it, V.
        span: its range, a to b, towards whose ends the variance goes to 0.
        df: degrees of freedom of the variance.
        count: independent things, N, that the figure is of.

    .. math:: n = s (1 - s) / V_s, \quad s = (\theta - a) / (b - a)

    It stays in the range and leans inwards, as that of a share does. Where nothing varies, as of raters who always
    agree, the ends are those if the share of faces that may be otherwise without one having shown,
    :math:`1 - (\alpha / 2)^{1 / N}`, said nothing.

    Source: Wilson 1927; of an effective number of cases: Korn and Graubard 1998, Survey Methodology 24, 193-201;
    nothing seen in N cases: Clopper and Pearson 1934, Biometrika 26, 404-413.

    >>> [round(end, 3) for end in ends_in(1.0, 0.0, (0.0, 1.0), 39, 40)]  # 40 of 40, as Clopper and Pearson
    [0.912, 1.0]
    """
    from scipy.special import stdtrit

    lowest, highest = span
    if not np.isfinite(value + variance):
        return None, None
    if variance <= 1e-20:
        share = 1 - ((1 - LEVEL) / 2) ** (1 / count)
        return float(value - share * (value - min(value, max(lowest, 0.0)))), float(value + share * (highest - value))
    t = float(stdtrit(df, (1 + LEVEL) / 2))
    share, width = (value - lowest) / (highest - lowest), highest - lowest
    if not 0 < share < 1:
        return value - t * np.sqrt(variance), value + t * np.sqrt(variance)
    number = share * (1 - share) * width**2 / variance
    centre, half = share + t * t / (2 * number), t * np.sqrt(share * (1 - share) / number + (t / (2 * number)) ** 2)
    below = 1 + t * t / number
    return float(lowest + width * (centre - half) / below), float(lowest + width * (centre + half) / below)
