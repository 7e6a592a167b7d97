"""Judge a model's predictions against people: every metric with its interval, its floor and its ceiling."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.errors import RequestError
from fer_exp.judging import ceiling
from fer_exp.judging.applicable import Group, Judged, Mask, arrays, statistics
from fer_exp.judging.posthoc import Repairs, fit_on_val, repaired
from fer_exp.judging.predictions import check_predictions, class_names
from fer_exp.metrics.calibration import errors_if_calibrated
from fer_exp.metrics.classification import onehot, shared_top, tallies_of_tops
from fer_exp.metrics.faces import Faces
from fer_exp.metrics.recognition import FIGURES, figure_of
from fer_exp.metrics.registry import CEILING, LABELS, NO_FACE, PANELS, SHARED, SMOOTHED, VOTES, measure
from fer_exp.metrics.words import rough, within_range
from fer_exp.names import SIDES
from fer_exp.raters.floors import sampling_l1
from fer_exp.split_names import SPLITS
from fer_exp.stats.bootstrap import (
    SHARE,
    FloatArray,
    Interval,
    OfSums,
    Statistic,
    cluster_codes,
    faces_of,
    intervals,
    mean_of,
)
from fer_exp.stats.shares import shares, smoothed

Result = dict[str, float | int | None]
Metrics = dict[str, dict[str, Result]]
Halves = list[tuple[ceiling.Counts, ceiling.Counts]]


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
    - ``temperature_``, ``temperature_votes_``, ``smoothing_votes_``, ``vector_votes_``: the model after a repair fitted
      on the split val (to its labels, or to its votes; see ``posthoc``), for all splits but val. The fitted number
      stands under the prefix without its underscore; of a vector ``_weight_<class>`` and ``_bias_<class>`` follow it.
    - ``calibrated_``: the error of calibration that a calibrated model exceeds 1 time in 20 (``errors_if_calibrated``);
      errors themselves have no interval, since few faces bias them.
    - ``ceiling_``: what people get: two random halves of a face's own raters, one judged against the other (the mean
      over ``ceiling.HALVINGS``; faces with 2 votes or more). Half a panel is noisier than the whole panel that the
      model meets, so a model may pass it. Where logs would let a class without a vote decide alone (``SMOOTHED``), the
      half that answers gets half a vote more, spread evenly. ``ceiling_accuracy`` holds the top of a half against
      ``label``; k classes that share the top are right 1 time in k. ``ceiling_leave_one_out_*`` is one rater against
      all others, ``ceiling_panel<k>_l1`` k raters against a held-out half (``ceiling.against_panels``), and
      ``ceiling_sampling_l1`` what the people behind the votes would get against as many of their votes.

    Args:
        predictions: a predictions table, as ``check_predictions`` describes. Metrics whose human side no face has
            are left out. A face without votes counts where its label or ratings are judged, and the reverse.
        prior: one probability per class, in the order of the ``p_`` columns, or such by split: the mean training
            target. Where there is none, the split's own mean vote distribution, or its share of labels.
        only: judge this split alone; repairs are still fitted on val.

    Returns:
        ``{split: {metric: {value, low, high, n}}}``, ready for JSON: None where undefined, n the faces used; with
        ``persons`` where some show the same person, whom the interval then stands on.

    Raises:
        RequestError: a table against its contract, a negative number of samples or seed, an unusable prior, or
            nothing human to judge against.
    """
    if samples < 0 or seed < 0:
        raise RequestError(f"samples ({samples}) and seed ({seed}) cannot be negative.")
    table = check_predictions(predictions)
    classes = class_names(table)
    there = list(dict.fromkeys(table["split"]))
    splits = [split for split in SPLITS if split in there] + [split for split in there if split not in SPLITS]
    parts = {split: arrays(table[table["split"] == split], classes) for split in splits}
    repairs = fit_on_val(table, classes)
    metrics: Metrics = {}
    for split in splits if only is None else [only]:
        taught = prior.get(split) if isinstance(prior, Mapping) else prior
        fitted = Repairs({}, {}) if split == "val" else repairs
        groups = groups_of(parts[split], classes, seed, taught, fitted)
        result = with_intervals(groups, parts[split].clusters, samples, seed)
        if samples:
            result |= if_calibrated(parts[split], seed)
        metrics[split] = result | (as_rows(fitted, classes) if result else {})
    if not any(metrics.values()):
        raise RequestError(
            "predictions: no face has a label, votes or ratings to be judged against; votes=FILE says what people said."
        )
    return metrics


def as_rows(repairs: Repairs, classes: tuple[str, ...]) -> dict[str, Result]:
    """What was fitted, as metrics have it, without intervals; of a vector a number a class."""
    by_class = [f"_{what}_{name}" for what in ("weight", "bias") for name in classes]
    return {
        name + ending: without_interval(float(value), repairs.faces[name])
        for name, values in repairs.values.items()
        for ending, value in zip(by_class if len(values) > 1 else [""], values, strict=True)
    }


def groups_of(
    judged: Judged, classes: tuple[str, ...], seed: int, prior: FloatArray | None, repairs: Repairs
) -> list[Group]:
    """Each group of metrics with the faces that have what it needs, references among them.

    Arguments as of ``judge``, for one split; raises RequestError for an unusable prior.
    """
    answer = _mean_answer(judged) if prior is None else _checked_prior(prior, classes)
    same = np.broadcast_to(answer, judged.model.shape)
    references = {"prior": same, "uniform": np.full_like(judged.model, 1 / len(classes))}
    references |= repaired(judged.model, repairs)
    by_need = statistics(judged, classes, references=references)
    groups = [by_need[need] for need in (LABELS, VOTES, SHARED) if need in by_need]
    if VOTES in by_need:
        faces, of_votes = by_need[VOTES]
        of_votes["majority_ties"] = mean_of((shared_top(judged.counts[faces]).max(axis=1) < 1).astype(np.float64))
    if SHARED in by_need:
        halved, *labelled = people_alone(judged, classes, seed)
        by_need[SHARED][1].update(halved[1])
        by_need[SHARED][1]["ceiling_sampling_l1"] = mean_of(sampling_l1(judged.counts[judged.shared], seed))
        groups += [*labelled, *_beside_panels(judged.counts.astype(np.int64), references, same, judged.model)]
    return groups + [by_need[side] for side in SIDES if side in by_need]


def people_alone(judged: Judged, classes: tuple[str, ...], seed: int, names: Collection[str] = CEILING) -> list[Group]:
    """What ``ceiling_`` stands for: people against people on faces with two raters or more, and against labels.

    Args:
        judged: of a model, which plays no part.
        classes: K names.
        seed: of the halvings.
        names: of ``CEILING``, that halves are held against each other by.

    Returns:
        A group of faces with votes of two or more, then one of those that also have a label, if there are any.
    """
    counts = judged.counts.astype(np.int64)
    dealt = ceiling.halves(counts, ceiling.HALVINGS, seed)
    groups: list[Group] = [(judged.shared, _ceiling(dealt, counts, judged.shared, classes, names))]
    if (both := judged.shared & judged.labelled).any():
        rows, label = np.arange(int(both.sum())), judged.label[both]
        right = np.mean([shared_top(small[both])[rows, label] for small, _ in dealt], axis=0)
        groups.append((both, {"ceiling_accuracy": mean_of(right)}))
        groups.append(_recognised(judged, classes))
    return groups


def _recognised(judged: Judged, classes: tuple[str, ...]) -> Group:
    """How well one rater drawn for each labelled face recognises each emotion, as the model is judged by the label."""
    faces = judged.voted & judged.labelled
    columns = tallies_of_tops(onehot(judged.label[faces], len(classes)), judged.people(faces))
    figures = [(f"ceiling_{figure}_{name}", figure, k) for k, name in enumerate(classes) for figure in FIGURES]
    return faces, {name: figure_of(figure, columns, k) for name, figure, k in figures}


def _beside_panels(
    counts: ceiling.Counts, references: Mapping[str, FloatArray], prior: FloatArray, model: FloatArray
) -> list[Group]:
    panels = ceiling.deal(counts)
    if panels is None:
        return []
    measured: dict[str, Statistic] = dict(ceiling.against_panels(model, prior, counts, panels))
    for name, other in references.items():
        if name not in NO_FACE:
            beside = ceiling.against_panels(other, prior, counts, panels)
            measured |= {f"{name}_{key}": beside[key] for key in PANELS}
    return [(panels.faces, measured)]


def _ceiling(
    dealt: Halves, counts: ceiling.Counts, faces: Mask, classes: tuple[str, ...], names: Collection[str]
) -> dict[str, Statistic]:
    """People against people: halves, and one against the others."""
    halved = [half_against_rest(small[faces], large[faces], classes, names) for small, large in dealt]
    people = {name: _mean_statistic([one[name] for one in halved]) for name in CEILING if name in halved[0]}
    votes = counts[faces]
    people["leave_one_out_l1"] = mean_of(ceiling.leave_one_out_l1(votes))
    people["leave_one_out_accuracy"] = mean_of(ceiling.leave_one_out_accuracy(votes))
    return {f"ceiling_{name}": statistic for name, statistic in people.items()}


def half_against_rest(
    small: ceiling.Counts, large: ceiling.Counts, classes: tuple[str, ...] = (), names: Collection[str] = CEILING
) -> dict[str, Statistic]:
    """One half of each face's votes, shape (N, K), held against the other; half a vote more where ``SMOOTHED``."""
    rest = shares(large)
    return measure(VOTES, Faces(rest, shares(small), classes), names=names) | measure(
        VOTES, Faces(rest, smoothed(small), classes), names=[name for name in names if name in SMOOTHED]
    )


def _mean_statistic(halved: list[Statistic]) -> Statistic:
    """The mean over halvings, drawn as fast as one of them; that of means is the mean of their columns."""
    of_sums = [half for half in halved if isinstance(half, OfSums)]
    if len(of_sums) < len(halved):
        return lambda weights: np.asarray(np.mean([half(weights) for half in halved], axis=0))
    width = of_sums[0].columns.shape[1]
    if width == 1:
        return mean_of(np.mean([half.columns[:, 0] for half in of_sums], axis=0))

    def finish(sums: FloatArray, total: FloatArray) -> FloatArray:
        own = (sums[..., i * width : (i + 1) * width] for i in range(len(of_sums)))
        return np.asarray(np.mean([half.finished(one, total) for half, one in zip(of_sums, own, strict=True)], axis=0))

    return OfSums(np.hstack([half.columns for half in of_sums]), finish)


def if_calibrated(judged: Judged, seed: int) -> dict[str, Result]:
    """What errors of calibration a calibrated model would get, against labels and against people."""
    voted = judged.voted & judged.counted  # of shares of nobody knows how many votes, chance has no size
    sides = (("", judged.labelled, np.ones(len(judged.label))), ("people_", voted, judged.counts.sum(axis=1)))
    return {
        f"calibrated_{before}{name}": without_interval(value, int(faces.sum()))
        for before, faces, votes in sides
        if faces.any()
        for name, value in errors_if_calibrated(judged.model[faces], votes[faces].astype(np.int64), seed=seed).items()
    }


def with_intervals(groups: list[Group], clusters: NDArray[np.int64], samples: int, seed: int) -> dict[str, Result]:
    """Each metric with its interval over clusters, (N,), how many faces it has, and persons where these are fewer."""
    result: dict[str, Result] = {}
    for faces, measured in groups:
        codes = cluster_codes(clusters[faces])
        for name, found in intervals(measured, codes, samples, seed).items():
            metric, own = measured[name], faces
            if isinstance(metric, OfSums) and metric.ends == SHARE and metric.columns.shape[1] > 1:  # of some of these
                own = faces.copy()
                own[faces] = faces_of(metric)
            result[name] = as_result(name, found, own, cluster_codes(clusters[own]) if own.any() else codes)
    return result


def as_result(name: str, found: Interval, faces: Mask, codes: NDArray[np.int64]) -> Result:
    """A metric's value and interval with what it stands on, and ``rough`` where that is too little for the interval.

    ``n`` are the faces of a mask, and ``persons``, where they are fewer, codes 0..C-1 of these faces.
    """
    value, (low, high) = found[0], within_range(name, *found[1:])
    number, persons = int(faces.sum()), int(codes.max()) + 1
    row: Result = {"value": value, "low": low, "high": high, "n": number}
    row |= {"persons": persons} if persons < number else {}
    return row | ({"rough": True} if low is not None and rough(name, persons) else {})


def without_interval(value: float, number: int) -> Result:
    """A number that has none, and the faces that it stands on."""
    return {"value": value, "low": None, "high": None, "n": number}


def _mean_answer(judged: Judged) -> FloatArray:
    if judged.voted.any():
        return np.asarray(judged.people(judged.voted).mean(axis=0))
    labels = judged.label[judged.labelled]
    return np.asarray(np.bincount(labels, minlength=judged.model.shape[1]) / max(1, len(labels)))


def _checked_prior(prior: NDArray[np.float64], classes: tuple[str, ...]) -> FloatArray:
    values = np.asarray(prior, dtype=np.float64)
    if values.shape != (len(classes),) or not (values >= 0).all() or abs(values.sum() - 1) > 1e-3:
        raise RequestError(
            f"The class prior must be {len(classes)} probabilities that sum to 1, not {values.tolist()}."
        )
    return values
