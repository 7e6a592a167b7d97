"""Every measure of agreement that a table of people's answers allows, with intervals and what guidelines call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.answers import Answers, Codes, Repeats, Votes
from fer_exp.raters import agreement, pairs, reliability
from fer_exp.raters.readings import SCALES, family, reading
from fer_exp.stats.bootstrap import FloatArray, Interval
from fer_exp.stats.totals import Measure, joint_intervals, together

Result = dict[str, float | int | str | None]
"""``value, low, high, n``, and where a guideline speaks of the measure ``reading`` and ``guideline``."""

COSTLY = 4_000_000_000
"""Steps that all replicates of a measure over single answers may take; where they would take more there are fewer."""

FEWEST = 100
"""Replicates that an interval needs; with fewer there is none."""


class _Bootstrap(NamedTuple):
    """Replicates of the tasks, their seed, and where to note what could not be computed."""

    samples: int
    seed: int
    notes: list[str]

    def intervals(self, measures: Mapping[str, Measure], tasks: int | NDArray[np.int64]) -> dict[str, Interval]:
        return joint_intervals(together(measures), list(measures), tasks, self.samples, self.seed)

    def at_most(self, steps: int, what: str) -> int:
        """The replicates that a measure of so many steps a replicate can have."""
        if steps * self.samples <= COSTLY:
            return self.samples
        fewer = COSTLY // max(steps, 1)
        fewer = fewer if fewer >= FEWEST else 0
        self.notes.append(f"{what}: {fewer:,} replicates instead of {self.samples:,}, so many answers does it have")
        return fewer


def survey(
    data: Answers | Votes, *, samples: int = 1000, seed: int = 0, least: int = pairs.SHARED, ordered: bool = False
) -> dict[str, Any]:
    """Agreement on classes, on every scale of ratings, and of workers with themselves.

    Args:
        data: answers, or votes where workers are not known; what needs workers is then left out.
        samples: bootstrap replicates of the tasks, which all measures share; 0 for none.
        least: tasks that two raters must share to count as a pair.
        ordered: whether the classes are in an order, as grades of intensity are; adds ordinal and interval alpha.

    Returns:
        ``labels``: measure -> result; ``scales``: of each scale of ratings, which has such measures under its own name,
        from what to what it ran in the table and how that is known; ``classes``: class -> measure ->
        result; ``repeats``: measure -> result; ``notes``: what could not be computed, in sentences.
    """
    report: dict[str, Any] = {"labels": {}, "classes": {}, "scales": {}, "notes": [*data.notes]}
    bootstrap = _Bootstrap(samples, seed, report["notes"])
    votes = data.votes() if isinstance(data, Answers) else data
    if len(data.classes) and votes.counts.any():
        report["labels"], report["classes"] = _labels(votes.counts, votes.classes, bootstrap)
        if isinstance(data, Answers):
            labelled = data.select(data.label >= 0)
            report["labels"] |= _pairs(labelled, None, least, bootstrap)
            if ordered:
                grades, tasks = _grades(data.classes)[labelled.label], len(data.tasks)
                interval = bootstrap.intervals({"x": reliability.alpha(labelled.task, grades, tasks)}, tasks)["x"]
                report["labels"]["alpha_interval"] = _result(interval, _shared_tasks(labelled.task))
                report["labels"] |= _ordinal_alpha(labelled.task, grades, tasks, bootstrap)
    if isinstance(data, Answers):
        for side, values in data.rated.items():
            if not np.isnan(values).all():
                rated = ~np.isnan(values)
                report["scales"][side] = data.scales[side]._asdict()
                report[side] = _ratings(data.select(rated), values[rated], side, least, bootstrap)
        if data.repeats is not None:
            report["repeats"] = _repeats(data.repeats, bootstrap)
    tables = [report.get(kind, {}) for kind in ("labels", *report["scales"], "repeats")]
    for measures in (*tables, *report["classes"].values()):
        for name, result in measures.items():
            _read(name, result)
    return report


def _labels(
    counts: FloatArray, classes: tuple[str, ...], bootstrap: _Bootstrap
) -> tuple[dict[str, Result], dict[str, dict[str, Result]]]:
    """Results over all classes, and by class."""
    raters = counts.sum(axis=1)
    counts = counts[raters > 0]
    shared = int((raters >= 2).sum())
    _note_single(shared, int((raters == 1).sum()), "class", bootstrap.notes)
    different, group = np.unique(counts, axis=0, return_inverse=True)
    group = group.ravel().astype(np.int64)
    measures: dict[str, Measure] = {
        "percent_agreement": agreement.percent_agreement(different),
        "fleiss_kappa": agreement.fleiss_kappa(different),
        "krippendorff_alpha": agreement.krippendorff_alpha(different),
        "split_half": agreement.split_half(different),
        "vote_entropy": agreement.vote_entropy(different),
    }
    if (counts.sum(axis=0) > 0).sum() <= 1:
        bootstrap.notes.append("every answer is of the same class: agreement beyond chance is not defined")
    overall = list(measures)
    for k, name in enumerate(classes):
        measures[f"agreement {name}"] = agreement.specific_agreement(different, k)
        measures[f"kappa {name}"] = agreement.class_kappa(different, k)
    measured = bootstrap.intervals(measures, group)
    results = {name: _result(measured[name], len(counts) if name == "vote_entropy" else shared) for name in overall}
    by_class: dict[str, dict[str, Result]] = {}
    for k, name in enumerate(classes):
        votes, total = counts[:, k], counts.sum(axis=1)
        by_class[name] = {
            "share": {"value": float((votes / total).mean()), "low": None, "high": None, "n": len(counts)},
            "agreement": _result(measured[f"agreement {name}"], int(((votes > 0) & (total > 1)).sum())),
            "kappa": _result(measured[f"kappa {name}"], shared),
        }
    return results, by_class


def _ratings(data: Answers, values: FloatArray, side: str, least: int, bootstrap: _Bootstrap) -> dict[str, Result]:
    # Tasks and raters without a rating on this side drop out, so that those that remain may be complete.
    task, worker = (np.unique(codes, return_inverse=True)[1].astype(np.int32) for codes in (data.task, data.worker))
    tasks, workers = int(task.max()) + 1, int(worker.max()) + 1
    shared = _shared_tasks(task)
    _note_single(shared, tasks - shared, side, bootstrap.notes)
    forms = reliability.icc(task, worker, values, tasks, workers)
    measured = joint_intervals(forms, reliability.FORMS, tasks, bootstrap.samples, bootstrap.seed)
    squares = reliability.anova(task, worker, values, tasks, workers)
    exact = {} if squares is None else reliability.f_intervals(squares)
    if squares is None:
        bootstrap.notes.append(
            f"{side}: not every rater rated every task, so the ICCs come from Henderson's variance components, have no "
            "F intervals, and k is the mean number of raters of a task"
        )
    results = {name: _result(measured[name], tasks) for name in reliability.FORMS}
    for name, (low, high) in exact.items():
        if np.isfinite(low) and np.isfinite(high):
            results[name] |= {"f_low": low, "f_high": high}
    measures = {
        "alpha_interval": reliability.alpha(task, values, tasks),
        "split_half": reliability.split_half(task, values, tasks),
    }
    results |= {name: _result(interval, shared) for name, interval in bootstrap.intervals(measures, tasks).items()}
    results |= _ordinal_alpha(task, values, tasks, bootstrap)
    return results | _pairs(data, side, least, bootstrap)


def _ordinal_alpha(task: Codes, values: FloatArray, tasks: int, bootstrap: _Bootstrap) -> dict[str, Result]:
    samples = bootstrap.at_most(len(values) * 4, "ordinal alpha")
    joint = reliability.ordinal_alpha(task, values, tasks)
    measured = joint_intervals(joint, ["alpha_ordinal"], tasks, samples, bootstrap.seed)
    return {"alpha_ordinal": _result(measured["alpha_ordinal"], _shared_tasks(task))}


def _pairs(data: Answers, side: str | None, least: int, bootstrap: _Bootstrap) -> dict[str, Result]:
    """Mean pairwise kappa of labels, or correlations of the ratings of a side."""
    answered = pairs.answer_pairs(data.task, data.worker, least, bootstrap.seed)
    what = "pairwise kappa" if side is None else f"pairwise correlations of {side}"
    if len(answered.raters) == 0:
        bootstrap.notes.append(f"no two raters share {least} tasks, so there is no {what} (min_shared={least})")
        return {}
    size = np.bincount(data.task)
    if (size * (size - 1) // 2).sum() > pairs.MOST:
        bootstrap.notes.append(
            f"{what}: {answered.tasks:,} tasks drawn at random stand for all, so many pairs of answers are there"
        )
    values = data.ratings(side) if side else None
    width = 6 if side else 1 + 2 * len(data.classes)
    samples = bootstrap.at_most(len(answered.first) * (6 if side else 3) + len(answered.raters) * width, what)
    if values is None:
        names = ["mean_cohen_kappa"]
        by_pair = pairs.cohen_kappas(answered, data.label, len(data.classes), len(data.tasks))
    else:
        names = ["mean_pearson", "mean_ccc"]
        by_pair = pairs.correlations(answered, values, len(data.tasks))

    def means(weights: FloatArray | None) -> FloatArray:
        means = pairs.mean_over_pairs(by_pair(weights))
        return means[..., None] if values is None else means

    measured = joint_intervals(means, names, len(data.tasks), samples, bootstrap.seed)
    return {
        name: {**_result(interval, answered.tasks), "pairs": len(answered.raters)}
        for name, interval in measured.items()
    }


def _repeats(repeats: Repeats, bootstrap: _Bootstrap) -> dict[str, Result]:
    """Bootstrapped over the tasks that were repeated, not over all."""
    tasks, codes = np.unique(repeats.task, return_inverse=True)
    task = codes.astype(np.int32)
    results = {}
    label = np.where(repeats.label < 0, np.nan, repeats.label.astype(np.float64))
    for name, pair in (("label", label), *repeats.rated.items()):
        known = int((~np.isnan(pair).any(axis=1)).sum())
        if known == 0:
            continue
        kind = "same" if name == "label" else "difference"
        measured = bootstrap.intervals({name: reliability.consistency(task, pair, len(tasks))[kind]}, len(tasks))
        results[f"{kind}_{name}"] = _result(measured[name], known)
    return results


def _grades(classes: tuple[str, ...]) -> FloatArray:
    """What ordered classes stand for: their numbers where all are numbers, else their places."""
    try:
        return np.array([float(name.replace(",", ".")) for name in classes])
    except ValueError:
        return np.arange(len(classes), dtype=np.float64)


def _shared_tasks(task: Codes) -> int:
    """Tasks with two answers or more."""
    return int((np.bincount(task) >= 2).sum())


def _note_single(shared: int, single: int, what: str, notes: list[str]) -> None:
    if shared == 0:
        notes.append(f"no task has two answers ({what}): agreement cannot be computed, only shares and entropy")
    elif single:
        notes.append(f"{single:,} tasks have a single answer ({what}) and say nothing about agreement")


def _result(interval: Interval, n: int) -> Result:
    return {**dict(zip(("value", "low", "high"), interval, strict=True)), "n": n}


def _read(name: str, result: Result) -> None:
    """Adds a guideline's words, of the F interval where there is one."""
    kind = family(name)
    value = result.get("value")
    if kind and isinstance(value, float):
        ends = (result.get("f_low", result.get("low")), result.get("f_high", result.get("high")))
        low, high = (end if isinstance(end, float) else None for end in ends)
        result["reading"] = reading(value, low, high, kind)
        result["guideline"] = SCALES[kind][0]
