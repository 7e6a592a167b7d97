"""What a crowd says of the judged faces: agreement, label shift, and the shift of difficult against random faces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers, Votes
from fer_exp.judging.applicable import arrays
from fer_exp.judging.predictions import class_names
from fer_exp.labels.votes import majority
from fer_exp.names import SIDES
from fer_exp.raters.changes import label_changes
from fer_exp.raters.readings import headline
from fer_exp.raters.survey import survey
from fer_exp.report.agreement_tables import change_cells
from fer_exp.report.cells import BESIDE, interval, p_value
from fer_exp.report.outcome import OutcomeTable
from fer_exp.stats.seeds import over_seeds, paired_over_seeds
from fer_exp.stats.shares import percent
from fer_exp.studies.tables import columns_of, seeds_cell

OF_LABELS = ("fleiss_kappa", "krippendorff_alpha", "vote_entropy", "split_half")
OF_RATINGS = ("icc_2_1", "icc_2_k", "icc_3_k", "mean_ccc", "split_half")
TOWARDS = ("neutral", "happiness")
"""The classes that the paper's crowd moves to."""

Index = NDArray[np.int64]


class Subsets(NamedTuple):
    """Rows of difficult and of random faces, and original labels that no difficult face has, which both lack."""

    difficult: Index
    random: Index
    without: tuple[str, ...]


def agreement(
    faces: pd.DataFrame, answers: Answers | None, missing: str, published: str, samples: int
) -> tuple[OutcomeTable, dict[str, Any]]:
    """Agreement of the people who judge, with intervals over faces, of ratings over faces and raters.

    Args:
        faces: checked predictions of the judged faces; their votes are read.
        answers: single ratings of the same faces, or None.
        missing: what is missing for them; stands in the cells of ratings.
        published: what a cell of the published column says.
        samples: 0 for no intervals.

    Returns:
        The table, and what ``survey`` found of the ratings, by side.
    """
    classes = class_names(faces)
    counts = arrays(faces, classes).counts
    voted = survey(Votes(faces["face"].to_numpy(object), classes, counts), ends=samples > 0)
    rated: dict[str, Any] = {} if answers is None else survey(answers, ends=samples > 0)
    rows, shown = [], []
    for kind, measures in {"labels": OF_LABELS, **dict.fromkeys(SIDES, OF_RATINGS)}.items():
        results: Mapping[str, Any] = (voted if kind == "labels" else rated).get(kind, {})
        if not results:
            rows.append({"of": kind, "measure": "all", "state": missing or f"no {kind} ratings"})
            shown.append({"of": kind, "measure": "-", "value": missing or f"no {kind} ratings", "published": published})
        for measure in (name for name in measures if name in results):
            one = results[measure]
            low, high = headline(one)
            values = {"value": one["value"], "low": low, "high": high, "n": one["n"]}
            rows.append({"of": kind, "measure": measure, **values, "reading": one.get("reading"), "state": "done"})
            cell = interval(one["value"], low, high)
            shown.append({"of": kind, "measure": measure, "value": cell, "faces": f"{one['n']:,}",
                          "in words": one.get("reading", ""), "published": published})  # fmt: skip
    return OutcomeTable("agreement", "", pd.DataFrame(rows), pd.DataFrame(shown).fillna("")), rated


def shift(faces: pd.DataFrame, published: str, samples: int) -> list[OutcomeTable]:
    """Original labels against the crowd's majority and votes: change of each class's share, and tests of the table.

    Args:
        faces: checked predictions of the judged faces; labels and votes are read.
        published: what a cell of the published column says.
        samples: bootstrap replicates, of faces.

    Returns:
        ``shift``, a row a class, and ``shift_tests``; none where no face has both a label and a majority.
    """
    classes = class_names(faces)
    judged = arrays(faces, classes)
    top = majority(judged.counts, "drop")
    if not (judged.labelled & (top.top >= 0)).any():
        return []
    changes = label_changes(judged.label.astype(np.int32), top.top, judged.counts, classes, samples=samples)
    shown = pd.DataFrame(change_cells(changes["classes"], BESIDE)).assign(published=published)
    compared = f"{changes['n']:,} faces compared"
    kept = f"{percent(changes['kept'], '.1f')} keep their label, {top.ties:,} ties left out"
    tests = changes["tests"]
    statistic = tests["statistic"].map("{:.1f}".format)
    shown_tests = tests.assign(statistic=statistic, p=tests["p"].map(p_value), published=published)
    return [
        OutcomeTable("shift", f"{compared}, {kept}; votes on {changes['voted']:,} faces.", changes["classes"], shown),
        OutcomeTable("shift_tests", "Original label by majority of the crowd, tested as a whole.", tests, shown_tests),
    ]


def difficult_and_random(faces: pd.DataFrame, seed: int) -> Subsets:
    """As many faces of each original label: those that a network answers otherwise, and any.

    Difficult faces of one network are its errors against the original label, so a subset of them moves labels by being
    picked; random faces of the same labels show what balance alone does.

    Args:
        faces: checked predictions of the judged faces.
        seed: of both draws.

    Returns:
        Row numbers. Each label has as many faces as the label with fewest difficult ones, labels without any apart;
        faces without label or votes are in neither. A random face may be a difficult one.

    >>> frame = pd.DataFrame({"p_a": [0.9, 0.2, 0.9, 0.1], "p_b": [0.1, 0.8, 0.1, 0.9], "votes_a": 1, "votes_b": 2,
    ...                       "label": ["a", "a", "b", "b"], "subject": None})
    >>> difficult_and_random(frame, seed=0).difficult.tolist()
    [1, 2]
    """
    classes = class_names(faces)
    judged = arrays(faces, classes)
    label, usable = judged.label, judged.labelled & judged.voted
    wrong = usable & (judged.model.argmax(axis=1) != label)
    there = [k for k in range(len(classes)) if (wrong & (label == k)).any()]
    without = tuple(name for k, name in enumerate(classes) if (usable & (label == k)).any() and k not in there)
    fewest = min((int((wrong & (label == k)).sum()) for k in there), default=0)
    generator = np.random.default_rng(seed)
    difficult, random = (
        [generator.permutation(np.flatnonzero(among & (label == k)))[:fewest] for k in there]
        for among in (wrong, usable)
    )
    empty = np.empty(0, np.int64)
    return Subsets(np.sort(np.concatenate([empty, *difficult])), np.sort(np.concatenate([empty, *random])), without)


def subsets(by_seed: Mapping[int, pd.DataFrame], published: str) -> OutcomeTable | None:
    """The shift towards neutral and happiness in difficult and in random faces, over networks.

    Args:
        by_seed: seed -> predictions of the judged faces by the fully trained network of that seed.
        published: what a cell of the published column says.

    Returns:
        A row a class and subset, then difficult less random, paired by seed; None where no network has a difficult
        face.
    """
    drawn = {seed: difficult_and_random(faces, seed) for seed, faces in by_seed.items()}
    drawn = {seed: rows for seed, rows in drawn.items() if len(rows.difficult)}
    if not drawn:
        return None
    moved = {
        kind: {seed: _moves(by_seed[seed].iloc[getattr(rows, kind)]) for seed, rows in drawn.items()}
        for kind in ("difficult", "random")
    }
    size = float(np.mean([len(rows.difficult) for rows in drawn.values()]))
    rows, shown = [], []
    for name in (name for name in TOWARDS if name in class_names(next(iter(by_seed.values())))):
        for kind in ("difficult", "random", "difficult - random"):
            row: dict[str, Any] = {"class": name, "faces": kind, "n": size if kind in moved else None}
            cells: dict[str, Any] = {"class": name, "faces": kind, "n": f"{size:.0f}" if kind in moved else ""}
            for by, words in (("majority", "change"), ("votes", "change of votes")):
                moves = {of: {seed: move[name, by] for seed, move in seeds.items() if (name, by) in move}
                         for of, seeds in moved.items()}  # fmt: skip
                alone = list(moves.get(kind, {}).values())
                over = over_seeds(alone) if kind in moved else paired_over_seeds(moves["difficult"], moves["random"])
                row |= columns_of(by, over)
                cells[words] = seeds_cell(over, 1, "+")
            rows.append({**row, "seeds": len(drawn)})
            shown.append({**cells, "published": published})
    lacking = sorted({name for rows_of in drawn.values() for name in rows_of.without})
    left_out = f" Left out, since some network has no difficult face of them: {', '.join(lacking)}." if lacking else ""
    return OutcomeTable("subsets", left_out, pd.DataFrame(rows), pd.DataFrame(shown))


def _moves(faces: pd.DataFrame) -> dict[tuple[str, str], float]:
    """(class, majority or votes) -> change of its share against the original labels, percentage points."""
    classes = class_names(faces)
    judged = arrays(faces, classes)
    top = majority(judged.counts, "drop").top
    if not (top >= 0).any():  # ties alone
        return {}
    changes = label_changes(judged.label.astype(np.int32), top, judged.counts, classes, samples=0)["classes"]
    changes = changes.set_index("class")
    columns = {"majority": "change", "votes": "votes_change"}
    return {(name, by): 100 * float(changes.loc[name, column]) for name in classes for by, column in columns.items()}
