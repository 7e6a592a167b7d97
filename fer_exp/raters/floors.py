"""How far votes lie from the people behind them: what even a perfect model, or a crowd of the same people, cannot pass.

The votes of a face are more peaked than what its people would answer. So what these would answer is drawn: from the
mixture of Dirichlet distributions that planning fits to all faces, given the face's own votes (empirical Bayes).
"""

from __future__ import annotations

import numpy as np

from fer_exp.metrics.ambiguity import l1_of_sampling
from fer_exp.raters.planning import Mixture, dirichlet, fit, log_likelihood
from fer_exp.stats.bootstrap import FloatArray

FITTED, STEPS = 500, 60
"""Faces that the mixture is fitted to, drawn where there are more, and steps: floors move by less than 0.01."""
DRAWS, MOST = 20_000, 100
"""Distributions drawn in all, at least one a face and at most so many."""


def people_behind(counts: FloatArray, mixture: Mixture, generator: np.random.Generator) -> FloatArray:
    """What the people behind each face's votes would answer, drawn given these votes, shape (N, K), rows sum to 1.

    Args:
        counts: votes, shape (N, K).
        mixture: what faces there are, as ``planning.fit`` gives it.

    Source: Minka 2000, Estimating a Dirichlet distribution: the posterior of a component is Dirichlet of alpha + votes.
    """
    logs = log_likelihood(counts, mixture.alpha) + np.log(np.maximum(mixture.shares, 1e-300))
    chances = np.exp(logs - logs.max(axis=1, keepdims=True)).cumsum(axis=1)
    component = (generator.random((len(counts), 1)) * chances[:, -1:] > chances).sum(axis=1)
    return dirichlet(mixture.alpha[component] + counts, generator)


def mixture_of(counts: FloatArray, generator: np.random.Generator) -> Mixture:
    """What faces there are, shape (N, K) votes: ``planning.fit`` to some of them."""
    some = counts if len(counts) <= FITTED else counts[generator.choice(len(counts), FITTED, replace=False)]
    return fit(some, steps=STEPS)


def sampling_l1(counts: FloatArray, seed: int = 0) -> FloatArray:
    """Expected L1 of each face's people to as many of their votes as it has, shape (N,): the floor of a perfect model.

    ``counts`` are votes of two people or more, shape (N, K).
    """
    generator = np.random.default_rng([seed, 8])
    mixture, times = mixture_of(counts, generator), min(MOST, -(-DRAWS // len(counts)))
    again = np.repeat(counts, times, axis=0)
    drawn = l1_of_sampling(people_behind(again, mixture, generator), again.sum(axis=1))
    return np.asarray(drawn.reshape(len(counts), times).mean(axis=1))
