"""One label against a distribution of votes (experiment B): how near people each network comes, and how often right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fer_exp.judging.applicable import applies, arrays
from fer_exp.judging.comparison import compare_sources
from fer_exp.judging.contrasts import as_json
from fer_exp.judging.judge import judge
from fer_exp.judging.sources import Source, on_same_faces
from fer_exp.metrics.distribution import l1
from fer_exp.metrics.registry import METRICS, REPAIRS
from fer_exp.metrics.words import spoken
from fer_exp.stats import tests
from fer_exp.stats.bootstrap import FloatArray, cluster_codes
from fer_exp.studies.trained import Trained, by, done

ONEHOT, SOFT = "one-hot", "soft"
ANSWERS = ("macro_f1", "weighted_f1", "majority_macro_f1", "majority_weighted_f1")
"""Metrics of the top class alone, which a temperature does not change."""
MEASURES = {
    name: spoken(name, short=True)
    for name in ("l1", "jensen_shannon_divergence", "soft_cross_entropy", "rater_equivalents", *ANSWERS)
}
"""Metric -> its name for readers; the first of them is what the paper tests."""
SEED = 0  # of bootstrap, permutations and halvings


class Compared(NamedTuple):
    """What the finished networks say of the faces that all were tested on.

    ``modes`` names the groups of ``result``, which is what ``compare_sources`` gives; ``sources`` has one table a mode
    and seed of the same faces in the same order; ``people`` is metric -> result of people in the networks' place.
    """

    modes: list[str]
    result: dict[str, Any]
    sources: dict[str, list[Source]]
    people: dict[str, Any]
    notes: list[str]


def mode_of(training: Trained) -> str:
    """What a network was taught: one-hot, soft, or one-hot with smoothed labels."""
    labels = training.config.labels
    smoothed = f"smoothed {labels.smoothing:g}"
    if labels.kind == "onehot":
        return smoothed if labels.smoothing else ONEHOT
    return f"{labels.kind}, {smoothed}" if labels.smoothing else labels.kind


def modes(trained: Sequence[Trained]) -> dict[str, list[Trained]]:
    """Mode -> its trainings; soft comes last, so that differences to it have one sign."""
    groups = by(trained, mode_of)
    return {name: groups[name] for name in sorted(groups, key=lambda name: name == SOFT)}


def joined(group: Sequence[Trained], labels: Mapping[str, str | None]) -> list[Source]:
    """The predictions of each seed of a mode, its folds put together; seeds with an unfinished fold are left out.

    Test faces are judged by ``labels``, the corpus' own, whatever was taught. Validation faces of a fold may be test
    faces of another; each row is by the network that was not trained on it.
    """
    sources = []
    for folds in by(group, lambda training: training.config.seed).values():
        if len(done(folds)) < len(folds):
            continue
        table = pd.concat([training.run.predictions for training in folds], ignore_index=True)
        test = table["split"] == "test"
        table.loc[test, "label"] = table.loc[test, "face"].map(labels)
        table["label"] = table["label"].astype(object).where(table["label"].notna(), None)
        run = folds[0].run
        config = {**run.config, "dataset": {**run.config["dataset"], "fold": None}}
        sources.append(Source(run.folder, table, {**run.facts, "config": config}))
    return sources


def compare(groups: Mapping[str, Sequence[Trained]], labels: Mapping[str, str | None], samples: int) -> Compared | None:
    """Every metric of every mode with its baselines, every pair tested; None where no mode has a finished seed.

    Args:
        groups: mode -> its trainings.
        labels: face -> the corpus' label.
        samples: bootstrap replicates.
    """
    by_mode = {name: sources for name, group in groups.items() if (sources := joined(group, labels))}
    if not by_mode:
        return None
    original = [source for sources in by_mode.values() for source in sources]
    same, notes = on_same_faces(original, "test", common=True)
    table = same[0].table
    there, needs = applies(arrays(table)), {row.name: row.needs for row in METRICS}
    metrics = [name for name in MEASURES if there[needs[name]].any()]
    result = compare_sources(original, same, metrics, samples=samples, seed=SEED)
    rest = iter(same)
    placed = {name: [next(rest) for _ in sources] for name, sources in by_mode.items()}
    people = judge(table, samples=samples, seed=SEED, only="test")["test"]
    return Compared(list(by_mode), result, placed, people, notes)


def values(compared: Compared | None) -> dict[tuple[str, str | None], dict[str, Any]]:
    """(mode, repair) -> metric -> value, low, high; mode '' has the repairs ``prior`` and ``uniform``."""
    if compared is None:
        return {}
    return {
        ("" if group["base"] < 0 else compared.modes[group["base"]], group["repair"]): group["metrics"]
        for group in compared.result["groups"]
    }


def differences(compared: Compared) -> list[dict[str, Any]]:
    """Each other mode, and one-hot after a temperature, less soft: a row a pair and metric, with every test.

    Returns:
        ``network``, ``metric``, ``difference`` with ``low``, ``high`` and ``p`` (over runs and persons or
        faces), ``p_holm`` over all rows, and of metrics that are means over faces t, p and effect sizes.
    """
    groups = compared.result["groups"]
    rows = []
    for pair in compared.result["pairs"]:
        first, second = groups[pair["a"]], groups[pair["b"]]
        mode, other = compared.modes[first["base"]], compared.modes[second["base"]]
        if other != SOFT or second["repair"] is not None or (first["repair"] is not None and mode != ONEHOT):
            continue
        name = mode if first["repair"] is None else f"{mode}, {REPAIRS[first['repair']]}"
        rows += [
            {"network": name, "metric": metric, **{key: entry[key] for key in entry if key != "holm"}}
            for metric, entry in pair["metrics"].items()
            if first["repair"] is None or metric not in ANSWERS
        ]
    corrected = tests.holm([row["p"] for row in rows])
    return [{**row, "p_holm": holm} for row, holm in zip(rows, corrected, strict=True)]


def published_tests(compared: Compared) -> list[dict[str, Any]]:
    """The tests of L1, one-hot less soft: as published, two networks as independent samples, and the right ones.

    Returns:
        A row a test: ``test``, ``of`` (seed N, means over seeds, or seeds), ``statistic``, ``df``, ``p``, ``effect``
        (d of independent samples, d_z of pairs) and ``n``. The published test comes for each seed that both have, since
        the paper has one network each, and for means over seeds, which differ less. The paired t of seeds takes each
        seed's mean over faces: whether other trainings would differ on these faces.
    """
    if not {ONEHOT, SOFT} <= set(compared.sources):
        return []
    by_seed = {mode: {source.seed: facewise_l1(source) for source in compared.sources[mode]} for mode in (ONEHOT, SOFT)}
    rows = []
    seeds = [seed for seed in by_seed[ONEHOT] if seed in by_seed[SOFT]]
    for seed in seeds:
        a, b = by_seed[ONEHOT][seed], by_seed[SOFT][seed]
        rows.append(_row("independent t", f"seed {seed}", tests.student_t(a, b), tests.cohens_d(a, b), len(a)))
    a, b = (np.mean(list(by_seed[mode].values()), axis=0) for mode in (ONEHOT, SOFT))
    first = compared.sources[SOFT][0].table
    judged = arrays(first)
    codes = cluster_codes(judged.clusters[judged.voted])
    p = tests.permutations(np.stack([a, b], axis=1), [(0, 1)], codes, seed=SEED)
    swapped = tests.Tested(float((a - b).mean()), float(p[0]))
    means = "means over seeds"
    rows += [
        _row("independent t", means, tests.student_t(a, b), tests.cohens_d(a, b), len(a)),
        _row("paired t", means, tests.paired_t(a, b), tests.cohens_dz(a, b), len(a)),
        _row("Wilcoxon", means, tests.wilcoxon(a, b), np.nan, len(a)),
        _row("permutation", means, swapped, np.nan, len(a)),
    ]
    if len(seeds) > 1:
        one, other = (np.array([by_seed[mode][seed].mean() for seed in seeds]) for mode in (ONEHOT, SOFT))
        rows.append(_row("paired t", "seeds", tests.paired_t(one, other), tests.cohens_dz(one, other), len(seeds)))
    both = next((row for row in differences(compared) if (row["network"], row["metric"]) == (ONEHOT, "l1")), None)
    if both is not None:
        found = tests.Tested(*(np.nan if both[key] is None else both[key] for key in ("difference", "p", "df_p")))
        row = _row("t", "runs and persons", found, np.nan, len(a))
        rows.append({**row, "low": both["low"], "high": both["high"]})
    return rows


def facewise_l1(source: Source) -> FloatArray:
    """L1 of each face with votes, shape (M,), in the order of the table."""
    judged = arrays(source.table)
    return l1(judged.people(judged.voted), judged.model[judged.voted])


def mean_l1(sources: Sequence[Source]) -> FloatArray:
    """L1 of each face, the mean over seeds, shape (M,)."""
    return np.asarray(np.mean([facewise_l1(source) for source in sources], axis=0))


def _row(test: str, of: str, tested: tests.Tested, effect: float, n: int) -> dict[str, Any]:
    numbers = {"statistic": tested.statistic, "df": tested.df, "p": tested.p, "effect": effect}
    plain = {name: as_json(value) for name, value in numbers.items()}
    return {"test": test, "of": of, **plain, "n": n, "low": None, "high": None}
