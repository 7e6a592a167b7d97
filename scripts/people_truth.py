"""The synthetic raters, whose truth is known: estimated against true skill, distributions, and plans.

python scripts/people_truth.py        # all three tables
python scripts/people_truth.py plan   # one of: skill, distributions, plan
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from fer_exp.answers import Answers
from fer_exp.answers.read import read_answers
from fer_exp.datasets.synthetic.corpus import Synthetic
from fer_exp.metrics.distribution import l1
from fer_exp.names import CLASSES
from fer_exp.raters import planning
from fer_exp.raters.aggregation import METHODS, Answered
from fer_exp.raters.gold import credits
from fer_exp.raters.workers import describe_workers

NAMES = CLASSES[:7]


def answers_of(corpus: Synthetic) -> Answers:
    """The raters' answers, in the order of the faces."""
    data = read_answers(corpus.ratings(), classes=NAMES)
    if not isinstance(data, Answers):
        raise TypeError("synthetic ratings are answers")
    return data


def answered(data: Answers) -> Answered:
    """As the aggregation takes them, without answers that are no class."""
    part = data.select(data.label >= 0)
    return Answered(part.task, part.worker, part.label, len(data.tasks), len(data.workers), len(data.classes))


def skill(corpus: Synthetic) -> None:
    """Rank correlation of what is estimated of each worker with the true factor of his decidedness."""
    data = answers_of(corpus)
    workers = corpus.workers().set_index("worker").loc[list(data.workers)]
    true = workers["skill"].to_numpy(np.float64)
    spammers = true == 0
    described = describe_workers(answered(data), data.workers)
    found = {"agreement with the rest": described["agreement"], "skill (kappa with the rest)": described["skill"],
             "1 - spam score": 1 - described["spam"]}  # fmt: skip
    print(f"\n## Skill: {len(true)} workers, {int(spammers.sum())} spammers, {len(data.tasks):,} faces")
    truth = corpus.read().table.set_index("face").loc[list(data.tasks), "label"]
    gold = truth.map({name: code for code, name in enumerate(NAMES)}).to_numpy(np.int32)
    rows = []
    for name, method in METHODS.items():
        belief = method(answered(data))
        found[f"{name} skill"] = pd.Series(belief.skill)
        rows.append({"method": name, "accuracy against the posed class": credits(belief.posterior, gold).mean()})
    table = [
        {
            "estimate": name,
            "rank correlation with true skill": spearmanr(value, true)[0],
            "without spammers": spearmanr(value[~spammers], true[~spammers])[0],
            "spammers among the lowest": f"{int(spammers[np.argsort(value.to_numpy())[: spammers.sum()]].sum())} of "
            f"{int(spammers.sum())}",
        }
        for name, value in found.items()
    ]
    print(pd.DataFrame(table).to_markdown(index=False, floatfmt=".3f"))
    print()
    print(pd.DataFrame(rows).to_markdown(index=False, floatfmt=".3f"))


def distributions(corpus: Synthetic) -> None:
    """L1 of estimated distributions to the true ones of the whole pool."""
    data = answers_of(corpus)
    true = corpus.truth().set_index("face").loc[list(data.tasks), list(NAMES)].to_numpy(np.float64)
    described = describe_workers(answered(data), data.workers)
    kept = (described["spam"] <= described["spam"].sort_values().iloc[-4]).to_numpy()  # the three worst go
    rows = []
    without = data.select(kept[data.worker])
    for name, part in (("votes of all", data), ("votes without the 3 highest spam scores", without)):
        counts = part.counts()
        known = counts.sum(axis=1) > 0
        share = counts[known] / counts[known].sum(axis=1, keepdims=True)
        rows.append({"estimate": name, "L1": l1(true[known], share).mean(), "faces": int(known.sum())})
    for name, method in METHODS.items():
        if name != "majority":
            posterior = method(answered(data)).posterior
            rows.append({"estimate": f"posterior of {name}", "L1": l1(true, posterior).mean(), "faces": len(true)})
    print("\n## Distributions: L1 to the true distribution of answers (posteriors are no soft labels)")
    print(pd.DataFrame(rows).to_markdown(index=False, floatfmt=".3f"))


def plan(corpus: Synthetic) -> None:
    """A plan from a pilot of 400 faces, against panels drawn from the true distributions of all faces."""
    data = answers_of(corpus)
    counts = data.counts()
    pilot = np.random.default_rng(0).choice(len(counts), 400, replace=False)
    table = planning.plan(counts[pilot], 100, samples=50)
    true = corpus.truth()[list(NAMES)].to_numpy(np.float64)
    sizes = np.arange(1, 101)
    truth = np.mean([planning.curves(true, sizes, np.random.default_rng(seed)) for seed in range(5)], axis=0)
    rows = []
    for k in (1, 2, 5, 10, 20, 50, 100):
        row: dict[str, object] = {"raters": k, "beyond pilot": "yes" if k > 10 else "no"}
        for place, metric in enumerate(planning.METRICS):
            line = table.iloc[k - 1]
            row[metric] = f"{line[metric]:.3f} [{line[f'{metric}_low']:.3f}, {line[f'{metric}_high']:.3f}]"
            row[f"true {metric}"] = f"{truth[k - 1, place]:.3f}"
        rows.append(row)
    print("\n## Plan from a pilot of 400 faces of 10 raters, beside the truth")
    print(pd.DataFrame(rows).to_markdown(index=False))


def main() -> None:
    """Print the tables asked for."""
    asked = sys.argv[1:] or ["skill", "distributions", "plan"]
    corpus = Synthetic(3000, NAMES, seed=0)
    for name, part in (("skill", skill), ("distributions", distributions), ("plan", plan)):
        if name in asked:
            part(corpus)


if __name__ == "__main__":
    main()
