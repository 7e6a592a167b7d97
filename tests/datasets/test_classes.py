"""Which classes a run has: what is there, or what is named; what is neither is refused with both ways out."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fer_exp.config import DatasetConfig
from fer_exp.datasets import open_corpus
from fer_exp.datasets.classes import count_as_unknown, without_faces
from fer_exp.datasets.corpus import Faces, faces_table
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES
from fer_exp.store import open_dataset
from tests.datasets.fake_pictures import save


def opened(root, **keys):
    return open_corpus(DatasetConfig(name="folder", root=str(root), **{"classes": "found", **keys}))


def folders(root, *names, each=2):
    for name in names:
        for number in range(each):
            save(root / name / f"{number}.png", "fear", number, size=(8, 8))
    return root


def labels_of(corpus):
    return corpus.read().table["label"].value_counts().to_dict()


def test_five_folders_are_five_classes_in_the_one_order(tmp_path):
    corpus = opened(folders(tmp_path, "train/sad", "train/01_Happy", "test/Angst", "test/2. Wut", "neutral"))
    assert corpus.classes == ("neutral", "happiness", "sadness", "fear", "anger")
    assert set(labels_of(corpus)) == set(corpus.classes)


@pytest.mark.parametrize("names", [("boredom",), ("boredom", "thumbs")])
def test_an_unknown_folder_is_refused_and_both_ways_out_work(tmp_path, names):
    folders(tmp_path, "happy", "neutral", *names)
    with pytest.raises(RequestError, match="no expression") as refused:
        opened(tmp_path)
    taken, left = (found.split(",") for found in re.findall(r"dataset.classes=\[(.*?)\]", str(refused.value)))
    assert labels_of(opened(tmp_path, classes=taken)) == dict.fromkeys(["happiness", "neutral", *names], 2)
    corpus = opened(tmp_path, classes=left)
    assert labels_of(corpus) == {"happiness": 2, "neutral": 2}
    assert any("left out" in line and f"2 in {names[0]}" in line for line in corpus.read().said)


def test_a_folder_that_is_all_but_an_expression_is_asked_about(tmp_path):
    with pytest.raises(RequestError, match=r"'hapiness' is no expression; did you mean happiness\?"):
        opened(folders(tmp_path, "hapiness", "sad"))


@pytest.mark.parametrize("spelt", [["Boredom", "facial palsy", "joy"], ["joy", "boredom", "FACIAL-PALSY"]])
def test_own_classes_are_found_however_they_are_spelt_and_listed(tmp_path, spelt):
    corpus = opened(folders(tmp_path, "boredom", "Facial_Palsy", "happy"), classes=spelt)
    assert len(labels_of(corpus)) == 3
    assert set(labels_of(corpus)) == set(corpus.classes)
    assert corpus.classes[0] == "happiness"


def test_numbered_folders_need_a_key_and_the_refusal_leads_on(tmp_path):
    folders(tmp_path, *(f"train/{n}" for n in range(1, 8)))
    with pytest.raises(RequestError, match="are numbers") as refused:
        opened(tmp_path)
    key = re.search(r"dataset.numbers=(\w+)", str(refused.value))[1]
    table = opened(tmp_path, numbers=key).read().table
    assert dict(zip(table["face"].str.split("/").str[1], table["label"], strict=True))["4"] == "happiness"


def test_a_table_has_the_classes_of_its_labels_or_votes(tmp_path):
    folders(tmp_path, "p", each=4)
    paths = [f"p/{n}.png" for n in range(4)]
    file = tmp_path / "faces.csv"
    pd.DataFrame({"path": paths, "label": [0, 3, 3, 8]}).to_csv(file, index=False)
    with pytest.raises(RequestError, match=r"dataset.numbers=affectnet .0 neutral"):
        opened(tmp_path, table=str(file))
    corpus = opened(tmp_path, table=str(file), numbers="affectnet")
    assert corpus.classes == ("neutral", "surprise")
    assert labels_of(corpus) == {"neutral": 1, "surprise": 2}  # 8 is None: no label
    pd.DataFrame({"path": paths, "votes_4": [1, 0, 2, 0], "votes_5": [0, 3, 1, 1], "votes_6": 0}).to_csv(
        file, index=False
    )
    corpus = opened(tmp_path, table=str(file), numbers="rafdb")
    assert corpus.classes == ("happiness", "sadness")
    assert corpus.read().votes["sadness"].tolist() == [0, 3, 1, 1]
    pd.DataFrame({"path": paths, "label": ["pain", "joy", "rage?", "joy"]}).to_csv(file, index=False)
    corpus = opened(tmp_path, table=str(file), classes=["pain", "happy"])
    assert labels_of(corpus) == {"pain": 1, "happiness": 2, "rage?": 1}  # which no rule keeps, and train counts


def test_what_raters_answered_is_found_too(tmp_path):
    folders(tmp_path, "happy", "sad")
    answers = [(f"happy/{n}.png", w, "contempt" if w == "a" else "happy") for n in range(2) for w in "abc"]
    file = tmp_path / "answers.csv"
    pd.DataFrame(answers, columns=["face", "worker", "label"]).to_csv(file, index=False)
    assert opened(tmp_path, ratings=str(file)).classes == ("happiness", "sadness", "contempt")
    pd.DataFrame(answers, columns=["face", "worker", "label"]).replace("contempt", "bored").to_csv(file, index=False)
    with pytest.raises(RequestError, match=re.escape("dataset.classes=[happiness,bored]")):
        opened(tmp_path, ratings=str(file))
    pd.DataFrame(answers, columns=["face", "worker", "label"]).replace({"contempt": 7, "happy": 1}).to_csv(file)
    with pytest.raises(RequestError, match=r"1, 7 are numbers, .* dataset.numbers=rafdb .1 surprise"):
        opened(tmp_path, ratings=str(file))
    assert opened(tmp_path, ratings=str(file), numbers="rafdb").classes[-1] == "surprise"


@pytest.mark.parametrize(
    ("name", "classes", "said"),
    [
        ("rafdb", "found", "set dataset.classes=7, or name some of neutral"),
        ("rafdb", ["happy", "contempt"], "names contempt, which rafdb does not have"),
        ("ferplus", ["happy", "boredom"], "names boredom, which ferplus does not have"),
        ("folder", ["happy", "joy"], "names one class twice: happy and joy"),
        ("folder", ["hapiness", "sad"], "did you mean happiness?"),
        ("folder", ["happy", "unknown"], "cannot be a class"),
        ("cafe", 8, "has no contempt; set dataset.classes=7"),
    ],
)
def test_classes_that_a_corpus_does_not_have_are_refused(tmp_path, name, classes, said):
    with pytest.raises(RequestError, match=said):
        open_corpus(DatasetConfig(name=name, root=str(tmp_path), classes=classes))


def test_the_same_classes_are_the_same_run_and_others_another(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_EXP_CACHE", str(tmp_path / "cache"))
    folders(tmp_path / "f", "happy", "sad", "fear")
    config = DatasetConfig(name="folder", root=str(tmp_path / "f"), classes="found", size=16)
    said: list[str] = []

    def content(classes):
        return open_dataset(replace(config, classes=classes), log=said.append)[1].content

    assert content("found") == content(["sad", "Fear", "joy"])
    assert len({content("found"), content(7), content(["sad", "joy"])}) == 3
    assert any("no face is neutral, surprise, disgust, anger" in line for line in said)


def test_votes_for_other_expressions_are_unknown():
    votes = pd.DataFrame({name: [1, 2] for name in (*CLASSES, "unknown")})
    table, notes = count_as_unknown(votes, ("fear", "happiness"))
    assert table.to_dict("list") == {"fear": [1, 2], "happiness": [1, 2], "unknown": [7, 14], "not_a_face": [0, 0]}
    assert sum(notes.values()) == 18
    faces = Faces(faces_table("x", np.array(["a"], dtype=object), label=["fear"]), table.iloc[:1])
    assert without_faces(faces, ("fear", "happiness")) == []
    assert without_faces(Faces(faces.table), ("fear", "happiness")) == ["happiness"]
