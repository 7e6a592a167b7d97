"""What aggregation makes of workers with few answers, whose truth is known: with and without a prior on each worker.

    python scripts/few_answers.py [CROWDS]

Prints, by the number of answers a worker gave and for even and skewed classes: the accuracy of the majority and of each
method, and the rank correlation of the workers' estimated with their true skill. Means over so many crowds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from fer_exp.raters.aggregation import Aggregate, Answered, Codes, FloatArray, dawid_skene, majority, one_coin
from fer_exp.raters.gold import credits
from fer_exp.raters.workers import spam_scores

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


def main(crowds: int) -> None:
    """Prints the table."""
    even, skewed = np.full(CLASSES, 1 / CLASSES), np.array([0.6, 0.2, 0.08, 0.05, 0.03, 0.02, 0.02])
    rows = []
    for words, shares in (("even", even), ("skewed", skewed)):
        for each in (2, 4, 10, 40, 200):
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in (*METHODS, "1 - spam score")}
            for seed in range(crowds):
                answers, truth, skill = crowd(each, shares, np.random.default_rng([seed, each]))
                for name, method in METHODS.items():
                    belief = method(answers)
                    right = float(credits(belief.posterior, truth).mean())
                    found[name].append((right, float(spearmanr(belief.skill, skill).statistic)))
                rank = float(spearmanr(-spam_scores(answers), skill).statistic)
                found["1 - spam score"].append((np.nan, rank))
            for name, pairs in found.items():
                accuracy, rank = np.mean(pairs, axis=0)
                rows.append({"classes": words, "answers": each, "method": name, "accuracy": accuracy, "rank": rank})
    table = pd.DataFrame(rows)
    for column in ("accuracy", "rank"):
        wide = table.dropna(subset=column).pivot_table(column, ["classes", "answers"], "method", sort=False)
        print(f"\n{column}\n\n{wide.round(3).reset_index().to_markdown(index=False)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
