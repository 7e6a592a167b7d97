"""What each key takes: the values of a config are held against the types of the schema, and made into these.

Asked once, at the door, when interpolations are resolved: of what stands in ``${...}`` no word tells the type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from shlex import quote
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from fer_exp.config.paths import typed
from fer_exp.errors import RequestError, enumerated

Made = TypeVar("Made")

TRUTHS = dict.fromkeys(("true", "yes", "on", "y", "1"), True) | dict.fromkeys(("false", "no", "off", "n", "0"), False)
MISSING = "???"
"""OmegaConf's word for a value that is still to be given."""
SHOWN = 60
"""Letters of a value that a sentence repeats."""
WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    dict: "a mapping",
    NoneType: "null",
}
LISTS = {str: "a list", float: "a list of numbers"}
"""What each item is -> what the list is."""
EXAMPLES = {list[str]: "[a,b]", list[float]: "[1,9]"}


class _NoFitError(Exception):
    """A value of another type than asked for."""


def made(default: Made, content: Mapping[str, Any], above: str = "") -> Made:
    """A config of the schema: the default, with each key that ``content`` has in its place.

    Args:
        default: of the schema, or of one of its groups.
        content: key -> value, groups as mappings, no interpolation left.
        above: the group of the keys, with its dot.

    Raises:
        RequestError: a value of another type than its key's; names the key, what it got and what it takes.
        KeyError: of a key that the schema does not have, dotted.
    """
    known = kinds_of(type(default))  # type: ignore[arg-type]
    given: dict[str, Any] = {}
    for name, value in content.items():
        key = f"{above}{name}"
        if name not in known:
            raise KeyError(key)
        group: Any = next((kind for kind in known[name] if is_dataclass(kind)), None)
        if group is not None and isinstance(value, Mapping):
            given[name] = made(getattr(default, name) or group(), value, f"{key}.")
        else:
            given[name] = fitted(key, value, known[name])
    return replace(default, **given)  # type: ignore[type-var]


@cache
def kinds_of(schema: type) -> dict[str, tuple[Any, ...]]:
    """Key -> the types that it takes, any one of them; of what is ``Any`` to Python those that its field says."""
    hints = get_type_hints(schema)
    return {field.name: _parts(field.metadata.get("takes", hints[field.name])) for field in fields(schema)}


def fitted(key: str, value: Any, kinds: tuple[Any, ...]) -> Any:
    """A value as one of the types; a number is a text, too, where texts alone are asked for.

    Raises:
        RequestError: it is none of them.

    >>> fitted("seed", "3", (int,)), fitted("drop", [1, "a"], (list[str],)), fitted("by", 2020, (str, NoneType))
    (3, ['1', 'a'], '2020')
    >>> fitted("drop", 0, (list[str],))
    Traceback (most recent call last):
    fer_exp.errors.RequestError: drop is 0; it must be a list, as in 'drop=[a,b]'.
    """
    if isinstance(value, str) and value == MISSING:
        raise RequestError(f"{key}={MISSING} stands for a value that is missing; give one, or leave the word out.")
    exact = {str, dict} & {get_origin(kind) or kind for kind in kinds} if len({*kinds} - {NoneType}) > 1 else set()
    for kind in kinds:
        if kind in exact and not isinstance(value, kind):
            continue
        try:
            return _one(value, kind)
        except _NoFitError:
            continue
    raise RequestError(f"{key} is {shown(value)}; it must be {wanted(key, kinds)}.")


def shown(value: Any) -> str:
    """A value as it is typed, cut where it is long.

    >>> shown([1, None]), shown("a" * 80)[-3:], shown("")
    ('[1,null]', 'aa…', 'empty')
    """
    text = typed(value)
    return f"{text[:SHOWN]}…" if len(text) > SHOWN else text or "empty"


def wanted(key: str, kinds: tuple[Any, ...]) -> str:
    """What a key takes, in words, with a list where it takes one.

    >>> wanted("metrics", (list[str], NoneType))
    "a list or null, as in 'metrics=[a,b]'"
    """
    said = [
        LISTS[get_args(kind)[0]] if get_origin(kind) is list else WORDS.get(get_origin(kind) or kind, "an option")
        for kind in kinds
    ]
    example = next((f", as in {quote(f'{key}={EXAMPLES[kind]}')}" for kind in kinds if kind in EXAMPLES), "")
    return enumerated(said, "or") + example


def _one(value: Any, kind: Any) -> Any:
    """A value as one type; raises _NoFitError."""
    of = get_origin(kind) or kind
    if of is list and isinstance(value, list):
        return [_one(each, get_args(kind)[0]) for each in value]
    if of is dict and isinstance(value, dict):
        _, inside = get_args(kind) or (str, Any)
        return {name: each if inside is Any else _one(each, inside) for name, each in value.items()}
    if kind is NoneType and value is None:
        return None
    if kind not in PLAIN or value is None or value == MISSING or isinstance(value, list | dict):
        raise _NoFitError
    return PLAIN[kind](value)


def _whole(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d[\d_]*", value.strip(), re.ASCII) and len(value) <= SHOWN:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _NoFitError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise _NoFitError
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise _NoFitError from None


def _truth(value: Any) -> bool:
    try:
        return TRUTHS[str(value).lower()]
    except KeyError:
        raise _NoFitError from None


PLAIN: dict[type, Callable[[Any], Any]] = {int: _whole, float: _number, bool: _truth, str: str}
"""Type -> what makes a plain value one of it."""


def _parts(kind: Any) -> tuple[Any, ...]:
    """The types of a union, or the one that it is."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
