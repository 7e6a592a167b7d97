"""Runs of one config as a group: what belongs together, and what sets groups apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fer_exp.config.settings import READ
from fer_exp.judging.sources import Source
from fer_exp.stats.bootstrap import Statistic


@dataclass
class Group:
    """Runs of one config, as trained or after a repair.

    Attributes:
        name: what sets it apart from the other groups.
        sources: names of its runs.
        seeds: their seeds, where known.
        base: the group that a repaired one comes from; its own number otherwise.
        repair: a key of ``registry.REPAIRS`` or ``registry.NO_FACE``, or None as trained.
        statistics: metric -> one statistic per run.
    """

    name: str
    sources: list[str]
    seeds: list[object]
    base: int
    repair: str | None = None
    statistics: dict[str, list[Statistic]] = field(default_factory=dict)


def grouped(sources: Sequence[Source]) -> list[list[int]]:
    """Numbers of the sources of each config, seeds apart; a predictions file is of its ``model``, else alone."""
    groups: dict[str, list[int]] = {}
    for i, source in enumerate(sources):
        alone = f"runs of {source.model}" if source.model else f"alone {i}"
        key = repr(sorted(source.identity.items())) if source.config else alone
        groups.setdefault(key, []).append(i)
    return list(groups.values())


def group_names(sources: Sequence[Source], groups: Sequence[Sequence[int]]) -> list[str]:
    """What sets each group apart: the keys that are not the same in all of them; of files, their names.

    Names of files set groups apart only where what the files hold does.
    """
    configs = [sources[members[0]].config for members in groups]
    contents = {repr(sources[members[0]].facts.get("contents")) for members in groups if sources[members[0]].config}
    if len(contents) == 1 and contents != {"None"}:
        configs = [{key: value for key, value in config.items() if key not in READ} for config in configs]
    keys = list(dict.fromkeys(key for config in configs for key in config))
    differ = [key for key in keys if len({repr(config.get(key)) for config in configs if config}) > 1]
    names = []
    for config, members in zip(configs, groups, strict=True):
        own = (key for key in differ if key in config)  # a method has no word for another's key
        values = " ".join(f"{_short(key)}={config[key]}" for key in own)
        first = sources[members[0]]
        names.append(values if config and values else first.model or first.name)
    return names


def _short(key: str) -> str:
    """A key as people say it: labels.kind is labels, labels.rule is rule."""
    group, _, name = key.rpartition(".")
    return group if name in ("kind", "name") else name
