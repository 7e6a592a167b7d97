"""What is kept: tables as CSV for programs, Markdown for pages and LaTeX for papers; figures as SVG and PNG."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fer_exp.files import FORMULA, whole, write_text
from fer_exp.system import visible, without_collector

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLE_FORMS = ("csv", "md", "tex")
"""Suffixes of the files that ``save_table`` writes."""
FIGURE_FORMS = ("svg", "png")
"""Suffixes of those that ``save_figure`` writes."""
_LATEX = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)

_MARKDOWN = re.compile(r"[\\`*|$]|\](?=\()|~(?=~)|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|&(?=#?\w+;)|\n")
"""What Markdown, that of GitHub too, takes for something else than text."""


def save_table(table: pd.DataFrame, stem: Path, caption: str, shown: pd.DataFrame | None = None) -> list[Path]:
    """Write ``stem.csv``, ``stem.md`` and ``stem.tex`` (booktabs), each aside and renamed.

    Args:
        table: the index is not written. CSV keeps every digit; no text in it is a formula (``csv_text``).
        stem: path without suffix; its folder is made.
        caption: plain text; stands above the Markdown and in the LaTeX table.
        shown: what readers see in Markdown and LaTeX, where that is not the same table.

    Returns:
        The three paths.

    Raises:
        RunError: a file cannot be written.
    """
    readers = table if shown is None else shown
    # numbers that are text already have their digits: 0.02 is not 0.020
    written_out = [at for at in range(readers.shape[1]) if any(isinstance(cell, str) for cell in readers.iloc[:, at])]
    present = readers.astype(object).where(readers.notna(), None)
    marked = readers.map(as_markdown).astype(object).where(readers.notna(), None).rename(columns=as_markdown)
    markdown = marked.to_markdown(index=False, floatfmt=".3f", missingval="", disable_numparse=written_out)
    written = {
        "csv": csv_text(table),
        "md": f"{as_markdown(' '.join(caption.splitlines()))}\n\n{markdown}\n",
        "tex": _latex(present, caption, readers.select_dtypes(["number", "bool"]).columns),
    }
    for suffix, text in written.items():
        write_text(stem.with_name(f"{stem.name}.{suffix}"), text)
    return [stem.with_name(f"{stem.name}.{suffix}") for suffix in written]


def csv_text(table: pd.DataFrame) -> str:
    r"""A table as CSV for people who open it in a spreadsheet: an apostrophe stands before what might be a formula.

    Tables for programs keep what was said (``files.write_table``). ``tables`` takes the apostrophe off again.

    >>> csv_text(pd.DataFrame({"worker": ["=1+1", "w1"], "bias": [-0.5, 0.5]}))
    "worker,bias\n'=1+1,-0.5\nw1,0.5\n"
    """

    def guarded(value: object) -> object:
        formula = isinstance(value, str) and value.startswith(FORMULA) and value != "-"
        return f"'{value}" if formula else value

    kept = table.rename(columns=guarded)
    for at in range(kept.shape[1]):
        if not pd.api.types.is_numeric_dtype(kept.dtypes.iloc[at]):
            kept.isetitem(at, kept.iloc[:, at].map(guarded).array)
    return kept.to_csv(index=False, lineterminator="\n")


def as_markdown(value: Any) -> Any:
    r"""A text written so that Markdown shows it as it is, in a table, too; what is no text stays.

    >>> print(as_markdown("a|b"), as_markdown("<img>"), as_markdown("_x"), as_markdown(3))
    a\|b &lt;img> \_x 3
    """
    if not isinstance(value, str):
        return value
    spelt = {"\n": "<br>", "<": "&lt;", "&": "&amp;"}
    return _MARKDOWN.sub(lambda found: spelt.get(found[0], f"\\{found[0]}"), visible(value))


def _latex(table: pd.DataFrame, caption: str, numbers: pd.Index) -> str:
    """A booktabs table, as pandas' Styler writes it, which takes a third of a second to be imported."""

    def cell(value: object) -> str:
        if value is None:
            return ""
        return f"{value:.3f}" if isinstance(value, float) else text(value)

    def text(value: object) -> str:
        return visible(str(value)).replace("\n", " ").translate(_LATEX)

    columns = "".join("r" if name in numbers else "l" for name in table.columns)
    rows = [map(text, table.columns), *(map(cell, row) for row in table.to_numpy())]
    lines = (" & ".join(row) + r" \\" for row in rows)
    # what follows \\ or a rule in brackets would be a height
    head, *body = (f"{{}}{line}" if line.startswith(("[", "*", "(")) else line for line in lines)
    top = [r"\begin{table}", rf"\caption{{{text(caption)}}}", rf"\begin{{tabular}}{{{columns}}}"]
    whole_table = [*top, r"\toprule", head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    return "\n".join(whole_table) + "\n"


def save_figure(draw: Callable[[], Figure | None], stem: Path) -> list[Path]:
    """Draw a figure in the project's style and write ``stem.svg`` and ``stem.png``, each aside and renamed.

    Args:
        draw: makes the figure; None where there is nothing to draw.
        stem: path without suffix; its folder is made.

    Returns:
        Both paths, or none.

    Raises:
        RunError: a file cannot be written.
    """
    with without_collector():  # a command that draws nothing does not wait for matplotlib
        import matplotlib.figure  # noqa: F401

        from fer_exp.report.figures import style, write_png, write_svg

    with style():
        figure = draw()
        if figure is None:
            return []
        svg, png = (stem.with_name(f"{stem.name}.{suffix}") for suffix in FIGURE_FORMS)
        with whole(svg) as aside:
            write_svg(figure, aside)
        figure.set_layout_engine("none")  # laid out once: both show the same, and it takes half of the time
        with whole(png) as aside:
            write_png(figure, aside)
    return [svg, png]
