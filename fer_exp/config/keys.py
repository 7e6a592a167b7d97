"""The keys of conf/ as its files write them, with value and comment: for help pages, hints and completion.

Read as text, because a help page must not wait for OmegaConf.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from fer_exp.config.folder import conf_folder

KEY = re.compile(r"( *)(\w+): *([^#]*?) *(?:# *(.*))?$")


class Key(NamedTuple):
    """A key as a file of conf/ has it: its value, null where nothing is set, and what is said of it."""

    value: str
    comment: str = ""


def groups(command: str) -> dict[str, str]:
    """The groups of a command, each with the option it has by default; ``null`` for none.

    >>> groups("prepare"), groups("crowd")
    ({'dataset': 'synthetic'}, {'dataset': 'null'})
    """
    found = (re.match(r"  - (\w+): *(\S+)", line) for line in _lines(command))
    return {match[1]: match[2] for match in found if match}


def command_keys(command: str) -> dict[str, Key]:
    """A command's own keys, and what it sets in place of its groups' own, as ``trainer.epochs`` of ``pretrain``."""
    return _keys(command)


def option_keys(group: str, option: str) -> dict[str, Key]:
    """The keys of an option, with the group before them, and those of other groups that it sets.

    >>> option_keys("trainer", "gpu")["trainer.accelerator"].value
    'gpu'
    >>> option_keys("method", "published/scn")["trainer.epochs"].value
    '70'
    """
    found: dict[str, Key] = {}
    lines = _lines(f"{group}/{option}")
    listed = re.search(r"(?m)^defaults:((?: \[.*\])|(?:\n  - .*)+)", "\n".join(lines))
    for name in re.findall(r"[\w/]+(?=@|,|$)", listed[1].strip("[] ")) if listed else ():
        if name != "_self_" and "/" in name:
            found |= option_keys(group, name.removeprefix(f"/{group}/"))
        elif name != "_self_":
            found |= option_keys(group, name)
    everywhere = any("@package _global_" in line for line in lines)
    for name, key in _keys(f"{group}/{option}").items():
        name = name if everywhere else f"{group}.{name}"
        found[name] = Key(key.value, key.comment or found.get(name, key).comment)
    return found


def chosen_keys(command: str, chosen: Mapping[str, str]) -> dict[str, Key]:
    """Every key of a command, given the option of each of its groups; ``chosen`` names those that are no default."""
    found: dict[str, Key] = {}
    for group, option in {**groups(command), **chosen}.items():
        if option != "null":
            found |= option_keys(group, option)
    for name, key in command_keys(command).items():
        found[name] = Key(key.value, key.comment or found.get(name, key).comment)
    return found


def _keys(file: str) -> dict[str, Key]:
    """The keys of one file, those within a block after its name and a dot."""
    found: dict[str, Key] = {}
    block = ""
    for line in _lines(file):
        match = KEY.match(line)
        if match is None or match[2] == "defaults":
            continue
        if not match[1]:
            block = match[2]
        if match[3]:
            found[f"{block}.{match[2]}" if match[1] else match[2]] = Key(match[3], match[4] or "")
    return found


@cache
def _lines(file: str) -> list[str]:
    return (conf_folder() / f"{file}.yaml").read_text(encoding="utf-8").splitlines()
