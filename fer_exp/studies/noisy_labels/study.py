"""The tables and the figure of the noise study."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from fer_exp.datasets import facts
from fer_exp.judging.predictions import class_names
from fer_exp.report.cells import interval
from fer_exp.report.figures import COLUMN, REFERENCES, SERIES, blank
from fer_exp.report.outcome import Outcome, OutcomeTable
from fer_exp.stats.shares import percent
from fer_exp.studies.noisy_labels.cells import (
    BASELINE,
    BEST,
    GATE,
    LAST,
    REPEATED,
    Cell,
    Cells,
    Stage,
    at_the_end,
    cells_of,
    frame,
    in_percent,
    mean,
    stages,
    taught,
)
from fer_exp.studies.noisy_labels.margins import margins, ours
from fer_exp.studies.noisy_labels.published import in_words, read_as, stated
from fer_exp.studies.presets import Accuracy, Preset, read_published
from fer_exp.studies.tables import columns_of, difference_cell, first_weights, seeds_cell
from fer_exp.studies.trained import Asked, Trained, done, troubles

METRICS = (LAST, BEST, "accuracy_last5", "accuracy_best_val")
"""Test accuracies of a training: last epoch, best on test, mean of the last five, best on validation."""
TAUGHT = {REPEATED: "repeated", "train_accuracy": "training"}
"""What the trained network answers of its training faces: wrong labels that it repeats, labels given that it gives."""
SELECTION = {"selection_precision": "precision", "selection_recall": "recall", "selected_share": "selected"}


def build(trained: Sequence[Trained], preset: Preset, asked: Asked) -> Outcome:
    """All tables and the figure.

    Returns:
        ``stage``: what plain cross-entropy loses in each column, and whether methods are ranked there; ``accuracy``: a
        row a cell with best, last and repeated; ``margins`` over plain ce and ``ours`` over every other method, of the
        columns that are ranked; ``selection``: how well methods that select do so. All are percent or points, means
        over seeds with t-intervals. The figure has the last and the best epoch of each method.
    """
    published = read_published("noisy-labels")
    cells = cells_of(trained)
    gates = stages(cells)
    found = [
        _stage(gates),
        _accuracy(cells, published, preset, trained[0]),
        margins(cells, gates, published, preset),
        ours(cells, gates, preset),
        _selection(cells),
    ]
    scale = f"{preset.scale}, {trained[0].config.backbone.name}"
    return Outcome(
        tables=[
            table._replace(rows=table.rows.assign(scale=scale), shown=table.readers.assign(scale=scale))
            for table in found
            if table is not None
        ],
        notes=[stage.says(rate) + _of(noise) for (noise, rate), stage in gates.items() if not stage.open],
        figures={"accuracy": lambda: _figure(cells, preset)},
    )


def _of(noise: str) -> str:
    return "" if noise == "symmetric" else f" ({noise})"


def _stage(gates: dict[tuple[str, float], Stage]) -> OutcomeTable:
    rows, shown = [], []
    for (noise, rate), stage in gates.items():
        sides = {"best": mean(stage.best), "last": mean(stage.last), "lost": stage.lost, "repeated": stage.repeated}
        row: dict[str, Any] = {"noise": noise, "rate": rate, "seeds": len(stage.last)}
        for name, over in sides.items():
            row |= columns_of(name, over)
        rows.append({**row, "ranked": stage.open})
        cell = {name: seeds_cell(over, 1) for name, over in sides.items()}
        shown.append({"noise": noise, "rate": f"{rate:g}", "seeds": len(stage.last), **cell, "so": stage.says(rate)})
    caption = (
        f"What plain cross-entropy loses: its test accuracy at its best epoch and at its last, percent, and the share "
        f"of wrong labels that it repeats. If it loses less than {GATE:g} points, no methods are ranked."
    )
    return OutcomeTable("stage", caption, frame(rows), frame(shown))


def _accuracy(cells: Cells, published: dict[str, Any], preset: Preset, one: Trained) -> OutcomeTable:
    rows, shown = [], []
    for cell, group in cells.items():
        figures = stated(published, preset.corpus, cell, cells)
        row, words = _of_cell(cell, group, figures)
        rows.append(row)
        shown.append(words | {"published": in_words(figures, preset.corpus, published),
                              "difference": difference_cell(row["difference"], True, 1)})  # fmt: skip
    config = one.config
    size = config.dataset.classes
    classes = size if isinstance(size, int) else len(class_names(one.run.predictions))
    caption = (
        f"Test accuracy in percent under wrong labels, {facts(preset.corpus).title}, {classes} classes, "
        f"{_faces(cells)}{first_weights(config)}, {config.trainer.epochs} epochs at {config.dataset.size} pixels, "
        f"augmentation {config.trainer.augment}, {config.trainer.schedule} rate; mean over seeds with 95 % t-interval. "
        "Best: the best epoch on test (too high, because the test faces choose it). Last: the last epoch. "
        "Repeated: share of training faces with a wrong label for which the trained network answers that label. "
        "Training: share of all training faces for which it answers their label. Published: ResNet-18, and the "
        "repository whose table it stands in. The difference is to the first of them and to best (for EAC to the last "
        "five epochs), as in the papers."
    )
    return OutcomeTable("accuracy", caption, frame(rows), frame(shown))


def _of_cell(cell: Cell, group: list[Trained], figures: list[Accuracy]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A cell's accuracies as columns of numbers, beside the first published figure; and as readers see them."""
    seeds = {metric: mean(in_percent(group, metric)) for metric in METRICS}
    learnt = {words: mean(taught(group, name)) for name, words in TAUGHT.items()}
    theirs = figures[0] if figures else None
    as_theirs, otherwise = read_as(theirs)
    like = seeds[as_theirs] or seeds[otherwise]
    trouble = troubles(group)
    row: dict[str, Any] = {**cell._asdict(), "seeds": len(done(group))}
    for name, over in (seeds | learnt).items():
        row |= columns_of(name, over)
    row["published"] = None if theirs is None else theirs.value
    row["published_weights"] = None if theirs is None else theirs.weights
    row["published_in"] = None if theirs is None else theirs.source
    row["difference"] = None if theirs is None or like is None else like.mean - theirs.value
    last = seeds_cell(seeds[LAST], 1)
    if trouble:
        last = trouble if seeds[LAST] is None else f"{last} ({trouble})"
    return row | {"state": trouble or "done"}, {
        **cell._asdict(),
        "rate": f"{cell.rate:g}",
        "best": seeds_cell(seeds[BEST], 1),
        "last": last,
        "repeated": seeds_cell(learnt["repeated"], 1),
        "training": interval(learnt["training"] and learnt["training"].mean, None, None, 1),
        "seeds": len(done(group)),
    }


def _faces(cells: Cells) -> str:
    """How many faces, as the first finished training has them."""
    for group in cells.values():
        for training in done(group):
            if faces := training.run.facts.get("faces"):
                return f"{faces['train']:,} training and {faces['test']:,} test faces, "
    return ""


def _selection(cells: Cells) -> OutcomeTable | None:
    """How well a method tells right labels from wrong ones, in the last epoch; None where none selects."""
    rows, shown = [], []
    for cell, group in cells.items():
        found = {words: mean(at_the_end(group, column)) for column, words in SELECTION.items()}
        if found["precision"] is None:
            continue
        row: dict[str, Any] = {**cell._asdict(), "seeds": found["precision"].n}
        for words, over in found.items():
            row |= columns_of(words, over)
        rows.append(row)
        cell_words = {words: seeds_cell(over, 1) for words, over in found.items()}
        shown.append({**cell._asdict(), "rate": f"{cell.rate:g}", **cell_words})
    if not rows:
        return None
    caption = (
        "How well methods select, in the last epoch, percent, mean over seeds with 95 % t-interval. Precision: share "
        "of right labels among those selected (if all are taught: 100 less the rate). Recall: share of the right "
        "labels that is selected. Selected: share of all faces."
    )
    return OutcomeTable("selection", caption, frame(rows), frame(shown))


def _figure(cells: Cells, preset: Preset) -> Figure | None:
    """The last and the best epoch of each method, a panel a kind of noise and rate; None without any.

    Cells of a single seed are left out: nobody sees how far they would jump.
    """
    found = {cell: (mean(in_percent(group, LAST)), mean(in_percent(group, BEST))) for cell, group in cells.items()}
    known = {cell: (last, best) for cell, (last, best) in found.items() if last is not None and last.n > 1}
    if not known:
        return None
    columns = list(dict.fromkeys(cell.column for cell in known))
    methods = list(dict.fromkeys(cell.method for cell in known))
    width = max(COLUMN, 1.5 + 1.15 * len(columns))
    figure = blank(width, 1.1 + 0.17 * len(methods))
    panels = figure.subplots(1, len(columns), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (noise, rate) in zip(panels, columns, strict=True):
        for row, method in enumerate(methods):
            last, best = known.get(Cell(noise, rate, method), (None, None))
            if last is None:
                continue
            if best is not None:
                axes.plot(best.mean, row, "o", color=SERIES[0], markerfacecolor="white", markersize=4)
            axes.hlines(row, last.low, last.high, color=SERIES[0], linewidth=1.4)
            axes.plot(last.mean, row, "o", color=SERIES[0], markersize=4)
            if method == BASELINE:
                axes.axvline(last.mean, **REFERENCES["constant"], zorder=0)
        kind = "" if noise == "symmetric" else f"{noise},\n"
        axes.set(title=f"{kind}{percent(rate, 'g')} wrong", yticks=range(len(methods)), yticklabels=methods)
    panels[0].set(ylim=(len(methods) - 0.5, -0.5))
    words = (
        "test accuracy, %: last epoch (filled, with 95 % t-interval over seeds), best epoch (open); dotted: last of "
        f"{BASELINE}. {facts(preset.corpus).title}, {preset.scale}"
    )
    figure.supxlabel(textwrap.fill(words, int(17 * width)), fontsize="small")
    return figure
