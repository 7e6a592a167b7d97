"""Help pages of at most 80 columns, read off conf/ as text, so that they are never out of date and need no library."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

from fer_exp.cli.words import POSITIONAL, as_typed
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

MORE = (
    ("fer-exp train method=published/scn labels=noisy labels.rate=0.3", "with its paper's optimiser"),
    ("fer-exp evaluate run=runs/NAME all=true", "every metric of a run"),
    ("fer-exp evaluate predictions=mine.csv", "judge any model's predictions"),
    ("fer-exp compare a.parquet b.csv common=true", "on the faces that both saw"),
    ("fer-exp report run=runs/NAME", "one page with figures and faces"),
    ("fer-exp predict runs/NAME photos/", "what a network sees in a folder of pictures"),
    ("fer-exp predict runs/NAME photos/ crop=face page=true", "in photographs, with a page to look at"),
    ("fer-exp export run=runs/NAME format=onnx", "the network alone, with a model card"),
    ("fer-exp prepare dataset=ferplus dataset.root=DIR", "what is in a corpus"),
    ("fer-exp agreement dataset=ferplus dataset.root=DIR against=original", "what a crowd changes"),
    ("fer-exp crowd ratings=answers.csv gold=gold.csv min_gold_accuracy=0.6", "whom to trust"),
    ("fer-exp crowd plan ratings=pilot.csv", "how many raters a face?"),
    ("fer-exp rate photos/ study=cafe", "ask people on a web page, on this machine"),
    ("fer-exp rate answers output=runs/NAME", "the tables of a study, also while it is served"),
    ("fer-exp rate erase worker=ID output=runs/NAME", "everything of a person, for good"),
    ("fer-exp table study=cafe-soft", "one label against a distribution, on the built-in faces"),
    ("fer-exp table study=noisy-labels", "a paper's table, on the built-in faces"),
    ("fer-exp table study=affectnet-crowd", "single labels against a crowd, on the built-in faces"),
    ("fer-exp table study=noisy-labels archive=true", "with slim runs beside it, for a paper's supplement"),
    ("fer-exp verify", "are all published numbers what they are computed to be?"),
    ("fer-exp verify results/NAME README.md", "those of a folder of tables, and of a document"),
    ("fer-exp pretrain trainer=gpu", "what moves in a drawn face: weights to start from"),
    ("fer-exp pretrain task=contrast dataset=ferplus dataset.root=DIR", "what tells faces apart"),
    ("fer-exp bench trainer=cpu dataset.size=112", "images per second"),
)
"""On the pages of the commands, beside those of EXAMPLES."""


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
    typed = as_typed(name)
    shown = [example for example in (*EXAMPLES, *MORE) if example[0].split(" ", 1)[1].startswith(typed)]
    parts = [
        *_wrapped(f"fer-exp {name}: {SCHEMAS[name].purpose()}"),
        "",
        f"usage: fer-exp {typed} {'[PATH ...] ' if name in POSITIONAL else ''}[KEY=VALUE ...]",
        *([f"A path without a key: {POSITIONAL[name].what}."] if name in POSITIONAL else []),
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
    if shown:
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
