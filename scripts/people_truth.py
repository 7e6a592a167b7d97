"""The synthetic raters, whose truth is known: estimated against true skill, distributions, plans, and coverage.

python scripts/people_truth.py            # all four tables
python scripts/people_truth.py coverage   # one of: skill, distributions, plan, coverage
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
from fer_exp.raters import agreement, planning, reliability
from fer_exp.raters.aggregation import METHODS, Answered
from fer_exp.raters.gold import credits
from fer_exp.raters.workers import describe_workers
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.totals import Measure, joint_intervals, together

NAMES = CLASSES[:7]
REPEATS, SAMPLE, POPULATION = 1000, 400, 20_000
FIRST = 200


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


def coverage() -> None:
    """How often 95 % intervals from a sample of faces hold the value over all faces of a large population."""
    print(f"\n## Coverage of 95 % intervals: {REPEATS} samples of {SAMPLE} of {POPULATION:,} faces, 1,000 replicates")
    print(covered(POPULATION, REPEATS, SAMPLE).to_markdown(index=False, floatfmt=".3f"))


def covered(population: int, repeats: int, sample: int, samples: int = 1000) -> pd.DataFrame:
    """Share of samples whose interval holds the value of the population, per measure."""
    data = answers_of(Synthetic(population, NAMES, seed=0))
    counts = data.counts()
    names, values = measured(counts, data)
    inside, widths = np.zeros((repeats, len(names))), np.zeros(len(names))
    for repeat in range(repeats):
        chosen = np.zeros(len(counts), np.bool_)
        chosen[np.random.default_rng([repeat, 1]).choice(len(counts), sample, replace=False)] = True
        _, ends = intervals(counts[chosen], data.of_tasks(chosen), samples, repeat)
        inside[repeat] = (ends[:, 0] <= values) & (values <= ends[:, 1])
        widths += ends[:, 1] - ends[:, 0]
    return pd.DataFrame(
        {
            "measure": names,
            "value": values,
            "mean width": widths / repeats,
            f"coverage, first {FIRST}": inside[:FIRST].mean(axis=0),
            "coverage": inside.mean(axis=0),
        }
    )


def nominal(counts: FloatArray) -> dict[str, Measure]:
    """The measures of classes whose coverage is tried."""
    return {
        "percent_agreement": agreement.percent_agreement(counts),
        "fleiss_kappa": agreement.fleiss_kappa(counts),
        "krippendorff_alpha": agreement.krippendorff_alpha(counts),
        "split_half": agreement.split_half(counts),
        "vote_entropy": agreement.vote_entropy(counts),
        **{f"kappa {name}": agreement.class_kappa(counts, k) for k, name in enumerate(NAMES)},
    }


def measured(counts: FloatArray, data: Answers) -> tuple[list[str], FloatArray]:
    """Names and values of all measures."""
    names, ends = intervals(counts, data, 0, 0)
    return names, ends[:, 2]


def intervals(counts: FloatArray, data: Answers, samples: int, seed: int) -> tuple[list[str], FloatArray]:
    """Names, and low, high and value of all measures."""
    measures = nominal(counts)
    found = joint_intervals(together(measures), list(measures), len(counts), samples, seed)
    for side in ("valence", "arousal"):
        values = data.ratings(side)
        if values is None:
            continue
        forms = reliability.icc(data.task, data.worker, values, len(data.tasks), len(data.workers))
        for name, interval in joint_intervals(forms, reliability.FORMS, len(data.tasks), samples, seed).items():
            found[f"{side} {name}"] = interval
    rows = [[np.nan if end is None else end for end in (low, high, value)] for value, low, high in found.values()]
    return list(found), np.array(rows, dtype=np.float64)


def main() -> None:
    """Print the tables asked for."""
    asked = sys.argv[1:] or ["skill", "distributions", "plan", "coverage"]
    corpus = Synthetic(3000, NAMES, seed=0)
    for name, part in (("skill", skill), ("distributions", distributions), ("plan", plan)):
        if name in asked:
            part(corpus)
    if "coverage" in asked:
        coverage()


if __name__ == "__main__":
    main()
