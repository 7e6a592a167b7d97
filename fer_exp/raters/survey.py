"""Every measure of agreement that a table of people's answers allows, with intervals and what guidelines call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fer_exp.answers import Answers, Votes
from fer_exp.raters import agreement, pairs, reliability
from fer_exp.raters.readings import SCALES, family, reading
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.totals import Interval, Joint, Measure, joint_intervals, together

Result = dict[str, float | int | str | None]
"""``value, low, high, n``, and where a guideline speaks of the measure ``reading`` and ``guideline``."""

COSTLY = 4_000_000_000
"""Steps of the measures that are recomputed from single answers in each replicate; beyond it fewer replicates."""

FEWEST = 100


def survey(
    data: Answers | Votes, *, samples: int = 1000, seed: int = 0, least: int = pairs.SHARED, ordered: bool = False
) -> dict[str, Any]:
    """Agreement on classes, valence and arousal, and of workers with themselves.

    Args:
        data: answers, or votes where workers are not known: then what needs workers is left out.
        samples: bootstrap replicates of the tasks; 0 for none.
        seed: of the replicates; all measures share them.
        least: tasks that two raters must share to count as a pair.
        ordered: whether the classes are in an order, as grades of intensity are: adds ordinal and interval alpha.

    Returns:
        ``labels`` and, of ratings, ``valence`` and ``arousal``: measure -> result; ``classes``: class -> measure ->
        result; ``repeats``: measure -> result; ``notes``: what could not be computed, in sentences.
    """
    found: dict[str, Any] = {"labels": {}, "classes": {}, "notes": [*data.notes]}
    notes: list[str] = found["notes"]
    votes = data.votes() if isinstance(data, Answers) else data
    if len(data.classes) and votes.counts.any():
        _labels(found, votes.counts, votes.classes, samples, seed, notes)
        if isinstance(data, Answers):
            named = data.label >= 0
            part = data.select(named)
            _pairs(found["labels"], part, None, least, samples, seed, notes)
            if ordered:
                _alphas(found["labels"], part.task, part.label.astype(float), len(data.tasks), samples, seed, notes)
    if isinstance(data, Answers):
        for side in ("valence", "arousal"):
            values = data.ratings(side)
            if values is not None and not np.isnan(values).all():
                found[side] = _ratings(data.select(~np.isnan(values)), side, least, samples, seed, notes)
        if data.repeats is not None:
            found["repeats"] = _repeats(data, samples, seed)
    for kind in ("labels", "valence", "arousal", "repeats"):
        for name, result in found.get(kind, {}).items():
            _read(name, result)
    for measures in found["classes"].values():
        for name, result in measures.items():
            _read(name, result)
    return found


def _labels(
    found: dict[str, Any], counts: FloatArray, classes: tuple[str, ...], samples: int, seed: int, notes: list[str]
) -> None:
    raters = counts.sum(axis=1)
    counts = counts[raters > 0]
    shared = int((raters >= 2).sum())
    _say_single(shared, int((raters == 1).sum()), "class", notes)
    different, group = np.unique(counts, axis=0, return_inverse=True)
    group = group.ravel().astype(np.int64)
    measures: dict[str, Measure] = {
        "percent_agreement": agreement.percent_agreement(different),
        "fleiss_kappa": agreement.fleiss_kappa(different),
        "krippendorff_alpha": agreement.krippendorff_alpha(different),
        "split_half": agreement.split_half(different),
        "vote_entropy": agreement.vote_entropy(different),
    }
    if not (counts.sum(axis=0) > 0).sum() > 1:
        notes.append("every answer is of the same class: agreement beyond chance is not defined")
    for k, name in enumerate(classes):
        measures[f"agreement {name}"] = agreement.specific_agreement(different, k)
        measures[f"kappa {name}"] = agreement.class_kappa(different, k)
    measured = joint_intervals(together(measures), list(measures), group, samples, seed)
    for name in list(measures)[:5]:
        found["labels"][name] = _result(measured[name], len(counts) if name == "vote_entropy" else shared)
    for k, name in enumerate(classes):
        own = counts[:, k]
        found["classes"][name] = {
            "share": {"value": float((own / counts.sum(axis=1)).mean()), "low": None, "high": None, "n": len(counts)},
            "agreement": _result(measured[f"agreement {name}"], int(((own > 0) & (counts.sum(axis=1) > 1)).sum())),
            "kappa": _result(measured[f"kappa {name}"], shared),
        }


def _ratings(data: Answers, side: str, least: int, samples: int, seed: int, notes: list[str]) -> dict[str, Result]:
    values = data.ratings(side)
    if values is None:
        return {}
    # Tasks and raters without a rating on this side drop out, so that those that remain may be complete.
    task, worker = (np.unique(codes, return_inverse=True)[1].astype(np.int32) for codes in (data.task, data.worker))
    tasks, workers = int(task.max()) + 1, int(worker.max()) + 1
    shared = int((np.bincount(task) >= 2).sum())
    _say_single(shared, tasks - shared, side, notes)
    forms = reliability.icc(task, worker, values, tasks, workers)
    measured = joint_intervals(forms, reliability.FORMS, tasks, samples, seed)
    squares = reliability.anova(task, worker, values, tasks, workers)
    exact: Mapping[str, tuple[float, float]] = {} if squares is None else reliability.f_intervals(squares)
    if squares is None:
        notes.append(
            f"{side}: not every rater rated every task, so the ICCs come from Henderson's variance components, have no "
            "F intervals, and k is the mean number of raters of a task"
        )
    result = {}
    for name in reliability.FORMS:
        result[name] = _result(measured[name], tasks)
        if name in exact and np.isfinite(exact[name]).all():
            result[name] |= {"f_low": exact[name][0], "f_high": exact[name][1]}
    plain = {
        "alpha_interval": reliability.alpha(task, values, tasks),
        "split_half": reliability.split_half(task, values, tasks),
    }
    for name, interval in joint_intervals(together(plain), list(plain), tasks, samples, seed).items():
        result[name] = _result(interval, shared)
    _alphas(result, task, values, tasks, samples, seed, notes, kinds=("ordinal",))
    _pairs(result, data, side, least, samples, seed, notes)
    return result


def _alphas(
    result: dict[str, Result], task: reliability.Codes, values: FloatArray, tasks: int, samples: int, seed: int,
    notes: list[str], kinds: tuple[str, ...] = ("ordinal", "interval"),
) -> None:  # fmt: skip
    shared = int((np.bincount(task) >= 2).sum())
    if "interval" in kinds:
        measure = {"alpha_interval": reliability.alpha(task, values, tasks)}
        interval = joint_intervals(together(measure), ["alpha_interval"], tasks, samples, seed)["alpha_interval"]
        result["alpha_interval"] = _result(interval, shared)
    fewer = _fewer(len(values) * 4, samples, "ordinal alpha", notes)
    joint: Joint = reliability.ordinal_alpha(task, values, tasks)
    result["alpha_ordinal"] = _result(joint_intervals(joint, ["x"], tasks, fewer, seed)["x"], shared)


def _pairs(
    result: dict[str, Result], data: Answers, side: str | None, least: int, samples: int, seed: int, notes: list[str]
) -> None:
    """Mean pairwise kappa of labels, or correlations of ratings."""
    found = pairs.answer_pairs(data.task, data.worker, least, seed)
    what = "pairwise kappa" if side is None else f"pairwise correlations of {side}"
    if len(found.raters) == 0:
        notes.append(f"no two raters share {least} tasks, so there is no {what} (min_shared={least})")
        return
    size = np.bincount(data.task)
    if (size * (size - 1) // 2).sum() > pairs.MOST:
        notes.append(f"{what}: {found.tasks:,} tasks drawn at random stand for all, so many pairs of answers are there")
    values = data.ratings(side) if side else None
    width = 6 if side else 1 + 2 * len(data.classes)
    fewer = _fewer(len(found.first) * (6 if side else 3) + len(found.raters) * width, samples, what, notes)
    if values is None:
        names = ["mean_cohen_kappa"]
        each = pairs.cohen_kappas(found, data.label, len(data.classes), len(data.tasks))
    else:
        names = ["mean_pearson", "mean_ccc"]
        each = pairs.correlations(found, values, len(data.tasks))

    def means(weights: FloatArray | None) -> FloatArray:
        means = pairs.mean_over_pairs(each(weights))
        return means[..., None] if values is None else means

    for name, interval in joint_intervals(means, names, len(data.tasks), fewer, seed).items():
        result[name] = {**_result(interval, found.tasks), "pairs": len(found.raters)}


def _repeats(data: Answers, samples: int, seed: int) -> dict[str, Result]:
    """Bootstrapped over the tasks that were repeated, not over all."""
    repeats = data.repeats
    if repeats is None:
        return {}
    tasks, codes = np.unique(repeats.task, return_inverse=True)
    task = codes.astype(np.int32)
    result = {}
    label = np.where(repeats.label < 0, np.nan, repeats.label.astype(np.float64))
    for name, pair in (("label", label), ("valence", repeats.valence), ("arousal", repeats.arousal)):
        known = int((~np.isnan(pair).any(axis=1)).sum())
        if known == 0:
            continue
        kind = "same" if name == "label" else "difference"
        measure = {name: reliability.consistency(task, pair, len(tasks))[kind]}
        interval = joint_intervals(together(measure), [name], len(tasks), samples, seed)[name]
        result[f"{kind}_{name}"] = _result(interval, known)
    return result


def _fewer(steps: int, samples: int, what: str, notes: list[str]) -> int:
    """The replicates that a costly measure can have."""
    if steps * samples <= COSTLY:
        return samples
    fewer = COSTLY // max(steps, 1)
    fewer = fewer if fewer >= FEWEST else 0
    notes.append(f"{what}: {fewer:,} replicates instead of {samples:,}, so many answers does it have")
    return fewer


def _say_single(shared: int, single: int, what: str, notes: list[str]) -> None:
    if shared == 0:
        notes.append(f"no task has two answers ({what}): agreement cannot be computed, only shares and entropy")
    elif single:
        notes.append(f"{single:,} tasks have a single answer ({what}) and say nothing about agreement")


def _result(interval: Interval, n: int) -> Result:
    value, low, high = interval
    return {"value": value, "low": low, "high": high, "n": n}


def _read(name: str, result: Result) -> None:
    kind = family(name)
    value, low, high = (result.get(key) for key in ("value", "low", "high"))
    if kind and isinstance(value, float):
        ends = (result.get("f_low", low), result.get("f_high", high))
        low, high = (end if isinstance(end, float) else None for end in ends)
        result["reading"] = reading(value, low, high, kind)
        result["guideline"] = SCALES[kind][0]
