"""How small a difference between two configs a number of faces and runs can show."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, ndtr, stdtrit

from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.ranges import LEVEL

POWER = 0.8
"""The usual chance to find a difference that is there (Cohen 1988): 8 of 10 studies."""
GRID = 40
"""Quantiles of each config's variance between runs over which the chance is averaged."""


class Sizes(NamedTuple):
    """Standard deviations of a difference between two configs, by where it comes from.

    Attributes:
        faces: of the difference from face to face, the same in all runs.
        answers: of one run of one config on one face, around the mean of its runs on that face.
        runs: of one run's mean over all faces, around the mean of its config.
    """

    faces: float
    answers: float
    runs: float


def chance(sizes: Sizes, faces: int, runs: int, true: float) -> float:
    r"""The chance that the interval of ``stats.crossed.spread`` leaves out 0.

    .. math:: E_B \, \Phi\Bigl(\frac{|\delta| - t_{\nu(B)} \sqrt{V(B)}}{\sqrt{V}}\Bigr), \quad
        V = \frac{\sigma_F^2}{n} + \frac{2 \sigma_A^2}{n S} + \frac{2 \sigma_R^2}{S}

    V(B) and its degrees of freedom are those that a study computes, which hang on how much its few runs happen to
    differ, B: a chi-square variable of S - 1 degrees of freedom for each config. The variance over faces is taken as
    known, since it is of many.

    Args:
        sizes: standard deviations.
        faces: n, each of another person.
        runs: S, of each config. Of one run nothing is said of others: then V has no third term.
        true: the difference.

    Source:
        Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 2, for a t test whose variance is
        Satterthwaite's. ``scripts/guide_numbers.py`` holds it against simulated studies.
    """
    of_faces = (sizes.faces**2 + 2 * sizes.answers**2 / runs) / faces
    if runs == 1:
        variance, seen, df = of_faces, np.array(of_faces), np.array(faces - 1.0)
    else:
        within = sizes.answers**2 / faces / runs  # of each config
        variance = of_faces + 2 * sizes.runs**2 / runs
        drawn = chdtri(runs - 1, (np.arange(GRID) + 0.5) / GRID) / (runs - 1) * (within + sizes.runs**2 / runs)
        one, other = np.meshgrid(drawn, drawn)
        more = one + other - 2 * within
        below = of_faces**2 / (faces - 1) + 2 * within**2 / ((runs - 1) * (faces - 1))
        df = np.where(more > 0, (of_faces + more) ** 2 / (below + (one**2 + other**2) / (runs - 1)), faces - 1.0)
        seen = of_faces + np.maximum(more, 0)
    half: FloatArray = stdtrit(df, (1 + LEVEL) / 2) * np.sqrt(seen)
    return float(ndtr((abs(true) - half) / np.sqrt(variance)).mean())


def detectable(sizes: Sizes, faces: int, runs: int) -> float:
    """The smallest true difference that is found with the chance ``POWER``; arguments as of ``chance``.

    >>> round(detectable(Sizes(0.1, 0.2, 0.0), faces=100, runs=1), 3)
    0.085
    """
    return float(brentq(lambda true: chance(sizes, faces, runs, true) - POWER, 0.0, 100.0))
