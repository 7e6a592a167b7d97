"""Generalizability theory: how much of people's answers is the face, and how many raters make a mean dependable.

Faces and raters are samples (random effects). The G-study tells the shares of variance, the D-study what means of k
raters are worth. Sources: Cronbach, Gleser, Nanda, Rajaratnam 1972, The Dependability of Behavioral Measurements;
Brennan 2001, Generalizability Theory, chapters 2 and 3; Shavelson and Webb 1991.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fer_exp.answers import Answers
from fer_exp.raters import components
from fer_exp.raters.left_out import Given
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.jackknife import intervals

PARTS = ("face", "rater", "residual", "generalizability")
"""Shares of the variance of one rater's answers: of the face, which is phi, the dependability of one rater; of the
rater; of face x rater and the rest, which a single answer does not tell apart. Beside them E rho^2 of one rater."""
REPEATED = ("face_x_rater", "occasion")
"""The residual taken apart, where workers answered some faces twice: what a rater sees otherwise than others each time,
and what differs from one time to the next."""
TARGETS = (0.8, 0.9)
"""Dependability that means of raters are asked for."""
MOST = 40_000_000
"""Answers times classes up to which shares of variance are computed for each class."""
ALL = "all classes"


def of_answers(data: Answers, notes: list[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Shares of variance of each class, as 0 or 1 in each answer, and of each scale, with their intervals.

    Returns:
        Class or scale -> each of ``PARTS``, and of ``REPEATED`` where there are repeats -> ``value``, ``low, high``
        over faces, ``low_raters, high_raters`` over faces and raters, ``n`` faces with two answers, and but for
        generalizability ``variance``.
    """
    found = {}
    named = data.label >= 0
    if len(data.classes) * int(named.sum()) > MOST:
        notes.append(f"shares of variance per class are left out: {int(named.sum()):,} answers are too many")
    elif named.any():
        labels = data.select(named)
        pairs = None if data.repeats is None else data.repeats.label
        for k, name in enumerate(data.classes):
            again = None if pairs is None else np.where(pairs < 0, np.nan, pairs == k)
            found[name] = _of(labels, (labels.label == k).astype(np.float64), again)
    for side, values in data.rated.items():
        rated = ~np.isnan(values)
        if rated.any():
            again = None if data.repeats is None else data.repeats.rated[side]
            found[side] = _of(data.select(rated), values[rated], again)
    return {name: parts for name, parts in found.items() if parts}


def _of(data: Answers, values: FloatArray, again: FloatArray | None) -> dict[str, dict[str, Any]]:
    """The shares of one value of each answer; ``again`` are its values where workers met a task twice, (R, 2)."""
    shared = int((np.bincount(data.task) >= 2).sum())
    given = Given(data.task, data.worker, values, len(data.tasks), len(data.workers))
    extra = None
    if again is not None and data.repeats is not None and (known := ~np.isnan(again).any(axis=1)).any():
        extra = np.zeros((len(values), 2))  # whether it was answered twice, and half the squared difference
        cell = data.task.astype(np.int64) * given.workers + data.worker
        wanted = data.repeats.task[known].astype(np.int64) * given.workers + data.repeats.worker[known]
        order = np.argsort(cell)
        extra[order[np.searchsorted(cell, wanted, sorter=order).clip(max=len(cell) - 1)]] = np.stack(
            [np.ones(len(wanted)), np.diff(again[known], axis=1)[:, 0] ** 2 / 2], axis=1
        )
    names = PARTS if extra is None else (*PARTS, *REPEATED)

    def variances(found: FloatArray) -> FloatArray:
        return np.stack(_variances(np.moveaxis(found, -1, 0)), axis=-1)

    def shares(found: FloatArray) -> FloatArray:
        face, rater, residual, *repeated = _variances(np.moveaxis(found, -1, 0))
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = [part / (face + rater + residual) for part in (face, rater, residual, *repeated)]
            return np.stack([*parts[:3], face / (face + residual), *parts[3:]], axis=-1)

    left = components.left_out(given, shares, extra)
    ends = intervals(left, names, shared, _spans(len(values) / max(shared, 1), shared))
    sizes = dict(zip(("face", "rater", "residual", *REPEATED), variances(_whole(given, extra)), strict=False))
    return {
        name: {**ends[name]._asdict(), "n": shared} | ({"variance": float(sizes[name])} if name in sizes else {})
        for name in names
        if ends[name].value is not None
    }


def _spans(raters: float, faces: int) -> dict[str, tuple[float, float]]:
    """Where shares have no variance: at 0 a component still varies, down to the least that an ICC of so many can be."""
    of_faces, of_raters = (-1 / max(number - 1, 1) for number in (raters, faces))
    return {
        "face": (of_faces, 1.0),
        "generalizability": (of_faces, 1.0),
        "rater": (of_raters, 1.0),
        "residual": (0.0, 1.0 - of_faces),
    }


def _whole(given: Given, extra: FloatArray | None) -> FloatArray:
    found = components.henderson(*given)
    return found if extra is None else np.concatenate([found, extra.sum(axis=0)])


def _variances(found: FloatArray) -> list[FloatArray]:
    """Face, rater, residual; and where there are repeats the residual taken apart."""
    face, rater, residual = found[2:5]
    if len(found) == 6:
        return [face, rater, residual]
    with np.errstate(invalid="ignore", divide="ignore"):
        occasion = found[7] / found[6]
    return [face, rater, residual, residual - occasion, occasion]


def of_panel(single: FloatArray | float, raters: FloatArray | int) -> FloatArray:
    r"""Phi or E rho^2 of means of k raters from those of one (Spearman and Brown).

    .. math:: \Phi_k = \frac{\sigma_f^2}{\sigma_f^2 + (\sigma_r^2 + \sigma_e^2) / k}
        = \frac{k \Phi_1}{1 + (k - 1) \Phi_1}

    >>> of_panel(np.array([0.5, 0.2]), np.array([4, 1]))
    array([0.8, 0.2])
    """
    return np.asarray(raters * single / (1 + (raters - 1) * single))


def raters_for(single: float | None, target: float) -> float:
    r"""The fewest raters whose mean reaches a target, from phi or E rho^2 of one; inf where one is worth nothing.

    .. math:: k = \frac{t}{1 - t} \cdot \frac{1 - \Phi_1}{\Phi_1}

    >>> raters_for(0.5, 0.8), raters_for(0.29, 0.9), raters_for(-0.1, 0.8)
    (4.0, 23.0, inf)
    """
    if single is None or np.isnan(single):
        return float("nan")
    if single <= 0:
        return float("inf")
    return max(1.0, float(np.ceil(target / (1 - target) * (1 - single) / single - 1e-9)))


def coefficients(survey: Mapping[str, Any]) -> pd.DataFrame:
    """Phi and E rho^2 of one rater, for each class and scale, with the interval that generalises as far as it can.

    Args:
        survey: as ``survey.survey`` gives it.

    Returns:
        ``of``, ``coefficient``, ``value``, ``low``, ``high``, ``over`` (faces and raters where raters are known), and
        for each of ``TARGETS`` the raters that reach it: ``for_0.8``, ``for_0.8_low``, ``for_0.8_high``. For all
        classes together, and where raters are not known, phi is that of faces answered by other raters each (one-way).
    """
    shown = {}
    if "value" in (alpha := survey["labels"].get("krippendorff_alpha", {})):
        shown[ALL] = {"phi": alpha}
    for name, measures in survey["classes"].items():
        shown[name] = {"phi": measures["kappa"]}
    for name, parts in survey["components"].items():
        shown[name] = {"phi": parts.get("face", {}), "E rho2": parts.get("generalizability", {})}
    rows = []
    for name, results in shown.items():
        for coefficient, result in results.items():
            if result.get("value") is None:
                continue
            kind = "_raters" if result.get("low_raters") is not None else ""
            low, high = (result.get(f"{end}{kind}") for end in ("low", "high"))
            row = {"of": name, "coefficient": coefficient, "value": result["value"], "low": low, "high": high}
            row["over"] = "faces and raters" if kind else "faces"
            for target in TARGETS:
                row[f"for_{target}"] = raters_for(result["value"], target)
                row[f"for_{target}_low"], row[f"for_{target}_high"] = (raters_for(end, target) for end in (high, low))
            rows.append(row)
    return pd.DataFrame(rows)


def study(coefficient: pd.DataFrame, raters: int) -> pd.DataFrame:
    """The D-study: phi and E rho^2 of means of 1..raters raters, of what ``coefficients`` gives."""
    sizes = np.arange(1.0, raters + 1)
    parts = []
    for row in coefficient.to_dict("records"):
        ends = {end: of_panel(np.full(raters, row[end], np.float64), sizes) for end in ENDS}
        parts.append(
            pd.DataFrame({"of": row["of"], "coefficient": row["coefficient"], "raters": sizes.astype(int), **ends})
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


ENDS = ("value", "low", "high")
