"""What is passed on names no place on anybody's machine: archives, pages and cards alike."""

import pytest

from fer_exp.export.origin import command
from fer_exp.report.page.told import without_place
from fer_exp.runs.places import without_places
from fer_exp.runs.slim import placeless

TEXTS = (
    "train=[dataset.root=C:/Users/anna/fer,seed=0]",
    r"train=[dataset.root=C:\Users\anna\fer,seed=0]",
    "see C:/Users/anna/x.csv",
    "file:///home/anna/x.csv",
    r"note=\\server\anna\faces\x.csv",
    "x (/home/anna/y.csv)",
    "dataset.root=~anna/fer",
    "output='/home/anna/runs'",
    "D:\\anna\\faces",
    "labels.file=/home/anna/noise.txt of runs/a",
)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("cut", [placeless, without_place, without_places, lambda text: command(["fer-exp", text])])
def test_a_path_is_cut_by_whoever_passes_it_on(text, cut):
    assert "anna" not in cut(text)


@pytest.mark.parametrize("text", ["https://x.org/a/b.csv", "runs/a", "labels=noisy", "0.5/0.7", "a/b and c"])
def test_what_is_no_place_stays(text):
    assert placeless(text) == without_place(text) == text
