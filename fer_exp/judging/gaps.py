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
from fer_exp.judging.contrasts import Drawn, as_json
from fer_exp.judging.judge import people_alone
from fer_exp.judging.predictions import GROUP, class_names
from fer_exp.metrics.registry import COMPARED
from fer_exp.stats.bootstrap import FloatArray, OfSums, Statistic, cluster_codes, has_ends, replicates, within
from fer_exp.stats.crossed import Spread, over_runs, runs_of, spread, spread_of_parts
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


class Part(NamedTuple):
    """Some faces, all their metrics drawn together: of the model, of people, and of the model on people's faces."""

    model: dict[str, Drawn]
    people: dict[str, Drawn]
    beside: dict[str, Drawn]


class Held(NamedTuple):
    """Groups of faces, each held against all others.

    Attributes:
        groups: of the faces.
        clusters: the person, or face, of each face, shape (N,).
        judged: numbers of the groups that have faces enough.
        together: whether persons are in several groups, so that persons are drawn over all of them together.
    """

    groups: Grouping
    clusters: NDArray[np.int64]
    judged: list[int]
    together: bool

    @classmethod
    def of(cls, groups: Grouping, clusters: NDArray[np.int64]) -> Held:
        """Groups with the persons on their faces."""
        sizes = np.bincount(groups.code[groups.code >= 0], minlength=len(groups.names))
        return cls(groups, clusters, np.flatnonzero(sizes >= LEAST).tolist(), split_persons(clusters, groups.code))

    def inside(self, group: int) -> Mask:
        """The faces of a group."""
        return np.asarray(self.groups.code == group)

    def rest(self, group: int) -> Mask:
        """The faces of all other groups that are judged."""
        return np.isin(self.groups.code, self.judged) & ~self.inside(group)

    def mirrored(self, group: int) -> bool:
        """Whether a group is the second of two: what is held against the first has the other sign."""
        return len(self.judged) == 2 and group == self.judged[1]

    def sizes(self, group: int) -> dict[str, Any]:
        """What a group is called, and how many faces and, where they are known, persons it has."""
        inside = self.inside(group)
        persons, known = len(np.unique(self.clusters[inside])), int(self.clusters.max()) + 1 < len(self.clusters)
        return {
            "name": self.groups.names[group],
            "faces": int(inside.sum()),
            "persons": persons if known else None,
            "rough": persons < ROUGH,
        }


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
    held = Held.of(groups, runs[0].clusters)
    parts: dict[bytes, Part] = {}

    def part(faces: Mask) -> Part:
        key = faces.tobytes()
        if key not in parts:
            parts[key] = _drawn(_measured(runs, faces, classes, seed), faces, held, samples, seed)
        return parts[key]

    rows, gaps = [], []
    for group in held.judged:
        own = part(held.inside(group))
        rows.append(held.sizes(group) | {"metrics": _values(own.model), "people": _values(own.people)})
        if not held.mirrored(group):
            gaps += _gaps(groups.names[group], own, part(held.rest(group)), held.together)
    correct(gaps, [gap["beyond"] or gap["model"] for gap in gaps])
    notes = list(groups.notes)
    few = [group for group in range(len(groups.names)) if group not in held.judged]
    if small := [f"{groups.names[group]} ({int(held.inside(group).sum())})" for group in few]:
        notes.append(f"{groups.by}: too few faces to be judged: {', '.join(small)}")
    if held.together:
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
    held = Held.of(groups, configs[0][0].clusters)
    drawn: dict[tuple[int, bytes], dict[str, Drawn]] = {}

    def of(config: int, faces: Mask) -> dict[str, Drawn]:
        key = config, faces.tobytes()
        if key not in drawn:  # equal seeds draw equal faces for all configs
            model = _statistics([run.of(faces) for run in configs[config]], classes, faces)
            drawn[key] = _drawn((model, {}, {}), faces, held, samples, seed).model
        return drawn[key]

    rows: list[dict[str, Any]] = []
    for a, b in pairs:
        for group in held.judged:
            inside, rest = held.inside(group), held.rest(group)
            here, elsewhere = (of(a, inside), of(b, inside)), (of(a, rest), of(b, rest))
            for metric in _asked(here[0]):
                if all(metric in side and side[metric].runs.drawn.shape[1] for side in (*here, *elsewhere)):
                    ours, theirs = ([(1.0, one[metric]), (-1.0, other[metric])] for one, other in (here, elsewhere))
                    persons = here[0][metric].persons
                    difference = spread([(weight, one.runs) for weight, one in ours], persons)
                    beyond = None if held.mirrored(group) else _apart(ours, theirs, held.together)
                    rows.append({"a": a, "b": b, "metric": metric, "group": groups.names[group],
                                 "within": _as_row(difference), "interaction": beyond})  # fmt: skip
    rows.sort(key=lambda row: (row["a"], row["b"], _place(row["metric"])))  # the groups of a metric beside each other
    correct(rows, [row["interaction"] for row in rows])
    sizes = [held.sizes(group) for group in held.judged]
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


def _drawn(measured: tuple[Named, Named, Named], faces: Mask, held: Held, samples: int, seed: int) -> Part:
    """All metrics of a part from the same replicates: of its own persons, or of all of them."""
    drawn_faces = np.ones(len(faces), np.bool_) if held.together else faces
    codes = cluster_codes(held.clusters[drawn_faces])
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
            replicated = np.stack([values.get(f"{kind} {name} {i}", np.empty(0)) for i in range(len(of_runs))])
            runs = runs_of([_of_some(statistic, drawn_faces) for statistic in of_runs], replicated, codes)
            found[name] = Drawn.of(runs, of_runs[0], held.clusters)
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
    both = [(weight, one.less(other)) for (weight, one), (_, other) in zip(ours, theirs, strict=True)]
    return spread(both, max(persons))
