"""Tests and effect sizes for two models on the same faces. scipy does the work; here it is named, and nan is one way.

``a`` and ``b`` have one value per face, shape (N,), of the same faces in the same order where a test is paired. A
statistic is positive where ``a`` is larger.

Which one? The published comparison on CAFE is ``student_t``. It takes the two lists for independent samples, which two
models on the same faces are not: ``paired_t``, ``wilcoxon`` and ``permutations`` are the right ones, and where several
faces show one person, ``permutations`` with clusters and the clustered bootstrap (``stats.bootstrap``) are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.bootstrap import FloatArray

SHOWN = 0.05
"""Holm's p below which a difference counts, where it was one of several tests."""

EXACT = 50
"""Faces that differ up to which Wilcoxon's p is exact."""


class Tested(NamedTuple):
    """The result of a test: ``statistic``, two-sided ``p``, and ``df`` where the test has degrees of freedom."""

    statistic: float
    p: float
    df: float = float("nan")


UNDEFINED = Tested(float("nan"), float("nan"))


def student_t(a: FloatArray, b: FloatArray) -> Tested:
    r"""Two-sample independent t-test with equal variances, the test of Washington et al. 2021.

    .. math:: t = \frac{\bar{a} - \bar{b}}{s_p \sqrt{1/n_a + 1/n_b}}, \quad df = n_a + n_b - 2

    nan where both lists are constant or a list has one value.

    Source: Student 1908, Biometrika 6, 1-25; ``scipy.stats.ttest_ind``.

    >>> student_t(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0]))
    Tested(statistic=-1.224..., p=0.287..., df=4.0)
    """
    return _t(a, b, equal=True)


def welch_t(a: FloatArray, b: FloatArray) -> Tested:
    r"""Two-sample independent t-test without equal variances.

    .. math:: t = (\bar{a} - \bar{b}) \Big/ \sqrt{s_a^2 / n_a + s_b^2 / n_b}

    df by Welch and Satterthwaite; nan as ``student_t``.

    Source: Welch 1947, Biometrika 34, 28-35.
    """
    return _t(a, b, equal=False)


def paired_t(a: FloatArray, b: FloatArray) -> Tested:
    r"""Paired t-test: is the mean difference on the same faces zero?

    .. math:: t = \bar{d} \sqrt{N} / s_d, \quad d = a - b, \quad df = N - 1

    nan for one face or where all differences are equal.

    Source: Student 1908; ``scipy.stats.ttest_rel``. Takes faces for independent, also those of one person.
    """
    from scipy.special import stdtr  # a tenth of a second to import: here, not before

    difference = a - b
    if len(difference) < 2 or _constant(difference, a, b):
        return UNDEFINED
    df = len(difference) - 1
    t = difference.mean() * np.sqrt(len(difference)) / difference.std(ddof=1)
    return Tested(float(t), float(2 * stdtr(df, -abs(t))), float(df))


def wilcoxon(a: FloatArray, b: FloatArray) -> Tested:
    """Wilcoxon's signed-rank test: are differences on the same faces symmetric about zero?

    Faces without a difference are left out (Wilcoxon's rule), tied ranks share their mean, and p comes from the normal
    approximation with the correction for ties; of up to 50 faces without ties it is exact.

    Its statistic is the smaller of both rank sums; p is 1 where nothing differs.

    Source: Wilcoxon 1945, Biometrics Bulletin 1, 80-83; ``scipy.stats.wilcoxon``.
    """
    difference = a - b
    difference = difference[difference != 0]
    if len(difference) == 0:
        return Tested(0.0, 1.0)
    if len(difference) <= EXACT:
        from scipy.stats import wilcoxon as of_scipy  # it takes as long to import as all of pandas: here, not before

        result = of_scipy(difference)
        return Tested(float(result.statistic), float(result.pvalue))
    from scipy.special import ndtr

    n = len(difference)
    _, places, ties = np.unique(np.abs(difference), return_inverse=True, return_counts=True)
    ranks = (ties.cumsum() - (ties - 1) / 2)[places]
    above = float(ranks[difference > 0].sum())
    smaller = min(above, n * (n + 1) / 2 - above)
    variance = (n * (n + 1) * (2 * n + 1) - (ties.astype(np.float64) ** 3 - ties).sum() / 2) / 24
    return Tested(smaller, float(2 * ndtr((smaller - n * (n + 1) / 4) / np.sqrt(variance))))


def permutations(
    values: FloatArray,
    pairs: Sequence[tuple[int, int]],
    clusters: NDArray[np.int64],
    samples: int = 10_000,
    seed: int = 0,
) -> FloatArray:
    r"""Permutation tests of paired values: swapping both models on all faces of a person at random.

    .. math:: p = \frac{1 + \#\{|\sum_i s_i d_i| \ge |\sum_i d_i|\}}{1 + B}, \quad s_i = \pm 1

    All pairs share their swaps: the sum of swapped differences is the difference of the sums of swapped values, so the
    product with the signs is made once for each column and not once for each pair.

    Args:
        values: one column per model (and metric), shape (N, C); 0 in all columns of a pair for faces that it lacks.
        pairs: which columns are compared.
        clusters: one code 0..C-1 per face, shape (N,): faces with the same code are swapped together.
        samples: B random swaps; all 2^C of them where they are no more than that, and then p is exact.

    Returns:
        One p per pair, shape (P,).

    Source: Fisher 1935, The Design of Experiments; the added 1 as in Phipson and Smyth 2010.

    >>> permutations(np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 5.0]]), [(0, 1)], np.arange(3))
    array([0.25])
    """
    count = int(clusters.max()) + 1
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, clusters, values)
    first, second = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    difference = sums[:, first] - sums[:, second]
    # Sums in another order differ by rounding.
    least = np.abs(difference.sum(axis=0)) * (1 - 1e-9) - 1e-14 * np.abs(sums).sum(axis=0).max()
    exact = count <= 30 and 2**count <= samples
    chunks = [_all_signs(count)] if exact else _random_signs(count, samples, seed)
    hits = np.zeros(len(pairs))
    for signs in chunks:
        swapped = signs @ sums
        hits += (np.abs(swapped[:, first] - swapped[:, second]) >= least).sum(axis=0)
    return np.asarray(hits / 2**count if exact else (1 + hits) / (1 + samples), dtype=np.float64)


def _all_signs(count: int) -> FloatArray:
    bits = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    return np.asarray(1.0 - 2.0 * bits, dtype=np.float64)


def _random_signs(count: int, samples: int, seed: int) -> Iterator[FloatArray]:
    """-1 or 1, ``samples`` rows of ``count`` in chunks that keep memory flat."""
    generator = np.random.default_rng([seed, 2])
    rows = max(1, 2**20 // max(1, count))
    for start in range(0, samples, rows):
        signs = generator.integers(0, 2, (min(rows, samples - start), count), dtype=np.int8)
        yield signs.astype(np.float64) * 2 - 1


def mcnemar(first: int, second: int) -> Tested:
    """McNemar's exact test: of what only one of two sides has, does each have half?

    ``first`` faces only one model gets right, or left a class; ``second`` only the other gets right, or joined it.

    Returns:
        ``first``, and the two-sided binomial p; p is 1 where both are 0.

    Source: McNemar 1947, Psychometrika 12, 153-157; the binomial form, as ``statsmodels`` with ``exact=True``.

    >>> mcnemar(2, 0)
    Tested(statistic=2.0, p=0.5, df=nan)
    """
    from scipy.special import bdtr

    return Tested(float(first), min(1.0, 2 * float(bdtr(min(first, second), first + second, 0.5))))


def cohens_d(a: FloatArray, b: FloatArray) -> float:
    r"""Cohen's d of two independent samples: the difference of means in pooled standard deviations.

    .. math:: d = (\bar{a} - \bar{b}) / s_p

    nan where there is no variance. It is t times the root of 2 / N.

    Source: Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 2.
    """
    if len(a) + len(b) < 3:
        return float("nan")
    squares = ((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()
    if _constant(a, a) and _constant(b, b):
        return float("nan")
    return float((a.mean() - b.mean()) / np.sqrt(squares / (len(a) + len(b) - 2)))


def cohens_dz(a: FloatArray, b: FloatArray) -> float:
    r"""Cohen's d_z of pairs: the mean difference in standard deviations of differences.

    .. math:: d_z = \bar{d} / s_d

    nan where all differences are equal.

    Source: Cohen 1988, section 2.3.5; Lakens 2013, Frontiers in Psychology 4, 863.
    """
    difference = a - b
    if len(difference) < 2 or _constant(difference, a, b):
        return float("nan")
    return float(difference.mean() / difference.std(ddof=1))


def holm(p: Sequence[float | None] | FloatArray) -> list[float]:
    r"""Holm's correction for several tests, step-down.

    .. math:: \tilde{p}_{(i)} = \max_{j \le i} \min(1, (m - j + 1)\, p_{(j)})

    p is nan or None where a test is undefined, which is no test and does not count.

    Source: Holm 1979, Scandinavian Journal of Statistics 6, 65-70.

    >>> [round(corrected, 4) for corrected in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, dtype=np.float64)
    result = np.full(len(values), np.nan)
    order = [i for i in np.argsort(values, kind="stable") if np.isfinite(values[i])]
    if order:
        factors = np.arange(len(order), 0, -1)
        result[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return [float(corrected) for corrected in result]


def correct(rows: Sequence[dict[str, Any]], tested: Sequence[Mapping[str, Any] | None]) -> None:
    """Give each row ``holm``, the corrected ``p`` of what is tested in it; None where nothing is, or undefined.

    >>> rows = [{"p": 0.01}, {"p": None}]
    >>> correct(rows, rows)
    >>> rows
    [{'p': 0.01, 'holm': 0.01}, {'p': None, 'holm': None}]
    """
    corrected = holm([None if one is None else one["p"] for one in tested])
    for row, p in zip(rows, corrected, strict=True):
        row["holm"] = p if np.isfinite(p) else None


def _t(a: FloatArray, b: FloatArray, *, equal: bool) -> Tested:
    if min(len(a), len(b)) < 2 or (_constant(a, a) and _constant(b, b)):
        return UNDEFINED
    from scipy.special import stdtr  # scipy.stats, which has the whole test, takes a second to import

    one, other = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    if equal:
        df = len(a) + len(b) - 2.0
        pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / df
        error = np.sqrt(pooled * (1 / len(a) + 1 / len(b)))
    else:
        df = (one + other) ** 2 / (one**2 / (len(a) - 1) + other**2 / (len(b) - 1))
        error = np.sqrt(one + other)
    t = (a.mean() - b.mean()) / error
    return Tested(float(t), float(2 * stdtr(df, -abs(t))), float(df))


def _constant(values: FloatArray, *sources: FloatArray) -> bool:
    """Whether what varies is rounding alone, of the numbers that the values come from."""
    scale = max(float(np.abs(source).max()) for source in sources)
    return bool(np.ptp(values) <= 8 * np.finfo(np.float64).eps * scale)
