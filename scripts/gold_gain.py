"""How often the interval of what a gold filter gains holds the truth.

    python scripts/gold_gain.py [POOLS]

The same workers label new pools of tasks again and again. The truth of each threshold is what it gains over very many
tasks, with the filter learned on 50 others each time. Prints a row a crowd and threshold: the true gain, and in how
many pools (%) the interval holds it; 95 is right.
"""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
import pandas as pd

from fer_exp.answers import Codes
from fer_exp.raters.aggregation import Answered
from fer_exp.raters.gold import learn_gold
from fer_exp.stats.bootstrap import FloatArray

CLASSES, GOLD, ENOUGH = 4, 50, 10
CROWDS: dict[str, tuple[FloatArray, float]] = {
    "12 alike": (np.full(12, 0.65), 0.5),
    "a third guess": (np.repeat([0.75, 0.25], [8, 4]), 0.5),
    "6, half guess": (np.repeat([0.8, 0.25], [3, 3]), 0.9),
    "27 spread, few answers": (np.linspace(0.4, 0.85, 27), 0.3),
}
"""Crowd -> each worker's chance of the true class, and the share of tasks that a worker answers."""


def pool(skills: FloatArray, share: float, tasks: int, generator: np.random.Generator) -> tuple[Answered, Codes]:
    """Answers of these workers to new tasks, every task answered, and the true classes; some tasks are harder."""
    truth = generator.integers(0, CLASSES, tasks)
    harder = generator.choice([1.0, 0.6], (tasks, 1))
    right = generator.random((tasks, len(skills))) < 0.25 + (skills - 0.25) * harder
    wrong = (truth[:, None] + generator.integers(1, CLASSES, right.shape)) % CLASSES
    said = np.where(right, truth[:, None], wrong)
    asked = generator.random(right.shape) < share
    asked[np.arange(tasks), generator.integers(0, len(skills), tasks)] = True
    task, worker = (codes.astype(np.int32) for codes in np.nonzero(asked))
    answers = Answered(task, worker, said[asked].astype(np.int32), tasks, len(skills), CLASSES)
    return answers, truth.astype(np.int32)


def main(pools: int) -> None:
    """Prints the table."""
    rows = []
    for name, (skills, share) in CROWDS.items():
        generator = np.random.default_rng(1)
        for threshold in (0.4, 0.5, 0.6, 0.7):
            levels = np.array([0.0, threshold])
            gain = partial(learn_gold, tasks=GOLD, thresholds=levels, enough=ENOUGH)
            truth = gain(*pool(skills, share, 20_000, generator), draws=300)["gain"].iloc[1]
            held = []
            for seed in range(pools):
                row = gain(*pool(skills, share, 400, generator), draws=40, seed=seed).iloc[1]
                held.append([row["gain_low"] <= truth <= row["gain_high"], row["gain_high"] - row["gain_low"]])
            means = np.mean(held, axis=0)
            rows.append({"crowd": name, "threshold": threshold, "true gain": truth,
                         "interval holds it, %": 100 * means[0], "its width": means[1]})  # fmt: skip
    print(pd.DataFrame(rows).round(3).to_markdown(index=False))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
