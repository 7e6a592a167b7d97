"""The rows around the header of a table: titles above it, questions below it, a header of two rows."""

from __future__ import annotations

import re

from fer_exp.column_names import names_columns
from fer_exp.columns import is_number
from fer_exp.names import normal

TOP = 12
"""Rows in which the header is looked for, with titles above it and questions below."""
OF_PIVOTS = ("columnlabels", "spaltenbeschriftungen", "etiquettesdecolonnes", "etiquetasdecolumna", "rotulosdecoluna",
             "etichettedicolonna", "kolomlabels", "列标签", "列ラベル")  # fmt: skip
"""What Excel writes above the columns of a pivot table, by ``normal``."""


def rows_above(rows: list[list[str]]) -> int:
    """How many of the first rows are titles or notes above the header: of one cell each, behind a #, or ``What: this``.

    >>> rows_above([["Study 1", ""], ["Face", "happy"]]), rows_above([["# 2026"], ["a", "b"]]), rows_above([["a", "b"]])
    (1, 1, 0)
    >>> rows_above([["Count of emotion", "Column Labels", ""], ["Row Labels", "happy", "sad"]])
    1
    >>> rows_above([["Detailed log"], ["Face model:", "general"], ["File name", "Happy", "Sad"]])
    2
    """
    for number, row in enumerate(rows):
        if row[0].endswith(":") and sum(map(bool, row)) <= 2:
            continue
        if len(row) > 1 and normal(row[1]) in OF_PIVOTS and not any(row[2:]):
            continue
        comment = row[0].startswith("#") and (row[0].strip("# ") or not any(row[1:]))  # a # alone numbers the rows
        if comment and not names_columns([row[0].lstrip("# "), *row[1:]]):
            continue
        if sum(map(bool, row)) > 1:
            return number if row[0].startswith("#") or names_columns(row) or rows[0][0].startswith("#") else 0
    return 0


def over_two_rows(rows: list[list[str]]) -> tuple[list[str], int]:
    """The names of a header of two rows, the upper with cells that reach over several columns, and its number of rows.

    pandas writes the name of the index in a third row. Of any other header there are no names, and no rows.

    >>> over_two_rows([["Photo", "Anna", "", "Ben", ""], ["", "valence", "arousal", "valence", "arousal"]])
    (['Photo', 'Anna valence', 'Anna arousal', 'Ben valence', 'Ben arousal'], 2)
    >>> over_two_rows([["", "valence", "valence"], ["rater", "Anna", "Ben"], ["photo", "", ""], ["a.jpg", "1", "2"]])
    (['photo', 'valence Anna', 'valence Ben'], 3)
    """
    if len(rows) < 2:
        return [], 0
    header, second, *rest = rows
    second = second + [""] * (len(header) - len(second))
    gaps = [n for n, (above, below) in enumerate(zip(header, second, strict=False)) if n and not above and below]
    named = len(header) > 2 and not header[0] and second[0] and rest and rest[0][0] and not any(rest[0][1:])
    if not (gaps or named) or bool(header[0]) == bool(second[0]) or len(second) != len(header):
        return [], 0
    if any(map(is_number, second)):
        return [], 0
    if named:
        second = ["", *second[1:]]
        header = [rest[0][0], *header[1:]]
    names, last = [], ""
    for above, below in zip(header, second, strict=True):
        last = above or last
        names.append(f"{last} {below}".strip() if below else above)
    return names, 3 if named else 2


def below_header(lines: list[list[str]], guessed: list[str]) -> list[list[str]]:
    """The rows below the header that say what the columns are, as survey tools write them."""
    header, *others = lines or [[]]
    for number, line in enumerate(others, start=1):
        if any(cell.startswith('{"ImportId"') for cell in line):
            guessed.append(f"{number} header rows of Qualtrics left out")
            return others[:number]
    for tool, (first, second, real) in SECOND_HEADERS.items():
        if (
            others
            and {first, second} <= set(header)
            and not re.search(real, (others[0] + [""] * len(header))[header.index(first)])
        ):
            guessed.append(f"a second header row of {tool} left out")
            return others[:1]
    return []


SECOND_HEADERS = {
    "Qualtrics": ("StartDate", "EndDate", r"\d"),
    "SoSci Survey": ("CASE", "QUESTNNR", r"\d"),
    "SurveyMonkey": ("Respondent ID", "Collector ID", r"\d"),
}
"""Two columns of a tool's header, and what a real row has in the first, where the row of questions has it not."""


def read_header(lines: list[list[str]], guessed: list[str]) -> tuple[list[str], int, list[list[str]]]:
    """The names of the columns of a table's first rows, how many rows stand above these, and those below."""
    above = rows_above(lines)
    header, *others = lines[above:] or [[]]
    if above:
        guessed.append(f"{above} row{'s' if above > 1 else ''} above the header left out ({lines[0][0][:40]!r})")
    if not (below := below_header(lines[above : above + 4], guessed)) and others:
        names, height = over_two_rows([header, *others])
        if height:
            guessed.append(f"a header of {height} rows, such as {names[-1]!r}")
            return names, above, others[: height - 1]
        longer = [len(row) == len(header) + 1 for row in others]
        if all(longer):  # R's names of rows, which have no header; or a delimiter at the end of each row
            header = [*header, ""] if not any(row[-1] for row in others) else ["", *header]
    return header, above, below
