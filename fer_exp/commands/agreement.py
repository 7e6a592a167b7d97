"""`fer-exp agreement`: how well people agree, and what a crowd changes against the original labels."""

from __future__ import annotations

from pathlib import Path

from fer_exp.commands.people import folder, load, original
from fer_exp.config import AgreementConfig
from fer_exp.raters.changes import by_subset, changes
from fer_exp.raters.survey import survey
from fer_exp.report.agreement import summary
from fer_exp.report.outcome import finish


def agreement(config: AgreementConfig) -> Path | None:
    """Measure agreement, print tables, write tables, figures and agreement.json; the last line is their folder.

    Args:
        config: see conf/agreement.yaml. A table with a column ``subset`` is measured subset by subset, side by side.

    Raises:
        RequestError: no answers, or what reading them finds.
        RunError: a file cannot be written.
    """
    people = load(config)
    against = original(config, config.against, people) if config.against else None
    place = folder(config, "agreement", people.name)
    subsets = by_subset(people.data, against)
    drawn = {"samples": config.bootstrap, "seed": config.seed}
    surveys = {
        name: survey(data, least=config.min_shared, ordered=config.ordered, **drawn)
        for name, (data, _) in subsets.items()
    }
    changed = {
        name: changes(data, labels, ties=config.ties, **drawn)
        for name, (data, labels) in subsets.items()
        if labels is not None
    }
    return finish(summary(surveys, changed, people.data.classes), place, config.json)
