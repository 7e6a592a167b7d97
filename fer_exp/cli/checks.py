"""What can be told from the words alone: mistakes of writing, names and places, each with the words that were meant.

Asked before Hydra, whose sentences are about its grammar. What needs the composed config is said by ``config.rules``,
what needs the faces where they are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from fer_exp.cli.meant import keys
from fer_exp.cli.paths import exists
from fer_exp.cli.typed import Typed
from fer_exp.cli.words import CONFIGS, FLAGS, VALUED, is_override, is_sweep
from fer_exp.cli.wrong_values import empty, fits, globbed, hollow, listed, nothing, several
from fer_exp.cli.wrong_words import DASHES, bare, dashed, named, pasted
from fer_exp.config import SCHEMAS
from fer_exp.config.keys import groups
from fer_exp.errors import RequestError
from fer_exp.progress import progress

KEYED = (pasted, hollow, named, empty, nothing, listed, globbed, several, fits)
"""What a ``key=value`` is held against, in order."""
FREE = (hollow, named, empty, nothing, globbed)
"""The same where the key may be anything."""


def check_typed(command: str, words: Sequence[str]) -> None:
    """Hold each word against the rules that need nothing but the words.

    Raises:
        RequestError: of the first that is wrong, with what to write in its place.
    """
    known = groups("train" if command == "table" else command)
    if command != "table":  # whose words add to a preset's
        twice(words, known)
    if is_sweep(words) and (shown := {"--cfg", "-c", "--info", "-i"} & {*words}):
        raise RequestError(f"{shown.pop()} shows what one run would do; leave out -m and give each key one value.")
    chosen = _options(command, words, known)
    for place, word in enumerate(words):
        if word in VALUED and (said := without_value(words, place)):
            raise RequestError(said)
        name = word.partition("=")[0].lstrip("+~")
        if word[:1] == "~" and (name in keys(command) or name in known):
            raise RequestError(f"{word}: a key cannot be taken away; leave the word out, or write {name}=VALUE.")
        if _is_hydras(command, words, place):
            continue
        of_table = command == "table" and "=" in word and name not in keys("table")
        typed = Typed("train" if of_table else command, words, place, chosen, of_table)
        for rule in _rules(command, typed):
            if said := rule(typed):
                raise RequestError(said)


def _options(command: str, words: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """Group -> the option that the words choose, a path without a key among them."""
    chosen = {key: value for key, mark, value in (word.partition("=") for word in words) if key in known}
    takes = SCHEMAS[command].takes
    if takes is None or not any(exists(word) and not is_override(command, word) for word in words):
        return chosen
    beside = dict(word.split("=") for word in takes.besides)
    return {group: option for group, option in beside.items() if group in known} | chosen


def _is_hydras(command: str, words: Sequence[str], place: int) -> bool:
    """Whether a word is read by Hydra alone, or belongs to the pretraining of a table."""
    word = words[place]
    starts = ("hydra.", "hydra/", "start.") if command == "table" else ("hydra.", "hydra/")
    is_value = place > 0 and words[place - 1] in VALUED
    return is_value or word in (*FLAGS, *VALUED) or word[:1] in ("", "~") or word.lstrip("+").startswith(starts)


def _rules(command: str, typed: Typed) -> tuple[Callable[[Typed], str], ...]:
    """What a word is held against, in order."""
    if not is_override(command, typed.word) or typed.word[0] in DASHES:
        return pasted, dashed, bare
    return FREE if typed.is_free else KEYED


def twice(words: Sequence[str], known: Mapping[str, str]) -> None:
    """Say which word counts where a group or a key is given twice; RequestError of two datasets."""
    given: dict[str, str] = {}
    for word in words:
        key, mark, option = word.partition("=")
        if not mark or not (key in known or re.fullmatch(r"[a-z_0-9.]+", key)):
            continue
        if (earlier := given.get(key, word)) != word:
            if key == "dataset":
                both = f"{earlier},{option} with -m for a run of each"
                raise RequestError(f"{earlier} and {word} are both given; write one of them, or {both}.")
            progress(f"{earlier} and {word} are both given; the last one counts.")
        given[key] = word


def without_value(words: Sequence[str], place: int) -> str:
    """One of Hydra's options that takes a word, without it."""
    word, after = words[place], words[place + 1] if place + 1 < len(words) else ""
    if word in ("-c", "--cfg") and after not in CONFIGS:
        return f"{word} prints a config and takes the word job; write --cfg job."
    if not after or after.startswith("-"):
        return f"{word} takes a word behind it; fer-exp COMMAND --hydra-help says which."
    return ""
