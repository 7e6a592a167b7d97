"""The figures of the report, as SVG text to stand in a page."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fer_exp.metrics.calibration import reliability_curve, top_answer
from fer_exp.metrics.classification import onehot
from fer_exp.metrics.distribution import entropy, l1
from fer_exp.report.figures import SERIES, colour_of, style
from fer_exp.stats.bootstrap import FloatArray

Rows = Mapping[str, Mapping[str, float | int | None]]


def as_svg(figure: Figure, words: str) -> str:
    """A figure as SVG for HTML: no XML head, as wide as its place, with words for those who do not see it."""
    stream = io.StringIO()
    with style():
        figure.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(
        r'(<svg[^>]*?) width="[^"]*pt"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*pt"', r"\1", text, count=1), count=1
    )
    label = words.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def reliability(human: FloatArray, labels: NDArray[np.int64], model: FloatArray) -> str:
    """Two reliability curves: against the label, and against the share of people who gave the model's answer.

    Args:
        human: vote fractions, shape (N, K); rows of 0 where there are no votes.
        labels: class codes, -1 where not known, shape (N,).
        model: probabilities, shape (N, K).
    """
    figure, axes = _figure(4.2, 3.4)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    axes.text(0.04, 0.1, "calibrated", rotation=40, color="#666666", fontsize=8)
    voted, labelled = human.sum(axis=1) > 0, labels >= 0
    parts = []
    if labelled.any():
        truth = onehot(labels[labelled], model.shape[1])
        parts.append(("share whose label it is", "s--", SERIES[1], top_answer(truth, model[labelled])))
    if voted.any():
        parts.append(("share of votes for it", "o-", SERIES[0], top_answer(human[voted], model[voted])))
    for words, marks, colour, sides in parts:
        stated, happened, count = reliability_curve(*sides, bins=10)
        axes.plot(stated, happened, marks, color=colour, label=words, markersize=4)
        if words.startswith("share of votes"):
            for x, y, faces in zip(stated, happened, count, strict=True):
                axes.annotate(f"{faces:,}", (x, y), (0, -11), textcoords="offset points", fontsize=6.5, ha="center")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="confidence in the top answer", ylabel="observed")
    axes.legend(loc="upper left")
    return as_svg(figure, "Reliability: observed share against stated confidence, by label and by votes.")


def l1_by_entropy(human: FloatArray, model: FloatArray) -> str:
    """L1 of each face against the entropy of its votes, with the mean in ten groups of equally many faces."""
    figure, axes = _figure(4.2, 3.4)
    x, y = entropy(human), l1(human, model)
    jitter = np.random.default_rng(0).normal(0, 0.008, len(x))
    axes.scatter(x + jitter, y, s=4, alpha=0.25, color=SERIES[5], rasterized=True, linewidths=0)
    order = np.argsort(x, kind="stable")
    groups = [group for group in np.array_split(order, 10) if len(group)]
    axes.plot(
        [x[g].mean() for g in groups], [y[g].mean() for g in groups], "o-", color=SERIES[0], label="mean of a tenth"
    )
    axes.set(xlabel="entropy of the votes (nats): how divided people are", ylabel="L1 to the votes", ylim=(0, 2.02))
    axes.legend(loc="upper right")
    return as_svg(figure, "L1 distance of each face against the entropy of its votes, with the mean in ten groups.")


def class_shares(human: FloatArray, model: FloatArray, classes: Sequence[str]) -> str:
    """Mean share of votes and mean probability of each class."""
    figure, axes = _figure(4.2, 3.4)
    places = np.arange(len(classes))
    for name, share, place in zip(classes, human.mean(axis=0), places, strict=True):
        axes.barh(place - 0.2, share, 0.38, color=colour_of(name, int(place)))
    for name, share, place in zip(classes, model.mean(axis=0), places, strict=True):
        colour = colour_of(name, int(place))
        axes.barh(place + 0.2, share, 0.38, color="white", edgecolor=colour, hatch="////", linewidth=1)
    axes.set_yticks(places, classes)
    axes.invert_yaxis()
    axes.set_xlabel("mean over faces")
    look = [Patch(facecolor="#555555"), Patch(facecolor="white", edgecolor="#555555", hatch="////")]
    axes.legend(look, ["people's votes", "model's probability"], loc="lower right")
    return as_svg(figure, "Mean share of votes and mean probability of each class.")


def panels(rows: Rows) -> str | None:
    """L1 to held-out raters of panels of growing size, and where the model lies; None where there are no panels."""
    sizes = sorted(int(name[len("ceiling_panel") : -len("_l1")]) for name in rows if name.startswith("ceiling_panel"))
    if not sizes or rows.get("held_out_l1", {}).get("value") is None:
        return None
    figure, axes = _figure(4.2, 3.4)
    names = ["prior_held_out_l1", *(f"ceiling_panel{size}_l1" for size in sizes)]
    axes.plot(
        [0, *sizes],
        [float(rows[name]["value"] or 0) for name in names],
        "o-",
        color=SERIES[0],
        label="random panel of people (0: class prior)",
    )
    own = rows["held_out_l1"]
    axes.axhline(float(own["value"] or 0), color=SERIES[1], label="the model")
    if own["low"] is not None and own["high"] is not None:
        axes.axhspan(float(own["low"]), float(own["high"]), color=SERIES[1], alpha=0.15, linewidth=0)
    for name, words, line in (("temperature_held_out_l1", "after temperature, by labels", ":"),):
        if rows.get(name, {}).get("value") is not None:
            axes.axhline(float(rows[name]["value"] or 0), color=SERIES[2], linestyle=line, label=words)
    axes.set(xlabel="raters in the panel", ylabel="expected L1 to held-out raters", ylim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="best")
    return as_svg(figure, "Expected L1 to held-out raters: panels of people by size, and the model.")


def plane(human: FloatArray, model: FloatArray, labels: Sequence[str | None]) -> str:
    """Where people and the model put the faces in the valence-arousal plane, with the mean of each class joined."""
    figure, axes = _figure(4.2, 4.0)
    axes.axhline(0, color="#cccccc", linewidth=0.8)
    axes.axvline(0, color="#cccccc", linewidth=0.8)
    axes.scatter(human[:, 0], human[:, 1], s=4, alpha=0.2, color=SERIES[0], rasterized=True, linewidths=0)
    axes.scatter(model[:, 0], model[:, 1], s=4, alpha=0.2, color=SERIES[1], rasterized=True, linewidths=0)
    names = np.array(["" if name is None else str(name) for name in labels])
    for i, name in enumerate(sorted(set(names) - {""})):
        own, other = human[names == name].mean(axis=0), model[names == name].mean(axis=0)
        axes.annotate("", other, own, arrowprops={"arrowstyle": "->", "color": colour_of(name, i)})
        axes.annotate(name, own, (3, 3), textcoords="offset points", fontsize=8, color="#222222")
    people, network = (Patch(facecolor=SERIES[i]) for i in (0, 1))
    axes.legend([people, network], ["people", "model"], loc="lower right")
    axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), xlabel="valence", ylabel="arousal", aspect="equal")
    return as_svg(figure, "Valence and arousal of the faces by people and by the model; arrows join class means.")


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    with style():
        figure = Figure(figsize=(width, height))
        return figure, figure.subplots()
