"""What is made of workers with few answers, whose truth is known.

    python scripts/few_answers.py [CROWDS]

Prints, by the number of answers a worker gave and for even and skewed classes: the share of right labels of the
majority and of each method, with and without a prior on each worker; the rank correlation of estimated with true
skill, also of the accuracy and of one minus the spam score in the table of workers of `fer-exp crowd`; and how often
their 95 % credible intervals hold the truth. In uneven crowds most gave few answers and some many. Means over so many
crowds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from fer_exp.answers import Codes
from fer_exp.raters.aggregation import Aggregate, Answered, dawid_skene, majority, one_coin
from fer_exp.raters.gold import credits
from fer_exp.raters.pooling import pooled
from fer_exp.stats.bootstrap import FloatArray

CLASSES, TASKS, ANSWERS = 7, 400, 8
METHODS: dict[str, Callable[[Answered], Aggregate]] = {
    "majority": majority,
    "dawid_skene, likelihood": partial(dawid_skene, right=0.0, wrong=0.0),
    "dawid_skene": dawid_skene,
    "one_coin, likelihood": partial(one_coin, right=0.0, wrong=0.0),
    "one_coin": one_coin,
}


def crowd(each: int, shares: FloatArray, generator: np.random.Generator) -> tuple[Answered, Codes, FloatArray]:
    """Answers, truth and true skills: ``ANSWERS`` a task, ``each`` a worker; a wrong answer is often the next class."""
    truth = generator.choice(CLASSES, TASKS, p=shares).astype(np.int32)
    workers = TASKS * ANSWERS // each
    skill = generator.beta(6, 3, workers)
    worker = np.repeat(np.arange(workers), each)[: TASKS * ANSWERS]
    task = np.tile(generator.permutation(TASKS), ANSWERS)[: len(worker)]
    right = generator.random(len(task)) < skill[worker]
    away = np.where(generator.random(len(task)) < 0.5, 1, generator.integers(1, CLASSES, len(task)))
    label = np.where(right, truth[task], (truth[task] + away) % CLASSES)
    codes = [part.astype(np.int32) for part in (task, worker, label)]
    return Answered(codes[0], codes[1], codes[2], TASKS, workers, CLASSES), truth, skill


def uneven(shares: FloatArray, generator: np.random.Generator) -> tuple[Answered, Codes, FloatArray]:
    """The same where most workers gave few answers and some gave many, as crowds are."""
    answers, truth, _ = crowd(1, shares, generator)
    workers = 150
    skill = generator.beta(6, 3, workers)
    taste = generator.lognormal(0, 1.3, workers)
    worker = generator.choice(workers, len(answers.task), p=taste / taste.sum()).astype(np.int32)
    task = answers.task
    right = generator.random(len(task)) < skill[worker]
    away = np.where(generator.random(len(task)) < 0.5, 1, generator.integers(1, CLASSES, len(task)))
    label = np.where(right, truth[task], (truth[task] + away) % CLASSES).astype(np.int32)
    return Answered(task, worker, label, TASKS, workers, CLASSES), truth, skill


def spam_of(skill: FloatArray) -> FloatArray:
    """The true spam scores of such workers."""
    away = np.full(CLASSES, 0.5 / (CLASSES - 1))
    away[0], away[1] = 0.0, away[1] + 0.5
    turned = np.stack([np.roll(away, k) for k in range(CLASSES)])
    rows = skill[:, None, None] * np.eye(CLASSES) + (1 - skill)[:, None, None] * turned
    squares = (rows**2).sum(axis=(1, 2)) * CLASSES - (rows.sum(axis=1) ** 2).sum(axis=1)
    return np.asarray(1 - squares / (CLASSES * (CLASSES - 1)))


def figures(answers: Answered, truth: Codes, skill: FloatArray) -> dict[tuple[str, str], float]:
    """By table and column, of one crowd."""
    found: dict[tuple[str, str], float] = {}
    there = np.bincount(answers.worker, minlength=answers.workers) > 0
    for name, method in METHODS.items():
        belief = method(answers)
        found["share of right labels", name] = float(credits(belief.posterior, truth).mean())
        found["rank correlation with true skill", name] = _rank(belief.skill[there], skill[there])
    known = pooled(answers, dawid_skene(answers))
    found["rank correlation with true skill", "pooled"] = _rank(known.accuracy[there], skill[there])
    found["rank correlation with true skill", "1 - spam score"] = _rank(-known.spam[there], skill[there])
    table = "95 % credible interval of a worker"
    true = {"accuracy": skill, "spam": spam_of(skill)}
    for name, value in true.items():
        low, high = (getattr(known, f"{name}_{end}") for end in ("low", "high"))
        found[table, f"{name}: holds"] = float(((low <= value) & (value <= high)).mean())
        found[table, f"{name}: width"] = float((high - low).mean())
    return found


def _rank(estimated: FloatArray, true: FloatArray) -> float:
    return float(spearmanr(estimated, true).statistic)


def main(crowds: int) -> None:
    """Prints the tables."""
    even, skewed = np.full(CLASSES, 1 / CLASSES), np.array([0.6, 0.2, 0.08, 0.05, 0.03, 0.02, 0.02])
    rows = []
    for words, shares in (("even", even), ("skewed", skewed)):
        for each in (2, 4, 10, 50, 200, "uneven"):
            for seed in range(crowds):
                number = each if isinstance(each, int) else 0
                generator = np.random.default_rng([seed, number])
                made = crowd(number, shares, generator) if number else uneven(shares, generator)
                rows += [
                    {"classes": words, "answers": str(each), "table": table, "column": column, "value": value}
                    for (table, column), value in figures(*made).items()
                ]
    table = pd.DataFrame(rows)
    for name, part in table.groupby("table", sort=False):
        wide = part.pivot_table("value", ["classes", "answers"], "column", sort=False)
        print(f"\n{name}\n\n{wide.round(3).reset_index().to_markdown(index=False)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
