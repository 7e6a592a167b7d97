"""A config whose words are all plain, made without Hydra, which takes a third of a second to read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fer_exp.config.folder import written
from fer_exp.config.paths import PLAIN

KEY = re.compile(r"([a-z_]\w*)=(.*)", re.ASCII | re.DOTALL)
INT = re.compile(r"[+-]?(?:\d|[1-9]\d*)", re.ASCII)
FLOAT = re.compile(r"[+-]?(?:0|[1-9]\d*)\.\d+", re.ASCII)
QUOTED = re.compile(r"'([^'\\$?]*)'")
LISTED = re.compile(r"\[([^\[\]'\"{}()\\]*)\]")
CONSTANTS = {"true": True, "false": False, "null": None}


class _NotPlainError(Exception):
    """A word that is for Hydra's grammar."""


def plain(command: str, words: Sequence[str]) -> dict[str, Any] | None:
    """What Hydra would compose of a command's file and these words; None where only Hydra can say.

    Plain is ``key=value`` with a key that stands in the file, given once, and a number, a truth, a text that needs no
    quotes or has single ones with nothing in them to be escaped, or a list of such. Everything else is Hydra's: options
    of groups, keys of keys, sweeps, mistakes.

    >>> plain("plan", ["l1=0.3", "ratings='my votes.csv'"])["ratings"]
    'my votes.csv'
    >>> plain("plan", ["dataset=ferplus"]), plain("plan", ["l2=0.3"])
    (None, None)
    """
    config = written("", command)
    if any(not (one in ("_self_", "hydra_quiet") or one == {"dataset": None}) for one in config.pop("defaults")):
        return None
    given: dict[str, Any] = {}
    try:
        for word in words:
            found = KEY.fullmatch(word)
            if found is None or found[1] in given or found[1] not in config:
                return None
            given[found[1]] = _value(found[2])
    except _NotPlainError:
        return None
    return config | given


def _value(text: str) -> Any:
    if found := LISTED.fullmatch(text):
        return [_one(part) for part in found[1].split(",")] if found[1] else []
    return _one(text)


def _one(text: str) -> Any:
    if text.lower() in CONSTANTS:
        return CONSTANTS[text.lower()]
    if PLAIN.fullmatch(text):
        return text
    if INT.fullmatch(text):
        return int(text)
    if FLOAT.fullmatch(text):
        return float(text)
    if found := QUOTED.fullmatch(text):
        return found[1]
    raise _NotPlainError
