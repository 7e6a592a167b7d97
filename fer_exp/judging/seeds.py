"""Runs that differ in the seed alone, judged as one: means over runs, with intervals over runs and faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from fer_exp.errors import RequestError
from fer_exp.judging.applicable import arrays
from fer_exp.judging.contrasts import as_json
from fer_exp.judging.judge import Result, as_result, as_rows, groups_of, if_calibrated, with_intervals
from fer_exp.judging.posthoc import Repairs, fit_on_val
from fer_exp.judging.predictions import check_predictions, class_names
from fer_exp.judging.sources import Source, on_same_faces
from fer_exp.metrics.registry import BASELINES, COMPARED
from fer_exp.names import SIDES
from fer_exp.stats.bootstrap import FloatArray, cluster_codes
from fer_exp.stats.crossed import Runs, drawn_runs, over_runs, spread

Difference = dict[str, float | None]
DIFFERING = {*COMPARED, *(f"{reference}_{name}" for reference in BASELINES for name in COMPARED)}
"""What the differences from references are made of."""


class OverSeeds(NamedTuple):
    """Some runs of one config as one.

    Attributes:
        rows: metric -> value (the mean over runs), low, high, n, with the references and repairs of ``judge``.
        less: reference or repair -> metric of ``COMPARED`` -> difference, low, high of the runs less that, from the
            same replicates.
    """

    rows: dict[str, Result]
    less: dict[str, dict[str, Difference]]


def as_seeds(sources: Sequence[Source]) -> tuple[list[pd.DataFrame], list[str]]:
    """Predictions of several runs of one model as ``judge_seeds`` takes them: the same faces in the same order.

    Returns:
        A table a run, with the splits that all have; and notes on what was done.

    Raises:
        RequestError: as ``on_same_faces``.
    """
    there = [dict.fromkeys(source.table["split"]) for source in sources]
    splits = [split for split in there[0] if all(split in others for others in there)]
    if not splits:
        raise RequestError(f"{sources[0].name} and {sources[1].name} have no split in common.")
    some = dict.fromkeys(split for others in there for split in others if split not in splits)
    notes = [f"{split} is left out, because not every run has it" for split in some]
    parts = []
    for split in splits:
        same, more = on_same_faces(sources, split, common=False, way_out="runs of one model answer the same faces")
        parts.append([source.table for source in same])
        notes += [note for note in more if note not in notes]
    tables = [pd.concat(of_run, ignore_index=True) for of_run in zip(*parts, strict=True)]
    for side in SIDES:
        known = [bool(table[side].notna().any()) for table in tables]
        if any(known) and not all(known):
            notes.append(f"{side} is left out, because not every run predicts it")
            tables = [table.assign(**{side: np.nan}) for table in tables]
    return tables, notes


def judge_seeds(
    tables: Sequence[pd.DataFrame],
    split: str,
    *,
    samples: int = 1000,
    seed: int = 0,
    prior: FloatArray | None = None,
) -> OverSeeds:
    """Every metric of one split of runs on the same faces, as ``judge`` has them for a single run.

    Intervals of several runs are over runs and persons or faces, as in ``compare_sources``; of one as in ``judge``.

    Args:
        tables: predictions, a table a run, the faces of the split in the same order; repairs are fitted on each one's
            own val.
        split: which faces.
        samples: replicates behind each interval.
        seed: of the replicates.
        prior: as of ``judge``.

    Raises:
        RequestError: as ``judge``.
    """
    checked = [check_predictions(table) for table in tables]
    classes = class_names(checked[0])
    runs = [arrays(table[table["split"] == split], classes) for table in checked]
    repairs = [Repairs({}, {}) if split == "val" else fit_on_val(table, classes) for table in checked]
    of_runs = [groups_of(run, classes, seed, prior, fitted) for run, fitted in zip(runs, repairs, strict=True)]
    clusters = runs[0].clusters
    rows: dict[str, Result] = {}
    less: dict[str, dict[str, Difference]] = {}
    for group in zip(*of_runs, strict=True):  # the same faces and metrics, once a run
        faces, first = group[0]
        metrics = {name: [measured[name] for _, measured in group] for name in first
                   if all(name in measured for _, measured in group)}  # fmt: skip
        if len(runs) == 1:
            rows |= with_intervals([group[0]], clusters, samples, seed)
            metrics = {name: of_run for name, of_run in metrics.items() if name in DIFFERING}
        if not metrics:
            continue
        codes = cluster_codes(clusters[faces])
        persons = int(codes.max()) + 1
        drawn = drawn_runs(metrics, codes, samples, seed)
        for name, of_metric in drawn.items() if len(runs) > 1 else ():
            value, low, high = over_runs(of_metric, persons)
            rows[name] = as_result(name, (as_json(value), low, high), faces, codes)
        for reference, differences in _less(drawn, persons).items():
            less.setdefault(reference, {}).update(differences)
    if samples:
        rows |= means([if_calibrated(run, seed) for run in runs])
    return OverSeeds(rows | means([as_rows(fitted, classes) for fitted in repairs]), less)


def _less(drawn: Mapping[str, Runs], persons: int) -> dict[str, dict[str, Difference]]:
    """Reference -> metric -> what the runs are less that, of the metrics that have an interval."""
    less: dict[str, dict[str, Difference]] = {}
    for reference, name in product(BASELINES, COMPARED):
        ours, theirs = drawn.get(name), drawn.get(f"{reference}_{name}")
        if ours is None or theirs is None or not ours.ends:
            continue
        apart = ours.straight(persons).less(theirs.straight(persons))
        if np.isfinite(apart.values).all():
            found = spread([(1.0, apart)], persons)
            low, high = found.interval()
            less.setdefault(reference, {})[name] = {"difference": found.value, "low": low, "high": high}
    return less


def means(of_runs: Sequence[dict[str, Result]]) -> dict[str, Result]:
    """Numbers without intervals that all runs have, as their means."""
    shared = [name for name in (of_runs[0] if of_runs else ()) if all(name in rows for rows in of_runs)]
    return {
        name: of_runs[0][name] | {"value": float(np.mean([rows[name]["value"] for rows in of_runs]))} for name in shared
    }
