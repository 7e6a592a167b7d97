"""A crowd, as it comes and filtered, against the lab that labelled the same faces (experiment A)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fer_exp.answers import Answers, known_tasks
from fer_exp.answers.read import read_answers
from fer_exp.config import DatasetConfig
from fer_exp.datasets import open_corpus
from fer_exp.datasets.synthetic.corpus import Synthetic
from fer_exp.errors import RequestError
from fer_exp.metrics.classification import onehot
from fer_exp.raters.aggregation import Answered
from fer_exp.raters.filters import filter_workers
from fer_exp.raters.lab import against_lab
from fer_exp.raters.workers import describe_workers
from fer_exp.regular import reading, whole_text
from fer_exp.report.cells import NOTHING, interval
from fer_exp.report.outcome import OutcomeTable
from fer_exp.stats.shares import percent
from fer_exp.studies.tables import NOT_STATED, difference_cell
from fer_exp.tables import places

MERGE = ("fear+surprise", "anger+disgust")
"""Sums of classes that the paper reports."""
FILTER = {"min_gold_accuracy": 0.5}
"""The built-in crowd's filter: at least half of the answers to training faces are their labels. Our choice."""
LAB_RATERS = 100
"""Raters of the built-in faces' lab, as CAFE has."""
WAY_OUT = (
    "needs single answers (task, worker, label), which this corpus does not have: run fer-exp crowd ratings=ANSWERS "
    "lab=VOTES merge=[fear+surprise,anger+disgust] with a filter such as max_spam=0.9, then this with crowd=FOLDER"
)


class Crowd(NamedTuple):
    """A crowd held against a lab, as ``against_lab`` has it.

    ``agreement`` and ``l1`` are its frames, ``gain`` too; ``workers`` and ``kept`` count them; ``words`` says who they
    are and what agreement is with.
    """

    agreement: pd.DataFrame
    l1: pd.DataFrame
    gain: pd.DataFrame
    workers: int
    kept: int
    words: str


def of_folder(folder: Path) -> Crowd:
    """What `fer-exp crowd ... lab=VOTES` wrote into a folder.

    Raises:
        RequestError: there is no crowd.json, it cannot be read, or no lab was given.
    """
    file = folder / "crowd.json"
    way_out = "give the folder that fer-exp crowd printed in its last line"
    if not file.is_file():
        raise RequestError(f"crowd={folder} has no crowd.json; {way_out}.")
    with reading(file, f"crowd={file}", way_out):
        content = json.loads(whole_text(file))
        if not (lab := content.get("lab")):
            raise RequestError(
                f"crowd={folder} holds no lab; run fer-exp crowd again with lab=VOTES (face and counts) and "
                f"merge=[{','.join(MERGE)}]."
            )
        agreement, l1, gain = (pd.DataFrame(lab[name]) for name in ("agreement", "l1", "gain"))
        agreement = agreement.astype({"agreement": float, "low": float, "high": float})  # null: a class without a face
        workers = content["workers"]
        kept = sum(bool(row["kept"]) for row in workers)
    return Crowd(agreement, l1, gain, len(workers), kept, f"the crowd of {folder}, agreement with the lab's majority")


def built_in(config: DatasetConfig, faces: pd.DataFrame, samples: int) -> Crowd | None:
    """The simulated raters of the built-in faces, filtered on training faces and judged on test faces.

    Args:
        config: the dataset group.
        faces: faces of the run in their splits; ``face``, ``split`` and ``label`` are read.
        samples: bootstrap replicates.

    Returns:
        Agreement with the posed class, and L1 to a lab of ``LAB_RATERS`` votes a face that are drawn from how the
        whole pool of raters answers. None for another corpus, whose workers are not known.
    """
    corpus = open_corpus(config)
    if not isinstance(corpus, Synthetic):
        return None
    read = read_answers(corpus.ratings(), classes=corpus.classes)
    if not isinstance(read, Answers):
        return None
    faces = faces[faces["label"].isin(corpus.classes)]
    codes = places(faces["label"], corpus.classes).astype(np.int32)
    names, test = faces["face"].to_numpy(object), (faces["split"] == "test").to_numpy(np.bool_)
    data = read.select(read.label >= 0)
    asked, judged = (data.of_tasks(np.isin(data.tasks, names[rows])) for rows in (~test, test))
    gold, _ = known_tasks(asked, names, codes)
    kept = filter_workers(describe_workers(Answered.of(asked), asked.workers, gold=gold), FILTER).kept
    before, after = judged.counts(), judged.select(kept[judged.worker]).counts()
    truth = corpus.truth()
    row, _ = known_tasks(judged, truth["face"].to_numpy(object), np.arange(len(truth), dtype=np.int32))
    chances = truth[list(corpus.classes)].to_numpy(np.float64)[row]
    if len(corpus.classes) < len(corpus.posed):
        chances = chances / chances.sum(axis=1, keepdims=True)
    sums = [names for names in MERGE if set(names.split("+")) <= set(corpus.classes)]
    lab = np.random.default_rng([corpus.seed, 8]).multinomial(LAB_RATERS, chances).astype(np.float64)
    label, _ = known_tasks(judged, names, codes)
    posed = onehot(label.astype(np.int64), len(corpus.classes))
    of_label, of_votes = (
        against_lab(before, after, side, corpus.classes, sums, samples=number)
        for side, number in ((posed, 0), (lab, samples))
    )
    gain = pd.concat([of_label["gain"].query("measure == 'agreement'"), of_votes["gain"].query("measure == 'l1'")])
    words = (
        f"the simulated raters, 10 a face; workers stay who gave training faces their label at least "
        f"{percent(FILTER['min_gold_accuracy'])} of the time (our choice); agreement with the posed class, L1 to "
        f"{LAB_RATERS} votes a face drawn from how all raters answer"
    )
    return Crowd(of_label["agreement"], of_votes["l1"], gain, len(kept), int(kept.sum()), words)


def as_tables(crowd: Crowd | None) -> dict[str, pd.DataFrame]:
    """A crowd as frames that can be kept, from which ``of_tables`` makes it again."""
    if crowd is None:
        return {}
    who = pd.DataFrame([{"workers": crowd.workers, "kept": crowd.kept, "words": crowd.words}])
    return {"crowd": who, **{f"crowd_{name}": getattr(crowd, name) for name in ("agreement", "l1", "gain")}}


def of_tables(kept: Mapping[str, pd.DataFrame]) -> Crowd | None:
    """The crowd that ``as_tables`` made frames of; None where there is none."""
    if "crowd" not in kept:
        return None
    agreement, l1, gain = (kept[f"crowd_{name}"] for name in ("agreement", "l1", "gain"))
    who = kept["crowd"].iloc[0]
    return Crowd(agreement, l1, gain, int(who["workers"]), int(who["kept"]), str(who["words"]))


def tables(crowd: Crowd | None, same_corpus: bool, published: dict[str, Any], scale: str) -> list[OutcomeTable]:
    """Agreement per class and per sum of classes, and L1 beside its floor, of all workers and of those who remain.

    Args:
        crowd: None where no single answers are known; the table then says what is needed.
        same_corpus: whether the corpus is the paper's, so that a difference to it means something.
        published: ``crowd`` of published.yaml.
        scale: for the column of that name.
    """
    if crowd is None:
        nothing = {"class": "all", "state": "needs worker answers", "scale": scale}
        cells = dict.fromkeys(("unfiltered", "filtered"), "needs worker answers")
        shown_cells = {"class": "all", **cells, "published": "see caption", "scale": scale}
        return [OutcomeTable("crowd", _caption(None, published), pd.DataFrame([nothing]), pd.DataFrame([shown_cells]))]
    rows, shown = [], []
    theirs = {frozenset(name.split(" + ")): value for name, value in published["filtered"].items()}
    at = {(row["answers"], bool(row["merged"]), str(row["class"])): row for row in crowd.agreement.to_dict("records")}
    for merged, name in [(merged, name) for answers, merged, name in at if answers == "all"]:
        before, after = (at[answers, merged, name] for answers in ("all", "filtered"))
        stated = theirs.get(frozenset(name.split(" + "))) if merged else None
        difference = 100 * after["agreement"] - stated if same_corpus and stated is not None and after["n"] else None
        rows.append({"class": name, "merged": merged, **_columns("unfiltered", before), **_columns("filtered", after),
                     "published": stated, "difference": difference, "scale": scale, "state": "done"})  # fmt: skip
        shown.append({"classes": "merged" if merged else "single", "class": name, "faces": f"{int(after['n']):,}",
                      "unfiltered": _percent(before), "filtered": _percent(after),
                      "published": NOT_STATED if stated is None else f"{stated:.1f} (CAFE)",
                      "difference": difference_cell(difference, same_corpus, 1), "scale": scale})  # fmt: skip
    return [
        OutcomeTable("crowd", _caption(crowd, published), pd.DataFrame(rows), pd.DataFrame(shown)),
        _distances(crowd, scale),
    ]


def _distances(crowd: Crowd, scale: str) -> OutcomeTable:
    rows = crowd.l1.assign(published=None, difference=None, scale=scale)
    shown = [
        {
            "crowd": "unfiltered" if row["answers"] == "all" else "filtered",
            "classes": "merged" if row["merged"] else "single",
            "L1": interval(row["value"], row["low"], row["high"]),
            "sampling alone": interval(row["floor"], None, None),
            "faces": f"{row['n']:,}",
            "published": NOT_STATED,
            "difference": NOTHING,
            "scale": scale,
        }
        for row in rows.to_dict("records")
    ]
    changes = [
        f"{row['measure']}{' of merged classes' if row['merged'] else ''} "
        f"{interval(row['change'], row['low'], row['high'], sign='+')}"
        for row in crowd.gain.to_dict("records")
    ]
    caption = (
        "L1 between the crowd's and the lab's answers. Sampling alone: the L1 of two panels of these sizes from the "
        "same people. A filtered crowd may lie below it, because its workers are more alike than the lab's people. "
        f"95 % bootstrap over faces. Filtering changes, face by face: {'; '.join(changes)}."
    )
    return OutcomeTable("crowd_l1", caption, rows, pd.DataFrame(shown))


def _caption(crowd: Crowd | None, published: dict[str, Any]) -> str:
    theirs = (
        f"Published: {published['faces']} faces of CAFE; for the unfiltered crowd {published['unfiltered']} and no "
        "figure. Number of workers, their answers a face, the filter and L1 are not stated."
    )
    if crowd is None:
        figures = ", ".join(f"{name} {value:g} %" for name, value in published["filtered"].items())
        return f"A crowd against the lab {WAY_OUT}. {theirs} Filtered: {figures}."
    return (
        f"Faces on which the crowd's majority is the lab's answer, percent with 95 % Wilson interval, ties left out: "
        f"{crowd.words}. The filter keeps {crowd.kept} of {crowd.workers} workers. For merged classes votes are added "
        f"before the majority is taken. {theirs}"
    )


def _columns(name: str, row: Mapping[Any, Any]) -> dict[str, float | int]:
    """A share with its interval and number of faces, as columns of numbers."""
    ends = {f"{name}_{end}": float(row[end]) for end in ("low", "high")}
    return {name: float(row["agreement"]), **ends, f"{name}_n": int(row["n"])}


def _percent(row: Mapping[Any, Any]) -> str:
    if not row["n"]:
        return NOTHING
    return interval(100 * row["agreement"], 100 * row["low"], 100 * row["high"], 1)
