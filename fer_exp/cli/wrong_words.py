"""Words that are no ``KEY=VALUE`` of their command, each with the words that were meant."""

from __future__ import annotations

import re
import shlex

from fer_exp.cli.meant import all_options, has_key, key_meant, key_near, keys, option_meant, option_near, told
from fer_exp.cli.mistakes import key_not_here, unknown_key, unknown_option
from fer_exp.cli.paths import exists
from fer_exp.cli.typed import Typed, parted
from fer_exp.cli.words import ALL_FLAGS, FLAGS, VALUED
from fer_exp.cli.wrong_values import values_of
from fer_exp.config import SCHEMAS
from fer_exp.config.keys import groups
from fer_exp.config.spellings import OPTIONS, option_called
from fer_exp.errors import did_you_mean

DASHES = "-‐‑‒–—―−"
QUOTES = re.compile("[“”„«»‘’‚]")
"""What word processors and web pages make of - and of straight quotes."""
CHOICE = {"table": "study", "pretrain": "task"}
"""Command -> the key whose value is what the command is about, and is typed alone."""


def pasted(typed: Typed) -> str:
    """Quotes that a word processor has bent."""
    if not (QUOTES.match(typed.word) or QUOTES.match(typed.value)) or exists(typed.value):
        return ""  # within a name they may be meant
    return (
        f"{typed.word} has curly quotes, which a shell does not read; write {shlex.quote(QUOTES.sub('', typed.word))}."
    )


def dashed(typed: Typed) -> str:
    """An option that is none: most are keys, written as elsewhere."""
    if typed.word[0] not in DASHES:
        return ""
    name, _, value = typed.word.lstrip(DASHES).partition("=")
    if f"--{name}" in (*FLAGS, *VALUED) and typed.word[0] != "-":
        return f"{typed.word} begins with a dash that a word processor has made longer; write --{name}."
    if not value and typed.behind:
        key = key_meant(typed.command, name, "", typed.chosen).rpartition(" ")[2].partition("=")[0]
        value = (
            ""
            if key in keys(typed.command) and keys(typed.command)[key].value in ("true", "false")
            else typed.behind[0]
        )
    if meant := key_meant(typed.command, name, value, typed.chosen):
        return f"There is no option {typed.word}; keys have no dashes: write {meant}."
    if instead := told(name):
        return f"There is no option {typed.word}: {instead}."
    if hint := did_you_mean(f"--{name}", ALL_FLAGS, 0.75):
        return f"There is no option {typed.word}; {hint}fer-exp COMMAND --help lists what there is."
    if near := key_near(typed.command, name, value, typed.chosen):
        return f"There is no option {typed.word}; keys have no dashes: did you mean {near}?"
    return f"There is no option {typed.word}; fer-exp {typed.command} --help lists the keys, as KEY=VALUE."


def bare(typed: Typed) -> str:
    """A word without ``=`` that is no path where the command takes one."""
    if said := _spaced(typed):
        return said
    if exists(typed.word):
        return ""
    for rule in (_a_command, _with_colon, _an_option, _a_further_number, _a_choice, _a_key):
        if said := rule(typed):
            return said
    if SCHEMAS[typed.command].takes:
        return ""
    return f"{typed.word} is no KEY=VALUE; fer-exp {typed.command} --help lists the keys."


def _spaced(typed: Typed) -> str:
    """``key = value``."""
    if not typed.behind or not typed.behind[0].startswith("="):
        return ""
    value = typed.behind[0][1:] or (typed.behind[1] if len(typed.behind) > 1 else "")
    meant = key_meant(typed.command, typed.word, value, typed.chosen) or f"{typed.word}={value}"
    return f"{typed.word} {' '.join(typed.behind[:2])} has spaces; write {meant}."


def _a_command(typed: Typed) -> str:
    """A second command."""
    if typed.word not in SCHEMAS:
        return ""
    rest = [*typed.words[: typed.place], *typed.words[typed.place + 1 :]]
    return f"{typed.word} is a command of its own; write {shlex.join(['fer-exp', typed.word, *rest])}."


def _with_colon(typed: Typed) -> str:
    """``key:value``."""
    match = re.fullmatch(r"([\w.-]+):(.+)", typed.word)
    meant = key_meant(typed.command, match[1], match[2], typed.chosen) if match else ""
    return meant and f"{typed.word} is no KEY=VALUE; write {meant}."


def _an_option(typed: Typed) -> str:
    """An option without its group, or one more of the group before."""
    for group in groups(typed.command) if _is_name(typed) else ():
        option = option_called(group, typed.word.removeprefix(group), all_options(group), 1.0)
        if not option or (option == "folder" and typed.word != option):  # images: more likely a folder not there
            continue
        if typed.before and typed.before.key == group:
            return parted(typed.before)
        return f"{typed.word} is no KEY=VALUE; write {group}={option}."
    return ""


def _a_further_number(typed: Typed) -> str:
    """One more value of the key before, which takes numbers."""
    before = typed.before
    if before is None or before.key not in keys(typed.command) or not re.fullmatch(r"[\d.]+,?", typed.word):
        return ""
    return parted(before) if before.type.startswith(("int", "float")) else ""


def _a_choice(typed: Typed) -> str:
    """What the command is about, without its key."""
    key = CHOICE.get(typed.command)
    if key is None or not _is_name(typed):
        return ""
    choice = option_called(key, typed.word, OPTIONS[key], 0.75)
    return f"{typed.word} is no KEY=VALUE; write {key}={choice}." if choice else ""


def _a_key(typed: Typed) -> str:
    """A key without a value.

    What may as well be a folder that is not there is left to those who read paths: faces, images, data.
    """
    word, command, value = typed.word, typed.command, (typed.behind or [""])[0]
    if not _is_name(typed):
        return ""
    switch = "=true" in key_meant(command, word, "", {})
    if not (value or word in keys(command) or "." in word or switch):
        return ""
    meant = key_meant(command, word, value, typed.chosen)
    return meant and f"{word} has no value, and no file is called so; write {meant}."


def _is_name(typed: Typed) -> bool:
    """Whether a word may be the name of a key or an option."""
    group, dot, _ = typed.word.partition(".")
    letters = re.fullmatch(r"[\w.+-]+|published/\w+", typed.word) is not None
    return letters and (not dot or group in groups(typed.command))


def named(typed: Typed) -> str:
    """A key that is none, or none of the options chosen; an option that is none."""
    key, value = typed.key, typed.value
    group, at, _ = key.partition("@")
    if at and group in groups(typed.command):
        return f"{key}: an option of {group} has one place, that of its keys; write {group}={value or 'OPTION'}."
    if key not in keys(typed.command):
        if typed.of_table and not key_meant("train", key, value, {}) and (meant := key_meant("table", key, value, {})):
            return f"{key} is no key of fer-exp table; write {meant}."
        return unknown_key(typed.command, key, value, typed.chosen)
    group, _, name = key.partition(".")
    options = groups(typed.command) | {**typed.chosen}
    if group in groups(typed.command) and name in ("name", "kind"):
        meant = option_meant(typed.command, group, value) or option_near(group, value) or f"{group}={value}"
        return f"{key} is set by the option; write {meant}."
    if key in groups(typed.command):
        typed_options = values_of(value) if typed.sweeps or "," in value else [value]
        strange = next((option for option in typed_options if option not in (*all_options(key), "null")), "")
        if strange:
            return unknown_option(typed.command, key, strange)
    if typed.of_table or options.get(group, "") not in (*all_options(group), "null"):
        return ""  # an option that is none has been said
    return "" if has_key(typed.command, key, typed.chosen) else key_not_here(typed.command, key, value, typed.chosen)
