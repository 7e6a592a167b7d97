"""What papers state of a cell of the noise study, in the words of its tables."""

from __future__ import annotations

from typing import Any

from fer_exp.studies.noisy_labels.cells import BEST, LAST, Cell, Cells
from fer_exp.studies.presets import Accuracy, accuracies
from fer_exp.studies.tables import NOT_STATED, OTHER_CORPUS

READ_AS = {"last5": "accuracy_last5"}
"""What a published figure was read from -> the metric here; any other is held against best on test."""
AS_PUBLISHED = "published/"
"""Before a method option that brings its paper's trainer."""


def stated(published: dict[str, Any], corpus: str, cell: Cell, cells: Cells) -> list[Accuracy]:
    """The published accuracies of a cell, those from alike first weights first; none of noise that is not symmetric."""
    if cell.noise != "symmetric":
        return []
    training = cells[cell][0]
    return accuracies(published, corpus, _option(cell.method), cell.rate, training.config.backbone.weights)


def _option(method: str) -> str:
    """The method option of a cell, without the keys behind it and without the trainer of its paper.

    >>> _option("published/mixup alpha=8")
    'mixup'
    """
    return method.partition(" ")[0].removeprefix(AS_PUBLISHED)


def read_as(theirs: Accuracy | None) -> tuple[str, str]:
    """The metric here that is read as the published figure was, and what stands in where a run has no such metric."""
    return READ_AS.get(theirs.measure if theirs else "", BEST), LAST


def in_words(figures: list[Accuracy], corpus: str, published: dict[str, Any]) -> str:
    """Every published figure from the first weights that the first of them has, or why there is none."""
    if not figures:
        return unstated(corpus, published)
    alike = [one for one in figures if one.weights == figures[0].weights]
    values = ", ".join(f"{one.value:.2f} ({one.source})" for one in alike)
    return f"{values}, {'face weights' if alike[0].weights == 'face' else 'from scratch'}"


def unstated(corpus: str, published: dict[str, Any]) -> str:
    """Why there is no published figure: no paper states it, or they are of other corpora."""
    return NOT_STATED if corpus in published["margins"] else OTHER_CORPUS


def margin_in_words(method: str, corpus: str, published: dict[str, Any]) -> str:
    """The range of a margin that a paper states over all rates, or why there is none."""
    if _option(method) in published["margin_methods"] and corpus in published["margins"]:
        low, high = published["margins"][corpus]
        return f"{low:g} to {high:g} over the rates"
    return unstated(corpus, published)


def over_best(published: dict[str, Any], corpus: str) -> str:
    """What NCCTFER states over the best of the others, for a caption; '' of another corpus."""
    low, high = published["margins_over_best"].get(corpus, (None, None))
    return "" if low is None else f" (over the best of the others at the higher rates it states {low:g} to {high:g})"
