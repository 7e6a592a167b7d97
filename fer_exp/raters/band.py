"""What a pilot leaves open about panels of other sizes: the band that holds for every distribution of faces it allows.

Votes of m raters a face tell m moments of the distribution of faces and nothing more (partial identification), however
many faces there are. What panels of k raters would give is bounded by what all distributions with these moments give.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.bootstrap import FloatArray

Curve = Callable[[int, FloatArray], FloatArray]
"""From the size of a panel and shares of a class in the population, shape (G,), to what the class adds, shape (G,)."""

GRID = 200
"""Steps of the grid of shares, closer at its ends."""
LARGEST = 30
"""Votes of a face above which a random subset of so many stands for all."""
NEAR = 3.0
"""Standard errors by which moments may miss those of the pilot for nothing."""
MOST = 0.15
"""Of a curve's largest value, what an end may gain by a further standard error: so no face decides alone."""
FOLDS = 3
"""Parts of the faces; on each the bound that is fitted to the others is measured."""


def l1_of_class(k: int, share: FloatArray) -> FloatArray:
    r"""Mean distance of a panel's fraction to a class's share, :math:`E |p - X / k|` with X binomial.

    .. math:: \frac{2 \nu}{k} \binom{k}{\nu} p^\nu (1 - p)^{k - \nu + 1}, \quad \nu = \lfloor k p \rfloor + 1

    Source: De Moivre 1730; Diaconis and Zabell 1991, Statistical Science 6, 284-302.

    >>> l1_of_class(1, np.array([0.0, 0.5, 0.9])).round(3)
    array([0.  , 0.5 , 0.18])
    """
    from scipy.special import binom, xlog1py, xlogy

    above = np.minimum(np.floor(k * share + 1e-12) + 1, k)
    chance = np.exp(xlogy(above, share) + xlog1py(k - above + 1, -share))
    return np.asarray(2 * above / k * binom(k, above) * chance)


def kl_of_class(k: int, share: FloatArray, classes: int) -> FloatArray:
    r"""What a class adds to the divergence of a panel from people, in nats, half a vote added to each class.

    .. math:: p \ln p - p \, E \ln \frac{X + 1/2}{k + K/2}
    """
    from scipy.special import xlogy

    votes = np.arange(k + 1)
    log = np.log((votes + 0.5) / (k + classes / 2))
    return np.asarray(xlogy(share, share) - share * (_binomial(k, share) @ log))


def band(
    counts: FloatArray, curves: dict[str, Curve], sizes: NDArray[np.int64], seed: int = 0
) -> dict[str, FloatArray]:
    r"""Between which ends each curve lies, for every distribution of faces that the pilot's votes allow.

    A curve is the mean over faces of :math:`\sum_c g_k(p_c)`, and of the distribution H of all classes' shares m votes
    tell :math:`\int p^j dH`, j up to m. The upper end is the least polynomial of degree m above :math:`g_k`, in the
    mean over faces, which the votes give without bias:

    .. math:: \min_y \int \sum_j y_j B_j \, dH \quad \text{where} \quad \sum_j y_j B_j(p) \ge g_k(p) \text{ on } [0, 1]

    with Bernstein's polynomials B. It is the dual of the largest mean of :math:`g_k` over all H with these moments; in
    it moments may miss those of the pilot by three standard errors in each direction in which they vary. The polynomial
    is fitted to two thirds of the faces and measured on the rest, so an end's standard error is that of a mean over
    faces; the ends are taken 1.96 standard errors further out.

    Where faces have unequal numbers of votes (``levels``), what many votes of some tell is carried over to all by
    regression on what few votes of each tell.

    Args:
        counts: votes of the pilot's faces, shape (N, K), some with two or more.
        curves: name -> what a class adds.
        sizes: panels, shape (S,).

    Returns:
        Name -> low and high, shape (2, S), which hold the truth in at least 95 % of pilots; of fewer than four faces
        with two votes 0 and the most that is possible.

    Source:
        Manski 2003, Partial Identification of Probability Distributions; Lord 1969, Psychometrika 34, 259-299, on the
        moments that tests tell; Chernozhukov et al. 2018, Econometrics Journal 21, C1-C68, on fitting to other parts.
    """
    from scipy.special import stdtrit

    few, many = levels(counts)
    counts = counts[counts.sum(axis=1) >= few]
    faces, more = len(counts), counts.sum(axis=1) >= many
    shares = (1 - np.cos(np.pi * np.arange(GRID + 1) / GRID)) / 2
    votes = _Votes(_subsets(counts, few), _subsets(counts[more], many), more)
    part = np.random.default_rng([seed, 8]).permutation(faces) % FOLDS
    part[more] = np.arange(more.sum()) % FOLDS  # those with many votes in equal parts, too
    enough = min(more.sum(), faces) >= 2 * FOLDS
    problems = [_Problem(votes.of(part != fold), _binomial(many, shares)) for fold in range(FOLDS if enough else 0)]
    moments = [problem.moments(votes.of(part == fold)) for fold, problem in enumerate(problems)]
    further = float(stdtrit(max(faces - 1, 1), 0.975))
    found = {}
    for name, curve in curves.items():
        ends = np.empty((2, len(sizes)))
        for place, k in enumerate(sizes):
            values = curve(int(k), shares)
            most = counts.shape[1] * values.max()
            if not enough:
                ends[:, place] = 0, most
                continue
            for side, sign in enumerate((-1.0, 1.0)):
                bounds = [problem.bound(values, sign) for problem in problems]
                means = [seen @ votes for seen, votes in zip(moments, bounds, strict=True)]
                error = np.sqrt(sum(mean.var() * len(mean) for mean in means) / faces / (faces - 1))
                if error <= 1e-4 * most:  # all faces alike: so many may be otherwise without one having shown
                    error = (1 - 0.025 ** (1 / faces)) * most / further
                ends[side, place] = sum(mean.sum() for mean in means) / faces + sign * further * error
            ends[:, place] = np.sort(ends[:, place].clip(0, most))
        found[name] = ends
    return found


def levels(counts: FloatArray) -> tuple[int, int]:
    """Votes that nine of ten faces have, at least 2, and that 40 faces have, or half of them; at most ``LARGEST``."""
    total = np.sort(counts.sum(axis=1))
    total = total[total >= 2]
    few, many = np.quantile(total, 0.1, method="lower"), total[-min(40, (len(total) + 1) // 2)]
    return int(min(few, LARGEST)), int(min(many, LARGEST))


class _Votes(NamedTuple):
    """Of faces, the classes with 0, 1, ... votes in few votes of each, (N, F), and in many of ``more`` of them."""

    few: FloatArray
    many: FloatArray
    more: NDArray[np.bool_]

    def of(self, faces: NDArray[np.bool_]) -> _Votes:
        return _Votes(self.few[faces], self.many[faces[self.more]], self.more[faces])


class _Problem:
    """The moments of some faces, in the directions in which they vary, and the linear programme over them."""

    def __init__(self, votes: _Votes, polynomials: FloatArray) -> None:
        self.classes = votes.few[0].sum()
        some = votes.few[votes.more]
        self.centre = some.mean(axis=0), votes.many.mean(axis=0)
        few, many = some - self.centre[0], votes.many - self.centre[1]
        self.slope = np.linalg.solve(few.T @ few + np.eye(few.shape[1]), few.T @ many)
        moments = self.moments(votes)
        spread = np.cov(moments.T, bias=True) / len(moments) + np.eye(moments.shape[1]) / len(many) ** 2
        variance, axes = np.linalg.eigh(spread)
        self.scaled = axes / np.sqrt(variance)
        rows, centre = self.scaled.T @ polynomials.T, self.scaled.T @ moments.mean(axis=0)
        slack = -np.eye(len(rows))
        self.rows, self.ends = np.block([[rows, slack], [-rows, slack]]), np.concatenate([NEAR + centre, NEAR - centre])
        self.all = np.concatenate([np.ones(rows.shape[1]), np.zeros(len(rows))])[None]

    def moments(self, votes: _Votes) -> FloatArray:
        """Unbiased for chances of many votes, (N, M): regressed on few votes, and what is left of those with many."""
        regressed = self.centre[1] + (votes.few - self.centre[0]) @ self.slope
        regressed[votes.more] += (votes.many - regressed[votes.more]) * (len(regressed) / len(votes.many))
        return np.asarray(regressed)

    def bound(self, values: FloatArray, sign: float) -> FloatArray:
        """Coefficients of the polynomial above (sign 1) or below (-1) the values on the grid."""
        from scipy.optimize import linprog

        cost = np.concatenate([-sign * values, np.full(self.scaled.shape[1], MOST * values.max())])
        solved = linprog(cost, self.rows, self.ends, self.all, [self.classes], method="highs-ds")
        up, down = np.split(solved.ineqlin.marginals, 2)
        return np.asarray(
            -sign * (self.scaled @ (up - down) + float(solved.eqlin.marginals[0]))
        )  # its polynomials sum to one


def _subsets(counts: FloatArray, size: int) -> FloatArray:
    """Mean number of classes with 0 to ``size`` votes in random subsets of so many of a face's votes, (N, size + 1)."""
    from scipy.special import binom

    total = np.repeat(counts.sum(axis=1), counts.shape[1])
    pairs, place = np.unique(np.stack([counts.ravel(), total]), axis=1, return_inverse=True)
    of_class, total, votes = pairs[0][:, None], pairs[1][:, None], np.arange(size + 1)
    possible = (votes <= of_class) & (size - votes <= total - of_class)
    ways = binom(of_class, votes) * binom(total - of_class, size - votes)
    chance = np.where(possible, ways, 0) / binom(total, size)
    return np.asarray(chance[place.ravel()].reshape(*counts.shape, size + 1).sum(axis=1))


def _binomial(size: int, share: FloatArray) -> FloatArray:
    """Chances of 0 to ``size`` votes for a class of each share, shape (G, size + 1)."""
    from scipy.special import binom, xlog1py, xlogy

    votes = np.arange(size + 1)
    chance = np.exp(xlogy(votes, share[:, None]) + xlog1py(size - votes, -share[:, None]))
    return np.asarray(binom(size, votes) * chance)
