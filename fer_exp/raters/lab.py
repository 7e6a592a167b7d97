"""How well a crowd mirrors a lab that labelled the same faces, beside the floor that sampling alone gives.

``before`` are the votes of all workers, shape (N, K), ``after`` of those who remain; ``lab`` the lab's votes for the
same faces, or its labels, one vote a face; ``classes`` K names; ``samples`` the bootstrap replicates of the faces.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.errors import RequestError
from fer_exp.judging.ceiling import HALVINGS, halves
from fer_exp.labels.votes import majority
from fer_exp.metrics.distribution import l1
from fer_exp.names import spelt
from fer_exp.raters.floors import mixture_of, people_behind
from fer_exp.stats.bootstrap import FloatArray, Interval, weighted_mean
from fer_exp.stats.shares import paired_interval, shares, wilson
from fer_exp.stats.totals import joint_intervals

PANELS = 50
"""Pairs of panels drawn for a floor."""


def against_lab(
    before: FloatArray,
    after: FloatArray,
    lab: FloatArray,
    classes: Sequence[str],
    merge: Sequence[str] = (),
    *,
    ties: str = "drop",
    samples: int = 1000,
    seed: int = 0,
) -> dict[str, pd.DataFrame]:
    """Crowd against lab, for all answers and filtered ones: majorities, distances, and what filtering changes.

    Every table is for single classes first, then for the sums of ``merge``. Tied majorities become what ``ties`` says:
    drop, first or random.

    Returns:
        ``agreement`` (answers, merged, class, agreement, low, high, n), ``l1`` (answers, merged, value, low, high,
        floor, n) and ``gain`` (measure, merged, change, low, high, n).

    Raises:
        RequestError: as ``merged``.
    """
    agreements, distances, gains = [], [], []
    for names in [[], merge] if merge else [[]]:
        votes, tops = [], []
        for counts in (before, after, lab):
            summed, columns = merged(counts, classes, names)
            votes.append(summed)
            tops.append(majority(summed, ties, seed).top)
        for answers, crowd, top in zip(("all", "filtered"), votes, tops, strict=False):
            agreement = agreement_with_lab(top, tops[2], columns)
            agreements.append(agreement.assign(answers=answers, merged=bool(names)))
            distance = distance_to_lab(crowd, votes[2], samples, seed)
            distances.append({"answers": answers, "merged": bool(names), **distance})
        gain = filter_gain(votes[0], votes[1], votes[2], tops, samples, seed)
        gains.append(gain.assign(merged=bool(names)))
    order = ["answers", "merged", "class", "agreement", "low", "high", "n"]
    return {
        "agreement": pd.concat(agreements, ignore_index=True)[order].sort_values("answers", kind="stable"),
        "l1": pd.DataFrame(distances).sort_values("answers", kind="stable"),
        "gain": pd.concat(gains, ignore_index=True)[["measure", "merged", "change", "low", "high", "n"]],
    }


def merged(counts: FloatArray, classes: Sequence[str], merge: Sequence[str]) -> tuple[FloatArray, tuple[str, ...]]:
    """Counts with some classes added up, *before* any majority is taken.

    To rename the majority instead would be wrong: of fear .30, surprise .25 and happiness .45 it is happiness, though
    fear + surprise are more.

    Returns:
        Counts, shape (N, K'), and the names: first the sums of ``merge``, such as ``fear+surprise`` in any spelling.

    Raises:
        RequestError: a name that is no class, or one that is merged twice.

    >>> merged(np.array([[30.0, 25.0, 45.0]]), ("fear", "surprise", "happiness"), ["fear+surprise"])
    (array([[55., 45.]]), ('fear + surprise', 'happiness'))
    """
    ours = {spelt(name): name for name in classes}
    groups = [[ours.get(spelt(name), name.strip()) for name in group.split("+")] for group in merge]
    used = [name for group in groups for name in group]
    for name in used:
        if name not in classes:
            raise RequestError(f"merge names {name}, which is no class here. There are: {', '.join(classes)}.")
        if used.count(name) > 1:
            raise RequestError(f"merge names {name} twice; a class can be part of one sum.")
    groups += [[name] for name in classes if name not in used]
    place = {name: k for k, name in enumerate(classes)}
    columns = [counts[:, [place[name] for name in group]].sum(axis=1) for group in groups]
    return np.stack(columns, axis=1), tuple(" + ".join(group) for group in groups)


def agreement_with_lab(crowd: NDArray[np.int64], lab: NDArray[np.int64], classes: Sequence[str]) -> pd.DataFrame:
    """Share of faces whose crowd majority is the lab's, per class of the lab and in all.

    Both sides are classes of majorities, shape (N,), -1 where there is none.

    Returns:
        One row a class of the lab and one for ``all``: ``class``, ``agreement``, ``low``, ``high`` (Wilson), ``n``.
    """
    both = (crowd >= 0) & (lab >= 0)
    rows = []
    for k, name in [*enumerate(classes), (-1, "all")]:
        faces = both & ((lab == k) if k >= 0 else True)
        n, right = int(faces.sum()), float((crowd[faces] == lab[faces]).sum())
        low, high = wilson(np.array([right]), np.array([n]))
        rows.append({"class": name, "agreement": right / n if n else np.nan, "low": low[0], "high": high[0], "n": n})
    return pd.DataFrame(rows)


def distance_to_lab(
    crowd: FloatArray, lab: FloatArray, samples: int = 1000, seed: int = 0
) -> dict[str, float | int | None]:
    """Mean L1 between the vote fractions of crowd and lab, and the floor that sampling alone gives.

    The floor is the same distance between two panels of these sizes of the people behind the lab's votes, as
    ``floors.people_behind`` draws them. Faces without votes on either side do not count.

    Returns:
        ``value`` (0..2), ``low``, ``high``, ``floor``, ``n``; None in place of numbers where no face has both votes,
        and of the floor where most faces have a single vote of the lab, which tells nothing of who else would answer.
    """
    used = (crowd.sum(axis=1) > 0) & (lab.sum(axis=1) > 0)
    if not used.any():
        return {"value": None, "low": None, "high": None, "floor": None, "n": 0}
    ours, theirs = crowd[used], lab[used]
    value, low, high = _mean_interval(l1(shares(theirs), shares(ours)), samples, seed)
    sizes: list[NDArray[np.int64]] = [side.sum(axis=1).astype(np.int64) for side in (ours, theirs)]
    floor = _floor(theirs, sizes, seed) if np.median(sizes[1]) >= 2 else None
    return {"value": value, "low": low, "high": high, "floor": floor, "n": int(used.sum())}


def _floor(lab: FloatArray, sizes: Sequence[NDArray[np.int64]], seed: int) -> float:
    """Mean L1 between two panels of these sizes a face, (N,) each, of the people behind the lab's votes."""
    generator = np.random.default_rng([seed, 3])
    mixture = mixture_of(lab[lab.sum(axis=1) >= 2], generator)
    distances = []
    for _ in range(PANELS):
        people = people_behind(lab, mixture, generator)
        distances.append(l1(*(generator.multinomial(size, people) / size[:, None] for size in sizes)).mean())
    return float(np.mean(distances))


def filter_gain(
    before: FloatArray,
    after: FloatArray,
    lab: FloatArray,
    tops: Sequence[NDArray[np.int64]],
    samples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """What filtering changes, face by face: agreement with the lab's majority, and L1 to its distribution.

    ``tops`` are the classes of the majorities of all, of those who remain, and of the lab, shape (N,), -1 where none.

    Returns:
        A row a measure (agreement, l1): ``change`` (filtered minus all) with ``low`` and ``high``, and ``n`` faces that
        can be compared.
    """
    first, second, theirs = tops
    decided = (first >= 0) & (second >= 0) & (theirs >= 0)
    voted = (before.sum(axis=1) > 0) & (after.sum(axis=1) > 0) & (lab.sum(axis=1) > 0)
    all_answers, filtered, of_lab = (shares(side[voted]) for side in (before, after, lab))
    right = [(top == theirs)[decided].astype(np.float64) for top in (first, second)]
    nearer = l1(of_lab, filtered) - l1(of_lab, all_answers)
    rows = []
    for measure, change in (("agreement", right[1] - right[0]), ("l1", nearer)):
        if len(change):
            ends = paired_interval(change) if measure == "agreement" else _mean_interval(change, samples, seed)
            rows.append((measure, *ends, len(change)))
    return pd.DataFrame(rows, columns=["measure", "change", "low", "high", "n"])


def soft_labels(before: FloatArray, after: FloatArray, seed: int = 0) -> pd.DataFrame:
    """How spread out the soft labels are, and the human floor: half of a face's raters against the other half.

    Returns:
        A row for ``all`` and one for ``filtered``: ``answers``, ``faces`` with a vote and ``without``, mean ``raters``
        a face, ``human_floor_l1``.
    """
    rows = []
    for name, counts in (("all", before), ("filtered", after)):
        total = counts.sum(axis=1)
        panels = halves(counts[total >= 2].astype(np.int64), HALVINGS, seed) if (total >= 2).any() else []
        between = [l1(*map(shares, pair)).mean() for pair in panels]
        rows.append({"answers": name, "faces": int((total > 0).sum()), "without": int((total == 0).sum()),
                     "raters": float(np.mean(total[total > 0])),
                     "human_floor_l1": float(np.mean(between)) if between else np.nan})  # fmt: skip
    return pd.DataFrame(rows)


def _mean_interval(values: FloatArray, samples: int, seed: int) -> Interval:
    return joint_intervals(lambda w: weighted_mean(values, w)[..., None], ["mean"], len(values), samples, seed)["mean"]
