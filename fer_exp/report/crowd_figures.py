"""Figures of a crowd: its workers, filters on gold, a lab beside it, and a plan for the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fer_exp.report.figures import SERIES, blank, counts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNKNOWN = -0.12
"""Where workers stand of whom a share is not known: a row below 0."""


def workers_figure(workers: pd.DataFrame) -> Figure:
    """Every worker, kept or removed, by number of answers and accuracy on gold (else agreement with the others).

    Of whom the share is not known stands in a row below 0; the legend counts both.
    """
    figure = blank(7.6, 3.6)
    left, right = figure.subplots(1, 2)
    gold = "gold_accuracy" in workers and workers["gold_accuracy"].notna().any()
    column, words = ("gold_accuracy", "accuracy on gold tasks") if gold else ("agreement", "agreement with the others")
    unknown = workers[column].isna()
    for kept, shade, mark, name in ((True, SERIES[0], "o", "kept"), (False, SERIES[1], "x", "removed")):
        group = workers[workers["kept"] == kept]
        if group.empty:
            continue
        look = {"s": 22, "marker": mark, "color": shade, "label": f"{name} ({len(group):,})", "clip_on": False}
        if gold and len(workers) <= 60:
            ends = np.abs(np.stack([group[column] - group["gold_low"], group["gold_high"] - group[column]]))
            left.errorbar(
                group["answers"], group[column], yerr=ends, fmt="none", ecolor=shade, alpha=0.35, elinewidth=1
            )
        left.scatter(group["answers"], group[column].fillna(UNKNOWN), **look)
        right.scatter(group["entropy"].fillna(0), group["spam"].fillna(1), **look)
    left.set_xscale("symlog", linthresh=1)  # who gave no answer stands at 0
    counts(left.xaxis)
    left.set(xlabel="answers", ylabel=words, ylim=(-0.2 if unknown.any() else -0.03, 1.03), title="workers")
    left.set_xlim(left=0 if (workers["answers"] < 1).any() else 0.8)
    if unknown.any():
        left.set_yticks(
            [UNKNOWN, *np.arange(0, 1.01, 0.2)], ["not known", *(f"{at:.1f}" for at in np.arange(0, 1.01, 0.2))]
        )
        left.axhline(0, color="#cccccc", linewidth=0.8, zorder=0)
    right.set(xlabel="entropy of a worker's answers, nats", ylabel="spam score", ylim=(-0.03, 1.03),
              title="what they answer")  # fmt: skip
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    return figure


def thresholds_figure(table: pd.DataFrame) -> Figure:
    """What a filter on gold accuracy is worth: accuracy of who remains, what is gained, and how much remains."""
    figure = blank(9.6, 3.2)
    left, middle, right = figure.subplots(1, 3)
    at = table["threshold"]
    left.fill_between(at, table["spread_low"], table["spread_high"], color=SERIES[0], alpha=0.2, linewidth=0)
    left.plot(at, table["accuracy"], marker="o", markersize=3, color=SERIES[0])
    left.set(title="majority accuracy; 95 % of draws")
    tried = table[at > 0]
    ends = np.abs(np.stack([tried["gain"] - tried["gain_low"], tried["gain_high"] - tried["gain"]]))
    middle.errorbar(tried["threshold"], tried["gain"], yerr=ends, fmt="o", markersize=3, color=SERIES[0])
    middle.axhline(0, color="black", linewidth=0.8)
    middle.set(title="gain over no filter; 95 % interval")
    for number, (column, name) in enumerate((("workers", "workers"), ("answers", "answers"), ("covered", "faces"))):
        share = table[column] / table[column].iloc[0]
        right.plot(at, share, marker="o", markersize=3, color=SERIES[number], label=name)
    right.set(title="share that remains", ylim=(-0.03, 1.05))
    right.legend(fontsize=8)
    for axes in (left, middle, right):
        axes.set_xlabel("least accuracy on gold")
    return figure


def lab_figure(agreement: pd.DataFrame, distances: pd.DataFrame) -> Figure:
    """Crowd against lab: agreement per class with intervals, unfiltered and filtered; L1 beside its floor.

    Args:
        agreement: ``answers, merged, class, agreement, low, high``.
        distances: ``answers, merged, value, low, high, floor``.
    """
    names = [*(name for name in agreement["class"].unique() if name != "all"), "all"]
    figure = blank(8.0, 0.34 * len(names) + 1.4)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for number, answers in enumerate(dict.fromkeys(agreement["answers"])):
        rows = agreement[(agreement["answers"] == answers) & agreement["agreement"].notna()]
        rows = rows.sort_values("merged").drop_duplicates("class")
        at = np.array([names.index(name) for name in rows["class"]]) + 0.2 * (2 * number - 1)
        ends = np.abs(np.stack([rows["agreement"] - rows["low"], rows["high"] - rows["agreement"]]))
        left.errorbar(rows["agreement"], at, xerr=ends, fmt="o", markersize=4, color=SERIES[number], label=answers)
    left.set_yticks(range(len(names)), names)
    left.invert_yaxis()
    left.set(xlim=(-0.02, 1.03), title="same majority as the lab")
    left.legend(fontsize=8, title="answers", title_fontsize=8)
    plain = distances[~distances["merged"] & distances["value"].notna()]
    for number, row in enumerate(plain.to_dict("records")):
        right.bar(number, row["value"], 0.6, color=SERIES[number])
        if row["low"] is not None and row["low"] == row["low"]:
            right.plot([number, number], [row["low"], row["high"]], color="black", linewidth=1.4)
        right.plot([number - 0.3, number + 0.3], [row["floor"]] * 2, color="black", linestyle="--", linewidth=1.2,
                   label="sampling alone" if number == 0 else None)  # fmt: skip
    right.set_xticks(range(len(plain)), list(plain["answers"]))
    right.set(title="L1 between crowd and lab", ylim=(0, 1.2 * right.get_ylim()[1]))
    right.legend(fontsize=8, loc="upper right")
    return figure


def plan_figure(table: pd.DataFrame, pilot: float) -> Figure:
    """Expected L1, KL, entropy correlation and chance of a right majority against the number of raters.

    Args:
        table: as ``planning.plan`` gives it.
        pilot: raters of a face in the pilot; beyond it lines are dashed.
    """
    figure = blank(8.0, 5.2)
    panels = figure.subplots(2, 2).ravel()
    words = {
        "l1": "L1 to the population",
        "kl": "KL to the population, nats",
        "entropy_correlation": "correlation of entropies",
        "majority_right": "chance that the majority is right",
    }
    for number, (axes, (metric, title)) in enumerate(zip(panels, words.items(), strict=True)):
        at, value, shade = table["raters"], table[metric], SERIES[number]
        if f"{metric}_low" in table:
            axes.fill_between(at, table[f"{metric}_low"], table[f"{metric}_high"], color=shade, alpha=0.2, linewidth=0)
        inside = at <= pilot
        axes.plot(at[~inside], value[~inside], color=shade, linestyle=(0, (4, 2)))
        axes.plot(at[inside], value[inside], color=shade, linewidth=2)
        axes.axvline(pilot, color="#999999", linewidth=0.8)
        axes.set(xscale="log", title=title)
        ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200) if tick <= at.max()]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.grid(color="#e6e6e6", linewidth=0.7)
    for axes in panels[2:]:
        axes.set_xlabel("raters a face")
    panels[0].annotate("pilot", (pilot, 1), xycoords=("data", "axes fraction"), xytext=(3, -10),
                       textcoords="offset points", fontsize=8, color="#555555")  # fmt: skip
    return figure


def budget_figure(bought: pd.DataFrame, words: str) -> Figure:
    """Faces with a right and a wrong majority by panel size, under the title ``words``, and L1 of their soft labels."""
    figure = blank(7.6, 3.2)
    left, right = figure.subplots(1, 2)
    at = bought["raters"]
    left.plot(at, bought["right_labels"], color=SERIES[2], label="majority right")
    left.plot(at, bought["wrong_labels"], color=SERIES[1], label="majority wrong")
    left.set(xscale="log", yscale="log", xlabel="raters a face", title=words)
    left.legend(fontsize=8)
    for axis in (left.xaxis, left.yaxis):
        counts(axis)
    across = "answers" if bought["faces"].nunique() == 1 else "faces"
    right.plot(bought[across], bought["l1"], color=SERIES[0])
    marked = bought[bought["raters"].isin((1, 2, 3, 5, 10, 20, 50, 100))]
    right.scatter(marked[across], marked["l1"], s=14, color=SERIES[0])
    for row in marked.to_dict("records"):
        right.annotate(f"{row['raters']}", (row[across], row["l1"]), xytext=(4, 3), textcoords="offset points",
                       fontsize=7)  # fmt: skip
    right.set(xscale="log", xlabel=across, title="L1 of a soft label, by raters a face")
    counts(right.xaxis)
    return figure
