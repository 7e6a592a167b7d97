"""`fer-exp table`: a paper's table with ours beside it, from trainings that are run where they are missing."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from fer_exp.commands.following import line
from fer_exp.config import Config, PretrainConfig, TableConfig, TrainConfig
from fer_exp.config.paths import word
from fer_exp.errors import RequestError, RunError
from fer_exp.files import writable
from fer_exp.progress import progress
from fer_exp.report.outcome import Outcome, Screen, finish, records
from fer_exp.runs import EPOCHS, Run
from fer_exp.runs.claim import claimed
from fer_exp.runs.naming import find_runs
from fer_exp.runs.slim import placeless
from fer_exp.runs.sweeps import remove_left
from fer_exp.studies import STUDIES, archive
from fer_exp.studies.needs import check_corpus
from fer_exp.studies.presets import SCALES, Preset, read_preset
from fer_exp.studies.tables import narrow_table
from fer_exp.studies.trained import BROKEN, DONE, MISSING, Asked, Trained, others, provenance

SHOWN = 5  # names of runs left out that are printed; results.json has all


Compose = Callable[[str, Sequence[tuple[list[str], dict[str, str]]]], list[Config]]
"""``compose_all`` of the command line: what a sweep would run, without running it."""
Start = Callable[[str, list[str], list[list[str]]], int]
"""``start.run_jobs`` of the command line: a command, the words of all its jobs, the words of each."""


def table(config: TableConfig, compose: Compose, start: Start) -> Path:
    """Train what is missing, put the table together, print and write it; the last line of stdout is its folder.

    Args:
        config: see conf/table.yaml.
        compose: makes the configs of trainings.
        start: runs trainings as a sweep.

    Raises:
        RequestError: an unknown study, a corpus without what the study needs, words that make no config.
        RunError: a training failed, or was lost; the table is written all the same, and its cells say where the log is.
    """
    if config.study is None:
        raise RequestError(f"table needs a study: study={', '.join(STUDIES)}, one of them.")
    command = ["fer-exp", *sys.argv[1:]]
    shared = [word("output", config.output), f"bootstrap={config.bootstrap}"]
    preset = read_preset(config.study, config.scale, [*config.train, *shared])
    if config.crowd is not None:
        preset = replace(preset, crowd=Path(config.crowd))
    place = writable(Path(config.results), "results") / f"{preset.study}-{preset.corpus}-{preset.scale}"
    (first,) = composed(preset, [next(preset.combinations())], compose)
    check_corpus(preset, first)
    pretraining = find_start(preset, config, compose)
    if pretraining is not None:
        weights = word("backbone.weights", str(pretraining.path("backbone")))
        preset = replace(preset, common={**preset.common, "backbone.weights": weights})
    trained = members(preset, compose)
    if config.run:
        trained = run_missing(preset, config, trained, pretraining, compose, start)
    place = beside_fuller(place, trained, config.archive)
    asks = STUDIES[preset.study].asks
    asked: Asked = {} if asks is None else resolve_name(asks)(trained, preset)
    own = [one.run for one in trained] + ([] if pretraining is None else [pretraining])
    left_out = others(Path(config.output), own)
    failed = [one for one in trained if one.state == BROKEN]
    if config.archive:
        trained, asked = archive.keep(place, trained, asked)
        command, preset = placeless(command), replace(preset, start=tuple(placeless(list(preset.start))))
    finish(made(preset, trained, asked, left_out, command, place), place)
    if config.archive:
        close_archive(place, preset, config, pretraining)
    if failed:
        raise RunError(f"{len(failed)} of {len(trained)} trainings failed; the first log is {failed[0].log}.")
    if config.run and (lost := sum(one.state != DONE for one in trained)):
        raise RunError(f"{lost} of {len(trained)} trainings did not run; the same command runs them.")
    return place


def run_missing(
    preset: Preset, config: TableConfig, trained: list[Trained], pretraining: Run | None, compose: Compose, start: Start
) -> list[Trained]:
    """Run what is not finished, first the pretraining that all start from; gives the trainings as they are then."""
    remove_left(Path(config.output))
    for one in trained:
        if one.state == DONE and (one.run.folder / EPOCHS).exists():  # killed while its run was swept
            with contextlib.suppress(RunError), claimed(one.run.folder):
                pass
    if all(one.state == DONE for one in trained):
        return trained
    if pretraining is not None and not (pretraining.finished and pretraining.has("backbone")):
        pretrain(preset, config, pretraining, start)
        trained = members(preset, compose)  # named by what the file holds
    train_missing(preset, trained, start)
    return trained


def close_archive(place: Path, preset: Preset, config: TableConfig, pretraining: Run | None) -> None:
    """Write the words that make the table of an archive, where they name no file or folder of this machine."""
    words = [*config.train, f"bootstrap={config.bootstrap}"]
    if pretraining is not None:
        words.append(word("backbone.weights", f"{pretraining.name}/{pretraining.path('backbone').name}"))
    told = {"study": preset.study, "scale": preset.scale, "words": words, "start": list(preset.start)}
    archive.close(place, {**told, "crowd": config.crowd})


def next_step(config: TableConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    if config.archive:
        return f"{line('verify', str(place))} (every number, without the corpus)"
    larger = dict(pairwise(SCALES)).get(config.scale)
    if larger is None:
        return f"read the tables, {shlex.quote(str(place))}/*.md"
    return line("table", f"study={config.study}", f"scale={larger}", *config.train)


def made(
    preset: Preset, trained: list[Trained], asked: Asked, left_out: list[str], command: list[str], place: Path
) -> Outcome:
    """A study's outcome of trainings as they are: what `fer-exp table` writes, and `fer-exp verify` makes again."""
    outcome: Outcome = resolve_name(STUDIES[preset.study].build)(trained, preset, asked)
    return summary(outcome, provenance(preset, trained, left_out, command, place), trained, left_out)


def beside_fuller(place: Path, trained: list[Trained], archiving: bool) -> Path:
    """Where the tables go: their folder, or one beside it where that holds more than is in hand.

    More are runs that its results.json states as finished; an archive there is of its own runs, and is written with all
    of them or not at all.
    """
    ours = {one.run.name for one in trained if one.state == DONE}
    stated = finished_there(place)
    archived = (place / archive.FILE).is_file()
    if stated is not None and len(ours) >= len(stated) and (not archived or (archiving and stated <= ours)):
        return place
    beside = place.with_name(f"{place.name}-{len(ours)}-of-{len(trained)}-runs")
    there = "cannot be read" if stated is None else f"states {len(stated)} finished runs"
    kept = " and has an archive" if archived else ""
    progress(
        f"{place / 'results.json'} {there}{kept}; here are {len(ours)}, {len(ours & (stated or set()))} of them the "
        f"same. It stays as it is, and these tables go to {beside}"
    )
    return beside


def finished_there(place: Path) -> set[str] | None:
    """Names of the runs that a folder of tables is made of, empty where there is none, None where nobody can tell."""
    path = place / "results.json"
    if not path.is_file():
        return set()
    try:
        return {Path(run).name for run in json.loads(path.read_text(encoding="utf-8"))["runs"][DONE]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_start(preset: Preset, config: TableConfig, compose: Compose) -> Run | None:
    """The pretraining that all trainings start from, whether it is there yet or not; None where there is none."""
    if not preset.start:
        return None
    from fer_exp.commands.pretrain import find_pretraining

    (asked,) = compose("pretrain", [(_start_words(preset, config), {})])
    if not isinstance(asked, PretrainConfig):
        raise TypeError(f"pretrain: composed a {type(asked)}")
    return find_pretraining(asked)


def pretrain(preset: Preset, config: TableConfig, run: Run, start: Start) -> None:
    """Run the pretraining with the user's launcher; RunError where it fails."""
    words = _start_words(preset, config)
    progress(f"all trainings start from a pretraining, which runs first: {' '.join(words)}")
    with contextlib.redirect_stdout(sys.stderr):
        start("pretrain", [*preset.launcher, *words], [[]])
    if not Run(run.folder).finished:  # read anew
        raise RunError(f"{run.folder}: the pretraining that all trainings start from failed.")


def _start_words(preset: Preset, config: TableConfig) -> list[str]:
    return [*preset.start, word("output", config.starts or config.output)]


def members(
    preset: Preset, compose: Compose, find: Callable[[list[TrainConfig]], list[Run]] = find_runs
) -> list[Trained]:
    """The trainings of a preset in their order; what several grids have is there once. ``find`` knows their folders."""
    shared = {key: word.partition("=")[2] for key, word in preset.common.items()}
    combinations = list(preset.combinations())
    configs = composed(preset, combinations, compose)
    found = zip(combinations, configs, find(configs), strict=True)
    trained = [Trained({**shared, **axes}, config, run) for axes, config, run in found]
    return list({one.run.folder: one for one in reversed(trained)}.values())[::-1]


def composed(preset: Preset, combinations: Sequence[dict[str, str]], compose: Compose) -> list[TrainConfig]:
    """The configs of trainings, each with what sets it apart."""
    configs = compose("train", [(list(preset.common.values()), axes) for axes in combinations])
    return [config for config in configs if isinstance(config, TrainConfig)]


def train_missing(preset: Preset, trained: list[Trained], start: Start) -> None:
    """Run what is not finished, as one sweep with the user's launcher."""
    missing = [one for one in trained if one.state != DONE]
    if not missing:
        return
    words = [*preset.launcher, *preset.common.values()]
    shared = {key: word.partition("=")[2] for key, word in preset.common.items()}
    jobs = [[f"{key}={one.words[key]}" for key in one.words if shared.get(key) != one.words[key]] for one in missing]
    progress(f"{len(missing)} of {len(trained)} trainings to run: {' '.join(words)}")
    with contextlib.redirect_stdout(sys.stderr):  # the sweep's own table; ours comes last
        start("train", words, jobs)


def summary(outcome: Outcome, facts: dict[str, Any], trained: list[Trained], left_out: list[str]) -> Outcome:
    """A study's outcome with where it comes from, and what is not in it."""
    tables = {table.name: {"caption": table.caption, "rows": records(table.rows)} for table in outcome.tables}
    screen: list[Screen] = [block for table in outcome.tables for block in (narrow_table(table), table.caption)]
    screen += [f"note: {note}" for note in outcome.notes]
    if missing := sum(one.state == MISSING for one in trained):
        screen.append(f"not run: {missing} of {len(trained)} trainings; the same command with run=true runs them")
    if left_out:
        more = f" and {len(left_out) - SHOWN} more (results.json)" if len(left_out) > SHOWN else ""
        screen.append(f"left out, runs of another config: {', '.join(left_out[:SHOWN])}{more}")
    return replace(outcome, content={**facts, "notes": outcome.notes, "tables": tables}, screen=screen, notes=[])
