"""How well people recognise emotions whose truth is known: intended, posed, or labelled by others.

A face counts once, however many raters it has: figures are those of one rater drawn for each face, so that a model,
which answers once, stands in the same table. Sums of such a table have 3 K + 1 columns: hits, shown and answered of
each emotion, and the faces.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers, Votes
from fer_exp.metrics.classification import onehot, tallies_of_tops
from fer_exp.metrics.recognition import FIGURES, Tally, against_chance, d_prime, hit_rate
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import shares
from fer_exp.stats.sums import cross, sum_by
from fer_exp.stats.tests import holm

LEVEL = 0.95
IS_SHARE = np.array([name in ("hit_rate", "hu", "chance_hu") for name in FIGURES])[:, None]
"""Figures between 0 and 1: their intervals are those of the arcsine of the root, turned back."""
CHUNK = 1 << 16
FEW_RATERS, FEW_FACES = 20, 4
"""Raters, and faces of an emotion, below both of which Wagner's test finds too much (docs/coverage.md)."""
Codes = NDArray[np.int64]


class Recognition(NamedTuple):
    """How well each emotion is recognised.

    Attributes:
        emotions: a row an emotion and figure of ``metrics.recognition.FIGURES``: ``class``, ``measure``, ``value``,
            ``low`` and ``high`` over faces, ``low_raters`` and ``high_raters`` over faces and raters (where these are
            known), and ``n``, the faces that show it. nan where a figure is undefined, or has no interval.
        tests: a row an emotion: Wagner's test over raters (``against_chance``) with Holm's p; empty without raters.
        raters: a row a rater and emotion, of their own answers; empty without raters.
        faces: a row a face.
    """

    emotions: pd.DataFrame
    tests: pd.DataFrame
    raters: pd.DataFrame
    faces: pd.DataFrame


class _Answered(NamedTuple):
    """Answers to N faces whose emotion is known: face, rater 0..R-1 and class of each, and the votes, shape (N, K)."""

    face: Codes
    rater: Codes
    label: Codes
    truth: Codes
    votes: FloatArray

    @property
    def raters(self) -> int:
        return int(self.rater.max()) + 1


def recognition(data: Answers | Votes, truth: NDArray[np.int32]) -> Recognition | None:
    """Hit rate, Hu beside its chance, d' and criterion of each emotion, with jackknife intervals.

    Where every emotion is shown by equally many faces their numbers are taken for the design's, else for drawn.

    Args:
        data: T tasks and K classes.
        truth: the emotion of each task, -1 where it is not known, shape (T,).

    Returns:
        None where no task with a truth was answered.
    """
    counts = data.counts() if isinstance(data, Answers) else data.counts
    used = (truth >= 0) & (counts.sum(axis=1) > 0)
    if not used.any():
        return None
    votes, known = counts[used], truth[used].astype(np.int64)
    each = np.hstack([tallies_of_tops(onehot(known, votes.shape[1]), shares(votes)), np.ones((len(votes), 1))])
    sums, shown = each.sum(axis=0), np.bincount(known, minlength=votes.shape[1])
    designed = len(set(shown[shown > 0].tolist())) == 1
    over_faces = _variance(sums, each, known if designed else np.zeros_like(known))
    intervals = {"": _ends(sums, over_faces, (shown - 1).astype(np.float64))}
    tests = by_rater = pd.DataFrame()
    if isinstance(data, Answers):
        inside = (data.label >= 0) & used[data.task]
        who, rater = np.unique(data.worker[inside], return_inverse=True)
        face = (np.cumsum(used) - 1)[data.task[inside]]
        answered = _Answered(face, rater.astype(np.int64), data.label[inside].astype(np.int64), known, votes)
        confusions = _confusions(answered)
        tests = _tests(confusions, data.classes)
        by_rater = _by_rater(confusions, data.workers[who], data.classes)
        if len(who) > 1:
            over_raters = _variance(sums, _of_raters(answered), np.zeros(len(who), np.int64))
            both = over_faces + over_raters
            with np.errstate(invalid="ignore", divide="ignore"):
                freedom = both**2 / (over_faces**2 / (shown - 1.0) + over_raters**2 / (len(who) - 1))
            intervals["_raters"] = _ends(sums, both, np.asarray(freedom, dtype=np.float64))
    values = _figures(sums[None])[0]
    rows = [
        {"class": name, "measure": figure, "value": values[place, k],
         **{f"{end}{over}": ends[end][place, k] for over, ends in intervals.items() for end in ("low", "high")},
         "n": int(shown[k])}
        for k, name in enumerate(data.classes) for place, figure in enumerate(FIGURES)
    ]  # fmt: skip
    faces = _by_face(data.tasks[used], known, votes, data.classes, sums)
    return Recognition(pd.DataFrame(rows), tests, by_rater, faces)


def _figures(sums: FloatArray) -> FloatArray:
    """All figures from sums, shape (M, 3 K + 1), shape (M, F, K)."""
    hits, shown, answered = np.split(sums[:, :-1], 3, axis=1)
    tally = Tally(hits, shown, answered, sums[:, -1:])
    return np.stack([figure(tally) for figure in FIGURES.values()], axis=1)


def _turned(figures: FloatArray) -> FloatArray:
    """Shares as the arcsine of their root, the others as they are, shape (M, F, K)."""
    return np.where(IS_SHARE, np.arcsin(np.sqrt(np.clip(figures, 0, 1))), figures)


def _variance(sums: FloatArray, each: FloatArray, group: Codes) -> FloatArray:
    """Jackknife variance of the turned figures, shape (F, K), from what each of M units adds to the sums, (M, 3 K + 1).

    ``group`` 0..G-1 of each unit, shape (M,), whose numbers of units are fixed.

    Source: Tukey 1958, Annals of Mathematical Statistics 29, 614; with groups, Jones 1974, Biometrika 61, 343-348.
    """
    middle, groups = _turned(_figures(sums[None]))[0], int(group.max()) + 1
    count = np.bincount(group, minlength=groups).astype(np.float64)
    total, squares = np.zeros((2, groups, middle.size))
    for start in range(0, len(each), CHUNK):
        apart = (_turned(_figures(sums - each[start : start + CHUNK])) - middle).reshape(-1, middle.size)
        members = np.eye(groups)[group[start : start + CHUNK]].T
        total, squares = total + members @ apart, squares + members @ apart**2
    spread = squares - total**2 / np.maximum(count, 1)[:, None]
    return np.asarray((((count - 1) / np.maximum(count, 1)) @ spread).reshape(middle.shape))


def _ends(sums: FloatArray, variance: FloatArray, freedom: FloatArray) -> dict[str, FloatArray]:
    """Student's interval of each figure, shape (F, K), turned back; nan where nothing varies or freedom is none."""
    from scipy.special import stdtrit  # a tenth of a second to import: here, not before

    middle = _turned(_figures(sums[None]))[0]
    varies = (variance > 1e-12) & (np.broadcast_to(freedom, variance.shape) >= 1)
    with np.errstate(invalid="ignore"):
        half = np.where(varies, stdtrit(np.maximum(freedom, 1.0), (1 + LEVEL) / 2) * np.sqrt(variance), np.nan)
    ends = {"low": middle - half, "high": middle + half}
    return {end: np.where(IS_SHARE, np.sin(np.clip(at, 0, np.pi / 2)) ** 2, at) for end, at in ends.items()}


def _of_raters(answered: _Answered) -> FloatArray:
    """What leaving each rater out takes from the sums, shape (R, 3 K + 1): faces keep the shares of the others."""
    face, rater, label, truth, votes = answered
    classes = votes.shape[1]
    number = votes.sum(axis=1)
    alone = number[face] == 1
    others = np.maximum(number[face] - 1, 1)
    # a face of several raters loses (answer - share) / (n - 1), which sums to 0; a face of one is lost
    change = (np.eye(classes)[label] - np.where(alone[:, None], 0.0, shares(votes)[face])) / others[:, None]
    of_truth = truth[face]
    hit = change[np.arange(len(face)), of_truth]
    lost = np.zeros((answered.raters, 3 * classes + 1))
    shape = answered.raters, classes
    for k in range(classes):
        lost[:, 2 * classes + k] = sum_by(rater, change[:, k], answered.raters)
    lost[:, :classes] = cross(rater, of_truth, shape, hit)
    lost[:, classes : 2 * classes] = cross(rater, of_truth, shape, alone)
    lost[:, -1] = sum_by(rater, alone, answered.raters)
    return lost


def _confusions(answered: _Answered) -> FloatArray:
    """How often each rater answered what to which emotion, shape (R, K, K)."""
    classes = answered.votes.shape[1]
    asked = answered.rater * classes + answered.truth[answered.face]
    return cross(asked, answered.label, (answered.raters * classes, classes)).reshape(-1, classes, classes)


def _tests(confusions: FloatArray, classes: tuple[str, ...]) -> pd.DataFrame:
    found = against_chance(confusions)
    tests = pd.DataFrame({"class": classes, **found._asdict()}).rename(
        columns={"hu": "mean_hu", "chance": "mean_chance"}
    )
    faces = confusions.sum(axis=(0, 2)) / np.maximum((confusions.sum(axis=2) > 0).sum(axis=0), 1)  # of a rater
    few = (found.raters < FEW_RATERS) & (faces < FEW_FACES)
    return tests.assign(df=found.raters - 1, p_holm=holm(found.p), rough=few)


def _by_rater(confusions: FloatArray, names: NDArray[np.object_], classes: tuple[str, ...]) -> pd.DataFrame:
    """Each rater's figures of the emotions that they were shown."""
    tally = Tally.of(confusions)
    rater, k = np.nonzero(tally.shown)
    table = pd.DataFrame({"rater": names[rater], "class": np.array(classes, dtype=object)[k],
                          "shown": tally.shown[rater, k].astype(np.int64),
                          "answered": tally.answered[rater, k].astype(np.int64)})  # fmt: skip
    return table.assign(**{name: figure(tally)[rater, k] for name, figure in FIGURES.items()})


def _by_face(
    names: NDArray[np.object_], truth: Codes, votes: FloatArray, classes: tuple[str, ...], sums: FloatArray
) -> pd.DataFrame:
    """Each face: of its raters the share who answer its emotion; Hu and d' with the answers to all other faces.

    Hu of a face is its hit rate times the share of all answers of its emotion that are right, so that the mean over an
    emotion's faces is the emotion's Hu. Its d' has the false alarms of the faces of other emotions.
    """
    hits, shown, answered = np.split(sums[:-1], 3)
    own = votes[np.arange(len(votes)), truth]
    raters = votes.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        right = (hits / answered)[truth]
    alarms = (answered - hits)[truth]
    tally = Tally(own, raters, own + alarms, raters + (sums[-1] - shown)[truth])
    rate = hit_rate(tally)
    return pd.DataFrame({"face": names, "class": np.array(classes, dtype=object)[truth],
                         "raters": raters.astype(np.int64), "hit_rate": rate, "hu": rate * right,
                         "d_prime": d_prime(tally)})  # fmt: skip
