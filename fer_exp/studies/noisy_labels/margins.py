"""What a method gains over another with the same seeds, in the columns where there is something to gain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from fer_exp.datasets import facts
from fer_exp.report.cells import p_value
from fer_exp.report.outcome import OutcomeTable
from fer_exp.stats.seeds import OverSeeds, paired_over_seeds
from fer_exp.stats.tests import holm, paired_t
from fer_exp.studies.noisy_labels.cells import (
    BASELINE,
    BEST,
    LAST,
    OURS,
    TWO_VIEWS,
    BySeed,
    Cell,
    Cells,
    Stage,
    frame,
    in_percent,
    two_views,
)
from fer_exp.studies.noisy_labels.published import margin_in_words, over_best, stated
from fer_exp.studies.presets import Preset, gain
from fer_exp.studies.tables import columns_of, difference_cell, seeds_cell
from fer_exp.studies.trained import troubles

GAINS = {"accuracy": (LAST, LAST), "accuracy_over_best": (LAST, BEST), "accuracy_best_test": (BEST, BEST)}
"""Column -> which epoch of the method less which epoch of the other."""
PAIRED = (
    "paired by seed, mean with 95 % t-interval; p of the paired t-test of the last epochs, after Holm over the table"
)


def pairs_of(cells: Cells, stages: dict[tuple[str, float], Stage]) -> list[tuple[Cell, Cell]]:
    """Every two methods of a column that is ranked, once: the later one over the earlier, plain ce before all."""
    ordered = sorted((cell for cell in cells if stages[cell.column].open), key=lambda cell: cell.method != BASELINE)
    return [(one, over) for at, one in enumerate(ordered) for over in ordered[:at] if one.column == over.column]


def margins(
    cells: Cells, stages: dict[tuple[str, float], Stage], published: dict[str, Any], preset: Preset
) -> OutcomeTable | None:
    """Every method less plain ce, and a two-view method less ce on both views, too; None where nothing is ranked.

    ``rows`` has every pair of methods, ``shown`` those.
    """
    rows = [_pair(cells, *pair, published, preset) for pair in pairs_of(cells, stages)]
    shown = [row for row in rows if _is_shown(row, cells)]
    if not shown:
        return None
    _correct(shown)
    caption = (
        f"Points of test accuracy over plain cross-entropy on {facts(preset.corpus).title}; methods with two views of "
        f"a face also over cross-entropy on both views; {PAIRED}. Last, best: this epoch of both. Last over "
        "best: the method's last epoch less the other's best on test. Rates that are not ranked are left out. "
        "Published: the difference to plain ce in the same table, or the range that NCCTFER states over rates"
        f"{over_best(published, preset.corpus)}. The csv has every pair of methods."
    )
    cells_shown = [
        {
            **{name: row[name] for name in ("noise", "method", "over")},
            "rate": f"{row['rate']:g}",
            "last": _gain_cell(row),
            "p (Holm)": p_value(row["p_holm"]),
            "last over best": seeds_cell(row["gains"]["accuracy_over_best"], 1, "+"),
            "best": seeds_cell(row["gains"]["accuracy_best_test"], 1, "+"),
            "published": row["stated"],
            "difference": difference_cell(row["difference"], True, 1),
        }
        for row in shown
    ]
    return OutcomeTable("margins", caption, frame([_plain(row) for row in rows]), frame(cells_shown))


def ours(cells: Cells, stages: dict[tuple[str, float], Stage], preset: Preset) -> OutcomeTable | None:
    """Our method less every other, last epoch, in every column that is ranked; None where there is none."""
    rows = []
    for cell in cells:
        own = Cell(*cell.column, OURS)
        if stages[cell.column].open and own in cells and cell != own:
            rows.append(_pair(cells, own, cell, None, preset))
    if not rows:
        return None
    _correct(rows)
    caption = f"{OURS} less every other method on {facts(preset.corpus).title}, points of the last epoch, {PAIRED}."
    shown = [
        {
            "noise": row["noise"],
            "rate": f"{row['rate']:g}",
            f"{OURS} less": row["over"],
            "seeds": row["seeds"],
            "last": _gain_cell(row),
            "p (Holm)": p_value(row["p_holm"]),
        }
        for row in rows
    ]
    return OutcomeTable("ours", caption, frame([_plain(row) for row in rows]), frame(shown))


def _pair(cells: Cells, cell: Cell, over: Cell, published: dict[str, Any] | None, preset: Preset) -> dict[str, Any]:
    group, others = cells[cell], cells[over]
    sides = {metric: (in_percent(group, metric), in_percent(others, metric)) for metric in (LAST, BEST)}
    gains = {name: paired_over_seeds(sides[of][0], sides[less][1]) for name, (of, less) in GAINS.items()}
    theirs: tuple[float, str] | None = None
    words = ""
    if published is not None:
        theirs = gain(*(stated(published, preset.corpus, one, cells) for one in (cell, over)))
        words = f"{theirs[0]:+.2f} ({theirs[1]})" if theirs else margin_in_words(cell.method, preset.corpus, published)
    best = gains["accuracy_best_test"] or gains["accuracy"]
    return {
        "noise": cell.noise,
        "rate": cell.rate,
        "method": cell.method,
        "over": over.method,
        "seeds": 0 if gains["accuracy"] is None else gains["accuracy"].n,
        "gains": gains,
        "p": _p(*sides[LAST]),
        "p_holm": float("nan"),
        "published": theirs and theirs[0],
        "published_in": theirs and theirs[1],
        "difference": None if theirs is None or best is None else best.mean - theirs[0],
        "stated": words,
        "state": troubles([*group, *others]) or "done",
    }


def _p(a: BySeed, b: BySeed) -> float:
    both = [seed for seed in a if seed in b]
    return paired_t(np.array([a[seed] for seed in both]), np.array([b[seed] for seed in both])).p


def _is_shown(row: dict[str, Any], cells: Cells) -> bool:
    if row["over"] == TWO_VIEWS:
        return two_views(cells[Cell(row["noise"], row["rate"], row["method"])])
    return bool(row["over"] == BASELINE)


def _correct(rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    for row, corrected in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = corrected


def _gain_cell(row: dict[str, Any]) -> str:
    last: OverSeeds | None = row["gains"]["accuracy"]
    trouble = "" if row["state"] == "done" else row["state"]
    return trouble if trouble and last is None else f"{seeds_cell(last, 1, '+')}" + (f" ({trouble})" if trouble else "")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """The row as columns of numbers."""
    numbers: dict[str, Any] = {}
    for name, over in row["gains"].items():
        numbers |= columns_of(name, over)
    return {**{name: value for name, value in row.items() if name not in ("gains", "stated")}, **numbers}
