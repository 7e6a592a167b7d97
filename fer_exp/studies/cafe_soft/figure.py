"""The figure of cafe-soft: how far each network is from people, face by face and on average."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from fer_exp.judging.applicable import arrays
from fer_exp.judging.ceiling import halves
from fer_exp.judging.judge import HALVINGS
from fer_exp.judging.predictions import class_names
from fer_exp.metrics.distribution import l1
from fer_exp.metrics.registry import BASELINES, REPAIRS
from fer_exp.report.figures import SERIES
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import shares
from fer_exp.studies.cafe_soft.networks import ONEHOT, SEED, Compared, mean_l1, values


def people_l1(compared: Compared) -> FloatArray:
    """L1 of half of a face's raters to its others, the mean over halvings, shape (M,), faces with two votes or more."""
    table = next(iter(compared.sources.values()))[0].table
    judged = arrays(table, class_names(table))
    counts = judged.counts[judged.shared].astype(np.int64)
    if not len(counts):
        return np.empty(0)
    dealt = halves(counts, HALVINGS, SEED)
    return np.asarray(np.mean([l1(shares(large), shares(small)) for small, large in dealt], axis=0))


def figure(compared: Compared, title: str) -> Figure:
    """Left, the share of faces within each L1, networks and people; right, mean L1 with its interval."""
    drawn = Figure(figsize=(7.6, 3.6))
    left, right = drawn.subplots(1, 2)
    people = people_l1(compared)
    for number, (mode, sources) in enumerate(compared.sources.items()):
        left.ecdf(mean_l1(sources), color=SERIES[number % len(SERIES)], label=mode, linewidth=1.3)
    if len(people):
        left.ecdf(people, color="black", label="people, half against half", linestyle="--", linewidth=1.3)
    left.set(xlim=(0, 2), ylim=(0, 1), xlabel="L1 of a face, mean over seeds", ylabel="share of faces within")
    names: list[str] = []
    for (mode, repair), metrics in values(compared).items():
        if "l1" not in metrics or (repair in REPAIRS and mode != ONEHOT):
            continue
        shade = SERIES[list(compared.sources).index(mode) % len(SERIES)] if mode else "#7f7f7f"
        one, at = metrics["l1"], len(names)
        names.append(", ".join(filter(None, (mode, BASELINES.get(repair or "")))))
        if one["low"] is not None:
            right.plot([one["low"], one["high"]], [at, at], color=shade, linewidth=1.4)
        right.plot([one["value"]], [at], "o", color=shade, markersize=4, markerfacecolor="white" if repair else shade)
    if len(people):
        right.axvline(float(people.mean()), color="black", linestyle="--", linewidth=1)
    right.set_yticks(range(len(names)), names, fontsize=7)
    right.invert_yaxis()
    right.set(xlim=(0, None), xlabel="mean L1, 95 % bootstrap")
    handles, labels = left.get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8)
    drawn.suptitle(title, fontsize=9)
    return drawn
