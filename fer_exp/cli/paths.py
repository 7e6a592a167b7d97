"""Paths and other names as they were typed, made into what Hydra reads as just that; of sweeps and lists, each."""

from __future__ import annotations

import os
import re

from fer_exp.config.paths import PLAIN, in_quotes, quoted
from fer_exp.errors import RequestError
from fer_exp.files import file_of, on_this_disk, there

QUOTED = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
"""What Hydra's grammar takes for one string."""
PIECE = re.compile(rf"(\s*(?:{QUOTED})\s*(?=,|\Z)|[^,]*)(,|\Z)", re.DOTALL)
SWEEP = re.compile(r"\s*(?:choice|sort|shuffle|tag|glob)\(.*\)\s*", re.DOTALL)
"""Hydra's ways to write a sweep with a name."""
INTERPOLATED = re.compile(r"\$\{\s*(?:(?:oc\.\w+(?:\.\w+)*|hydra)\s*:[^${}]*|(\w+(?:\.\w+)*)\s*)\}")


def exists(text: str) -> bool:
    """Whether a text names what lies on the disk: a file, one with ``#sheet``, a folder."""
    return bool(text) and there(file_of(text)[0])


def path_value(key: str, text: str, sweep: bool, known: frozenset[str]) -> str:
    """What is typed behind ``key=`` where the key names one file.

    What lies on the disk under just that name is one path. Of what does not:
    commas part the values of a sweep; quotes around all of it are Hydra's; ``${oc.env:HOME}`` and ``${seed}``, a key,
    are interpolations, and any other ``${x}`` is text.

    Args:
        key: for messages.
        text: as it was typed.
        sweep: whether the command is one (-m).
        known: keys of the command.

    Raises:
        RequestError: several files, and no sweep.

    >>> path_value("output", "a,b (1)", True, frozenset()), path_value("output", "a,b (1)", False, frozenset())
    ("a,'b (1)'", "'a,b (1)'")
    """
    parts = [text] if exists(text) else pieces(text)
    if sweep and not exists(text) and SWEEP.fullmatch(text):
        return text
    if len(parts) == 1:
        return one_path(text, known)
    if sweep:
        return ",".join(one_path(part, known) or "''" for part in parts)
    if all(map(exists, parts)):
        raise RequestError(f"{key}={text}: these are {len(parts)} paths; several values need -m, a run of each.")
    return one_path(text, known)


def path_list(text: str, known: frozenset[str]) -> str:
    """What is typed behind the key of a list of files: ``[a,b]``, one path, or some that are there with commas between.

    >>> path_list("[runs/a, b (1)]", frozenset()), path_list("runs/a", frozenset())
    ("[runs/a,'b (1)']", '[runs/a]')
    """
    if text in ("", "null"):
        return text
    parts = [text]
    if not exists(text):
        if re.fullmatch(r"\[.*\]\s*,\s*\[.*\]", text, re.DOTALL):
            return text  # lists, for a sweep
        if re.fullmatch(r"\[.*\]", text, re.DOTALL):
            parts = [part for part in pieces(text[1:-1]) if part]
        elif all(map(exists, pieces(text))):
            parts = pieces(text)
    return f"[{','.join(one_path(part, known) for part in parts)}]"


def pieces(text: str) -> list[str]:
    """The values between commas; a comma in quotes, or in a name on the disk, is none of those.

    >>> pieces("a, 'b,c',d")
    ['a', "'b,c'", 'd']
    """
    parts, whole = _split(text), []
    while parts:
        length = next((count for count in range(len(parts), 1, -1) if _has_comma(",".join(parts[:count]))), 1)
        whole.append(",".join(parts[:length]))
        parts = parts[length:]
    return [part if exists(part) else part.strip() for part in whole] if len(whole) > 1 else whole


def _split(text: str) -> list[str]:
    """At each comma that is not in quotes."""
    parts: list[str] = []
    for found in PIECE.finditer(text):
        parts.append(found[1])
        if not found[2]:
            break
    return parts


def _has_comma(text: str) -> bool:
    """Whether a text with commas lies on the disk, or would in a folder there of which they are in the name."""
    inside = re.fullmatch(r"(.*,[^,/\\]*)[/\\][^,]*", text, re.DOTALL)
    return exists(text) or (inside is not None and exists(inside[1]))


def one_path(text: str, known: frozenset[str] = frozenset()) -> str:
    r"""One path as Hydra reads it; ``path_value`` says what else a text can be.

    >>> one_path("runs/a"), one_path("it's 100%"), one_path("true")
    ('runs/a', "'it\\'s 100%'", "'true'")
    """
    if text and not exists(text):
        if re.fullmatch(QUOTED, text, re.DOTALL):
            return text[0] + os.path.expanduser(text[1:])  # noqa: PTH111  which raises where there is no such user
        if _interpolates(text, known):
            return in_quotes(on_this_disk(text))
    return _text(on_this_disk(text))


def text_value(text: str, several: bool, sweep: bool, known: frozenset[str]) -> str:
    r"""What is typed behind a key that takes names of other people's columns and classes.

    Args:
        text: as it was typed.
        several: whether the key takes a list, too.
        sweep: whether commas part the values of a sweep.
        known: keys of the command, for interpolations.

    >>> text_value("[喜び, don't know,7]", True, False, frozenset()), text_value("Worker (1)", False, True, frozenset())
    ("['喜び','don\\'t know',7]", "'Worker (1)'")
    """
    if several and re.fullmatch(r"\{.*\}|\[.*\]\s*,\s*\[.*\]", text, re.DOTALL):
        return text  # number: class, or lists for a sweep
    if several and re.fullmatch(r"\[.*\]", text, re.DOTALL):
        return f"[{','.join(_name(part.strip(), known) for part in _split(text[1:-1]) if part.strip())}]"
    if not sweep or SWEEP.fullmatch(text):
        return text if sweep else _name(text, known)
    return ",".join(_name(part, known) for part in _split(text))


def _name(text: str, known: frozenset[str]) -> str:
    if re.fullmatch(rf"{QUOTED}|0|-?[1-9]\d*", text, re.DOTALL):
        return text
    return in_quotes(text) if _interpolates(text, known) else _text(text)


def _interpolates(text: str, known: frozenset[str]) -> bool:
    """Whether each ``${x}`` of a text, and there is one, is a key or asks a resolver."""
    plain = INTERPOLATED.sub(lambda found: found[0] if found[1] and found[1] not in known else "", text)
    return plain != text and "${" not in plain


def _text(text: str) -> str:
    return text if text in ("", "null") or PLAIN.fullmatch(text) else quoted(text)
