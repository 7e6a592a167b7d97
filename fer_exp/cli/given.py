"""What Python's callers give, as what is typed: keyword arguments are a command's keys, and a frame stands for a file.

Names and values go through the same door as words of the command line; paths and frames are taken as they are.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import pandas as pd

from fer_exp.cli.checks import check_typed
from fer_exp.cli.compose import compose_one
from fer_exp.cli.mistakes import unknown_key
from fer_exp.config import SCHEMAS
from fer_exp.config.keys import command_keys, groups
from fer_exp.config.paths import path_keys, typed, word
from fer_exp.errors import RequestError
from fer_exp.files import file_of, on_this_disk
from fer_exp.tables import A_FRAME

Source: TypeAlias = pd.DataFrame | str | os.PathLike[str]
"""A table, or where it lies; where a command takes a run folder, one of those."""

TERMINAL = {
    "json": "the same stands in .content of what comes back",
    "output": "what comes back is written by .save(FOLDER)",
}
"""Keys of commands that mean nothing in Python, and what does it instead."""


def configured(command: str, source: Source | None, keys: Mapping[str, Any]) -> tuple[Any, dict[str, pd.DataFrame]]:
    """The config of a command, checked, and the frames in it by key.

    Args:
        command: one of ``SCHEMAS``.
        source: what the command takes without a key; None where a key says it.
        keys: of the command; a group, as ``dataset``, takes a name or a mapping of ``name`` and its keys.

    Raises:
        RequestError: as the command line, or a value that is neither a table nor a path where one is meant.
    """
    files = path_keys(SCHEMAS[command])
    given: dict[str, Any] = {}
    words: dict[str, Any] = {}
    for key, value in keys.items():
        if key in TERMINAL:
            raise RequestError(f"{key} is a key of the terminal; {TERMINAL[key]}.")
        if key in files and value is not None:
            given[key] = _paths(value, key) if files[key] else table_or_path(value, key)
        elif key in groups(command) and isinstance(value, Mapping):
            words |= {key if name == "name" else f"{key}.{name}": each for name, each in value.items()}
        elif as_frame(value) is not None:
            known = key in command_keys(command)
            raise RequestError(f"{key} takes no table." if known else unknown_key(command, key, "", {}))
        else:
            words[key] = value
    if source is not None and (takes := SCHEMAS[command].takes) is not None:
        found = table_or_path(source, command)
        key = takes.folder if isinstance(found, str) and file_of(found)[0].is_dir() else takes.file
        if key in given:
            raise RequestError(f"{command}: {key} is given twice, with and without its name; give it once.")
        given[key] = found
    frames = {key: value for key, value in given.items() if isinstance(value, pd.DataFrame)}
    check_typed(command, [f"{key}={typed(value)}" for key, value in words.items()])
    config = compose_one(command, [f"{key}={typed(value, _exact)}" for key, value in words.items()])
    return replace(config, **(given | dict.fromkeys(frames, A_FRAME))), frames


def table_or_path(value: object, where: str) -> pd.DataFrame | str:
    """A frame of pandas, polars or pyarrow as one of pandas, or a path as text.

    Raises:
        RequestError: it is neither.

    >>> table_or_path(3, "votes")
    Traceback (most recent call last):
    fer_exp.errors.RequestError: votes takes a DataFrame or a path, and this is of type int.
    """
    if (frame := as_frame(value)) is not None:
        return frame
    if not isinstance(value, str | os.PathLike):
        raise RequestError(f"{where} takes a DataFrame or a path, and this is of type {type(value).__name__}.")
    return on_this_disk(os.fspath(value))


def as_frame(value: object) -> pd.DataFrame | None:
    """A table of pandas, polars or pyarrow as one of pandas; None where it is none."""
    frame = value.to_pandas() if hasattr(value, "to_pandas") else value
    return frame if isinstance(frame, pd.DataFrame) else None


def _paths(value: Any, key: str) -> list[str]:
    several = [value] if isinstance(value, str | os.PathLike | pd.DataFrame) else list(value)
    found = [table_or_path(each, key) for each in several]
    if any(isinstance(each, pd.DataFrame) for each in found):
        raise RequestError(f"{key} takes paths; give tables without its name.")
    return [str(each) for each in found]


def _exact(text: str) -> str:
    """A text as Hydra reads just that.

    >>> typed(["b c", 0.5], _exact)
    "['b c',0.5]"
    """
    return word("", text).removeprefix("=")
