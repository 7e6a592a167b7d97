"""Soft targets on CAFE (Washington et al. 2021): a crowd against a lab, and one label against a distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fer_exp.config import DatasetConfig
from fer_exp.datasets.splits import select
from fer_exp.report.figures import style
from fer_exp.report.human_figures import lab_figure
from fer_exp.report.human_tables import p_value
from fer_exp.store import open_dataset
from fer_exp.studies import cafe_soft_crowd, cafe_soft_figure
from fer_exp.studies.cafe_soft_networks import (
    MEASURES,
    ONEHOT,
    SCALED,
    SOFT,
    Compared,
    compare,
    differences,
    modes,
    published_tests,
    values,
)
from fer_exp.studies.presets import Preset
from fer_exp.studies.published import read_published
from fer_exp.studies.tables import (
    NOT_STATED,
    NOTHING,
    OTHER_CORPUS,
    Outcome,
    StudyTable,
    corpus_name,
    interval,
)
from fer_exp.studies.trained import Trained, by, troubles

PEOPLE = {
    "people: half of a face's raters": "",
    "people: as many new raters": "sampling_",
    "people: one rater": "leave_one_out_",
}
"""Row -> what stands between ceiling_ and the metric in metrics.json."""
SHOWN = ("l1", "macro_f1", "majority_macro_f1", "rater_equivalents")
PERCENT = ("macro_f1", "weighted_f1", "majority_macro_f1", "majority_weighted_f1")


def build(trained: Sequence[Trained], preset: Preset) -> Outcome:
    """All tables and figures.

    Args:
        trained: the trainings of the preset: label modes, seeds, folds where the corpus has no test split.
        preset: what was asked.

    Returns:
        Of experiment A ``crowd`` and ``crowd_l1``; of experiment B ``networks`` (each with its baselines, and people),
        ``tests`` (of L1, one-hot less soft) and ``differences`` (to soft, every metric, Holm-corrected); the figures of
        L1 face by face, and of the crowd.
    """
    published = read_published("cafe-soft")
    config = trained[0].config
    own = preset.corpus == published["corpus"]
    scale = f"{preset.scale}, {config.backbone.name}"
    faces, labels = _faces(config.dataset)
    outcome = Outcome()
    if preset.crowd is not None:
        crowd: cafe_soft_crowd.Crowd | None = cafe_soft_crowd.of_folder(preset.crowd)
    else:
        crowd = cafe_soft_crowd.built_in(config.dataset, faces, config.bootstrap)
    outcome.tables += cafe_soft_crowd.tables(crowd, own, published["crowd"], preset.scale)
    groups = modes(trained)
    found = compare(groups, labels, config.bootstrap)
    outcome.tables.append(_networks(groups, found, published, own, scale, _caption(trained, preset, found, own)))
    if found is not None:
        outcome.notes += found.notes
        outcome.tables += _tests(found, published, own, scale)
        title = f"{corpus_name(preset.corpus)}, {preset.scale}: L1 to people's votes"
        with style():
            outcome.figures["l1"] = cafe_soft_figure.figure(found, title)
    if crowd is not None:
        with style():
            outcome.figures["crowd"] = lab_figure(crowd.agreement, crowd.l1)
    return outcome


def _faces(config: DatasetConfig) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The faces of a run in their splits, and the corpus' own label of every face."""
    _, store = open_dataset(config, log=lambda line: None)
    known = store.faces["label"].astype(object).where(store.faces["label"].notna(), None)
    return select(store.faces, store.flags, config), dict(zip(store.faces["face"], known, strict=True))


def _networks(
    groups: Mapping[str, Sequence[Trained]],
    found: Compared | None,
    published: dict[str, Any],
    own: bool,
    scale: str,
    caption: str,
) -> StudyTable:
    """A row a label mode, then one-hot repaired after training, answers without a network, and people."""
    results = values(found)
    rows, shown = [], []
    for mode, group in groups.items():
        theirs = published["f1"].get({ONEHOT: "onehot", SOFT: "soft"}.get(mode, ""))
        trouble, result = troubles(group), results.get((mode, None), {})
        seeds = 0 if found is None else len(found.sources.get(mode, []))
        ours = result.get("macro_f1", {}).get("value")
        difference = 100 * ours - theirs if own and theirs is not None and ours is not None else None
        rows.append({"network": mode, "seeds": seeds, **_numbers(result), "published": theirs,
                     "difference": difference, "scale": scale, "state": trouble or "done"})  # fmt: skip
        said = _cells(result)
        if trouble:
            said["L1"] = f"{said['L1']} ({trouble})" if result else trouble
        stated = NOT_STATED if theirs is None else f"{theirs:.2f} (CAFE)"
        away = f"{difference:+.2f}" if difference is not None else NOTHING if own else OTHER_CORPUS
        shown.append({"network": mode, **said, "published F1": stated, "difference": away})
    for (mode, repair), result in results.items():
        if repair is None:
            continue
        words = SCALED.get(repair, {"prior": "class prior", "uniform": "uniform"}.get(repair, repair))
        name = f"{mode}, {words}" if mode else words
        rows.append({"network": name, **_numbers(result), "scale": scale, "state": "done"})
        if mode in ("", ONEHOT):
            shown.append({"network": name, **_cells(result), "published F1": NOT_STATED, "difference": NOTHING})
    for name, part in PEOPLE.items() if found is not None else ():
        result = {metric: found.people.get(f"ceiling_{part}{metric}", {}) for metric in MEASURES} if found else {}
        rows.append({"network": name, **_numbers(result), "scale": scale, "state": "done"})
        shown.append({"network": name, **_cells(result), "published F1": NOTHING, "difference": NOTHING})
    return StudyTable("networks", caption, pd.DataFrame(rows), pd.DataFrame(shown).assign(scale=scale))


def _tests(found: Compared, published: dict[str, Any], own: bool, scale: str) -> list[StudyTable]:
    tested, compared = published_tests(found), differences(found)
    tables = []
    d = published["implied"]["d"]
    stated = f"t = {published['t']}, p = {published['p']} (CAFE)"
    if tested:
        rows = pd.DataFrame(tested)
        same = rows["test"] == "independent t"
        rows["published"] = np.where(same, published["t"], np.nan)
        rows["published_p"] = np.where(same, published["p"], np.nan)
        rows["difference"] = np.where(same & own, rows["statistic"] - published["t"], np.nan)
        shown = [
            {
                "test": row["test"],
                "of": row["of"],
                "statistic": interval(row["statistic"], row["low"], row["high"]),
                "df": "" if row["df"] != row["df"] else f"{row['df']:.0f}",
                "p": p_value(row["p"]),
                "effect": "" if row["effect"] != row["effect"] else f"{row['effect']:.2f}",
                "published": stated if row["test"] == "independent t" else NOT_STATED,
                "difference": f"{row['difference']:+.2f}" if row["difference"] == row["difference"] else NOTHING,
            }
            for row in rows.to_dict("records")
        ]
        caption = (
            f"L1 to the votes, one-hot less soft, {rows['n'].iloc[0]:,} faces: above 0, soft is closer to people. The "
            "published test takes two networks on the same faces for independent samples; the others are the right "
            "ones. Statistic: t, the smaller rank sum of Wilcoxon, else the mean difference. Permutation swaps whole "
            "persons, the bootstrap draws runs, then persons (faces where persons are not known). Effect: d of "
            "independent samples, d_z of pairs. t grows with the number of faces, d does not: the published t and p "
            f"imply {published['implied']['faces'][0]} to {published['implied']['faces'][1]} faces and d {d[0]:.2f} to "
            f"{d[1]:.2f}, which the paper does not state."
        )
        tables.append(StudyTable("tests", caption, rows.assign(scale=scale), pd.DataFrame(shown).assign(scale=scale)))
    if compared:
        rows = pd.DataFrame(compared)
        kept = [row for row in compared if row["metric"] in SHOWN]
        shown = [
            {
                "network": row["network"],
                "metric": MEASURES[row["metric"]],
                "less soft": _scaled_interval(row, row["metric"], "difference", sign="+"),
                "p": p_value(_nan(row["p"])),
                "p (Holm)": p_value(_nan(row["p_holm"])),
                "paired t": p_value(_nan(row.get("p_paired"))),
                "Wilcoxon": p_value(_nan(row.get("p_wilcoxon"))),
                "d_z": _two(row.get("dz")),
                "published": NOT_STATED,
            }
            for row in kept
        ]
        caption = (
            "Other networks less soft, 95 % bootstrap over runs, then persons or faces, whose p Holm corrects for all "
            f"{len(rows)} rows of the csv; F1 in points. Tests of pairs take the mean over seeds of each face, and are "
            "there where a metric is a mean over faces. A temperature is one number fitted on validation faces, to "
            "their labels or to their votes: what it closes was confidence alone."
        )
        differing = StudyTable(
            "differences", caption, rows.assign(scale=scale), pd.DataFrame(shown).assign(scale=scale)
        )
        tables.append(differing)
    return tables


def _caption(trained: Sequence[Trained], preset: Preset, found: Compared | None, own: bool) -> str:
    config = trained[0].config
    folds = len(by(trained, lambda each: each.config.dataset.fold))
    dealt = f", {folds} folds of which each face is tested in one" if folds > 1 else ""
    weights = "from scratch" if config.backbone.weights == "none" else f"weights {config.backbone.weights}"
    words = [
        f"Label modes on {corpus_name(preset.corpus)}, {config.backbone.name} {weights}, "
        f"{config.trainer.epochs} epochs at {config.dataset.size} pixels{dealt}. One-hot is taught "
        f"{_taught(config.labels.source)}."
    ]
    if found is not None:
        number, people = found.result["faces"], found.result["subjects"]
        who = (
            f"{number:,} test faces of {people:,} people, nobody of whom is in training"
            if people
            else f"{number:,} test faces, no subjects known: splits are the corpus' own or drawn by label, and one "
            "person may be on both sides"
        )
        words.append(f"{who}. Means over seeds with 95 % bootstrap over runs, then {'people' if people else 'faces'}.")
    words.append(
        "F1 in percent, the mean over classes, against the corpus' label and against the majority of the votes. "
        "Raters: how many people the network is worth (panel of a face's raters as close to its other raters). People: "
        "half of a face's raters against the other half; its votes against as many new ones; one rater against the "
        f"others. Published: two ResNet-152{'' if own else ' on CAFE'}, F1 against CAFE's label; how classes are "
        "averaged is not stated (weighted F1: csv), nor the means of L1."
    )
    return " ".join(words)


def _taught(source: str) -> str:
    return "the corpus' label" if source == "label" else "the majority of the votes"


def _numbers(result: Mapping[str, Any]) -> dict[str, float | None]:
    """Every metric with its interval, as columns."""
    return {
        f"{metric}{end}": result.get(metric, {}).get(key)
        for metric in MEASURES
        for end, key in (("", "value"), ("_low", "low"), ("_high", "high"))
    }


def _cells(result: Mapping[str, Any]) -> dict[str, str]:
    return {MEASURES[metric]: _scaled_interval(result.get(metric, {}), metric, "value") for metric in SHOWN}


def _scaled_interval(result: Mapping[str, Any], metric: str, key: str, sign: str = "") -> str:
    factor, decimals = (100, 1) if metric in PERCENT else (1, 1 if metric == "rater_equivalents" else 3)
    ends = [None if (value := result.get(name)) is None else factor * value for name in (key, "low", "high")]
    return interval(ends[0], ends[1], ends[2], decimals, sign)


def _two(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _nan(value: float | None) -> float:
    return np.nan if value is None else value
