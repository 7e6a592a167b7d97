"""Soft targets on CAFE (Washington et al. 2021): a crowd against a lab, and one label against a distribution."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from fer_exp.config import TrainConfig
from fer_exp.datasets import facts
from fer_exp.datasets.splits import select
from fer_exp.errors import RequestError
from fer_exp.progress import silent
from fer_exp.report.crowd_figures import lab_figure
from fer_exp.report.outcome import Outcome
from fer_exp.store import open_dataset
from fer_exp.studies.cafe_soft import crowd as cafe_soft_crowd, figure as cafe_soft_figure, tables as cafe_soft_tables
from fer_exp.studies.cafe_soft.networks import Compared, compare, modes
from fer_exp.studies.presets import Preset, read_published
from fer_exp.studies.tables import first_weights
from fer_exp.studies.trained import Asked, Trained, by


def check(preset: Preset, config: TrainConfig, faces: pd.DataFrame) -> None:
    """Raise RequestError where ``crowd`` cannot be read, or the words leave no one-hot to hold against soft."""
    if preset.crowd is not None:
        cafe_soft_crowd.of_folder(preset.crowd)
    if not any({"onehot", "soft"} <= set(grid.get("labels", ())) for grid in preset.grids):
        raise RequestError("cafe-soft holds labels=onehot against labels=soft; leave labels as they are.")


def asks(trained: Sequence[Trained], preset: Preset) -> Asked:
    """``faces``, all with the corpus' own label, those of the runs with a split; and the crowd, where one is known."""
    config = trained[0].config
    _, store = open_dataset(config.dataset, log=silent)
    faces = select(store.faces, store.flags, config.dataset)
    known = store.faces[["face", "subject", "label"]].assign(split=faces["split"].reindex(store.faces.index))
    if preset.crowd is not None:
        crowd: cafe_soft_crowd.Crowd | None = cafe_soft_crowd.of_folder(preset.crowd)
    else:
        crowd = cafe_soft_crowd.built_in(config.dataset, faces, config.bootstrap)
    return {"faces": known, **cafe_soft_crowd.as_tables(crowd)}


def build(trained: Sequence[Trained], preset: Preset, asked: Asked) -> Outcome:
    """All tables and figures of label modes, seeds, and folds where the corpus has no test split.

    Args:
        trained: the trainings.
        preset: what was asked.
        asked: as ``asks`` gives it.

    Returns:
        Of experiment A ``crowd`` and ``crowd_l1``; of experiment B ``networks`` (each with its baselines, and people),
        ``tests`` (of L1, one-hot less soft) and ``differences`` (to soft, every metric, Holm-corrected); the figures of
        L1 face by face, and of the crowd.
    """
    published = read_published("cafe-soft")
    config = trained[0].config
    same_corpus = preset.corpus == published["corpus"]
    known, crowd = asked["faces"], cafe_soft_crowd.of_tables(asked)
    faces = known[known["split"].notna()]
    labels = dict(zip(known["face"], known["label"].astype(object).where(known["label"].notna(), None), strict=True))
    groups = modes(trained)
    compared = compare(groups, labels, config.bootstrap)
    outcome = Outcome(tables=cafe_soft_crowd.tables(crowd, same_corpus, published["crowd"], preset.scale))
    folds = len(by(trained, lambda training: training.config.dataset.fold))
    shown = cafe_soft_tables.Shown(published, same_corpus, f"{preset.scale}, {config.backbone.name}")
    who = "" if compared is None else _people(compared, faces)
    caption = f"{_networks(config, facts(preset.corpus).title, folds)} {who}"
    outcome.tables.append(cafe_soft_tables.networks(groups, compared, shown, caption))
    if compared is not None:
        outcome.notes += compared.notes
        outcome.tables += [*cafe_soft_tables.tests(compared, shown), *cafe_soft_tables.less_soft(compared, shown)]
        title = f"{facts(preset.corpus).title}, {preset.scale}: L1 to people's votes"
        outcome.figures["l1"] = partial(cafe_soft_figure.figure, compared, title)
    if crowd is not None:
        outcome.figures["crowd"] = partial(lab_figure, crowd.agreement, crowd.l1)
    return outcome


def _networks(config: TrainConfig, corpus: str, folds: int) -> str:
    """What was trained, in a sentence or two."""
    dealt = f", {folds} folds, each face tested on in one" if folds > 1 else ""
    taught = "the corpus' label" if config.labels.source == "label" else "the majority of the votes"
    return (
        f"Networks taught one label or the distribution of votes on {corpus}, {first_weights(config)}, "
        f"{config.trainer.epochs} epochs at {config.dataset.size} pixels{dealt}. One-hot is {taught}."
    )


def _people(compared: Compared, faces: pd.DataFrame) -> str:
    """Who is tested on, and what the intervals are drawn over."""
    number, people = compared.result["faces"], compared.result["subjects"]
    if people is None:
        return (
            f"{number:,} test faces, no subjects: the split is the corpus' own or stratified by label, so one person "
            "may be in training and test. Means over seeds, 95 % over runs and faces."
        )
    both = faces["subject"].where(faces["split"] == "test").isin(faces["subject"][faces["split"] != "test"])
    twice = faces["subject"][both].nunique()
    where = f"{twice:,} of them also in training" if twice else "split by person, none of them in training"
    return f"{number:,} test faces of {people:,} people, {where}. Means over seeds, 95 % over runs and people."
