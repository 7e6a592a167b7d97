"""Simple repairs after training, fitted on validation faces alone: what is left is what the training taught.

If the one-hot network with a temperature is as close to people as the one taught by votes, it was only over-confident.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from fer_exp.judging.applicable import Judged
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
    logits = np.log(np.maximum(probabilities, 1e-38)) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def fit_temperature(truth: FloatArray, probabilities: FloatArray) -> float:
    """The temperature with the least cross-entropy.

    ``truth`` is one-hot labels (as published) or vote fractions, of validation faces, shape (N, K). From ``COLDEST`` to
    ``WARMEST``.
    """
    logits = np.log(np.maximum(probabilities, 1e-38))

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        top = scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0] - (truth * scaled).sum(axis=1)).mean())

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

    def loss(share: float) -> float:
        return float(-(truth * np.log(np.maximum(with_uniform(probabilities, share), CLIP))).sum(axis=1).mean())

    return float(minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-7}).x)


class Repairs(NamedTuple):
    """Fitted on validation faces: the parameter of each repair (``registry.REPAIRS``), and on how many faces."""

    values: dict[str, float]
    faces: dict[str, int]


def fit_repairs(val: Judged) -> Repairs:
    """Temperatures and a share of uniform, fitted to the validation faces that have labels or votes."""
    values, faces = {}, {}
    if (labelled := val.labelled).any():
        truth = onehot(val.label[labelled], val.model.shape[1])
        values["temperature"] = fit_temperature(truth, val.model[labelled])
        faces["temperature"] = int(labelled.sum())
    if (voted := val.voted).any():
        truth = val.people(voted)
        values["temperature_votes"] = fit_temperature(truth, val.model[voted])
        values["smoothing_votes"] = fit_uniform(truth, val.model[voted])
        faces["temperature_votes"] = faces["smoothing_votes"] = int(voted.sum())
    return Repairs(values, faces)


def repaired(model: FloatArray, repairs: Repairs) -> dict[str, FloatArray]:
    """The model's probabilities, shape (N, K), after each repair."""
    return {
        name: with_uniform(model, value) if "smoothing" in name else with_temperature(model, value)
        for name, value in repairs.values.items()
    }
