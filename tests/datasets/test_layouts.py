"""Layouts in which a split, a label or an order of numbers could be missed without a word."""

from pathlib import Path

import pytest

from fer_exp.datasets.namings import read_names
from fer_exp.errors import RequestError
from fer_exp.orders import ORDERS
from tests.datasets.fake_pictures import save
from tests.datasets.test_repacked import opened


def pictures(root: Path, *paths: str) -> Path:
    """Small pictures that differ."""
    for number, path in enumerate(paths):
        save(root / path, "happiness", number)
    return root


@pytest.mark.parametrize(("corpus", "first"), [("affectnet", 1), ("fer2013", 1), ("rafdb", 0)])
@pytest.mark.parametrize("as_table", [False, True])
def test_a_corpus_numbered_from_the_other_number_keeps_its_order(tmp_path, corpus, first, as_table):
    classes = ORDERS[corpus].classes
    named = {str(first + place): name for place, name in enumerate(classes)}
    if as_table:
        root = pictures(tmp_path / "c", *(f"im/{number}x.jpg" for number in named))
        rows = [f"{number}x.jpg,{number}" for number in named]
        (root / "labels.csv").write_text("\n".join(["image,expression", *rows]))
    else:
        paths = (f"{split}/{number}/{split}_{number}.jpg" for split in ("train", "test") for number in named)
        root = pictures(tmp_path / "c", *paths)
    store, _ = opened(tmp_path, corpus, root)
    faces = store.faces
    assert len(faces) == len(named) * (1 if as_table else 2)
    number = faces["face"].str.extract(r"(\d)x?$")[0]
    assert (number.map(named) == faces["label"]).all()


def test_all_numbers_but_one_cannot_be_known(tmp_path):
    root = pictures(tmp_path / "c", *(f"{number}/{number}.jpg" for number in range(1, 8)))
    with pytest.raises(RequestError, match=r"are numbered 1 to 7; whether .* from 0 or 1 cannot be known"):
        opened(tmp_path, "affectnet", root)


@pytest.mark.parametrize(
    "split", ["{}", "1_{}", "{}_AFEW", "{}80", "CK_{}"], ids=["plain", "numbered", "of a corpus", "share", "behind"]
)
@pytest.mark.parametrize("below", [False, True])
def test_splits_are_found_above_and_below_classes(tmp_path, split, below):
    names = [split.format(name) for name in ("train", "val", "test")]
    paths = [f"{c}/{s}/{n}.jpg" if below else f"{s}/{c}/{n}.jpg" for s in names for c in ("angry", "sad") for n in "ab"]
    store, _ = opened(tmp_path, "folder", pictures(tmp_path / "c", *paths), classes="found")
    assert store.faces["split"].value_counts().to_dict() == {"train": 4, "val": 4, "test": 4}


@pytest.mark.parametrize("labelled", ["label", "label_name", "Gesichtsausdruck"])
def test_a_tables_paths_say_their_splits_and_its_expressions_the_labels(tmp_path, labelled, capsys):
    paths = [f"{split}/{name}.jpg" for split in ("train", "test") for name in "abcd"]
    root = pictures(tmp_path / "c", *paths, "extra/x.jpg")
    rows = [f"{path},{place % 2},{('happy', 'sad')[place % 2]},p{place // 2}" for place, path in enumerate(paths)]
    (root / "metadata.csv").write_text("\n".join([f"file_name,label_id,{labelled},subject_id", *rows]))
    store, _ = opened(tmp_path, "folder", root, classes="found")
    assert store.faces["split"].value_counts().to_dict() == {"train": 4, "test": 4}
    assert store.faces["label"].value_counts().to_dict() == {"happiness": 4, "sadness": 4}
    assert store.faces["subject"].nunique() == 4
    assert "splits by the folders of the paths" in capsys.readouterr().err
    assert store.notes["pictures without a row in the table, left out"] == 1


def test_a_one_in_a_column_of_each_row_is_a_label_and_no_vote(tmp_path, capsys):
    root = pictures(tmp_path / "c", *(f"im/{name}.jpg" for name in "abcd"))
    (root / "l.csv").write_text("path,happy,sad,fear\nim/a.jpg,1,0,0\nim/b.jpg,0,1,0\nim/c.jpg,1,0,0\nim/d.jpg,0,0,1\n")
    store, _ = opened(tmp_path, "folder", root, classes="found")
    assert store.faces["label"].tolist() == ["happiness", "sadness", "happiness", "fear"]
    assert store.votes is None
    assert "a 1 in one column of each row is its label" in capsys.readouterr().err


def test_a_table_that_says_no_label_is_refused(tmp_path):
    root = pictures(tmp_path / "c", "im/a.jpg", "im/b.jpg")
    (tmp_path / "t.csv").write_text("path,age\nim/a.jpg,4\nim/b.jpg,5\n")
    with pytest.raises(RequestError, match=r"nothing in it says what the pictures show: .* there are: path, age"):
        opened(tmp_path, "folder", root, table=str(tmp_path / "t.csv"), classes="found")
    (tmp_path / "t.csv").write_text("path,before,seen\nim/a.jpg,happy,sad\nim/b.jpg,sad,sad\n")
    with pytest.raises(RequestError, match=r"several .* expressions \(before, seen\); call the true one label"):
        opened(tmp_path, "folder", root, table=str(tmp_path / "t.csv"), classes="found")


def test_names_of_blends_and_of_what_is_not_shown_say_no_label():
    names = ["not_happy_01.jpg", "12_happy_to_neutral.jpg", "21_happily_surprised.jpg", "KA_sad_3.jpg", "B_fear_1.jpg",
             "C_anger_4.jpg", "D_anger_4.jpg"]  # fmt: skip
    assert read_names(names).table["label"].tolist() == [None, None, None, "sadness", "fear", "anger", "anger"]
    assert read_names(["VP1/Freude.jpg", "VP1/Überraschung.jpg"]).table["label"].tolist() == ["happiness", "surprise"]


def test_a_range_in_a_columns_name_holds_beside_pictures_as_it_does_for_answers(tmp_path):
    root = pictures(tmp_path / "c", *(f"{name}.jpg" for name in "abcd"))
    rows = ["a.jpg,happy,1", "b.jpg,sad,3", "c.jpg,happy,5", "d.jpg,sad,9"]
    (root / "labels.csv").write_text("\n".join(["image,label,valence (1-9)", *rows]))
    store, _ = opened(tmp_path, "folder", root, table=str(root / "labels.csv"))
    assert store.faces.set_index("face")["valence"].tolist() == [-1, -0.5, 0, 1]


@pytest.mark.parametrize("sessions", [("s1",), ("s1", "s2")])
def test_below_a_person_lie_sessions(tmp_path, sessions):
    paths = [
        f"{c}/{who}/{s}/{n}.jpg" for c in ("happy", "sad") for who in ("anna", "ben") for s in sessions for n in "ab"
    ]
    store, _ = opened(tmp_path, "folder", pictures(tmp_path / "c", *paths), subject="folder", classes="found")
    assert set(store.faces["subject"]) == {"anna", "ben"}
