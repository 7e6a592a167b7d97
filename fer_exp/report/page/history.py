"""The figures of a training, epoch by epoch, of a run's history.parquet; each is None where it has no columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fer_exp.metrics.words import direction, spoken
from fer_exp.report.figures import COLUMN, SERIES, blank, colour_of, style
from fer_exp.report.page.figures import as_svg
from fer_exp.report.tables import Rows

Line = tuple[str, str, str, str]
"""Column, words, marks, colour."""
ALL = "#222222"
"""The colour of all classes together."""
SELECTION = ("selection_precision", "selection_recall", "selected_share")
KNOWN = ("epoch", "seconds", "images_per_second", "wrong_memorised", "wrong_recovered")
PREFIXES = ("train_", "val_", "test_", "selection_", "selected_share")
"""What is no figure of a method's own."""


class History(NamedTuple):
    """A row an epoch: the mean over seeds, and the least and the most of them, which are None of a single one."""

    mean: pd.DataFrame
    low: pd.DataFrame | None = None
    high: pd.DataFrame | None = None


def over_seeds(tables: Sequence[pd.DataFrame]) -> History:
    """Histories of runs that differ in the seed alone as one; epochs and columns that all of them have.

    >>> over_seeds([pd.DataFrame({"epoch": [1], "train_loss": [at]}) for at in (1.0, 2.0)]).mean["train_loss"].tolist()
    [1.5]
    """
    if len(tables) == 1:
        return History(tables[0])
    shared = [name for name in tables[0] if all(name in table for table in tables)]
    last = min(table["epoch"].max() for table in tables)
    every = pd.concat([table.loc[table["epoch"] <= last, shared] for table in tables]).groupby("epoch", as_index=False)
    return History(every.mean(), every.min(), every.max())


def training(history: History) -> str | None:
    """Losses above, accuracies below."""
    if "train_loss" not in history.mean or history.mean.empty:
        return None
    figure, panels = _panels(2, 4.0)
    for axes, name, top in zip(panels, ("loss", "accuracy"), (None, 1), strict=True):
        lines: list[Line] = [
            (f"train_{name}", "train", "o-", SERIES[0]),
            (f"val_{name}", "validation, its labels", "s--", SERIES[1]),
        ]
        if name == "accuracy" and "train_accuracy_clean" in history.mean:  # wrong on purpose, maybe in validation, too
            lines.append(("val_clean_accuracy", "validation, clean labels", "^-.", SERIES[2]))
        _lines(axes, history, [*lines, (f"test_{name}", "test", "v:", SERIES[3])])
        axes.set(ylabel=name, ylim=(0, top))
        axes.legend(loc="best")
    panels[-1].set(xlabel="epoch")
    return as_svg(figure, "Training: losses and accuracies by epoch.")


def closeness(history: History, val: Rows) -> str | None:
    """L1 to the votes and the correlation of entropies on validation, with what half of the raters score.

    Args:
        history: as ``over_seeds`` makes it.
        val: the metrics of validation, for ``ceiling_l1`` and ``ceiling_entropy_correlation``.
    """
    shown = [name for name in ("l1", "entropy_correlation") if f"val_{name}" in history.mean]
    if not shown:
        return None
    figure, panels = _panels(len(shown), 2.0 * len(shown))
    for axes, name in zip(panels, shown, strict=True):
        _lines(axes, history, [(f"val_{name}", "the model", "o-", SERIES[1])])
        people = val.get(f"ceiling_{name}", {}).get("value")
        if people is not None:
            axes.axhline(float(people), color=SERIES[0], linestyle="--", label="people")
        axes.set(ylabel=f"{spoken(name)} {direction(name)}")
        axes.margins(y=0.12)
        if axes.get_legend_handles_labels()[0]:  # none where no epoch has a value
            axes.legend(loc="best")
    panels[0].set(ylim=(0, None) if shown[0] == "l1" else None)
    panels[-1].set(xlabel="epoch")
    return as_svg(figure, "L1 to the votes and correlation of entropies on validation by epoch, beside people.")


def memorisation(history: History) -> str | None:
    """What is answered to training faces with right and with wrong labels."""
    lines: list[Line] = [
        ("train_accuracy_clean", "right label: answered with it", "o-", SERIES[2]),
        ("wrong_memorised", "wrong label: answered with it", "s--", SERIES[1]),
        ("wrong_recovered", "wrong label: answered with the right one", "^:", SERIES[0]),
    ]
    if "wrong_memorised" not in history.mean:
        return None
    figure, (axes,) = _panels(1, 3.0)
    _lines(axes, history, lines)
    axes.set(xlabel="epoch", ylabel="share of such training faces", ylim=(0, 1))
    figure.legend(loc="outside lower center")
    return as_svg(figure, "Training faces with right and with wrong labels: how they are answered, by epoch.")


def selection(history: History, classes: Sequence[str]) -> str | None:
    """Precision, recall and share of the faces that a method selects, over all and by class."""
    shown = [name for name in SELECTION if name in history.mean]
    if not shown:
        return None
    figure, panels = _panels(len(shown), 1.5 * len(shown) + 0.8)
    for axes, name in zip(panels, shown, strict=True):
        _lines(axes, history, _by_class(name, history.mean, classes))
        axes.set(ylabel=name.removeprefix("selection_").replace("_", " "), ylim=(0, 1.02))
    panels[-1].set(xlabel="epoch")
    _shared_legend(figure, panels)
    return as_svg(figure, "Selected faces: precision, recall and share by epoch, over all and by class.")


def of_method(history: History, classes: Sequence[str]) -> str | None:
    """A small panel for each of a method's own figures; what has a value a class is one panel."""
    columns = [name for name in history.mean if name not in KNOWN and not str(name).startswith(PREFIXES)]
    names = list(dict.fromkeys(_stem(str(name), history.mean, classes) for name in columns))
    if not names:
        return None
    across = min(2, len(names))
    figure, panels = _panels(len(names), 1.6 * math.ceil(len(names) / across) + 0.6, across)
    for axes, name in zip(panels, names, strict=True):
        _lines(axes, history, _by_class(name, history.mean, classes))
        axes.set_title(name.replace("_", " "), fontsize=8.5)
        axes.tick_params(labelbottom=True)
    for axes in panels[-across:]:
        axes.set_xlabel("epoch")
    _shared_legend(figure, panels)
    return as_svg(figure, f"The method's own figures by epoch: {', '.join(names)}.")


def _stem(column: str, history: pd.DataFrame, classes: Sequence[str]) -> str:
    """The name that a figure's columns by class share, else the column."""
    for name in classes:
        stem = column.removesuffix(f"_{name}")
        if stem != column and all(f"{stem}_{other}" in history for other in classes):
            return stem
    return column


def _by_class(name: str, history: pd.DataFrame, classes: Sequence[str]) -> list[Line]:
    lines = [(f"{name}_{of}", of, "-", colour_of(of, k)) for k, of in enumerate(classes) if f"{name}_{of}" in history]
    # A figure that has no classes needs no name in the legend, which a leading _ keeps it out of.
    return [*lines, (name, "all" if lines else "_all", "o-", ALL)]


def _panels(number: int, height: float, across: int = 1) -> tuple[Figure, list[Axes]]:
    with style():
        figure = blank(COLUMN, height)
        grid = figure.subplots(math.ceil(number / across), across, sharex=True, squeeze=False).ravel().tolist()
    for axes in grid[number:]:
        axes.set_axis_off()
    for axes in grid:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    return figure, grid[:number]


def _lines(axes: Axes, history: History, lines: Sequence[Line]) -> None:
    mean = history.mean
    axes.set_xlim(mean["epoch"].min() - 0.5, mean["epoch"].max() + 0.5)  # also where a column begins later
    for column, words, marks, colour in lines:
        if column not in mean or not mean[column].notna().any():
            continue
        lone = mean[column].notna().sum() == 1  # one epoch makes no line
        marks = marks if not lone or marks != "-" else "o"
        size = 5 if lone else 0 if len(mean) > 40 else 3
        width = 1 if marks == "-" else 1.6
        axes.plot(mean["epoch"], mean[column], marks, color=colour, label=words, markersize=size, lw=width)
        if history.low is None or history.high is None:
            continue
        ends = history.low[column], history.high[column]
        if lone:
            axes.vlines(mean["epoch"], *ends, color=colour, linewidth=1)
        else:
            axes.fill_between(mean["epoch"], *ends, color=colour, alpha=0.15, linewidth=0)


def _shared_legend(figure: Figure, panels: Sequence[Axes]) -> None:
    entries: dict[str, Artist] = {}
    for axes in panels:
        for line, words in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(words, line)
    if len(entries) > 1:
        figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=3)
