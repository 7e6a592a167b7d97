"""Groups by a column, of the persons that faces show or of raters: spellings, their order, and who has none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_exp.errors import RequestError, did_you_mean
from fer_exp.names import expression, normal

MOST = 12
"""Groups that are told apart: with more, each has few members, and there are more tests than answers."""


class Grouping(NamedTuple):
    """Which group each of N things is in.

    Attributes:
        by: the column.
        names: of G groups, in order.
        code: 0..G-1, (N,), -1 for those in none.
        notes: who is left out, and which spellings are one, in sentences.
    """

    by: str
    names: tuple[str, ...]
    code: NDArray[np.int64]
    notes: tuple[str, ...] = ()


def grouping(values: Sequence[str | None] | NDArray[np.object_], by: str, what: str = "faces") -> Grouping:
    """Groups by the values of a column.

    Values that differ in case, spaces and signs alone are one group, called as most often written. What is empty, or
    says that it is not known (unknown, unsure), is in no group.

    Args:
        values: one of each thing, None where it is empty.
        by: the column.
        what: the things are.

    Raises:
        RequestError: fewer than two groups, or more than ``MOST``.

    >>> found = grouping(["20-39", "4-19", "unsure", "4-19", None], "age")
    >>> found.names, found.code, found.notes
    (('4-19', '20-39'), array([ 1,  0, -1,  0, -1]), ('age: 2 faces are in no group and left out (1 unsure, 1 empty)',))
    """
    values = [None if value is None or value != value else str(value) for value in values]
    times = Counter(value for value in values if value is not None)
    unknown = {value: number for value, number in times.items() if expression(value) == "unknown"}
    spellings: dict[str, list[str]] = {}
    for value, name in one_spelling({value: times[value] for value in times if value not in unknown}).items():
        spellings.setdefault(name, []).append(value)
    names = sorted(spellings, key=_natural)
    if len(names) > MOST:
        raise RequestError(
            f"by={by} has {len(names):,} different values among these {what} ({', '.join(names[:3])}, …), and at most "
            f"{MOST} groups can be told apart; write a column of fewer groups beside it (age bands, say)."
        )
    notes = [f"{by}: {' and '.join(same)} are one group" for same in spellings.values() if len(same) > 1]
    left = dict(unknown)
    if empty := len(values) - sum(times.values()):
        left["empty"] = empty
    if left:
        told = ", ".join(f"{number:,} {value}" for value, number in left.items())
        notes.append(f"{by}: {sum(left.values()):,} {what} are in no group and left out ({told})")
    if len(names) < 2:
        there = f"all are {names[0]}" if names else "none has a value"
        raise RequestError(f"by={by} makes no groups of these {what}: {there}{f' ({notes[-1]})' if left else ''}.")
    place = {name: code for code, name in enumerate(names)}
    code: dict[str | None, int] = {value: place[name] for name, same in spellings.items() for value in same}
    return Grouping(by, tuple(names), np.array([code.get(value, -1) for value in values], np.int64), tuple(notes))


def with_column(by: str, there: Iterable[str], where: str) -> str:
    """The one of some columns that ``by`` means, whatever its case; '' where none is."""
    exact = [name for name in there if name == by]
    alike = exact or [name for name in there if normal(name) == normal(by)]
    if len(alike) > 1:
        raise RequestError(f"{where}: by={by} may mean {' or '.join(alike)}; write it as the column is called.")
    return alike[0] if alike else ""


def no_column(by: str, there: Sequence[str], where: str) -> str:
    """What is said where a column of groups is not there.

    >>> no_column("gender", ["face", "Gender_", "p_fear"], "mine.csv")
    'by=gender: mine.csv has no column gender; did you mean Gender_? There are: face, Gender_.'
    """
    names = [name for name in there if not name.startswith(("p_", "votes_"))]
    return f"by={by}: {where} has no column {by}; {did_you_mean(by, names, 0.5)}There are: {', '.join(names[:20])}."


def one_spelling(times: Mapping[str, int]) -> dict[str, str]:
    """Value -> how values that differ in case, spaces and signs alone are most often written, the first of equals.

    >>> one_spelling({"Hard": 1, "easy": 1, "hard": 2})
    {'hard': 'hard', 'Hard': 'hard', 'easy': 'easy'}
    """
    first: dict[str, str] = {}
    return {value: first.setdefault(_alike(value), value) for value in sorted(times, key=lambda value: -times[value])}


def _alike(value: str) -> str:
    """What spellings of a group have in common; what is made of signs alone, as + and -, stays."""
    return re.sub(r"[\s_]+", " ", value.strip()).casefold() if re.search(r"\d", value) else normal(value) or value


def _natural(name: str) -> tuple[tuple[int, float, str], ...]:
    """Numbers, and those in a name, by their size: 4-19 before 20-39."""
    if re.fullmatch(r"[-+]?\d+(\.\d+)?", name):
        return ((0, float(name), ""),)
    parts = re.findall(r"\d+(?:\.\d+)?|\D+", name)
    return tuple((0, float(part), "") if part[0].isdigit() else (1, 0.0, part.casefold()) for part in parts)
