"""One HTML page of a run, or of several on the same faces. It holds everything it shows and asks no network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.judging.applicable import Judged, arrays
from fer_exp.judging.gaps import ROUGH
from fer_exp.judging.judge import Result
from fer_exp.judging.predictions import class_names
from fer_exp.metrics.classification import onehot, shared_top
from fer_exp.metrics.words import direction, spoken
from fer_exp.report.apa import Paragraph
from fer_exp.report.cells import rough_note
from fer_exp.report.figures import style
from fer_exp.report.group_figures import groups_figure
from fer_exp.report.groups import said_of_sizes, verdict
from fer_exp.report.model_verdicts import letters, of_comparison
from fer_exp.report.page import page_template
from fer_exp.report.page.config import Judgement, confusion, describe
from fer_exp.report.page.figures import as_svg
from fer_exp.report.page.pictures import MOST, TILE, make_gallery
from fer_exp.report.page.told import told, without_place
from fer_exp.store import Store
from fer_exp.system import visible
from fer_exp.tables import places

PAIRS = 6  # shown one by one; of more, the first


@style()
def render(
    judged: Sequence[Judgement],
    split: str,
    store: Store | None,
    comparison: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    paragraph: Paragraph | None = None,
    by_group: Sequence[Mapping[str, Any]] = (),
    *,
    pictures: bool = True,
) -> str:
    """The page, as HTML that needs no other file.

    Args:
        judged: one or more, on the same faces in the same order.
        split: which they are of.
        store: where pictures and the corpus' own labels come from; None leaves both out.
        comparison: as ``compare_sources`` gives it, of several configs, in the order of ``judged``.
        notes: what was done to make sources fit each other, and why there are pictures or none.
        paragraph: methods and results for a paper; None leaves that part out.
        by_group: of each config, as ``judging.gaps.by_group`` gives it; empty where no groups were asked for.
        pictures: whether the faces' pictures stand in it.
    """
    first = judged[0].sources[0].table
    classes = class_names(first)
    all_arrays = [[arrays(source.table, classes) for source in judgement.sources] for judgement in judged]
    names = _names(judged, comparison)
    originals = _originals(first, classes, store)
    gallery, picture = make_gallery(names, first, all_arrays, classes, store if pictures else None, originals)
    if len(first) > MOST:
        notes = [*notes, f"The gallery shows {MOST:,} of {len(first):,} faces: both ends by L1, and a sample between."]
    configs = [
        describe(judgement, of_runs, classes, letters(i), names[i])
        for i, (judgement, of_runs) in enumerate(zip(judged, all_arrays, strict=True))
    ]
    original = _confusion_of_originals(all_arrays[0][0], originals)
    tables = [*configs[0]["confusions"], *([original] if original else [])]
    changed, rest = told([judgement.sources[0] for judgement in judged])
    runs = sum(len(judgement.sources) for judgement in judged)
    many = f"{len(names)} configs, {runs} runs" if runs > len(names) else f"{runs} runs"
    return page_template(Path(__file__).with_name("page.html.j2")).render(
        title=names[0] if len(names) == 1 else many,
        split=split,
        faces=len(first),
        subjects=int(first["subject"].nunique()) if first["subject"].notna().all() else None,
        notes=[without_place(note) for note in notes],
        configs=configs,
        comparison=comparison,
        verdicts=of_comparison(comparison) if comparison else [],
        pairs=[] if comparison is None else [
            pair for pair in comparison["pairs"] if comparison["groups"][pair["a"]]["repair"] is None
        ],
        shown_pairs=PAIRS,
        people=_people(judged[0].rows, comparison),
        letters=letters,
        rough=_rough,
        comparison_rough=_rough(_entries(comparison)) if comparison else "",
        direction=direction,
        spoken=spoken,
        original=original,
        classes=classes,
        filters={side for table in tables for side in (table["rows"], table["columns"])},
        by_group=[_by_group(found) for found in by_group],
        told_changed=changed,
        told_rest=rest,
        gallery=json.dumps(gallery, separators=(",", ":")).replace("<", "\\u003c"),
        picture=picture,
        paragraph=paragraph,
        italics=_italics,
        tile=TILE,
        js=(Path(__file__).parent / "page.js").read_text(encoding="utf-8"),
    )  # fmt: skip


def _italics(text: str) -> str:
    """HTML of a text whose italics stand between asterisks."""
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", escape(visible(text)))


def _rough(rows: Iterable[Mapping[str, Any] | None]) -> str:
    """What marks rough intervals, as a sentence; nothing where none is."""
    note = rough_note(rows).strip()
    return f" {note}." if note else ""


def _entries(comparison: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Whatever has an interval in a comparison."""
    return [entry for part in ("groups", "pairs") for one in comparison[part] for entry in one["metrics"].values()]


def _by_group(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says of one config by groups."""
    figure = groups_figure(found)
    words = f"Each metric by {found['by']}, of the model and of people among themselves, with 95 % intervals."
    return {
        "by": found["by"], "sizes": said_of_sizes(found), "sentences": verdict(found), "notes": found["notes"],
        "figure": None if figure is None else as_svg(figure, words), "gaps": found["gaps"],
        "rough": ROUGH if any(group["rough"] for group in found["groups"]) else 0,
    }  # fmt: skip


def _names(judged: Sequence[Judgement], comparison: Mapping[str, Any] | None) -> list[str]:
    """What sets each config apart; of one alone the name of its run."""
    if comparison is not None:
        return [group["name"] for group in comparison["groups"] if group["repair"] is None]
    more = [len(judgement.sources) - 1 for judgement in judged]
    ends = (f" and {number} other seed{'s' * (number > 1)} of it" if number else "" for number in more)
    return [judgement.sources[0].name + end for judgement, end in zip(judged, ends, strict=True)]


def _people(rows: Mapping[str, Result], comparison: Mapping[str, Any] | None) -> dict[str, Result]:
    """What people score among themselves by the metrics compared."""
    names = [] if comparison is None else comparison["metrics"]
    return {name: rows[f"ceiling_{name}"] for name in names if f"ceiling_{name}" in rows}


def _originals(table: pd.DataFrame, classes: tuple[str, ...], store: Store | None) -> NDArray[np.int64] | None:
    """The corpus' own label of each face, which may not be what was taught; -1 where it has none."""
    if store is None:
        return None
    label = store.faces.set_index("face")["label"].reindex(table["face"])
    return places(label, classes)


def _confusion_of_originals(judged: Judged, originals: NDArray[np.int64] | None) -> dict[str, Any] | None:
    """The corpus' own label against people's majority."""
    if originals is None or not (known := (originals >= 0) & judged.voted).any():
        return None
    rows = onehot(originals[known], judged.model.shape[1])
    return confusion("original", "people", [rows.T @ shared_top(judged.counts[known])])
