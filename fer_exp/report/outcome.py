"""What a command found, as one object: what the terminal shows, what is saved, and what ``--json`` gives."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from fer_exp.errors import RequestError, RunError, did_you_mean
from fer_exp.files import file_names, write_json, write_table, write_text
from fer_exp.progress import collected, say
from fer_exp.report.files import FIGURE_FORMS, TABLE_FORMS, save_figure, save_table
from fer_exp.report.terminal import Screen as Screen, Terminal
from fer_exp.system import readable, visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure


DATA_FORMS = (".csv", ".parquet", ".txt")
"""Suffixes of data and texts."""
NAMED = 6
"""Files of another call that are named one by one."""


class OutcomeTable(NamedTuple):
    """A table to keep: ``rows`` with every digit for programs, ``shown`` for readers where that is not the same.

    ``name`` is that of its files, without suffix; the caption is plain text. Without ``keep`` it has no files.
    """

    name: str
    caption: str
    rows: pd.DataFrame
    shown: pd.DataFrame | None = None
    keep: bool = True

    @property
    def readers(self) -> pd.DataFrame:
        """What readers see."""
        return self.rows if self.shown is None else self.shown


@dataclass
class Outcome:
    """All that a command says.

    Attributes:
        name: of the JSON file, without suffix.
        content: the JSON; it stands as ``results`` in what ``--json`` prints.
        screen: what the terminal shows, in this order.
        notes: sentences, shown last, each once.
        tables: kept as CSV, Markdown and LaTeX.
        figures: kept as SVG and PNG; drawn when they are saved, None where there is nothing to draw.
        data: what other programs read, by file name: CSV or Parquet.
        texts: what is pasted elsewhere, by file name.
        verdict: what it comes to, in one sentence; shown first and kept as verdict.txt. ``content`` has it, too.
        left: files and folders that the command has written itself; named last, a line each.
        may: names of files that another call of the command may have left in the folder, as patterns: with a suffix
            those of data and texts, without one those of tables and figures.
    """

    name: str = "results"
    content: Mapping[str, Any] = field(default_factory=dict)
    screen: list[Screen] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: list[OutcomeTable] = field(default_factory=list)
    figures: dict[str, Callable[[], Figure | None]] = field(default_factory=dict)
    data: dict[str, pd.DataFrame] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    left: list[Path] = field(default_factory=list)
    verdict: str = ""
    may: tuple[str, ...] = ()

    @property
    def shown(self) -> list[Screen]:
        """The verdict, where there is one, then what the terminal shows."""
        return [*([self.verdict] if self.verdict else []), *self.screen]

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables and data by name, without suffix, with every digit."""
        return {table.name: table.rows for table in self.tables} | {Path(n).stem: of for n, of in self.data.items()}

    def draw(self, name: str) -> Figure | None:
        """One of the figures, in the project's style; None where there is nothing to draw.

        Raises:
            RequestError: there is no such figure.
        """
        from fer_exp.report.figures import style

        if name not in self.figures:
            hint = did_you_mean(name, self.figures)
            raise RequestError(f"there is no figure {name}; {hint}There are: {', '.join(self.figures) or 'none'}.")
        with style():
            return self.figures[name]()

    def save(self, place: Path | str) -> Path:
        """Write everything into a folder, as the command would; returns it."""
        save(self, Path(place))
        return Path(place)

    def __repr__(self) -> str:
        """What the terminal would show."""
        stream = io.StringIO()
        show(self, Terminal(stream))
        return stream.getvalue().rstrip()

    def _repr_html_(self) -> str:
        """The same for a notebook, with the figures."""
        from fer_exp.report.notebook import as_html, as_png

        return as_html(self.shown, self.notes, {name: as_png(draw) for name, draw in self.figures.items()})


class Kept(NamedTuple):
    """An outcome that a program reads: where it lies, which files were written, what else was said."""

    outcome: Outcome
    place: Path | None
    files: list[Path]
    notes: list[str]


_KEPT: ContextVar[list[Kept] | None] = ContextVar("kept", default=None)


def kept() -> AbstractContextManager[list[Kept]]:
    """What is finished within is not shown but kept, for a program to read; the command's own is the last."""
    return collected(_KEPT)


def finish(
    outcome: Outcome, place: Path | None = None, *, file: bool = False, elsewhere: str | None = None
) -> Path | None:
    """Save an outcome and print it, saved or not; the last line is where it lies. Within ``kept`` nothing is printed.

    Args:
        outcome: all that the command says.
        place: the folder; None saves nothing, and draws nothing.
        file: the last line names the JSON file rather than the folder, which holds other things, too.
        elsewhere: how to keep it in another place, of a command whose numbers are all that was asked for: that they
            cannot be written is then said, and no error.

    Returns:
        Where it lies, None where it was not saved.

    Raises:
        RunError: a file cannot be written; what was computed has been printed.
    """
    failed: RunError | None = None
    gone: BrokenPipeError | None = None
    outcomes = _KEPT.get()
    files = [path for left in outcome.left for path in _files(left)]
    if place is not None:  # first: whoever reads what is printed may go before its end, as head does
        try:
            files += _save_numbers(outcome, place)
        except RunError as error:
            failed = error
    if outcomes is None:
        try:
            show(outcome)
            sys.stdout.flush()  # nobody waits for the figures to read the numbers
        except BrokenPipeError as error:
            gone = error
    if place is not None and failed is None:
        try:
            files += _save_figures(outcome, place)
            _say_others(outcome, place, files)
        except RunError as error:
            failed = error
    if gone is not None:
        raise gone
    if failed is not None:
        place = None
    elif place is not None and file:
        place /= f"{outcome.name}.json"
    notes = [f"{failed} The numbers are all there is; {elsewhere}."] if failed and elsewhere else []
    if outcomes is not None:
        outcomes.append(Kept(outcome, place, files, notes))
    if failed is not None and elsewhere is None:
        raise failed
    for note in notes:
        print(readable(f"fer-exp: {note}", sys.stderr), file=sys.stderr)
    if outcomes is None:
        for left in (*outcome.left, *([] if place is None else [place])):
            print(left)
    return place


def _files(place: Path) -> list[Path]:
    """A file, or the files of a folder, without hidden ones such as its lock."""
    inside = sorted(place.rglob("*")) if place.is_dir() else [place]
    return [path for path in inside if path.is_file() and not path.name.startswith(".")]


def save(outcome: Outcome, place: Path) -> list[Path]:
    """Write every table, figure and data file into a folder, and at last the JSON; each aside and renamed.

    Returns:
        The files, in the order in which they were written.

    Raises:
        RunError: a file cannot be written.
    """
    files = [*_save_numbers(outcome, place), *_save_figures(outcome, place)]
    _say_others(outcome, place, files)
    return files


def _say_others(outcome: Outcome, place: Path, files: Sequence[Path]) -> None:
    """Name what lies beside the files of this call and is of another: to remove it is for who made it."""
    if others := sorted(_others(outcome, place) - {path.name for path in files}):
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        say(f"{place} has files that this call has not made, from an earlier one: {', '.join(others[:NAMED])}{more}")


def _others(outcome: Outcome, place: Path) -> set[str]:
    """Names in a folder that are as of the outcome's command; a table or a figure is one in all its forms."""
    names: set[str] = set()
    with suppress(OSError):
        names = {path.name for path in place.iterdir()}
    of_data = [pattern for pattern in outcome.may if pattern.endswith(DATA_FORMS)]
    found = {name for name in names if any(fnmatchcase(name, pattern) for pattern in of_data)}
    for stem in {Path(name).stem for name in names}:
        if any(fnmatchcase(stem, pattern) for pattern in outcome.may if pattern not in of_data):
            tables, figures = ({f"{stem}.{suffix}" for suffix in forms} for forms in (TABLE_FORMS, FIGURE_FORMS))
            found |= {name for whole in (tables, figures) if whole <= names for name in whole}
    return found


def _save_numbers(outcome: Outcome, place: Path) -> list[Path]:
    """Tables, data and texts."""
    tables = [table for table in outcome.tables if table.keep]
    files: list[Path] = []
    for table, name in zip(tables, file_names(table.name for table in tables), strict=True):
        files += save_table(table.rows, place / name, table.caption, shown=table.shown)
    for frame, name in zip(outcome.data.values(), file_names(outcome.data), strict=True):
        write_table(place / name, frame)
        files.append(place / name)
    for text, name in zip(outcome.texts.values(), file_names(outcome.texts), strict=True):
        write_text(place / name, visible(text))
        files.append(place / name)
    if outcome.verdict:
        files.append(place / "verdict.txt")
        write_text(files[-1], f"{visible(outcome.verdict)}\n")
    return files


def _save_figures(outcome: Outcome, place: Path) -> list[Path]:
    """Figures, and last the JSON, which says that all is there."""
    files: list[Path] = []
    for draw, name in zip(outcome.figures.values(), file_names(outcome.figures), strict=True):
        files += save_figure(draw, place / name)
    write_json(place / f"{outcome.name}.json", outcome.content)
    return [*files, place / f"{outcome.name}.json"]


def show(outcome: Outcome, console: Terminal | None = None) -> None:
    """Print the verdict, what the terminal shows, then the notes."""
    console = console or Terminal()
    for block in (*outcome.shown, *(f"note: {note}" for note in dict.fromkeys(outcome.notes))):
        console.show(block)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows ready for JSON: None for nan, plain numbers.

    >>> records(pd.DataFrame({"n": [1], "low": [float("nan")]}))
    [{'n': 1, 'low': None}]
    """
    return [
        {str(key): None if value is None or value != value else value for key, value in row.items()}
        for row in frame.to_dict("records")
    ]
