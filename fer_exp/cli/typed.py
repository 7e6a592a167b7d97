"""A word among those of its command: what stands before and behind ``=``, and which words belong to it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from fer_exp.cli.words import is_sweep
from fer_exp.config import GROUPS, SCHEMAS
from fer_exp.config.paths import path_keys


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
    def before(self) -> Typed | None:
        """The word before it, None of the first."""
        return replace(self, place=self.place - 1) if self.place else None

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
        return self.of_table or is_sweep(self.words)

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

    def instead(self, value: str) -> Typed:
        """The same word with another value."""
        return replace(self, words=[*self.words[: self.place], f"{self.key}={value}", *self.words[self.place + 1 :]])

    def whole(self, instead: str) -> str:
        """The whole command with several values, this word and those behind it replaced."""
        words = [*self.words[: self.place], instead, *self.words[self.place + 1 + len(self.behind) :]]
        return shlex.join(["fer-exp", self.command, "-m", *words])


def parted(first: Typed) -> str:
    """Several values, told apart by spaces or commas, the first behind a key."""
    values = ",".join(word.strip(",") for word in (first.word, *first.behind))
    return f"{' '.join((first.word, *first.behind))}: several values need commas and -m; write {first.whole(values)}."
