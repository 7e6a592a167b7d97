"""A notebook as a page: its text, its code and what it gave, with figures as files."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def as_markdown(path: Path, pictures: Path) -> str:
    """A notebook's cells in order.

    Args:
        path: of the notebook; it is not run, and shows what it kept.
        pictures: folder of its figures, which lie beside the page.
    """
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    parts: list[str] = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        elif cell.cell_type == "code":
            parts.append(f"```python\n{cell.source}\n```")
            parts += [
                _shown(output, pictures, f"{path.stem}-{number}-{place}") for place, output in enumerate(cell.outputs)
            ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _shown(output: NotebookNode, pictures: Path, name: str) -> str:
    """One thing that a cell gave: a figure, a table, or text."""
    data = output.get("data", {})
    if "image/png" in data:
        pictures.mkdir(parents=True, exist_ok=True)
        (pictures / f"{name}.png").write_bytes(base64.b64decode(data["image/png"]))
        return f"![what the cell drew]({pictures.name}/{name}.png)"
    text = output.get("text") or data.get("text/plain", "")
    return f"```text\n{ESCAPES.sub('', text).rstrip()}\n```" if text.strip() else ""
