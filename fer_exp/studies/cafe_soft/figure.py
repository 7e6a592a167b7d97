"""The figure of cafe-soft: how far each network is from people, face by face and on average."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fer_exp.judging.applicable import arrays
from fer_exp.judging.ceiling import HALVINGS, halves
from fer_exp.metrics.distribution import l1
from fer_exp.metrics.registry import BASELINES, REPAIRS
from fer_exp.report.figures import COLUMN, MARKS, REFERENCES, blank, look
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import shares
from fer_exp.studies.cafe_soft.networks import ONEHOT, SEED, Compared, mean_l1, values


def people_l1(compared: Compared) -> FloatArray:
    """L1 of half of a face's raters to its others, the mean over halvings, shape (M,), faces with two votes or more."""
    table = next(iter(compared.sources.values()))[0].table
    judged = arrays(table)
    counts = judged.counts[judged.shared].astype(np.int64)
    if not len(counts):
        return np.empty(0)
    dealt = halves(counts, HALVINGS, SEED)
    return np.asarray(np.mean([l1(shares(large), shares(small)) for small, large in dealt], axis=0))


def figure(compared: Compared, title: str) -> Figure:
    """Above, the share of faces within each L1, of networks, people and the class prior; below, mean L1 with intervals.

    Below, the axis is cut between the networks and what answers alike whatever the face.
    """
    drawn = blank(COLUMN, 5.2)
    parts = drawn.add_gridspec(2, 2, width_ratios=(3.2, 1), height_ratios=(1, 1))
    above = drawn.add_subplot(parts[0, :])
    people = people_l1(compared)
    for number, (mode, sources) in enumerate(compared.sources.items()):
        above.ecdf(mean_l1(sources), label=mode, linewidth=1.3, **(look(number) | {"marker": ""}))
    if len(people):
        above.ecdf(people, label="people, half against half", **REFERENCES["people"])
    above.ecdf(constant_l1(compared), label="class prior", **REFERENCES["constant"])
    above.set(xlim=(0, 2), ylim=(0, 1), xlabel="L1 of a face, mean over seeds", ylabel="share of faces within")
    drawn.legend(*above.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=7)
    rows = {key: metrics["l1"] for key, metrics in values(compared).items() if "l1" in metrics}
    rows = {(mode, repair): one for (mode, repair), one in rows.items() if repair not in REPAIRS or mode == ONEHOT}
    sides = [[key for key in rows if bool(key[0]) is named] for named in (True, False)]
    near, far = drawn.add_subplot(parts[1, 0]), drawn.add_subplot(parts[1, 1])
    for axes, side in zip((near, far), sides, strict=True):
        for mode, repair in side:
            number = list(compared.sources).index(mode) if mode else len(MARKS) - 1
            one, at = rows[mode, repair], list(rows).index((mode, repair))
            looks = look(number) if mode else {"color": REFERENCES["constant"]["color"], "marker": "o"}
            if one["low"] is not None:
                axes.plot([one["low"], one["high"]], [at, at], color=looks["color"], linewidth=1.6)
            filled = looks["color"] if mode and not repair else "white"
            axes.plot([one["value"]], [at], looks["marker"], color=looks["color"], markersize=4, markerfacecolor=filled)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.margins(x=0.15)
        axes.tick_params(labelsize=7)
    if len(people):
        near.axvline(float(people.mean()), **REFERENCES["people"])
    if ("", "prior") in rows:
        far.axvline(rows["", "prior"]["value"], **REFERENCES["constant"])
    names = [", ".join(filter(None, (mode, BASELINES.get(repair or "")))) for mode, repair in rows]
    near.set_yticks(range(len(names)), names, fontsize=7)
    near.set_xlabel("mean L1, 95 % bootstrap")
    far.xaxis.set_major_locator(MaxNLocator(nbins=2))
    far.set_yticks([])
    far.spines["left"].set_visible(False)
    cut: dict[str, Any] = {
        "marker": [(-1, -2), (1, 2)],
        "markersize": 6,
        "color": "black",
        "linestyle": "none",
        "clip_on": False,
    }
    near.plot([1], [0], transform=near.transAxes, **cut)
    far.plot([0], [0], transform=far.transAxes, **cut)
    drawn.suptitle(title, fontsize=8)
    return drawn


def constant_l1(compared: Compared) -> FloatArray:
    """L1 of each face to the mean of all votes, shape (N,): what one answer for every face reaches."""
    table = next(iter(compared.sources.values()))[0].table
    judged = arrays(table)
    human = judged.people(judged.voted)
    return np.asarray(l1(human, np.broadcast_to(human.mean(axis=0), human.shape)))
