"""Figures of the explaining pages, drawn from committed results when the site is built."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fer_exp.report.figures import MARKS, SERIES, blank, curve, style, write_svg
from fer_exp.stats.seeds import over_seeds
from fer_exp.stats.shares import wilson

WIDTH = 4.8
"""Inches; a phone shows them four inches wide, with letters that can still be read."""


def draw(place: Path, results: Path) -> None:
    """Write each figure into a folder, as SVG."""
    place.mkdir(parents=True, exist_ok=True)
    for name, figure in (("rater-equivalents", _equivalents), ("intervals", _intervals), ("memorising", _memorising)):
        with style():
            write_svg(figure(results), place / f"{name}.svg")


def _equivalents(results: Path) -> Figure:
    """The error of a panel of people by its size, and the panels that are as near as three answers of a model."""
    table = pd.read_csv(results / "cafe-soft-ferplus-small" / "networks.csv").set_index("network")
    figure = blank(WIDTH, 3.0)
    axes = figure.subplots()
    sizes = [size / 20 for size in range(11, 81)]
    axes.plot(sizes, [1 / size for size in sizes], color=SERIES[7], label="people, by their number")
    rows = {"class prior": "one answer for all faces", "one-hot": "taught one label a face", "soft": "taught all votes"}
    columns = ("rater_equivalents", "rater_equivalents_low", "rater_equivalents_high")
    for colour, marker, (network, words) in zip(SERIES, MARKS, rows.items(), strict=False):
        worth, low, high = (float(table[column][network]) for column in columns)
        axes.hlines(1 / worth, 0, worth, color=colour, linewidth=0.8, linestyle=":")
        axes.plot([low, high], [1 / worth] * 2, color=colour, linewidth=2)
        axes.plot(worth, 1 / worth, color=colour, marker=marker, linestyle="none", label=f"{words}: {worth:.2f}")
    axes.set(xlabel="people", ylabel="squared error, one person = 1", xlim=(0, 4), ylim=(0, 1.9))
    axes.legend()
    return figure


def _intervals(results: Path) -> Figure:
    """One accuracy: of each of three trainings over faces, and over trainings."""
    folder = results / "noisy-labels-ferplus-small"
    runs = sorted((folder / "runs").glob("ferplus-symmetric0.4-resnet18-ce-seed*"))
    rows: list[tuple[str, Mapping[str, float]]] = []
    for number, run in enumerate(runs, start=1):
        one = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["test"]["accuracy"]
        low, high = wilson(np.array(one["value"] * one["n"]), np.array(one["n"]))
        rows.append((f"training {number}, over faces", {"value": one["value"], "low": float(low), "high": float(high)}))
    stage = pd.read_csv(folder / "stage.csv").set_index("rate")
    ends = {"value": "last", "low": "last_low", "high": "last_high"}
    rows.append(
        ("their mean, over trainings", {name: float(stage[column][0.4]) / 100 for name, column in ends.items()})
    )
    figure = blank(WIDTH, 2.0)
    axes = figure.subplots()
    for place, (_, one) in enumerate(rows):
        colour = SERIES[int(place == len(rows) - 1)]
        axes.plot([one["low"], one["high"]], [place] * 2, color=colour, linewidth=2)
        axes.plot(one["value"], place, color=colour, marker="so"[place < len(rows) - 1])
    axes.set_yticks(range(len(rows)), [words for words, _ in rows])
    axes.set(xlabel="accuracy on the test faces, 95 %", ylim=(len(rows) - 0.5, -0.5))
    return figure


def _memorising(results: Path) -> Figure:
    """Accuracy on new faces, and wrong labels repeated, by epoch, where two labels in five are wrong."""
    runs = sorted((results / "noisy-labels-ferplus-small" / "runs").glob("ferplus-symmetric0.4-resnet18-ce-seed*"))
    histories = pd.concat([pd.read_parquet(run / "history.parquet") for run in runs])
    figure = blank(WIDTH, 2.8)
    shown = {"test_accuracy": "accuracy on new faces", "wrong_memorised": "wrong labels repeated"}
    for number, (axes, (column, words)) in enumerate(
        zip(figure.subplots(1, 2, sharex=True), shown.items(), strict=True)
    ):
        epochs = sorted(set(histories["epoch"].tolist()))
        means = {float(epoch): over_seeds(histories[column][histories["epoch"] == epoch].tolist()) for epoch in epochs}
        curve(axes, {at: mean for at, mean in means.items() if mean is not None}, number, words)
        axes.set(xlabel="epoch", title=words, ylim=(0, 1))
    return figure
