"""Tables for the terminal: one run against its references, many runs against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table

Metrics = Mapping[str, Mapping[str, Mapping[str, float | int | None]]]

HEADLINE = (
    "accuracy",
    "accuracy_last5",
    "accuracy_best_val",
    "accuracy_best_test",
    "majority_accuracy",
    "macro_f1",
    "l1",
    "rater_equivalents",
    "jensen_shannon_divergence",
    "soft_cross_entropy",
    "earth_movers_distance",
    "vote_correlation",
    "entropy_correlation",
    "ece",
    "people_ece",
    "valence_ccc",
    "arousal_ccc",
)
"""What a table of one run shows unless asked for everything."""
REPAIRED = ("accuracy", "l1", "rater_equivalents", "soft_cross_entropy", "entropy_correlation", "ece")
"""What is shown of the model after a repair: where training differs from a repair, it differs here."""
BASELINES = {
    "": "as trained",
    "temperature_": "T by labels",
    "temperature_votes_": "T by votes",
    "smoothing_votes_": "+ uniform",
    "prior_": "class prior",
    "uniform_": "uniform",
}
"""The rows of the table of baselines by the prefix of their metrics."""
PREFIXES = (*(prefix for prefix in BASELINES if prefix), "ceiling_")

HIGHER = (
    "accuracy",
    "accuracy_last5",
    "accuracy_best_val",
    "accuracy_best_test",
    "balanced_accuracy",
    "macro_f1",
    "weighted_f1",
    "top2_accuracy",
    "top3_accuracy",
    "top2_agreement",
    "top3_agreement",
    "cosine",
    "intersection",
    "entropy_correlation",
    "entropy_similarity",
    "rater_equivalents",
    "vote_correlation",
    "soft_precision",
    "soft_recall",
    "soft_f1",
    "soft_macro_f1",
    "f1",
    "brier_resolution",
    "leave_one_out_accuracy",
    "ccc",
    "pearson",
    "sagr",
    "icc",
)
"""Metrics of which more is better; of every other one, less, but for these:"""
NEITHER = (
    "majority_ties",
    "entropy_human",
    "entropy_human_corrected",
    "entropy_model",
    "brier_uncertainty",
    "confidence_gap",
)
PER_CLASS = ("vote_correlation_", "soft_precision_", "soft_recall_", "soft_f1_", "f1_")
COLUMNS = ("accuracy", "l1", "entropy_correlation", "ece")
"""What a table of runs shows unless told otherwise: right, human-like, unsure where people are, honest."""


def better(metric: str) -> int:
    """1 where more is better, -1 where less is, 0 where the metric tells of the faces.

    >>> better("majority_accuracy"), better("prior_l1"), better("soft_f1_fear"), better("majority_ties")
    (1, -1, 1, 0)
    """
    for prefix in (*PREFIXES, "majority_", "people_", "valence_", "arousal_"):
        if metric in NEITHER:
            return 0
        metric = metric.removeprefix(prefix)
    if metric in NEITHER:
        return 0
    return 1 if metric in HIGHER or metric.startswith(PER_CLASS) else -1


def direction(metric: str) -> str:
    """An arrow to where a metric gets better; none where it tells of the faces alone.

    >>> direction("accuracy"), direction("l1")
    ('↑', '↓')
    """
    return {1: "↑", -1: "↓", 0: ""}[better(metric)]


def spoken(metric: str) -> str:
    """A metric's name as a person writes it.

    >>> spoken("l1"), spoken("people_ece"), spoken("jensen_shannon_divergence")
    ('L1', 'people ECE', 'Jensen–Shannon divergence')
    """
    words = {
        "l1": "L1",
        "ece": "ECE",
        "f1": "F1",
        "ccc": "CCC",
        "rmse": "RMSE",
        "sagr": "SAGR",
        "icc": "ICC",
        "nll": "NLL",
    }
    names = {"jensen shannon": "Jensen–Shannon", "earth movers": "earth mover's", "cross entropy": "cross-entropy"}
    text = " ".join(words.get(word, word) for word in metric.split("_"))
    text = text.replace("kl ", "KL ").replace("brier", "Brier")
    for plain, proper in names.items():
        text = text.replace(plain, proper)
    return text


def metrics_table(metrics: Metrics, split: str, everything: bool = False) -> Table:
    """The metrics of one split: the model with its interval, the class prior, people, and the faces used.

    Args:
        metrics: as ``judge`` returns them.
        split: which split to show; one that is not there gives a table without rows.
        everything: every metric rather than ``HEADLINE``.

    Returns:
        A table that fits 80 columns. ``people`` is one random half of the raters against the other half.
    """
    rows = metrics.get(split, {})
    own = [name for name in rows if not name.startswith(PREFIXES) and f"{name}_" not in BASELINES]
    shown = own if everything else [name for name in HEADLINE if name in own]
    caption = "[95 % interval]; prior: the class prior; people: half the raters against the rest"
    if len(shown) < len(own):
        caption += f"\n{len(own) - len(shown)} more metrics: fer-exp evaluate ... all=true"
    table = Table("metric", box=box.SIMPLE_HEAD, pad_edge=False, title=split, title_justify="left")
    table.caption, table.caption_justify = caption.replace("[", r"\["), "left"
    for header in ("model", "prior", "people", "n"):
        table.add_column(header, justify="left" if header == "model" else "right", no_wrap=True)
    for name in shown:
        references = [_number(rows.get(f"{kind}_{name}", {}).get("value"), "") for kind in ("prior", "ceiling")]
        if name == "rater_equivalents":
            # People are what is counted: the prior is 0 of them by definition, and the largest panel the most.
            references = ["0", f"≤ {largest_panel(rows)}"]
        table.add_row(f"{name} {direction(name)}", _with_interval(rows[name]), *references, f"{rows[name]['n']:,}")
    return table


def baselines_table(metrics: Metrics, split: str) -> Table | None:
    """The model as trained, after simple repairs, and without a look at the face; None where there is no repair.

    Args:
        metrics: as ``judge`` returns them.
        split: which split to show.

    Returns:
        A table that fits 80 columns, without intervals: they stand in metrics.json.
    """
    rows = metrics.get(split, {})
    shown = [name for name in REPAIRED if name in rows]
    if not any(f"temperature_{name}" in rows or f"temperature_votes_{name}" in rows for name in shown):
        return None
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("baseline", no_wrap=True)
    caption = "T: temperature; + uniform: so much of it mixed in; both fitted on the validation split"
    table.caption, table.caption_justify = caption, "left"
    for name in shown:
        table.add_column(f"{name.replace('_', chr(10))}\n{direction(name)}", justify="right", no_wrap=True)
    for prefix, words in BASELINES.items():
        fitted = rows.get(prefix.removesuffix("_"), {}).get("value")
        cells = [_number(rows.get(prefix + name, {}).get("value"), "") for name in shown]
        if prefix == "prior_":
            cells = ["0.000" if name == "rater_equivalents" else cell for name, cell in zip(shown, cells, strict=True)]
        if any(cells):
            table.add_row(words if fitted is None else f"{words} {fitted:.2f}", *cells)
    return table


def largest_panel(rows: Mapping[str, object]) -> int:
    """The size of the largest panel that rater equivalents were measured with; 0 where there is none.

    >>> largest_panel({"ceiling_panel1_l1": {}, "ceiling_panel5_l1": {}})
    5
    """
    sizes = [
        name.removeprefix("ceiling_panel").removesuffix("_l1") for name in rows if name.startswith("ceiling_panel")
    ]
    return max((int(size) for size in sizes), default=0)


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
