"""A study as a folder of files: opened from the disk, gone through in a browser, its answers read back."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest
from PIL import Image

from fer_exp.cli import main
from fer_exp.collecting import page as page_of_ours
from fer_exp.collecting.faces import enough_gold, read_faces
from fer_exp.collecting.static import COGNITION, export
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


SMALL = "classes: [neutral, anger]\nper_person: 1\nother: false\n"
JATOS = """window.sent = [];
window.jatos = {onLoad: (go) => setTimeout(go), submitResultData: async (text) => { window.sent.push(text); }};"""


@pytest.fixture(scope="module")
def small(pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    (folder / "study.yaml").write_text(SMALL, encoding="utf-8")
    study = read_study(str(folder / "study.yaml"))
    export(study, read_faces([str(pictures)], study), (0, 0), folder / "site")
    return folder / "site"


def hosted(page, host, site, answer=lambda request: None):
    """Lets a browser take an address for the folder; what lies there not, ``answer`` gives."""

    def handle(route):
        path = route.request.url.split("?")[0].removeprefix(f"https://{host}/") or "index.html"
        own = answer(route.request)
        if own is not None:
            route.fulfill(body=own, content_type="text/html" if own.startswith("<") else "application/json")
        elif (site / path).is_file():
            route.fulfill(path=site / path)
        else:
            route.fulfill(status=404, body="")

    page.route(f"https://{host}/**", handle)


def test_jatos_receives_the_answers(visit, small):
    page = visit("about:blank")
    hosted(page, "jatos.example.org", small, lambda request: JATOS if request.url.endswith("/jatos.js") else None)
    page.goto("https://jatos.example.org/jatos.html")
    assert take_part(page) == ["consent", "instructions", "label", "end"]
    rows = json.loads(page.evaluate("window.sent.at(-1)"))
    assert [row["response"] in ("neutral", "anger") for row in rows if row["phase"] == "test"] == [True]
    assert page.query_selector("a.main") is None


def test_pavlovia_receives_a_table(visit, small):
    posted = []

    def answer(request):
        name = request.url.split("/")[-1]
        if request.method == "GET" and name != "config.json":
            return None
        posted.append((request.method, name, request.post_data or ""))
        return json.dumps({"experiment": {"name": "e"}, "gitlab": {"projectId": 7}, "token": "T",
                           "pavlovia": {"URL": "https://run.pavlovia.org"}})  # fmt: skip

    page = visit("about:blank")
    hosted(page, "run.pavlovia.org", small, answer)
    page.goto("https://run.pavlovia.org/index.html?participant=p1")
    assert take_part(page)[-1] == "end"
    assert [(method, name) for method, name, _ in posted] == [
        *(("GET", "config.json"), ("POST", "sessions"), ("POST", "results"), ("DELETE", "T")),
    ]
    assert '"trial_type"' in posted[2][2]
    assert "p1" in posted[2][2]


def test_cognition_run_keeps_what_jspsych_has(visit, small):
    """Their page loads jsPsych and the files that were uploaded, and runs the code that was pasted."""
    jspsych = (page_of_ours.FOLDER / "vendor" / "jspsych.js").read_text(encoding="utf-8")
    code = (small / COGNITION / "code.js").read_text(encoding="utf-8")
    theirs = f"<!DOCTYPE html><body><script>{jspsych}</script><script src='study.js'></script><script>{code}</script>"
    page = visit("about:blank")
    site = small / COGNITION
    hosted(page, "x.cognition.run", site, lambda request: theirs if request.url.endswith(".run/") else None)
    page.route("**/*.png", lambda route: route.fulfill(path=small / "pictures" / route.request.url.split("/")[-1]))
    page.goto("https://x.cognition.run/")
    assert take_part(page)[-1] == "end"
    assert page.query_selector("a.main") is None


def test_who_fails_at_gold_faces_is_thanked_early(visit, pictures, tmp_path):
    more = (
        "min_gold_accuracy: 1\nenough_gold_answers: 1\nplatform: {name: prolific, code: C1, screened_out_code: OUT}\n"
    )
    page = visit(f"{written(pictures, tmp_path, more)}?PROLIFIC_PID=p1")
    met = take_part(page, lambda page: attentive(page) or "unknown")
    assert met[-1] == "end"
    assert page.text_content("h1") == "Thank you for your time"
    assert page.text_content("#code") == "OUT"
    assert page.query_selector("[data-name=redirect]").text_content() == "Go back to the platform"
    assert "You are now taken back" not in page.text_content("#stage")  # the file is saved first


def test_microworkers_proof_needs_a_secret_which_files_cannot_keep(pictures, tmp_path):
    with pytest.raises(RequestError, match="secret key"):
        written(pictures, tmp_path, "platform: {name: microworkers, secret: s}\n")
