"""Run docs/verdict.ipynb anew and keep what it shows: python scripts/notebook.py (a minute or two)."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOK = Path(__file__).parents[1] / "docs" / "verdict.ipynb"


def executed(path: Path) -> NotebookNode:
    """A notebook with what its cells give today; nothing is kept of when they ran.

    Raises:
        CellExecutionError: a cell failed.
    """
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # of !fer-exp
    place = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=900, record_timing=False, coalesce_streams=True, resources=place).execute()
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data.pop("image/jpeg", None)  # the same picture
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                         "language_info": {"name": "python"}}  # fmt: skip
    return notebook


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", nargs="?", type=Path, default=NOTEBOOK)
    place = parser.parse_args().notebook
    nbformat.write(executed(place), place)  # type: ignore[no-untyped-call]
