"""How many raters does a face need? From a pilot's votes, what panels of other sizes would give.

Each face has a distribution of answers in the population of raters. The pilot shows a few draws from it, so the
distributions of its faces are taken as drawn from a mixture of Dirichlet distributions, fitted to the pilot (empirical
Bayes). A plan is what panels of k raters, drawn from faces of this mixture, give on the average. How far any other
distribution of faces with the same votes could be from that, ``band`` says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from fer_exp.metrics.affect import pearson
from fer_exp.metrics.distribution import entropy, kl_divergence, l1
from fer_exp.metrics.words import spoken
from fer_exp.raters.band import band, kl_of_class, l1_of_class
from fer_exp.stats.bootstrap import FloatArray, percentile_intervals
from fer_exp.stats.shares import shares_of_logs

METRICS = {
    "l1": spoken("l1", short=True),
    "kl": spoken("kl_divergence", short=True),
    "entropy_correlation": spoken("entropy_correlation", short=True),
    "majority_right": "majority right",
}
"""Metric -> its words. Of a panel's vote fractions against the population: mean L1 and KL (of a panel with half a vote
more a class, human first), the correlation of entropies over faces, and the chance that the panel's majority is the
population's (k tied classes are right 1 time in k)."""

SIZES = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000)
"""Panels whose band is computed; those between them lie between theirs."""


class Mixture(NamedTuple):
    """Dirichlet distributions: their ``shares`` (C,) and their parameters ``alpha`` (C, K)."""

    shares: FloatArray
    alpha: FloatArray


def log_likelihood(counts: FloatArray, alpha: FloatArray) -> FloatArray:
    r"""Log probability of each face's answers, in the order they came, under each Dirichlet.

    .. math:: \ln \frac{\Gamma(A)}{\Gamma(A + n)} \prod_k \frac{\Gamma(\alpha_k + n_k)}{\Gamma(\alpha_k)},
        \quad A = \sum_k \alpha_k

    Source: Minka 2000, Estimating a Dirichlet distribution (Polya distribution).

    >>> log_likelihood(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]])).round(4)
    array([[-0.6931]])
    """
    total = alpha.sum(axis=1)
    by_class = gammaln(counts[:, None, :] + alpha) - gammaln(alpha)
    return np.asarray(gammaln(total) - gammaln(counts.sum(axis=1)[:, None] + total) + by_class.sum(axis=2))


def fit(counts: FloatArray, start: Mixture | None = None, steps: int = 200) -> Mixture:
    """Fit the mixture by EM: one component a class and one for ambiguous faces, Minka's fixed point within.

    Args:
        counts: votes of the pilot's faces, shape (N, K).
        start: where to begin; None for peaked components, one a class, and a broad one.
        steps: at most so many; ends when the log likelihood a face gains less than 1e-5.

    Source: Minka 2000, Estimating a Dirichlet distribution, equation 55, weighted by the components' responsibilities.
    """
    counts, many = np.unique(counts, axis=0, return_counts=True)
    classes = counts.shape[1]
    if start is None:
        general = counts.T @ many / (counts.sum(axis=1) @ many)
        alpha = np.vstack([0.3 * general + 4 * np.eye(classes), 4 * general]) + 0.02
        start = Mixture(np.full(classes + 1, 1 / (classes + 1)), alpha)
    (shares, alpha), before, number = start, -np.inf, counts.sum(axis=1)
    for _ in range(steps):
        log = log_likelihood(counts, alpha) + np.log(np.maximum(shares, 1e-12))
        posterior, constants = shares_of_logs(log)
        weight = posterior * many[:, None]
        likelihood = float((constants * many).sum())
        if likelihood - before < 1e-5 * many.sum():
            break
        before = likelihood
        shares = weight.sum(axis=0) / many.sum()
        for _ in range(3):
            sums = alpha.sum(axis=1)
            above = np.einsum("nc,nck->ck", weight, digamma(counts[:, None, :] + alpha) - digamma(alpha))
            below = (weight * (digamma(number[:, None] + sums) - digamma(sums))).sum(axis=0)
            alpha = np.clip(alpha * above / np.maximum(below, 1e-12)[:, None], 1e-3, 1e4)
    return Mixture(shares, alpha)


def draw_faces(mixture: Mixture, faces: int, generator: np.random.Generator) -> FloatArray:
    """Distributions of answers of new faces, shape (faces, K), rows sum to 1."""
    component = generator.choice(len(mixture.shares), faces, p=mixture.shares / mixture.shares.sum())
    return dirichlet(mixture.alpha[component], generator)


def dirichlet(alpha: FloatArray, generator: np.random.Generator) -> FloatArray:
    """A draw from the Dirichlet distribution of each row of parameters, shape (N, K), rows sum to 1."""
    gammas = generator.standard_gamma(alpha) + 1e-300
    return np.asarray(gammas / gammas.sum(axis=1, keepdims=True))


def curves(truth: FloatArray, sizes: NDArray[np.int64], generator: np.random.Generator) -> FloatArray:
    """What panels of growing size give against the population, one panel a face that rater after rater joins.

    ``truth`` are distributions of answers in the population, shape (N, K); the ``sizes`` ascend, shape (S,).

    Returns:
        Means over faces, shape (S, 4), in the order of ``METRICS``.
    """
    faces, classes = truth.shape
    best = truth == truth.max(axis=1, keepdims=True)
    target = entropy(truth)
    answers = (generator.random((faces, int(sizes[-1]))).T[:, :, None] > truth.cumsum(axis=1)[None, :, :-1]).sum(axis=2)
    counts = np.zeros((faces, classes))
    rows = np.arange(faces)
    means: list[list[float]] = []
    for k, answer in enumerate(answers, start=1):
        counts[rows, answer] += 1
        if k in sizes:
            panel = counts / k
            top = counts == counts.max(axis=1, keepdims=True)
            right = (top & best).sum(axis=1) / top.sum(axis=1)
            correlation = float(pearson(target, entropy(panel))(None))
            smooth = (counts + 0.5) / (k + classes / 2)
            means.append([l1(truth, panel).mean(), kl_divergence(truth, smooth).mean(), correlation, right.mean()])
    return np.array(means)


def plan(
    counts: FloatArray, raters: int = 100, *, samples: int = 50, faces: int = 2000, seed: int = 0,
    log: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:  # fmt: skip
    """Expected quality of a panel of k raters, k = 1..raters, with intervals.

    Args:
        counts: votes of the pilot's faces, shape (N, K), some with two raters or more.
        raters: the largest panel.
        samples: bootstrap replicates of the pilot's faces, to each of which the mixture is fitted again; 0 for none.
        faces: simulated faces a replicate.
        log: receives a line of progress.

    Returns:
        One row a panel size: ``raters``, and of each of ``METRICS`` the value, ``_low`` and ``_high``: of L1 and KL
        the band, or the bootstrap's interval where that is wider; ``extrapolated`` where the panel is larger than the
        pilot's typical (median) one; ``outside`` where the mixture's L1 was outside the band, at whose end it is then.
    """
    sizes = np.arange(1, raters + 1)
    fitted = fit(counts)
    value = curves(draw_faces(fitted, 4 * faces, np.random.default_rng([seed, 4])), sizes, np.random.default_rng(seed))
    drawn = np.empty((samples, raters, 4))
    generator = np.random.default_rng([seed, 5])
    for number in range(samples):
        again = fit(counts[generator.integers(0, len(counts), len(counts))], fitted, steps=60)
        drawn[number] = curves(draw_faces(again, faces, generator), sizes, generator)
        if 10 * (number + 1) // samples > 10 * number // samples:
            log(f"plan: {number + 1} of {samples} replicates")
    table = pd.DataFrame({"raters": sizes, "extrapolated": sizes > np.median(counts.sum(axis=1))})
    bands = bands_of(counts, sizes, seed)
    for place, metric in enumerate(METRICS):
        table[metric] = value[:, place]
        ends = percentile_intervals(drawn[:, :, place]) if samples else np.full((2, raters), np.nan)
        if metric in bands:
            wider = ~(np.diff(ends, axis=0)[0] > np.diff(bands[metric], axis=0)[0])
            ends = np.where(wider, bands[metric], ends)
            table[metric] = table[metric].clip(*bands[metric])
        if samples or metric in bands:
            table[f"{metric}_low"], table[f"{metric}_high"] = ends
    table["outside"] = table["l1"] != value[:, 0]
    return table


def bands_of(counts: FloatArray, sizes: NDArray[np.int64], seed: int = 0) -> dict[str, FloatArray]:
    """The band of L1 and KL for ascending panel sizes (S,): low and high, shape (2, S).

    These are sums over classes; the intervals of other metrics stand and fall with the mixture.
    """
    classes = counts.shape[1]
    few = np.unique([size for size in (*SIZES, sizes[-1]) if size <= sizes[-1]])
    found = band(counts, {"l1": l1_of_class, "kl": lambda k, share: kl_of_class(k, share, classes)}, few, seed)
    return {
        metric: np.stack([np.interp(np.log(sizes), np.log(few), end) for end in ends]) for metric, ends in found.items()
    }


def check(counts: FloatArray, seed: int = 0, draws: int = 20) -> dict[str, float]:
    """Does the mixture give what the pilot shows? L1 of half a panel against the other half, seen and simulated.

    Returns:
        ``seen`` and ``simulated``, means over faces with two raters or more and so many ``draws``.
    """
    generator = np.random.default_rng([seed, 6])
    counts = counts[counts.sum(axis=1) >= 2]
    total = counts.sum(axis=1).astype(np.int64)
    small, large = total // 2, total - total // 2
    fitted = fit(counts)
    seen, simulated = [], []
    for _ in range(draws):
        half = generator.multivariate_hypergeometric
        one = np.stack([half(row, size) for row, size in zip(counts.astype(np.int64), small, strict=True)])
        seen.append(l1(one / small[:, None], (counts - one) / large[:, None]).mean())
        truth = draw_faces(fitted, len(counts), generator)
        panels = [generator.multinomial(size, truth) / size[:, None] for size in (small, large)]
        simulated.append(l1(*panels).mean())
    return {"seen": float(np.mean(seen)), "simulated": float(np.mean(simulated))}


def saturation(table: pd.DataFrame) -> dict[str, int]:
    """The smallest panel that has made 90 % of the way from one rater to the largest panel, per metric.

    >>> saturation(pd.DataFrame({"raters": [1, 2, 3], "l1": [1.0, 0.05, 0.0]}))
    {'l1': 2}
    """
    sizes = {}
    for metric in METRICS:
        if metric in table:
            known = table[metric].notna()  # one rater has no entropy to correlate, nor have raters who always agree
            if not known.any():
                continue
            values = table[metric][known].to_numpy(np.float64)
            way = values[-1] - values[0]
            gone = (values - values[0]) / way if way else np.ones(len(values))  # nobody differs: one rater is enough
            sizes[metric] = int(table["raters"][known].iloc[int((gone >= 0.9).argmax())])
    return sizes


def spend(
    table: pd.DataFrame, mixture: Mixture, budget: int | None = None, faces: int | None = None, seed: int = 0
) -> pd.DataFrame:
    r"""What panels of each size cost and bring: of so many faces, or of as many as a budget of answers allows.

    Args:
        table: as ``plan`` gives it.
        mixture: as ``fit`` gives it.
        budget: answers in all; more faces, or more raters a face? None for no limit.
        faces: to be labelled; None for as many as the budget allows.

    Returns:
        One row a panel size k that the budget allows: ``raters``, ``faces`` (else budget // k), ``answers``, ``l1`` and
        ``majority_right`` from the table, ``right_labels`` = faces times the chance that a majority is right,
        ``wrong_labels``, and ``share_error``: the standard error of a class's share over faces, root mean square over
        classes, :math:`\sqrt{(b + w / k) / F}` with b the variance between faces and w within.

    Source:
        Cochran 1977, Sampling Techniques, chapter 10 (two-stage sampling): for means over faces more faces win always.
    """
    truth = draw_faces(mixture, 20_000, np.random.default_rng([seed, 7]))
    between, within = truth.var(axis=0), (truth * (1 - truth)).mean(axis=0)
    limit = np.inf if budget is None else budget / (faces or 1)
    rows = table[table["raters"] <= limit][["raters", "extrapolated", "l1", "majority_right"]].copy()
    k = rows["raters"].to_numpy()
    number = np.full(len(k), faces) if faces is not None else (budget or 0) // k
    rows.insert(1, "faces", number)
    rows.insert(2, "answers", number * k)
    rows["right_labels"] = number * rows["majority_right"]
    rows["wrong_labels"] = number - rows["right_labels"]
    rows["share_error"] = np.sqrt(((between + within / k[:, None]) / number[:, None]).mean(axis=1))
    return rows


def advice(table: pd.DataFrame, bought: pd.DataFrame, l1: float, faces: int | None = None) -> list[str]:
    """What a plan comes to, in sentences.

    Args:
        table: as ``plan`` gives it.
        bought: as ``spend`` gives it.
        l1: the distance of soft labels to the population that is aimed at.
        faces: to be labelled, where they are given.

    Returns:
        Where more raters gain little, the fewest that reach the aim, for certain and at best, what the pilot lacks, and
        the best ways to spend a budget.
    """
    largest = int(table["raters"].max())
    reached = ", ".join(f"{METRICS[metric]} {size}" for metric, size in saturation(table).items())
    sentences = [f"raters that reach 90 % of the gain from one rater to {largest}, by the fitted mixture: {reached}"]
    least, enough = (_first(table, f"l1_{end}", l1) for end in ("low", "high"))
    aim = f"soft labels within L1 {l1:g} of the population"
    if enough is None:
        sentences.append(f"{aim}: more than {largest} raters a face" + _open(least, " may be needed; at best"))
    else:
        row = bought[bought["raters"] == enough]
        buys = f", {int(row['faces'].iloc[0]):,} faces for {int(row['answers'].iloc[0]):,} answers" if len(row) else ""
        sentences.append(f"{aim}: {_raters(enough)} a face{buys}" + _open(least, "; at best") * (least != enough))
    if least is not None and (enough is None or enough > 1.5 * least):
        many = max(30, 2 * (enough or largest))
        sentences.append(
            "the pilot cannot tell which of these is right, and more faces with as few raters would help little: let "
            f"about {many} raters answer about 40 of the faces, add their answers to the pilot and plan again"
        )
    one = bought.iloc[0]
    if faces is None:
        most = bought.iloc[int(bought["right_labels"].to_numpy().argmax())]
        sentences.append(
            f"{int(one['answers']):,} answers give the most faces with a right majority as "
            f"{_raters(int(most['raters']))} on {int(most['faces']):,} faces, {most['right_labels']:,.0f} right and "
            f"{most['wrong_labels']:,.0f} wrong"
        )
        sentences.append(
            f"shares of classes and other means over faces: one rater on {int(one['faces']):,} faces (standard error "
            f"{100 * one['share_error']:.2f} points); more raters a face make it larger"
        )
    else:
        last = bought.iloc[-1]
        sentences.append(
            f"the largest panel here, {_raters(int(last['raters']))} a face ({int(last['answers']):,} answers), gets "
            f"{last['right_labels']:,.0f} of {faces:,} majorities right; one rater gets {one['right_labels']:,.0f}"
        )
    return sentences


def _first(table: pd.DataFrame, column: str, aim: float) -> int | None:
    """The fewest raters whose column is at most the aim."""
    reached = table["raters"][table[column] <= aim]
    return int(reached.iloc[0]) if len(reached) else None


def _raters(number: int) -> str:
    return "1 rater" if number == 1 else f"{number} raters"


def _open(least: int | None, words: str) -> str:
    return "" if least is None else f"{words} {least}"
