"""What was typed after a command, sorted for Hydra: flags, overrides, plain paths, the words of a table's trainings."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from fer_exp.cli.paths import exists, one_path, path_list, path_value, text_value
from fer_exp.config import SCHEMAS
from fer_exp.config.keys import chosen_keys
from fer_exp.config.paths import path_keys, quoted
from fer_exp.errors import RequestError
from fer_exp.files import file_of, or_near

FLAGS = ("-m", "--multirun", "-r", "--resolve", "--hydra-help")
VALUED = ("-c", "--cfg", "-p", "--package", "-i", "--info")
"""Hydra's flags that a user of a command has a use for; those of VALUED take a word."""
ALL_FLAGS = (*FLAGS, *VALUED, "--help", "--debug", "--json")
CONFIGS = ("job", "hydra", "all")
"""What ``--cfg`` takes."""
TWO_WORDS: dict[tuple[str, ...], list[str]] = {
    ("crowd", "plan"): ["plan"],
    ("rate", "answers"): ["rate", "answers=true"],
    ("rate", "erase"): ["rate", "erase=true"],
}
"""Commands that are typed as two words, and what they are."""


def in_one(words: Sequence[str]) -> list[str]:
    """Words that begin with the command alone.

    >>> in_one(["crowd", "plan", "l1=0.3"]), in_one(["crowd", "l1=0.3"])
    (['plan', 'l1=0.3'], ['crowd', 'l1=0.3'])
    """
    first = tuple(words[:2])
    return [*TWO_WORDS.get(first, first), *words[2:]]


def as_typed(command: str) -> str:
    """A command as people type it.

    >>> as_typed("plan"), as_typed("train")
    ('crowd plan', 'train')
    """
    return next((" ".join(two) for two, one in TWO_WORDS.items() if one == [command]), command)


def with_paths(command: str, arguments: list[str]) -> list[str]:
    """Words as Hydra reads what was typed: each path as it is, and one without a key with the key it is for.

    Words of `fer-exp table` that are not its own keys are for the trainings, and become its key ``train``.

    Raises:
        RequestError: a plain word that is no path here, or none that the command takes.

    >>> with_paths("compare", ["conf", "seed=1", "output=canon (1)"])
    ['runs=[conf]', 'seed=1', "output='canon (1)'"]
    """
    names = {field.name for field in fields(SCHEMAS[command])}
    sweep = is_sweep(arguments)
    rest: list[str] = []
    train: list[str] = []
    paths: list[str] = []
    for word in arguments:
        if word.startswith("-") or (rest and rest[-1] in VALUED):
            rest.append(word)
        elif is_override(command, word):
            if command != "table" or _top(word) in names:
                rest.append(_typed(command, word, sweep))
            else:
                train.append(_typed("pretrain" if word.startswith("start.") else "train", word, False))
        else:
            paths += [word] if exists(word) else sorted(glob.glob(word)) or [word]  # noqa: PTH207  of any folder
    if paths:
        rest = [*_with_keys(command, paths, rest), *rest]
    return [*rest, f"train=[{','.join(map(quoted, train))}]"] if train else rest


def is_sweep(words: Sequence[str]) -> bool:
    """Whether words ask for a run of each of several values."""
    return "-m" in words or "--multirun" in words


def is_override(command: str, word: str) -> bool:
    """Whether a word is ``key=value``, or ``~key``, and no path of which the name looks like one."""
    if "=" in word and _top(word) in {field.name for field in fields(SCHEMAS[command])}:
        return True
    is_home = word.startswith("~") and "/" in word and not word.startswith("~hydra/")
    return ("=" in word or (word.startswith("~") and not is_home)) and not exists(word)


def _top(word: str) -> str:
    """A key's first part: its group, where it is of one."""
    return re.split(r"[./@=]", word.lstrip("+~"), maxsplit=1)[0]


def _typed(command: str, word: str, sweep: bool) -> str:
    """A ``key=value``; where the key names a file or takes any text, the value as Hydra reads what was typed."""
    key, mark, value = word.partition("=")
    name = key.lstrip("+").removeprefix("start.")
    known = frozenset(chosen_keys(command, {}))
    if mark and (several := path_keys(SCHEMAS[command], "text").get(name)) is not None:
        return f"{key}={text_value(value, several, sweep, known)}"
    several = path_keys(SCHEMAS[command]).get(name)
    if not mark or several is None:
        return word
    return f"{key}={path_list(value, known) if several else path_value(key, value, sweep, known)}"


def _with_keys(command: str, paths: list[str], rest: list[str]) -> list[str]:
    """Plain paths with the key of the command that they are for."""
    typed = f"fer-exp {as_typed(command)}"
    takes = SCHEMAS[command].takes
    for path in paths:
        if not exists(path):
            hint = or_near(file_of(path)[0])
            what = f"{typed} takes {takes.what}; " if takes else ""
            raise RequestError(f"{path}: there is no such file or folder{hint} {what}give overrides as key=value.")
    if takes is None:
        raise RequestError(
            f"{paths[0]}: {typed} takes no path without a key; give its corpus as dataset.root=DIR, say."
        )
    given = {word.partition("=")[0]: word for word in rest}
    if takes.run and takes.run not in given and (network := _network(paths)):
        others = [path for path in paths if path != network]
        more = _with_keys(command, others, [*rest, takes.run]) if others else []
        return [f"{takes.run}={one_path(network)}", *more]
    keys = [takes.folder if file_of(path)[0].is_dir() else takes.file for path in paths]
    (key, *others) = dict.fromkeys(keys)
    several = path_keys(SCHEMAS[command])[key]
    if others or (len(paths) > 1 and not several):
        raise RequestError(f"{typed} takes {takes.what}, one of them; here are {len(paths)}: {', '.join(paths)}.")
    if key in given:
        raise RequestError(f"{paths[0]} would be {key}, and so is {given[key]}; give one of them.")
    value = f"[{','.join(map(one_path, paths))}]" if several else one_path(paths[0])
    return [*(word for word in takes.besides if word.partition("=")[0] not in given), f"{key}={value}"]


def _network(paths: list[str]) -> str | None:
    """Which of some paths is the network: the run folder or file of one, else the first of several."""
    from fer_exp.runs import is_network  # Tab is answered without it

    runs = [path for path in paths if is_network(Path(path))]
    return runs[0] if runs else paths[0] if len(paths) > 1 else None


def flags_and_overrides(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Flags with their values, and overrides: Hydra wants the overrides in one piece, people type as they think."""
    flags: list[str] = []
    overrides: list[str] = []
    for word in arguments:
        if word.startswith("-") or (flags and flags[-1] in VALUED):
            flags.append(word)
        else:
            overrides.append(word)
    return flags, overrides
