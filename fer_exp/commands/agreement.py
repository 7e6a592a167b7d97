"""`fer-exp agreement`: how well people agree, and what a crowd changes against the original labels."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from fer_exp.answers import Answers
from fer_exp.commands.following import answer_words, line
from fer_exp.commands.people import People, folder, in_groups, labels_of, load, original
from fer_exp.config import AgreementConfig
from fer_exp.errors import RequestError
from fer_exp.grouping import Grouping
from fer_exp.raters.changes import Original, by_subset, changes
from fer_exp.raters.groups import between
from fer_exp.raters.recognition import recognition
from fer_exp.raters.survey import survey
from fer_exp.report.agreement import summary
from fer_exp.report.outcome import Outcome, finish
from fer_exp.report.rater_groups import with_rater_groups
from fer_exp.tables import NO_FRAMES, Frames


class Asked(NamedTuple):
    """What people answered; labels or ratings that it is held against, if any; what is true; groups of raters."""

    people: People
    against: Original | None
    truth: Original | None
    groups: Grouping | None = None


def agreement(config: AgreementConfig) -> Path | None:
    """Measure agreement, print tables, write tables, figures and agreement.json; the last line is their folder.

    Args:
        config: see conf/agreement.yaml. A table with a column ``subset``, or ``by`` a column of faces, is measured
            subset by subset, side by side; ``by`` a column of raters holds these against each other.

    Raises:
        RequestError: no answers, or what reading them finds.
        RunError: a file cannot be written.
    """
    asked = read(config)
    place = folder(config, "agreement", asked.people.name)
    return finish(measured(config, asked), place)


def next_step(config: AgreementConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    if (place / "agreement.csv").is_file() and not (place / "classes.csv").is_file():  # ratings alone
        return f"read the tables, {shlex.quote(str(place))}/*.md"
    words = answer_words(config)
    trust = f"{line('crowd', *words)} (whom to trust, where it is known who answered)"
    return f"{trust}, {line('crowd plan', *words)} (how many to ask)"


def read(config: AgreementConfig, frames: Frames = NO_FRAMES) -> Asked:
    """People's answers, and labels to hold them against; ``frames`` stand for its files ``ratings``, ``against``."""
    people, groups = in_groups(config, load(config, frames), frames)
    against = original(config, config.against, people, frames) if config.against else None
    return Asked(people, against, against or labels_of(people), groups)


def _check_order(classes: Sequence[str]) -> None:
    """Refuse classes that are no numbers, in the order of the alphabet or of emotions, which is none of grades."""
    if not all(re.fullmatch(r"-?\d+([.,]\d+)?", name) for name in classes):
        raise RequestError(
            f"ordered=true needs the classes from lowest to highest: classes=[{','.join(classes)}], say, ordered."
        )


def measured(config: AgreementConfig, asked: Asked) -> Outcome:
    """Agreement of each subset, what the crowd changes in it, and how well it recognises what is true."""
    people, against, truth, groups = asked
    if config.ordered and not config.classes:
        _check_order(people.data.classes)
    subsets = by_subset(people.data, against)
    drawn = {"samples": config.bootstrap, "seed": config.seed}
    of = partial(survey, ends=config.bootstrap > 0, seed=config.seed, least=config.min_shared, ordered=config.ordered)
    of = partial(of, weights=config.weights)
    surveys = {name: of(data) for name, (data, _) in subsets.items()}
    changed = {
        name: changes(data, labels, ties=config.ties, **drawn)
        for name, (data, labels) in subsets.items()
        if labels is not None
    }
    recognised = {
        name: found
        for name, (data, labels) in by_subset(people.data, truth).items()
        if labels is not None and (found := recognition(data, labels.label)) is not None
    }
    outcome = summary(surveys, changed, people.data.classes, recognised)
    if groups is None:
        return outcome
    apart = {}
    for name, (data, _) in subsets.items():
        if isinstance(data, Answers):  # as those of raters are
            within = {
                group: of(data.select(groups.code[data.worker] == g))
                for g, group in enumerate(groups.names)
                if (groups.code[data.worker] == g).any()
            }
            pairs = between(data, groups, permutations=config.permutations, seed=config.seed)
            apart[name] = {**pairs, "within": within}
    return with_rater_groups(outcome, apart)
