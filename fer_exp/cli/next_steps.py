"""What people do after a command, said in one line on standard error once it is done: each command's ``next_step``."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from fer_exp.config import CompareConfig, Config
from fer_exp.progress import progress


def next_step(config: Config, place: Path | None) -> str:
    """What to do with what a command left, as commands ready to be copied; '' where there is nothing to say.

    Args:
        config: what it was told.
        place: the file or folder that it left, None where it left none.
    """
    command = import_module(f"fer_exp.commands.{config.command()}")
    if not hasattr(command, "next_step") or (place is None and not isinstance(config, CompareConfig)):
        return ""
    return str(command.next_step(config, place))


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
