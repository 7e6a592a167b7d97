"""A study as a folder of files: opened from the disk, gone through in a browser, its answers read back."""

from types import SimpleNamespace

import pandas as pd
import pytest
from PIL import Image

from fer_exp.cli import main
from fer_exp.collecting.faces import enough_gold, read_faces
from fer_exp.collecting.static import export
from fer_exp.collecting.study import read_study
from fer_exp.errors import RequestError
from tests.collecting.conftest import DESKTOP, PHONE
from tests.collecting.somebody import attentive, take_part

STUDY = """
title: Faces <b>&</b> "feelings"
contact: A. Person <a.person@example.org>
languages: [en, de]
classes: [neutral, happiness, sadness, anger]
other: true
affect: manikins
per_face: 2
per_person: 2
practice: 1
gold_faces: 1
repeats: 1
attention: 1
break_every: 3
demographics: [age, gender]
"""
GOLD = {"f0.png": "happiness", "f1.png": "anger"}
FACES = 4


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "faces"
    folder.mkdir()
    for n in range(FACES):
        Image.new("L", (60, 60), 60 * n).save(folder / f"f{n}.png")
    pd.DataFrame({"task": list(GOLD), "label": list(GOLD.values())}).to_csv(folder.parent / "gold.csv", index=False)
    return folder


def written(pictures, folder, more="", **changes):
    (folder / "study.yaml").write_text(STUDY + more, encoding="utf-8")
    study = read_study(str(folder / "study.yaml"), {"gold": str(pictures.parent / "gold.csv"), **changes})
    faces = read_faces([str(pictures)], study)
    export(study, faces, enough_gold(study, faces), folder / "site")
    return (folder / "site" / "index.html").as_uri()


@pytest.fixture(scope="module")
def taken(pictures, tmp_path_factory, browser):
    """Two people: one by keyboard on a desktop, one by touch on a telephone; each saves a file at the end."""
    folder = tmp_path_factory.mktemp("study")
    site = written(pictures, folder)
    found = SimpleNamespace(site=site, folder=folder / "answers", met={}, requests=[], errors=[], headings={})
    for person, device in (("p1", DESKTOP), ("p2", PHONE)):
        context = browser.new_context(**device, locale="en-GB")
        page = context.new_page()
        page.on("request", lambda request: found.requests.append(request.url))
        page.on("pageerror", lambda error: found.errors.append(str(error)))
        page.goto(f"{site}?participant={person}")
        found.met[person] = take_part(page, attentive, touch=device is PHONE)
        with page.expect_download() as download:
            page.click("a.main")
        download.value.save_as(found.folder / download.value.suggested_filename)
        context.close()
    return found


def test_it_is_gone_through_by_keyboard_and_by_touch(taken):
    assert taken.errors == []
    for met in taken.met.values():
        assert met.count("label") == 1 + 2 + 1 + 1 + 1
        assert met.count("valence") == met.count("arousal") == 1 + 2 + 1 + 1
        assert [name for name in met if name not in ("label", "valence", "arousal")] == [
            *(
                "consent",
                "instructions",
                "practice instructions",
                "practice feedback",
                "instructions",
                "break",
                "about",
                "end",
            ),
        ]


def test_nothing_is_asked_of_anybody_else(taken):
    assert {url.split("://")[0].split(":")[0] for url in taken.requests} <= {"file", "blob"}


def test_what_was_saved_is_read_by_agreement(taken, capsys):
    assert sorted(path.name for path in taken.folder.iterdir()) == ["answers-p1.json", "answers-p2.json"]
    capsys.readouterr()
    assert main(["agreement", str(taken.folder), "--json"]) == 0
    said = capsys.readouterr().err
    assert "task is stimulus, worker is participant, label is response, valence is valence (1-9)" in said
    assert "faces shown a second time (2)" in said


def test_microworkers_proof_needs_a_secret_which_files_cannot_keep(pictures, tmp_path):
    with pytest.raises(RequestError, match="secret key"):
        written(pictures, tmp_path, "platform: {name: microworkers, secret: s}\n")
