"""FER+'s votes: pairing by row order, the quirks of the file, and broken files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fer_exp.config import DatasetConfig
from fer_exp.datasets import open_corpus
from fer_exp.datasets.ferplus import FerPlus
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.names import CLASSES, OTHER_ANSWERS
from tests.datasets.fakes import ANSWERS, write_fer2013, write_votes


def test_votes_are_paired_by_row_and_named_by_class(tmp_path: Path) -> None:
    write_fer2013(tmp_path)
    counts = write_votes(tmp_path)
    faces = FerPlus(tmp_path, CLASSES).read()
    assert faces.votes is not None
    assert tuple(faces.votes.columns) == ("face", *CLASSES, *OTHER_ANSWERS)
    assert faces.votes["face"].tolist() == faces.table["face"].tolist()
    order = ["not_a_face" if name == "NF" else name for name in ANSWERS.split(",")]
    np.testing.assert_array_equal(faces.votes[order].to_numpy(), counts)
    assert faces.notes["rows of votes without a picture name"] == 1
    assert faces.notes["picture names that occur more than once"] == 1
    assert faces.notes["faces with another number of votes than 10"] == 1
    assert faces.notes["faces without any vote"] == 0


def test_with_seven_classes_contempt_counts_as_unknown(tmp_path: Path) -> None:
    write_fer2013(tmp_path)
    write_votes(tmp_path)
    eight, seven = FerPlus(tmp_path, CLASSES).read().votes, FerPlus(tmp_path, CLASSES[:7]).read().votes
    assert eight is not None
    assert seven is not None
    assert tuple(seven.columns) == ("face", *CLASSES[:7], *OTHER_ANSWERS)
    assert seven["unknown"].tolist() == (eight["unknown"] + eight["contempt"]).tolist()


def replaced(row: int, old: str, new: str) -> Callable[[list[str]], None]:
    def change(lines: list[str]) -> None:
        lines[row] = lines[row].replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines.pop(), "fer2013new.csv has 199 rows but fer2013.csv has 200. They are paired by row"),
        (replaced(9, "Training", "PublicTest"), r"in row 9 \(line 10\) fer2013new.csv says Usage 'PublicTest'"),
        (replaced(4, ",10\n", ",-1\n"), r"row 4 \(line 5\) has '-1' as a count of votes in column nf; .* whole"),
        (replaced(4, ",10\n", ",999999999\n"), "row 4 .* has '999999999' as a count of votes .* 0 to 1,000,000"),
        (replaced(4, ",10\n", ",2.5\n"), "row 4 .* has '2.5' as a count"),
        (replaced(4, ",10\n", ",\n"), "row 4 .* has '' as a count"),
        (replaced(4, ",10\n", "\n"), "row 4 .* has 11 fields where 12 belong"),
        (replaced(0, "contempt", "boredom"), "has no column 'contempt'"),
        (lambda lines: lines.clear(), "is empty"),
    ],
)
def test_a_broken_votes_file_is_refused(tmp_path: Path, change: Callable[[list[str]], None], message: str) -> None:
    write_fer2013(tmp_path)
    write_votes(tmp_path)
    file = tmp_path / "fer2013new.csv"
    lines = file.read_text().splitlines(keepends=True)
    change(lines)
    file.write_text("".join(lines))
    with pytest.raises(RequestError, match=message):
        FerPlus(tmp_path, CLASSES).read()


def test_faces_without_any_vote_are_counted(tmp_path: Path) -> None:
    write_fer2013(tmp_path)
    write_votes(tmp_path)
    file = tmp_path / "fer2013new.csv"
    file.write_text(file.read_text().replace(",10\n", ",0\n", 1))
    assert FerPlus(tmp_path, CLASSES).read().notes["faces without any vote"] == 1


def test_missing_votes_say_where_to_get_them(tmp_path: Path) -> None:
    write_fer2013(tmp_path, 2)
    with pytest.raises(DatasetNotFoundError, match=r"there is no fer2013new.csv .* github.com/microsoft/FERPlus"):
        FerPlus(tmp_path, CLASSES).files()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (DatasetConfig(name="ferplus"), "dataset.root is not set.*fer-exp prepare dataset=ferplus dataset.root=DIR"),
        (DatasetConfig(name="fer2013", root="x", classes=8), "fer2013 has no contempt"),
    ],
)
def test_a_config_that_names_no_corpus_is_refused(config: DatasetConfig, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        open_corpus(config)
