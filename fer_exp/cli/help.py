"""Help pages, read off conf/ as text, so that they are never out of date and need no library."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from fer_exp.config import SCHEMAS
from fer_exp.config.folder import conf_folder, options

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
    ("fer-exp prepare dataset=ferplus dataset.root=DIR", "what is in a corpus"),
    ("fer-exp agreement dataset=ferplus dataset.root=DIR against=original", "what a crowd changes"),
    ("fer-exp crowd ratings=answers.csv gold=gold.csv min_gold_accuracy=0.6", "whom to trust"),
    ("fer-exp crowd plan ratings=pilot.csv", "how many raters a face?"),
    ("fer-exp table study=cafe-soft", "one label against a distribution, on the built-in faces"),
    ("fer-exp table study=noisy-labels", "a paper's table, on the built-in faces"),
    ("fer-exp table study=affectnet-crowd", "single labels against a crowd, on the built-in faces"),
    ("fer-exp pretrain trainer=gpu", "what moves in a drawn face: weights to start from"),
    ("fer-exp pretrain task=contrast dataset=ferplus dataset.root=DIR", "what tells faces apart"),
    ("fer-exp bench trainer=cpu dataset.size=112", "images per second"),
)
"""On the pages of the commands, beside those of EXAMPLES."""


def overview() -> str:
    """The page of `fer-exp --help`."""
    return "\n".join(
        [
            "fer-exp: does a face classifier see ambiguity as people do, and does it survive wrong labels?",
            "",
            "usage: fer-exp COMMAND [KEY=VALUE ...]",
            "",
            "commands:",
            *(f"  {name:<10} {schema.purpose()}" for name, schema in SCHEMAS.items()),
            "",
            "groups (fer-exp train GROUP=OPTION; * is the default):",
            *_groups("train"),
            "",
            "examples:",
            *_examples(EXAMPLES),
            "",
            "fer-exp COMMAND --help lists its keys. --debug shows where an error comes from.",
        ]
    )


def command(name: str) -> str:
    """The page of `fer-exp NAME --help`."""
    groups = _groups(name)
    typed = "crowd plan" if name == "plan" else name
    shown = [example for example in (*EXAMPLES, *MORE) if example[0].split(" ", 1)[1].startswith(typed)]
    parts = [f"fer-exp {name}: {SCHEMAS[name].purpose()}", "", f"usage: fer-exp {name} [KEY=VALUE ...]", ""]
    if groups:
        parts += ["groups (GROUP=OPTION; * is the default):", *groups, ""]
    parts += ["keys:", *(f"  {line}" for line in _keys(name) if line.partition(":")[0] not in _defaults(name))]
    for group, default in _defaults(name).items():
        parts += ["", f"  with {group}={default}:"]
        own = {line.partition(":")[0]: line for line in _within(name, group)}
        keys = (own.get(line.partition(":")[0], line) for line in _keys(f"{group}/{default}"))
        parts += [f"  {group}.{line}" for line in keys if not line.startswith(("name:", "kind:"))]
    if shown:
        parts += ["", "examples:", *_examples(shown)]
    parts += [
        "",
        "-m runs every combination of KEY=A,B,C; --cfg job prints the config and runs nothing;",
        f"other options of a group have keys of their own: fer-exp {name} GROUP=OPTION --cfg job.",
    ]
    return "\n".join(parts)


def _groups(name: str) -> list[str]:
    return [
        f"  {group:<10} {' | '.join([f'*{default}', *(option for option in options(group) if option != default)])}"
        for group, default in _defaults(name).items()
    ]


def _defaults(name: str) -> dict[str, str]:
    """Group -> default option, from the defaults list of a command's file."""
    defaults = {}
    for line in _lines(name):
        group, colon, option = line.split("#")[0].strip().removeprefix("- ").partition(": ")
        if line.startswith("  - ") and colon and option.strip() != "null":
            defaults[group] = option.strip()
    return defaults


def _examples(examples: Sequence[tuple[str, str]]) -> list[str]:
    return [f"  {typed:<62} {meaning}" for typed, meaning in examples]


def _keys(name: str) -> list[str]:
    """The lines of a file of conf/ that have its keys, with their values and comments."""
    lines = (line for line in _lines(name) if line[:1].isalpha() and ":" in line)
    return [line for line in lines if not line.startswith("defaults")]


def _within(name: str, group: str) -> list[str]:
    """The keys that a command's file has in place of a group's own."""
    lines = _lines(name)
    start = next((number + 1 for number, line in enumerate(lines) if line.startswith(f"{group}:")), len(lines))
    return [line.strip() for line in takewhile(lambda line: line.startswith("  "), lines[start:])]


def _lines(name: str) -> list[str]:
    return (conf_folder() / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
