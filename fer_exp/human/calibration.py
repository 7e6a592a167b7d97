"""Probabilities against one label per face: are they as right as they are sure?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_exp.stats.bootstrap import FloatArray, unit_weights

BINS = 15  # as in Guo et al. 2017


def ece(
    labels: NDArray[np.int64], probabilities: FloatArray, weights: FloatArray | None = None, bins: int = BINS
) -> FloatArray:
    r"""Expected calibration error of the top answer, over bins of equal width.

    .. math:: \sum_b \frac{n_b}{N} |\mathrm{acc}(b) - \mathrm{conf}(b)|

    Args:
        labels: class codes 0..K-1, shape (N,).
        probabilities: shape (N, K), rows sum to 1; equal top probabilities go to the first class.
        weights: how often each face counts, shape (N,) or (B, N); None counts each once.
        bins: number of bins ((b - 1) / bins, b / bins], the first with its 0.

    Returns:
        0 (calibrated) to 1, shape () or (B,). Biased upwards in small samples, and so are its bootstrap replicates.

    Source:
        Guo et al. 2017, On calibration of modern neural networks, ICML, equation 3.

    >>> float(ece(np.array([0, 1]), np.array([[0.8, 0.2], [0.8, 0.2]])).round(4))
    0.3
    """
    confidence = probabilities.max(axis=1)
    correct = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    return _binned_gap(confidence[:, None], correct[:, None], weights, bins)


def classwise_ece(
    labels: NDArray[np.int64], probabilities: FloatArray, weights: FloatArray | None = None, bins: int = BINS
) -> FloatArray:
    r"""Calibration error of every class's probability, averaged over all K classes.

    .. math:: \frac{1}{K} \sum_k \sum_b \frac{n_{bk}}{N} |\mathrm{freq}_k(b) - \bar{p}_k(b)|

    Args:
        labels: class codes 0..K-1, shape (N,).
        probabilities: shape (N, K), rows sum to 1.
        weights: how often each face counts, shape (N,) or (B, N); None counts each once.
        bins: number of bins ((b - 1) / bins, b / bins], the first with its 0.

    Returns:
        0 (calibrated) to 1, shape () or (B,).

    Source:
        Kull et al. 2019, Beyond temperature scaling, NeurIPS; Nixon et al. 2019 call it static calibration error.

    >>> float(classwise_ece(np.array([0, 1]), np.array([[0.8, 0.2], [0.8, 0.2]])).round(4))
    0.3
    """
    return np.asarray(
        _binned_gap(probabilities, _onehot(labels, probabilities.shape[1]), weights, bins) / probabilities.shape[1]
    )


def brier(labels: NDArray[np.int64], probabilities: FloatArray) -> FloatArray:
    r"""Brier score of each face, over all classes.

    .. math:: \sum_k (p_k - [y = k])^2

    Args:
        labels: class codes 0..K-1, shape (N,).
        probabilities: shape (N, K), rows sum to 1.

    Returns:
        One score per face, shape (N,), 0 (certain and right) to 2 (certain and wrong); their mean is reported.

    Source:
        Brier 1950, Monthly Weather Review 78, 1-3 (the original form; binary software often halves it).

    >>> brier(np.array([0]), np.array([[0.5, 0.5]]))
    array([0.5])
    """
    return np.asarray(((probabilities - _onehot(labels, probabilities.shape[1])) ** 2).sum(axis=1))


def nll(labels: NDArray[np.int64], probabilities: FloatArray) -> FloatArray:
    r"""Negative log-likelihood of each face's label, in nats.

    .. math:: -\ln p_y

    Args:
        labels: class codes 0..K-1, shape (N,).
        probabilities: shape (N, K), rows sum to 1. Only what is below the float64 epsilon, 2.2e-16, is raised to it
            (as sklearn does), so that the mean is the validation loss even of a network that is very sure.

    Returns:
        One value per face, shape (N,), 0 to 36; their mean is reported.

    Source:
        Good 1952; ``sklearn.metrics.log_loss``.

    >>> nll(np.array([0]), np.array([[0.5, 0.5]])).round(4)
    array([0.6931])
    """
    chosen = probabilities[np.arange(len(labels)), labels]
    # A probability of 1 + 1e-8, off by float32 rounding, has no negative loss.
    return -np.log(np.clip(chosen, np.finfo(np.float64).eps, 1.0))


def _onehot(labels: NDArray[np.int64], classes: int) -> FloatArray:
    onehot = np.zeros((len(labels), classes))
    onehot[np.arange(len(labels)), labels] = 1.0
    return onehot


def _binned_gap(stated: FloatArray, happened: FloatArray, weights: FloatArray | None, bins: int) -> FloatArray:
    """Sum over columns and bins of |sum of (happened - stated)| / N; both shape (N, C).

    n_b |acc - conf| is the absolute sum of the differences in a bin, so bins need no means and empty ones no rule.
    """
    faces, columns = stated.shape
    weights = unit_weights(faces) if weights is None else weights
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    cell = np.searchsorted(inner, stated, side="left") + np.arange(columns) * bins
    gaps = np.zeros((faces, columns * bins))
    np.put_along_axis(gaps, cell, happened - stated, axis=1)
    return np.asarray(np.abs(weights @ gaps).sum(axis=-1) / weights.sum(axis=-1))
