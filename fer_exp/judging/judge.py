"""Judge a model's predictions against people: every metric with its interval, its floor and its ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.errors import RequestError
from fer_exp.judging import ceiling, posthoc
from fer_exp.judging.ceiling import halves
from fer_exp.judging.predictions import check_predictions, class_names
from fer_exp.metrics.ambiguity import l1_of_sampling
from fer_exp.metrics.classification import onehot
from fer_exp.metrics.registry import (
    DISTANCES,
    against_labels,
    against_majority,
    against_ratings,
    against_votes,
    corrected,
    distances,
)
from fer_exp.stats.bootstrap import FloatArray, OfSums, Statistic, cluster_codes, intervals, mean_of

__all__ = ["DISTANCES", "Metrics", "Result", "against_votes", "halves", "judge"]

Result = dict[str, float | int | None]
Metrics = dict[str, dict[str, Result]]
Mask = NDArray[np.bool_]

SPLITS = ("train", "val", "test")
HALVINGS = 20  # random halvings behind a ceiling: on FER+'s test split their mean L1 has a standard error of 0.001


class Judged(NamedTuple):
    """One split as arrays: N faces, K classes. ``label`` is -1 and ``counts`` are 0 where not known."""

    model: FloatArray
    counts: FloatArray
    label: NDArray[np.int64]
    clusters: NDArray[np.int64]


class Repairs(NamedTuple):
    """Post-hoc baselines fitted on validation faces: the parameter of each, and on how many faces."""

    values: dict[str, float]
    faces: dict[str, int]


def judge(
    predictions: pd.DataFrame,
    *,
    samples: int = 1000,
    seed: int = 0,
    prior: Mapping[str, NDArray[np.float64]] | NDArray[np.float64] | None = None,
    only: str | None = None,
) -> Metrics:
    """Every metric of every split, with 95 % bootstrap intervals, beside references.

    Persons are resampled where the subject of every face of a split is known, faces otherwise. References are named
    by a prefix:

    - ``prior_``: what a model would get that gives every face the class prior; ``uniform_``: equal probabilities.
    - ``temperature_``, ``temperature_votes_``, ``smoothing_votes_``: the model after a repair fitted on the split val
      (to its labels, or to its votes; see ``posthoc``), for all splits but val. The fitted number stands under the
      prefix without its underscore.
    - ``ceiling_``: what people get: two random halves of a face's own raters, one judged against the other (the mean
      over ``HALVINGS`` halvings; faces with 2 votes or more). Half a panel is noisier than the whole panel that the
      model meets, so a model may pass it. ``ceiling_accuracy`` holds the top of a half against ``label``; k classes
      that share the top are right 1 time in k. ``ceiling_kl_divergence`` and the other metrics that need clipping are
      ruled by it, since small panels have many zeros. ``ceiling_leave_one_out_*`` is one rater against all others,
      ``ceiling_panel<k>_l1`` k raters against a held-out half (``ceiling.rater_equivalents``), and
      ``ceiling_sampling_l1`` what the vote fractions themselves would get against as many new votes.

    Args:
        predictions: a predictions table, as ``check_predictions`` describes. Metrics whose human side no face has
            are left out. A face without votes counts where its label or ratings are judged, and the reverse.
        samples: bootstrap replicates; 0 for none.
        seed: of replicates and halvings.
        prior: one probability per class, in the order of the ``p_`` columns, or such by split: the mean training
            target. Where there is none, the split's own mean vote distribution, or its share of labels.
        only: judge this split alone; repairs are still fitted on val.

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
    parts = {split: arrays(table[table["split"] == split], classes) for split in splits}
    repairs = fit_repairs(parts["val"]) if "val" in parts else None
    metrics: Metrics = {}
    for split in splits if only is None else [only]:
        own = prior.get(split) if isinstance(prior, Mapping) else prior
        same = _own_prior(parts[split]) if own is None else _checked_prior(own, classes)
        groups = _people_and_labels(parts[split], classes, seed, same, None if split == "val" else repairs)
        groups += _ratings(table[table["split"] == split])
        result = _with_intervals(groups, parts[split].clusters, samples, seed)
        if result and split != "val" and repairs is not None:
            for name, value in repairs.values.items():
                result[name] = {"value": value, "low": None, "high": None, "n": repairs.faces[name]}
        metrics[split] = result
    if not any(metrics.values()):
        raise RequestError("predictions: no face has a label, votes or ratings to be judged against.")
    return metrics


def arrays(part: pd.DataFrame, classes: tuple[str, ...]) -> Judged:
    """The rows of one split of a checked table as arrays; persons as clusters where every face names one."""
    model = part[[f"p_{name}" for name in classes]].to_numpy(np.float64)
    columns = [f"votes_{name}" for name in classes]
    counts = np.zeros(model.shape)
    if columns[0] in part:
        counts = np.nan_to_num(part[columns].to_numpy(np.float64))
    label = part["label"].map({name: code for code, name in enumerate(classes)}).fillna(-1).to_numpy().astype(np.int64)
    known = len(part) > 0 and part["subject"].notna().all()
    clusters = cluster_codes(part["subject"].to_numpy(object)) if known else np.arange(len(part), dtype=np.int64)
    return Judged(model, counts, label, clusters)


def fit_repairs(val: Judged) -> Repairs:
    """Temperatures and a share of uniform, fitted to the validation faces that have labels or votes."""
    values, faces = {}, {}
    labelled, voted = val.label >= 0, val.counts.sum(axis=1) > 0
    if labelled.any():
        truth = onehot(val.label[labelled], val.model.shape[1])
        values["temperature"] = posthoc.fit_temperature(truth, val.model[labelled])
        faces["temperature"] = int(labelled.sum())
    if voted.any():
        truth = val.counts[voted] / val.counts[voted].sum(axis=1, keepdims=True)
        values["temperature_votes"] = posthoc.fit_temperature(truth, val.model[voted])
        values["smoothing_votes"] = posthoc.fit_uniform(truth, val.model[voted])
        faces["temperature_votes"] = faces["smoothing_votes"] = int(voted.sum())
    return Repairs(values, faces)


def repaired(model: FloatArray, repairs: Repairs) -> dict[str, FloatArray]:
    """The model's probabilities, shape (N, K), after each repair."""
    return {
        name: posthoc.with_uniform(model, value) if "smoothing" in name else posthoc.with_temperature(model, value)
        for name, value in repairs.values.items()
    }


def _people_and_labels(
    part: Judged, classes: tuple[str, ...], seed: int, prior: FloatArray, repairs: Repairs | None
) -> list[tuple[Mask, dict[str, Statistic]]]:
    """Each group of metrics with the faces that have what it needs."""
    model, counts, label = part.model, part.counts, part.label
    labelled, voted, shared = label >= 0, counts.sum(axis=1) > 0, counts.sum(axis=1) >= 2
    same = np.broadcast_to(prior, model.shape)
    references = {"prior": same, "uniform": np.full_like(model, 1 / model.shape[1])}
    references |= {} if repairs is None else repaired(model, repairs)
    groups: list[tuple[Mask, dict[str, Statistic]]] = []
    if labelled.any():
        own = against_labels(label[labelled], model[labelled], classes)
        for name, other in references.items():
            own |= _prefixed(name, against_labels(label[labelled], other[labelled], detail=False))
        groups.append((labelled, own))
    if voted.any():
        people = counts[voted] / counts[voted].sum(axis=1, keepdims=True)
        own = against_votes(people, model[voted], classes) | against_majority(counts[voted], model[voted])
        for name, other in references.items():
            own |= _prefixed(name, against_votes(people, other[voted], classes, detail=False))
            own |= _prefixed(name, against_majority(counts[voted], other[voted]))
        ties = (counts[voted] == counts[voted].max(axis=1, keepdims=True)).sum(axis=1) > 1
        own["majority_ties"] = mean_of(ties.astype(np.float64))
        groups.append((voted, own))
    if shared.any():
        groups.append((shared, corrected(counts[shared], model[shared]) | _ceiling(counts, shared, classes, seed)))
        if (both := shared & labelled).any():
            dealt = halves(counts.astype(np.int64), HALVINGS, seed)
            groups.append((both, {"ceiling_accuracy": _half_against_label(dealt, both, label)}))
        groups += _equivalents(counts.astype(np.int64), references, same, model)
    return groups


def _equivalents(
    counts: NDArray[np.int64], references: Mapping[str, FloatArray], prior: FloatArray, model: FloatArray
) -> list[tuple[Mask, dict[str, Statistic]]]:
    panels = ceiling.deal(counts)
    if panels is None:
        return []
    statistics: dict[str, Statistic] = dict(ceiling.rater_equivalents(model, prior, counts, panels))
    for name, other in references.items():
        if name not in ("prior", "uniform"):
            repaired_one = ceiling.rater_equivalents(other, prior, counts, panels)
            statistics |= _prefixed(name, {key: repaired_one[key] for key in ("rater_equivalents", "held_out_l1")})
    return [(panels.faces, statistics)]


def _ceiling(counts: FloatArray, faces: Mask, classes: tuple[str, ...], seed: int) -> dict[str, Statistic]:
    """People against people: halves, one against the others, and sampling alone."""
    own = counts[faces]
    dealt = halves(counts.astype(np.int64), HALVINGS, seed)
    shares = [tuple(side[faces] / side[faces].sum(axis=1, keepdims=True) for side in pair) for pair in dealt]
    each = [distances(large, small, classes) for small, large in shares]
    statistics: dict[str, Statistic] = {name: _mean_statistic([one[name] for one in each]) for name in each[0]}
    whole = own.astype(np.int64)
    statistics["leave_one_out_l1"] = mean_of(ceiling.leave_one_out_l1(whole))
    statistics["leave_one_out_accuracy"] = mean_of(ceiling.leave_one_out_accuracy(whole))
    votes = own.sum(axis=1)
    statistics["sampling_l1"] = mean_of(l1_of_sampling(own / votes[:, None], votes))
    return _prefixed("ceiling", statistics)


def _mean_statistic(statistics: list[Statistic]) -> Statistic:
    """The mean over halvings; that of means is the mean of their columns, so that it is drawn as fast."""
    sums = [each for each in statistics if isinstance(each, OfSums)]
    if len(sums) == len(statistics) and all(each.columns.shape[1] == 1 for each in sums):
        return mean_of(np.mean([each.columns[:, 0] for each in sums], axis=0))

    def mean(weights: FloatArray | None) -> FloatArray:
        return np.asarray(np.mean([each(weights) for each in statistics], axis=0))

    return mean


def _ratings(part: pd.DataFrame) -> list[tuple[Mask, dict[str, Statistic]]]:
    groups: list[tuple[Mask, dict[str, Statistic]]] = []
    for side in ("valence", "arousal"):
        human, answer = part[f"human_{side}"].to_numpy(np.float64), part[side].to_numpy(np.float64)
        both = ~np.isnan(human) & ~np.isnan(answer)
        if both.any():
            groups.append((both, _prefixed(side, against_ratings(human[both], answer[both]))))
    return groups


def _with_intervals(
    groups: list[tuple[Mask, dict[str, Statistic]]], clusters: NDArray[np.int64], samples: int, seed: int
) -> dict[str, Result]:
    result: dict[str, Result] = {}
    for faces, statistics in groups:
        codes = np.unique(clusters[faces], return_inverse=True)[1].astype(np.int64)
        for name, (value, low, high) in intervals(statistics, codes, samples, seed).items():
            result[name] = {"value": value, "low": low, "high": high, "n": int(faces.sum())}
    return result


def _half_against_label(
    dealt: list[tuple[NDArray[np.int64], NDArray[np.int64]]], faces: Mask, labels: NDArray[np.int64]
) -> Statistic:
    credits = []
    for small, _ in dealt:
        top = small[faces] == small[faces].max(axis=1, keepdims=True)
        credits.append(top[np.arange(len(top)), labels[faces]] / top.sum(axis=1))
    return mean_of(np.mean(credits, axis=0))


def _own_prior(part: Judged) -> FloatArray:
    counts, labels = part.counts, part.label
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
    return {f"{prefix}_{name}": statistic for name, statistic in statistics.items()}
