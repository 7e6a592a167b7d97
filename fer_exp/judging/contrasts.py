"""Groups of runs held against each other pair by pair: differences, tests, effect sizes, Holm's correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.judging.groups import Group
from fer_exp.metrics.registry import RIGHT
from fer_exp.metrics.words import rough
from fer_exp.stats import tests
from fer_exp.stats.bootstrap import FloatArray, OfSums, Statistic, cluster_codes, faces_of
from fer_exp.stats.crossed import Runs, spread

DIFFERENCE = ("difference", "low", "high", "p", "df_p")  # of p; df alone is that of the published test
FEW_VOTES, ENOUGH_FACES = 3, 3000
"""Votes a face of which a difference of rater equivalents is rough, unless faces are many (docs/coverage.md)."""
MOST_REPAIRED = 4  # configs whose repairs are tested, too; of more, pairs would be too many to look at


class Drawn(NamedTuple):
    """A metric of a config's runs, over all faces and in replicates, and how many ``faces`` and ``persons`` have it."""

    runs: Runs
    faces: int
    persons: int

    @classmethod
    def of(cls, runs: Runs, statistic: Statistic, clusters: NDArray[np.int64]) -> Drawn:
        """Of a ``statistic`` made by ``within``; ``clusters`` has the person (or face) of each face, shape (N,)."""
        used = faces_of(statistic)
        return cls(runs, int(used.sum()), len(np.unique(clusters[used])))


def all_pairs(groups: Sequence[Group]) -> list[tuple[int, int]]:
    """Trained against trained, and of few configs repaired by temperature against trained of another config."""
    trained = [g for g, group in enumerate(groups) if group.repair is None]
    pairs = list(combinations(trained, 2))
    if len(trained) > MOST_REPAIRED:
        return pairs
    scaled = [g for g, group in enumerate(groups) if group.repair in ("temperature", "temperature_votes")]
    return pairs + [(g, other) for g in scaled for other in trained if groups[g].base != other]


def differences(
    groups: Sequence[Group],
    pairs: Sequence[tuple[int, int]],
    shown: Sequence[str],
    drawn: Sequence[Mapping[str, Drawn]],
    clusters: NDArray[np.int64],
    permutations: int,
    seed: int,
    primary: str | None = None,
    few_votes: bool = False,
) -> list[dict[str, Any]]:
    """Every pair in every metric.

    ``drawn`` has, per group, metric -> its runs, the same faces drawn for all; ``clusters`` the person (or face)
    of each face, shape (N,); ``permutations`` is the number of random swaps. Where a metric is ``primary``, Holm's
    correction is over its pairs, and no other metric has one. ``few_votes``: faces have fewer than ``FEW_VOTES``.

    Returns:
        Per pair ``a``, ``b`` and ``metrics``: name -> difference, low, high, p, df, holm and, of means, the tests;
        ``rough`` where the interval holds the truth too seldom.
    """
    results: list[dict[str, Any]] = [{"a": a, "b": b, "metrics": {}} for a, b in pairs]
    facewise = {name: _facewise(groups, name) for name in shown}
    p_swapped = _swapped(facewise, pairs, clusters, permutations, seed)
    for number, (a, b) in enumerate(pairs):
        for name in shown:
            entry: dict[str, Any] = dict(_difference(drawn[a][name], drawn[b][name]))
            persons = drawn[a][name].persons
            uncertain = rough(name, persons) or (few_votes and persons < ENOUGH_FACES)
            if name == "rater_equivalents" and entry["low"] is not None and uncertain:
                entry["rough"] = True  # of other metrics Student's t over few persons holds
            if (values := facewise[name]) is not None:
                single = all(len(groups[g].statistics[name]) == 1 for g in (a, b))
                entry |= _tests(name, values.of[a], values.of[b], p_swapped[name][number], single)
            results[number]["metrics"][name] = entry | {"holm": None}
    corrected = [entry for result in results for name, entry in result["metrics"].items() if primary in (None, name)]
    tests.correct(corrected, corrected)
    return results


class Facewise(NamedTuple):
    """A metric that is a mean over faces: which faces have it, and per group one value for each of these."""

    faces: NDArray[np.bool_]
    of: dict[int, FloatArray]


def _facewise(groups: Sequence[Group], name: str) -> Facewise | None:
    """The values of each group, the mean over its runs; None where the metric is no mean over faces."""
    values: dict[int, FloatArray] = {}
    used = np.zeros(0, dtype=np.bool_)
    for g, group in enumerate(groups):
        runs = group.statistics.get(name, [])
        columns = [run.columns for run in runs if isinstance(run, OfSums) and run.columns.shape[1] == 2]
        if len(columns) != len(runs):
            return None
        if columns:
            used = columns[0][:, 1] > 0  # the second column marks the faces that the metric knows
            values[g] = np.mean([column[used, 0] for column in columns], axis=0)
    return Facewise(used, values)


def _swapped(
    facewise: Mapping[str, Facewise | None],
    pairs: Sequence[tuple[int, int]],
    clusters: NDArray[np.int64],
    permutations: int,
    seed: int,
) -> dict[str, FloatArray]:
    """Per metric one permutation p for each pair; metrics of the same faces share their swaps."""
    result = {name: np.full(len(pairs), np.nan) for name in facewise}
    used = sorted({g for pair in pairs for g in pair})
    by_faces: dict[bytes, dict[str, Facewise]] = {}
    for name, values in facewise.items():
        if values is not None and permutations and pairs:
            by_faces.setdefault(values.faces.tobytes(), {})[name] = values
    for metrics in by_faces.values():
        columns = [values.of[g] for values in metrics.values() for g in used]
        starts = range(0, len(columns), len(used))
        where = [(start + used.index(a), start + used.index(b)) for start in starts for a, b in pairs]
        faces = next(iter(metrics.values())).faces
        codes = cluster_codes(clusters[faces])
        p = tests.permutations(np.stack(columns, axis=1), where, codes, permutations, seed)
        result |= dict(zip(metrics, p.reshape(len(metrics), len(pairs)), strict=True))
    return result


def _difference(one: Drawn, other: Drawn) -> dict[str, float | None]:
    """``DIFFERENCE``; of what few faces bias, as calibration errors, each config its own way, the difference alone."""
    between = spread([(1.0, one.runs), (-1.0, other.runs)], one.persons)
    if not one.runs.ends:
        return dict.fromkeys(DIFFERENCE) | {"difference": as_json(between.value)}
    low, high = between.interval()
    numbers = between.value, low, high, between.p(), between.df
    return {name: as_json(number) for name, number in zip(DIFFERENCE, numbers, strict=True)}


def _tests(name: str, a: FloatArray, b: FloatArray, p_swapped: float, single: bool) -> dict[str, float | None]:
    """The published test, the paired ones, and effect sizes of a metric's values face by face.

    Only values of a ``single`` run each are tested by ranks, and by right and wrong: a mean over 2 runs has other steps
    than one over 3, so that ranks, and shares rounded to right or wrong, would differ between equal classifiers.
    """
    student, paired = tests.student_t(a, b), tests.paired_t(a, b)
    values = {
        "t": student.statistic,
        "df": student.df,
        "p_t": student.p,
        "p_welch": tests.welch_t(a, b).p,
        "t_paired": paired.statistic,
        "p_paired": paired.p,
        "d": tests.cohens_d(a, b),
        "dz": tests.cohens_dz(a, b),
        "p_permutation": p_swapped,
    }
    if single:
        values["p_wilcoxon"] = tests.wilcoxon(a, b).p
    if single and name in RIGHT:
        one, other = a > 0.5, b > 0.5
        values["p_mcnemar"] = tests.mcnemar(int((one & ~other).sum()), int((other & ~one).sum())).p
    return {name: as_json(value) for name, value in values.items()}


def as_json(value: float | None) -> float | None:
    """A number as JSON knows it: None for what is not finite."""
    return None if value is None or not np.isfinite(value) else float(value)
