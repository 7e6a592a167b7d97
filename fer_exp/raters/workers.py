"""Whom to trust in a crowd: what is known of each worker, and how sure it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtrik, digamma, entr, ndtri, polygamma

from fer_exp.answers import Codes
from fer_exp.raters.aggregation import Aggregate, Answered, dawid_skene
from fer_exp.raters.agreement import beyond_chance
from fer_exp.raters.pooling import pooled
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import shares, wilson
from fer_exp.stats.sums import cross, mean_by, over


def describe_workers(
    answers: Answered,
    names: NDArray[np.object_],
    *,
    gold: Codes | None = None,
    enough: int = 1,
    seconds: FloatArray | None = None,
    repeats: tuple[Codes, NDArray[np.bool_]] | None = None,
    belief: Aggregate | None = None,
) -> pd.DataFrame:
    """What is known of each worker.

    Args:
        answers: of W workers to T tasks.
        names: of the workers, shape (W,).
        gold: true class of each task, shape (T,), -1 where it is not known.
        enough: gold answers from which a worker's skill is read off gold.
        seconds: time of each answer, shape (n,).
        repeats: the worker of each repeated task and whether they answered the same, shape (R,) each.
        belief: of ``dawid_skene`` in these answers, where it is there already.

    Returns:
        One row a worker, nan where a quantity is not known; ``<name>_low`` and ``<name>_high`` are its 95 % interval:

        - ``answers``, ``gold_answers``; ``gold_accuracy`` with ``gold_low`` and ``gold_high`` (Wilson).
        - ``accuracy``: the chance of the true class, and its credible interval (``pooling.pooled``).
        - ``agreement``: the share of the *other* answers to the same tasks that agree (leave one out).
        - ``skill``: kappa, agreement beyond what the frequencies of classes on both sides give by chance. Workers with
          ``enough`` gold answers are held against gold, the rest against the other answers.
          Of both, Wilson's interval, which is careful: agreement with several others varies less than yes and no.
        - ``spam``: 0 for confusions that tell the truth, 1 for answers that do not depend on it (Raykar and Yu 2012),
          with a credible interval.
        - ``entropy`` of the worker's answers in nats (``_entropy``); ``consistency`` over ``repeats`` tasks met twice
          (Wilson); ``seconds``, the median, between two of the times (``_medians``).
    """
    workers = answers.workers
    table = pd.DataFrame({"worker": names, "answers": np.bincount(answers.worker, minlength=workers)})
    agreement, skill = _against_others(answers)
    if gold is not None:
        right, number, of_gold = _against_gold(answers, gold)
        table["gold_answers"], table["gold_accuracy"], table["gold_low"], table["gold_high"] = number, *right
        skill = np.where(number >= enough, of_gold, skill)
    known_as = pooled(answers, dawid_skene(answers) if belief is None else belief)._asdict()
    table = table.assign(**{name: known_as[name] for name in ("accuracy", "accuracy_low", "accuracy_high")})
    table["agreement"], table["agreement_low"], table["agreement_high"] = agreement
    table["skill"], table["skill_low"], table["skill_high"] = skill
    table = table.assign(**{name: known_as[name] for name in ("spam", "spam_low", "spam_high")})
    table["entropy"], table["entropy_low"], table["entropy_high"] = _entropy(answers)
    if repeats is not None and len(repeats[0]):
        number = np.bincount(repeats[0], minlength=workers)
        same = mean_by(repeats[0], repeats[1], workers)
        table["repeats"], table["consistency"] = number, same
        table["consistency_low"], table["consistency_high"] = wilson(same * number, number)
    if seconds is not None:
        table["seconds"], table["seconds_low"], table["seconds_high"] = _medians(seconds, answers.worker, workers)
    return table


def _against_others(answers: Answered) -> tuple[FloatArray, FloatArray]:
    """Agreement of each worker with the other answers to the same tasks, and beyond chance: value, low, high (3, W)."""
    workers, classes, votes = answers.workers, answers.classes, answers.votes()
    total = votes.sum(axis=1)[answers.task]
    shared = total > 1
    worker, label = answers.worker[shared], answers.label[shared]
    others = (votes[answers.task] - np.eye(classes)[answers.label])[shared] / (total[shared] - 1)[:, None]
    agreement = mean_by(worker, others[np.arange(len(label)), label], workers)
    spread = np.stack([mean_by(worker, others[:, k], workers) for k in range(classes)], axis=1)
    chance = (_shares(worker, label, workers, classes) * spread).sum(axis=1)
    number = np.bincount(worker, minlength=workers)
    found = np.stack([agreement, *wilson(agreement * number, number)])
    return found, beyond_chance(found, chance)


def _against_gold(answers: Answered, gold: Codes) -> tuple[FloatArray, NDArray[np.int64], FloatArray]:
    """How often each worker is right on gold, (3, W), of so many answers, (W,), and that beyond chance, (3, W)."""
    known = gold[answers.task] >= 0
    worker, label, truth = answers.worker[known], answers.label[known], gold[answers.task[known]]
    share = mean_by(worker, label == truth, answers.workers)
    number = np.bincount(worker, minlength=answers.workers)
    right = np.stack([share, *wilson(share * number, number)])
    of_labels, of_truth = (_shares(worker, codes, answers.workers, answers.classes) for codes in (label, truth))
    return right, number, beyond_chance(right, (of_labels * of_truth).sum(axis=1))


def _entropy(answers: Answered) -> tuple[FloatArray, FloatArray, FloatArray]:
    r"""Entropy of each worker's answers, and what it may be of very many: shape (W,) each, nan without answers.

    One answer as the whole crowd gives it is added to a worker's; of the Dirichlet distribution that follows, the mean
    and variance of the entropy are exact, and the interval is normal, between 0 and ln K.

    Source: Wolpert and Wolf 1995, Physical Review E 52, 6841-6854.
    """
    counts = cross(answers.worker, answers.label, (answers.workers, answers.classes))
    there = counts.sum(axis=1) > 0
    value = np.where(there, entr(shares(counts)).sum(axis=1), np.nan)
    a = counts + counts.sum(axis=0) / max(counts.sum(), 1) + 1e-9
    total = a.sum(axis=1, keepdims=True)
    mean = digamma(total + 1)[:, 0] - (a / total * digamma(a + 1)).sum(axis=1)
    apart = digamma(a + 1) - digamma(total + 2)
    own = apart + 1 / (a + 1)  # digamma(a + 2) - digamma(total + 2)
    square = (a * (a + 1) * (own**2 + polygamma(1, a + 2) - polygamma(1, total + 2))).sum(axis=1)
    weighed = a * apart
    crossed = weighed.sum(axis=1) ** 2 - (weighed**2).sum(axis=1)
    crossed -= polygamma(1, total + 2)[:, 0] * (total[:, 0] ** 2 - (a**2).sum(axis=1))
    variance = (square + crossed) / (total * (total + 1))[:, 0] - mean**2
    half = ndtri(0.975) * np.sqrt(np.maximum(variance, 0))
    ends = np.where(there, np.clip([mean - half, mean + half], 0, np.log(max(answers.classes, 1))), np.nan)
    return np.asarray(value, dtype=np.float64), ends[0], ends[1]


def _medians(seconds: FloatArray, worker: Codes, workers: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Each worker's median, and the two times between which it lies with 95 %; these are nan of fewer than six.

    Source: Conover 1999, Practical Nonparametric Statistics, 3rd edition, chapter 3.2 (the sign test).
    """
    known = ~np.isnan(seconds)
    order = np.lexsort((seconds[known], worker[known]))
    times, number = seconds[known][order], np.bincount(worker[known], minlength=workers)
    first = np.cumsum(number) - number
    below = bdtrik(0.025, number, 0.5)
    below = np.where(number >= 6, np.floor(np.nan_to_num(below)), -1).astype(np.int64)  # so many are too few by chance
    medians = pd.Series(times).groupby(worker[known][order]).median().reindex(range(workers))
    value: FloatArray = np.asarray(medians, dtype=np.float64)
    ends: list[FloatArray] = [
        np.where(below >= 0, times[np.clip(place, 0, max(len(times) - 1, 0))], np.nan) if len(times) else value
        for place in (first + below, first + number - 1 - below)
    ]
    return value, ends[0], ends[1]


def _shares(group: Codes, label: Codes, groups: int, classes: int) -> FloatArray:
    """How often each group has each label, rows sum to 1, nan where there is none."""
    often = cross(group, label, (groups, classes))
    return over(often, often.sum(axis=1, keepdims=True))
