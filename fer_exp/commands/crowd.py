"""`fer-exp crowd`: which workers to trust, what remains of their answers, and how it compares with gold and a lab."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers import Answers, Votes, known_tasks
from fer_exp.answers.read import read_answers, read_labels
from fer_exp.commands.following import corpus_words, line
from fer_exp.commands.people import folder, load
from fer_exp.config import CrowdConfig, check_choice
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES
from fer_exp.progress import progress
from fer_exp.raters.aggregation import METHODS, Aggregate, Answered, dawid_skene
from fer_exp.raters.filters import FILTERS, filter_workers, spared
from fer_exp.raters.gold import Gold, accuracies, deal_gold, paired_gain, thresholds
from fer_exp.raters.lab import against_lab, soft_labels
from fer_exp.raters.workers import describe_workers
from fer_exp.report.crowd import Crowd, summary
from fer_exp.report.outcome import Outcome, finish
from fer_exp.report.verdicts import of_crowd
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.tables import NO_FRAMES, Frames


class Asked(NamedTuple):
    """A crowd's answers, the ``name`` of where they come from, gold answers and a lab's votes where there are any."""

    name: str
    data: Answers
    gold: Gold | None
    lab: Votes | None


NAMED = 20
"""Workers that a note names."""
FEW = 10
"""Answers below which a worker's own say little."""


def crowd(config: CrowdConfig) -> Path | None:
    """Describe and filter workers, aggregate, compare; write votes, soft labels and posteriors; last line, the folder.

    Args:
        config: see conf/crowd.yaml.

    Raises:
        RequestError: votes without workers, unknown methods, a filter that removes everyone, or what reading finds.
        RunError: a file cannot be written.
    """
    asked = read(config)
    place = folder(config, "crowd", asked.name)
    return finish(measured(config, asked), place)


def next_step(config: CrowdConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    faces = ["dataset=folder", "dataset.root=PICTURES"]
    if config.dataset is not None and config.ratings is None:
        faces = corpus_words(config.dataset, leave_out=("votes", "ratings"))
    return line("train", *faces, f"dataset.votes={place / 'votes.csv'}", "labels=soft")


def read(config: CrowdConfig, frames: Frames = NO_FRAMES) -> Asked:
    """What a config names; ``frames`` stand for its files ``ratings``, ``gold`` and ``lab``."""
    for method in config.methods:
        check_choice("methods", method, tuple(METHODS))
    people = load(config, frames)
    if isinstance(people.data, Votes):
        raise RequestError(
            f"{people.name} has counts of votes, but not who gave them; crowd needs task, worker, label "
            "(fer-exp agreement takes counts)."
        )
    data = people.data.select(people.data.label >= 0)
    if len(data.task) == 0:
        raise RequestError("crowd needs labels; this table has ratings only (fer-exp agreement measures them).")
    gold = _gold(config, data, frames)
    return Asked(people.name, data, gold, None if config.lab is None else _lab_votes(config, data, frames))


def measured(config: CrowdConfig, asked: Asked) -> Outcome:
    """Filter, aggregate, compare."""
    _, data, gold, lab = asked
    notes = list(data.notes)
    before = Answered.of(data)
    confused = dawid_skene(before)
    workers = describe_workers(before, data.workers, gold=None if gold is None else gold.shown, seconds=data.seconds,
                               enough=config.enough_gold_answers, repeats=data.said_twice, belief=confused)  # fmt: skip
    filters = {key: value for key in FILTERS if (value := getattr(config, key)) is not None}
    kept, removed, unsure = filter_workers(workers, filters, config.enough_gold_answers, sure=config.sure)
    workers.insert(1, "kept", kept)
    notes += _few(workers)
    if config.min_gold_accuracy is not None:
        notes += _spared(workers, config.min_gold_accuracy, config.enough_gold_answers)
    notes += _unsure(workers, filters, unsure)
    remaining = data.select(kept[data.worker])
    after = Answered.of(remaining)
    votes = data.counts(), remaining.counts()
    beliefs = _aggregate(config, before, after, {"dawid_skene": confused})
    if gold is not None and config.gold_tasks is None and not kept.all():
        notes.append(
            "accuracy is judged on the gold tasks that the filter used, so it looks too good; gold_tasks=50 judges on "
            "others"
        )
    if gold is not None and gold.missing:
        notes.append(f"{gold.missing:,} gold tasks have no answer")
    against = None if lab is None else _against_lab(config, data, lab, *votes, notes)
    paired = learnt = None
    if gold is not None:
        paired = paired_gain(beliefs["all"]["majority"], beliefs["filtered"]["majority"], (before, after), gold)
        learnt = thresholds(before, gold, config.gold_tasks, enough=config.enough_gold_answers,
                            asked=config.min_gold_accuracy, seed=config.seed)  # fmt: skip
    removes = int((~kept).sum())
    found = Crowd(
        verdict=of_crowd(filters, removes, lab=against, gold=gold, paired=paired, thresholds=learnt),
        data=data,
        counts=votes[1],
        beliefs=beliefs["filtered"],
        workers=workers,
        removed=removed,
        soft=soft_labels(*votes, config.seed),
        gold=gold,
        accuracy=None if gold is None else accuracies(beliefs, {"all": before, "filtered": after}, gold),
        gain=paired,
        thresholds=learnt,
        lab=against,
        notes=notes,
    )
    return summary(found)


def _few(workers: pd.DataFrame) -> list[str]:
    """How many workers gave few answers, so that of them little is known."""
    few = workers[workers["answers"].between(1, FEW - 1)]
    if few.empty:
        return []
    width = (few["accuracy_high"] - few["accuracy_low"]).median()
    return [
        f"{len(few):,} of {len(workers):,} workers gave fewer than {FEW} answers: their accuracy is pulled towards "
        f"that of the whole crowd, and its 95 % interval is rough and {width:.2f} wide (median)"
    ]


def _unsure(workers: pd.DataFrame, filters: Mapping[str, float], unsure: Mapping[str, NDArray[np.bool_]]) -> list[str]:
    """Whom each filter would remove by the value alone, counted and named."""
    notes = []
    for key, rows in unsure.items():
        stay = workers[rows].sort_values("answers", kind="stable")
        if len(stay):
            do = "worker does" if len(stay) == 1 else "workers do"
            notes.append(
                f"{key}={filters[key]:g}: {len(stay):,} {do} not meet it but stay, because their "
                f"{'rough ' * (key == 'max_spam')}95 % interval reaches it: "
                f"{_named(stay, 'answers')}; sure=false goes by the value alone"
            )
    return notes


def _named(workers: pd.DataFrame, column: str) -> str:
    """Some workers by name, with a number each."""
    named = ", ".join(
        f"{worker} ({count})" for worker, count in zip(workers["worker"][:NAMED], workers[column], strict=False)
    )
    return f"{named} and {len(workers) - NAMED:,} more" if len(workers) > NAMED else named


def _spared(workers: pd.DataFrame, threshold: float, enough: int) -> list[str]:
    """Who stays because too few gold answers say anything of them, counted and named."""
    few = spared(workers[workers["kept"]], enough)
    if few.empty:
        return []
    fewer = f"fewer than {enough} gold answers" if enough > 1 else "no gold answer"
    return [
        f"of {len(workers):,} workers {len(few):,} {'has' if len(few) == 1 else 'have'} {fewer}, too few for "
        f"min_gold_accuracy={threshold:g}, and stay: {_named(few, 'gold_answers')}; enough_gold_answers= sets how many "
        f"are enough, min_gold_answers={enough} removes who has fewer"
    ]


def _gold(config: CrowdConfig, data: Answers, frames: Frames) -> Gold | None:
    """True classes of tasks from a file, dealt to the filter and the judge."""
    if config.gold is None:
        if config.gold_tasks is not None:
            raise RequestError("gold_tasks needs gold=FILE, a table task, label.")
        return None
    source = frames.get("gold", config.gold)
    tasks, codes, _ = read_labels(
        source, data.classes, "gold", scale=config.scale, numbers=config.numbers, ordered=bool(config.classes)
    )
    truth, missing = known_tasks(data, tasks, codes)
    truth = np.where(np.bincount(data.task, minlength=len(data.tasks)) > 0, truth, -1).astype(np.int32)
    if (truth < 0).all():
        raise RequestError(
            f"gold={config.gold}: nobody answered any of its {len(tasks):,} tasks; are these the same task ids?"
        )
    return deal_gold(truth, config.gold_tasks, config.seed, missing)


def _aggregate(
    config: CrowdConfig, before: Answered, after: Answered, known: Mapping[str, Aggregate]
) -> dict[str, dict[str, Aggregate]]:
    """Every method on all answers, unless ``known``, and on those that remain, once where these are the same."""
    beliefs: dict[str, dict[str, Aggregate]] = {"all": {}, "filtered": {}}
    same = len(after.task) == len(before.task)
    for method in dict.fromkeys(["majority", *config.methods]):
        progress(f"aggregating by {method}")
        beliefs["all"][method] = known.get(method) or METHODS[method](before)
        beliefs["filtered"][method] = beliefs["all"][method] if same else METHODS[method](after)
    return beliefs


def _lab_votes(config: CrowdConfig, data: Answers, frames: Frames) -> Votes:
    """The lab's votes for faces of which the crowd answered one or more, of classes that the crowd never gave, too."""
    more = () if config.classes else tuple(name for name in CLASSES if name not in data.classes)
    lab = read_answers(frames.get("lab", str(config.lab)), "lab", classes=data.classes, also=more, ignore=config.ignore,
                       duplicates=config.duplicates, scale=config.scale, numbers=config.numbers,
                       numbered=bool(config.classes))  # fmt: skip
    votes = (lab.votes() if isinstance(lab, Answers) else lab).of_classes(data.classes)
    if known_tasks(data, votes.tasks, np.arange(len(votes.tasks), dtype=np.int32))[1] == len(votes.tasks):
        raise RequestError(
            f"lab={config.lab}: nobody answered any of its {len(votes.tasks):,} faces; are the ids alike?"
        )
    return votes


def _against_lab(
    config: CrowdConfig, data: Answers, lab: Votes, before: FloatArray, after: FloatArray, notes: list[str]
) -> dict[str, pd.DataFrame]:
    """Crowd against lab: majorities per class and for sums of classes, and distances between distributions."""
    row, missing = known_tasks(data, lab.tasks, np.arange(len(lab.tasks), dtype=np.int32))
    inside = row >= 0
    if missing:
        notes.append(f"{missing:,} faces of the lab have no answer of the crowd")
    if more := lab.classes[len(data.classes) :]:
        notes.append(f"classes that the lab gave and the crowd never: {', '.join(more)}")
    ours, filtered = (np.pad(votes[inside], ((0, 0), (0, len(more)))) for votes in (before, after))
    return against_lab(
        ours, filtered, lab.counts[row[inside]], lab.classes, config.merge,
        ties=config.ties, samples=config.bootstrap, seed=config.seed,
    )  # fmt: skip
