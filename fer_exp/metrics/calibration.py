"""Are probabilities as right as they are sure? Against one label per face, or against the share of people who agree.

``stated`` and ``happened`` are matrices of the same shape (N, C): what the model says will happen, 0..1, and what did:
1 or 0 where a label decides, the share of human votes where people do. Votes are draws, so a share is a mean of events
and every formula below holds for it as it does for labels.

``labels`` are class codes 0..K-1, shape (N,), ``human`` vote fractions u and ``probabilities`` p, shape (N, K), rows
sum to 1. Bins are ``BINS``, of equal width unless said otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_exp.metrics.classification import onehot, shared_top
from fer_exp.stats.bootstrap import JACKKNIFE, NOTHING, FloatArray, OfSums
from fer_exp.stats.ranges import LEVEL

BINS = 15  # as in Guo et al. 2017


def top_answer(truth: FloatArray, probabilities: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Confidence in the top class, and how true that class is; of equal tops, their mean.

    Returns:
        ``stated`` and ``happened``, both shape (N, 1).

    >>> top_answer(np.array([[0.7, 0.3]]), np.array([[0.9, 0.1]]))
    (array([[0.9]]), array([[0.7]]))
    """
    return probabilities.max(axis=1, keepdims=True), (truth * shared_top(probabilities)).sum(axis=1, keepdims=True)


def bin_numbers(stated: FloatArray, bins: int = BINS, mass: str = "width") -> NDArray[np.int64]:
    """The bin of each stated value, 0..bins-1, in each column by itself, shape (N, C).

    Args:
        stated: shape (N, C), 0..1.
        bins: number of bins; each holds its upper edge and not its lower one, the first also its 0.
        mass: ``width`` for edges at b / bins; ``count`` for edges at the quantiles of the column, so that bins hold
            equally many faces (equal values stay together).

    >>> bin_numbers(np.array([[0.2], [0.5], [0.9]]), bins=2).ravel()
    array([0, 0, 1])
    """
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    if mass == "width":
        return np.searchsorted(inner, stated, side="left")
    edges = np.quantile(stated, inner, axis=0)
    columns = [np.searchsorted(edges[:, c], stated[:, c], side="left") for c in range(stated.shape[1])]
    return np.stack(columns, axis=1)


def calibration_error(stated: FloatArray, happened: FloatArray, mass: str = "width") -> OfSums:
    r"""Expected calibration error: the mean gap between what is stated and what happens, over bins.

    .. math:: \frac{1}{C} \sum_c \sum_b \frac{n_{bc}}{N} |\bar{o}_{bc} - \bar{p}_{bc}|

    Stated is the confidence (C = 1), or every class's probability (C = K, "classwise"). The edges of bins, see
    ``bin_numbers``, are those of all faces, in every replicate.

    Returns:
        0 (calibrated) to 1, less is better. Biased upwards where bins hold few faces, and replicates of it are once
        more, so that it has no interval; ``errors_if_calibrated`` says what a calibrated model would get.

    Source:
        Guo et al. 2017, On calibration of modern neural networks, ICML, equation 3; classwise: Kull et al. 2019;
        equal counts: Nguyen and O'Connor 2015, EMNLP; Nixon et al. 2019.

    >>> float(calibration_error(np.array([[0.8], [0.8]]), np.array([[1.0], [0.0]]))(None).round(4))
    0.3
    """
    faces, columns = stated.shape
    # n_b |mean difference| is the absolute sum of differences in a bin, so empty bins need no rule.
    gaps = np.zeros((faces, columns * BINS))
    cells = bin_numbers(stated, mass=mass) + np.arange(columns) * BINS
    np.put_along_axis(gaps, cells, happened - stated, axis=1)
    return OfSums(gaps, lambda sums, total: np.abs(sums).sum(axis=-1) / total / columns, ends=NOTHING)


def errors_if_calibrated(
    probabilities: FloatArray, votes: NDArray[np.int64], samples: int = 200, seed: int = 0
) -> dict[str, float]:
    """What calibration errors a model would get that is calibrated: their upper quantiles by consistency resampling.

    Faces are drawn with replacement, and what happens to each is drawn from what the model states, so nothing but
    chance parts them.

    Args:
        probabilities: shape (N, K).
        votes: how many draws each face has, shape (N,); 1 for a label.
        samples: how often all is drawn.
        seed: of that.

    Returns:
        ``ece``, ``ece_equal_count`` and ``classwise_ece``: an error above them is more than chance.

    Source: Bröcker and Smith 2007, Weather and Forecasting 22, 651-661.

    >>> sure = np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> errors_if_calibrated(sure, np.array([1, 1]))["ece"]  # what is certain happens
    0.0
    """
    generator = np.random.default_rng([seed, 4])
    p = probabilities.astype(np.float64)
    p /= p.sum(axis=1, keepdims=True)
    top, tops = p.max(axis=1, keepdims=True), shared_top(p)
    cells = {
        "ece": bin_numbers(top),
        "ece_equal_count": bin_numbers(top, mass="count"),
        "classwise_ece": bin_numbers(p) + np.arange(p.shape[1]) * BINS,
    }
    one_draw = bool((votes == 1).all())
    limits = p.cumsum(axis=1)[:, :-1]
    found = np.empty((samples, len(cells)))
    for sample in range(samples):
        faces = generator.integers(0, len(p), len(p))
        if one_draw:  # several times as fast
            drawn = (generator.random((len(p), 1)) > limits[faces]).sum(axis=1)
            happened = onehot(drawn, p.shape[1])
        else:
            happened = generator.multinomial(votes[faces], p[faces]) / votes[faces, None]
        of_top = (happened * tops[faces]).sum(axis=1, keepdims=True) - top[faces]
        gaps = {"classwise_ece": (happened - p[faces]) / p.shape[1]}
        for place, (name, bins) in enumerate(cells.items()):
            sums = np.bincount(bins[faces].ravel(), gaps.get(name, of_top).ravel())
            found[sample, place] = np.abs(sums).sum() / len(p)
    return dict(zip(cells, map(float, np.quantile(found, LEVEL, axis=0)), strict=True))


def calibration_error_debiased(stated: FloatArray, happened: FloatArray) -> OfSums:
    r"""Root mean squared calibration error without the bias that few faces a bin bring.

    .. math:: \sqrt{\max\left(0, \sum_b \frac{n_b}{N}
        \left[(\bar{o}_b - \bar{p}_b)^2 - \frac{s_b^2}{n_b}\right]\right)}, \quad
        s_b^2 = \frac{1}{n_b - 1} \sum_{i \in b} (o_i - \bar{o}_b)^2

    For labels s_b^2 / n_b is acc (1 - acc) / (n_b - 1), as in the source. A bin with one face has no variance and is
    left out. Squares weigh large gaps more, so the value is no less than an ECE of the same gaps. Bins hold as many
    faces, and both sides have shape (N, 1).

    Returns:
        0 to 1, less is better; 0 also where the correction exceeds what is found. A face that is drawn twice has no
        variance, so its interval is a jackknife's.

    Source: Kumar, Liang, Ma 2019, Verified uncertainty calibration, NeurIPS, section 5 (the debiased estimator).
    """
    cells = onehot(bin_numbers(stated, mass="count")[:, 0], BINS)
    columns = np.hstack([cells, cells * stated, cells * happened, cells * happened**2])

    def finish(sums: FloatArray, total: FloatArray) -> FloatArray:
        count, stated_sum, was, squares = (sums[..., i * BINS : (i + 1) * BINS] for i in range(4))
        variance = np.maximum(squares - was**2 / count, 0.0) / (count - 1)
        gap = ((was - stated_sum) / count) ** 2 - variance / count
        usable = count > 1
        weight = np.where(usable, count, 0.0)
        mean = (np.where(usable, gap, 0.0) * weight).sum(axis=-1) / weight.sum(axis=-1)
        return np.asarray(mean)

    return OfSums(columns, finish, lambda mean: np.sqrt(np.maximum(mean, 0.0)), JACKKNIFE)


def brier_parts(stated: FloatArray, happened: FloatArray) -> dict[str, OfSums]:
    r"""Murphy's decomposition of the Brier score, each class by itself, summed over classes, without its bias.

    .. math:: \underbrace{\sum_k \sum_b \frac{n_{bk}}{N} (\bar{p}_{bk} - \bar{o}_{bk})^2 - c}_{reliability} -
        \underbrace{\Bigl(\sum_k \sum_b \frac{n_{bk}}{N} (\bar{o}_{bk} - \bar{o}_k)^2 - c + d\Bigr)}_{resolution} +
        \underbrace{\sum_k \bar{o}_k (1 - \bar{o}_k) + d}_{uncertainty}, \quad
        c = \sum_k \sum_b \frac{s_{bk}^2}{N}, \quad d = \sum_k \frac{s_k^2}{N}

    c and d are what few faces a bin add: s² is the variance of what happens, in a bin and in all, which for labels is
    \bar{o} (1 - \bar{o}) n / (n - 1). A bin of one face has no variance, and takes no part in c. The sum of the parts
    is the Brier score where all faces of a bin state the same; else the score differs from it by what varies within
    bins (Stephenson et al. 2008).

    Returns:
        ``reliability`` (0 is best, up to 2, may fall below 0 by chance), ``resolution`` (more is better, about
        ``uncertainty`` at most) and ``uncertainty`` (of the faces, not of the model; 0 to about 1 - 1/K).

    Source: Murphy 1973, Journal of Applied Meteorology 12, 595-600; Ferro and Fricker 2012, Quarterly Journal of the
    Royal Meteorological Society 138, 1954-1960.
    """
    faces, classes = stated.shape
    cells = bin_numbers(stated) + np.arange(classes) * BINS
    kept = np.ones_like(stated), stated, happened, happened**2
    columns = np.zeros((faces, len(kept) * classes * BINS))
    for place, values in enumerate(kept):
        np.put_along_axis(columns, cells + place * classes * BINS, values, axis=1)

    def sums_of(sums: FloatArray) -> FloatArray:
        return np.moveaxis(sums.reshape(*sums.shape[:-1], len(kept), classes, BINS), -3, 0)

    def few(count: FloatArray, was: FloatArray, squares: FloatArray) -> FloatArray:
        """The sum of variances, 0 where there is one face."""
        return np.asarray(_quotient(squares - _quotient(was**2, count), count - 1).sum(axis=-1))

    def reliability(sums: FloatArray, total: FloatArray) -> FloatArray:
        count, stated_sum, was, squares = sums_of(sums)
        gaps = (_quotient(stated_sum - was, count) ** 2 * count).sum(axis=-1)
        return np.asarray((gaps - few(count, was, squares)).sum(axis=-1) / total)

    def resolution(sums: FloatArray, total: FloatArray) -> FloatArray:
        count, _, was, squares = sums_of(sums)
        mean = was.sum(axis=-1, keepdims=True) / total[..., None, None]
        apart = ((_quotient(was, count) - mean) ** 2 * count).sum(axis=-1) - few(count, was, squares)
        return np.asarray((apart + of_all(sums, total)).sum(axis=-1) / total)

    def uncertainty(sums: FloatArray, total: FloatArray) -> FloatArray:
        mean = sums_of(sums)[2].sum(axis=-1) / total[..., None]
        return np.asarray((mean * (1 - mean) + of_all(sums, total) / total[..., None]).sum(axis=-1))

    def of_all(sums: FloatArray, total: FloatArray) -> FloatArray:
        _, _, was, squares = sums_of(sums).sum(axis=-1)
        number = np.asarray(total)[..., None]
        return np.asarray((squares - was**2 / number) / (number - 1))

    finishers = {"reliability": reliability, "resolution": resolution, "uncertainty": uncertainty}
    return {name: OfSums(columns, finish, ends=JACKKNIFE) for name, finish in finishers.items()}


def reliability_curve(
    stated: FloatArray, happened: FloatArray, bins: int
) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
    """The points of a reliability diagram: mean stated, mean happened and number of faces of each bin with faces."""
    cells = onehot(bin_numbers(stated, bins)[:, 0], bins)
    count = cells.sum(axis=0)
    used = count > 0
    means = [(cells.T @ side[:, 0])[used] / count[used] for side in (stated, happened)]
    return means[0], means[1], count[used].astype(np.int64)


def brier(labels: NDArray[np.int64], probabilities: FloatArray) -> FloatArray:
    r"""Brier score of each face, over all classes.

    .. math:: \sum_k (p_k - [y = k])^2

    0 (certain and right) to 2 (certain and wrong), shape (N,).

    Source: Brier 1950, Monthly Weather Review 78, 1-3 (the original form; binary software often halves it).

    >>> brier(np.array([0]), np.array([[0.5, 0.5]]))
    array([0.5])
    """
    return np.asarray(((probabilities - onehot(labels, probabilities.shape[1])) ** 2).sum(axis=1))


def brier_people(human: FloatArray, probabilities: FloatArray) -> FloatArray:
    r"""Brier score of each face, against a vote of one of its raters: the mean over all of them.

    .. math:: \sum_j u_j \sum_k (p_k - [j = k])^2 = \sum_k (p_k - u_k)^2 + 1 - \sum_k u_k^2

    0 to 2, shape (N,). Linear in the votes, so few of them bring no bias.

    Source: Brier 1950, with a vote in the place of the event.
    """
    return np.asarray(((probabilities - human) ** 2).sum(axis=1) + 1 - (human**2).sum(axis=1))


def nll(labels: NDArray[np.int64], probabilities: FloatArray) -> FloatArray:
    r"""Negative log-likelihood of each face's label, in nats.

    .. math:: -\ln p_y

    0 to 36, shape (N,). Only what is below the float64 epsilon, 2.2e-16, is raised to it (as sklearn does), so that the
    mean is the validation loss even of a network that is very sure.

    Source: Good 1952; ``sklearn.metrics.log_loss``.
    """
    chosen = probabilities[np.arange(len(labels)), labels]
    # A probability of 1 + 1e-8, off by float32 rounding, has no negative loss.
    return -np.log(np.clip(chosen, np.finfo(np.float64).eps, 1.0))


def _quotient(above: FloatArray, below: FloatArray) -> FloatArray:
    """A quotient that is 0 where nothing is there."""
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > 0))
