"""Groups of raters: how well each agrees within itself, how far its answers are from another's, and by chance alone.

Two raters of one group say the same with the chance w, two of different groups with the chance b, of the same faces.
Were the groups one population, these were equal; (w_g + w_h) - 2 b is the squared distance between the response
distributions of both, without the bias that few votes give to a distance between vote shares, because no rater is held
against himself. Of ratings the same sums are of products, and the distance is the squared difference of means.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.answers import Answers
from fer_exp.grouping import Grouping
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.tests import correct
from fer_exp.stats.totals import summed

CELLS = 1 << 22
"""Numbers of an array that is made for many permutations at once."""
COSTLY = 3_000_000_000
"""Steps that all permutations may take; where they would take more, there are fewer."""
LEAST = 2
"""Raters that a group needs, of all faces and of a face."""


class Totals(NamedTuple):
    """Of each face and group: raters, sums of each feature, and the sum of squares; (..., T), (..., T, F), (..., T)."""

    raters: FloatArray
    sums: FloatArray
    squares: FloatArray


class Between(NamedTuple):
    """Two groups on the ``faces`` where both have two raters, means over these, shape (B,).

    Agreement within ``one``, within the ``other`` and ``across``; then, with the variance of each mean over faces, the
    ``distance``, ``cohesion`` (within one less within the other) and the ``shift`` of each feature, (B, F).
    """

    faces: NDArray[np.int64]
    one: FloatArray
    other: FloatArray
    across: FloatArray
    distance: tuple[FloatArray, FloatArray]
    cohesion: tuple[FloatArray, FloatArray]
    shift: tuple[FloatArray, FloatArray]


def between(data: Answers, groups: Grouping, *, permutations: int = 10_000, seed: int = 0) -> dict[str, Any]:
    """Groups of raters against each other: by the classes that they name, and on each scale.

    Returns:
        ``by``, ``notes``; ``raters`` (group -> how many answered); and ``pairs``: ``labels`` and each scale -> rows of
        ``compared``, where a group's ``shift`` has the ``class`` that it is of.
    """
    answered = np.bincount(data.worker, minlength=len(data.workers)) > 0
    raters = {name: int((answered & (groups.code == g)).sum()) for g, name in enumerate(groups.names)}
    notes = [f"{groups.by}: {name} has {number} raters, too few to compare" for name, number in raters.items()
             if number < LEAST]  # fmt: skip
    kinds = {"labels": data.label >= 0} if data.classes else {}
    kinds |= {side: ~np.isnan(values) for side, values in data.rated.items()}
    pairs: dict[str, list[dict[str, Any]]] = {}
    for kind, there in kinds.items():
        if not (there := there & (groups.code[data.worker] >= 0)).any():
            continue
        some = data.select(there)
        features = one_hot(some) if kind == "labels" else some.rated[kind][:, None]
        task = np.unique(some.task, return_inverse=True)[1]
        rows = compared(features, task.astype(np.int32), some.worker, groups, permutations=permutations, seed=seed)
        for row in rows:
            for name, shift in zip(data.classes if kind == "labels" else [kind], row["shift"], strict=False):
                shift["of"] = name
            if row["faces"] == 0:
                told = f"{row['one']} and {row['other']} have no face in common that two raters of each answered"
                notes.append(f"{groups.by}: {told} ({kind})")
            elif row["permutations"] < permutations:
                notes.append(f"{groups.by}: {row['permutations']:,} permutations, so many answers are there ({kind})")
        pairs[kind] = rows
    return {"by": groups.by, "notes": [*groups.notes, *dict.fromkeys(notes)], "raters": raters, "pairs": pairs}


def compared(
    features: FloatArray,
    task: NDArray[np.int32],
    worker: NDArray[np.int32],
    groups: Grouping,
    *,
    permutations: int = 10_000,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Each pair of groups of raters, on the faces where both have two raters or more.

    The permutation test deals the names of the groups anew among the raters, each with all his answers, so that raters
    who answer in a way of their own do not make groups differ. ``p`` is of the distance, one-sided: how often groups
    dealt at random are as far apart; ``p_cohesion`` is of within one less within the other, two-sided.

    Args:
        features: what was answered, shape (n, F): one column a class, 1 where it was said; or a rating.
        task: 0..T-1 of each answer.
        worker: 0..W-1 of each answer.
        groups: of the W raters.
        permutations: random ones; 0 for no test.
        seed: of these.

    Returns:
        A row a pair: ``one``, ``other``, ``faces``, ``raters`` of both, ``within`` of both, ``across``, ``distance``,
        ``low``, ``high`` over faces and ``low_raters``, ``high_raters`` over faces and raters, ``p``, ``holm``,
        ``p_cohesion``; ``shift``, of each feature its difference, p and Holm's, over pairs and features.

    Source: within and across as in Prabhakaran et al. 2024, GRASP, NAACL, 3473-3492, whose null hypothesis is the same;
    chance as in Wong, Paritosh, Aroyo 2021, Cross-replication reliability, ACL, 7053-7065.
    """
    matrix = _matrix(features, task, worker, len(groups.code))
    codes = groups.code
    rows, shape = [], (int(task.max()) + 1, features.shape[1])
    answered = np.bincount(worker, minlength=len(codes)) > 0
    members = [np.flatnonzero((codes == g) & answered) for g in range(len(groups.names))]
    for g, h in combinations([g for g, one in enumerate(members) if len(one) >= LEAST], 2):
        pair = np.concatenate([members[g], members[h]])
        found = _between(matrix, shape, _dealt(members[g], members[h], len(codes))[None])
        row: dict[str, Any] = {"one": groups.names[g], "other": groups.names[h], "faces": int(found.faces[0]),
                               "raters": [len(members[g]), len(members[h])]}  # fmt: skip
        rows.append(row)
        if row["faces"] == 0:
            row |= dict.fromkeys(("within", "across", "distance", "low", "high", "low_raters", "high_raters", "p"))
            row |= {"p_cohesion": None, "shift": []}
            continue
        row |= {"within": [float(found.one[0]), float(found.other[0])], "across": float(found.across[0])}
        row |= {"distance": float(found.distance[0][0]), **_ends(matrix, shape, members[g], members[h], len(codes))}
        row |= _tested(found, matrix, shape, pair, len(members[g]), len(codes), permutations, seed)
    correct(rows, rows)
    shifts = [shift for row in rows for shift in row["shift"]]
    correct(shifts, shifts)
    return rows


def one_hot(answers: Answers) -> FloatArray:
    """Each answer as a row of 0 and one 1, shape (n, K)."""
    return np.eye(len(answers.classes))[answers.label]


def _matrix(features: FloatArray, task: NDArray[np.int32], worker: NDArray[np.int32], workers: int) -> Any:
    """From which raters count, (W, B), to totals: rows are tasks times (1, F features, squares)."""
    tasks, width = int(task.max()) + 1, features.shape[1] + 2
    values = np.column_stack([np.ones(len(task)), features, (features**2).sum(axis=1)])
    used = values != 0
    row = (task[:, None] * width + np.arange(width))[used]
    column = np.broadcast_to(worker[:, None], used.shape)[used]
    return summed(values[used], row, column, (tasks * width, workers))


def _dealt(one: NDArray[np.int64], other: NDArray[np.int64], workers: int) -> FloatArray:
    """Which raters are in each of two groups, shape (2, W)."""
    inside = np.zeros((2, workers))
    inside[0, one] = inside[1, other] = 1.0
    return inside


def _between(matrix: Any, shape: tuple[int, int], inside: FloatArray) -> Between:
    """Two groups compared, for B ways to deal them, ``inside`` of shape (B, 2, W)."""
    sides = [_totals(matrix, shape, inside[:, side]) for side in (0, 1)]
    enough = (sides[0].raters >= LEAST) & (sides[1].raters >= LEAST)
    faces = enough.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):

        def mean(values: FloatArray) -> tuple[FloatArray, FloatArray]:
            used = np.where(enough if values.ndim == 2 else enough[..., None], values, 0.0)
            number = faces if values.ndim == 2 else faces[:, None]
            first = used.sum(axis=1) / number
            return first, np.maximum((used**2).sum(axis=1) / number - first**2, 0.0) / (number - 1)

        one, other = (_agreeing(side) for side in sides)
        means = [side.sums / side.raters[..., None] for side in sides]
        across = (means[0] * means[1]).sum(axis=2)
        return Between(
            faces, mean(one)[0], mean(other)[0], mean(across)[0],
            mean(one + other - 2 * across), mean(one - other), mean(means[0] - means[1]),
        )  # fmt: skip


def _ends(
    matrix: Any, shape: tuple[int, int], one: NDArray[np.int64], other: NDArray[np.int64], workers: int
) -> dict[str, float | None]:
    """Student's interval of the distance over faces, and over faces and raters.

    What raters add is the jackknife's variance, a rater left out at a time, less what of it is in each face alone,
    which the variance over faces has already; degrees of freedom as Satterthwaite.
    """
    from scipy.special import stdtrit

    whole = _dealt(one, other, workers)
    found = _between(matrix, shape, whole[None])
    ends: dict[str, float | None] = dict.fromkeys(("low", "high", "low_raters", "high_raters"))
    if found.faces[0] < 2:
        return ends
    value, of_faces = (float(part[0]) for part in found.distance)
    half = stdtrit(int(found.faces[0]) - 1, 0.975) * np.sqrt(of_faces)
    ends |= {"low": float(value - half), "high": float(value + half)}
    if min(len(one), len(other)) <= LEAST or (len(one) + len(other)) * matrix.shape[0] > COSTLY:
        return ends
    by_face = _by_face(matrix, shape, whole[None])[0]
    of_raters = [0.0, 0.0]
    for side, members in enumerate((one, other)):
        without = np.repeat(whole[None], len(members), axis=0)
        without[np.arange(len(members)), side, members] = 0.0
        left = np.concatenate([_by_face(matrix, shape, without[part]) for part in _parts(len(members), shape)])
        change = np.where(np.isfinite(left), left - by_face, 0.0)[:, np.isfinite(by_face)]
        few = (len(members) - 1) / len(members)
        added = (change.mean(axis=1) ** 2).sum() - (change**2).sum() / change.shape[1] ** 2
        of_raters[side] = max(few * float(added), 0.0)
    total = of_faces + sum(of_raters)
    below = of_faces**2 / (int(found.faces[0]) - 1)
    below += sum(part**2 / (len(group) - 1) for part, group in zip(of_raters, (one, other), strict=True))
    half = stdtrit(total**2 / below if below else 1.0, 0.975) * np.sqrt(total)
    if np.isfinite(half):
        ends |= {"low_raters": float(value - half), "high_raters": float(value + half)}
    return ends


def _by_face(matrix: Any, shape: tuple[int, int], inside: FloatArray) -> FloatArray:
    """The distance on each face, (B, T), nan where a group has fewer than two raters; ``inside`` is (B, 2, W)."""
    one, other = (_totals(matrix, shape, inside[:, side]) for side in (0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        across = (one.sums * other.sums).sum(axis=2) / (one.raters * other.raters)
        distance = _agreeing(one) + _agreeing(other) - 2 * across
    return np.where((one.raters >= LEAST) & (other.raters >= LEAST), distance, np.nan)


def _totals(matrix: Any, shape: tuple[int, int], inside: FloatArray) -> Totals:
    """Totals of the raters of one group, for B ways to choose them, (B, W)."""
    product = np.asarray(matrix @ inside.T).T.reshape(len(inside), shape[0], shape[1] + 2)
    return Totals(product[..., 0], product[..., 1:-1], product[..., -1])


def _agreeing(side: Totals) -> FloatArray:
    """Of each face the mean product of two different raters."""
    return np.asarray(((side.sums**2).sum(axis=2) - side.squares) / (side.raters * (side.raters - 1)))


def _tested(
    found: Between,
    matrix: Any,
    shape: tuple[int, int],
    pair: NDArray[np.int64],
    first: int,
    workers: int,
    permutations: int,
    seed: int,
) -> dict[str, Any]:
    """How often groups dealt at random are as far apart, differ as much in cohesion, and shift a feature as far."""
    drawn = min(permutations, COSTLY // max(1, 2 * matrix.shape[0]))
    hits, cohesion, shifts = 0, 0, np.zeros(shape[1])
    for dealt in _shuffled(pair, first, workers, drawn, shape, seed):
        random = _between(matrix, shape, dealt)
        hits += int((_errors(random.distance) >= _errors(found.distance) - 1e-9).sum())
        cohesion += int((np.abs(_errors(random.cohesion)) >= np.abs(_errors(found.cohesion)) - 1e-9).sum())
        shifts += (np.abs(_errors(random.shift)) >= np.abs(_errors(found.shift)) - 1e-9).sum(axis=0)
    p_of = (lambda number: (1 + float(number)) / (1 + drawn)) if drawn else (lambda number: None)
    return {
        "p": p_of(hits),
        "p_cohesion": p_of(cohesion),
        "permutations": drawn,
        "shift": [
            {"difference": float(value), "p": p_of(number)}
            for value, number in zip(found.shift[0][0], shifts, strict=True)
        ],
    }


def _errors(mean: tuple[FloatArray, FloatArray]) -> FloatArray:
    """A mean in standard errors over faces; 0 where nothing differs."""
    value, variance = mean
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.abs(value) <= 1e-12, 0.0, value / np.sqrt(np.maximum(variance, 1e-18)))


def _shuffled(
    pair: NDArray[np.int64], first: int, workers: int, permutations: int, shape: tuple[int, int], seed: int
) -> Iterator[FloatArray]:
    """Raters of two groups dealt into two groups of the same sizes, in chunks of shape (b, 2, W)."""
    generator = np.random.default_rng([seed, 3])
    for part in _parts(permutations, shape):
        size = part.stop - part.start
        order = generator.permuted(np.tile(pair, (size, 1)), axis=1)
        inside = np.zeros((size, 2, workers))
        inside[np.arange(size)[:, None], 0, order[:, :first]] = 1.0
        inside[np.arange(size)[:, None], 1, order[:, first:]] = 1.0
        yield inside


def _parts(number: int, shape: tuple[int, int]) -> Iterator[slice]:
    """So many ways to deal raters, some at a time."""
    rows = max(1, CELLS // (shape[0] * (shape[1] + 2)))
    return (slice(start, min(start + rows, number)) for start in range(0, number, rows))
