"""Keys that take paths and other text as they are typed, and how Hydra and OmegaConf are made to read just that."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

PATH = {"path": True}
"""Metadata of a schema's field whose value names a file or folder. What goes by that asks ``path_keys``."""

TEXT = {"text": True}
"""Metadata of a schema's field whose value is text of other people, as names of columns and of classes are."""

PLAIN = re.compile(r"(?!(?:null|true|false|nan|inf|infinity)\Z)(?:[a-z_/]|\.\.?/)[\w./:-]*", re.ASCII | re.IGNORECASE)
"""Text that Hydra's grammar reads as what it is: no number, no word of its own, no sign that means something."""


def path_keys(schema: type, mark: str = "path") -> dict[str, bool]:
    """Dotted key -> whether it takes a list, for all keys of a command's schema that name files or folders.

    With ``mark="text"`` for those that are marked as ``TEXT``; some of these take one value or a list.

    >>> from fer_exp.config import ReportConfig
    >>> path_keys(ReportConfig)
    {'run': False, 'runs': True, 'groups': False, 'output': False}
    """
    if (schema, mark) not in _KNOWN:  # asked for each word that is typed, and 3 ms each time
        _KNOWN[schema, mark] = _marked(schema, mark)
    return _KNOWN[schema, mark]


_KNOWN: dict[tuple[type, str], dict[str, bool]] = {}


def _marked(schema: type, mark: str) -> dict[str, bool]:
    found: dict[str, bool] = {}
    hints = get_type_hints(schema)
    for field in fields(schema):
        kind: Any = hints[field.name]
        if field.metadata.get(mark):
            found[field.name] = kind is Any or getattr(kind, "__origin__", None) is list
        for group in (kind, *get_args(kind)):
            if is_dataclass(group):
                found |= {f"{field.name}.{key}": several for key, several in _marked(group, mark).items()}  # type: ignore[arg-type]
    return found


def typed(value: Any, of_text: Callable[[str], str] = str) -> str:
    """A value as it is typed behind a key, its texts as ``of_text`` makes them; numpy's and pandas' values, too.

    >>> typed((1, True, None, 0.5, {"a": "b c"}))
    '[1,true,null,0.5,{a:b c}]'
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return f"[{','.join(typed(each, of_text) for each in value)}]"
    if isinstance(value, Mapping):
        pairs = (f"{typed(key, of_text)}:{typed(each, of_text)}" for key, each in value.items())
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, str | os.PathLike):
        return of_text(os.fspath(value))
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def word(key: str, text: str) -> str:
    r"""An override that gives a key a text as it is.

    >>> word("output", "runs"), word("output", "it's (1)")
    ('output=runs', "output='it\\'s (1)'")
    """
    return f"{key}={text if PLAIN.fullmatch(text) else quoted(text)}"


def quoted(text: str) -> str:
    r"""A text as a string of Hydra's grammar, of which OmegaConf interpolates nothing.

    Before ``${`` OmegaConf takes a backslash for its escape, and Hydra does before a quote; all others are themselves.

    >>> print(quoted("a,b"), quoted("${x}"), quoted("C:\\new\\"))
    'a,b' '\${x}' 'C:\new\\'
    """
    text = "./???" if text == "???" else text  # which is OmegaConf's word for a value that is missing
    return in_quotes(re.sub(r"(\\*)\$\{", r"\1\1\\${", text))


def in_quotes(text: str) -> str:
    """A text as a string of Hydra's grammar, with its interpolations."""
    return "'" + re.sub(r"(\\*)('|\Z)", lambda found: 2 * found[1] + found[2].replace("'", "\\'"), text) + "'"
