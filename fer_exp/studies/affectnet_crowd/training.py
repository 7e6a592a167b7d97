"""Weakly against fully trained networks: how near the crowd after every epoch, and with how many training faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fer_exp.judging.applicable import arrays
from fer_exp.judging.ceiling import HALVINGS, halves
from fer_exp.judging.judge import half_against_rest
from fer_exp.judging.predictions import class_names
from fer_exp.metrics.faces import Faces
from fer_exp.metrics.registry import VOTES, measure
from fer_exp.metrics.words import direction, spoken
from fer_exp.report.cells import NOTHING
from fer_exp.report.figures import COLUMN, REFERENCES, blank, curve
from fer_exp.report.outcome import OutcomeTable
from fer_exp.stats.seeds import OverSeeds, over_seeds, paired_over_seeds
from fer_exp.studies.tables import columns_of, seeds_cell
from fer_exp.studies.trained import Trained, done, troubles

OF_VOTES = {
    name: spoken(name, short=True)
    for name in ("l1", "jensen_shannon_divergence", "soft_cross_entropy", "entropy_correlation", "vote_correlation")
}
OF_RATINGS = {name: spoken(name) for name in ("valence_ccc", "arousal_ccc")}
OF_DISTANCE = ("l1", "jensen_shannon_divergence", "soft_cross_entropy")
"""Those of ``OF_VOTES`` that one answer for all faces has; it is correlated with nothing."""
CLOSEST = "l1"
"""What the epoch closest to the votes of validation is chosen by; less is closer."""

Sizes = Mapping[str, Sequence[Trained]]
"""Name of a training-set size -> its trainings, one a seed, fewest faces first."""
Histories = dict[int, pd.DataFrame]
"""Seed -> history, a row an epoch, by epoch."""


def histories(group: Sequence[Trained]) -> Histories:
    """Seed -> history of the finished trainings that kept one."""
    kept = {training.config.seed: training.run.history for training in done(group)}
    return {seed: history.set_index("epoch") for seed, history in kept.items() if history is not None}


def people(faces: pd.DataFrame, ratings: Mapping[str, Any]) -> dict[str, float]:
    """What people score in the network's place.

    Args:
        faces: checked predictions of the judged faces; their votes are read.
        ratings: side -> measure -> result, as ``survey`` found it.

    Returns:
        Of votes, one random half of a face's raters against the other, the mean over ``ceiling.HALVINGS``, as
        ``ceiling_<metric>`` of metrics.json; of ratings ICC(2,k), the CCC that the means of two panels as large would
        have. What is undefined is left out.

    Source:
        Carrasco and Jover 2003, Biometrics 59, 849-858: the CCC as an intraclass correlation.
    """
    judged = arrays(faces)
    counts = judged.counts[judged.shared].astype(np.int64)
    scores: dict[str, float | None] = {}
    if len(counts):
        dealt = halves(counts, HALVINGS, seed=0)
        halved = [half_against_rest(small, large, names=OF_VOTES) for small, large in dealt]
        scores = {name: float(np.mean([float(half[name](None)) for half in halved])) for name in OF_VOTES}
    for name in OF_RATINGS:
        scores[name] = ratings.get(name.removesuffix("_ccc"), {}).get("icc_2_k", {}).get("value")
    return {name: float(score) for name, score in scores.items() if score is not None and np.isfinite(score)}


def by_epoch(sizes: Sizes, measures: Mapping[str, str], ceiling: Mapping[str, float]) -> OutcomeTable:
    """A row an epoch and training-set size: mean over seeds with t-interval; the last row is people.

    Args:
        sizes: the trainings.
        measures: metric -> column that readers see.
        ceiling: metric -> what people score.

    Returns:
        ``rows`` has every epoch, ``shown`` the epochs 1, 2, 4, 8 and so on, and the last. ``training`` is the accuracy
        on the faces as they are learnt from, by the labels taught: near 1 a network is fully trained.
    """
    rows: list[dict[str, Any]] = []
    shown = []
    for name, group in sizes.items():
        by_seed, trouble = histories(group), troubles(group)
        epochs = _epochs(by_seed)
        if not epochs:
            rows.append({"faces": name, "seeds": 0, "state": trouble or "no history"})
            shown.append({"faces": name, "epoch": trouble or "no history"})
        for epoch in epochs:
            seeds = {metric: over_seeds(_at(by_seed, metric, epoch)) for metric in measures}
            row: dict[str, Any] = {"faces": name, "epoch": epoch, "seeds": len(by_seed)}
            learnt = over_seeds([value for one in by_seed.values() for value in _one(one, "train_accuracy", epoch)])
            row |= columns_of("train_accuracy", learnt)
            for metric, over in seeds.items():
                row |= columns_of(metric, over)
            rows.append({**row, "state": trouble or "done"})
            if epoch & (epoch - 1) == 0 or epoch == epochs[-1]:
                more = f" ({trouble})" if trouble else ""
                cells = {words: seeds_cell(seeds[metric]) for metric, words in measures.items()}
                training = seeds_cell(None if learnt is None else OverSeeds(learnt.mean, None, None, learnt.n))
                shown.append({"faces": name, "epoch": f"{epoch}{more}", "training": training, **cells})
    rows.append({"faces": "people", "state": "done", **{metric: ceiling.get(metric) for metric in measures}})
    cells = {words: f"{ceiling[metric]:.3f}" if metric in ceiling else NOTHING for metric, words in measures.items()}
    shown.append({"faces": "people", "epoch": NOTHING, "training": NOTHING, **cells})
    return OutcomeTable("epochs", "", pd.DataFrame(rows), pd.DataFrame(shown).fillna(NOTHING))


def chosen_epochs(by_seed: Histories) -> dict[int, int]:
    """Seed -> the epoch whose answers are closest to the votes of *validation*, the first of equals.

    Seeds without votes in validation have none: nothing is chosen on the faces that judge.

    >>> chosen_epochs({0: pd.DataFrame({"val_l1": [0.9, 0.5, 0.5], "test_l1": [0.1, 0.9, 0.9]}, index=[1, 2, 3])})
    {0: 2}
    """
    column = f"val_{CLOSEST}"
    return {
        seed: int(history.index[int(np.nanargmin(history[column].to_numpy(np.float64)))])
        for seed, history in by_seed.items()
        if column in history and history[column].notna().any()
    }


def answer(sizes: Sizes, measures: Mapping[str, str], published: str) -> OutcomeTable:
    """The epoch closest to the votes of validation against the last, judged on test, paired over seeds.

    Args:
        sizes: the trainings.
        measures: metric -> column that readers see.
        published: what a cell of the published column says.

    Returns:
        A row a training-set size: of each metric the difference, chosen less last epoch, mean over seeds with
        t-interval; in ``rows`` both epochs' means, too.
    """
    rows: list[dict[str, Any]] = []
    shown = []
    for name, group in sizes.items():
        by_seed, trouble = histories(group), troubles(group)
        chosen = chosen_epochs(by_seed)
        last = {seed: int(by_seed[seed].index.max()) for seed in chosen}
        without = "" if chosen else trouble or "no votes in validation: nothing to choose an epoch by"
        row: dict[str, Any] = {"faces": name, "seeds": len(chosen)}
        row["chosen"] = float(np.mean(list(chosen.values()))) if chosen else None
        cells: dict[str, Any] = {"faces": name, "chosen": ", ".join(map(str, chosen.values())) or without}
        cells["of"] = str(max(last.values(), default=NOTHING))
        for metric, words in measures.items():
            column = f"test_{metric}"
            weak, full = ({seed: value for seed, at in epochs.items() for value in _one(by_seed[seed], column, at)}
                          for epochs in (chosen, last))  # fmt: skip
            for when, values in (("chosen", weak), ("last", full)):
                row |= columns_of(f"{metric}_{when}", over_seeds(list(values.values())))
            difference = paired_over_seeds(weak, full)
            row |= columns_of(f"{metric}_difference", difference)
            cells[words] = seeds_cell(difference, 3, "+")
        rows.append({**row, "state": without or trouble or "done"})
        shown.append({**cells, "published": published})
    return OutcomeTable("answer", "", pd.DataFrame(rows), pd.DataFrame(shown))


def constant(faces: pd.DataFrame) -> dict[str, float]:
    """What one answer for every face scores in the network's place: the mean of all votes; of faces with votes."""
    judged = arrays(faces)
    if not judged.voted.any():
        return {}
    human = judged.people(judged.voted)
    same = np.broadcast_to(human.mean(axis=0), human.shape)
    found = measure(VOTES, Faces(human, same, class_names(faces)), names=OF_DISTANCE)
    return {name: float(np.asarray(statistic(None))) for name, statistic in found.items()}


def figure(
    sizes: Sizes, measures: Mapping[str, str], ceiling: Mapping[str, float], same: Mapping[str, float], title: str
) -> Figure | None:
    """Every measure (metric -> its words) by epoch, a line a size; None without a history.

    ``ceiling`` is what people score and ``same`` what one answer for all faces does, a line each where it is known.
    """
    curves = {name: by_seed for name, group in sizes.items() if (by_seed := histories(group))}
    measures = {
        metric: words
        for metric, words in measures.items()
        if any(f"test_{metric}" in history for by_seed in curves.values() for history in by_seed.values())
    }
    if not measures:
        return None
    lines = (len(measures) + 1) // 2
    drawn = blank(COLUMN, 1.35 * lines + (0.4 if len(measures) % 2 else 0.9))
    panels = drawn.subplots(lines, 2, squeeze=False, sharex=True).ravel().tolist()
    for axes, (metric, words) in zip(panels, measures.items(), strict=False):
        for number, (name, by_seed) in enumerate(curves.items()):
            curve(axes, _points(by_seed, metric), number, f"{name.partition(' (')[0]} faces")
        for values, words_of, kind in ((ceiling, "people", "people"), (same, "the mean vote, always", "constant")):
            if metric in values:
                axes.axhline(values[metric], label=words_of, **REFERENCES[kind])
        axes.set_title(f"{words} {direction(metric)}")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
        axes.tick_params(labelsize=7)
    for axes in panels[len(measures) :]:
        axes.set_axis_off()
    for axes in panels[max(0, len(measures) - 2) : len(measures)]:
        axes.tick_params(labelbottom=True)
    drawn.supxlabel("epoch", fontsize=8)
    shown = {label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    if len(measures) % 2:
        panels[-1].legend(list(shown.values()), list(shown), loc="center", fontsize=7)
    else:
        drawn.legend(list(shown.values()), list(shown), loc="outside lower center", ncols=2, fontsize=7)
    drawn.suptitle(title, fontsize=8)
    return drawn


def _epochs(by_seed: Histories) -> list[int]:
    return sorted({int(epoch) for history in by_seed.values() for epoch in history.index})


def _points(by_seed: Histories, metric: str) -> dict[float, OverSeeds]:
    over = {epoch: over_seeds(_at(by_seed, metric, epoch)) for epoch in _epochs(by_seed)}
    return {epoch: one for epoch, one in over.items() if one is not None}


def _at(by_seed: Histories, metric: str, epoch: int) -> list[float]:
    """A test metric of each seed at an epoch, where it is defined."""
    return [value for history in by_seed.values() for value in _one(history, f"test_{metric}", epoch)]


def _one(history: pd.DataFrame, column: str, epoch: int) -> list[float]:
    """A column at an epoch; empty where the history has none or it is undefined."""
    if column not in history or epoch not in history.index:
        return []
    value = float(history[column].to_numpy(np.float64)[history.index.get_loc(epoch)])
    return [value] if np.isfinite(value) else []
