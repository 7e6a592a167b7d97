"""What a word that is no key, no option or no command was meant to be: in full, ready to be copied into a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path

from fer_exp.config import SCHEMAS
from fer_exp.config.folder import options
from fer_exp.config.keys import Key, command_keys, groups, option_keys
from fer_exp.config.rules import SHARES
from fer_exp.config.spellings import BY_VALUE, KEYS, OPTIONS, TOLD, letters, option_called
from fer_exp.errors import nearest
from fer_exp.files import TABLES, there

FIRST = {"dataset": "folder", "labels": "noisy"}
"""The option that is named where several have a key."""
SWITCH = ("true", "false", "yes", "no", "on", "off", "y", "n", "1", "0")
NUMBER = re.compile(r"-?\d*\.?\d+(e-?\d+)?%?")


@cache
def keys(command: str) -> dict[str, Key]:
    """Every key of a command with any option, its groups among them."""
    found = {**command_keys(command), **{group: Key(option) for group, option in groups(command).items()}}
    for group in groups(command):
        for option in all_options(group):
            found |= {name: key for name, key in option_keys(group, option).items() if name not in found}
    return found


@cache
def all_options(group: str) -> tuple[str, ...]:
    """The options of a group, with those in folders within it: ``published/scn``."""
    return (*options(group), *(f"published/{name}" for name in options(f"{group}/published")))


def key_meant(command: str, name: str, value: str, chosen: Mapping[str, str]) -> str:
    """What to write in place of ``name=value`` where the name is another's for a key; '' where it is none.

    Args:
        command: one of ``SCHEMAS``.
        name: no key of the command.
        value: what stands behind it; '' for nothing, as of ``--amp``.
        chosen: group -> option, as the other words have it.

    >>> key_meant("train", "lr", "0.1", {}), key_meant("train", "noise_rate", "0.2", {})
    ('trainer.learning_rate=0.1', 'labels=noisy labels.rate=0.2')
    """
    for asked in dict.fromkeys((letters(name), letters(name.rpartition(".")[2]))):
        fitting = [fit for words in _elsewhere_called(asked, value) if (fit := _fitting(command, words, value, chosen))]
        if (group := name.partition(".")[0]) in chosen:  # who has chosen a method is not sent to another
            fitting = [fit for fit in fitting if not fit.startswith(f"{group}=")]
        if fitting:
            return fitting[0]
        same = [key for key in keys(command) if asked in (letters(key), letters(key.rpartition(".")[2]))]
        if same:
            here = [key for key in same if has_key(command, key, chosen)]
            return written(command, (here or same)[0], value, chosen)
    return ""


def key_near(command: str, name: str, value: str, chosen: Mapping[str, str]) -> str:
    """What to write in place of ``name=value`` where the name is a slip; '' where nothing is near.

    >>> key_near("train", "lerning_rate", "0.1", {}), key_near("train", "trainer.epoch", "3", {})
    ('trainer.learning_rate=0.1', 'trainer.epochs=3')
    """
    short: dict[str, str] = {}
    alike = 0.75 if len(name.rpartition(".")[2]) > 3 else 0.8
    for key in sorted(keys(command), key=lambda key: not has_key(command, key, chosen)):
        if "." in name and key in groups(command):
            continue
        short.setdefault(key, key)
        short.setdefault(key.rpartition(".")[2], key)
    near = nearest(name, short, alike) or nearest(name.rpartition(".")[2], short, alike)
    if near in groups(command):
        return (
            option_meant(command, str(near), value)
            or option_near(str(near), value)
            or f"{near}={value or groups(command)[str(near)]}"
        )
    return written(command, short[near], value, chosen) if near else ""


def elsewhere(command: str, name: str, value: str) -> tuple[str, str] | None:
    """Another command that has such a key, and what to write there; None where none has.

    >>> elsewhere("train", "gold", "g.csv")
    ('crowd', 'gold=g.csv')
    """
    if name.partition(".")[0] in groups(command):  # which is no other command's alone
        return None
    exact = [other for other in SCHEMAS if name in keys(other)]
    meant = ((other, key_meant(other, name, value, {})) for other in (*exact, *SCHEMAS) if other != command)
    return next(((other, words) for other, words in meant if words), None)


def told(name: str) -> str:
    """What there is in place of what a key asks for; '' where nothing is known of it."""
    asked = letters(name.rpartition(".")[2])
    return next((said for spelt, said in TOLD.items() if asked in map(letters, spelt.split())), "")


def group_called(command: str, name: str) -> str:
    """The group that a name stands for, '' where it is none."""
    rows = (row.removesuffix("={}") for row, spelt in KEYS.items() if letters(name) in map(letters, spelt.split()))
    return next((group for group in rows if group in groups(command)), "")


def option_meant(command: str, group: str, name: str) -> str:
    """What to write in place of ``group=name`` where the name is another's for an option; '' where it is none.

    >>> option_meant("train", "dataset", "FER+"), option_meant("train", "method", "soft")
    ('dataset=ferplus', 'labels=soft')
    """
    if (
        (plain := option_called(group, name.rstrip("/"), all_options(group), 1.0))
        and "/" in name
        and "published" not in name
    ):
        return f"{group}={plain}"
    if _is_path(name):
        key = "dataset.table" if name.lower().endswith(TABLES) else "dataset.root"
        word = {"dataset": f"{key}={name}", "backbone": f"backbone.weights={name}"}.get(group, "")
        return f"{'dataset=folder ' if group == 'dataset' else ''}{shlex.quote(word)}" if word else ""
    others = () if name.lower() in SWITCH else (each for each in (*groups(command), *OPTIONS) if each != group)
    for other in (group, *others):
        choices = all_options(other) if other in groups(command) else OPTIONS[other] if other in keys(command) else ()
        if option := option_called(other, name, choices, 1.0):
            return written(command, other, option, {}) + (" dataset.root=DIR" if option == "folder" else "")
    return ""


def option_near(group: str, name: str) -> str:
    """What to write in place of ``group=name`` where the name is a slip; '' where nothing is near.

    >>> option_near("labels", "sof"), option_near("backbone", "resnet34")
    ('labels=soft', '')
    """
    option = option_called(group, name, all_options(group))
    return f"{group}={option}" if option else ""


def command_meant(name: str) -> str | None:
    """The command that a word stands for, None where none is near.

    >>> command_meant("eval"), command_meant("trian")
    ('evaluate', 'train')
    """
    asked = letters(name)
    called = (name for name, schema in SCHEMAS.items() if asked in map(letters, [name, *schema.called.split()]))
    return next(called, nearest(name, SCHEMAS))


def written(command: str, key: str, value: str, chosen: Mapping[str, str]) -> str:
    """``key=value`` for a shell, after the option that has the key, where the one that is chosen has not."""
    if not value:
        default = keys(command)[key].value if key in keys(command) else "null"
        value = {"null": "VALUE", "false": "true"}.get(default, default)
    value = share(option_called(key, value, OPTIONS.get(key, ()), 1.0) or value, key in SHARES)
    word = shlex.quote(f"{key}={value}")
    if has_key(command, key, chosen):
        return word
    group = key.partition(".")[0]
    having = [option for option in options(group) if key in option_keys(group, option)]
    return f"{group}={FIRST[group] if FIRST.get(group) in having else having[0]} {word}"


def has_key(command: str, key: str, chosen: Mapping[str, str]) -> bool:
    """Whether a key is there with the options that are chosen."""
    group, dot, _ = key.partition(".")
    if not dot or key in command_keys(command) or group not in groups(command):
        return True
    option = {**groups(command), **chosen}[group]
    # What a published method sets of the trainer belongs to the trainer, which is there as well.
    return option in all_options(group) and key in option_keys(group, option)


def _elsewhere_called(asked: str, value: str) -> Iterator[str]:
    """The words to write of every row that has a spelling, in order."""
    for spelt, by_value in BY_VALUE.items():
        if asked in map(letters, spelt.split()):
            for words, values in by_value.items():
                same = (letters(value) or "true") in map(letters, values.split())
                if same or ("#" in values and NUMBER.fullmatch(value)):
                    yield words
    yield from (row.rstrip("#") for row, spelt in KEYS.items() if asked in map(letters, spelt.split()))


def _fitting(command: str, words: str, value: str, chosen: Mapping[str, str]) -> str:
    """A row's words with the value in them; '' where the command lacks a key of them, or a group the option."""
    if words.startswith("--"):
        return words  # an option of all commands
    names = [word.partition("=")[0] for word in words.split()]
    if any(name not in keys(command) and not name.startswith("hydra/") for name in names):
        return ""
    if words.endswith("={}") and len(names) == 1:
        if names[0] not in groups(command):
            return "" if value and not _takes(command, names[0], value) else written(command, names[0], value, chosen)
        option = option_called(names[0], value, all_options(names[0]), 1.0)
        return f"{names[0]}={option}" if option else ""
    filled = words.format((share(value) or "VALUE").strip("[]")).split()
    held = {f"{group}={option}" for group, option in chosen.items()}
    return " ".join(shlex.quote(word) for word in filled if word not in held)


def _takes(command: str, key: str, value: str) -> bool:
    """Whether a key may have a value: one that is true or false has no other; report's pictures are none of a path."""
    kind = next((str(field.type) for field in fields(SCHEMAS[command]) if field.name == key), "")
    return not kind.startswith("bool") or letters(value) in SWITCH


def share(value: str, of_shares: bool = False) -> str:
    """A percentage as the share that it is, also without its sign where only shares are meant; others as they stand.

    >>> share("40%"), share("40", of_shares=True), share("0.4")
    ('0.4', '0.4', '0.4')
    """
    percent = re.fullmatch(r"(\d+\.?\d*) ?(%?)", value)
    if percent and (percent[2] or (of_shares and 1 < float(percent[1]) <= 100)):
        return f"{float(percent[1]) / 100:g}"
    return value


def _is_path(name: str) -> bool:
    return (bool(re.search(r"[/\\~]", name)) and "published" not in name) or (
        name.isascii() and there(Path(name)) and "." in name
    )
