"""Figures of people's agreement, and of what a crowd changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.raters.readings import headline
from fer_exp.report.agreement_tables import Surveys
from fer_exp.report.figures import SERIES, blank, colour_of
from fer_exp.stats.shares import percent, shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]


def pretty(measure: str) -> str:
    """A measure as a figure writes it.

    >>> pretty("fleiss_kappa"), pretty("icc_2_k"), pretty("mean_ccc"), pretty("gwet_ac1")
    ('Fleiss kappa', 'ICC(2,k)', 'mean CCC', 'Gwet AC1')
    """
    words = measure.split("_")
    if words[0] == "icc":
        return f"ICC({words[1]},{words[2]})"
    persons, letters = ("fleiss", "krippendorff", "cohen", "pearson", "gwet"), ("ccc", "ac1", "ac2")
    return " ".join(
        word.capitalize() if word in persons else word.upper() if word in letters else word for word in words
    )


def agreement_figure(surveys: Surveys) -> Figure:
    """Every measure of agreement between 0 and 1 with its interval, a colour a subset; and agreement per class."""
    first = next(iter(surveys.values()))
    kinds = [kind for kind in ("labels", *first["scales"]) if first.get(kind)]
    rows = [(kind, name) for kind in kinds for name in first[kind] if name != "vote_entropy"]
    classes = list(first["classes"])
    height = max(2.2, 0.24 * max(len(rows) + len(kinds), 2.2 * len(classes)) + 0.9)
    figure = blank(8.0 if classes else 4.6, height)
    axes = figure.subplots(1, 2 if classes else 1, squeeze=False)[0]
    places = [number + kinds.index(kind) for number, (kind, _) in enumerate(rows)]
    drawn = []
    for number, (subset, survey) in enumerate(surveys.items()):
        at = [place + 0.22 * (number - (len(surveys) - 1) / 2) for place in places]
        results = [survey.get(kind, {}).get(name) for kind, name in rows]
        _points(axes[0], results, at, SERIES[number % len(SERIES)], subset)
        drawn += [result for result in results if result]
    axes[0].set_yticks(places, [pretty(name) for _, name in rows])
    axes[0].invert_yaxis()
    axes[0].set(title="agreement", xlabel="95 % intervals over faces (thick),\nover faces and raters (thin)")
    for kind in kinds if len(kinds) > 1 else []:
        top = next(place for place, (of, _) in zip(places, rows, strict=True) if of == kind)
        axes[0].annotate(kind, (1.0, top - 0.75), xycoords=("axes fraction", "data"), ha="right", va="center",
                         color="#555555", style="italic", fontsize=8)  # fmt: skip
    if classes:
        _class_bars(axes[1], surveys, classes)
    low = min([0.0, *(result[end] for result in drawn for end in ("low", "low_raters") if result.get(end) is not None)])
    low = max(low, -1.0)
    axes[0].set_xlim(low - 0.03, 1.02)
    axes[0].grid(axis="x", color="#e6e6e6", linewidth=0.7)
    axes[0].set_axisbelow(True)
    if len(surveys) > 1:
        axes[0].legend(loc="lower left", fontsize=8)
    return figure


def matrix_figure(matrix: pd.DataFrame, title: str = "") -> Figure:
    """Original labels (rows) against the crowd's majority (columns): number, and shade by share of the row."""
    counts = matrix.to_numpy(np.float64)
    depth = shares(counts)
    size = 0.62 * len(counts) + 1.6
    figure = blank(size + 0.6, size)
    axes = figure.subplots()
    axes.imshow(depth, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        if counts[row, column]:
            axes.text(column, row, f"{int(counts[row, column]):,}\n{percent(float(depth[row, column]))}", ha="center",
                      va="center", fontsize=7, color="white" if depth[row, column] > 0.55 else "black")  # fmt: skip
    axes.set_xticks(range(len(counts)), list(matrix.columns), rotation=35, ha="right")
    axes.set_yticks(range(len(counts)), list(matrix.index))
    axes.set_xlabel("majority of the crowd")
    axes.set_ylabel("original label")
    axes.set_title(title)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def shift_figure(shifts: Mapping[str, pd.DataFrame]) -> Figure:
    """Change of each class's share (``classes`` of ``label_changes``), by majority and by votes; a panel a subset."""
    figure = blank(4.6 * len(shifts), 0.36 * max(map(len, shifts.values())) + 1.5)
    panels = figure.subplots(1, len(shifts), squeeze=False, sharey=True, sharex=True)[0]
    for axes, (subset, rows) in zip(panels, shifts.items(), strict=True):
        at = np.arange(len(rows))
        for offset, prefix, label, shade in ((-0.14, "", "majority of the crowd", SERIES[0]),
                                             (0.14, "votes_", "mean vote share", SERIES[1])):  # fmt: skip
            value = 100 * rows["change" if not prefix else "votes_change"].to_numpy(np.float64)
            ends = [100 * rows[f"{prefix}{end}"].to_numpy(np.float64, na_value=np.nan) for end in ("low", "high")]
            axes.errorbar(value, at + offset, xerr=np.abs(np.stack([value - ends[0], ends[1] - value])), fmt="o",
                          markersize=4, color=shade, label=label, elinewidth=1.4)  # fmt: skip
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_yticks(at, list(rows["class"]))
        axes.set_xlabel("change against the original labels, percentage points")
        axes.set_title(subset if len(shifts) > 1 else "What the crowd changes")
    panels[0].invert_yaxis()
    panels[0].legend(fontsize=8, loc="best")
    return figure


def plane_figure(
    original: FloatArray, crowd: FloatArray, label: NDArray[np.int32], classes: Sequence[str], title: str = ""
) -> Figure:
    """The plane of valence and arousal: both clouds, and an arrow a class from the original mean to the crowd's.

    Args:
        original: valence and arousal, shape (N, 2).
        crowd: likewise.
        label: original class of each task, shape (N,), -1 where there is none.
        classes: K names.
        title: above the plane.
    """
    figure = blank(5.4, 5.2)
    axes = figure.subplots()
    known = ~np.isnan(original).any(axis=1) & ~np.isnan(crowd).any(axis=1)
    alpha = float(np.clip(60 / np.sqrt(max(known.sum(), 1)), 1, 8) / 12)
    for k, name in enumerate(classes) if (label >= 0).any() else [(-1, "all")]:
        of_class = known & (label == k)
        if not of_class.any():
            continue
        shade = colour_of(name, k)
        before, after = original[of_class], crowd[of_class]
        common: dict[str, Any] = {"s": 9, "alpha": alpha, "linewidths": 0.6}
        axes.scatter(*before.T, marker="o", facecolors="none", edgecolors=shade, **common)
        axes.scatter(*after.T, marker="^", facecolors=shade, edgecolors="none", **common)
        start, end = before.mean(axis=0), after.mean(axis=0)
        for colour, width, above in (("white", 4.5, 4), (shade, 2.2, 5)):
            axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": width}, zorder=above)
        axes.text(start[0], start[1], f" {name}", color="black", fontsize=8, ha="left", va="bottom", zorder=6,
                  bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75})  # fmt: skip
    for mark, fill, name in (("o", "none", "original"), ("^", "#555555", "crowd")):
        axes.scatter([], [], marker=mark, s=20, facecolors=fill, edgecolors="#555555", label=name)
    axes.plot([], [], color="#555555", label="mean, original to crowd", marker=">", linewidth=2, markersize=4)
    axes.axhline(0, color="#bbbbbb", linewidth=0.8, zorder=0)
    axes.axvline(0, color="#bbbbbb", linewidth=0.8, zorder=0)
    axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), xlabel="valence", ylabel="arousal", title=title, aspect="equal")
    axes.legend(loc="lower right", fontsize=8)
    return figure


def _points(axes: Axes, results: Sequence[Any], at: Sequence[float], shade: str, label: str) -> None:
    """Values along the axis, with intervals over faces (thick), and over raters too (thin)."""
    for number, (result, place) in enumerate(zip(results, at, strict=True)):
        if not result or result["value"] is None:
            continue
        value = result["value"]
        for kind, width in (("_raters", 0.8), ("", 2.4)):
            ends = [value if result.get(end + kind) is None else result[end + kind] for end in ("low", "high")]
            axes.plot(ends, [place, place], color=shade, linewidth=width)
        axes.plot([value], [place], "o", color=shade, markersize=4, label=label if number == 0 else None)


def _class_bars(axes: Axes, surveys: Surveys, classes: Sequence[str]) -> None:
    width = 0.8 / len(surveys)
    for number, survey in enumerate(surveys.values()):
        for k, name in enumerate(classes):
            result = survey["classes"].get(name, {}).get("agreement")
            if not result or result["value"] is None:
                continue
            place = k + width * (number - (len(surveys) - 1) / 2)
            axes.barh(place, result["value"], 0.9 * width, color=colour_of(name, k), alpha=1 - 0.45 * (number > 0))
            low, high = headline(result)
            if low is not None:
                axes.plot([low, high], [place, place], color="black", linewidth=1.2)
    axes.set_yticks(range(len(classes)), list(classes))
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel("chance that another rater says the same class")
    second = f", paler: {list(surveys)[1]}" if len(surveys) == 2 else ""
    axes.set_title(f"agreement per class{second}")
