"""How a notebook shows what a command found: the terminal's tables as HTML, then its sentences, then its figures."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

from rich.table import Table

from fer_exp.report.page import data_uri
from fer_exp.system import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 100
"""Of figures: a notebook keeps them in its file."""
STYLE = "text-align: {}; vertical-align: top; white-space: nowrap; padding: 0.15em 0.6em"


def as_html(screen: Iterable[Table | str], notes: Iterable[str], figures: Mapping[str, str | None]) -> str:
    """What the terminal shows as HTML, every text escaped.

    Args:
        screen: tables and lines.
        notes: sentences below them, each once.
        figures: name -> as ``as_png`` gives it.

    >>> as_html(["a < b"], ["twice", "twice"], {})
    '<div><p>a &lt; b</p><p>note: twice</p></div>'
    """
    parts = [table_html(block) if isinstance(block, Table) else _lines("p", block) for block in screen]
    parts += [_lines("p", f"note: {note}") for note in dict.fromkeys(notes)]
    for name, source in figures.items():
        if source is not None:
            parts.append(f'<img src="{source}" alt="{escape(name)}" style="max-width: 100%">')
    return f"<div>{''.join(parts)}</div>"


def table_html(table: Table) -> str:
    """One of the terminal's tables, with its title above and its caption below.

    >>> table = Table("class", title="shares")
    >>> table.add_row("<b>")
    >>> table_html(table).count("&lt;b&gt;")
    1
    """
    columns = table.columns
    heads = "".join(_lines("th", str(column.header), column.justify) for column in columns)
    cells = [[_lines("td", str(cell), column.justify) for cell in column.cells] for column in columns]
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    title = f"<p><strong>{escape(str(table.title))}</strong></p>" if table.title else ""
    below = f"<p><small>{_broken(str(table.caption))}</small></p>" if table.caption else ""
    inside = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f'{title}<div style="overflow-x: auto">{inside}</div>{below}'


def as_png(draw: Callable[[], Figure | None]) -> str | None:
    """A figure in the project's style as a data URI, None where there is nothing to draw."""
    from fer_exp.report.figures import style, write_png  # who shows no figure does not wait for matplotlib

    with style():
        figure = draw()
        if figure is None:
            return None
        stream = io.BytesIO()
        write_png(figure, stream, DPI)
    return data_uri("png", stream.getvalue())


def _lines(tag: str, text: str, justify: str = "") -> str:
    style = f' style="{STYLE.format(justify)}"' if justify else ""
    return f"<{tag}{style}>{_broken(text)}</{tag}>"


def _broken(text: str) -> str:
    return escape(visible(text)).replace("\n", "<br>")
