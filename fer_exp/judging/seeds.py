"""Runs that differ in the seed alone, judged as one: means over runs, with intervals over runs and faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from fer_exp.errors import RequestError
from fer_exp.judging.applicable import arrays
from fer_exp.judging.contrasts import as_json
from fer_exp.judging.judge import Result, as_result, as_rows, groups_of, if_calibrated, with_intervals
from fer_exp.judging.posthoc import Repairs, fit_repairs
from fer_exp.judging.predictions import check_predictions, class_names
from fer_exp.judging.sources import Source, on_same_faces
from fer_exp.metrics.registry import BASELINES, COMPARED
from fer_exp.names import SIDES
from fer_exp.stats.bootstrap import FloatArray, cluster_codes, has_ends
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
    of_runs = [arrays(table[table["split"] == split], classes) for table in checked]
    fitted: list[Repairs] = []
    if split != "val" and all((table["split"] == "val").any() for table in checked):
        fitted = [fit_repairs(arrays(table[table["split"] == "val"], classes)) for table in checked]
    groups = [
        groups_of(judged, classes, seed, prior, fitted[i] if fitted else None) for i, judged in enumerate(of_runs)
    ]
    rows: dict[str, Result] = {}
    less: dict[str, dict[str, Difference]] = {}
    for alike in zip(*groups, strict=True):
        faces = alike[0][0]
        names = [name for name in alike[0][1] if all(name in measured for _, measured in alike)]
        if len(tables) == 1:
            rows |= with_intervals([alike[0]], of_runs[0].clusters, samples, seed)
            names = [name for name in names if name in DIFFERING]
        if not names:
            continue
        codes = cluster_codes(of_runs[0].clusters[faces])
        by_run = drawn_runs({name: [measured[name] for _, measured in alike] for name in names}, codes, samples, seed)
        if len(tables) > 1:
            for name, runs in by_run.items():
                value, low, high = over_runs(runs, int(codes.max()) + 1)
                if not has_ends(alike[0][1][name]):
                    low = high = None
                rows[name] = as_result(name, (as_json(value), low, high), faces, codes)
        for reference in BASELINES:
            for name in COMPARED:
                other = f"{reference}_{name}"
                if name in by_run and other in by_run and has_ends(alike[0][1][name]):
                    one, two = (by_run[side].straight(int(codes.max()) + 1) for side in (name, other))
                    apart = Runs(one.values - two.values, one.drawn - two.drawn)
                    if np.isfinite(apart.values).all():
                        found = spread([(1.0, apart)], int(codes.max()) + 1)
                        low, high = found.interval()
                        less.setdefault(reference, {})[name] = {"difference": found.value, "low": low, "high": high}
    if samples:
        rows |= means([if_calibrated(judged, seed) for judged in of_runs])
    return OverSeeds(rows | means([as_rows(repairs, classes) for repairs in fitted]), less)


def means(of_runs: Sequence[dict[str, Result]]) -> dict[str, Result]:
    """Numbers without intervals that all runs have, as their means."""
    shared = [name for name in (of_runs[0] if of_runs else ()) if all(name in rows for rows in of_runs)]
    return {
        name: of_runs[0][name] | {"value": float(np.mean([rows[name]["value"] for rows in of_runs]))} for name in shared
    }
