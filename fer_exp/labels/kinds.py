"""What a face is taught as: a row a value of ``labels.kind``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_exp.config import LabelsConfig
from fer_exp.labels.draws import EpochLabels, Labels, multipass, sampled
from fer_exp.labels.noise import NOISES
from fer_exp.labels.votes import Counts, fractions, smooth


@dataclass(frozen=True)
class Kind:
    """A row of ``KINDS``.

    Attributes:
        said: what a face is taught, in words.
        target: (votes left after cleaning (N, K), class of each face (N,)) -> distributions (N, K).
        of_votes: whether it needs votes, and more than one class a face.
        noisy: whether its class may be wrong on purpose, by ``labels.noise``.
        from_file: whether ``labels.posteriors`` stands for the votes.
        each_epoch: (votes (N, K), N ids, seed) -> the class taught in each epoch; None where all epochs teach
            ``target``.
    """

    said: str
    target: Callable[[Counts, Labels], Counts]
    of_votes: bool = False
    noisy: bool = False
    from_file: bool = False
    each_epoch: Callable[[Counts, Sequence[str], Sequence[int]], EpochLabels] | None = None


def _one_class(counts: Counts, label: Labels) -> Counts:
    return np.eye(counts.shape[1])[label]


def _shares(counts: Counts, label: Labels) -> Counts:
    return fractions(counts)


def _classes_alike(counts: Counts, label: Labels) -> Counts:
    return fractions(counts > 0)


KINDS = {
    "onehot": Kind("one class", _one_class),
    "soft": Kind("the distribution of people's votes", _shares, of_votes=True),
    "noisy": Kind("one class, which may be wrong on purpose", _one_class, noisy=True),
    "sampled": Kind("one class, drawn from people's votes each epoch", _shares, of_votes=True, each_epoch=sampled),
    "multipass": Kind("each of people's votes in its turn, one an epoch", _shares, of_votes=True, each_epoch=multipass),
    "multi_target": Kind("the classes that enough raters chose, with equal weight", _classes_alike, of_votes=True),
    "aggregated": Kind("the posterior of a model of the raters, read from a file", _shares, from_file=True),
}
"""``labels.kind``."""


def words(config: LabelsConfig) -> str:
    """What a labels group is called in the name of a run.

    >>> words(LabelsConfig()), words(LabelsConfig(kind="noisy", rate=0.2))
    ('onehot', 'symmetric0.2')
    """
    if not KINDS[config.kind].noisy:
        return config.kind
    return config.noise + ("" if NOISES[config.noise].from_file else f"{config.rate:g}")


def by_epoch(
    config: LabelsConfig, counts: Counts, faces: Sequence[str], seed: int
) -> Callable[[int], NDArray[np.float32]] | None:
    """The one-hot (and smoothed) targets of each epoch, shape (N, K); None of a kind that teaches every epoch the same.

    ``counts`` are the votes that are left after cleaning, shape (N, K), ``faces`` N unique ids, to which draws belong;
    the seed is that of the training, and the group's counts, too.
    """
    each_epoch = KINDS[config.kind].each_epoch
    if each_epoch is None:
        return None
    labels, smoothing, classes = each_epoch(counts, faces, (config.seed, seed)), config.smoothing, counts.shape[1]
    return lambda epoch: smooth(np.eye(classes)[labels(epoch)], smoothing).astype(np.float32)
