"""Two or more models on the same faces: grouped by config, pooled over seeds, tested pair by pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_exp.errors import RequestError, nearest
from fer_exp.judging import ceiling
from fer_exp.judging.applicable import Judged, arrays, statistics
from fer_exp.judging.contrasts import FEW_VOTES, Drawn, all_pairs, as_json, differences
from fer_exp.judging.groups import Group, group_names, grouped
from fer_exp.judging.judge import Result, people_alone, with_intervals
from fer_exp.judging.posthoc import fit_on_val, repaired
from fer_exp.judging.predictions import class_names
from fer_exp.judging.sources import Source
from fer_exp.metrics.registry import COMPARED, METRICS, NO_FACE, PANELS, REPAIRS
from fer_exp.metrics.words import rough, within_range
from fer_exp.stats.bootstrap import FloatArray, Statistic, within
from fer_exp.stats.crossed import drawn_runs, over_runs


def compare_sources(
    original: Sequence[Source],
    sources: Sequence[Source],
    metrics: Sequence[str] | None,
    *,
    primary: str | None = None,
    samples: int = 2000,
    permutations: int = 10_000,
    seed: int = 0,
    repairs: bool = True,
) -> dict[str, Any]:
    """Each config's metrics with intervals over seeds and faces, and every pair of configs tested.

    A config's value is the mean over its runs. Persons (faces where persons are not known) are drawn by a bootstrap,
    the same for all configs and runs; how runs vary is estimated beside that, as in an analysis of variance of runs
    crossed with faces (``stats.crossed``), which also holds for metrics that are no means, such as calibration. A
    difference has Student's interval, and its two-sided ``p`` goes with it. So do configs of several runs; one run
    alone has the interval that ``evaluate`` gives it, which is for that run, not for its config.

    The other tests take, per face, the mean over a config's runs: they are for these runs. ``p`` alone heeds seeds and
    persons, and exists for every metric, so Holm's correction is made of it: over the pairs in ``primary``, where a
    metric was named beforehand, and then all others are exploratory; else over all metrics and pairs.

    Args:
        original: the sources with all their splits; repairs are fitted on val.
        sources: the same as ``on_same_faces`` gives them.
        metrics: names; None takes those of ``registry.COMPARED`` that there are.
        primary: the metric that the question is about, first of all shown.
        repairs: also each config after temperature scaling and mixing with uniform, and the class prior and uniform.

    Returns:
        ``faces``, ``subjects``, ``metrics``, ``of_some`` (those that not all have), ``primary``, ``groups`` (name,
        seeds, metric -> value, low, high, sd over runs) and ``pairs`` (a, b, metric -> difference, low, high, p, holm
        and, of means over faces, the other tests).

    Raises:
        RequestError: a metric that is not known or not there, or nothing to compare by.
    """
    classes = class_names(sources[0].table)
    parts = [arrays(source.table, classes) for source in sources]
    clusters = parts[0].clusters
    members = grouped(original)
    named = {} if primary is None else {primary: "primary"}
    wanted = list(dict.fromkeys([*named, *(COMPARED if metrics is None else metrics)]))
    named |= dict.fromkeys(metrics or (), "metrics")
    groups = _groups(original, parts, members, classes, wanted, repairs)
    shown = _shown(groups, wanted, named)
    drawn = _drawn(groups, shown, clusters, samples, seed)
    votes = parts[0].counts[parts[0].shared].sum(axis=1)
    few_votes = len(votes) > 0 and float(votes.mean()) < FEW_VOTES
    return {
        "faces": len(clusters),
        "subjects": int(clusters.max()) + 1 if sources[0].table["subject"].notna().all() else None,
        "metrics": shown,
        "of_some": [name for name in wanted if name not in shown and any(name in group.statistics for group in groups)],
        "primary": primary,
        "groups": [_described(group, values) for group, values in zip(groups, drawn, strict=True)],
        "pairs": differences(groups, all_pairs(groups), shown, drawn, clusters, permutations, seed, primary, few_votes),
    }


def compared_people(source: Source, shown: Sequence[str], samples: int, seed: int) -> dict[str, Result]:
    """Half of a face's raters against the rest, by those of some metrics by which people are held against people.

    No test holds anything against it. ``source`` is any of those that ``on_same_faces`` gives.

    Returns:
        Metric -> value, low, high, n; empty without votes of two raters or more.
    """
    classes = class_names(source.table)
    judged = arrays(source.table, classes)
    if not judged.shared.any():
        return {}
    measured = with_intervals(people_alone(judged, classes, seed), judged.clusters, samples, seed)
    return {name: measured[f"ceiling_{name}"] for name in shown if f"ceiling_{name}" in measured}


def _groups(
    original: Sequence[Source],
    parts: Sequence[Judged],
    members: Sequence[Sequence[int]],
    classes: tuple[str, ...],
    wanted: Sequence[str],
    repairs: bool,
) -> list[Group]:
    """The trained configs, each after its repairs, and the answers that look at no face; with all their statistics."""
    uniform = np.full(len(classes), 1 / len(classes))
    first = parts[0]
    prior = first.people(first.voted).mean(axis=0) if first.voted.any() else uniform
    measured = _measure(first, prior, classes, wanted)
    groups: list[Group] = []
    for number, (name, runs) in enumerate(zip(group_names(original, members), members, strict=True)):
        names, seeds = [original[i].name for i in runs], [original[i].seed for i in runs]
        groups.append(Group(name, names, seeds, number, statistics=measured([parts[i] for i in runs])))
    if not repairs:
        return groups
    fitted = [fit_on_val(source.table, classes) for source in original]
    for base, runs in zip(groups[:], members, strict=True):
        for repair, words in REPAIRS.items():
            if all(repair in fitted[i].values for i in runs):
                after = [parts[i]._replace(model=repaired(parts[i].model, fitted[i])[repair]) for i in runs]
                name = f"{base.name}, {words}"
                groups.append(Group(name, base.sources, base.seeds, base.base, repair, measured(after)))
    for repair, answer in (("prior", prior), ("uniform", uniform)):
        same = np.broadcast_to(answer, first.model.shape)
        faceless = first._replace(model=same, affect=np.full_like(first.affect, np.nan))
        groups.append(Group(NO_FACE[repair], [], [], -1, repair, measured([faceless])))
    return groups


def _measure(
    first: Judged, prior: FloatArray, classes: tuple[str, ...], wanted: Sequence[str]
) -> Callable[[Sequence[Judged]], dict[str, list[Statistic]]]:
    """From runs on the same faces to metric -> the statistic of each run, all of them over all faces."""
    counts = first.counts.astype(np.int64)
    panels = ceiling.deal(counts) if any(name in wanted for name in PANELS) else None
    same = np.broadcast_to(prior, first.model.shape)
    nobody = None  # the prior's distance to held-out people, which is the same for every run
    if panels is not None:
        nobody = ceiling.model_l1(same[panels.faces], counts[panels.faces], panels.held_out)

    def of_run(run: Judged) -> dict[str, Statistic]:
        groups = list(statistics(run, classes, names=wanted).values())
        if panels is not None:
            beside = ceiling.against_panels(run.model, same, counts, panels, nobody)
            groups.append((panels.faces, {name: beside[name] for name in PANELS}))
        return {name: within(faces, of) for faces, group in groups for name, of in group.items() if name in wanted}

    def of_runs(runs: Sequence[Judged]) -> dict[str, list[Statistic]]:
        by_run = [of_run(run) for run in runs]
        return {name: [measured[name] for measured in by_run] for name in by_run[0]}

    return of_runs


def _shown(groups: Sequence[Group], wanted: Sequence[str], named: Mapping[str, str]) -> list[str]:
    """The wanted metrics that all trained configs have; those that a key names, ``named``, have to be there."""
    there = set.intersection(*(set(group.statistics) for group in groups if group.repair is None))
    for name, key in named.items():
        if name not in there:
            near = nearest(name, [row.name for row in METRICS])
            hint = f"did you mean {near}? The usual ones" if near else "the usual ones"
            raise RequestError(
                f"{key} names {name}, which these faces do not have or nobody knows; {hint} are: {', '.join(COMPARED)}."
            )
    shown = [name for name in wanted if name in there]
    if not shown:
        raise RequestError("No face has a label, votes or ratings to compare by.")
    return shown


def _drawn(
    groups: Sequence[Group], shown: Sequence[str], clusters: NDArray[np.int64], samples: int, seed: int
) -> list[dict[str, Drawn]]:
    """Each group's metrics over all faces and in replicates, which draw the same faces for all."""
    of_runs = {
        (g, name): group.statistics[name]
        for g, group in enumerate(groups)
        for name in shown
        if name in group.statistics
    }
    drawn: list[dict[str, Drawn]] = [{} for _ in groups]
    for (g, name), runs in drawn_runs(of_runs, clusters, samples, seed).items():
        drawn[g][name] = Drawn.of(runs, of_runs[g, name][0], clusters)
    return drawn


def _described(group: Group, drawn: Mapping[str, Drawn]) -> dict[str, Any]:
    metrics: dict[str, Any] = {}
    for name, (runs, _, persons) in drawn.items():
        values = runs.values
        value, *ends = over_runs(runs, persons)
        low, high = within_range(name, *ends)
        deviation = float(values.std(ddof=1)) if len(values) > 1 and np.isfinite(values).all() else None
        metrics[name] = {"value": as_json(value), "low": low, "high": high, "sd": as_json(deviation),
                         "values": [as_json(value) for value in values]}  # fmt: skip
        if low is not None and rough(name, persons):
            metrics[name]["rough"] = True
    return {
        "name": group.name,
        "runs": group.sources,
        "seeds": group.seeds,
        "base": group.base,
        "repair": group.repair,
        "words": REPAIRS.get(group.repair or "", group.repair),
        "metrics": metrics,
    }
