"""Which faces stay under the rules about votes, the one class of each, and why the others go."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import LabelsConfig
from fer_exp.errors import RequestError
from fer_exp.labels.draws import Labels, draw_raters
from fer_exp.labels.kinds import KINDS
from fer_exp.labels.noise import NOISES
from fer_exp.labels.votes import RULES, Counts, Majority, Mask, clean, majority
from fer_exp.names import in_order


@dataclass
class Kept:
    """The faces of a corpus under the labels group.

    Attributes:
        kept: which stay, shape (N,).
        counts: votes left after cleaning, or posteriors, shape (N, K); 0 where there are none.
        label: class index, -1 where there is none, shape (N,).
        dropped: reason -> number of faces left out, reasons without faces left out.
    """

    kept: Mask
    counts: Counts
    label: Labels
    dropped: dict[str, int] = field(default_factory=dict)

    def drop(self, reason: str, these: NDArray[np.bool_]) -> None:
        """Leave these faces out, and count those that were not left out before."""
        if number := int((these & self.kept).sum()):
            self.dropped[reason] = number
        self.kept[these] = False


def keep(
    faces: pd.DataFrame, answers: Counts | None, classes: tuple[str, ...], config: LabelsConfig, taught: Mask
) -> Kept:
    """Apply the rules of the labels group, whatever is taught in the end.

    Args:
        answers: in the order of the faces table, a column per class, then other answers, shape (N, K + others);
            posteriors of a kind that reads them from a file; None of a corpus without votes.
        taught: faces that are learnt from, shape (N,): ``labels.raters`` draws theirs; tests are judged by everyone.

    Raises:
        RequestError: a rule that needs counts, asked of proportions.
    """
    number = {name: index for index, name in enumerate(classes)}
    named = faces["label"].notna().to_numpy()
    label = np.array([number.get(str(name), -1) for name in faces["label"]], dtype=np.int64)
    left = Kept(np.ones(len(faces), dtype=bool), np.zeros((len(faces), len(classes))), label)
    if answers is not None:
        if KINDS[config.kind].from_file:
            left.counts = answers
            left.drop("no posterior", answers.sum(axis=1) == 0)
            tops = majority(answers, config.ties, config.seed, faces["face"].astype(str).tolist())
            if config.ties == "drop":
                left.drop("ties", tops.tied)
        else:
            tops = _by_rule(left, faces["face"].astype(str).tolist(), answers, config, taught)
        if config.source != "label":
            left.label = tops.top
            return left
    left.drop("no label", ~named)
    for name in in_order(set(faces["label"][left.kept & (label < 0)])):
        left.drop(f"label {name}, no class here", (faces["label"] == name).to_numpy())
    return left


def _by_rule(left: Kept, names: list[str], answers: Counts, config: LabelsConfig, taught: Mask) -> Majority:
    """Clean the votes of each face and drop by what is left; the top class of each."""
    classes, total = left.counts.shape[1], answers.sum(axis=1)
    if config.rule != "all" and len(total) and total.max() < 1.5:  # shares that were rounded
        raise RequestError(
            f"labels.rule={config.rule} needs counts of votes and these are proportions; set labels.rule=all."
        )
    # With the corpus' own label a face that nobody rated is as good as any: a re-annotated subset is only a part.
    spared = (total == 0) & (not _needs_votes(config))
    left.drop("no votes", (total == 0) & ~spared)
    if config.raters is not None:
        left.drop(f"fewer raters than {config.raters}", taught & (total < config.raters) & ~spared)
        answers = np.where(taught[:, None], draw_raters(answers, config.raters, config.seed, names), answers)
    if config.others == "ignore":
        answers = np.where(np.arange(answers.shape[1]) < classes, answers, 0.0)
    few = answers[:, :classes].sum(axis=1) < config.min_votes
    left.drop(f"fewer votes than {config.min_votes}", few & ~spared)
    stays, left.counts = clean(answers, classes, config.rule, config.outliers)
    tops = majority(left.counts, config.ties, config.seed, names)
    left.drop(f"rule {config.rule}", ~stays & ~spared)
    if config.ties == "drop":
        left.drop("ties", tops.tied)
    for rule in RULES if config.common else ():
        kept_too = clean(answers, classes, rule, config.outliers).kept
        left.drop(f"not kept by rule {rule} (labels.common)", ~kept_too & ~spared)
    return tops


def _needs_votes(config: LabelsConfig) -> bool:
    """Whether every face needs votes to be taught anything."""
    kind = KINDS[config.kind]
    return kind.of_votes or config.source != "label" or (kind.noisy and NOISES[config.noise].needs_votes)
