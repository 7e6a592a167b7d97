"""Who gets which faces: pure functions of how many answers each face lacks.

A person gets a share of each stratum (a class, a group, or both) in proportion to the answers that it lacks, and of a
stratum the faces that lack most, drawn at random where several do. So the faces of a stratum never differ by more than
what was not finished, and what each person meets is as balanced as what there is to label.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


class Trial(NamedTuple):
    """A place in a person's task: kind is practice, face or attention; ``face`` is a number of ``Faces``."""

    kind: str
    face: int
    gold: bool = False
    repeat: bool = False


def dealt(lacking: IntArray, strata: IntArray, number: int, draw: np.random.Generator) -> IntArray:
    """The faces of one person.

    Args:
        lacking: answers that each of F faces lacks, deals of others counted as answers; 0 or less: it has them.
        strata: what each face is balanced by, (F,), 0 to S - 1.
        number: how many.
        draw: of ties.

    Returns:
        Up to ``number`` different faces, those that lack none left out, in random order.

    >>> lacking, strata = np.array([2, 2, 2, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 1])
    >>> sorted(strata[dealt(lacking, strata, 3, np.random.default_rng(0))].tolist())
    [0, 0, 1]
    """
    open_faces = np.flatnonzero(lacking > 0)
    if len(open_faces) <= number:
        return draw.permutation(open_faces)
    order = draw.permutation(open_faces)
    order = order[np.argsort(-lacking[order], kind="stable")]  # those that lack most first, ties as drawn
    of = strata[order]
    shares = quotas(np.bincount(of, weights=lacking[order]).astype(np.float64), np.bincount(of), number, draw)
    rank = np.zeros(len(order), np.int64)  # of each face among those of its stratum
    for stratum in np.flatnonzero(shares):
        mine = np.flatnonzero(of == stratum)
        rank[mine] = np.arange(len(mine))
    return draw.permutation(order[rank < shares[of]])


def quotas(lacking: NDArray[np.float64], faces: IntArray, number: int, draw: np.random.Generator) -> IntArray:
    """How many faces of each stratum: in proportion to what it lacks, no more than it has, rounded at random.

    What the proportion leaves over goes to strata drawn by their remainders, so that over many persons each gets
    exactly its proportion.

    Args:
        lacking: answers by stratum, (S,).
        faces: by stratum, (S,), those that lack any; more than ``number`` in all.
        number: to deal out.
        draw: of the remainders.
    """
    shares = np.zeros(len(lacking), np.int64)
    while (left := number - int(shares.sum())) > 0:
        room = np.where(shares < faces, lacking, 0.0)
        exact = np.minimum(left * room / room.sum(), faces - shares)
        whole = np.floor(exact + 1e-9).astype(np.int64)
        shares += whole
        rest = np.clip(exact - whole, 0.0, None)
        rest[shares >= faces] = 0.0
        if (left := number - int(shares.sum())) > 0 and rest.sum() > 1e-9:
            places = min(left, int(np.count_nonzero(rest > 1e-9)))
            shares[_systematic(rest, places, draw)] += 1
    return shares


def _systematic(weights: NDArray[np.float64], number: int, draw: np.random.Generator) -> IntArray:
    """``number`` places, each at most once, drawn with chances in proportion to the weights (systematic sampling)."""
    order = draw.permutation(len(weights))
    edges = np.cumsum(weights[order]) / weights.sum() * number
    picked = np.unique(np.searchsorted(edges, draw.random() + np.arange(number), side="right").clip(0, len(order) - 1))
    found: IntArray = order[picked]
    if len(found) < number:  # one weight was larger than a step
        others = np.setdiff1d(order[weights[order] > 1e-9], found)
        found = np.concatenate([found, draw.permutation(others)[: number - len(found)]])
    return found


def golden(shown: IntArray, classes: Sequence[str], number: int, draw: np.random.Generator) -> IntArray:
    """Faces with a known answer for one person: the classes in turn, of each those that were shown least.

    Args:
        shown: how often each of G gold faces was dealt.
        classes: the known answer of each.
        number: how many.
        draw: of ties.

    >>> golden(np.array([3, 0, 0, 1]), ["fear", "fear", "anger", "anger"], 2, np.random.default_rng(0)).tolist()
    [1, 2]
    """
    order = draw.permutation(len(shown))
    order = order[np.argsort(shown[order], kind="stable")]
    _, names = np.unique(np.asarray(classes, dtype=str), return_inverse=True)
    turn = np.zeros(len(shown), np.int64)
    met: dict[int, int] = {}
    for face in order:
        turn[face] = met.get(int(names[face]), 0)
        met[int(names[face])] = int(turn[face]) + 1
    return np.sort(order[np.argsort(turn[order], kind="stable")][:number])


APART = 5
"""Faces that lie between one and its repeat, where there are so many."""


def arranged(
    faces: Sequence[Trial], gold: Sequence[Trial], repeats: int, checks: Sequence[int], draw: np.random.Generator
) -> list[Trial]:
    """The order in which a person meets them: gold and checks evenly among the faces, repeats well after the first.

    Args:
        faces: of the deal.
        gold: faces with known answers.
        repeats: how many of the faces come again.
        checks: faces that attention checks are shown with.
        draw: of places.

    Returns:
        All trials, practice apart.
    """
    row = _spread(list(faces), list(gold), draw)
    again = [place for place, trial in enumerate(row) if trial in faces]
    again = [int(place) for place in draw.permutation(again)[:repeats]]
    wanted = []
    for place in sorted(again):  # anywhere in what follows, at the end where that is near
        first = min(place + 1 + APART, len(row))
        wanted.append((int(draw.integers(first, len(row) + 1)), row[place]._replace(repeat=True)))
    for place, trial in sorted(wanted, key=lambda pair: -pair[0]):
        row.insert(place, trial)
    return _spread(row, [Trial("attention", face) for face in checks], draw)


def _spread(row: list[Trial], among: list[Trial], draw: np.random.Generator) -> list[Trial]:
    """``among`` in random order at even distances in a row, each at a random place of its stretch."""
    if not among:
        return row
    drawn = [among[int(place)] for place in draw.permutation(len(among))]
    edges = np.linspace(0, len(row), len(drawn) + 1)
    places = [int(draw.integers(int(low), max(int(low), int(high)) + 1)) for low, high in pairwise(edges)]
    for place, trial in sorted(zip(places, drawn, strict=True), key=lambda pair: -pair[0]):
        row.insert(place, trial)
    return row
