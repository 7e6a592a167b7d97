"""What people do after each command: a row a command, said in one line on standard error once it is done."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from fer_exp.config import (
    AgreementConfig,
    CompareConfig,
    Config,
    CrowdConfig,
    DatasetConfig,
    EvaluateConfig,
    ExportConfig,
    PeopleConfig,
    PlanConfig,
    PredictConfig,
    PrepareConfig,
    PretrainConfig,
    RateConfig,
    ReportConfig,
    TableConfig,
    TrainConfig,
)
from fer_exp.config.folder import written
from fer_exp.progress import progress
from fer_exp.studies.presets import SCALES


def next_step(config: Config, place: Path | None) -> str:
    """What to do with what a command left, as commands ready to be copied; '' where there is nothing to say.

    Args:
        config: what it was told.
        place: the file or folder that it left, None where it left none.
    """
    say = STEPS.get(type(config))
    if say is None or (place is None and say is not _compare):
        return ""
    return say(config, place)


def compare_line(rows: Sequence[Sequence[Path]], words: Sequence[str]) -> str:
    """The command that compares the runs of a sweep.

    Args:
        rows: the run folders of each configuration, which differ in the seed.
        words: what ``compare`` has to be told besides.
    """
    folders = " ".join(_seeds_of(folders) for folders in rows if folders)
    return " ".join(["fer-exp compare", folders, *map(shlex.quote, words)])


def say_next(step: str, answer: dict[str, Any] | None) -> None:
    """Say what people do next, or give it as the object's ``next``."""
    if answer is None:
        progress(f"next: {step}")
    else:
        answer["next"] = step


def _seeds_of(folders: Sequence[Path]) -> str:
    """Run folders for a shell: those of a configuration as one pattern, where it means them alone."""
    first = folders[0]
    before, seed, after = first.name.rpartition("-seed")
    _, dash, digest = after.partition("-")
    pattern = f"{before}{seed}*{dash}{digest}"
    alike = len(folders) > 1 and seed and {*first.parent.glob(pattern.replace("[", "[[]"))} == {*folders}
    if not alike:
        return shlex.join(map(str, folders))
    return f"{shlex.quote(str(first.parent / before) + seed)}*{shlex.quote(dash + digest)}"


def _train(config: TrainConfig, place: Path) -> str:
    return _line("report", f"run={place}")


def _pretrain(config: PretrainConfig, place: Path) -> str:
    device = config.trainer.accelerator
    network = [] if config.backbone.name == "resnet18" else [f"backbone={config.backbone.name}"]
    on = [] if device == "auto" else [f"trainer={device}"]
    return _line("train", *_dataset(config.dataset), *network, f"backbone.weights={place}", *on)


def _evaluate(config: EvaluateConfig, place: Path) -> str:
    files = [config.run or config.predictions, *config.seeds]
    if config.seeds:
        beside = [f"votes={config.votes}"] if config.votes else []
        seeds = f"seeds=[{','.join(str(name) for name in files if name)}]"
        return f"{_line('compare', seeds, *beside)} OTHER (beside another's)"
    source = str(config.run or config.predictions)
    # The page reads the human side in the table itself, compare also beside it.
    beside = [f"votes={config.votes}"] if config.votes else []
    page = "" if beside else f"{_line('report', f'run={source}', *_in_groups(config))} (a page), "
    return f"{page}{_line('compare', source, *beside, *_in_groups(config))} OTHER (beside another's)"


def _in_groups(config: EvaluateConfig | CompareConfig) -> list[str]:
    """The words for the same groups."""
    return [f"{key}={value}" for key, value in (("by", config.by), ("groups", config.groups)) if value]


def _compare(config: CompareConfig, place: Path | None) -> str:
    if config.votes or config.classes:
        return ""  # which the page does not take
    split = [] if config.split == "test" else [f"split={config.split}"]
    split += _in_groups(config)
    return f"{_line('report', *config.runs, *split, *(['common=true'] if config.common else []))} (a page)"


def _report(config: ReportConfig, place: Path) -> str:
    return f"open {shlex.quote(str(place))} in a browser"


def _predict(config: PredictConfig, place: Path) -> str:
    page = f"open {shlex.quote(str(place.with_suffix('.html')))} in a browser, " if config.page else ""
    judged = f"{_line('evaluate', f'predictions={place}', 'votes=FILE')} (beside what people said of these pictures)"
    return f"{page}{judged}, {_line('compare', str(place))} OTHER (beside another's)"


def _export(config: ExportConfig, place: Path) -> str:
    return f"read {shlex.quote(str(place / 'README.md'))}, which says how to use it"


def _prepare(config: PrepareConfig, place: Path) -> str:
    return _line("train", *_dataset(config.dataset))


def _rate(config: RateConfig, place: Path) -> str:
    if config.export:
        return f"read {shlex.quote(str(place / 'README.md'))}, which says where the folder goes"
    ratings = f"ratings={place / 'answers.csv'}"
    gold = [f"gold={place / 'gold.csv'}"] if (place / "gold.csv").is_file() else []
    return f"{_line('agreement', ratings)} (do people agree), {_line('crowd', ratings, *gold)} (whom to trust)"


def _agreement(config: PeopleConfig, place: Path) -> str:
    if (place / "agreement.csv").is_file() and not (place / "classes.csv").is_file():  # ratings alone
        return f"read the tables, {shlex.quote(str(place))}/*.md"
    words = _people(config)
    told = "(whom to trust, where it is known who answered)"
    return f"{_line('crowd', *words)} {told}, {_line('crowd plan', *words)} (how many to ask)"


def _crowd(config: PeopleConfig, place: Path) -> str:
    faces = ["dataset=folder", "dataset.root=PICTURES"]
    if config.dataset is not None and config.ratings is None:
        faces = _dataset(config.dataset, leave_out=("votes", "ratings"))
    return _line("train", *faces, f"dataset.votes={place / 'votes.csv'}", "labels=soft")


def _plan(config: PeopleConfig, place: Path) -> str:
    return f"collect the answers, then {_line('crowd', 'ratings=ANSWERS')} (whom to trust)"


def _table(config: TableConfig, place: Path) -> str:
    if config.archive:
        return f"{_line('verify', str(place))} (every number, without the corpus)"
    larger = dict(pairwise(SCALES)).get(config.scale)
    if larger is None:
        return f"read the tables, {shlex.quote(str(place))}/*.md"
    return _line("table", f"study={config.study}", f"scale={larger}", *config.train)


STEPS: dict[type[Config], Callable[[Any, Any], str]] = {
    TrainConfig: _train,
    PretrainConfig: _pretrain,
    EvaluateConfig: _evaluate,
    CompareConfig: _compare,
    ReportConfig: _report,
    PredictConfig: _predict,
    ExportConfig: _export,
    PrepareConfig: _prepare,
    RateConfig: _rate,
    AgreementConfig: _agreement,
    CrowdConfig: _crowd,
    PlanConfig: _plan,
    TableConfig: _table,
}
"""What a command was told -> (that, what it left) -> the line; ``bench`` and ``verify`` end with their numbers."""


def _line(command: str, *words: str) -> str:
    return f"fer-exp {command} {shlex.join(words)}".rstrip()


def _people(config: PeopleConfig) -> list[str]:
    """Where the answers come from and how they are read, for another command about people."""
    shared = [field.name for field in fields(PeopleConfig) if field.name not in ("dataset", "output", "seed")]
    words = [] if config.dataset is None else _dataset(config.dataset, always=True)
    return words + _changed(config, "", written("", "agreement"), shared)


def _dataset(config: DatasetConfig, *, always: bool = False, leave_out: Sequence[str] = ()) -> list[str]:
    """The words that choose a corpus; of the one that is chosen anyway, what differs alone."""
    default = {"name": "synthetic", **written("dataset", config.name)}
    chosen = [f"dataset={config.name}"] if always or config.name != "synthetic" else []
    names = [field.name for field in fields(config) if field.name in default and field.name not in leave_out]
    return chosen + _changed(config, "dataset.", default, names)


def _changed(config: object, before: str, default: dict[str, Any], names: Sequence[str]) -> list[str]:
    """``key=value`` of each key whose value is not its default."""
    differing = [name for name in names if getattr(config, name) != default.get(name)]
    return [f"{before}{name}={_typed(getattr(config, name))}" for name in differing]


def _typed(value: object) -> str:
    """A value as it is typed."""
    if isinstance(value, list):
        return f"[{','.join(map(_typed, value))}]"
    if isinstance(value, float):
        return f"{value:g}"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
