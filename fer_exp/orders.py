"""Numbers that stand for classes: every corpus and tool has an order of its own, so that one must be named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from fer_exp.errors import RequestError, did_you_mean
from fer_exp.names import class_name

AFFECTNET = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
RAF = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
FER2013 = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
FERPLUS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")


class Order(NamedTuple):
    """How somebody numbers classes.

    Attributes:
        classes: their names in order.
        first: the number of the first.
        suffix: of pictures' names in files that are numbered so.
        others: what the numbers behind the classes are, of ``OTHER_ANSWERS``.
    """

    classes: tuple[str, ...]
    first: int
    suffix: str = ""
    others: tuple[str, ...] = ()

    @property
    def meaning(self) -> dict[str, str]:
        """Number -> class."""
        return {str(place): name for place, name in enumerate(self.classes, self.first)}

    @property
    def answers(self) -> dict[str, str]:
        """Number -> class or other answer."""
        return {str(place): name for place, name in enumerate((*self.classes, *self.others), self.first)}


ORDERS = {
    "rafdb": Order(RAF, 1, ".jpg"),
    "affectnet": Order(AFFECTNET, 0, ".jpg", ("unknown", "unknown", "not_a_face")),  # None, Uncertain, No-Face
    "fer2013": Order(FER2013, 0, ".png"),
    "ferplus": Order(FERPLUS, 0, ".png", ("unknown", "not_a_face")),
    "scn": Order(RAF, 0, ".jpg"),
    "eac": Order(RAF, 1, ".jpg"),
}
"""By name, as ``dataset.numbers``, ``numbers`` and ``labels.file_classes`` take it: SCN's noise files count RAF-DB's
order from 0, RAF-DB's own and EAC's from 1."""

A_NUMBER = re.compile(r"(?:class|label|emotion|expression|exp|emo|cls)?[\s_-]*0*(\d{1,3})", re.IGNORECASE)


def number(text: str) -> str | None:
    """The number that a class is called by, without zeros before it; None of a name.

    >>> number("3"), number("class003"), number("00"), number("happy"), number("3_happy")
    ('3', '3', '0', None, None)
    """
    match = A_NUMBER.fullmatch(text.strip())
    return str(int(match[1])) if match else None


def order_of(named: Any, key: str, first: int | None = None) -> Order:
    """An order by its name in ``ORDERS``, or as a list of class names.

    Args:
        named: the value of a key.
        key: its name, for messages.
        first: the number of a list's first class.

    Raises:
        RequestError: an unknown name, or a list that is empty or names a class twice.

    >>> order_of("scn", "dataset.numbers").meaning["0"]
    'surprise'
    """
    if isinstance(named, str):
        if named not in ORDERS:
            hint = did_you_mean(named, ORDERS)
            raise RequestError(f"{key}={named} is unknown; {hint}There are: {', '.join(ORDERS)}, or a list of classes.")
        return ORDERS[named]
    classes = tuple(class_name(str(name), key) for name in named)
    if len(set(classes)) != len(classes) or not classes:
        raise RequestError(f"{key} must name every class once, in the order of their numbers, not {list(named)}.")
    return Order(classes, first or 0)


def numbers_of(named: Any) -> set[str]:
    """The numbers that may occur under an order as ``meanings`` takes it; none without one.

    >>> sorted(numbers_of(["happy", "sad"]))
    ['0', '1', '2']
    """
    if named is None or isinstance(named, Mapping):
        return {str(place) for place in named or ()}
    return {*order_of(named, "numbers").answers, *map(str, range(len(named) + 1 if not isinstance(named, str) else 0))}


def meanings(named: Any, texts: Iterable[str], key: str, where: str) -> tuple[dict[str, str], str]:
    """What those of some labels mean that are numbers.

    A list is counted from 0 where 0 is there, from 1 where the largest number is that of its classes; where neither is,
    nobody knows. A named order is counted from its own first number, or from 0 or 1 where only that fits.

    Args:
        named: of the key: a name in ``ORDERS``, a list of classes, number -> class, or None.
        texts: labels, or names of folders or columns.
        key: its name, for messages.
        where: whose labels they are, for messages.

    Returns:
        Label -> class, of the numbers alone, and what is to be said of it, empty for no numbers.

    Raises:
        RequestError: there are numbers and no order; an order that they do not fit.

    >>> meanings(["happy", "sad"], ["1", "2", "fear"], "dataset.numbers", "faces.csv")
    ({'1': 'happiness', '2': 'sadness'}, 'numbers: 1 is happiness, 2 is sadness, counted from 1')
    """
    numbers = {text: found for text in texts if (found := number(text)) is not None}
    if not numbers:
        return {}, ""
    known = sorted(set(map(int, numbers.values())))
    if named is None:
        raise RequestError(
            f"{where}: {_shown(known)} are numbers, which mean other classes in every corpus; {ways(known, key)}."
        )
    if isinstance(named, Mapping):
        meaning, counted = {str(place): class_name(str(name), key) for place, name in named.items()}, ""
    else:
        order = order_of(named, key)
        low, high, size = known[0], known[-1], len(order.classes)
        counted = f", counted from {order.first}"
        if not isinstance(named, str) and low > 0 and high == size:
            order, counted = order._replace(first=1), ", counted from 1"
        elif (low, high) != (order.first, order.first + size - 1) and (low, high) in ((0, size - 1), (1, size)):
            order, counted = order._replace(first=low), f", counted from {low}"
        elif isinstance(named, str) and order.first == 0 and known == [*range(1, size)]:
            from_one, from_zero = (",".join(part) for part in (order.classes[:-1], order.classes[1:]))
            raise RequestError(
                f"{where}: of {key}={named} there are {_shown(known)}; whether they are counted from 0 or 1 cannot be "
                f"known: {key}=[{from_one}] is from 1, {key}=[{from_zero}] the other."
            )
        elif not isinstance(named, str) and low > 0 and high < size:
            raise RequestError(
                f"{where}: of the {size} classes of {key} there are {_shown(known)}; whether they are counted from 0 "
                f"or 1 cannot be known: write '{key}={{{low}:NAME,…,{high}:NAME}}'."
            )
        meaning = order.answers
    if odd := [str(one) for one in known if str(one) not in meaning]:
        raise RequestError(
            f"{where}: the number {odd[0]} is not among those of {key}: {_listed(meaning)}; {ways(known, key)}."
        )
    told = _listed({str(one): meaning[str(one)] for one in known})
    return {text: meaning[found] for text, found in numbers.items()}, f"numbers: {told}{counted}"


def ways(known: list[int], key: str) -> str:
    """The orders that these numbers fit, those first that have no others, and the list."""
    low, high = known[0], known[-1]
    has = {name: order for name, order in ORDERS.items() if name != "eac"}  # which is RAF-DB's
    exact = [name for name, order in has.items() if (low, high - low + 1) == (order.first, len(order.classes))]
    shifted = [name for name, order in has.items() if (low, high) == (1, len(order.classes))]
    within = [name for name, order in has.items() if order.first <= low and str(high) in order.answers]
    begun = [name for name in within if exact and name not in exact and has[name].first == low]  # AffectNet's first 7
    found = []
    for name in [*exact, *begun] or shifted or within:
        start = 1 if name in shifted else ORDERS[name].first
        first = ", ".join(f"{start + n} {label}" for n, label in enumerate(ORDERS[name].classes[:3]))
        found.append(f"{key}={name} ({first}, …)")
    return "name them with " + " or ".join([*found, f"a list in their order, {key}=[neutral,…]"])


def _shown(known: list[int]) -> str:
    """Numbers as one says them.

    >>> _shown([0, 1, 2, 3]), _shown([1, 3])
    ('0 to 3', '1, 3')
    """
    if len(known) > 2 and known == list(range(known[0], known[-1] + 1)):
        return f"{known[0]} to {known[-1]}"
    return ", ".join(map(str, known[:12]))


def _listed(meaning: Mapping[str, str]) -> str:
    return ", ".join(f"{place} is {name}" for place, name in meaning.items())
