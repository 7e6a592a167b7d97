"""The metrics by name: against labels, against the majority of votes, against votes, against ratings.

docs/metrics.md has each one's formula, range, direction and source. ``detail`` adds what is looked at in a second step:
class by class, other ways to bin, the parts of the Brier score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fer_exp.metrics import affect, ambiguity, calibration, classification, distribution, emd
from fer_exp.stats.bootstrap import FloatArray, Statistic, mean_of

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


def against_labels(
    labels: NDArray[np.int64], model: FloatArray, classes: Sequence[str] = (), *, detail: bool = True
) -> dict[str, Statistic]:
    """Probabilities (N, K) against one label (N,); the top class is the answer, the first of equals.

    ``classes``, K names, adds ``f1_<class>``.
    """
    size = model.shape[1]
    truth = classification.onehot(labels, size)
    tallies = classification.tallies(truth, classification.onehot(model.argmax(axis=1), size))
    stated, happened = calibration.top_answer(truth, model)
    statistics: dict[str, Statistic] = {
        "accuracy": mean_of(tallies[:, :size].sum(axis=1)),
        "balanced_accuracy": classification.balanced_accuracy_of(tallies),
        "macro_f1": classification.macro_f1_of(tallies),
        "weighted_f1": classification.weighted_f1_of(tallies),
        "nll": mean_of(calibration.nll(labels, model)),
        "brier": mean_of(calibration.brier(labels, model)),
        "ece": calibration.calibration_error(stated, happened),
        "classwise_ece": calibration.calibration_error(model, truth),
    }
    if detail:
        statistics |= _more_calibration(stated, happened, model, truth)
        statistics |= {f"top{k}_accuracy": mean_of(ambiguity.top_k_agreement(truth, model, k)) for k in _tops(size)}
        statistics |= {f"f1_{name}": classification.f1_of(tallies, k) for k, name in enumerate(classes)}
    return statistics


def against_majority(counts: FloatArray, model: FloatArray) -> dict[str, Statistic]:
    """The model's answer against the class with most votes; t classes that share the top earn 1/t each."""
    size = model.shape[1]
    answers = classification.onehot(model.argmax(axis=1), size)
    tallies = classification.tallies(classification.shared_top(counts), answers)
    return {
        "majority_accuracy": mean_of(tallies[:, :size].sum(axis=1)),
        "majority_balanced_accuracy": classification.balanced_accuracy_of(tallies),
        "majority_macro_f1": classification.macro_f1_of(tallies),
        "majority_weighted_f1": classification.weighted_f1_of(tallies),
    }


def against_votes(
    human: FloatArray, model: FloatArray, classes: Sequence[str] = (), *, detail: bool = True
) -> dict[str, Statistic]:
    """Probabilities (N, K) against vote fractions (N, K).

    ``classes``, K names, adds the earth mover's distance where each has a position in the valence-arousal plane, and
    with ``detail`` what is told class by class.
    """
    statistics = distances(human, model, classes)
    stated, happened = calibration.top_answer(human, model)
    statistics["people_ece"] = calibration.calibration_error(stated, happened)
    statistics["people_classwise_ece"] = calibration.calibration_error(model, human)
    statistics["confidence_gap"] = mean_of((stated - happened)[:, 0])
    statistics["people_brier"] = mean_of(calibration.brier_people(human, model))
    if detail:
        more = _more_calibration(stated, happened, model, human)
        statistics |= {f"people_{name}": statistic for name, statistic in more.items()}
        size = model.shape[1]
        statistics |= {f"top{k}_agreement": mean_of(ambiguity.top_k_agreement(human, model, k)) for k in _tops(size)}
        tallies = classification.tallies(human, model)
        statistics["soft_macro_f1"] = classification.macro_f1_of(tallies)
        *each, statistics["vote_correlation"] = ambiguity.class_correlations(human, model)
        for k, name in enumerate(classes):
            statistics[f"vote_correlation_{name}"] = each[k]
            statistics[f"soft_precision_{name}"] = classification.precision_of(tallies, k)
            statistics[f"soft_recall_{name}"] = classification.recall_of(tallies, k)
            statistics[f"soft_f1_{name}"] = classification.f1_of(tallies, k)
    return statistics


def distances(human: FloatArray, model: FloatArray, classes: Sequence[str] = ()) -> dict[str, Statistic]:
    """The distances and similarities alone, and what relates entropies: what panels of people are judged by too."""
    statistics: dict[str, Statistic] = {name: mean_of(each(human, model)) for name, each in DISTANCES.items()}
    cost = emd.ground_cost(classes) if classes else None
    if cost is not None:
        statistics["earth_movers_distance"] = mean_of(emd.earth_movers_distance(human, model, cost))
    statistics["entropy_correlation"] = ambiguity.correlation(distribution.entropy(human), distribution.entropy(model))
    statistics["entropy_similarity"] = ambiguity.entropy_similarity(human, model)
    return statistics


def corrected(counts: FloatArray, model: FloatArray) -> dict[str, Statistic]:
    """What few votes bias, with the known corrections, of faces with two votes or more."""
    human = counts / counts.sum(axis=1, keepdims=True)
    return {
        "entropy_human": mean_of(distribution.entropy(human)),
        "entropy_human_corrected": mean_of(ambiguity.entropy_corrected(counts)),
        "entropy_model": mean_of(distribution.entropy(model)),
        "kl_divergence_corrected": mean_of(ambiguity.kl_divergence_corrected(counts, model)),
        "squared_error": mean_of(((human - model) ** 2).sum(axis=1)),
        "squared_error_corrected": mean_of(ambiguity.squared_error_corrected(counts, model)),
    }


def against_ratings(human: FloatArray, model: FloatArray) -> dict[str, Statistic]:
    """Predicted ratings (N,) against human ones (N,)."""
    return {
        "ccc": partial(affect.ccc, human, model),
        "pearson": ambiguity.correlation(human, model),
        "rmse": partial(affect.rmse, human, model),
        "sagr": partial(affect.sagr, human, model),
        "icc": partial(affect.icc, human, model),
    }


def _more_calibration(
    stated: FloatArray, happened: FloatArray, model: FloatArray, truth: FloatArray
) -> dict[str, Statistic]:
    parts = calibration.brier_parts(model, truth)
    return {
        "ece_equal_count": calibration.calibration_error(stated, happened, mass="count"),
        "ece_debiased": calibration.calibration_error_debiased(stated, happened),
        **{f"brier_{name}": part for name, part in parts.items()},
    }


def _tops(classes: int) -> range:
    return range(2, min(3, classes - 1) + 1)
