"""Whom to trust in a crowd: what is known of each worker, and filters with a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import entr

from fer_exp.errors import RequestError
from fer_exp.raters.aggregation import Answered, Codes, FloatArray, dawid_skene, mean_by
from fer_exp.raters.agreement import beyond_chance
from fer_exp.stats.shares import wilson


class Filter(NamedTuple):
    """A column of the table of workers, whether its threshold is a minimum, its name in words, and what it needs."""

    column: str
    least: bool
    words: str
    needs: str


FILTERS: dict[str, Filter] = {
    "min_answers": Filter("answers", True, "answers", ""),
    "min_gold_answers": Filter("gold_answers", True, "gold answers", "gold=FILE"),
    "min_gold_accuracy": Filter("gold_accuracy", True, "share of gold answers that are right", "gold=FILE"),
    "min_agreement": Filter("agreement", True, "agreement with the other answers", "tasks with two answers"),
    "min_skill": Filter("skill", True, "agreement beyond chance", "gold=FILE, or tasks with two answers"),
    "min_consistency": Filter(
        "consistency",
        True,
        "share of repeats answered the same",
        "workers who met a task twice, with duplicates=first or last",
    ),
    "min_seconds": Filter("seconds", True, "median seconds an answer", "a column seconds"),
    "min_entropy": Filter("entropy", True, "entropy of a worker's answers", ""),
    "max_entropy": Filter("entropy", False, "entropy of a worker's answers", ""),
    "max_spam": Filter("spam", False, "spam score", ""),
}
"""Filters by key. A worker whose quantity is unknown (no repeated task, say) does not meet a threshold on it; of a
share of gold answers too few decide nothing, and the worker stays (``filter_workers``)."""


def describe_workers(
    answers: Answered,
    names: NDArray[np.object_],
    *,
    gold: Codes | None = None,
    enough: int = 1,
    seconds: FloatArray | None = None,
    repeats: tuple[Codes, NDArray[np.bool_]] | None = None,
) -> pd.DataFrame:
    """What is known of each worker.

    Args:
        answers: of W workers to T tasks.
        names: of the workers, shape (W,).
        gold: true class of each task, shape (T,), -1 where it is not known.
        enough: gold answers from which a worker's skill is read off gold.
        seconds: time of each answer, shape (n,).
        repeats: the worker of each repeated task and whether they answered the same, shape (R,) each.

    Returns:
        One row a worker, nan where a quantity is not known:

        - ``answers``, ``gold_answers``; ``gold_accuracy`` with ``gold_low`` and ``gold_high``, Wilson's 95 % interval.
        - ``agreement``: the share of the *other* answers to the same tasks that agree (leave one out).
        - ``skill``: kappa, agreement beyond what the frequencies of classes on both sides give by chance. Workers with
          ``enough`` gold answers are held against gold, the rest against the other answers.
        - ``spam``: 0 for confusions that tell the truth, 1 for answers that do not depend on it (``spam_scores``).
        - ``entropy`` of the worker's answers in nats; ``consistency`` over ``repeats`` tasks met twice; ``seconds``,
          the median.
    """
    workers, classes = answers.workers, answers.classes
    count = np.bincount(answers.worker, minlength=workers)
    table = pd.DataFrame({"worker": names, "answers": count})
    votes = answers.votes()
    total = votes.sum(axis=1)[answers.task]
    shared = total > 1
    worker, label = answers.worker[shared], answers.label[shared]
    others = (votes[answers.task] - np.eye(classes)[answers.label])[shared] / (total[shared] - 1)[:, None]
    agreement = mean_by(worker, others[np.arange(len(label)), label], workers)
    spread = np.stack([mean_by(worker, others[:, k], workers) for k in range(classes)], axis=1)
    skill = beyond_chance(agreement, (_shares(worker, label, workers, classes) * spread).sum(axis=1))
    if gold is not None:
        known = gold[answers.task] >= 0
        worker, label, truth = answers.worker[known], answers.label[known], gold[answers.task[known]]
        right = mean_by(worker, (label == truth).astype(np.float64), workers)
        gold_count = np.bincount(worker, minlength=workers)
        table["gold_answers"], table["gold_accuracy"] = gold_count, right
        table["gold_low"], table["gold_high"] = wilson(right * gold_count, gold_count)
        chance = _shares(worker, label, workers, classes) * _shares(worker, truth, workers, classes)
        skill = np.where(gold_count >= enough, beyond_chance(right, chance.sum(axis=1)), skill)
    table["agreement"], table["skill"] = agreement, skill
    table["spam"] = spam_scores(answers)
    shares = _shares(answers.worker, answers.label, workers, classes)
    table["entropy"] = np.where(count > 0, entr(shares).sum(axis=1), np.nan)
    if repeats is not None and len(repeats[0]):
        table["repeats"] = np.bincount(repeats[0], minlength=workers)
        table["consistency"] = mean_by(repeats[0], repeats[1].astype(np.float64), workers)
    if seconds is not None:
        table["seconds"] = pd.Series(seconds).groupby(answers.worker).median().reindex(range(workers)).to_numpy()
    return table


def spam_scores(answers: Answered) -> FloatArray:
    r"""How little a worker's answers depend on the truth, from Dawid and Skene's confusions.

    .. math:: 1 - \frac{1}{K (K - 1)} \sum_{c < c'} \sum_l (\theta_{cl} - \theta_{c'l})^2

    The confusions are those of ``dawid_skene``, with its answers to start from: a few answers move a worker little, so
    that nobody is called a spammer by them.

    Returns:
        From 0 (always right, or wrong in a way that tells the truth) to 1 (the same answers whatever the truth), (W,).

    Source:
        Raykar and Yu 2012, Eliminating spammers and ranking annotators for crowdsourced labeling tasks. Journal of
        Machine Learning Research 13, 491-518; one minus their score for several classes.
    """
    k = answers.classes
    shares = np.asarray(dawid_skene(answers).confusion)
    squares = (shares**2).sum(axis=(1, 2)) * k - (shares.sum(axis=1) ** 2).sum(axis=1)
    return np.clip(1 - squares / (k * (k - 1)), 0.0, 1.0) if k > 1 else np.ones(answers.workers)


BASIS = {"gold_accuracy": ("gold_answers", "gold answer"), "consistency": ("repeats", "repeat")}
"""What a share of few cases stands on: its column and its words."""


def filter_workers(
    table: pd.DataFrame, thresholds: Mapping[str, float | None], enough: int = 1
) -> tuple[NDArray[np.bool_], pd.DataFrame]:
    """Which workers meet every threshold, and which ones each filter removes.

    Args:
        table: as ``describe_workers`` gives it.
        thresholds: by key of ``FILTERS``, None for no filter.
        enough: gold answers from which ``min_gold_accuracy`` judges a worker; who has fewer stays (``spared``).

    Returns:
        Kept, shape (W,), and a row for each worker and filter that they do not meet: ``worker``, ``filter``,
        ``threshold``, ``value``, ``answers``, ``why``, which says how many answers a share stands on.

    Raises:
        RequestError: a filter on what the table cannot tell, or nobody is left.

    >>> table = pd.DataFrame({"worker": ["ann", "bob"], "answers": [40, 3]})
    >>> kept, removed = filter_workers(table, {"min_answers": 20})
    >>> kept.tolist(), removed["why"].tolist()
    ([True, False], ['answers 3, below 20'])
    """
    kept = np.ones(len(table), np.bool_)
    rows = []
    for key, threshold in thresholds.items():
        if threshold is None:
            continue
        column, least, words, needs = FILTERS[key]
        if column not in table or table[column].isna().all():
            raise RequestError(f"{key}={threshold:g} cannot be judged: it needs {needs}.")
        value = table[column].to_numpy(np.float64)
        with np.errstate(invalid="ignore"):
            met = value >= threshold if least else value <= threshold
        if key == "min_gold_accuracy" and "gold_answers" in table:
            judged = table["gold_answers"].to_numpy() >= enough
            if not judged.any():
                most = int(table["gold_answers"].max())
                raise RequestError(
                    f"{key}={threshold:g} judges nobody: it asks for {enough} gold answers a worker, and the most that "
                    f"anybody has is {most}; give more gold, or enough_gold_answers={most}."
                )
            value = np.where(judged, value, np.nan)
            met |= ~judged
        if not met.any():
            best = np.nanmax(value) if least else np.nanmin(value)
            raise RequestError(
                f"{key}={threshold:g} removes all {len(table):,} workers: the {'highest' if least else 'lowest'} "
                f"{words} is {best:.3g}; choose a threshold that somebody meets."
            )
        for row in np.flatnonzero(~met):
            side = "below" if least else "above"
            unknown = np.isnan(value[row])
            basis, case = BASIS.get(column, ("", ""))
            cases = int(table[basis].iloc[row]) if basis in table else 0
            on = f" on {cases} {case}{'' if cases == 1 else 's'}" if cases else ""
            why = f"{column} is not known" if unknown else f"{column} {value[row]:.3g}{on}, {side} {threshold:g}"
            rows.append({"worker": table["worker"].iloc[row], "filter": key, "threshold": threshold,
                         "value": value[row], "answers": int(table["answers"].iloc[row]), "why": why})  # fmt: skip
        kept &= met
    if not kept.any():
        filters = " ".join(f"{key}={value:g}" for key, value in thresholds.items() if value is not None)
        raise RequestError(f"{filters} together remove all {len(table):,} workers; nobody meets them all. Loosen one.")
    return kept, pd.DataFrame(rows, columns=["worker", "filter", "threshold", "value", "answers", "why"])


def spared(table: pd.DataFrame, enough: int) -> pd.DataFrame:
    """The workers whom too few gold answers keep from being judged by them, those with fewest first.

    >>> spared(pd.DataFrame({"worker": ["ann", "bob"], "gold_answers": [40, 3]}), 10)["worker"].tolist()
    ['bob']
    """
    return table[table["gold_answers"] < enough].sort_values("gold_answers", kind="stable")


def _shares(group: Codes, label: Codes, groups: int, classes: int) -> FloatArray:
    """How often each group has each label, rows sum to 1, nan where there is none."""
    cells = np.bincount(group.astype(np.int64) * classes + label, minlength=groups * classes).reshape(groups, classes)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(cells / cells.sum(axis=1, keepdims=True))
