"""The words of a command that follows another: the same corpus, the same answers, as they were typed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from fer_exp.config import CompareConfig, DatasetConfig, EvaluateConfig, PeopleConfig
from fer_exp.config.folder import written


def line(command: str, *words: str) -> str:
    """A command ready to be copied into a shell."""
    return f"fer-exp {command} {shlex.join(words)}".rstrip()


def corpus_words(config: DatasetConfig, *, always: bool = False, leave_out: Sequence[str] = ()) -> list[str]:
    """The words that choose a corpus; of the one that is chosen anyway, what differs alone."""
    default = {"name": "synthetic", **written("dataset", config.name)}
    chosen = [f"dataset={config.name}"] if always or config.name != "synthetic" else []
    names = [field.name for field in fields(config) if field.name in default and field.name not in leave_out]
    return chosen + _changed(config, "dataset.", default, names)


def answer_words(config: PeopleConfig) -> list[str]:
    """Where the answers come from and how they are read, for another command about people."""
    shared = [field.name for field in fields(PeopleConfig) if field.name not in ("dataset", "output", "seed")]
    words = [] if config.dataset is None else corpus_words(config.dataset, always=True)
    return words + _changed(config, "", written("", "agreement"), shared)


def group_words(config: EvaluateConfig | CompareConfig) -> list[str]:
    """The words for the same groups."""
    return [f"{key}={value}" for key, value in (("by", config.by), ("groups", config.groups)) if value]


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
