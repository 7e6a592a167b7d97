"""By groups of faces: each metric, and whether a model's error differs between them more than people's does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.grouping import Grouping, grouping
from fer_exp.judging.applicable import Judged, Mask, arrays, statistics
from fer_exp.judging.contrasts import as_json
from fer_exp.judging.judge import people_alone
from fer_exp.judging.predictions import GROUP, class_names
from fer_exp.metrics.registry import COMPARED
from fer_exp.stats.bootstrap import (
    FloatArray,
    OfSums,
    Statistic,
    cluster_codes,
    faces_of,
    has_ends,
    replicates,
    within,
)
from fer_exp.stats.crossed import Runs, Spread, over_runs, runs_of, spread_of_parts
from fer_exp.stats.tests import correct

ROUGH = 50
"""Persons, or faces where persons are not known, below which what is said of a group is rough: percentiles then cover
too seldom, and gaps are made cautious (docs/coverage.md)."""
TESTED = ("l1", "rater_equivalents", "accuracy", "entropy_correlation", "valence_ccc", "arousal_ccc")
"""Metrics whose gaps are tested, one for each question that metrics answer; ``majority_accuracy`` without labels."""
LEAST = 2
"""Faces that a group needs to be judged at all."""

Named = Mapping[str, Sequence[Statistic]]
"""Metric -> the statistic of each run, all over the same faces."""


class Drawn(NamedTuple):
    """A metric on some faces: its runs with replicates, and how many ``faces`` and ``persons`` it is of."""

    runs: Runs
    faces: int
    persons: int


class Part(NamedTuple):
    """Some faces, all their metrics drawn together: of the model, of people, and of the model on people's faces."""

    model: dict[str, Drawn]
    people: dict[str, Drawn]
    beside: dict[str, Drawn]


def of_tables(tables: Sequence[pd.DataFrame], by: str, *, samples: int, seed: int) -> dict[str, Any]:
    """``by_group`` of predictions with ``GROUP``, a table a run, of the same faces in the same order."""
    classes, groups = class_names(tables[0]), grouping(tables[0][GROUP].to_numpy(object), by)
    return by_group([arrays(table, classes) for table in tables], classes, groups, samples=samples, seed=seed)


def by_group(
    runs: Sequence[Judged], classes: tuple[str, ...], groups: Grouping, *, samples: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """Every metric that is compared usually, by group, and each group held against all others by those of ``TESTED``.

    Persons (faces where persons are not known) are drawn in each group apart; a group of fewer than ``ROUGH`` is taken
    to vary at least as much as the others. Where a person is in several groups, as with poses, all are drawn together.

    Args:
        runs: of one config, on the same faces.
        classes: K names.
        groups: of these faces.
        samples: replicates; 0 for no intervals.
        seed: of the replicates, and of the halvings behind what people get.

    Returns:
        ``by``, ``notes``; ``groups``, a row each (name, faces, persons, rough, ``metrics`` and ``people``: metric ->
        value, low, high, n); ``gaps``, a row a group and metric: ``model``, ``people`` and ``beyond``, the model's gap
        less people's (difference, low, high, p each), and ``holm``, over all rows, of ``beyond``, or of ``model`` where
        people have no such figure. A gap is the group's value less that of the faces of all other groups.
    """
    several = split_persons(runs[0].clusters, groups.code)
    parts: dict[bytes, Part] = {}

    def part(faces: Mask) -> Part:
        key = faces.tobytes()
        if key not in parts:
            parts[key] = _drawn(_measured(runs, faces, classes, seed), faces, runs[0].clusters, several, samples, seed)
        return parts[key]

    known = groups.code >= 0
    sizes = [int((groups.code == g).sum()) for g in range(len(groups.names))]
    judged = [g for g, size in enumerate(sizes) if size >= LEAST]
    rows, gaps = [], []
    for g in judged:
        inside = groups.code == g
        own = part(inside)
        rows.append(_row(groups.names[g], inside, runs[0].clusters, own))
        if len(judged) == 2 and g == judged[1]:
            continue  # the same gap with the other sign
        gaps += _gaps(groups.names[g], own, part(known & ~inside & np.isin(groups.code, judged)), several)
    correct(gaps, [gap["beyond"] or gap["model"] for gap in gaps])
    small = [f"{groups.names[g]} ({sizes[g]})" for g in range(len(sizes)) if g not in judged]
    notes = [*groups.notes, *([f"{groups.by}: too few faces to be judged: {', '.join(small)}"] if small else [])]
    if several:
        notes.append(f"{groups.by}: persons are in several groups, so persons are drawn over all of them together")
    return {"by": groups.by, "notes": notes, "groups": rows, "gaps": gaps}


def compared_by_group(
    configs: Sequence[Sequence[Judged]],
    classes: tuple[str, ...],
    groups: Grouping,
    pairs: Sequence[tuple[int, int]],
    *,
    samples: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Configs against each other within each group, and whether their difference is another there than elsewhere.

    Args:
        configs: the runs of each, all on the same faces.
        classes: as of ``by_group``, like ``groups``, ``samples`` and ``seed``.
        pairs: which configs are compared.

    Returns:
        ``by``, ``notes``, ``groups`` (name, faces, persons, rough) and ``rows``, one a pair, metric and group: ``a``,
        ``b``, ``metric``, ``group``, ``within`` (the first less the second) and ``interaction`` (that, less the same of
        all other groups): difference, low, high, p each; and ``holm`` of all interactions.
    """
    clusters = configs[0][0].clusters
    several = split_persons(clusters, groups.code)
    known = groups.code >= 0
    judged = [g for g in range(len(groups.names)) if (groups.code == g).sum() >= LEAST]
    drawn: dict[tuple[int, bytes], dict[str, Drawn]] = {}

    def of(config: int, faces: Mask) -> dict[str, Drawn]:
        key = config, faces.tobytes()
        if key not in drawn:  # equal seeds draw equal faces for all configs
            model = _statistics([run.of(faces) for run in configs[config]], classes, faces)
            drawn[key] = _drawn((model, {}, {}), faces, clusters, several, samples, seed).model
        return drawn[key]

    rows: list[dict[str, Any]] = []
    for a, b in pairs:
        for g in judged:
            inside = groups.code == g
            rest = known & ~inside & np.isin(groups.code, judged)
            ours, theirs, others, other = of(a, inside), of(b, inside), of(a, rest), of(b, rest)
            for metric in _asked(ours):
                if not all(
                    metric in side and side[metric].runs.drawn.shape[1] for side in (ours, theirs, others, other)
                ):
                    continue
                pair = [(1.0, ours[metric]), (-1.0, theirs[metric])]
                within = spread_of_parts([[(weight, one.runs) for weight, one in pair]], [ours[metric].persons])
                row = {"a": a, "b": b, "metric": metric, "group": groups.names[g], "within": _as_row(within)}
                last = len(judged) == 2 and g == judged[1]  # the same interaction with the other sign
                beyond = None if last else _apart(pair, [(1.0, others[metric]), (-1.0, other[metric])], several)
                rows.append(row | {"interaction": beyond})
    rows.sort(key=lambda row: (row["a"], row["b"], _place(row["metric"])))  # the groups of a metric beside each other
    correct(rows, [row["interaction"] for row in rows])
    sizes = [{key: value for key, value in _row(groups.names[g], groups.code == g, clusters, Part({}, {}, {})).items()
              if key not in ("metrics", "people")} for g in judged]  # fmt: skip
    return {"by": groups.by, "notes": list(groups.notes), "groups": sizes, "rows": rows}


def split_persons(clusters: NDArray[np.int64], code: NDArray[np.int64]) -> bool:
    """Whether a person, (N,) codes, is in more than one group, (N,) codes, -1 for none."""
    pairs = np.unique(np.stack([clusters, code])[:, code >= 0], axis=1)
    return len(pairs[0]) > len(np.unique(pairs[0]))


def _measured(runs: Sequence[Judged], faces: Mask, classes: tuple[str, ...], seed: int) -> tuple[Named, Named, Named]:
    """The metrics of a part as functions of the weights of all faces: model, people, model on people's faces."""
    inside = [run.of(faces) for run in runs]
    model = _statistics(inside, classes, faces)
    shared = inside[0].shared
    if not shared.any():
        return model, {}, {}
    of_people = {
        name.removeprefix("ceiling_"): [_over_all(faces, where, statistic)]
        for where, measured in people_alone(inside[0], classes, seed, COMPARED)
        for name, statistic in measured.items()
    }
    both = faces.copy()
    both[faces] = shared
    beside = model if shared.all() else _statistics([run.of(shared) for run in inside], classes, both)
    return model, {name: of_people[name] for name in COMPARED if name in of_people}, beside


def _statistics(runs: Sequence[Judged], classes: tuple[str, ...], faces: Mask) -> dict[str, list[Statistic]]:
    by_run = [
        {
            name: _over_all(faces, where, statistic)
            for where, measured in statistics(run, classes, names=COMPARED).values()
            for name, statistic in measured.items()
        }
        for run in runs
    ]
    return {name: [measured[name] for measured in by_run] for name in COMPARED if name in by_run[0]}


def _over_all(faces: Mask, where: Mask, statistic: Statistic) -> Statistic:
    """A metric of some faces of a part as a metric of all faces."""
    used = faces.copy()
    used[faces] = where
    return within(used, statistic)


def _drawn(
    measured: tuple[Named, Named, Named],
    faces: Mask,
    clusters: NDArray[np.int64],
    together: bool,
    samples: int,
    seed: int,
) -> Part:
    """All metrics of a part from the same replicates: of its own persons, or of all of them."""
    drawn_faces = np.ones(len(faces), np.bool_) if together else faces
    codes = cluster_codes(clusters[drawn_faces])
    named = {
        f"{kind} {name} {i}": _of_some(statistic, drawn_faces)
        for kind, metrics in enumerate(measured)
        for name, of_runs in metrics.items()
        for i, statistic in enumerate(of_runs)
        if has_ends(statistic)
    }
    values = replicates(named, codes, samples, seed) if samples and codes.max() > 0 else {}

    def of(kind: int) -> dict[str, Drawn]:
        found = {}
        for name, of_runs in measured[kind].items():
            used = faces_of(of_runs[0])
            replicated = np.stack([values.get(f"{kind} {name} {i}", np.empty(0)) for i in range(len(of_runs))])
            ours = [_of_some(statistic, drawn_faces) for statistic in of_runs]
            found[name] = Drawn(runs_of(ours, replicated, codes), int(used.sum()), len(np.unique(clusters[used])))
        return found

    return Part(of(0), of(1), of(2))


def _of_some(statistic: Statistic, faces: Mask) -> Statistic:
    """A metric made by ``within`` that takes the weights of some faces alone, of all that it knows."""
    if faces.all():
        return statistic
    if isinstance(statistic, OfSums):
        return replace(statistic, columns=statistic.columns[faces])

    def of_some(weights: FloatArray | None) -> FloatArray:
        if weights is None:
            return statistic(None)
        whole = np.zeros((*weights.shape[:-1], len(faces)))
        whole[..., faces] = weights
        return statistic(whole)

    return of_some


def _row(name: str, inside: Mask, clusters: NDArray[np.int64], part: Part) -> dict[str, Any]:
    persons, known = len(np.unique(clusters[inside])), int(clusters.max()) + 1 < len(clusters)
    row: dict[str, Any] = {"name": name, "faces": int(inside.sum()), "persons": persons if known else None}
    row |= {"rough": persons < ROUGH}
    return row | {"metrics": _values(part.model), "people": _values(part.people)}


def _values(drawn: Mapping[str, Drawn]) -> dict[str, Any]:
    values = {}
    for name, (runs, faces, persons) in drawn.items():
        value, low, high = over_runs(runs, persons)
        values[name] = {"value": as_json(value), "low": low, "high": high, "n": faces}
    return values


def _gaps(name: str, own: Part, rest: Part, together: bool) -> list[dict[str, Any]]:
    """The group against the rest, a row a metric."""
    gaps = []
    for metric in _asked(own.model):
        one, other = own.model.get(metric), rest.model.get(metric)
        if one is None or other is None or not one.runs.drawn.shape[1]:
            continue
        row: dict[str, Any] = {"group": name, "metric": metric, "model": _apart([(1.0, one)], [(1.0, other)], together)}
        row |= {"people": None, "beyond": None}
        if all(metric in side for side in (own.people, rest.people, own.beside, rest.beside)):
            ours, theirs = ([(1.0, part.beside[metric]), (-1.0, part.people[metric])] for part in (own, rest))
            row["people"] = _apart([(1.0, own.people[metric])], [(1.0, rest.people[metric])], together)
            row["beyond"] = _apart(ours, theirs, together)
        gaps.append(row)
    return gaps


def _asked(there: Mapping[str, Drawn]) -> list[str]:
    """The metrics of ``TESTED`` that there are."""
    named = [name if name in there else f"majority_{name}" for name in TESTED]
    return [name for name in named if name in there]


def _place(metric: str) -> int:
    return TESTED.index(metric.removeprefix("majority_"))


def _apart(own: Sequence[tuple[float, Drawn]], rest: Sequence[tuple[float, Drawn]], together: bool) -> dict[str, Any]:
    """A group's contrast less that of the rest."""
    return _as_row(between(own, rest, together))


def _as_row(found: Spread) -> dict[str, Any]:
    low, high = found.interval()
    return {"difference": as_json(found.value), "low": low, "high": high, "p": as_json(found.p())}


def between(own: Sequence[tuple[float, Drawn]], rest: Sequence[tuple[float, Drawn]], together: bool) -> Spread:
    """A weighted sum of metrics in one part less the same in another.

    Args:
        own: a weight and a metric each, all drawn together.
        rest: the same metrics in the other part.
        together: whether both parts were drawn together, because they share persons.
    """
    ours = [(weight, drawn.runs.straight(drawn.persons)) for weight, drawn in own]
    theirs = [(-weight, drawn.runs.straight(drawn.persons)) for weight, drawn in rest]
    persons = [min(drawn.persons for _, drawn in side) for side in (own, rest)]
    if not together:
        return spread_of_parts([ours, theirs], persons, ROUGH)
    both = [
        (weight, Runs(one.values - other.values, one.drawn - other.drawn))
        for (weight, one), (_, other) in zip(ours, theirs, strict=True)
    ]
    return spread_of_parts([both], [max(persons)])
