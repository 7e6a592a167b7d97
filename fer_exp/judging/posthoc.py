"""Simple repairs after training, fitted on validation faces alone: what is left is what the training taught.

If the one-hot network with a temperature is as close to people as the one taught by votes, it was only over-confident.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize, minimize_scalar
from scipy.special import softmax

from fer_exp.judging.applicable import Judged, arrays
from fer_exp.metrics.classification import onehot
from fer_exp.metrics.distribution import CLIP
from fer_exp.stats.bootstrap import FloatArray

COLDEST, WARMEST = 0.05, 20.0


def with_temperature(probabilities: FloatArray, temperature: float) -> FloatArray:
    r"""Probabilities whose logits are divided by a temperature.

    .. math:: v_k^{1/T} \Big/ \sum_j v_j^{1/T}

    The logits themselves are not needed: they are the logs of the probabilities, up to a constant that falls out.

    T above 1 is less sure. What float32 rounded to 0 is taken for 1e-38.

    Source: Guo et al. 2017, On calibration of modern neural networks, ICML, section 4.2.

    >>> with_temperature(np.array([[0.8, 0.2]]), 2.0).round(4)
    array([[0.6667, 0.3333]])
    """
    return np.asarray(softmax(_logits(probabilities) / temperature, axis=1))


def _logits(probabilities: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.maximum(probabilities, 1e-38)))


def _by_class(truth: FloatArray, probabilities: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Truth and logits with a row a class, (K, N): numpy sums a few long rows several times faster than many short."""
    return np.ascontiguousarray(truth.T), _logits(np.ascontiguousarray(probabilities.T))


def _cross_entropy(truth: FloatArray, scaled: FloatArray) -> tuple[float, FloatArray]:
    """Of logits, with a row a class: the mean over faces, and the probabilities, both (K, N)."""
    largest = scaled.max(axis=0)
    raised = np.exp(scaled - largest)
    total = raised.sum(axis=0)
    return float((np.log(total) + largest - (truth * scaled).sum(axis=0)).mean()), raised / total


def fit_temperature(truth: FloatArray, probabilities: FloatArray) -> float:
    """The temperature with the least cross-entropy.

    ``truth`` is one-hot labels (as published) or vote fractions, of validation faces, shape (N, K). From ``COLDEST`` to
    ``WARMEST``.
    """
    truth, logits = _by_class(truth, probabilities)

    def loss(log_temperature: float) -> float:
        return _cross_entropy(truth, logits / np.exp(log_temperature))[0]

    bounds = (np.log(COLDEST), np.log(WARMEST))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6}).x))


def with_uniform(probabilities: FloatArray, share: float) -> FloatArray:
    r"""Probabilities mixed with the uniform distribution: what label smoothing does to targets, done to answers.

    .. math:: (1 - s)\, v_k + s / K

    >>> with_uniform(np.array([[1.0, 0.0]]), 0.2)
    array([[0.9, 0.1]])
    """
    return np.asarray((1 - share) * probabilities + share / probabilities.shape[1])


def fit_uniform(truth: FloatArray, probabilities: FloatArray) -> float:
    """The share of uniform, 0..1, with the least cross-entropy against labels or vote fractions, both shape (N, K)."""
    truth, classes = np.ascontiguousarray(truth.T), np.ascontiguousarray(probabilities.T)

    def loss(share: float) -> float:
        mixed = (1 - share) * classes + share / len(classes)
        return float(-(truth * np.log(np.maximum(mixed, CLIP))).sum(axis=0).mean())

    return float(minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-7}).x)


def with_vector(probabilities: FloatArray, vector: FloatArray) -> FloatArray:
    r"""Probabilities after vector scaling: each class has a weight and a bias of its own.

    .. math:: v_k^{w_k}\, e^{b_k} \Big/ \sum_j v_j^{w_j}\, e^{b_j}

    Args:
        probabilities: shape (N, K).
        vector: K weights, then K biases; weights 1 / T and biases 0 are a temperature.

    Source: Guo et al. 2017, section 4.2; of probabilities it is the diagonal case of Dirichlet calibration, Kull et al.
    2019, Beyond temperature scaling, NeurIPS.

    >>> with_vector(np.array([[0.8, 0.2]]), np.array([0.5, 0.5, 0.0, 0.0])).round(4)
    array([[0.6667, 0.3333]])
    """
    weights, biases = np.split(vector, 2)
    return np.asarray(softmax(_logits(probabilities) * weights + biases, axis=1))


def fit_vector(truth: FloatArray, probabilities: FloatArray, temperature: float | None = None) -> FloatArray:
    """The vector with the least cross-entropy against labels or vote fractions, both shape (N, K).

    A normal prior of standard deviation 1 around the best temperature, worth as much as one face or so: a class that no
    face shows keeps a finite bias, and few faces move little. Biases that only shift all classes stay at mean 0.

    ``temperature`` is that of ``fit_temperature``, where it is known.
    """
    if temperature is None:
        temperature = fit_temperature(truth, probabilities)
    faces, start = len(truth), np.repeat([1 / temperature, 0.0], truth.shape[1])
    truth, logits = _by_class(truth, probabilities)

    def loss(vector: FloatArray) -> tuple[float, FloatArray]:
        weights, biases = np.split(vector[:, None], 2)
        value, model = _cross_entropy(truth, logits * weights + biases)
        apart = model - truth
        slope = np.concatenate([(apart * logits).mean(axis=1), apart.mean(axis=1)])
        off = vector - start
        return float(value + off @ off / 2 / faces), slope + off / faces

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)


class Repairs(NamedTuple):
    """Fitted on validation faces: the numbers of each repair (``registry.REPAIRS``), and on how many faces."""

    values: dict[str, FloatArray]
    faces: dict[str, int]


REPAIRING: dict[str, Callable[[FloatArray, Any], FloatArray]] = {
    "temperature": with_temperature,
    "temperature_votes": with_temperature,
    "smoothing_votes": with_uniform,
    "vector_votes": with_vector,
}
"""What each repair does to probabilities with the numbers fitted."""


def fit_repairs(val: Judged) -> Repairs:
    """Temperatures, a share of uniform and a vector, fitted to the validation faces that have labels or votes."""
    values, faces = {}, {}
    if (labelled := val.labelled).any():
        truth = onehot(val.label[labelled], val.model.shape[1])
        values["temperature"] = np.atleast_1d(fit_temperature(truth, val.model[labelled]))
        faces["temperature"] = int(labelled.sum())
    if (voted := val.voted).any():
        truth = val.people(voted)
        temperature = fit_temperature(truth, val.model[voted])
        fitted: dict[str, float | FloatArray] = {
            "temperature_votes": temperature,
            "smoothing_votes": fit_uniform(truth, val.model[voted]),
            "vector_votes": fit_vector(truth, val.model[voted], temperature),
        }
        values |= {name: np.atleast_1d(np.asarray(numbers)) for name, numbers in fitted.items()}
        faces |= dict.fromkeys(fitted, int(voted.sum()))
    return Repairs(values, faces)


def fit_on_val(table: pd.DataFrame, classes: tuple[str, ...]) -> Repairs:
    """``fit_repairs`` of the rows of val in a checked table; nothing is fitted where there are none."""
    return fit_repairs(arrays(table[table["split"] == "val"], classes))


def repaired(model: FloatArray, repairs: Repairs) -> dict[str, FloatArray]:
    """The model's probabilities, shape (N, K), after each repair."""
    return {name: REPAIRING[name](model, numbers) for name, numbers in repairs.values.items()}
