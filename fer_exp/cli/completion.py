"""Shell completion: commands, keys, choices, files; read off conf/ as text, so that Tab answers at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout, suppress
from io import StringIO
from itertools import islice

from fer_exp.cli.meant import all_options
from fer_exp.cli.shells import INSTALL, UNINSTALL, Line, read_line, written
from fer_exp.cli.words import ALL_FLAGS, CONFIGS, TWO_WORDS, VALUED, in_one
from fer_exp.config import SCHEMAS
from fer_exp.config.folder import conf_folder, options
from fer_exp.config.keys import Key, chosen_keys, groups
from fer_exp.config.paths import path_keys
from fer_exp.config.rules import CHOICES
from fer_exp.config.settings import WEIGHTS
from fer_exp.errors import RequestError

SHOWN = 1000
"""Files of a folder that are offered; a corpus has a hundred times as many."""
WORDS = {"backbone.weights": WEIGHTS, "against": ("original", "intended")}
"""What a key takes beside a path."""

Found = tuple[str, bool]
"""A whole word, and whether nothing follows it."""


def complete(arguments: list[str]) -> int:
    """Answer `fer-exp -sc install=bash` or a shell's `fer-exp -sc query=bash`.

    Args:
        arguments: what follows fer-exp; COMP_LINE, COMP_POINT and COMP_WORDBREAKS hold the line to be completed, as
            bash sets them.

    Returns:
        The exit code, 0.

    Raises:
        RequestError: neither is asked for, or another shell's.
    """
    asked, _, shell = next((word for word in arguments if "=" in word), "").partition("=")
    scripts = {"install": INSTALL, "uninstall": UNINSTALL, "query": INSTALL}.get(asked, {})
    if shell not in scripts:
        raise RequestError("-sc takes install=SHELL or uninstall=SHELL, of bash, zsh and fish.")
    if asked != "query":
        print(scripts[shell])
        return 0
    text = os.environ.get("COMP_LINE", "")
    line = read_line(text[: int(os.environ.get("COMP_POINT") or len(text))], os.environ.get("COMP_WORDBREAKS", ""))
    with suppress(Exception):  # a line that is half written may be anything
        found = list(dict.fromkeys(_found(line)))
        for word, ends in found:
            print(written(shell, line, word, ends))
    return 0


def _found(line: Line) -> Iterator[Found]:
    """All that the word at the cursor may become."""
    words = [word for word in line.words[1:] if word not in ("--debug", "--json")]
    if not words:
        yield from _whole((*SCHEMAS, "--help", "--version", "--json"), line.word)
        return
    yield from _whole([second for first, second in TWO_WORDS if words == [first]], line.word)
    command, *typed = in_one(words)
    if command not in SCHEMAS:
        return
    key, mark, value = line.word.partition("=")
    if typed and typed[-1] in VALUED:
        yield from _whole(CONFIGS if typed[-1] in ("-c", "--cfg") else (), line.word)
    elif line.word.startswith("hydra"):
        yield from _of_hydra(command, line.word)
    elif line.word.startswith("-"):
        yield from _whole(ALL_FLAGS, line.word)
    elif mark:
        yield from ((f"{key}={word}", ends) for word, ends in _values(command, typed, key, value))
    else:
        yield from _keys(command, typed, line.word)
        takes = SCHEMAS[command].takes
        if takes and (line.word or "dataset=folder" not in takes.besides):
            yield from _paths("", line.word)


def _whole(words: Iterable[str], begun: str) -> Iterator[Found]:
    """Whole words that begin so."""
    yield from ((word, True) for word in words if word.startswith(begun))


def _keys(command: str, typed: list[str], begun: str) -> Iterator[Found]:
    """Keys that begin so; of a group first its name, and what stands before the dot."""
    of_groups, keys = _known(command, typed)
    names = [*of_groups, *(key for key in keys if not key.endswith((".name", ".kind")))]
    parts = (re.match(rf"({re.escape(begun)}[^.]*)(\.?)", name) for name in names)
    names = [part[0] if part[2] else f"{part[0]}=" for part in parts if part]
    yield from ((name, False) for name in names)


def _known(command: str, typed: list[str]) -> tuple[dict[str, str], dict[str, Key]]:
    """The groups and keys of a command with the options that are typed; of table those of its trainings, too."""
    of_groups = groups("train" if command == "table" else command)
    words = (word.partition("=") for word in typed)
    chosen = {key: value for key, _, value in words if key in of_groups and value in all_options(key)}
    if command != "table":
        return of_groups, chosen_keys(command, chosen)
    own, start = chosen_keys("table", {}), chosen_keys("pretrain", {})
    return of_groups, chosen_keys("train", chosen) | own | {f"start.{name}": key for name, key in start.items()}


def _values(command: str, typed: list[str], key: str, begun: str) -> Iterator[Found]:
    """Values of a key that begin so."""
    of_groups, keys = _known(command, typed)
    own = "pretrain" if key.startswith("start.") else command
    name = key.lstrip("+").removeprefix("start.")
    several = {**path_keys(SCHEMAS["train" if own == "table" else own]), **path_keys(SCHEMAS[own])}.get(name)
    if several is not None:
        yield from _whole(WORDS.get(name, ()), begun)
        yield from _paths("", begun)
        if "," in begun or begun.startswith("["):
            start = max(begun.rfind(","), begun.find("[")) + 1
            yield from ((word, False) for word, _ in _paths(begun[:start], begun[start:]))
        return
    row = keys.get(key, Key(""))
    choices = all_options(name) if name in of_groups else _choices(name, row)
    start = begun.rfind(",") + 1  # of a sweep
    found = [choice for choice in choices if choice.startswith(begun[start:])]
    yield from ((begun[:start] + choice, True) for choice in found)
    if not choices and not begun and row.value not in ("", "null"):
        yield row.value.replace(", ", ","), True


def _choices(name: str, row: Key) -> tuple[str, ...]:
    """The closed choices of a key: of the rules, or with ``|`` between them in conf/."""
    if row.value in ("true", "false"):
        return ("true", "false")
    if name in CHOICES:
        return CHOICES[name]
    if name == "study":
        return tuple(options("experiment"))
    parts = re.sub(r"\([^)]*\)", "", row.comment).split("|")
    words = [parts[0].split()[-1:], *(part.split()[:1] for part in parts[1:])] if len(parts) > 1 else []
    return tuple(word.strip(",;.") for some in words for word in some)


def _paths(before: str, begun: str) -> Iterator[Found]:
    """Files and folders whose path begins so, behind ``before``; hidden ones where a dot is typed."""
    folder, slash, name = begun.rpartition("/")
    place = os.path.expanduser(folder + slash) or "."  # noqa: PTH111  a word that is no path is no error here
    with suppress(OSError), os.scandir(place) as entries:
        there = (entry for entry in entries if entry.name.startswith(name) and "\n" not in entry.name)
        seen = (entry for entry in there if name.startswith(".") or not entry.name.startswith("."))
        for entry in sorted(islice(seen, SHOWN), key=lambda entry: entry.name):
            is_folder = entry.is_dir()
            yield f"{before}{folder}{slash}{entry.name}{'/' if is_folder else ''}", not is_folder


def _of_hydra(command: str, word: str) -> Iterator[Found]:
    """What Hydra knows of its own keys, such as launchers."""
    import sys

    import hydra

    said = StringIO()
    os.environ["COMP_LINE"] = f"fer-exp {word}"
    sys.argv = [sys.argv[0], "-sc", "query=fish"]
    with redirect_stdout(said), suppress(SystemExit):
        hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=command)(lambda _: None)()
    yield from ((found, not found.endswith(("=", ".", "/"))) for found in said.getvalue().split())
