"""Noise-robust training (NCCTFER, arXiv 2305.01884): accuracy by method and noise rate, and margins over plain ce."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from fer_exp.datasets import facts
from fer_exp.report.figures import SERIES, curve
from fer_exp.report.outcome import Outcome, OutcomeTable
from fer_exp.stats.seeds import OverSeeds, over_seeds, paired_over_seeds
from fer_exp.studies.presets import Accuracy, Preset, accuracies, gain, read_published
from fer_exp.studies.tables import NOT_STATED, OTHER_CORPUS, columns_of, difference_cell, first_weights, seeds_cell
from fer_exp.studies.trained import Trained, by, done, per_seed, troubles

COLUMNS = {
    "accuracy": "last",
    "accuracy_last5": "last 5",
    "accuracy_best_val": "best on val",
    "accuracy_best_test": "best on test",
}
"""Metric of a run -> column: the last epoch, mean of the last five, the epochs best on validation and on test."""
READ_AS = {"last5": "accuracy_last5"}
"""What a published figure was read from -> the metric here; any other is held against best on test."""
BASELINE = "ce"
AS_PUBLISHED = "published/"
"""Before a method option that brings its paper's trainer."""

Cell = tuple[str, str, float]
"""Kind of noise, method, rate."""


def build(trained: Sequence[Trained], preset: Preset) -> Outcome:
    """Both tables and the figure.

    Returns:
        ``accuracy``: a row a method and rate, percent, mean over seeds with t-intervals; ``margins``: the same less
        plain ce with the same seeds, paired (its csv has every pair of methods); the figure of the last epoch's
        accuracy against the rate.
    """
    published = read_published("noisy-labels")
    cells = by(trained, _cell)
    outcome = Outcome()
    scale = f"{preset.scale}, {trained[0].config.backbone.name}"
    rows, shown = [], []
    for (noise, method, rate), group in cells.items():
        named = {"noise": noise, "method": method, "rate": rate}
        seeds = {metric: over_seeds(list(_percent(group, metric).values())) for metric in COLUMNS}
        stated = _published(published, preset.corpus, noise, method, rate, group[0])
        theirs = stated[0] if stated else None
        ours = _like(seeds, theirs)
        difference = None if theirs is None or ours is None else ours.mean - theirs.value
        trouble = troubles(group)
        row: dict[str, Any] = {**named, "seeds": len(done(group))}
        for metric in COLUMNS:
            row |= columns_of(metric, seeds[metric])
        row["published"] = None if theirs is None else theirs.value
        row["published_weights"] = None if theirs is None else theirs.weights
        row["published_in"] = None if theirs is None else theirs.source
        rows.append({**row, "difference": difference, "scale": scale, "state": trouble or "done"})
        cell = {name: seeds_cell(seeds[metric], 1) for metric, name in COLUMNS.items()}
        if trouble:
            cell["last"] = trouble if seeds["accuracy"] is None else f"{cell['last']} ({trouble})"
        cell["published"] = _said(stated) or _unstated(preset.corpus, published)
        cell["difference"] = difference_cell(difference, True, 1)
        shown.append({**named, "rate": f"{rate:g}", **cell, "scale": scale})
    outcome.tables.append(OutcomeTable("accuracy", _caption(trained, preset), _frame(rows), _frame(shown)))
    if margins := _margins(cells, published, preset, scale):
        outcome.tables.append(margins)
    outcome.figures["accuracy"] = lambda: _figure(cells, preset)
    return outcome


def _cell(training: Trained) -> Cell:
    """A method goes by the option that was chosen, since an option may be a method with other keys."""
    method = training.words.get("method", training.config.method.name)
    return training.config.labels.noise, method, training.config.labels.rate


def _percent(group: Sequence[Trained], metric: str) -> dict[int, float]:
    return {seed: 100 * value for seed, value in per_seed(group, metric).items()}


def _published(
    published: dict[str, Any], corpus: str, noise: str, method: str, rate: float, one: Trained
) -> list[Accuracy]:
    if noise != "symmetric":
        return []
    return accuracies(published, corpus, method.removeprefix(AS_PUBLISHED), rate, one.config.backbone.weights)


def _like(seeds: dict[str, OverSeeds | None], theirs: Accuracy | None) -> OverSeeds | None:
    """Ours as the published figure was read, or the last epoch where the run did not look at the test set."""
    metric = READ_AS.get(theirs.measure if theirs else "", "accuracy_best_test")
    return seeds[metric] or seeds["accuracy"]


def _said(stated: list[Accuracy]) -> str:
    """Every published figure from the first weights that the first of them has; '' where there is none."""
    alike = [one for one in stated if one.weights == stated[0].weights]
    values = ", ".join(f"{one.value:.2f} ({one.source})" for one in alike)
    return values and f"{values}, {'face weights' if alike[0].weights == 'face' else 'from scratch'}"


def _unstated(corpus: str, published: dict[str, Any]) -> str:
    """Why there is no published figure: no paper states it, or they are of other corpora."""
    return NOT_STATED if corpus in published["margins"] else OTHER_CORPUS


def _margins(
    cells: dict[Cell, list[Trained]], published: dict[str, Any], preset: Preset, scale: str
) -> OutcomeTable | None:
    """What a method gains over another with the same seeds, in points of the last epoch's and the best accuracy.

    ``rows`` has every pair of methods once, the later one less the earlier, ce first; ``shown`` those with ce.
    """
    rows, shown = [], []
    ordered = sorted(cells, key=lambda cell: cell[1] != BASELINE)
    pairs = [(one, before) for at, one in enumerate(ordered) for before in ordered[:at] if one[::2] == before[::2]]
    for later, before in pairs:  # under the same noise at the same rate
        (noise, method, rate), over = later, before[1]
        group, others = cells[later], cells[before]
        gains = {
            metric: paired_over_seeds(_percent(group, metric), _percent(others, metric))
            for metric in ("accuracy", "accuracy_best_test")
        }
        theirs = _published(published, preset.corpus, noise, method, rate, group[0])
        base = _published(published, preset.corpus, noise, over, rate, others[0])
        stated_gain, source = gain(theirs, base) or (None, None)
        ours = gains["accuracy_best_test"] or gains["accuracy"]
        difference = None if stated_gain is None or ours is None else ours.mean - stated_gain
        named = {"noise": noise, "method": method, "rate": rate}
        row: dict[str, Any] = {**named, "over": over, "seeds": 0 if gains["accuracy"] is None else gains["accuracy"].n}
        for metric, over_both in gains.items():
            row |= columns_of(metric, over_both)
        trouble = troubles([*group, *others])
        row |= {"published": stated_gain, "published_in": source, "difference": difference}
        rows.append({**row, "scale": scale, "state": trouble or "done"})
        if over != BASELINE:
            continue
        stated = _unstated(preset.corpus, published)
        if method.removeprefix(AS_PUBLISHED) in published["margin_methods"] and preset.corpus in published["margins"]:
            low, high = published["margins"][preset.corpus]
            stated = f"{low:g} to {high:g} over the rates"
        last = seeds_cell(gains["accuracy"], 1, "+")
        shown.append(
            {
                **named,
                "rate": f"{rate:g}",
                "last": last if not trouble else trouble if gains["accuracy"] is None else f"{last} ({trouble})",
                "best on test": seeds_cell(gains["accuracy_best_test"], 1, "+"),
                "published": stated if stated_gain is None else f"{stated_gain:+.2f} ({source})",
                "difference": difference_cell(difference, True, 1),
                "scale": scale,
            }
        )
    if not shown:
        return None
    caption = (
        f"Points of test accuracy over plain ce on {facts(preset.corpus).title}, paired by seed, mean with 95 % "
        "t-interval. Published: the difference to plain ce in the same table, or the range that NCCTFER states over "
        f"rates{_over_best(published, preset.corpus)}. The csv has every pair of methods."
    )
    return OutcomeTable("margins", caption, _frame(rows), _frame(shown))


def _over_best(published: dict[str, Any], corpus: str) -> str:
    """What NCCTFER states over the best of the others, for the caption; '' of another corpus."""
    low, high = published["margins_over_best"].get(corpus, (None, None))
    return "" if low is None else f" (over the best of the others at the higher rates it states {low:g} to {high:g})"


def _caption(trained: Sequence[Trained], preset: Preset) -> str:
    config = trained[0].config
    return (
        f"Test accuracy in percent under wrong labels, {facts(preset.corpus).title}, {config.dataset.classes} classes, "
        f"{first_weights(config)}, {config.trainer.epochs} epochs at {config.dataset.size} pixels; mean over "
        "seeds with 95 % t-interval. Published: ResNet-18, in the table of whose repository; the difference is "
        "to the first of them and to best on test (to last 5 for EAC), as papers read theirs."
    )


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    return frame.drop(columns="noise") if set(frame["noise"]) == {"symmetric"} else frame


def _figure(cells: dict[Cell, list[Trained]], preset: Preset) -> Figure | None:
    """Accuracy of the last epoch against the rate, of methods with two rates or more; None without any."""
    curves: dict[str, dict[float, OverSeeds]] = {}
    for (noise, method, rate), group in cells.items():
        if (over := over_seeds(list(_percent(group, "accuracy").values()))) is not None:
            curves.setdefault(method if noise == "symmetric" else f"{method}, {noise}", {})[rate] = over
    curves = {name: points for name, points in curves.items() if len(points) > 1}
    if not curves:
        return None
    figure = Figure(figsize=(5.2, 3.4))
    axes = figure.subplots()
    for number, (name, points) in enumerate(curves.items()):
        curve(axes, dict(sorted(points.items())), SERIES[number % len(SERIES)], name)
    axes.set(xlabel="share of wrong labels", ylabel="test accuracy, last epoch, %", ylim=(0, 100),
             title=f"{facts(preset.corpus).title}, {preset.scale}: mean over seeds, 95 % t-interval")  # fmt: skip
    axes.legend(ncols=2)
    return figure
