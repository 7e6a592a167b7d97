"""What can be told from the words alone: mistakes of writing, names and places, each with the words that were meant.

Asked before Hydra, whose sentences are about its grammar. What needs the composed config is said by ``config.rules``,
what needs the faces where they are read.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from fer_exp.cli.meant import all_options, has_key, key_meant, key_near, keys, share, told, written
from fer_exp.cli.mistakes import key_not_here, unknown_key, unknown_option
from fer_exp.cli.paths import exists
from fer_exp.cli.words import FLAGS, POSITIONAL, VALUED, is_override
from fer_exp.config import SCHEMAS, BackboneConfig, DatasetConfig, LabelsConfig, MethodConfig, TrainerConfig
from fer_exp.config.keys import groups
from fer_exp.config.paths import path_keys
from fer_exp.config.spellings import OPTIONS, option_called
from fer_exp.errors import RequestError, did_you_mean
from fer_exp.files import file_of, there
from fer_exp.progress import progress

DASHES = "-‐‑‒–—―−"
QUOTES = re.compile("[“”„«»‘’‚]")
"""What word processors and web pages make of - and of straight quotes."""
SEVERAL = re.compile(r"(choice|range|interval|glob|shuffle|sort)\(.*\)$")
"""What Hydra makes several values of, beside commas."""
CHOICE = {"table": "study", "pretrain": "task"}
"""Command -> the key whose value is what the command is about, and is typed alone."""
GROUPS = {
    "dataset": DatasetConfig,
    "labels": LabelsConfig,
    "backbone": BackboneConfig,
    "method": MethodConfig,
    "trainer": TrainerConfig,
}


@dataclass(frozen=True)
class Typed:
    """A word among those of its command.

    Attributes:
        command: whose key it is; of a table's trainings ``train``.
        words: all that were typed after the command.
        place: which of them it is.
        chosen: group -> option of all of them.
        of_table: whether it is for a table's trainings, whose groups a preset chooses.
    """

    command: str
    words: Sequence[str]
    place: int
    chosen: Mapping[str, str]
    of_table: bool = False

    @property
    def word(self) -> str:
        """The word itself."""
        return self.words[self.place]

    @property
    def key(self) -> str:
        """What stands before ``=``."""
        return self.word.partition("=")[0].lstrip("+~")

    @property
    def value(self) -> str:
        """What stands behind ``=``."""
        return self.word.partition("=")[2]

    @property
    def behind(self) -> list[str]:
        """The words behind it up to the next that is an option or a ``key=value``."""
        found = []
        for word in self.words[self.place + 1 :]:
            if word.startswith("-") or "=" in word.lstrip("="):
                break
            found.append(word)
        return found

    @property
    def sweeps(self) -> bool:
        """Whether several values may be given."""
        return self.of_table or "-m" in self.words or "--multirun" in self.words

    @property
    def type(self) -> str:
        """The type of its key, as the schema has it; '' where it is no plain key."""
        group, dot, name = self.key.partition(".")
        owner = GROUPS.get(group) if dot else SCHEMAS[self.command]
        return {field.name: str(field.type) for field in fields(owner)}.get(name or group, "") if owner else ""

    @property
    def is_free(self) -> bool:
        """Whether its key names a file, a folder or a column, which may be called anything."""
        schema = SCHEMAS[self.command]
        return self.key in path_keys(schema) or path_keys(schema, "text").get(self.key) is False

    def whole(self, instead: str) -> str:
        """The whole command with several values, this word and those behind it replaced."""
        words = [*self.words[: self.place], instead, *self.words[self.place + 1 + len(self.behind) :]]
        return shlex.join(["fer-exp", self.command, "-m", *words])


def check_typed(command: str, words: Sequence[str]) -> None:
    """Hold each word against the rules that need nothing but the words.

    Raises:
        RequestError: of the first that is wrong, with what to write in its place.
    """
    known = groups("train" if command == "table" else command)
    chosen = {key: value for key, mark, value in (word.partition("=") for word in words) if key in known}
    if command != "table":  # whose words add to a preset's
        twice(words, known)
    if command in POSITIONAL and any(exists(word) and not is_override(command, word) for word in words):
        chosen = {
            **dict(word.split("=") for word in POSITIONAL[command].besides if word.split("=")[0] in known),
            **chosen,
        }
    for place, word in enumerate(words):
        if word in VALUED and (said := without_value(words, place)):
            raise RequestError(said)
        name = word.partition("=")[0].lstrip("+~")
        ours = not name.startswith(("hydra.", "hydra/") if command != "table" else ("hydra.", "hydra/", "start."))
        if not ours or (place and words[place - 1] in VALUED) or word in (*FLAGS, *VALUED) or word[:1] in ("", "~"):
            continue
        of_table = command == "table" and "=" in word and name not in keys("table")
        typed = Typed("train" if of_table else command, words, place, chosen, of_table)
        rules = KEYED if is_override(command, word) and word[0] not in DASHES else (pasted, dashed, bare)
        for rule in FREE if rules is KEYED and typed.is_free else rules:
            if said := rule(typed):
                raise RequestError(said)


def twice(words: Sequence[str], known: Mapping[str, str]) -> None:
    """Say which option counts where a group is given twice; RequestError of two datasets."""
    given: dict[str, str] = {}
    for word in words:
        group, mark, option = word.partition("=")
        if not mark or group not in known:
            continue
        if (earlier := given.get(group, word)) != word:
            if group == "dataset":
                both = f"{earlier},{option} with -m for a run of each"
                raise RequestError(f"{earlier} and {word} are both given; write one of them, or {both}.")
            progress(f"{earlier} and {word} are both given; the last one counts.")
        given[group] = word


def without_value(words: Sequence[str], place: int) -> str:
    """One of Hydra's options that takes a word, without it."""
    word, after = words[place], words[place + 1] if place + 1 < len(words) else ""
    if word in ("-c", "--cfg") and after not in ("job", "hydra", "all"):
        return f"{word} prints a config and takes the word job; write --cfg job."
    return f"{word} takes a word behind it; fer-exp COMMAND --hydra-help says which." if not after else ""


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
    if hint := did_you_mean(f"--{name}", (*FLAGS, *VALUED, "--help", "--debug"), 0.75):
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
                return _several(typed, typed.place - 1)
            return f"{word} is no KEY=VALUE; write {group}={option}."
    if before in keys(command) and re.fullmatch(r"[\d.]+,?", word):
        earlier = Typed(command, typed.words, typed.place - 1, typed.chosen)
        if earlier.type.startswith(("int", "float")):
            return _several(typed, typed.place - 1)
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
    return "" if command in POSITIONAL else f"{word} is no KEY=VALUE; fer-exp {command} --help lists the keys."


def _several(typed: Typed, place: int) -> str:
    """Several values, told apart by spaces or commas, at this place."""
    first = Typed(typed.command, typed.words, place, typed.chosen)
    values = ",".join(word.strip(",") for word in (first.word, *first.behind))
    return f"{' '.join((first.word, *first.behind))}: several values need commas and -m; write {first.whole(values)}."


def named(typed: Typed) -> str:
    """A key that is none, or none of the options chosen; an option that is none."""
    key, value = typed.key, typed.value
    if key not in keys(typed.command):
        if typed.of_table and not key_meant("train", key, value, {}) and (meant := key_meant("table", key, value, {})):
            return f"{key} is no key of fer-exp table; write {meant}."
        return unknown_key(typed.command, key, value, typed.chosen)
    group, _, last = key.partition(".")
    if group in groups(typed.command) and last in ("name", "kind"):
        return f"{key} is set by the option; write {group}={value}."
    if key in groups(typed.command):
        for option in _values(value) if typed.sweeps or "," in value else [value]:
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


def empty(typed: Typed) -> str:
    """A key with nothing behind ``=``, or with the value as a word of its own."""
    if typed.value:
        return ""
    if typed.behind:
        meant = written(typed.command, typed.key, typed.behind[0], typed.chosen)
        return f"{typed.key}= {typed.behind[0]} has a space; write {meant}."
    meant = written(typed.command, typed.key, "", typed.chosen)
    return f"{typed.key}= has no value (is a variable of the shell empty?); write {meant}."


def listed(typed: Typed) -> str:
    """A bracket that is not closed, a list without brackets."""
    value = typed.value
    if there(file_of(value)[0]):
        return ""
    if value.startswith("[") and value.count("[") > value.count("]"):
        joined = "".join((value, *typed.behind)) if any("]" in word for word in typed.behind) else f"{value}]"
        reason = "lists have no spaces" if joined != f"{value}]" else "its bracket is not closed"
        return f"{typed.word}: {reason}; write {shlex.quote(f'{typed.key}={joined}')}."
    names = typed.key.endswith("classes") and "," in value
    if ("list" in typed.type or names) and value[0] not in "[$" and value != "null":
        numbers = re.findall(r"\d+\.?\d*", value) if "list[float]" in typed.type else []
        inside = ",".join(["1", *numbers] if len(numbers) == 1 and typed.key.endswith("scale") else numbers) or value
        return f"{typed.key} takes a list; write {shlex.quote(f'{typed.key}=[{inside}]')}."
    if ";" in value and value[0] == "[":
        return f"{typed.word}: a list has commas; write {shlex.quote(typed.word.replace(';', ','))}."
    return ""


def several(typed: Typed) -> str:
    """Several values without -m; a comma where a decimal point is meant."""
    value = typed.value
    if typed.sweeps or value[0] in "{'\"" or there(file_of(value)[0]):
        return ""
    if value[0] == "[" and (typed.type.startswith(("int", "float", "bool")) or typed.key in groups(typed.command)):
        values = value.strip("[]")
        return f"{typed.word}: several values need -m; write {typed.whole(f'{typed.key}={values}')}."
    if value[0] == "[":
        return ""
    if typed.type.startswith("int") and re.fullmatch(r"\d{1,3}(,000)+", value):
        number = typed.word.replace(",", "")
        return f"{typed.word}: a number has no commas, and several values need -m; write {number}."
    if "float" in typed.type and re.fullmatch(r"\d+,\d+", value):
        point = written(typed.command, typed.key, value.replace(",", "."), typed.chosen)
        return f"{typed.word}: decimals have a point, and several values need -m; write {point}."
    if value.endswith(","):
        return _several(typed, typed.place)
    if "," in value or SEVERAL.match(value):
        return f"{typed.word}: several values need -m; write {typed.whole(typed.word)}."
    return ""


def fits(typed: Typed) -> str:
    """A value of another type than its key's."""
    value, kind = typed.value, typed.type.split(" |")[0]
    if value == "null" or "${" in value or (typed.sweeps and ("," in value or SEVERAL.match(value))):
        return ""
    if kind == "int" and not re.fullmatch(r"[+-]?\d[\d_]*", value):
        near = f"{float(value):.0f}" if _is_number(value) else re.sub(r"(?<=\d)k$", "000", value)
        near = near if near.isdigit() else ""
        return f"{typed.word}: it must be a whole number, as in {_example(typed, near)}."
    if kind == "float" and not _is_number(value):
        near = share(value) if _is_number(share(value)) else ""
        return f"{typed.word}: it must be a number, as in {_example(typed, near)}."
    if kind == "bool" and value.lower() not in ("true", "false", "yes", "no", "on", "off", "y", "n", "1", "0"):
        return f"{typed.word}: it must be {typed.key}=true or {typed.key}=false."
    return ""


KEYED = (pasted, named, empty, listed, several, fits)
"""What a ``key=value`` is held against, in order."""
FREE = (named, empty)
"""The same where the key may be anything."""


def _example(typed: Typed, near: str) -> str:
    """The key with the number that is like what was typed, or with its default, for the end of a sentence."""
    default = keys(typed.command)[typed.key].value
    value = near or ("" if default != "null" else "10" if typed.type.startswith("int") else "0.5")
    return written(typed.command, typed.key, value, typed.chosen)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return "_" not in value.strip("_")


def _values(value: str) -> list[str]:
    return value.split(",") if not SEVERAL.match(value) and value[:1] != "[" else []
