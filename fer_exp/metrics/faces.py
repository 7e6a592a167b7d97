"""Some faces as every metric sees them: what is known of each beside what a model says, and what is made of both.

The same measure serves labels, majorities and whole distributions: what is known is a distribution over classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fer_exp.metrics import ambiguity, calibration, classification
from fer_exp.stats.bootstrap import FloatArray, OfSums


@dataclass(frozen=True)
class Faces:
    """N faces and what metrics of them share, each made once.

    Attributes:
        truth: one-hot labels, shares of the most voted class or vote fractions, shape (N, K); of ratings, shape (N,).
        model: probabilities, shape (N, K), or predicted ratings, shape (N,).
        classes: K names, for what is told class by class; empty leaves that out.
        votes: votes, shape (N, K), for what few votes bias.

    >>> Faces(np.array([[0.7, 0.3]]), np.array([[0.9, 0.1]])).top
    (array([[0.9]]), array([[0.7]]))
    """

    truth: FloatArray
    model: FloatArray
    classes: tuple[str, ...] = ()
    votes: FloatArray | None = None

    @cached_property
    def label(self) -> NDArray[np.int64]:
        """The class of the largest share, the first of equals, shape (N,)."""
        return np.asarray(self.truth.argmax(axis=1), dtype=np.int64)

    @cached_property
    def counts(self) -> FloatArray:
        """The votes, or, where they were not given, their fractions."""
        return self.truth if self.votes is None else self.votes

    @cached_property
    def tallies(self) -> FloatArray:
        """The truth against the model's top class alone, any of equals, as ``classification.tallies_of_tops``."""
        return classification.tallies_of_tops(self.truth, classification.shared_top(self.model))

    @cached_property
    def soft_tallies(self) -> FloatArray:
        """The truth against the whole distribution that the model states."""
        return classification.tallies(self.truth, self.model)

    @cached_property
    def top(self) -> tuple[FloatArray, FloatArray]:
        """Confidence in the top class and how true it is, as ``calibration.top_answer``."""
        return calibration.top_answer(self.truth, self.model)

    @cached_property
    def brier_parts(self) -> dict[str, OfSums]:
        """As ``calibration.brier_parts``."""
        return calibration.brier_parts(self.model, self.truth)

    @cached_property
    def class_correlations(self) -> list[OfSums]:
        """As ``ambiguity.class_correlations``."""
        return ambiguity.class_correlations(self.truth, self.model)
