"""The reference: commands, keys, metrics, methods, Python, each generated from its one owner in the code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import fer_exp
from fer_exp.cli.help import examples_of
from fer_exp.config import GROUPS, SCHEMAS
from fer_exp.config.folder import conf_folder, options
from fer_exp.config.keys import Key, command_keys, groups, option_keys
from fer_exp.config.rules import AT_LEAST, AT_MOST, CHOICES, MOST_SEED, SHARES
from fer_exp.config.spellings import KEYS
from fer_exp.metrics.registry import METRICS

NEEDS = {
    "labels": "one label a face",
    "majority": "votes, of which the most frequent is taken",
    "votes": "votes",
    "shared": "votes of two raters or more",
    "ratings": "ratings of valence or arousal",
    "epochs": "the history of a training",
}
BETTER = {1: "↑", -1: "↓", 0: ""}


def pages() -> dict[str, Callable[[], str]]:
    """Page -> what writes it."""
    found: dict[str, Callable[[], str]] = {"reference/commands": _commands, "reference/metrics": _metrics}
    found |= {f"reference/{name}": partial(_command, name) for name in SCHEMAS}
    found |= {f"reference/{group}": partial(_group, group) for group in GROUPS}
    return found | {"reference/python": _python, "reference/names": _names}


def _commands() -> str:
    """Every command with its purpose."""
    rows = [(f"[`fer-exp {_typed(name)}`]({name}.md)", schema.purpose()) for name, schema in SCHEMAS.items()]
    parts = (f"[`{group}`]({group}.md)" for group in GROUPS)
    return "\n".join(
        [
            "# Commands and keys",
            "",
            "`fer-exp COMMAND [FILES] [KEY=VALUE ...]`: docs/command-line.md says what may be typed. These pages",
            "show what `fer-exp COMMAND --help` shows.",
            "",
            *table(("command", "what it does"), rows),
            "",
            f"Groups of keys that commands share: {', '.join(parts)}.",
            "",
            *_tree((*SCHEMAS, *GROUPS)),
        ]
    )


def _command(name: str) -> str:
    """One command: its usage, groups, keys and examples."""
    typed = _typed(name)
    takes = SCHEMAS[name].takes
    examples = examples_of(name)
    chosen = [
        (f"[`{group}`]({group}.md)", "none" if option == "null" else f"`{option}`", _listed(options(group)))
        for group, option in groups(name).items()
    ]
    parts = [f"# fer-exp {typed}", "", f"{_sentence(SCHEMAS[name].purpose())}", ""]
    parts += ["```", f"fer-exp {typed} {'[PATH ...] ' if takes else ''}[KEY=VALUE ...]", "```", ""]
    if takes:
        parts += [f"A path without a key: {takes.what}.", ""]
    if chosen:
        parts += ["## Groups", "", *table(("group", "default", "options"), chosen), ""]
    parts += ["## Keys", "", *_keys(command_keys(name)), ""]
    if examples:
        parts += ["## Examples", "", "```", *(line for word, what in examples for line in (f"# {what}", word)), "```"]
    return "\n".join(parts)


def _group(group: str) -> str:
    """One group: each option with its keys."""
    parts = [f"# {group}=", "", f"Options: {_listed(options(group))}. A key keeps its value unless it is typed.", ""]
    published = f"{group}/published"
    for option in options(group):
        parts += [f"## {group}={option}", "", *_about(group, option)]
        parts += _keys(
            {key: row for key, row in option_keys(group, option).items() if not key.endswith((".name", ".kind"))}
        )
        parts.append("")
    if (conf_folder() / published).is_dir():
        named = (f"`{group}=published/{option}`" for option in options(published))
        parts += [
            "## With the published optimiser",
            "",
            f"These also set what the paper trains with: {', '.join(named)}.",
            "",
        ]
        for option in options(published):
            parts += [f"### {group}=published/{option}", "", *_keys(option_keys(group, f"published/{option}")), ""]
    return "\n".join(parts)


def _about(group: str, option: str) -> list[str]:
    """The comment that begins an option's file, before its first key."""
    lines = (conf_folder() / group / f"{option}.yaml").read_text(encoding="utf-8").splitlines()
    first = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    said = [line.removeprefix("#").strip() for line in lines[:first] if "@package" not in line]
    return [*map(escaped, said), ""] if said else []


def _keys(keys: Mapping[str, Key]) -> list[str]:
    """A row a key: default, meaning, and what it may be where its comment does not say so."""
    rows = []
    for name, key in keys.items():
        choices = "" if all(choice in key.comment for choice in CHOICES.get(name, ())) else _listed(CHOICES[name])
        said = [escaped(key.comment), choices, _bounds(name)]
        rows.append((f"`{name}`", f"`{key.value}`", "; ".join(part for part in said if part)))
    return list(table(("key", "default", "meaning"), rows))


def _bounds(name: str) -> str:
    """Between which numbers a key lies."""
    if name in SHARES:
        return "0 to 1"
    least, most = AT_LEAST.get(name), AT_MOST.get(name)
    ends = [f"at least {least:,}" if least else "", f"at most {most:,}" if most and most < MOST_SEED else ""]
    return ", ".join(end for end in ends if end)


def _metrics() -> str:
    """Every metric, with what it needs, its range and which way is better."""
    parts = [
        "# Metrics",
        "",
        "Every number of `metrics.json`. Formulas, sources and limits stand in docs/metrics.md. A metric of ratings",
        "is there for valence and for arousal; `<class>` stands for a class.",
        "",
    ]
    for section in dict.fromkeys(metric.section for metric in METRICS):
        rows = [
            (
                f"`{metric.name}`",
                escaped(metric.words or metric.name.replace("_", " ")),
                NEEDS[metric.needs],
                " to ".join(
                    "∞" if end == float("inf") else "−∞" if end == float("-inf") else f"{end:g}" for end in metric.range
                ),
                BETTER[metric.better],
            )
            for metric in METRICS
            if metric.section == section
        ]
        heading = _sentence(section.replace("-", " ").replace("peoples", "people's")).removesuffix(".")
        parts += [f"## {heading}", "", f"[How they are computed](docs/metrics.md#{section})", ""]
        parts += [*table(("name", "in words", "needs", "range", "better"), rows), ""]
    return "\n".join(parts)


def _python() -> str:
    """What ``import fer_exp`` gives, from the docstrings."""
    names = [name for name in fer_exp.__all__ if not name.startswith("__")]
    functions = [name for name in names if name[0].islower()]
    classes = [name for name in names if name[0].isupper()]
    parts = ["# Python", "", "What `import fer_exp` gives. docs/python.md shows it at work.", ""]
    for name in functions:
        parts += [f"## {name}", "", "```{eval-rst}", f".. autofunction:: fer_exp.{name}", "```", ""]
    parts += ["## A trained network", "", "```{eval-rst}", ".. autoclass:: fer_exp.predictor.Predictor", "   :members:"]
    parts += ["   :special-members: __call__", "```", ""]
    for name in classes:
        kind = "autoexception" if name.endswith("Error") else "autoclass"
        parts += [f"## {name}", "", "```{eval-rst}", f".. {kind}:: fer_exp.{name}", "   :members:", "```", ""]
    return "\n".join(parts)


def _names() -> str:
    """What other programs call a key, and what it is called here."""
    rows = [(f"`{key.replace('{}', '…').rstrip('#')}`", ", ".join(words.split())) for key, words in KEYS.items()]
    return "\n".join(
        [
            "# What others call it",
            "",
            "A command that meets a name of another program does not guess: it says what to type here. It knows these.",
            "",
            *table(("here", "elsewhere"), rows),
        ]
    )


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterable[str]:
    """Lines of a Markdown table; a bar within a cell is no border."""
    head = list(head)
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def escaped(text: str) -> str:
    """A comment of conf/ as Markdown: its angle brackets, stars and underscores are themselves."""
    for sign in "\\<*_[$":
        text = text.replace(sign, f"\\{sign}")
    return text


def _typed(name: str) -> str:
    return "crowd plan" if name == "plan" else name


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _tree(names: Iterable[str]) -> list[str]:
    return ["```{toctree}", ":hidden:", "", *names, "```"]
