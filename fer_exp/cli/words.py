"""What was typed after a command, sorted for Hydra: flags, overrides, plain paths, the words of a table's trainings."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from fer_exp.config import SCHEMAS
from fer_exp.errors import RequestError, did_you_mean
from fer_exp.files import file_of, there

FLAGS = ("-m", "--multirun", "-r", "--resolve", "--hydra-help")
VALUED = ("-c", "--cfg", "-p", "--package", "-i", "--info")
"""Hydra's flags that a user of a command has a use for; those of VALUED take a word."""


def with_paths(command: str, arguments: list[str]) -> list[str]:
    """Plain words of a command that takes ``runs`` become that key, so that `fer-exp compare runs/*` works.

    The path of a file or folder reaches the config as it was typed, whatever Hydra's grammar makes of its signs.

    Words of `fer-exp table` that are not its own keys are for the trainings, and become its key ``train``.

    Raises:
        RequestError: a word that is no path.

    >>> with_paths("compare", ["conf", "seed=1"])
    ["runs=['conf']", 'seed=1']
    """
    arguments = [_as_typed(word) for word in arguments]
    keys = {field.name for field in fields(SCHEMAS[command])}
    if command == "table":
        return _with_train(keys, arguments)
    if "runs" not in keys:
        return arguments
    paths: list[str] = []
    rest: list[str] = []
    for word in arguments:
        after = rest[-1] if rest else ""
        if ("=" in word and not Path(word).exists()) or word.startswith(("-", "+", "~")) or after in VALUED:
            rest.append(word)
        elif there(file_of(word)[0]):
            paths.append(word)
        else:
            raise RequestError(f"{word} is no run folder, no predictions file and no key=value.")
    return [f"runs={_quoted(paths)}", *rest] if paths else rest


def _with_train(keys: set[str], arguments: list[str]) -> list[str]:
    """Words of `fer-exp table`: its own keys and flags as they are, the others together."""
    rest: list[str] = []
    train: list[str] = []
    for word in arguments:
        key = word.partition("=")[0]
        (rest if key in keys or word.startswith("-") or (rest and rest[-1] in VALUED) else train).append(word)
    return [*rest, f"train={_quoted(train)}"] if train else rest


def _as_typed(word: str) -> str:
    key, mark, value = word.partition("=")
    odd = mark and not re.fullmatch(r"[\w./:-]*", value, re.ASCII)
    return f"{key}={_quote(value)}" if odd and (value.startswith("~/") or there(file_of(value)[0])) else word


def _quoted(words: list[str]) -> str:
    """A list of words as Hydra reads it, whatever is in them."""
    return f"[{','.join(map(_quote, words))}]"


def _quote(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"


def flags_and_overrides(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Flags with their values, and overrides: Hydra wants the overrides in one piece, people type as they think."""
    flags: list[str] = []
    overrides: list[str] = []
    for word in arguments:
        if word.startswith("-"):
            if word.partition("=")[0] not in (*FLAGS, *VALUED):
                hint = did_you_mean(word, (*FLAGS, *VALUED, "--help", "--debug"))
                raise RequestError(f"There is no option {word}; {hint}fer-exp COMMAND --help lists what there is.")
            flags.append(word)
        elif flags and flags[-1] in VALUED:
            flags.append(word)
        else:
            overrides.append(word)
    return flags, overrides
