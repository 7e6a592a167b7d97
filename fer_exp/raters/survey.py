"""Every measure of agreement that a table of people's answers allows, with intervals and what guidelines call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from fer_exp.answers import Answers, Codes, Repeats, Votes
from fer_exp.raters import agreement, pairs, reliability
from fer_exp.raters.dependability import of_answers
from fer_exp.raters.left_out import Given, of_votes
from fer_exp.raters.readings import SCALES, family, headline, paradox, reading
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.jackknife import FEWEST, LeftOut, intervals
from fer_exp.stats.totals import Measure

Result = dict[str, float | int | str | bool | None]
"""``value``; ``low, high``, its interval over faces, of these raters; ``low_raters, high_raters``, over faces and
raters, where raters are known; ``n`` faces; ``rough`` where too few faces decide it; and where a guideline speaks
of the measure ``reading`` and ``guideline``."""

SHARES = ("percent_agreement", "same_label")
"""Measures from 0 to 1; the others, which are beyond chance, have -1 to 1."""

FEW_RATERS = 7
"""Raters below which intervals over faces and raters hold a little too seldom (docs/coverage.md)."""
FEW = 7
"""Faces that decide the agreement on a class (``Changes.deciding``), and faces on which two raters say it, below which
its interval covers too seldom."""


def survey(
    data: Answers | Votes,
    *,
    ends: bool = True,
    seed: int = 0,
    least: int = pairs.SHARED,
    ordered: bool = False,
    weights: str = "ordinal",
) -> dict[str, Any]:
    """Agreement on classes, on every scale of ratings, and of workers with themselves.

    Args:
        data: answers, or votes where workers are not known; what needs workers is then left out.
        ends: whether measures get intervals.
        seed: of the tasks that stand for all where there are too many pairs of answers.
        least: tasks that two raters must share to count as a pair.
        ordered: whether the classes are in an order, as grades of intensity are; adds measures that know it.
        weights: of these, how close two classes are: ``weights`` of ``config.rules.CHOICES``.

    Returns:
        ``labels``: measure -> result; ``scales``: of each scale of ratings, which has such measures under its own name,
        from what to what it ran in the table and how that is known; ``classes``: class -> measure ->
        result; ``components``: class or scale -> share of variance -> result; ``repeats``: measure -> result;
        ``notes``: what could not be computed, in sentences.
    """
    report: dict[str, Any] = {"labels": {}, "classes": {}, "scales": {}, "components": {}, "notes": [*data.notes]}
    notes = report["notes"]
    known = data if isinstance(data, Answers) else None
    votes = data.votes() if isinstance(data, Answers) else data
    if len(data.classes) and votes.counts.any():
        grades = _grades(data.classes) if ordered else None
        closeness = None if grades is None else agreement.closeness(grades, weights)
        report["labels"], report["classes"] = _labels(votes, known, closeness, notes)
        if known is not None:
            labelled = known.select(known.label >= 0)
            report["labels"] |= _pairs(labelled, None, least, seed, notes)
            report["labels"] |= {} if grades is None else _ordered(labelled, grades)
    if known is None:
        notes.append("votes do not say who answered: intervals are over faces, and speak of these raters alone")
    else:
        for side, values in known.rated.items():
            if (rated := ~np.isnan(values)).any():
                report["scales"][side] = known.scales[side]._asdict()
                report[side] = _ratings(known.select(rated), values[rated], side, least, seed, notes)
        if known.repeats is not None:
            report["repeats"] = _repeats(known.repeats)
        report["components"] = of_answers(known, notes)
        if ends and FEWEST <= (number := len(known.workers)) < FEW_RATERS:
            notes.append(f"{number} raters: intervals over faces and raters hold in .90 to .94 of cases, not in .95")
    tables = [report.get(kind, {}) for kind in ("labels", *report["scales"], "repeats")]
    for measures in (*tables, *report["classes"].values(), *report["components"].values()):
        for name, result in measures.items():
            if not ends:
                result.update(dict.fromkeys(ENDS))
            _read(name, result)
    return report


ENDS = ("low", "high", "low_raters", "high_raters")


def _labels(
    votes: Votes, answers: Answers | None, closeness: FloatArray | None, notes: list[str]
) -> tuple[dict[str, Result], dict[str, dict[str, Result]]]:
    """Results over all classes, and by class."""
    raters = votes.counts.sum(axis=1)
    there, classes = raters > 0, votes.classes
    counts = votes.counts[there]
    shared = int((raters >= 2).sum())
    _note_single(shared, int((raters == 1).sum()), "class", notes)
    if (counts.sum(axis=0) > 0).sum() <= 1:
        notes.append("every answer is of the same class: agreement beyond chance is not defined")
    given = None
    if answers is not None:
        part = answers.select(answers.label >= 0)
        task = (np.cumsum(there, dtype=np.int32) - 1)[part.task]
        given = Given(task, part.worker, part.label, len(counts), len(answers.workers))
    names, left = of_votes(partial(_measures, classes=classes, closeness=closeness), counts, given)
    ranges = {name: (0.0, 1.0) for name in names if name in SHARES or name.startswith("agreement ")}
    ranges["vote_entropy"] = (0.0, float(np.log(max(len(classes), 2))))
    found = _results(left, names, shared, ranges)
    results = {name: row for name, row in found.items() if " " not in name}
    notes += paradox(results, dict(zip(classes, counts.sum(axis=0) / counts.sum(), strict=True)))
    deciding = dict(zip(names, left.faces.deciding.tolist(), strict=True))
    by_class = {name: _of_class(name, counts, k, found, deciding) for k, name in enumerate(classes)}
    return results, by_class


def _measures(counts: FloatArray, classes: tuple[str, ...], closeness: FloatArray | None) -> dict[str, Measure]:
    """Every measure of the votes of some tasks, (N, K); those of a class have its name behind a space."""
    measures = {
        "percent_agreement": agreement.percent_agreement(counts),
        "fleiss_kappa": agreement.fleiss_kappa(counts),
        "krippendorff_alpha": agreement.krippendorff_alpha(counts),
        "gwet_ac1": agreement.gwet_ac(counts),
        "split_half": agreement.split_half(counts),
        "vote_entropy": agreement.vote_entropy(counts),
    }
    if closeness is not None:
        measures["weighted_kappa"] = agreement.fleiss_kappa(counts, closeness)
        measures["gwet_ac2"] = agreement.gwet_ac(counts, closeness)
    for k, name in enumerate(classes):
        measures[f"agreement {name}"] = agreement.specific_agreement(counts, k)
        measures[f"kappa {name}"] = agreement.class_kappa(counts, k)
    return measures


def _of_class(
    name: str, counts: FloatArray, k: int, found: Mapping[str, Result], deciding: Mapping[str, float]
) -> dict[str, Result]:
    """The share of class k, and the results that have its name, which may be rough."""
    votes, total = counts[:, k], counts.sum(axis=1)
    share: Result = {"value": float((votes / total).mean()), **dict.fromkeys(ENDS), "n": len(counts)}
    several = bool((votes > 1).sum() >= FEW)
    agreed, kappa = (
        {**found[f"{measure} {name}"], "rough": not several or deciding[f"{measure} {name}"] < FEW}
        for measure in ("agreement", "kappa")
    )
    return {"share": share, "agreement": {**agreed, "n": int((votes[total > 1] > 0).sum())}, "kappa": kappa}


def _ordered(data: Answers, grades: FloatArray) -> dict[str, Result]:
    """Measures of labels that stand for grades, shape (K,), in an order."""
    given = Given(data.task, data.worker, grades[data.label], len(data.tasks), len(data.workers))
    shared = _shared_tasks(data.task)
    return {
        **_results(reliability.of_means(given), ("alpha_interval",), shared),
        **_results(reliability.ordinal_alpha(given), ("alpha_ordinal",), shared),
    }


def _ratings(
    data: Answers, values: FloatArray, side: str, least: int, seed: int, notes: list[str]
) -> dict[str, Result]:
    # Tasks and raters without a rating on this side drop out, so that those that remain may be complete.
    task, worker = (np.unique(codes, return_inverse=True)[1].astype(np.int32) for codes in (data.task, data.worker))
    given = Given(task, worker, values, int(task.max()) + 1, int(worker.max()) + 1)
    shared = _shared_tasks(task)
    _note_single(shared, given.tasks - shared, side, notes)
    results = _results(reliability.icc(given), reliability.FORMS, shared)
    squares = reliability.anova(*given)
    if squares is None:
        notes.append(
            f"{side}: not every rater rated every task, so the ICCs come from Henderson's variance components, have no "
            "F intervals, and k is the mean number of raters of a task"
        )
    else:
        for name, (low, high) in reliability.f_intervals(squares).items():
            if np.isfinite(low) and np.isfinite(high):
                results[name] |= {"f_low": low, "f_high": high}
    for name in reliability.FORMS:
        results[name]["n"] = given.tasks
    results |= _results(reliability.of_means(given), ("alpha_interval", "split_half"), shared)
    results |= _results(reliability.ordinal_alpha(given), ("alpha_ordinal",), shared)
    return results | _pairs(data, side, least, seed, notes)


def _pairs(data: Answers, side: str | None, least: int, seed: int, notes: list[str]) -> dict[str, Result]:
    """Mean pairwise kappa of labels, or correlations of the ratings of a side."""
    answered = pairs.answer_pairs(data.task, data.worker, least, seed)
    what = "pairwise kappa" if side is None else f"pairwise correlations of {side}"
    if len(answered.raters) == 0:
        notes.append(f"no two raters share {least} tasks, so there is no {what} (min_shared={least})")
        return {}
    size = np.bincount(data.task)
    if (size * (size - 1) // 2).sum() > pairs.MOST:
        notes.append(
            f"{what}: {answered.tasks:,} tasks drawn at random stand for all, so many pairs of answers are there"
        )
    values = data.ratings(side) if side else None
    if values is None:
        names, paired = ["mean_cohen_kappa"], pairs.cohen_kappas(answered, data.label, len(data.classes))
    else:
        names, paired = ["mean_pearson", "mean_ccc"], pairs.correlations(answered, values)
    results = _results(pairs.left_out(answered, paired), names, answered.tasks)
    return {name: {**result, "pairs": len(answered.raters)} for name, result in results.items()}


def _repeats(repeats: Repeats) -> dict[str, Result]:
    """Over the tasks that were repeated, not over all."""
    results = {}
    label = np.where(repeats.label < 0, np.nan, repeats.label.astype(np.float64))
    for place, (side, pair) in enumerate((("label", label), *repeats.rated.items())):
        known = ~np.isnan(pair).any(axis=1)
        if not known.any():
            continue
        name = "same_label" if place == 0 else f"difference_{side}"
        left = reliability.consistency(repeats.task, repeats.worker, pair)
        widest = float(np.ptp(pair[known])) or 1.0
        ranges = {"same_label": (0.0, 1.0), f"difference_{side}": (0.0, widest)}
        found = _results(left, ("same_label", f"difference_{side}"), len(np.unique(repeats.task[known])), ranges)
        results[name] = {**found[name], "n": int(known.sum())}
    return results


def _results(
    left: LeftOut, names: Sequence[str], shared: int, ranges: Mapping[str, tuple[float, float]] | None = None
) -> dict[str, Result]:
    """Figures with their two intervals, as rows; of more figures than names, the first."""
    return {name: {**ends._asdict(), "n": shared} for name, ends in intervals(left, names, shared, ranges).items()}


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


def _read(name: str, result: Result) -> None:
    """Adds a guideline's words, of the interval over faces and raters where there is one."""
    kind = family(name)
    value = result.get("value")
    if kind and isinstance(value, float) and not result.get("rough"):
        low, high = (end if isinstance(end, float) else None for end in headline(result))
        if low is None or high is None:  # guidelines speak of what is known, as of one face nothing is
            return
        result["reading"] = reading(low, high, kind)
        result["guideline"] = SCALES[kind][0]
