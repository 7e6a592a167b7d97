"""Help pages of at most 80 columns, read off conf/ as text, so that they are never out of date and need no library."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

from fer_exp.cli.words import as_typed
from fer_exp.config import SCHEMAS
from fer_exp.config.folder import conf_folder, options
from fer_exp.config.keys import Key, command_keys, groups, option_keys

WIDTH = 80
"""Columns of a terminal that nobody has made wider."""

EXAMPLES = (
    ("fer-exp train", "the built-in faces, defaults"),
    ("fer-exp train dataset=ferplus dataset.root=DIR labels=soft", "soft labels from the crowd"),
    ("fer-exp train -m labels=noisy labels.rate=0.2,0.4 seed=0,1,2", "sweep: six runs, one table"),
    ("fer-exp compare runs/*", "differences with intervals and tests"),
    ("fer-exp agreement ratings=answers.csv", "how well do people agree?"),
)
"""On the first page."""


def overview() -> str:
    """The page of `fer-exp --help`."""
    return "\n".join(
        [
            *_wrapped("fer-exp: does a face classifier see ambiguity as people do, and does it survive wrong labels?"),
            "",
            "usage: fer-exp COMMAND [PATH ...] [KEY=VALUE ...]",
            "",
            "commands:",
            *(line for name, schema in SCHEMAS.items() for line in _row(name, schema.purpose(), 11)),
            "",
            "groups (fer-exp train GROUP=OPTION; * is the default):",
            *_groups("train"),
            "",
            "examples:",
            *_examples(EXAMPLES),
            "",
            "fer-exp alone, on a terminal, asks what you have and writes the command.",
            "fer-exp COMMAND --help lists its keys. --debug shows where an error comes from,",
            "--json prints one object for programs, and nothing else on standard output.",
        ]
    )


def command(name: str, options_of: Mapping[str, str] | None = None) -> str:
    """The page of `fer-exp NAME --help`.

    Args:
        name: one of ``SCHEMAS``.
        options_of: group -> option whose keys are asked for, as ``chosen`` finds them; else the group's default.
    """
    asked = dict(options_of or {})
    typed, schema = as_typed(name), SCHEMAS[name]
    parts = [
        *_wrapped(f"fer-exp {name}: {schema.purpose()}"),
        "",
        f"usage: fer-exp {typed} {'[PATH ...] ' if schema.takes else ''}[KEY=VALUE ...]",
        *([f"A path without a key: {schema.takes.what}."] if schema.takes else []),
        "",
    ]
    if listed := _groups(name):
        parts += ["groups (GROUP=OPTION; * is the default):", *listed, ""]
    own = command_keys(name)
    parts += ["keys:", *_keys({key: row for key, row in own.items() if "." not in key})]
    if study := asked.pop("study", ""):
        parts += ["", f"  scales of study={study}:", *_scales(study)]
    options_shown = {group: option for group, option in {**groups(name), **asked}.items() if option != "null"}
    for group, option in options_shown.items():
        keys = {key: row for key, row in option_keys(group, option).items() if not key.endswith((".name", ".kind"))}
        keys |= {key: Key(own[key].value, own[key].comment or row.comment) for key, row in keys.items() if key in own}
        parts += ["", f"  with {group}={option}:", *_keys(keys)]
    if shown := examples_of(name):
        parts += ["", "examples:", *_examples(shown)]
    parts += ["", "-m runs every combination of KEY=A,B,C; --cfg job prints the config alone;"]
    parts += ["--json prints one object for programs."]
    if listed:
        parts.append(f"Other options have keys of their own: fer-exp {typed} GROUP=OPTION --help")
    if name == "table":
        parts.append("All other words are for its trainings: fer-exp train --help")
    return "\n".join(parts)


def chosen(name: str, words: Sequence[str]) -> dict[str, str]:
    """The options that words beside --help choose, by group; of ``table`` those of its trainings, and the study."""
    known = {**groups("train" if name == "table" else name), **({"study": ""} if name == "table" else {})}
    typed = (word.partition("=") for word in words)
    return {key: option for key, mark, option in typed if mark and key in known}


def examples_of(name: str) -> list[tuple[str, str]]:
    """What a command's page shows as examples: those of the first page, then those of the commands themselves."""
    more = [(f"fer-exp {typed}", meaning) for schema in SCHEMAS.values() for typed, meaning in schema.examples]
    return [example for example in (*EXAMPLES, *more) if example[0].split(" ", 1)[1].startswith(as_typed(name))]


def _groups(name: str) -> list[str]:
    lines: list[str] = []
    for group, default in groups(name).items():
        others = [option for option in options(group) if option != default]
        lines += _row(group, " | ".join([f"*{default}", *others] if default != "null" else others), 11)
    return lines


def _keys(keys: Mapping[str, Key]) -> list[str]:
    """A line or more a key, as it is typed, then what is said of it."""
    typed = {name: f"{name}={key.value.replace(', ', ',')}" for name, key in keys.items()}
    column = min(max(map(len, typed.values()), default=0) + 2, 30)
    return [line for name, key in keys.items() for line in _row(typed[name], key.comment, column)]


def _scales(study: str) -> list[str]:
    text = (conf_folder() / "experiment" / f"{study}.yaml").read_text(encoding="utf-8")
    return [line for scale, said in re.findall(r"(?m)^(\w+):\n  # (.*)", text) for line in _row(scale, said, 11)]


def _examples(examples: Sequence[tuple[str, str]]) -> list[str]:
    return [line for typed, meaning in examples for line in (f"  # {meaning}", f"  {typed}")]


def _row(head: str, text: str, column: int) -> list[str]:
    """A word, and from a column on what is said of it, which begins a line below where the word is longer than that."""
    lines = textwrap.wrap(text, WIDTH - 2 - column, break_on_hyphens=False)
    if lines and len(head) < column:
        lines[0] = head.ljust(column) + lines[0]
    else:
        lines.insert(0, head)
    return [f"  {line}" if number == 0 else f"  {line.rjust(len(line) + column)}" for number, line in enumerate(lines)]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ")
