"""`fer-exp agreement`: how well people agree, and what a crowd changes against the original labels."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from fer_exp.commands.people import People, folder, load, original
from fer_exp.config import AgreementConfig
from fer_exp.raters.changes import Original, by_subset, changes
from fer_exp.raters.survey import survey
from fer_exp.report.agreement import summary
from fer_exp.report.outcome import Outcome, finish
from fer_exp.tables import NO_FRAMES, Frames


class Asked(NamedTuple):
    """What people answered, and the labels or ratings that there were before, if it is held against any."""

    people: People
    against: Original | None


def agreement(config: AgreementConfig) -> Path | None:
    """Measure agreement, print tables, write tables, figures and agreement.json; the last line is their folder.

    Args:
        config: see conf/agreement.yaml. A table with a column ``subset`` is measured subset by subset, side by side.

    Raises:
        RequestError: no answers, or what reading them finds.
        RunError: a file cannot be written.
    """
    asked = read(config)
    place = folder(config, "agreement", asked.people.name)
    return finish(measured(config, asked), place)


def read(config: AgreementConfig, frames: Frames = NO_FRAMES) -> Asked:
    """People's answers, and labels to hold them against; ``frames`` stand for its files ``ratings``, ``against``."""
    people = load(config, frames)
    return Asked(people, original(config, config.against, people, frames) if config.against else None)


def measured(config: AgreementConfig, asked: Asked) -> Outcome:
    """Agreement of each subset, and what the crowd changes in it."""
    people, against = asked
    subsets = by_subset(people.data, against)
    drawn = {"samples": config.bootstrap, "seed": config.seed}
    surveys = {
        name: survey(data, least=config.min_shared, ordered=config.ordered, ends=config.bootstrap > 0, seed=config.seed)
        for name, (data, _) in subsets.items()
    }
    changed = {
        name: changes(data, labels, ties=config.ties, **drawn)
        for name, (data, labels) in subsets.items()
        if labels is not None
    }
    return summary(surveys, changed, people.data.classes)
