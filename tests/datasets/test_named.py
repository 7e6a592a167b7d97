"""Corpora whose file names say who shows what, persons told apart, and flat folders that raters label."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from fer_exp.cli import main
from fer_exp.cli.words import with_paths
from fer_exp.datasets.namings import NAMINGS, read_names
from fer_exp.datasets.persons import PEOPLE
from fer_exp.errors import RequestError
from tests.datasets import fake_named as fakes
from tests.datasets.fake_pictures import save
from tests.datasets.test_corpora import check
from tests.datasets.test_repacked import opened

FOUND = {"classes": "found"}


@pytest.mark.parametrize(
    ("write", "said", "persons", "columns"),
    [
        (fakes.write_kdef, "84 of 99 names are KDEF's: session, subject (3 persons), sex, label, angle", 3, "angle"),
        (fakes.write_jaffe, "42 of 42 names are JAFFE's: subject (3 persons), label", 3, "label"),
        (fakes.write_ferg, "21 of 21 names are FERG's: subject (3 persons), label", 3, "label"),
        (fakes.write_nimstim, "24 of 24 names are NimStim's: subject (3 persons), sex, label, mouth (calm", 3, "mouth"),
        (fakes.write_rafd, "24 of 24 names are RaFD's: angle, subject (3 persons), race, sex, label, gaze", 3, "race"),
        (fakes.write_ck48, "126 of 126 names are CK+'s: subject (6 persons), session", 6, "session"),
        (fakes.write_ck_plus, "CK+'s Emotion: the peak frames of 8 sequences; 8 sequences without a label", 8, "label"),
    ],
)
def test_a_corpus_is_read_as_it_names_its_pictures(
    tmp_path: Path, write: Callable[[Path], None], said: str, persons: int, columns: str
) -> None:
    write(tmp_path / "c")
    store, words = opened(tmp_path, "folder", tmp_path / "c", **FOUND)
    check(store)
    assert said in words.replace("file names", "names")
    whose = store.faces["subject"][~store.faces["subject"].str.contains(".", regex=False)]
    assert whose.nunique() == persons
    assert store.faces[columns].notna().any()


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["angry.jpg", "happy.jpg", "me.jpg"], ["anger", "happiness", None]),
        (["0001_angry.jpg", "2_sad (3).png"], ["anger", "sadness"]),
        (["KA_happy_123.jpg", "001-angry-open.png", "M1.FEAR.tif"], ["happiness", "anger", "fear"]),
        (["004_o_m_a_a.jpg", "140_y_f_s_b.jpg"], ["anger", "sadness"]),
        (["CFD-WF-001-003-HO.jpg", "CFD-BM-012-034-A.jpg"], ["happiness", "anger"]),
        (["Rafd090_01_Kid_male_bored_left.jpg", "Rafd090_02_Kid_male_sad_left.jpg", "Rafd1_x.jpg"], None),
    ],
)
def test_names_say_what_is_shown(names, labels):
    named = read_names(names)
    assert (named and named.table["label"].tolist()) == labels
    odd = named is not None and named.table["label"].isna().sum()
    assert not odd or f"; {odd} are not, first {names[-1]}" in named.said[-1]


def test_what_is_named_otherwise_is_counted_and_two_corpora_lie_side_by_side(tmp_path):
    fakes.write_kdef(tmp_path / "c")
    store, words = opened(tmp_path, "folder", tmp_path / "c", **FOUND)
    assert "14 of 99 file names are AKDEF's: sex, label, angle; 1 are not, first KDEF/AF01/AF31V.JPG" in words
    assert "3 persons by their names (dataset.subject=none splits by face)" in words
    assert len(store.faces) == 98
    averaged = store.faces["face"].str.startswith("AKDEF")
    assert store.faces["subject"][averaged].nunique() == averaged.sum() == 14
    assert set(store.faces["subject"][~averaged]) == {"F01", "F02", "M01"}


def test_expw_is_read_by_its_boxes(tmp_path):
    fakes.write_expw(tmp_path / "c")
    store, words = opened(tmp_path, "folder", tmp_path / "c", **FOUND)
    check(store)
    assert len(store.faces) == 40
    assert "ExpW's list label.lst: 42 faces by their boxes" in words
    assert "2 faces whose picture is not there, left out" in words
    assert "copies" not in words
    (tmp_path / "c" / "label" / "label.lst").write_text("a.jpg 0 1 2 3 4 77.5 9\n")
    with pytest.raises(RequestError, match=r"label.lst, line 1 is .* where an image"):
        opened(tmp_path, "folder", tmp_path / "c", **FOUND)


@pytest.mark.parametrize("name", [name for name in NAMINGS if NAMINGS[name].sure])
def test_names_of_pictures_that_are_no_corpus_are_not_taken_for_one(name):
    names = [
        "IMG_0001.jpg",
        "happy/Training_10118481.jpg",
        "0.png",
        "a.b.c.jpg",
        "S1.png",
        "F1.jpg",
        "train_00001_aligned.jpg",
    ]
    assert read_names(names) is None
    assert name in PEOPLE or name == "akdef"


@pytest.mark.parametrize(
    ("form", "said", "subject", "persons"),
    [
        (
            "{person}/{kind}/{n}.jpg",
            "4 folders that are no class look like persons: dataset.subject=folder",
            "folder",
            4,
        ),
        (
            "{kind}/{person}/{n}.jpg",
            "4 folders that are no class look like persons: dataset.subject=folder",
            "folder",
            4,
        ),
        ("{kind}/Tim_{person}_{n:04d}.jpg", "the names look like 4 persons: dataset.subject=lfw splits", "lfw", 4),
        ("{kind}/subject{p}_{n}.jpg", "the names look like 4 persons: dataset.subject=participant", "participant", 4),
        ("{kind}/x-{person}-{n}.jpg", "", "-([a-z]+)-", 4),
        ("subject{p}_{kind}_{n}.jpg", "32 of 32 file names are like subject12_happy", "participant", 4),
        (
            "{kind}_S{p}_{n}.jpg",
            "the names look like 4 persons: dataset.subject=participant_last",
            "participant_last",
            4,
        ),
        ("P0{p}-{kind}-{n}.png", "the names look like 4 persons: dataset.subject=participant", "participant", 4),
    ],
)
def test_persons_are_offered_and_told_apart_where_it_is_asked(tmp_path, form, said, subject, persons):
    kinds = ("angry", "happy", "sad", "neutral")
    for n, (p, person) in enumerate(enumerate(("ann", "bo", "cy", "di"))):
        for kind in kinds:
            for again in range(2):
                name = form.format(person=person, kind=kind, n=10 * n + again, p=p)
                save(tmp_path / "c" / name, fakes.label_of(kind), n)
    store, words = opened(tmp_path, "folder", tmp_path / "c", **FOUND)
    check(store)
    assert said in words
    assert store.faces["subject"].isna().all()
    apart, words = opened(tmp_path, "folder", tmp_path / "c", subject=subject, **FOUND)
    assert f"{persons} persons by dataset.subject={subject}; splits that are drawn take them whole" in words
    assert apart.faces["subject"].nunique() == persons
    assert apart.key != store.key


def test_a_picture_that_names_nobody_is_a_person_of_its_own(tmp_path):
    fakes.write_ck48(tmp_path / "c")
    save(tmp_path / "c" / "anger" / "me.png", "anger", 3)
    store, words = opened(tmp_path, "folder", tmp_path / "c", **FOUND)
    assert "6 persons by their names" in words
    assert "1 pictures name nobody, each is a person of its own, first anger/me.png" in words
    assert store.faces["subject"].nunique() == 7
    alone, _ = opened(tmp_path, "folder", tmp_path / "c", subject="none", **FOUND)
    assert alone.faces["subject"].isna().all()


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("lwf", "is unknown; did you mean lfw"),
        ("(a)(b)", "is unknown"),
        ("(a", "is no regular expression"),
        ("(zzz)", "finds nobody"),
        ("folder", "no picture lies in a folder beside its class"),
    ],
)
def test_a_subject_that_cannot_be_is_refused(tmp_path, subject, said):
    fakes.write_ck48(tmp_path / "c")
    with pytest.raises(RequestError, match=said):
        opened(tmp_path, "folder", tmp_path / "c", subject=subject, **FOUND)


def test_whole_persons_are_held_out(tmp_path, capsys):
    fakes.write_ck48(tmp_path / "c")
    shared = [f"dataset.root={tmp_path}/c", f"dataset.cache={tmp_path}/cache", f"dataset.split_file={tmp_path}/s.csv"]
    assert main(["prepare", "dataset=folder", *shared]) == 0
    assert "folder: 126 of 126 file names are CK+'s" in capsys.readouterr().err
    assert with_paths("prepare", [r"dataset.subject=/(S\d+)_"]) == [r"dataset.subject='/(S\d+)_'"]
    splits = pd.read_csv(tmp_path / "s.csv")
    persons = splits["face"].str.extract(r"(S\d{3})_")[0]
    assert splits.groupby(persons)["split"].nunique().eq(1).all()
    assert set(splits["split"]) == {"train", "val", "test"}


@pytest.mark.parametrize("answers", ["answers.xlsx", "answers.csv"])
def test_a_flat_folder_is_labelled_by_what_raters_answer(tmp_path, monkeypatch, light, capsys, answers):
    fakes.write_flat(tmp_path / "c", tmp_path / answers)
    monkeypatch.setenv("FER_EXP_CACHE", str(tmp_path / "cache"))
    given = [
        "dataset=folder",
        f"dataset.root={tmp_path}/c",
        f"dataset.ratings={tmp_path}/{answers}",
        "dataset.scale=[1,9]",
    ]
    assert main(["prepare", *given]) == 0
    shown = capsys.readouterr()
    assert "48 pictures in no class folders; their labels are what raters answer" in shown.err
    assert "the names look like 12 persons: dataset.subject=lfw splits by person" in shown.err
    assert "classes: neutral, happiness, sadness, anger" in shown.err
    if answers.endswith("csv"):
        return
    small = ["trainer.epochs=1", "trainer.batch_size=8", "dataset.size=24", "bootstrap=0", f"output={tmp_path}/runs"]
    assert main(["train", *given, "dataset.subject=lfw", *small]) == 0
    run = next((tmp_path / "runs").iterdir())
    predictions = pd.read_parquet(run / "predictions.parquet")
    assert set(predictions["label"]) <= {"neutral", "happiness", "sadness", "anger"}
    assert predictions["votes_happiness"].sum() > 0
    assert "accuracy" in json.loads((run / "metrics.json").read_text())["test"]
    assert main(["report", f"run={run}", f"output={tmp_path}/page.html"]) == 0
    assert "data:image" in (tmp_path / "page.html").read_text()


def test_a_flat_folder_without_answers_says_the_ways_out(tmp_path):
    for number in range(6):
        save(tmp_path / "c" / f"IMG_{number:04d}.jpg", "anger", number)
    with pytest.raises(RequestError, match=r"dataset.ratings=.*dataset.table=") as refused:
        opened(tmp_path, "folder", tmp_path / "c", **FOUND)
    assert "6 pictures" in str(refused.value)


def test_answers_without_classes_do_not_label_a_flat_folder(tmp_path):
    fakes.write_flat(tmp_path / "c", tmp_path / "a.csv", people=3)
    pd.read_csv(tmp_path / "a.csv").drop(columns="emotion").to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(RequestError, match=r"12 pictures .* answers of raters that name none"):
        opened(tmp_path, "folder", tmp_path / "c", ratings=str(tmp_path / "a.csv"), scale=[1, 9], **FOUND)


def test_pictures_loose_beside_class_folders_and_folders_of_a_download_are_passed_over(tmp_path):
    fakes.write_ck48(tmp_path / "c")
    save(tmp_path / "c" / "me.png", "anger", 3)
    store, words = opened(tmp_path, "folder", tmp_path / "c", **FOUND)
    assert "1 pictures lie in no class folder, left out, first me.png" in words
    assert len(store.faces) == 126
    fakes.write_ck_plus(tmp_path / "d" / "CK+")
    assert len(opened(tmp_path, "folder", tmp_path / "d", **FOUND)[0].faces) == 8
