"""Single labels against a crowd (Kim and Wallraven 2021): agreement, label shift, weak against full training."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from fer_exp.config import TrainConfig
from fer_exp.datasets import facts
from fer_exp.errors import RequestError
from fer_exp.report.outcome import Outcome, OutcomeTable
from fer_exp.studies.affectnet_crowd import labels as crowd_labels, ratings as crowd_ratings, training as weak_training
from fer_exp.studies.needs import as_ratings, given_ratings
from fer_exp.studies.presets import Preset, read_published
from fer_exp.studies.tables import NOT_STATED, OTHER_CORPUS
from fer_exp.studies.trained import Asked, Trained, by, done

SEEDS = "mean over seeds with 95 % t-interval, which holds for other seeds on the same faces"


def check(preset: Preset, config: TrainConfig, faces: pd.DataFrame) -> None:
    """Raise RequestError where the corpus has no original labels, or the words train on others."""
    if faces["label"].isna().all():
        raise RequestError(
            f"affectnet-crowd needs an original label beside the votes, and {preset.corpus} has none; take affectnet "
            "with dataset.ratings=FILE, ferplus or synthetic."
        )
    if (config.labels.kind, config.labels.source, config.trainer.every_epoch) != ("onehot", "label", "test"):
        raise RequestError(
            "affectnet-crowd trains on original labels and judges every epoch: labels=onehot, labels.source=label and "
            "trainer.every_epoch=test are its own; leave them as they are."
        )


def asks(trained: Sequence[Trained], preset: Preset) -> Asked:
    """``ratings`` of the judged faces by several people, or what is ``missing`` for them; ``original`` ratings."""
    finished = done(_by_size(trained))
    if not finished:
        return {}
    faces, config = judged(finished[-1])["face"], trained[0].config
    answers, missing = given_ratings(config.dataset, faces.tolist())
    asked = {"missing": pd.DataFrame([{"missing": missing}])}
    if answers is not None:
        asked["ratings"] = answers
    if (original := crowd_ratings.original_ratings(config.dataset, faces)) is not None:
        asked["original"] = original.assign(face=faces.to_numpy())
    return asked


def build(trained: Sequence[Trained], preset: Preset, asked: Asked) -> Outcome:
    """All tables and figures of networks taught original single labels, some training-set sizes, some seeds.

    Args:
        trained: the trainings.
        preset: what was asked.
        asked: as ``asks`` gives it.

    Returns:
        ``agreement`` of the people who judge, ``shift`` and ``shift_tests`` of original labels and ``ratings`` of
        original ratings against them, ``epochs`` and ``answer`` of weak against full training, ``subsets`` of difficult
        and random faces; the figures of every measure by epoch and of both sets of ratings. The judged faces
        are the test split, which nothing was trained on.
    """
    published = read_published("affectnet-crowd")
    stated = NOT_STATED if preset.corpus == published["corpus"] else OTHER_CORPUS
    sizes = {name_of(group): group for group in by(_by_size(trained), _size).values()}
    outcome = Outcome()
    finished = [group for group in sizes.values() if done(group)]
    measures, ceiling, same = dict(weak_training.OF_VOTES), dict[str, float](), dict[str, float]()
    if finished:
        full = {training.config.seed: judged(training) for training in done(finished[-1])}
        faces, config = next(iter(full.values())), trained[0].config
        missing = str(asked["missing"]["missing"].item())
        answers = as_ratings(asked["ratings"]) if "ratings" in asked else None
        table, ratings = crowd_labels.agreement(faces, answers, missing, stated, config.bootstrap)
        outcome.tables += [table, *crowd_labels.shift(faces, stated, config.bootstrap)]
        original = asked.get("original")
        if original is not None:  # other sizes may have other test faces
            original = original.set_index("face").reindex(faces["face"]).reset_index(drop=True)
        table, plane = crowd_ratings.pattern(faces, original, stated, config.bootstrap, facts(preset.corpus).title)
        outcome.tables.append(table)
        if plane:
            outcome.figures["ratings"] = plane
        if answers is not None:
            measures |= weak_training.OF_RATINGS
        ceiling, same = weak_training.people(faces, ratings), weak_training.constant(faces)
        outcome.notes += _notes(sizes, missing)
    outcome.tables += [
        weak_training.by_epoch(sizes, measures, ceiling),
        weak_training.answer(sizes, measures, stated),
    ]
    if finished:
        subsets = crowd_labels.subsets(full, stated)
        if subsets is None:
            outcome.notes.append("no fully trained network answers a judged face otherwise than its label")
        else:
            outcome.tables.append(subsets)
    outcome.tables = [_complete(table, preset, trained[0], published["statements"]) for table in outcome.tables]
    drawn = {metric: value for metric, value in ceiling.items() if metric != "soft_cross_entropy"}
    title = f"{facts(preset.corpus).title}, {preset.scale}: mean over seeds, 95 % t-interval"
    outcome.figures["epochs"] = lambda: weak_training.figure(sizes, measures, drawn, same, title)
    return outcome


def judged(training: Trained) -> pd.DataFrame:
    """The checked predictions of a finished training for the faces that judge it, the test split."""
    table = training.run.predictions
    return table[table["split"] == "test"].reset_index(drop=True)


def name_of(group: Sequence[Trained]) -> str:
    """A training-set size: the faces that a finished training learnt from, else the limit that was asked.

    Two limits that leave the same faces keep apart by the limit.
    """
    limit = _size(group[0])
    asked = "no limit" if limit == math.inf else f"limit {limit:,.0f}"
    finished = done(group)
    return f"{finished[0].run.facts['faces']['train']:,} ({asked})" if finished else asked


def _size(training: Trained) -> float:
    """The most training faces that was asked for, inf where all were."""
    dataset = training.config.dataset
    return next((float(most) for most in (dataset.train_limit, dataset.limit) if most is not None), math.inf)


def _by_size(trained: Sequence[Trained]) -> list[Trained]:
    return sorted(trained, key=_size)


def _notes(sizes: weak_training.Sizes, missing: str) -> list[str]:
    """What keeps the rows of a table from being compared as they stand."""
    notes = [f"valence and arousal: {missing}"] if missing else []
    firsts = {name: done(group)[0] for name, group in sizes.items() if done(group)}
    judges = {name: frozenset(judged(one)["face"]) for name, one in firsts.items()}
    if len(set(judges.values())) > 1:
        numbers = ", ".join(f"{len(faces):,}" for faces in judges.values())
        notes.append(
            f"sizes were judged on different test faces ({numbers}), since dataset.limit cuts every split: compare "
            "epochs, not sizes, or give dataset.train_limit instead"
        )
    learnt = [one.run.facts["faces"]["train"] for one in firsts.values()]
    if len(set(learnt)) < len(learnt):
        notes.append("several limits left the same number of training faces; give dataset.train_limit=SMALL,LARGE")
    return notes


def _complete(table: OutcomeTable, preset: Preset, one: Trained, statements: dict[str, str]) -> OutcomeTable:
    """A table with its caption, the scale in every row, and what the paper says of it."""
    corpus, epochs, name = facts(preset.corpus).title, one.config.trainer.epochs, one.config.backbone.name
    captions = {
        "agreement": f"Agreement of the people who judge the test faces of {corpus}, 95 % bootstrap over faces.",
        "shift": f"From the original label to the crowd's majority and to its votes, percentage points, test faces of "
        f"{corpus}, 95 % bootstrap over faces.",
        "ratings": f"Mean ratings of the crowd against original ones, test faces of {corpus}, by original class, "
        "95 % bootstrap over faces. Bias: crowd less original. Slope below 1: the crowd rates less extremely.",
        "epochs": f"Weak and full training on the original labels of {corpus}, {name}, judged by the votes of test "
        f"faces: {SEEDS}. Training: accuracy during training, against the labels taught. People, votes: half of a "
        "face's raters against the other half (their cross-entropy depends mostly on classes that nobody in a half "
        "chose). People, ratings: another such panel, ICC(2,k). The csv has every epoch.",
        "answer": f"The epoch closest to the votes of validation (L1) less the last of {epochs}, on test faces, paired "
        f"by seed, {SEEDS}. The weaker network is closer if L1, JS and cross-entropy are below 0 and the others above "
        "0.",
        "subsets": "Change of the share towards neutral and happiness against original labels, points. Difficult: test "
        "faces to which the network with most training faces gives another answer than their label. Random: random "
        f"faces with the same labels. All labels count the same; {SEEDS}.",
    }
    words = f"{captions.get(table.name, '')} {table.caption.strip()}".strip()
    if statement := statements.get(table.name):
        words = f"{words} Published: {statement}; no figure is stated."
    scale = f"{preset.scale}, {name}"
    return OutcomeTable(table.name, words, table.rows.assign(scale=scale), table.readers.assign(scale=scale))
