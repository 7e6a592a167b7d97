"""What documents say of results: claims.csv has a row a statement, and each of its numbers is computed again."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from fer_exp.errors import RequestError
from fer_exp.regular import reading, whole_text, why
from fer_exp.verifying import Checked, Fail
from fer_exp.verifying.numbers import NUMBER, as_float, numbers, written_as

FILE = "claims.csv"
COLUMNS = ("document", "section", "text", "source", "row", "values")
DECLARED = {
    "configured": "what was asked for: the text beside it is a command or a preset",
    "published": "what a paper, a corpus or its documentation states",
    "measured": "a time, a speed or a size, measured at that moment",
    "counted": "of a corpus that is not in here; tests hold what reads it against these counts",
    "recorded": "what a program found in files that are not kept",
}
"""Values that say why a number is not computed again; its text is held fast all the same."""
ACROSS = {"min": "min", "max": "max", "mean": "mean", "sum": "sum", "count": "count"}
FENCE = re.compile(r"(?ms)^ *```.*?^ *```")
COMMAND = re.compile(r" *(fer-exp|make|python3?|uv|pip|eval|source|\.venv/\S+) ")
"""The first line of a block of code in which all is typed; in others a ``$`` stands before what is."""

Span = tuple[int, int]
"""Where something begins and ends in a text."""
Tables = Callable[[str], pd.DataFrame]
"""A source -> its rows as they are computed now; RequestError where they cannot be."""
Blocks = Mapping[str, Callable[[str], str]]
"""Word -> what prints a source as the terminal shows it."""


class Claim(NamedTuple):
    """A row of claims.csv: see docs/verify.md."""

    document: str
    section: str
    text: str
    source: str
    row: str
    values: str


def read_claims(path: Path) -> list[Claim]:
    """The rows of claims.csv; RequestError where it is no such table."""
    with reading(path, way_out=f"it is a list of claims, with the columns {', '.join(COLUMNS)}"):
        frame = pd.read_csv(io.StringIO(whole_text(path)), dtype=str, keep_default_na=False)
        return [Claim(*(row[name] for name in COLUMNS)) for row in frame.to_dict("records")]


def check_document(path: Path, claims: list[Claim], tables: Tables, blocks: Blocks) -> Checked:
    """Every claim of a document, and every number of the sections with claims that none of them covers.

    Args:
        path: the document, in Markdown.
        claims: of this document.
        tables: gives the rows of a source.
        blocks: what makes text of a source.
    """
    found = Checked(str(path))
    try:
        sections = sections_of(whole_text(path))
    except (OSError, UnicodeDecodeError) as error:
        found.fails.append(Fail("", f"cannot be read ({why(error)})", ""))
        return found
    covered: dict[str, list[Span]] = {}
    for claim in claims:
        if claim.section not in sections:
            found.fails.append(Fail(claim.section, "there is no such section", claim.text))
            continue
        try:
            expected, declared = computed_text(claim, tables, blocks)
        except Exception as error:  # a source may be damaged in any way, and each is a sentence
            reason = str(error) if isinstance(error, RequestError) else why(error)
            found.fails.append(Fail(claim.section, claim.text or claim.source, f"cannot be computed: {reason}"))
            continue
        found.recorded += declared
        found.numbers += len(numbers(expected)) - declared
        compared = _block if claim.values in blocks else _sentence
        spans, fails = compared(claim, sections[claim.section], expected)
        covered.setdefault(claim.section, []).extend(spans)
        found.fails += fails
    for section, spans in covered.items():
        found.fails += _unclaimed(section, sections[section], spans)
    return found


def _block(claim: Claim, text: str, expected: str) -> tuple[list[Span], list[Fail]]:
    """Where a block stands in a section; if it does not, its lines are named, and not each of their numbers again."""
    if spans := spans_of(text, expected, exact=True):
        return spans, []
    return [fence.span() for fence in FENCE.finditer(text)], _other_lines(claim.section, text, expected)


def _sentence(claim: Claim, text: str, expected: str) -> tuple[list[Span], list[Fail]]:
    """Where a claim stands in a section, and whether its numbers are the computed ones.

    Where it does not, a number of what stands there in its place is named with the whole, and not once more.
    """
    if spans := spans_of(text, claim.text):
        return spans, [] if expected == claim.text else [Fail(claim.section, claim.text, expected)]
    other = _same_words(text, expected)
    stated = " ".join(other[0].split()) if other else "it does not say so"
    return [other.span()] if other else [], [Fail(claim.section, stated, expected)]


def _unclaimed(section: str, text: str, spans: list[Span]) -> list[Fail]:
    """The numbers of a section that no claim covers."""
    stated = _blanked(text)
    fails = []
    for number in NUMBER.finditer(stated):
        if not any(start <= number.start() and number.end() <= end for start, end in spans):
            line = stated[max(0, number.start() - 40) : number.end() + 20].replace("\n", " ").strip()
            words = f"{number[0]} in “{line}”: no row of {FILE} says where it is from"
            fails.append(Fail(section, words, ""))
    return fails


def sections_of(text: str) -> dict[str, str]:
    """Heading, '' before the first, -> what stands below it up to the next; signs of code do not begin one."""
    found, heading, fenced = {"": ""}, "", False
    for line in text.splitlines(keepends=True):
        fenced ^= line.lstrip().startswith("```")
        if not fenced and (match := re.match(r"#+ +(.*)", line)):
            heading = match[1].strip()
            found[heading] = ""
        else:
            found[heading] += line
    return found


def computed_text(claim: Claim, tables: Tables, blocks: Blocks) -> tuple[str, int]:
    """The claim's text as it is computed, and how many of its numbers are declared rather than computed."""
    if claim.values in blocks:
        return blocks[claim.values](claim.source), 0
    stated, values = numbers(claim.text), claim.values.split()
    if len(values) == 1:
        values *= max(1, len(stated))
    if len(values) != len(stated):
        raise RequestError(f"{FILE}: {len(stated)} numbers stand in the text and {len(values)} values beside it.")
    rows = None
    if claim.source and set(values) - set(DECLARED):
        rows = _chosen(tables(claim.source), claim.row, claim.source)
    parts = iter(
        [
            one if value in DECLARED else _computed(rows, value, one, claim)
            for one, value in zip(stated, values, strict=True)
        ]
    )
    return NUMBER.sub(lambda _: next(parts), claim.text), sum(value in DECLARED for value in values)


def _computed(rows: pd.DataFrame | None, value: str, stated: str, claim: Claim) -> str:
    """A number computed and written as the stated one: ``[<][-][100*][min:|max:|mean:|sum:|count:]column``."""
    match = re.fullmatch(r"(<?)(-?)(?:(\d+)\*)?(?:(\w+):)?(.+)", value)
    if rows is None or match is None:
        raise RequestError(f"{FILE}: {value} needs a source.")
    below, minus, factor, across, column = match.groups()
    if across == "count":
        return written_as(float(len(rows)), stated)
    if column not in rows:
        raise RequestError(f"{claim.source} has no column {column}.")
    numbers_of = pd.to_numeric(rows[column], errors="coerce").dropna()
    if across not in ACROSS and len(rows) != 1:
        raise RequestError(f"{claim.source}: {len(rows)} rows are {claim.row or 'there'}; name one of them.")
    if numbers_of.empty:
        raise RequestError(f"{claim.source}: no number stands in {column} of {claim.row or 'its rows'}.")
    number = float(numbers_of.agg(ACROSS[across]) if across else numbers_of.iloc[0])
    number *= (-1 if minus else 1) * float(factor or 1)
    if below:
        limit = as_float(stated)
        return stated if limit is not None and number < limit else f"{number:g}"
    return written_as(number, stated)


def _chosen(frame: pd.DataFrame, row: str, source: str) -> pd.DataFrame:
    """Rows by ``column=value & column=4..7 & column=text*``."""
    for part in filter(None, (part.strip() for part in row.split("&"))):
        column, _, value = part.partition("=")
        if column not in frame:
            raise RequestError(f"{source} has no column {column}.")
        text = frame[column].astype(str)
        if ends := re.fullmatch(r"(-?[\d.]+)\.\.(-?[\d.]+)", value):
            number = pd.to_numeric(frame[column], errors="coerce")
            kept = number.between(float(ends[1]), float(ends[2]))
        elif value.endswith("*"):
            kept = text.str.startswith(value[:-1])
        else:
            plain = text.str.removesuffix(".0") if as_float(value) is not None else text
            kept = plain == value
        frame = frame[kept]
    if frame.empty:
        raise RequestError(f"{source} has no row with {row}.")
    return frame


def _blanked(text: str) -> str:
    """The text with spaces where nothing is stated: what is typed, targets of links, code within a line."""
    lines: list[str] = []
    inside = all_typed = goes_on = False
    for line in text.split("\n"):
        typed = False
        if line.lstrip().startswith("```"):
            inside, all_typed, goes_on = not inside, False, False
        elif inside:
            all_typed |= lines[-1].lstrip().startswith("```") and COMMAND.match(line) is not None
            typed = all_typed or goes_on or line.lstrip().startswith("$ ")
            goes_on = typed and line.endswith("\\")
        lines.append(" " * len(line) if typed else line)
    unstated = r"\]\([^)]*\)|(?<!`)`[^`\n]+`(?!`)"
    return re.sub(unstated, lambda found: re.sub(r"[^\n]", " ", found[0]), "\n".join(lines))


def spans_of(text: str, wanted: str, exact: bool = False) -> list[Span]:
    """Where a text stands, whatever its line breaks; ``exact``: line by line, but for spaces at the end."""
    if exact:
        pattern = r"[ \t]*\n".join(re.escape(line.rstrip()) for line in wanted.strip("\n").splitlines())
    else:
        pattern = r"\s+".join(re.escape(word) for word in wanted.split())
    start = r"(?<![\d.])" if wanted.strip()[:1] in tuple("0123456789.") else ""
    whole = rf"{start}{pattern}(?!\d)(?!\.\d)"
    return [match.span() for match in re.finditer(whole, text)] if wanted.strip() else []


def _other_lines(section: str, text: str, expected: str) -> list[Fail]:
    """The lines of a block that do not stand there, with the one most alike."""
    lines = [line.rstrip() for line in text.splitlines()]
    missing = [line for line in expected.splitlines() if line.strip() and line.rstrip() not in lines]
    fails = [Fail(section, _nearest(line, lines), line.strip()) for line in missing]
    return fails or [Fail(section, "other order of lines", expected)]


def _same_words(text: str, expected: str) -> re.Match[str] | None:
    """Where the same words stand with other numbers."""
    words = (re.sub(r"(?:\\\s)+", r"\\s+", re.escape(part)) for part in NUMBER.split(" ".join(expected.split())))
    return re.search(f"(?:{NUMBER.pattern})".join(words), text)


def _nearest(line: str, lines: list[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(line.rstrip(), lines, 1, 0.5)), "(no such line)").strip()
