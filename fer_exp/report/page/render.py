"""One HTML page of a run, or of several on the same faces. It holds everything it shows and asks no network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from fer_exp.judging.applicable import Judged, arrays
from fer_exp.judging.judge import Result
from fer_exp.judging.predictions import class_names
from fer_exp.judging.sources import Source
from fer_exp.metrics.classification import onehot, shared_top
from fer_exp.metrics.words import direction, spoken
from fer_exp.report.compare_tables import letters
from fer_exp.report.page.headline import verdict
from fer_exp.report.page.pictures import MOST, TILE, make_gallery
from fer_exp.report.page.run import confusion, describe_run
from fer_exp.store import Store


@dataclass(frozen=True)
class Judgement:
    """A source with its metrics: ``rows`` as ``judge`` gives them for the split of the page."""

    source: Source
    rows: Mapping[str, Result]


def render(
    judged: Sequence[Judgement],
    split: str,
    store: Store | None,
    comparison: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> str:
    """The page, as HTML that needs no other file.

    Args:
        judged: one or more, on the same faces in the same order.
        split: which they are of.
        store: where the pictures come from; None leaves them out.
        comparison: as ``compare_sources`` gives it, of several runs.
        notes: what was done to make sources fit each other.
    """
    first = judged[0].source.table
    classes = class_names(first)
    all_arrays = [arrays(judgement.source.table, classes) for judgement in judged]
    names = [judgement.source.name for judgement in judged]
    gallery, picture = make_gallery(names, first, all_arrays, classes, store)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.j2").render(
        title=names[0] if len(names) == 1 else f"{len(names)} runs",
        split=split,
        faces=len(first),
        subjects=int(first["subject"].nunique()) if first["subject"].notna().all() else None,
        notes=[*notes, *_notes(first, store)],
        runs=[
            describe_run(judged[i].source, judged[i].rows, of_run, classes, letters(i))
            for i, of_run in enumerate(all_arrays)
        ],
        comparison=comparison,
        verdict=verdict(comparison) if comparison else "",
        letters=letters,
        direction=direction,
        spoken=spoken,
        original=_confusion_of_originals(first, all_arrays[0], classes, store),
        classes=classes,
        gallery=json.dumps(gallery, separators=(",", ":")).replace("<", "\\u003c"),
        picture=picture,
        tile=TILE,
        css=(Path(__file__).parent / "page.css").read_text(encoding="utf-8"),
        js=(Path(__file__).parent / "page.js").read_text(encoding="utf-8"),
    )


def _confusion_of_originals(
    table: pd.DataFrame, arrays_of: Judged, classes: tuple[str, ...], store: Store | None
) -> dict[str, Any] | None:
    """The corpus' own label, which may not be what was taught, against people's majority."""
    if store is None:
        return None
    label = store.faces.set_index("face")["label"].reindex(table["face"])
    codes = pd.Index(classes).get_indexer(pd.Index(label))
    known = (codes >= 0) & arrays_of.voted
    if not known.any():
        return None
    rows = onehot(codes[known].astype(np.int64), len(classes))
    return confusion("the corpus' label", "people's majority", rows, shared_top(arrays_of.counts[known]))


def _notes(table: pd.DataFrame, store: Store | None) -> list[str]:
    notes = []
    if store is None:
        notes.append("The faces' pictures are left out: their store is not here, or they were not asked for.")
    if len(table) > MOST:
        notes.append(f"The gallery shows {MOST:,} of {len(table):,} faces: both ends by L1, and a sample between.")
    return notes
