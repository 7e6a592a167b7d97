"""Numbers in text: which there are, and how a computed number is written as one that stands there."""

from __future__ import annotations

import re

NUMBER = re.compile(
    r"(?<![\w.])(?<![A-Za-z]-)[+−-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?(?![\w])(?!\.\d)"
)
"""Digits that are no part of a word: not those of F1, H100, FER2013 or ResNet-18."""


def numbers(text: str) -> list[str]:
    """The numbers of a text, as they stand.

    >>> numbers("F1 of ResNet-18: 1,063 faces, .98 and -0.5 [+1.0, 2], 40 % of 4-7.")
    ['1,063', '.98', '-0.5', '+1.0', '2', '40', '4', '7']
    """
    return NUMBER.findall(text)


def written_as(value: float, stated: str) -> str:
    """A number with the decimals, the sign, the comma and the leading nought that a stated one has.

    >>> written_as(0.53986, "0.540"), written_as(1063.0, "1,063"), written_as(0.98, ".98"), written_as(4.25, "+4.2")
    ('0.540', '1,063', '.98', '+4.2')
    """
    decimals = len(stated.partition(".")[2])
    plus = "+" if stated.startswith("+") else ""
    text = f"{value:{plus}{',' if ',' in stated else ''}.{decimals}f}"
    if re.fullmatch(r"-0(\.0*)?", text):
        text = text[1:]
    return text.replace("0.", ".", 1) if stated.lstrip("+−-").startswith(".") else text


def as_float(text: str) -> float | None:
    """A number that stands alone, None of other text."""
    try:
        return float(text.replace(",", "").replace("−", "-"))
    except ValueError:
        return None
