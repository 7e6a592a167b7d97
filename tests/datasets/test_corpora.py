"""RAF-DB, AffectNet, CAFE, FER+ as folders and one's own pictures: what is read from fakes of their layouts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_exp.config import DatasetConfig
from fer_exp.datasets import CORPORA, facts, open_corpus
from fer_exp.datasets.corpus import FACE_COLUMNS
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES, OTHER_ANSWERS
from fer_exp.store import Store, open_dataset
from tests.datasets import fake_affectnet, fake_cafe, fake_folders, fake_rafdb
from tests.datasets.fake_pictures import EXPRESSIONS


def opened(tmp_path: Path, name: str, root: Path | None, **more) -> Store:
    given = {"size": 40, "classes": 8 if name in ("ferplus", "affectnet") else 7, "max_rejected": 0.1, **more}
    config = DatasetConfig(name=name, root=str(root) if root else None, cache=str(tmp_path / "cache"), **given)
    return open_dataset(config, log=lambda line: None)[1]


def bars(store: Store, rows=slice(None)) -> list[str]:
    """The expression that each stored picture shows by the place of its bar."""
    bands = np.array_split(np.asarray(store.pixels[rows]).mean(axis=(2, 3)), 8, axis=1)
    return [EXPRESSIONS[band] for band in np.argmax([band.mean(axis=1) for band in bands], axis=0)]


def check(store: Store) -> None:
    """Pictures stand beside their own labels, tables fit, rejected faces are listed."""
    assert tuple(store.faces.columns)[:7] == FACE_COLUMNS
    assert len(store.faces) == len(store.pixels)
    seen = np.array(bars(store)) == store.faces["label"].to_numpy()
    assert seen[store.faces["label"].notna().to_numpy()].all()
    if store.votes is not None:
        assert store.votes["face"].tolist() == store.faces["face"].tolist()
        assert not set(store.votes.columns[1:]) - {*CLASSES, *OTHER_ANSWERS}


def test_rafdb(tmp_path):
    fake_rafdb.write_rafdb(tmp_path / "raf")
    store = opened(tmp_path, "rafdb", tmp_path / "raf")
    check(store)
    assert store.faces["split"].value_counts().to_dict() == {"train": 54, "test": 21}
    assert store.faces["face"].tolist() == sorted(store.faces["face"])
    rejected = pd.read_csv(store.folder / "rejected.csv")
    assert rejected["face"].tolist() == ["train_00005", "train_00006"]
    assert rejected["reason"].str.contains("truncated|missing").all()
    assert store.notes["pictures rejected, listed in rejected.csv"] == 2


def test_affectnet_2017(tmp_path):
    fake_affectnet.write_2017(tmp_path / "a")
    store = opened(tmp_path, "affectnet", tmp_path / "a")
    assert store.faces["split"].value_counts().to_dict() == {"train": 64, "test": 24}
    assert store.notes["rows of expression 9 (Uncertain), left out"] == 8
    assert store.faces["face"].str.contains("#2").sum() == 1
    unrated = len([row for row in range(0, 88, 5) if row % 11 < 8]) + len(range(0, 24, 5))
    assert store.faces["valence"].isna().sum() == store.faces["arousal"].isna().sum() == unrated
    assert store.faces["valence"].abs().max() <= 1
    # the box is the middle of the picture, where only bars of the middle show
    inside = store.faces["label"].isin(["surprise", "fear"]) & ~store.faces["face"].str.contains("#")
    bright = np.asarray(store.pixels).mean(axis=(2, 3)).max(axis=1)
    assert (bright[inside] > 180).all()
    assert set(store.faces["label"]) == set(CLASSES)


def test_affectnet_2021_reads_numbers_kept_as_text(tmp_path):
    fake_affectnet.write_2021(tmp_path / "a")
    store = opened(tmp_path, "affectnet", tmp_path / "a")
    check(store)
    assert store.faces["split"].value_counts().to_dict() == {"train": 61, "test": 24}
    assert store.notes["pictures without an expression file, left out"] == 1
    rated = store.faces["face"].str.rpartition("/")[2].astype(int) % 7 != 0
    assert (store.faces["valence"].notna() == rated).all()
    assert set(store.faces["valence"].dropna()) == {0.5}
    with pytest.raises(RequestError, match="Manually_Annotated_file_lists"):
        opened(tmp_path, "affectnet", tmp_path / "a", release="2017")
    np.save(tmp_path / "a" / "train_set" / "annotations" / "9_val.npy", np.array("7.5"))
    with pytest.raises(RequestError, match=r"9_val.npy holds 7.5 where -1 to 1"):
        opened(tmp_path, "affectnet", tmp_path / "a")


def test_cafe_and_its_subsets(tmp_path):
    names = fake_cafe.write_cafe(tmp_path / "cafe")
    counts = fake_cafe.write_answers(tmp_path / "answers.csv", names)
    fake_cafe.write_answers(tmp_path / "shares.csv", names, proportions=True)
    store = opened(tmp_path, "cafe", tmp_path / "cafe", votes=str(tmp_path / "answers.csv"), raters=100)
    check(store)
    assert len(store.faces) == 129
    assert store.faces["split"].isna().all()
    assert set(store.faces["subject"]) == set(fake_cafe.CHILDREN)
    first = store.faces.set_index("face").loc["9979-happy_F-AA-01"]
    assert (first["label"], first["mouth"], first["sex"], first["race"]) == ("happiness", "closed", "F", "AA")
    assert store.faces.groupby("label")["mouth"].agg(lambda m: set(m.dropna())).to_dict()["disgust"] == {
        "closed",
        "tongue",
    }
    good = [names.index(face) for face in store.faces["face"]]
    assert store.votes is not None
    assert (
        store.votes[list(CLASSES[:7])].to_numpy().tolist()
        == counts.iloc[good].to_numpy()[:, [0, 1, 2, 3, 4, 5, 6]].tolist()
    )
    shares = opened(tmp_path, "cafe", tmp_path / "cafe", votes=str(tmp_path / "shares.csv"), raters=100)
    pd.testing.assert_frame_equal(shares.votes, store.votes)
    assert shares.folder == store.folder
    assert shares.key != store.key
    # subset A by hand: 60 of 100 or more
    a = opened(tmp_path, "cafe", tmp_path / "cafe", votes=str(tmp_path / "answers.csv"), raters=100, subset="A")
    own = [
        counts.iloc[names.index(face), CLASSES.index(label)]
        for face, label in zip(a.faces["face"], a.faces["label"], strict=True)
    ]
    outside = set(a.faces["face"][np.array(own) < 60])
    assert set(a.flags["not in subset A"]) == outside
    b = opened(tmp_path, "cafe", tmp_path / "cafe", votes=str(tmp_path / "answers.csv"), raters=100, subset="B")
    assert set(b.flags["not in subset B"]) == set(a.faces["face"]) - outside


def test_ferplus_as_folders_gives_the_votes_of_its_lists(tmp_path):
    fake_folders.write_ferplus_folders(tmp_path / "fp")
    store = opened(tmp_path, "ferplus", tmp_path / "fp")
    check(store)
    assert store.pixels.shape == (100, 40, 40, 1)
    assert store.faces["split"].value_counts().to_dict() == {"train": 60, "val": 20, "test": 20}
    line = (tmp_path / "fp" / "FER2013Valid" / "label.csv").read_text().splitlines()[0]
    row = store.votes.set_index("face").loc["fer0000060"]
    order = [
        "neutral",
        "happiness",
        "surprise",
        "sadness",
        "anger",
        "disgust",
        "fear",
        "contempt",
        "unknown",
        "not_a_face",
    ]
    assert row[order].tolist() == [int(text) for text in line.split(",")[-10:]]
    assert store.notes["rows of a picture name that a later row has again, left out"] == 1


def test_a_folder_per_class_and_a_folder_per_split(tmp_path):
    fake_folders.write_classes(tmp_path / "own")
    store = opened(tmp_path, "folder", tmp_path / "own")
    check(store)
    assert store.faces["label"].value_counts().to_dict() == dict.fromkeys(
        ("anger", "happiness", "sadness", "neutral"), 20
    )
    assert store.faces["split"].isna().all()
    for split in ("Training", "valid", "test"):
        fake_folders.write_classes(tmp_path / "splits" / split, 5)
    store = opened(tmp_path, "folder", tmp_path / "splits")
    assert store.faces["split"].value_counts().to_dict() == {"train": 20, "val": 20, "test": 20}
    for wrong, meant in (("splits/test/angry", "splits/test"), ("own/sad", "own")):
        with pytest.raises(RequestError, match=f"is itself a class or split; set dataset.root={tmp_path}/{meant}"):
            opened(tmp_path, "folder", tmp_path / wrong)
    (tmp_path / "above").mkdir()
    (tmp_path / "own").rename(tmp_path / "above" / "faces")
    with pytest.raises(RequestError, match=f"set dataset.root={tmp_path}/above/faces"):
        opened(tmp_path, "folder", tmp_path / "above")


def test_a_table_names_everything(tmp_path):
    table = fake_folders.write_faces_table(tmp_path)
    store = opened(tmp_path, "folder", None, table=str(tmp_path / "faces.csv"))
    check(store)
    assert store.faces["face"].tolist() == table["path"].tolist()
    assert store.faces["subject"].tolist() == table["subject"].tolist()
    assert store.faces["split"].value_counts().to_dict() == {"train": 35, "val": 10, "test": 15}
    assert store.faces["valence"].isna().sum() == 12
    assert store.votes["unknown"].eq(1).all()
    assert store.votes["fear"].tolist() == table["fear"].tolist()


def test_facts_are_there_for_every_corpus():
    for name in CORPORA:
        corpus = facts(name)
        assert corpus.name == name
        assert corpus.title
        assert corpus.citation
        assert corpus.access
        assert corpus.licence


def test_files_are_the_same_corpus_wherever_they_lie_and_another_one_when_changed(tmp_path):
    fake_folders.write_classes(tmp_path / "a", 3)
    first = opened(tmp_path, "folder", tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    assert opened(tmp_path, "folder", tmp_path / "b").folder == first.folder
    (tmp_path / "b" / "sad" / "0.jpg").write_bytes((tmp_path / "b" / "Happy" / "0.jpg").read_bytes())
    assert opened(tmp_path, "folder", tmp_path / "b").folder != first.folder


def test_contempt_is_kept_as_a_label_and_counted_as_unknown_among_seven(tmp_path):
    fake_folders.write_ferplus_folders(tmp_path / "fp")
    eight = opened(tmp_path, "ferplus", tmp_path / "fp")
    seven = opened(tmp_path, "ferplus", tmp_path / "fp", classes=7)
    assert seven.votes["unknown"].tolist() == (eight.votes["unknown"] + eight.votes["contempt"]).tolist()
    corpus = open_corpus(DatasetConfig(name="ferplus", root=str(tmp_path / "fp"), classes=7))
    assert corpus.classes == CLASSES[:7]
