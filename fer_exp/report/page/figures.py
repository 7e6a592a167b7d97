"""The figures of the report, as SVG text to stand in a page."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fer_exp.judging.applicable import Judged
from fer_exp.metrics.calibration import reliability_curve, top_answer
from fer_exp.metrics.classification import onehot
from fer_exp.metrics.distribution import entropy
from fer_exp.report.figures import COLUMN, SERIES, blank, colour_of, style, two_sides, two_sides_legend, write_svg
from fer_exp.report.tables import Rows, panel_sizes
from fer_exp.stats.bootstrap import FloatArray


def as_svg(figure: Figure, words: str) -> str:
    """A figure as SVG for HTML: no XML head, as wide as its place, with words for those who do not see it."""
    stream = io.StringIO()
    with style():
        for patch in (figure.patch, *(axes.patch for axes in figure.axes)):
            patch.set_facecolor("none")  # the page's own ground
        write_svg(figure, stream)
    text = stream.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.S)
    for side in ("height", "width"):
        text = re.sub(rf'(<svg[^>]*?) {side}="[^"]*pt"', r"\1", text, count=1)
    label = words.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def reliability(human: FloatArray, labels: NDArray[np.int64], models: FloatArray) -> str | None:
    """Two reliability curves: against the label, and against the share of people who gave the model's answer.

    Args:
        human: vote fractions, shape (N, K); rows of 0 where there are no votes.
        labels: class codes, -1 where not known, shape (N,).
        models: probabilities of S runs, shape (S, N, K), whose answers are taken together.
    """
    runs, model = len(models), models.reshape(-1, models.shape[-1])
    human, labels = np.tile(human, (runs, 1)), np.tile(labels, runs)
    voted, labelled = human.sum(axis=1) > 0, labels >= 0
    if not (voted | labelled).any():
        return None
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    axes.text(0.04, 0.1, "calibrated", rotation=40, color="#666666", fontsize=8)
    curves = []
    if labelled.any():
        truth = onehot(labels[labelled], model.shape[1])
        curves.append(("share whose label it is", "s--", SERIES[1], top_answer(truth, model[labelled])))
    if voted.any():
        curves.append(("share of votes for it", "o-", SERIES[0], top_answer(human[voted], model[voted])))
    for words, marks, colour, sides in curves:
        stated, happened, count = reliability_curve(*sides, bins=10)
        axes.plot(stated, happened, marks, color=colour, label=words, markersize=4)
        if words.startswith("share of votes"):
            for x, y, faces in zip(stated, happened, count, strict=True):
                axes.annotate(
                    f"{faces / runs:,.0f}", (x, y), (0, -11), textcoords="offset points", fontsize=6.5, ha="center"
                )
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="confidence in the top answer", ylabel="observed")
    axes.legend(loc="upper left")
    return as_svg(figure, "Reliability: observed share against stated confidence, by label and by votes.")


def l1_by_entropy(human: FloatArray, distance: FloatArray) -> str | None:
    """L1 of each face, (N,), against the entropy of its votes, (N, K), with the mean in ten groups of as many faces."""
    if not len(human):
        return None
    figure, axes = _figure()
    x, y = entropy(human), distance
    jitter = np.random.default_rng(0).normal(0, 0.008, len(x))
    axes.scatter(x + jitter, y, s=4, alpha=0.25, color=SERIES[5], rasterized=True, linewidths=0)
    tenths = [tenth for tenth in np.array_split(np.argsort(x, kind="stable"), 10) if len(tenth)]
    means = ([side[tenth].mean() for tenth in tenths] for side in (x, y))
    axes.plot(*means, "o-", color=SERIES[0], label="mean of a tenth")
    axes.set(xlabel="entropy of the votes (nats): how divided people are", ylabel="L1 to the votes", ylim=(0, 2.02))
    axes.legend(loc="upper right")
    return as_svg(figure, "L1 distance of each face against the entropy of its votes, with the mean in ten groups.")


def class_shares(human: FloatArray, model: FloatArray, classes: Sequence[str]) -> str | None:
    """Mean share of votes and mean probability of each class."""
    if not len(human):
        return None
    figure, axes = _figure()
    two_sides(axes, human.mean(axis=0).tolist(), model.mean(axis=0).tolist(), classes)
    axes.set_xlabel("mean over faces")
    axes.legend(two_sides_legend(), ["people's votes", "model's probability"], loc="lower right")
    return as_svg(figure, "Mean share of votes and mean probability of each class.")


def panels(rows: Rows) -> str | None:
    """L1 to held-out raters of panels of growing size, and where the model lies; None where there are no panels."""
    sizes, model = panel_sizes(rows), rows.get("held_out_l1", {})
    if not sizes or model.get("value") is None:
        return None
    figure, axes = _figure()
    names = ["prior_held_out_l1", *(f"ceiling_panel{size}_l1" for size in sizes)]
    people = [float(rows[name]["value"] or 0) for name in names]
    axes.plot([0, *sizes], people, "o-", color=SERIES[0], label="random panel of people (0: class prior)")
    axes.axhline(float(model["value"] or 0), color=SERIES[1], label="the model")
    if model["low"] is not None and model["high"] is not None:
        axes.axhspan(float(model["low"]), float(model["high"]), color=SERIES[1], alpha=0.15, linewidth=0)
    if (after := rows.get("temperature_held_out_l1", {}).get("value")) is not None:
        axes.axhline(float(after), color=SERIES[2], linestyle=":", label="after temperature, by labels")
    axes.set(xlabel="raters in the panel", ylabel="expected L1 to held-out raters", ylim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="best")
    return as_svg(figure, "Expected L1 to held-out raters: panels of people by size, and the model.")


def plane(judged: Judged, model: FloatArray, classes: Sequence[str]) -> str | None:
    """Where people and the model put the faces in the valence-arousal plane, with the mean of each class joined.

    Args:
        judged: the faces with their ratings and labels; None where no face has ratings of both.
        model: valence and arousal, shape (N, 2).
        classes: K names.
    """
    rated = ~np.isnan(np.hstack([judged.ratings, model])).any(axis=1)
    if not rated.any():
        return None
    human, model, label = judged.ratings[rated], model[rated], judged.label[rated]
    figure, axes = _figure(COLUMN)
    axes.axhline(0, color="#cccccc", linewidth=0.8)
    axes.axvline(0, color="#cccccc", linewidth=0.8)
    for points, shade in zip((human, model), SERIES, strict=False):
        axes.scatter(points[:, 0], points[:, 1], s=4, alpha=0.2, color=shade, rasterized=True, linewidths=0)
    for k in sorted(set(label[label >= 0])):
        name = classes[k]
        start, end = (points[label == k].mean(axis=0) for points in (human, model))
        axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": colour_of(name, k)})
        axes.annotate(name, start, (3, 3), textcoords="offset points", fontsize=8, color="#222222")
    people, network = (Patch(facecolor=SERIES[i]) for i in (0, 1))
    axes.legend([people, network], ["people", "model"], loc="lower right")
    axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), xlabel="valence", ylabel="arousal", aspect="equal")
    return as_svg(figure, "Valence and arousal of the faces by people and by the model; arrows join class means.")


def _figure(height: float = 3.0) -> tuple[Figure, Axes]:
    with style():
        figure = blank(COLUMN, height)
        return figure, figure.subplots()
