"""What is kept: tables as CSV for programs, Markdown for pages and LaTeX for papers; figures as SVG and PNG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from fer_exp.files import whole, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LATEX = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)


def save_table(
    table: pd.DataFrame, stem: Path, caption: str, decimals: int = 3, shown: pd.DataFrame | None = None
) -> list[Path]:
    """Write ``stem.csv``, ``stem.md`` and ``stem.tex`` (booktabs), each aside and renamed.

    Args:
        table: the index is not written. CSV keeps every digit.
        stem: path without suffix; its folder is made.
        caption: plain text; stands above the Markdown and in the LaTeX table.
        decimals: of numbers in Markdown and LaTeX.
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
    markdown = present.to_markdown(index=False, floatfmt=f".{decimals}f", missingval="", disable_numparse=written_out)
    written = {
        "csv": table.to_csv(index=False, lineterminator="\n"),
        "md": f"{caption}\n\n{markdown}\n",
        "tex": _latex(present, caption, decimals, readers.select_dtypes(["number", "bool"]).columns),
    }
    for suffix, text in written.items():
        write_text(stem.with_name(f"{stem.name}.{suffix}"), text)
    return [stem.with_name(f"{stem.name}.{suffix}") for suffix in written]


def _latex(table: pd.DataFrame, caption: str, decimals: int, numbers: pd.Index) -> str:
    """A booktabs table, as pandas' Styler writes it, which takes a third of a second to be imported."""

    def cell(value: object) -> str:
        if value is None:
            return ""
        return f"{value:.{decimals}f}" if isinstance(value, float) else str(value).translate(_LATEX)

    columns = "".join("r" if name in numbers else "l" for name in table.columns)
    rows = [[str(name).translate(_LATEX) for name in table.columns], *(map(cell, row) for row in table.to_numpy())]
    head, *body = (" & ".join(row) + r" \\" for row in rows)
    top = [r"\begin{table}", rf"\caption{{{caption.translate(_LATEX)}}}", rf"\begin{{tabular}}{{{columns}}}"]
    lines = [*top, r"\toprule", head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    return "\n".join(lines) + "\n"


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
    from fer_exp.report.figures import style  # a command that draws nothing does not wait for matplotlib

    with style():
        figure = draw()
        if figure is None:
            return []
        paths = [stem.with_name(f"{stem.name}.{suffix}") for suffix in ("svg", "png")]
        for path in paths:
            with whole(path) as aside:
                figure.savefig(aside, metadata={"Date": None} if path.suffix == ".svg" else None)
            figure.set_layout_engine("none")  # laid out once: both show the same, and it takes half of the time
    return paths
