"""The terminal, as all commands print on it."""

from __future__ import annotations

from copy import copy
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from fer_exp.system import readable, visible

Screen = Table | str
"""What the terminal shows: a table of at most 80 columns, or a line, which only a terminal breaks."""

THEME = Theme({"table.title": "bold", "table.caption": "none"})
"""No colour, and nothing dim: captions say what intervals are, and have to be read on light and on dark."""

NARROW = 30
"""Columns of a table below which its caption has the screen's width: in the table's it would have a word a line."""


class Terminal(Console):
    """rich's console for what comes from data: brackets are no markup, and control characters are spelt out.

    A reader who goes before the end, as head does, is no error (``cli.main``).
    """

    def __init__(self, file: TextIO | None = None, width: int | None = None) -> None:
        plain = None if file is None else False  # in a notebook rich would show what it is to write, and colour it
        super().__init__(
            file=file,
            width=width,
            force_jupyter=plain,
            force_terminal=plain,
            highlight=False,
            markup=False,
            emoji=False,
            theme=THEME,
        )

    def render_str(self, text: str, **how: Any) -> Text:
        """Every text passes here on its way to the screen, those of a table's cells, too."""
        return super().render_str(visible(text), **how)

    def on_broken_pipe(self) -> None:
        """Leaves it to the command line; rich would end the program with 1."""
        raise BrokenPipeError

    def show(self, block: Screen) -> None:
        """Print a table, or a line, which only a terminal breaks; the caption of a narrow table is a line below it."""
        if isinstance(block, str):
            self.print(readable(block, self.file), soft_wrap=True)
        elif not block.caption or self.measure(block).maximum >= NARROW:
            self.print(block)
        else:
            alone = copy(block)
            alone.caption = None
            self.print(alone)
            self.show(str(block.caption))
