"""The figure of cafe-soft: how far each network is from people, face by face and on average."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fer_exp.judging.applicable import Judged, arrays
from fer_exp.judging.ceiling import HALVINGS, halves
from fer_exp.metrics.distribution import l1
from fer_exp.metrics.registry import BASELINES, REPAIRS
from fer_exp.report.figures import COLUMN, REFERENCES, blank, look
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import shares
from fer_exp.studies.cafe_soft.networks import ONEHOT, SEED, Compared, mean_l1, values


def figure(compared: Compared, title: str) -> Figure:
    """Above, the share of faces within each L1, of networks, people and the class prior; below, mean L1 with intervals.

    Below, the axis is cut between the networks and what answers alike whatever the face.
    """
    drawn = blank(COLUMN, 5.2)
    parts = drawn.add_gridspec(2, 2, width_ratios=(3.2, 1), height_ratios=(1, 1))
    above, near, far = (drawn.add_subplot(part) for part in (parts[0, :], parts[1, 0], parts[1, 1]))
    faces = arrays(next(iter(compared.sources.values()))[0].table)
    people = people_l1(faces)
    _shares_within(above, compared, people, constant_l1(faces))
    drawn.legend(*above.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=7)
    _means(near, far, compared)
    if len(people):
        near.axvline(float(people.mean()), **REFERENCES["people"])
    _cut(near, far)
    drawn.suptitle(title, fontsize=8)
    return drawn


def people_l1(faces: Judged) -> FloatArray:
    """L1 of half of a face's raters to its others, the mean over halvings, shape (M,), faces with two votes or more."""
    counts = faces.counts[faces.shared].astype(np.int64)
    if not len(counts):
        return np.empty(0)
    dealt = halves(counts, HALVINGS, SEED)
    return np.asarray(np.mean([l1(shares(large), shares(small)) for small, large in dealt], axis=0))


def constant_l1(faces: Judged) -> FloatArray:
    """L1 of each face to the mean of all votes, shape (N,): what one answer for every face reaches."""
    human = faces.people(faces.voted)
    return np.asarray(l1(human, np.broadcast_to(human.mean(axis=0), human.shape)))


def _shares_within(axes: Axes, compared: Compared, people: FloatArray, constant: FloatArray) -> None:
    for number, (mode, sources) in enumerate(compared.sources.items()):
        axes.ecdf(mean_l1(sources), label=mode, linewidth=1.3, **(look(number) | {"marker": ""}))
    if len(people):
        axes.ecdf(people, label="people, half against half", **REFERENCES["people"])
    axes.ecdf(constant, label="class prior", **REFERENCES["constant"])
    axes.set(xlim=(0, 2), ylim=(0, 1), xlabel="L1 of a face, mean over seeds", ylabel="share of faces within")


def _means(near: Axes, far: Axes, compared: Compared) -> None:
    """Mean L1 with intervals: of networks, repaired ones open, on one side, and of answers that look at no face."""
    rows = {key: metrics["l1"] for key, metrics in values(compared).items() if "l1" in metrics}
    rows = {(mode, repair): one for (mode, repair), one in rows.items() if repair not in REPAIRS or mode == ONEHOT}
    for at, ((mode, repair), one) in enumerate(rows.items()):
        axes = near if mode else far
        number = list(compared.sources).index(mode) if mode else 0
        looks = look(number) if mode else {"color": REFERENCES["constant"]["color"], "marker": "o"}
        if one["low"] is not None:
            axes.plot([one["low"], one["high"]], [at, at], color=looks["color"], linewidth=1.6)
        filled = looks["color"] if mode and not repair else "white"
        axes.plot([one["value"]], [at], looks["marker"], color=looks["color"], markersize=4, markerfacecolor=filled)
    for axes in (near, far):
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.margins(x=0.15)
        axes.tick_params(labelsize=7)
    if ("", "prior") in rows:
        far.axvline(rows["", "prior"]["value"], **REFERENCES["constant"])
    names = [", ".join(filter(None, (mode, BASELINES.get(repair or "")))) for mode, repair in rows]
    near.set_yticks(range(len(names)), names, fontsize=7)
    near.set_xlabel("mean L1, 95 % bootstrap")
    far.xaxis.set_major_locator(MaxNLocator(nbins=2))
    far.set_yticks([])


def _cut(left: Axes, right: Axes) -> None:
    """Mark the axis as cut between two panels."""
    right.spines["left"].set_visible(False)
    cut: dict[str, Any] = {"marker": [(-1, -2), (1, 2)], "markersize": 6, "color": "black", "linestyle": "none",
                           "clip_on": False}  # fmt: skip
    for axes, edge in ((left, 1), (right, 0)):
        axes.plot([edge], [0], transform=axes.transAxes, **cut)
