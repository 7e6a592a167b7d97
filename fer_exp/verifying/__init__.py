"""Published numbers computed again: tables from the archives beside them, documents from the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Fail(NamedTuple):
    """A number, or words, that are not what they are computed to be; ``where`` names row and column, or the section."""

    where: str
    stated: str
    recomputed: str


@dataclass
class Checked:
    """What was found of a file.

    Attributes:
        file: as it is named to people.
        numbers: how many were computed again.
        recorded: how many were not, because what they come from is not kept, or no program measures it.
        fails: the numbers, of both, that are not right.
    """

    file: str
    numbers: int = 0
    recorded: int = 0
    fails: list[Fail] = field(default_factory=list)
