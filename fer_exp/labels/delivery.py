"""Labels that change from epoch to epoch: drawn from a face's votes, or each of its votes in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fer_exp.labels.noise import pick
from fer_exp.labels.votes import Seats, fractions, in_face_order, seats, smooth

DELIVERED = ("sampled", "multipass")
"""Kinds of labels that are delivered anew each epoch."""


@dataclass(frozen=True)
class Delivery:
    """One hard label a face and epoch; everything random comes from (seed, epoch), so a resumed run gets the same.

    - ``sampled``: drawn from the face's votes (FER+'s "probabilistic label drawing", Barsoum et al. 2016).
    - ``multipass``: the face's votes one after the other in a random order of its own, from the start again once all
      were met (arXiv 2605.20642); after n epochs a face with n votes has met each of them once.

    Attributes:
        kind: sampled or multipass.
        counts: votes that are left after cleaning, shape (N, K).
        faces: N unique ids; the draws belong to them, not to rows.
        seed: numbers that together are the seed.
        smoothing: as ``labels.smoothing``, of each epoch's one-hot target.
    """

    kind: str
    counts: NDArray[np.float64]
    faces: Sequence[str]
    seed: tuple[int, ...]
    smoothing: float = 0.0
    _seats: list[Seats] = field(default_factory=list)

    def labels(self, epoch: int) -> NDArray[np.int64]:
        """Class index of each face in an epoch (from 0), shape (N,)."""
        if self.kind == "sampled":
            uniform = np.random.default_rng([*self.seed, 1, epoch]).random(len(self.counts))
            return pick(fractions(self.counts), in_face_order(self.faces, len(self.counts), uniform))
        if not self._seats:
            self._seats.append(seats(self.counts, [*self.seed, 2], self.faces))
        given = self._seats[0]
        return given.answer[np.arange(len(self.counts)), epoch % given.total]

    def targets(self, epoch: int) -> NDArray[np.float32]:
        """One-hot (and smoothed) targets of an epoch, shape (N, K)."""
        onehot = np.eye(self.counts.shape[1])[self.labels(epoch)]
        return smooth(onehot, self.smoothing).astype(np.float32)
