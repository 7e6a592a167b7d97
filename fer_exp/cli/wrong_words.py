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
    word, command = typed.word, typed.command
    if typed.behind and typed.behind[0].startswith("="):
        value = typed.behind[0][1:] or (typed.behind[1] if len(typed.behind) > 1 else "")
        said = key_meant(command, word, value, typed.chosen) or f"{word}={value}"
        return f"{word} {' '.join(typed.behind[:2])} has spaces; write {said}."
    if exists(word):
        return ""
    if word in SCHEMAS:
        rest = [*typed.words[: typed.place], *typed.words[typed.place + 1 :]]
        return f"{word} is a command of its own; write {shlex.join(['fer-exp', word, *rest])}."
    before, _, _ = (typed.words[typed.place - 1] if typed.place else "").partition("=")
    if (match := re.fullmatch(r"([\w.-]+):(.+)", word)) and (
        meant := key_meant(command, match[1], match[2], typed.chosen)
    ):
        return f"{word} is no KEY=VALUE; write {meant}."
    first, dot, _ = word.partition(".")
    is_name = (not dot or first in groups(command)) and re.fullmatch(r"[\w.+-]+|published/\w+", word) is not None
    for group in groups(command) if is_name else ():
        if option := option_called(group, word.removeprefix(group), all_options(group), 1.0):
            if option == "folder" and word != option:  # images: more likely a folder that is not there
                continue
            if before == group:
                return parted(typed, typed.place - 1)
            return f"{word} is no KEY=VALUE; write {group}={option}."
    if before in keys(command) and re.fullmatch(r"[\d.]+,?", word):
        earlier = Typed(command, typed.words, typed.place - 1, typed.chosen)
        if earlier.type.startswith(("int", "float")):
            return parted(typed, typed.place - 1)
    if (
        command in CHOICE
        and is_name
        and (choice := option_called(CHOICE[command], word, OPTIONS[CHOICE[command]], 0.75))
    ):
        return f"{word} is no KEY=VALUE; write {CHOICE[command]}={choice}."
    # What may as well be a folder that is not there is left to those who read paths: faces, images, data.
    is_key = is_name and (
        typed.behind or word in keys(command) or "." in word or "=true" in key_meant(command, word, "", {})
    )
    if is_key and (meant := key_meant(command, word, typed.behind[0] if typed.behind else "", typed.chosen)):
        return f"{word} has no value, and no file is called so; write {meant}."
    return "" if SCHEMAS[command].takes else f"{word} is no KEY=VALUE; fer-exp {command} --help lists the keys."


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
    group, _, last = key.partition(".")
    if group in groups(typed.command) and last in ("name", "kind"):
        meant = option_meant(typed.command, group, value) or option_near(group, value) or f"{group}={value}"
        return f"{key} is set by the option; write {meant}."
    if key in groups(typed.command):
        for option in values_of(value) if typed.sweeps or "," in value else [value]:
            if option not in (*all_options(key), "null"):
                return unknown_option(typed.command, key, option) if option else ""
    chosen = {**groups(typed.command), **typed.chosen}.get(key.partition(".")[0], "")
    if (
        not typed.of_table
        and chosen in (*all_options(key.partition(".")[0]), "null")
        and not has_key(typed.command, key, typed.chosen)
    ):
        return key_not_here(typed.command, key, value, typed.chosen)
    return ""
