"""How answers are to be read: what a user says of a table, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fer_exp.answers.scales import AFFECT, UNIT, Ends, Scales
from fer_exp.tables import Table


class Rules(NamedTuple):
    """How answers are read; see ``read_answers``."""

    columns: Mapping[str, str | None] | None
    classes: Sequence[str]
    also: Sequence[str]
    ignore: Sequence[str]
    numbers: Any
    numbered: bool
    others: str | None
    duplicates: str
    scale: Sequence[float]
    raters: int | None
    scales: Scales = AFFECT
    uncounted: bool = False

    def ends(self, name: str) -> Ends:
        """Lowest and highest rating of a scale, None where nobody said."""
        default = (float(self.scale[0]), float(self.scale[1])) if name in UNIT else None
        return self.scales.named.get(name) or default

    def class_columns(self, table: Table) -> dict[str, list[int]]:
        """Class -> its columns: those of the classes that were named, else of all expressions."""
        return table.class_columns((*self.classes, *self.also, *self.ignore) if self.classes else ())


PLAIN_RULES = Rules(None, (), (), (), None, False, None, "refuse", (-1.0, 1.0), None)
"""Of a table of which nobody said anything."""
