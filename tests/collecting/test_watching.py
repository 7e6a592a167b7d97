"""The experimenter's page: figures of the other commands, whatever was answered, and nobody without the token."""

import sqlite3
from contextlib import closing
from dataclasses import replace

from starlette.applications import Starlette
from starlette.testclient import TestClient

from fer_exp.answers.read import read_answers
from fer_exp.collecting import experimenter, watching
from fer_exp.collecting.collected import collected
from fer_exp.collecting.experimenter import Watch
from fer_exp.collecting.out import tables
from fer_exp.collecting.watching import aim_of, main, page, watched
from fer_exp.raters.survey import survey
from tests.collecting.answered import STRANGE, study
from tests.collecting.ledgers import ledger

WORKERS = tuple(f"w{number}" for number in range(8))


def seen(folder, made=None, **changes):
    file = ledger(folder, made, **changes)
    return watched(collected(file), aim_of(file))


def test_figures_are_those_of_agreement_and_persons_are_counted(tmp_path):
    made = study(WORKERS)
    found = seen(tmp_path, made)
    kappa = survey(read_answers(tables(made)["answers.csv"]))["labels"]["fleiss_kappa"]["value"]
    assert next(row["value"] for row in found["measures"] if row["measure"] == "Fleiss kappa").startswith(
        f"{kappa:.2f}"
    )
    assert found["persons"] == {"done": 7, "screened_out": 1}
    assert (found["answers"], found["total"], found["complete"]) == (21, 2, 2)  # b and c are dealt, a is gold
    assert found["workers"][0]["worker"] == "w7"
    assert found["workers"][0]["doubt"] == "sent away"
    assert {row["face"]: row["answers"] for row in found["faces"]} == {"b.png": 7, "c.png": 7}
    assert "enough" in found["stop"][0]


def test_of_one_rater_nothing_is_claimed(tmp_path):
    found = seen(tmp_path, study(WORKERS[:2]))  # of whom one was screened out
    assert "no face has two answers yet" in found["stop"][0]
    assert "undefined" in found["agreement"]
    assert all(row["value"] in ("undefined", "1.00") or row["of"] == "repeats" for row in found["measures"])


def test_before_the_first_answer_the_page_says_so(tmp_path):
    made = study(("ann",))
    file = ledger(tmp_path, replace(made, persons=made.persons.iloc[:0], answers=made.answers.iloc[:0]))
    text = page(file)
    assert "Nobody has answered yet" in text
    assert "Nobody has begun yet" in text


def test_ratings_alone_and_cannot_tell_alone_have_a_page(tmp_path):
    made = study(WORKERS[:3])
    affect = replace(made, answers=made.answers.assign(label=None))
    assert any(row["of"] == "valence" for row in seen(tmp_path / "affect", affect)["measures"])
    unknown = replace(made, answers=made.answers.assign(label="unknown", valence=None, arousal=None))
    assert seen(tmp_path / "unknown", unknown)["agreement"] == "nobody has answered yet"


def test_what_strangers_send_is_text_on_the_page(tmp_path):
    text = page(ledger(tmp_path, study((*STRANGE, "eve"))))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<b>Faces" not in text
    assert "\x1b" not in text


def test_the_page_and_its_downloads_are_behind_the_token(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(experimenter, "asked", lambda *told: made.append(told) or (b"<main>", ""))
    client = TestClient(Starlette(routes=Watch(tmp_path / "ledger.sqlite", "token", 0.25).routes()))
    for path in ("watch/x/", "watch//", "watch/token/ledger.sqlite", "watch/x/answers.csv", "watch/token/..%2fsalt"):
        assert client.get(path).status_code == 404, path
    assert client.get("watch/x", follow_redirects=False).status_code == 404
    assert client.get("watch/token", follow_redirects=False).headers["location"] == "token/"  # below any prefix
    assert not made
    told = client.get("watch/token/persons.csv")
    assert told.status_code == 200
    assert "attachment" in told.headers["content-disposition"]
    assert told.headers["cache-control"] == "no-store"
    assert client.get("watch/token/").text == client.get("watch/token/").text == "<main>"
    assert len(made) == 2  # a table, and one page for both, which are some seconds old at most
    assert client.get("watch/token/watch.js").headers["content-type"].startswith("text/javascript")


def test_what_goes_wrong_is_said_and_is_no_page(tmp_path, capfdbinary, monkeypatch):
    file = ledger(tmp_path, study(WORKERS[:3]))
    assert watching.main([str(file), "persons.csv", "0.25"]) == 0
    assert capfdbinary.readouterr().out.startswith(b"worker,state,answers,")
    file.write_text("<b>no ledger any more</b>" * 100)
    made, said = experimenter.asked(file, "page", 0.25)  # by another process
    assert made is None
    assert "no ledger of fer-exp rate" in said
    monkeypatch.setattr(experimenter, "asked", lambda *told: (None, "<b>gone"))
    client = TestClient(Starlette(routes=Watch(file, "token", 0.25).routes()))
    assert client.get("watch/token/persons.csv").status_code == 503
    assert "&lt;b&gt;gone" in client.get("watch/token/").text


def test_a_study_whose_values_are_none_of_a_study_is_a_sentence_on_the_page(tmp_path, capsys):
    with closing(sqlite3.connect(file := ledger(tmp_path), isolation_level=None)) as connection:
        connection.execute("UPDATE about SET value = json_set(value, '$.title', json('[1]'))")
    assert main([str(file), "page", "0.25"]) == 2
    assert "cannot be read: it lacks what belongs there; take a copy of before" in capsys.readouterr().err
