"""`fer-exp` alone on a terminal: asks what there is and what is to be known, and writes the command."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from functools import partial
from math import prod
from typing import Any

from fer_exp.cli.guide.questions import LeftError, choose, path, say, yes
from fer_exp.cli.guide.wants import HAVE, Known, fitting, written


def on_terminal() -> bool:
    """Whether somebody can be asked: standard input and output are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def guide(start: Callable[[list[str]], int]) -> int:
    """Ask, write the command, and start it where that is wanted.

    Args:
        start: runs the words of a command.

    Returns:
        The exit code: of the command, or 0.
    """
    print("fer-exp: does a face classifier see ambiguity as people do, and does it survive")
    print("wrong labels? Answer a few questions, and you get the command for your study.")
    print("(fer-exp --help lists all commands. Ctrl-C stops at any time.)")
    try:
        words = _asked()
        print()
        if not yes("Run it now?"):
            return 0
    except LeftError:
        return 0
    return start(words)


def _asked() -> list[str]:
    """Ask until a command can be written, and say what it is; its words."""
    have = choose("What do you have?", HAVE)
    known = _looked_at(have)
    wants = fitting(have, known)
    name = choose("What do you want to know?", [(want.name, want.question) for want in wants])
    want = next(want for want in wants if want.name == name)
    for more in want.asks:
        _asked_for(more, known)
    words = written(want, known)
    configs, first = _composed(words, want.axes)
    print(f"\nThe command:\n\n  fer-exp {shlex.join(words)}\n")
    for line in _estimates(words, want.shows, configs, first, known):
        say(line)
    return words


def _looked_at(have: str) -> Known:
    from fer_exp.cli.guide import looking

    known = Known()
    if have == "nothing":
        looking.built_in(known)
    elif have == "corpus":
        from fer_exp.datasets import CORPORA, facts

        names = [name for name in CORPORA if facts(name).hashes or facts(name).expected]
        name = choose("Which corpus?", [(name, facts(name).title) for name in names], "dataset")
        kind = facts(name)
        say(kind.access)
        path(f"In which folder does {kind.title} lie?", partial(looking.corpus, name, known=known))
    else:
        questions = {
            "pictures": "Where are the pictures? A folder, or a table with a column of paths.",
            "answers": "Where are the answers? A table (csv, xlsx, json ...) or a folder of them.",
            "predictions": "Where are the predictions? A table, or a run folder.",
        }
        path(questions[have], partial(getattr(looking, have), known=known))
    return known


def _asked_for(more: str, known: Known) -> None:
    """Ask for what a command needs besides."""
    from fer_exp.cli.guide import looking

    questions = {
        "answers": ("Where are people's answers to these faces?", looking.answers),
        "pictures": ("Where are the pictures of these faces?", looking.pictures),
        "network": ("Which trained network? A folder in runs/, or a file that fer-exp export wrote.", looking.network),
        "other": ("Where are the other model's predictions?", looking.other),
        "labels": ("Where are the labels? A table with the columns task and label, or original, where the table of "
                   "answers has such a column.", looking.labels),
        "gold": ("Is the true answer of some faces known? Give a table with the columns task and label.", looking.gold),
        "lab": ("Where are the lab's votes?", looking.answers),
    }  # fmt: skip
    question, look = questions[more.rstrip("?")]
    path(question, partial(look, known=known), "if there is none" if more.endswith("?") else None)


def _composed(words: list[str], axes: Mapping[str, str]) -> tuple[int, Any]:
    """How many jobs a command is, and the config of the first.

    Each value of each axis is composed once, so that the command is right; the product would take its time.
    """
    from fer_exp.cli.compose import compose_all
    from fer_exp.cli.words import in_one, with_paths

    command, *rest = in_one(words)
    common = with_paths(command, [word for word in rest if word != "-m" and word.partition("=")[0] not in axes])
    values = {key: several.split(",") for key, several in axes.items()}
    first = {key: several[0] for key, several in values.items()}
    others = [first | {key: value} for key, several in values.items() for value in several[1:]]
    configs = compose_all(command, [(common, job) for job in (first, *others)])
    return prod(map(len, values.values())), configs[0]


def _estimates(words: list[str], shows: bool, runs: int, config: Any, known: Known) -> list[str]:
    """How long it may take, and what the faces can show."""
    from fer_exp.cli.guide import estimates
    from fer_exp.config import PredictConfig, PrepareConfig, RateConfig, TableConfig, TrainConfig

    lines = []
    if isinstance(config, TableConfig):
        from fer_exp.cli.compose import compose_all
        from fer_exp.studies.presets import read_preset

        preset = read_preset(str(config.study), config.scale, config.train)
        jobs = list(preset.combinations())
        (config,) = compose_all("train", [([*preset.common.values()], jobs[0])])
        runs, seeds = len(jobs), 3
    else:
        seeds = len({word for word in words if word.startswith("seed=")}) * 3 or 1
    if isinstance(config, TrainConfig):
        limit = config.dataset.train_limit or config.dataset.limit or known.train
        seconds, where = estimates.of_training(config, min(known.train, limit), runs)
        many = f"{runs} trainings, one after the other: " if runs > 1 else ""
        lines.append(f"Time: {many}{estimates.in_words(seconds)} on {where}. This is an estimate from measured speeds.")
    elif isinstance(config, (PredictConfig, PrepareConfig)):
        seconds, where = estimates.of_pictures(known.pictures, answered=isinstance(config, PredictConfig))
        lines.append(f"Time: {estimates.in_words(seconds)} on {where}. This is an estimate from measured speeds.")
    elif isinstance(config, RateConfig):
        lines.append(f"{estimates.people_for(known.pictures, str(config.study))} Ctrl-C ends the page.")
    else:
        lines.append("Time: less than a minute for tables of up to some ten thousand answers. This is an estimate.")
    if shows and (told := estimates.what_faces_show(known.test, seeds)):
        lines.append(told)
    return lines
