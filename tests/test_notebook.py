"""docs/verdict.ipynb runs from its first cell to its last, and what it keeps is what it gives."""

import copy
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import nbformat
import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "notebook.py"


def texts(notebook) -> list[str]:
    """What each cell of code shows, as text."""
    shown = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            outputs = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
            shown.append("".join(outputs))
    return shown


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a cell with a command goes over two lines")
def test_the_notebook_goes_from_pictures_to_a_verdict(tmp_path, monkeypatch):
    spec = spec_from_file_location("notebook", SCRIPT)
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("COLUMNS", raising=False)  # of a wide terminal: what is kept was made in none
    monkeypatch.setenv("PYTHONPATH", str(SCRIPT.parents[1]), prepend=":")
    kept = nbformat.read(script.NOTEBOOK, as_version=4)
    smaller = copy.deepcopy(kept)  # a ninth of the pixels: what the two networks learn is compared with nothing
    for cell in smaller.cells:
        cell.source = cell.source.replace("dataset.size=48", "dataset.size=16")
    assert smaller != kept
    nbformat.write(smaller, tmp_path / "verdict.ipynb")
    before, after = texts(kept), texts(script.executed(tmp_path / "verdict.ipynb"))
    assert len(after) <= 14
    untaught = [place for place, text in enumerate(before) if "fleiss_kappa" in text or "spam" in text]
    assert len(untaught) == 2
    assert all(before[place] == after[place] for place in untaught)
    assert after[-1].startswith("L1 to the votes, onehot less soft: ")
