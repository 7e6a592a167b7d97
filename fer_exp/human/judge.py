"""Judge a model's predictions against people: every metric with its interval, its floor and its ceiling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.errors import RequestError
from fer_exp.human import affect, calibration, classification, distribution
from fer_exp.human.predictions import check_predictions, class_names
from fer_exp.stats.bootstrap import FloatArray, Statistic, cluster_codes, intervals, weighted_mean

Result = dict[str, float | int | None]
Metrics = dict[str, dict[str, Result]]

SPLITS = ("train", "val", "test")
HALVINGS = 20  # random halvings behind a ceiling: on FER+'s test split their mean L1 has a standard error of 0.001
DISTANCES: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "l1": distribution.l1,
    "total_variation": distribution.total_variation,
    "jensen_shannon_divergence": distribution.jensen_shannon_divergence,
    "kl_divergence": distribution.kl_divergence,
    "soft_cross_entropy": distribution.soft_cross_entropy,
    "chebyshev": distribution.chebyshev,
    "clark": distribution.clark,
    "canberra": distribution.canberra,
    "cosine": distribution.cosine,
    "intersection": distribution.intersection,
}


def judge(
    predictions: pd.DataFrame,
    *,
    samples: int = 1000,
    seed: int = 0,
    prior: Mapping[str, NDArray[np.float64]] | NDArray[np.float64] | None = None,
) -> Metrics:
    """Every metric of every split, with 95 % bootstrap intervals, beside two references.

    Persons are resampled where the subject of every face of a split is known, faces otherwise. Rows named
    ``prior_<metric>`` are what a model would get that gives every face the class prior. Rows named
    ``ceiling_<metric>`` are what people get: two random halves of a face's own raters, one judged against the other
    (the mean over ``HALVINGS`` halvings; faces with 2 votes or more). Half a panel is noisier than the whole panel
    that the model meets, so a model may pass it. ``ceiling_accuracy`` holds the top of a half against ``label``; k
    classes that share the top are right 1 time in k. ``ceiling_kl_divergence`` and the other metrics that need
    clipping are ruled by it, since small panels have many zeros.

    Args:
        predictions: a predictions table, as ``check_predictions`` describes. Metrics whose human side no face has
            are left out. A face without votes counts where its label or ratings are judged, and the reverse.
        samples: bootstrap replicates; 0 for none.
        seed: of replicates and halvings.
        prior: one probability per class, in the order of the ``p_`` columns, or such by split: the mean training
            target. Where there is none, the split's own mean vote distribution, or its share of labels.

    Returns:
        ``{split: {metric: {value, low, high, n}}}``, ready for JSON: None where undefined, n the faces used.

    Raises:
        RequestError: a table against its contract, a negative number of samples or seed, an unusable prior, or
            nothing human to judge against.
    """
    if samples < 0 or seed < 0:
        raise RequestError(f"samples ({samples}) and seed ({seed}) cannot be negative.")
    table = check_predictions(predictions)
    classes = class_names(table)
    found = list(dict.fromkeys(table["split"]))
    splits = [split for split in SPLITS if split in found] + [split for split in found if split not in SPLITS]
    metrics: Metrics = {}
    for split in splits:
        own = prior.get(split) if isinstance(prior, Mapping) else prior
        own = None if own is None else _checked_prior(own, classes)
        metrics[split] = _judge_split(table[table["split"] == split], classes, samples, seed, own)
    if not any(metrics.values()):
        raise RequestError("predictions: no face has a label, votes or ratings to be judged against.")
    return metrics


def _judge_split(
    part: pd.DataFrame, classes: tuple[str, ...], samples: int, seed: int, prior: FloatArray | None
) -> dict[str, Result]:
    """Each group of metrics over the faces that have what it needs."""
    model = part[[f"p_{name}" for name in classes]].to_numpy(np.float64)
    counts = _counts(part, classes)
    labels = part["label"].map({name: code for code, name in enumerate(classes)}).fillna(-1).to_numpy().astype(np.int64)
    subjects = part["subject"].to_numpy(object)
    clusters = cluster_codes(subjects) if part["subject"].notna().all() else np.arange(len(part), dtype=np.int64)
    labelled, voted, shared = labels >= 0, counts.sum(axis=1) > 0, counts.sum(axis=1) >= 2

    groups: list[tuple[NDArray[np.bool_], dict[str, Statistic]]] = []
    if labelled.any() or voted.any():
        same = np.broadcast_to(_own_prior(counts, labels) if prior is None else prior, model.shape)
        if labelled.any():
            right = labels[labelled]
            groups.append((labelled, against_labels(right, model[labelled])))
            groups.append((labelled, _prefixed("prior_", against_labels(right, same[labelled]))))
        if voted.any():
            people = counts[voted] / counts[voted].sum(axis=1, keepdims=True)
            groups.append((voted, against_votes(people, model[voted])))
            groups.append((voted, _prefixed("prior_", against_votes(people, same[voted]))))
    for side in ("valence", "arousal"):
        human, answer = part[f"human_{side}"].to_numpy(np.float64), part[side].to_numpy(np.float64)
        both = ~np.isnan(human) & ~np.isnan(answer)
        if both.any():
            groups.append((both, _prefixed(f"{side}_", against_ratings(human[both], answer[both]))))
    if shared.any():
        panels = halves(counts.astype(np.int64), HALVINGS, seed)
        groups.append((shared, _prefixed("ceiling_", _half_against_half(panels, shared))))
        if (both := shared & labelled).any():
            groups.append((both, {"ceiling_accuracy": _half_against_label(panels, both, labels)}))

    result: dict[str, Result] = {}
    for faces, statistics in groups:
        codes = np.unique(clusters[faces], return_inverse=True)[1].astype(np.int64)
        for name, (value, low, high) in intervals(statistics, codes, samples, seed).items():
            result[name] = {"value": value, "low": low, "high": high, "n": int(faces.sum())}
    return result


def against_labels(labels: NDArray[np.int64], model: FloatArray) -> dict[str, Statistic]:
    """The metrics of probabilities (N, K) against one label (N,); the top class is the answer, the first of equals."""
    predicted, classes = model.argmax(axis=1), model.shape[1]
    return {
        "accuracy": partial(weighted_mean, (predicted == labels).astype(np.float64)),
        "balanced_accuracy": partial(classification.balanced_accuracy, labels, predicted, classes),
        "macro_f1": partial(classification.macro_f1, labels, predicted, classes),
        "nll": partial(weighted_mean, calibration.nll(labels, model)),
        "brier": partial(weighted_mean, calibration.brier(labels, model)),
        "ece": partial(calibration.ece, labels, model),
        "classwise_ece": partial(calibration.classwise_ece, labels, model),
    }


def against_votes(human: FloatArray, model: FloatArray) -> dict[str, Statistic]:
    """The metrics of probabilities (N, K) against vote fractions (N, K)."""
    statistics: dict[str, Statistic] = {
        name: partial(weighted_mean, distance(human, model)) for name, distance in DISTANCES.items()
    }
    # Entropies once, not in each chunk of replicates.
    entropies = distribution.entropy(human), distribution.entropy(model)
    return statistics | {"entropy_correlation": partial(affect.pearson, *entropies)}


def against_ratings(human: FloatArray, model: FloatArray) -> dict[str, Statistic]:
    """The metrics of predicted ratings (N,) against human ones (N,)."""
    return {
        "ccc": partial(affect.ccc, human, model),
        "pearson": partial(affect.pearson, human, model),
        "rmse": partial(affect.rmse, human, model),
        "sagr": partial(affect.sagr, human, model),
    }


def halves(counts: NDArray[np.int64], times: int, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Deal the raters of each face into two halves at random, several times.

    Args:
        counts: votes per face and class, shape (N, K).
        times: number of halvings.
        seed: the same seed gives the same halves.

    Returns:
        For each halving the votes of the smaller and of the larger half (of an odd panel), both shape (N, K).

    Source:
        Dealing without replacement is the multivariate hypergeometric, drawn class by class from its conditionals.

    >>> [(small.sum(), large.sum()) for small, large in halves(np.array([[3, 2]]), 1, seed=0)]
    [(np.int64(2), np.int64(3))]
    """
    generator = np.random.default_rng([seed, 1])  # apart from the replicates' stream
    dealt = []
    for _ in range(times):
        small = np.zeros_like(counts)
        rest, wanted = counts.sum(axis=1), counts.sum(axis=1) // 2
        for k in range(counts.shape[1]):
            rest = rest - counts[:, k]
            small[:, k] = generator.hypergeometric(counts[:, k], rest, wanted)
            wanted = wanted - small[:, k]
        dealt.append((small, counts - small))
    return dealt


def _half_against_half(
    panels: list[tuple[NDArray[np.int64], NDArray[np.int64]]], faces: NDArray[np.bool_]
) -> dict[str, Statistic]:
    """The vote metrics of the smaller half in the model's place, the mean over halvings."""
    shares = [
        (large[faces] / large[faces].sum(axis=1, keepdims=True), small[faces] / small[faces].sum(axis=1, keepdims=True))
        for small, large in panels
    ]
    statistics: dict[str, Statistic] = {
        name: partial(weighted_mean, np.mean([distance(*pair) for pair in shares], axis=0))
        for name, distance in DISTANCES.items()
    }
    entropies = [(distribution.entropy(large), distribution.entropy(small)) for large, small in shares]

    def entropy_correlation(weights: FloatArray | None) -> FloatArray:
        return np.asarray(np.mean([affect.pearson(*pair, weights) for pair in entropies], axis=0))

    return statistics | {"entropy_correlation": entropy_correlation}


def _half_against_label(
    panels: list[tuple[NDArray[np.int64], NDArray[np.int64]]], faces: NDArray[np.bool_], labels: NDArray[np.int64]
) -> Statistic:
    credits = []
    for small, _ in panels:
        top = small[faces] == small[faces].max(axis=1, keepdims=True)
        credits.append(top[np.arange(len(top)), labels[faces]] / top.sum(axis=1))
    return partial(weighted_mean, np.mean(credits, axis=0))


def _counts(part: pd.DataFrame, classes: tuple[str, ...]) -> FloatArray:
    columns = [f"votes_{name}" for name in classes]
    if columns[0] not in part:
        return np.zeros((len(part), len(classes)))
    return np.asarray(np.nan_to_num(part[columns].to_numpy(np.float64)))


def _own_prior(counts: FloatArray, labels: NDArray[np.int64]) -> FloatArray:
    voted = counts.sum(axis=1) > 0
    if voted.any():
        return np.asarray((counts[voted] / counts[voted].sum(axis=1, keepdims=True)).mean(axis=0))
    return np.asarray(np.bincount(labels[labels >= 0], minlength=counts.shape[1]) / max(1, (labels >= 0).sum()))


def _checked_prior(prior: NDArray[np.float64], classes: tuple[str, ...]) -> FloatArray:
    values = np.asarray(prior, dtype=np.float64)
    if values.shape != (len(classes),) or not (values >= 0).all() or abs(values.sum() - 1) > 1e-3:
        raise RequestError(
            f"The class prior must be {len(classes)} probabilities that sum to 1, not {values.tolist()}."
        )
    return values


def _prefixed(prefix: str, statistics: Mapping[str, Statistic]) -> dict[str, Statistic]:
    return {f"{prefix}{name}": statistic for name, statistic in statistics.items()}
