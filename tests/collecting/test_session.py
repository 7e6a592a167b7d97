"""A person's way through a study, without HTTP."""

import json

import numpy as np
import pytest

from fer_exp.collecting.answered import Refused
from fer_exp.collecting.ledger import NoRoomError, opened
from fer_exp.collecting.session import Sessions
from fer_exp.errors import RequestError, RunError
from tests.collecting.studies import (
    answer,
    answers_a_face,
    face_of,
    faces_of,
    goes_through,
    rows,
    sessions_of,
    start,
    truth,
)


def test_everybody_finishes_and_each_face_has_its_answers(tmp_path):
    with sessions_of(tmp_path, faces_of(12, gold=6), per_face=3, per_person=5, practice=2, gold_faces=3, repeats=2,
                     attention=1) as sessions:  # fmt: skip
        people = 0
        while (told := start(sessions, f"w{people}"))["state"] == "on":
            kinds = [trial["kind"] for trial in told["trials"]]
            assert kinds[:2] == ["practice"] * 2
            assert all(("wanted" in trial) == (trial["kind"] != "face") for trial in told["trials"])
            _, end = goes_through(sessions, f"w{people}")
            assert end["state"] == "done"
            assert len(end["code"]) == 8
            people += 1
        assert told["state"] == "full"
        assert min(answers_a_face(sessions)[f"a{n}"] for n in range(12)) >= 3
        assert people <= 8


def test_a_client_cannot_tell_gold_and_repeats_from_others(tmp_path):
    with sessions_of(tmp_path, faces_of(12, gold=6), per_person=6, gold_faces=3, repeats=3) as sessions:
        told = start(sessions, "w")
        assert {tuple(trial) for trial in told["trials"]} == {("trial", "kind", "picture")}
        assert len({trial["picture"] for trial in told["trials"]}) == len(told["trials"]) == 12
        assert len({face_of(sessions, trial) for trial in told["trials"]}) == 9


def test_whoever_fails_the_gold_faces_is_sent_away_and_others_get_the_faces(tmp_path):
    gold = {"gold_faces": 6, "min_gold_accuracy": 0.6, "enough_gold_answers": 4}
    with sessions_of(tmp_path, faces_of(12, gold=12), per_face=1, per_person=6, **gold) as sessions:
        told = start(sessions, "careless")
        states = []
        for trial in told["trials"]:
            wrong = "fear" if truth(sessions, trial) != "fear" else "sadness"
            states.append(answer(sessions, told, trial, wrong)["state"])
            if states[-1] != "on":
                break
        assert states == ["on", "on", "on", "screened_out"]
        assert sessions.finish({"session": told["session"]}).result(5)["state"] == "screened_out"
        assert start(sessions, "careless")["state"] == "screened_out"
        assert rows(sessions, "SELECT why FROM persons") == [("gold",)]
        assert sum(answers_a_face(sessions).values()) == 0
        assert (sessions.opened.stock.lacking == 1).all()
        late = answer(sessions, told, told["trials"][5], "fear")  # was on its way
        assert late == {"saved": True, "state": "screened_out"}
        assert (sessions.opened.stock.lacking == 1).all()
        _, end = goes_through(sessions, "careful")
        assert end["state"] == "done"
        assert start(sessions, "third")["state"] == "full"


def test_missed_checks_end_a_session_where_the_study_says_so(tmp_path):
    with sessions_of(tmp_path, attention=3, max_missed_attention=1, per_person=4) as sessions:
        wrong = {"happiness": "fear", "sadness": "fear", "fear": "sadness"}
        _, end = goes_through(sessions, "w", lambda _, trial: wrong[trial.get("wanted", "fear")])
        assert end["state"] == "screened_out"
        assert rows(sessions, "SELECT why FROM persons") == [("attention",)]


def test_whoever_comes_back_goes_on_by_id_or_by_token(tmp_path):
    with sessions_of(tmp_path, per_person=5) as sessions:
        told = start(sessions, "w", language="de-AT")
        answer(sessions, told, told["trials"][0])
        again = start(sessions, "w")
        for key in ("session", "trials", "study"):
            assert again[key] == told[key]
        assert again["answered"] == [told["trials"][0]["trial"]]
        nameless = start(sessions)
        assert start(sessions, resume=nameless["session"])["session"] == nameless["session"]
        assert start(sessions, "another", resume=nameless["session"])["session"] != nameless["session"]
        assert start(sessions, resume="forged")["session"] not in (told["session"], nameless["session"])


def test_a_deal_is_kept_half_an_hour_and_then_given_to_others(tmp_path):
    with sessions_of(tmp_path, faces_of(6), per_face=1, per_person=4) as sessions:
        first = start(sessions, "a")
        answer(sessions, first, first["trials"][0])
        assert len(start(sessions, "b")["trials"]) == 2
        assert start(sessions, "c")["state"] == "full"
        sessions.clock.now += 29 * 60
        answer(sessions, first, first["trials"][1])  # who answers is there
        sessions.clock.now += 2 * 60  # b is gone
        taken = start(sessions, "c")
        assert len(taken["trials"]) == 2
        sessions.clock.now += 31 * 60
        everything = start(sessions, "d")
        assert len(everything["trials"]) == 4
        again = start(sessions, "a")  # all that a had left is d's now
        assert len(again["trials"]) == len(again["answered"]) == 2
        assert sessions.finish({"session": again["session"]}).result(5)["state"] == "done"


def test_a_person_who_comes_back_late_gets_other_faces_for_those_that_others_have_now(tmp_path):
    with sessions_of(tmp_path, faces_of(9), per_face=2, per_person=3, repeats=1) as sessions:
        first = start(sessions, "a")
        sessions.clock.now += 31 * 60
        theirs = {face_of(sessions, trial) for trial in first["trials"]}
        for name in "bcdef":
            goes_through(sessions, name)
        again = start(sessions, "a")
        faces = [face_of(sessions, trial) for trial in again["trials"]]
        assert len(set(faces)) == 3
        assert len(faces) == 4
        assert {face for face in faces if sessions.opened.stock.have[face] >= 2} == set()
        assert len(theirs) == 3
        for trial in again["trials"]:
            answer(sessions, again, trial)
        assert set(answers_a_face(sessions).values()) == {2}


def test_the_first_answer_to_a_trial_stays_and_the_second_is_as_good(tmp_path):
    with sessions_of(tmp_path) as sessions:
        told = start(sessions, "w")
        assert answer(sessions, told, told["trials"][0], "fear") == {"saved": True, "state": "on"}
        assert answer(sessions, told, told["trials"][0], "sadness") == {"saved": True, "state": "on"}
        assert rows(sessions, "SELECT label FROM answers") == [("fear",)]
        assert sessions.opened.stock.have.sum() == 1


BAD = [
    {"label": "joy"},
    {"label": None},
    {"label": 7},
    {"label": ["fear"]},
    {"label": "x" * 10_000},
    {"label": "fear'; DROP TABLE answers; --"},
    {"label": "unknown"},
    {"seconds": "1"},
    {"seconds": -1},
    {"seconds": float("nan")},
    {"seconds": 10**400},
    {"seconds": True},
    {"valence": 5},
    {"shown_at": "now"},
]


@pytest.mark.parametrize("bad", BAD)
def test_what_the_study_does_not_ask_is_refused(tmp_path, bad):
    with sessions_of(tmp_path, other="false") as sessions:
        told = start(sessions, "w")
        with pytest.raises(Refused) as refused:
            answer(sessions, told, told["trials"][0], **{"label": "fear", **bad})
        assert refused.value.status == 400
        assert rows(sessions, "SELECT count(*) FROM answers") == [(0,)]


def test_scales_are_kept_as_people_saw_them_and_must_be_there(tmp_path):
    with sessions_of(tmp_path, affect="grid", intensity="{low: 1, high: 5}", attention=1) as sessions:
        told = start(sessions, "w")
        face = next(trial for trial in told["trials"] if trial["kind"] == "face")
        check = next(trial for trial in told["trials"] if trial["kind"] == "attention")
        for wrong in ({"valence": 0}, {"valence": 10}, {"intensity": 6}, {"arousal": None}):
            with pytest.raises(Refused):
                answer(sessions, told, face, **{"valence": 2, "arousal": 8, "intensity": 5, **wrong})
        answer(sessions, told, face, valence=2, arousal=8.5, intensity=5)
        answer(sessions, told, check)
        assert rows(sessions, "SELECT intensity, valence, arousal FROM answers") == [(5, 2, 8.5), (None, None, None)]


def test_nobody_answers_with_anothers_token_or_forged_ones(tmp_path):
    with sessions_of(tmp_path) as sessions:
        mine, theirs = start(sessions, "a"), start(sessions, "b")
        trial = mine["trials"][0]["trial"]
        forged = [(mine["session"], theirs["trials"][0]["trial"]), ("", trial), (None, None), ("é", trial)]
        for session, trial in [*forged, (mine["session"], "' OR 1=1 --")]:
            with pytest.raises(Refused) as refused:
                sessions.answer({"session": session, "trial": trial, "label": "fear"}).result(5)
            assert refused.value.status == 404
        assert sessions.picture("../ledger.sqlite") is None
        assert sessions.picture("' OR 1=1 --") is None


def test_nothing_is_finished_before_its_end(tmp_path):
    with sessions_of(tmp_path) as sessions:
        told = start(sessions, "w")
        with pytest.raises(Refused) as refused:
            sessions.finish({"session": told["session"]}).result(5)
        assert (refused.value.status, refused.value.reason) == (409, "missing")


def test_html_and_sql_in_every_text_are_kept_as_text(tmp_path):
    evil = "<script>alert(1)</script>'; DROP TABLE persons; --\x00\x07\ud800"
    with sessions_of(tmp_path, text="demographics: [age, {name: gender, choices: [a, b]}]\n") as sessions:
        told = start(sessions, evil, query={"participant": 5, "x" * 999: evil}, language=evil)
        sessions.about({"session": told["session"], "answers": {"age": evil, "gender": 3}}).result(5)
        for bad in ({"height": 1}, {"age": {"a": 1}}, {"age": "x" * 5000}):
            with pytest.raises(Refused):
                sessions.about({"session": told["session"], "answers": bad})
        ((worker, about),) = rows(sessions, "SELECT worker, about FROM persons")
        assert worker == "<script>alert(1)</script>'; DROP TABLE persons; --"
        assert json.loads(about) == {"age": worker, "gender": "3"}


def test_ids_are_hashed_with_a_salt_that_lies_apart(tmp_path):
    with sessions_of(tmp_path, hash_ids="true", platform="prolific") as sessions:
        query = {"PROLIFIC_PID": "5f0c1234", "SESSION_ID": "s1"}
        told = start(sessions, query=query)
        assert start(sessions, query=query)["session"] == told["session"]
        assert b"5f0c1234" not in (tmp_path / "out" / "ledger.sqlite").read_bytes()
        assert b"5f0c1234" not in (tmp_path / "out" / "ledger.sqlite-wal").read_bytes()
        salt = tmp_path / "out" / "salt"
        assert salt.stat().st_mode & 0o077 == 0
        assert len(salt.read_text().strip()) == 32


def test_a_full_disk_keeps_nothing_of_an_answer_and_the_same_answer_is_taken_later(tmp_path):
    with sessions_of(tmp_path, faces_of(150), per_person=150) as sessions:
        told = start(sessions, "w")

        def room(pages):
            sessions.ledger.do(
                lambda connection: connection.execute(f"PRAGMA max_page_count={pages}").fetchone()
            ).result()

        room(1)  # no page more than there are
        taken, refused = [], []
        for trial in told["trials"]:
            try:
                taken.append(answer(sessions, told, trial))
            except NoRoomError:
                refused.append(trial)
        assert refused
        assert sessions.opened.stock.have.sum() == len(taken) == rows(sessions, "SELECT count(*) FROM answers")[0][0]
        room(1_000_000)
        for trial in refused:
            assert answer(sessions, told, trial)["saved"]
        assert (sessions.opened.stock.have == 1).all()
        assert (sessions.opened.stock.held == 0).all()


def test_counts_in_memory_are_those_that_a_new_start_reads(tmp_path):
    draw = np.random.default_rng(0)
    keys = {"per_face": 4, "per_person": 5, "gold_faces": 2, "min_gold_accuracy": 0.5, "enough_gold_answers": 2}
    with sessions_of(tmp_path, faces_of(12, gold=6), **keys) as sessions:
        for n in range(8):
            told = start(sessions, f"w{n}")
            for trial in told["trials"][: draw.integers(8)]:
                answer(sessions, told, trial, str(draw.choice(["fear", "sadness"])))
        stock = sessions.opened.stock
        before = stock.have.tolist(), stock.held.tolist(), stock.gold_shown.tolist()
    with sessions_of(tmp_path, faces_of(12, gold=6), **keys) as sessions:
        stock = sessions.opened.stock
        assert before == (stock.have.tolist(), stock.held.tolist(), stock.gold_shown.tolist())


def test_a_ledger_is_one_study(tmp_path):
    with sessions_of(tmp_path, per_face=3) as sessions:
        told = start(sessions, "w")
        answer(sessions, told, told["trials"][0])
        with pytest.raises(RequestError, match="is served already"), sessions_of(tmp_path, per_face=3):
            pass
    with (
        pytest.raises(RequestError, match=r"per_face was 3, is 4.*holds 1 answers.*changed=true"),
        sessions_of(tmp_path, per_face=4),
    ):
        pass
    with sessions_of(tmp_path, per_face=4, changed=True) as sessions:
        assert sessions.opened.stock.lacking.sum() == 12 * 4 - 12
    with (
        pytest.raises(RequestError, match=r"another study \(other was true, is false\).*new folder"),
        sessions_of(tmp_path, per_face=4, other="false", changed=True),
    ):
        pass
    with (
        pytest.raises(RequestError, match=r"begun with 12 pictures; of these 2 are gone, and 3 are new"),
        sessions_of(tmp_path, faces_of(13, start=2), per_face=4),
    ):
        pass
    with sessions_of(tmp_path, faces_of(13, start=2), per_face=4, changed=True) as sessions:
        assert len(sessions.opened.stock.lacking) == 15
        assert (sessions.opened.stock.lacking[:2] == 0).all()
        again = start(sessions, "w")
        assert again["answered"] == [told["trials"][0]["trial"]]


@pytest.mark.parametrize("how", ["gone", "another"])
def test_people_whose_ids_were_hashed_with_a_salt_that_is_no_more_there_are_not_taken_for_new(how, tmp_path, capsys):
    with sessions_of(tmp_path, hash_ids="true") as sessions:
        start(sessions, "w0")
    salt = tmp_path / "out" / "salt"
    before = salt.read_text()
    if how == "gone":
        salt.unlink()
    else:
        salt.write_text("x" * 32)
    what = "is gone" if how == "gone" else "is another one"
    with (
        pytest.raises(RequestError, match=f"salt {what}, by which 1 people.*changed=true"),
        sessions_of(tmp_path, hash_ids="true"),
    ):
        pass
    salt.write_text(before)
    with sessions_of(tmp_path, hash_ids="true") as sessions:
        start(sessions, "w0")
        assert rows(sessions, "SELECT count(*) FROM persons")[0][0] == 1
    salt.unlink()
    with sessions_of(tmp_path, hash_ids="true", changed=True):
        assert "who comes back is a new person" in capsys.readouterr().err
    with sessions_of(tmp_path, hash_ids="true"):  # with the new one
        pass


def test_a_salt_by_which_nobody_is_known_may_go(tmp_path):
    with sessions_of(tmp_path) as sessions:
        start(sessions, "w0")
    (tmp_path / "out" / "salt").unlink()
    with sessions_of(tmp_path) as sessions:
        assert len((tmp_path / "out" / "salt").read_text().strip()) == 32


def test_a_ledger_that_another_program_keeps_is_a_sentence_when_a_server_counts_its_answers(tmp_path, monkeypatch):
    monkeypatch.setattr("fer_exp.collecting.ledger.BUSY", 0.05)
    with sessions_of(tmp_path) as sessions:
        holder = opened(sessions.ledger.file)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(RunError, match=r"ledger.sqlite is in use by another program; try again in a moment"):
            Sessions(sessions.study, sessions.opened, sessions.ledger)
        holder.close()
