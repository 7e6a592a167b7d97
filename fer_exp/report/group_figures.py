"""A figure of a model by groups of faces: a dot and an interval a group, of the model and of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fer_exp.metrics.words import direction, spoken
from fer_exp.report.figures import SERIES, blank
from fer_exp.report.groups import shown_metrics

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDES = (("metrics", "model", "o", SERIES[0], 0.12), ("people", "people among themselves", "s", SERIES[1], -0.12))


def groups_figure(found: Mapping[str, Any]) -> Figure | None:
    """A panel a metric; None where no metric is known by group.

    Args:
        found: as ``judging.gaps.by_group`` gives it.
    """
    metrics, groups = shown_metrics(found), found["groups"]
    if not metrics:
        return None
    columns = min(3, len(metrics))
    lines = -(-len(metrics) // columns)
    figure = blank(2.6 * columns + 0.9, lines * (0.32 * len(groups) + 0.9))
    panels = figure.subplots(lines, columns, squeeze=False, sharey=True)
    for axes in panels.flat[len(metrics) :]:
        axes.axis("off")
    for axes, metric in zip(panels.flat, metrics, strict=False):
        for key, words, mark, colour, up in SIDES:
            drawn = False
            for place, group in enumerate(groups):
                row = group[key].get(metric)
                if row is None or row["value"] is None:
                    continue
                y = len(groups) - 1 - place + up
                axes.plot(row["value"], y, mark, color=colour, markersize=4, label=None if drawn else words)
                drawn = True
                if row["low"] is not None:
                    axes.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.2)
        axes.set_title(f"{spoken(metric)} {direction(metric)}", fontsize=9)
        axes.set_ylim(-0.6, len(groups) - 0.4)
    names = [f"{group['name']}{'*' * group['rough']}" for group in groups]
    panels[0, 0].set_yticks(range(len(groups))[::-1], names)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
