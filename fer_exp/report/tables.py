"""Tables for the terminal: one run against its references, many runs against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table

Metrics = Mapping[str, Mapping[str, Mapping[str, float | int | None]]]

HIGHER = frozenset(
    ["accuracy", "balanced_accuracy", "macro_f1", "cosine", "intersection", "entropy_correlation", "rater_equivalents"]
    + [f"{side}_{metric}" for side in ("valence", "arousal") for metric in ("ccc", "pearson", "sagr")]
)
"""Metrics of which more is better; of every other one, less."""
COLUMNS = ("accuracy", "l1", "entropy_correlation", "ece")
"""What a table of runs shows unless told otherwise: right, human-like, unsure where people are, honest."""


def direction(metric: str) -> str:
    """An arrow to where a metric gets better.

    >>> direction("accuracy"), direction("l1")
    ('↑', '↓')
    """
    return "↑" if metric in HIGHER else "↓"


def metrics_table(metrics: Metrics, split: str) -> Table:
    """All metrics of one split: the model with its interval, the class prior, people, and the faces used.

    Args:
        metrics: as ``judge`` returns them.
        split: which split to show; one that is not there gives a table without rows.

    Returns:
        A table that fits 80 columns. ``people`` is one random half of the raters against the other half.
    """
    rows = metrics.get(split, {})
    caption = "[95 % interval]; prior: the class prior; people: half the raters against the rest"
    table = Table("metric", box=box.SIMPLE_HEAD, pad_edge=False, title=split, title_justify="left")
    table.caption, table.caption_justify = caption.replace("[", r"\["), "left"
    for header in ("model", "prior", "people", "n"):
        table.add_column(header, justify="left" if header == "model" else "right", no_wrap=True)
    for name, result in rows.items():
        if not name.startswith(("prior_", "ceiling_")):
            references = (_number(rows.get(f"{kind}_{name}", {}).get("value"), "") for kind in ("prior", "ceiling"))
            table.add_row(f"{name} {direction(name)}", _with_interval(result), *references, f"{result['n']:,}")
    return table


def runs_table(
    rows: Sequence[tuple[Mapping[str, object], Metrics]], split: str = "test", metrics: Sequence[str] = COLUMNS
) -> Table:
    """One row per run: what it was told, and its metrics with intervals below them.

    Args:
        rows: for each run its labels or overrides (name -> value) and its metrics, as ``judge`` returns them.
        split: which split to show.
        metrics: which metrics to show; one that no run has is left out.

    Returns:
        A table whose first columns are the labels, in the order in which they first occur.

    >>> result = {"test": {"l1": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}}}
    >>> table = runs_table([({"labels": "onehot"}, result), ({"labels": "soft"}, result)])
    >>> [column.header for column in table.columns], table.row_count
    (['labels', 'l1 ↓'], 2)
    """
    keys = list(dict.fromkeys(key for labels, _ in rows for key in labels))
    shown = [name for name in metrics if any(name in result.get(split, {}) for _, result in rows)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for key in keys:
        # Two short lines, and a narrow terminal breaks a long value rather than cutting it.
        table.add_column(key.replace(".", "\n."), overflow="fold")
    for name in shown:
        table.add_column(f"{name.replace('_', chr(10))} {direction(name)}", no_wrap=True)
    for labels, result in rows:
        cells = [_above_interval(result.get(split, {}).get(name)) for name in shown]
        table.add_row(*(str(labels.get(key, "")) for key in keys), *cells)
    return table


def _with_interval(result: Mapping[str, float | int | None]) -> str:
    value, low, high = result["value"], result["low"], result["high"]
    # The bracket is escaped from rich's markup by the backslash.
    return _number(value) + ("" if low is None or high is None else f" \\[{_number(low)}, {_number(high)}]")


def _above_interval(result: Mapping[str, float | int | None] | None) -> str:
    """Two lines, so that several metrics stand beside each other in 80 columns."""
    if result is None:
        return ""
    value, low, high = result["value"], result["low"], result["high"]
    return _number(value) + ("" if low is None or high is None else f"\n{_number(low)}–{_number(high)}")


def _number(value: float | None, missing: str = "–") -> str:
    return missing if value is None else f"{value:.3f}"
