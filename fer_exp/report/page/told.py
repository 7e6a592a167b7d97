"""Where the numbers of a config come from, as the page tells it: what it was told, and what its runs say of themselves.

A page is passed on, so nothing of the machine that a run was on stands in it: of a path the last part at most.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from fer_exp.config import GROUPS
from fer_exp.config.settings import SEEDS, flat, names_file
from fer_exp.errors import RequestError
from fer_exp.judging.sources import Source
from fer_exp.runs.naming import NAMED, defaults_of
from fer_exp.runs.places import last_part, without_places

PLACES = ("dataset.root", "dataset.cache", "output", "root", "cache")
"""Keys that say where things lie and nothing of what they are."""


class Row(NamedTuple):
    """A key of the config: a value a config, and the default, which is empty where there is none."""

    key: str
    values: list[str]
    default: str


def without_place(text: str) -> str:
    """A text whose absolute paths are cut to their last part.

    >>> without_place("labels.file=/home/me/noise.txt of runs/a")
    'labels.file=…/noise.txt of runs/a'
    """
    return without_places(text, lambda path: f"…/{last_part(path)}", one=False)


def told(sources: Sequence[Source]) -> tuple[list[Row], list[Row]]:
    """What configs were told, a source a config: keys that differ from the defaults or among them, then all others."""
    configs, defaults = [_flat(source) for source in sources], [_defaults(source) for source in sources]
    keys = dict.fromkeys(key for config in configs for key in config)
    changed: list[Row] = []
    rest: list[Row] = []
    for key in sorted(keys, key=lambda key: _place(key.partition(".")[0])):
        values = [config.get(key) for config in configs]
        # A key that names a file has no default: it is left alone where it names none.
        usual = [of.get(key, "" if key in NAMED else None) for of in defaults]
        default = _words(key, usual[0]) if _alike(usual) and key in defaults[0] else ""
        row = Row(key, [_words(key, config[key]) if key in config else "" for config in configs], default)
        if values == usual and _alike(values):
            rest.append(row)
        else:
            changed.append(row)
    return changed, rest


def _alike(values: Sequence[object]) -> bool:
    return len(set(map(repr, values))) == 1


def facts(sources: Sequence[Source]) -> list[tuple[str, str]]:
    """What the runs of a config say of themselves, each fact once; seeds that differ in it stand side by side."""
    by_run = [_facts(source) for source in sources]
    names = dict.fromkeys(name for of_run in by_run for name, _ in of_run)
    joined = []
    for name in names:
        values = dict.fromkeys(dict(of_run).get(name, "") for of_run in by_run)
        words = [value for value in values if value]
        if words:
            joined.append((name, without_place(words[0] if name == "command" else "; ".join(words))))
    return joined


def _facts(source: Source) -> list[tuple[str, str]]:
    run = source.facts
    if not run:
        return [("run", source.name)]
    command = [str(word) for word in run.get("command", [])]
    noise = [_said(key, value) for key, value in (run.get("noise") or {}).items() if not isinstance(value, list | dict)]
    return [
        ("run", source.name),
        ("faces", ", ".join(f"{count:,} {split}" for split, count in run.get("faces", {}).items())),
        ("dropped", ", ".join(f"{why}: {count:,}" for why, count in run.get("dropped", {}).items()) or "none"),
        ("label noise", ", ".join(filter(None, noise)) or "none added"),
        ("seeds", ", ".join(f"{name} {value}" for name, value in run.get("seeds", {}).items())),
        ("data", str(run.get("data_hash", ""))),
        ("targets", str(run.get("targets_hash", ""))[:32]),
        ("command", " ".join([*map(_last, command[:1]), *map(_word, command[1:])])),
        ("software", ", ".join(f"{name} {value}" for name, value in run.get("versions", {}).items())),
        ("commit", str(run.get("git_commit") or "")),
        ("trained", f"{run.get('device', '')}, {run.get('seconds', 0):,} s, finished {run.get('finished', '')}"),
    ]


def _said(key: str, value: object) -> str:
    """A fact of the record in words; '' of one that is not there."""
    number = f"{value:.4g}" if isinstance(value, float) else _words("", value)
    return "" if value is None else f"{key.replace('_', ' ')} {number}"


def _flat(source: Source) -> dict[str, object]:
    keys = flat(source.facts.get("config", {}))
    return {key: value for key, value in keys.items() if key not in (*SEEDS, *PLACES)}


def _defaults(source: Source) -> dict[str, object]:
    """The defaults of what was chosen; none of a run of before that lacks a group, or of a pretraining."""
    try:
        return defaults_of(source.facts.get("config", {})) if source.config else {}
    except (KeyError, RequestError):
        return {}


def _place(group: str) -> int:
    return [*GROUPS].index(group) if group in GROUPS else len(GROUPS)


def _words(key: str, value: object) -> str:
    """A value as a table shows it; of a file its name."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(_words(key, each) for each in value) or "–"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return _last(text) if names_file(key, text) else without_place(text)


def _word(word: str) -> str:
    """A word of a command without the place of what it names."""
    key, equals, value = word.partition("=")
    if not equals:
        return "…" if re.search(r"[/\\]", word) else word  # a folder, whose last part may be a person's
    key = key.lstrip("+-")
    if key in PLACES:
        return f"{key}=…"
    return f"{key}={_last(value)}" if names_file(key, value) else word


def _last(path: str) -> str:
    """As ``last_part``; of a path that has none, a sign that there was one."""
    return last_part(path) or "…"
