"""A ledger as tables, and a person who is taken out of it: nothing of them stays in any file."""

import hashlib
import hmac
import sqlite3
from dataclasses import replace

import pytest

from fer_exp.collecting.collected import collected
from fer_exp.collecting.erasing import erase
from fer_exp.collecting.ledger import opened
from fer_exp.collecting.out import every_answer, write
from fer_exp.errors import RequestError, RunError
from tests.collecting.answered import STRANGE, study
from tests.collecting.ledgers import ledger
from tests.collecting.studies import goes_through, sessions_of, start


def test_a_ledger_holds_what_was_answered_and_no_secret(tmp_path):
    read = collected(ledger(tmp_path))
    made = every_answer(study())
    same = every_answer(read)
    columns = ["task", "worker", "label", "valence", "arousal", "seconds", "left_out"]
    assert same[columns].astype(str).to_numpy().tolist() == made[columns].astype(str).to_numpy().tolist()
    assert read.gold == {"a.png": "happiness"}
    assert read.raw == study().raw
    assert read.persons["about_age"].tolist() == ["=1+1"] * 3
    assert "secret" not in read.persons.to_csv()


@pytest.mark.parametrize("worker", ["bob", STRANGE[2]])
def test_nothing_of_an_erased_person_is_left_in_the_folder(worker, tmp_path):
    made = study(("ann", worker, "eve"))
    file = ledger(tmp_path, replace(made, raw={"ann": [], worker: [{"said": f"I am {worker}"}]}))
    write(collected(file), tmp_path)
    erased = erase(file, worker)
    assert erased.rows == {"answers": 6, "trials dealt": 6, "raw data": 1}
    assert not erased.logged
    assert set(collected(file).persons["worker"]) == {"ann", "eve"}
    for path in tmp_path.iterdir():
        assert worker.encode() not in path.read_bytes(), path.name
    assert (tmp_path / "answers.csv").read_text().count("\n") == 4  # those of ann, below the header


def test_a_person_whose_id_is_kept_as_a_hash_is_erased_by_the_id_and_by_the_hash(tmp_path):
    salt = "salt" * 8
    hashed = hmac.new(salt.encode(), b"5f3a", hashlib.sha256).hexdigest()[:20]
    file = ledger(tmp_path / "one", study(("ann", hashed, "eve")), salt=f"{salt}\n")
    assert erase(file, "5f3a").worker == hashed
    file = ledger(tmp_path / "two", study(("ann", hashed, "eve")), salt=f"{salt}\n")
    assert erase(file, hashed).rows["answers"] == 6


def test_nobody_is_erased_by_a_name_that_is_not_theirs(tmp_path):
    file = ledger(tmp_path, study(("A1PAR1TMKFPKQE", "bob", "eve")))
    with pytest.raises(RequestError, match="did you mean A1PAR1TMKFPKQE"):
        erase(file, "A1PAR1TMKFPKQF")
    assert len(collected(file).persons) == 3


def test_a_server_that_reads_meanwhile_keeps_nobody_from_being_erased(tmp_path):
    file = ledger(tmp_path)
    server = opened(file)
    server.execute("BEGIN")
    server.execute("SELECT count(*) FROM persons").fetchone()
    server.execute("COMMIT")
    assert erase(file, "bob").rows["answers"] == 6
    assert server.execute("SELECT count(*) FROM persons").fetchone()[0] == 2
    server.close()


def test_a_server_counts_anew_when_a_person_was_erased_beside_it(tmp_path):
    with sessions_of(tmp_path, per_face=2, per_person=12) as sessions:
        goes_through(sessions, "ann"), goes_through(sessions, "bob")
        assert start(sessions, "eve")["state"] == "full"
        assert erase(sessions.ledger.file, "bob").rows["answers"] == 12
        assert len(start(sessions, "eve")["trials"]) == 12  # the faces that lack an answer again
        assert sessions.opened.stock.have.sum() == 12


def test_files_that_are_no_ledger_of_ours_are_said(tmp_path, monkeypatch):
    with pytest.raises(RequestError, match="no such ledger"):
        collected(tmp_path / "ledger.sqlite")
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE experiments (id INTEGER)")
    connection.close()
    with pytest.raises(RequestError, match="no, or an earlier, version"):
        collected(other)
    connection = sqlite3.connect(file := ledger(tmp_path / "later"))
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(RequestError, match="a later version"):
        collected(file)
    (tmp_path / "text.sqlite").write_text("task,worker,label\n")
    with pytest.raises(RequestError, match="damaged, or no ledger"):
        collected(tmp_path / "text.sqlite")
    file = ledger(tmp_path / "held")
    monkeypatch.setattr("fer_exp.collecting.ledger.BUSY", 0.05)
    holder = opened(file)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(RunError, match="in use by another program"):
        erase(file, "bob")
    holder.close()


def changed(file, *statements):
    """The ledger, changed by hand: by statements of SQL, which SQLite takes though no program of ours gives them."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = 1")
    for statement in statements:
        connection.execute(statement)
    connection.close()


DAMAGE = {
    "a table that is gone": ("DROP TABLE answers", "it has no table answers"),
    "a column that is gone": ("ALTER TABLE persons DROP COLUMN why", "its table persons has no column why"),
    "a trial that is gone": ("DELETE FROM trials WHERE trial = 101", "a row of answers belongs to none of trials"),
    "a person who is gone": ("DELETE FROM persons WHERE person = 2", "belongs to none of persons"),
    "a face that is gone": ("DELETE FROM faces WHERE face = 1", "belongs to none of faces"),
    "a text for a number": ("UPDATE answers SET valence = 'high'", "has a text for valence, where real belongs"),
    "bytes for a text": ("UPDATE persons SET code = x'00ff'", "has a blob for code, where text belongs"),
    "a kind that there is not": ("UPDATE trials SET kind = 'facd'", "kind is none|CHECK constraint failed in trials"),
    "a state that there is not": (
        "UPDATE persons SET state = 'do'",
        "state is none|CHECK constraint failed in persons",
    ),
    "a number that nobody can answer": ("UPDATE answers SET arousal = 1e12", "none that the page takes"),
    "a class that is none of the study's": ("UPDATE answers SET label = 'feas'", "is no class of its study"),
    "a study that is a list": ("UPDATE about SET value = '[1]'", "no JSON object"),
    "a study that is null": ("UPDATE about SET value = 'null'", "no JSON object"),
    "no study": ("DELETE FROM about", "does not say which study"),
    "half a study": ("UPDATE about SET value = '{'", "no JSON object"),
    "a person's answers that are half JSON": ("UPDATE persons SET about = '{'", "is no JSON"),
    "a person's order of classes": ("UPDATE persons SET classes = '3'", "is no JSON"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_ledger_that_is_not_as_it_was_written_is_neither_read_nor_changed_nor_served(kind, tmp_path):
    file = ledger(tmp_path / "out", study())
    statement, said = DAMAGE[kind]
    changed(file, statement)
    with pytest.raises(RequestError, match=f"is damaged.*{said}.*put back a copy"):
        collected(file)
    with pytest.raises(RequestError, match=said):
        erase(file, "bob")
    with pytest.raises(RequestError, match=said), sessions_of(tmp_path):
        pass


def test_the_faces_of_a_ledger_have_the_numbers_that_a_server_counts_by(tmp_path):
    file = ledger(tmp_path)
    changed(file, "INSERT INTO faces (face, task) VALUES (40, 'z.png')")
    with pytest.raises(RequestError, match="not numbered from 0 without a gap"):
        collected(file)


@pytest.mark.parametrize("which", ["the last pages", "a page in the middle", "a name", "the end"])
def test_damage_on_the_disk_is_seen_before_anything_is_read(which, tmp_path):
    file = ledger(tmp_path / "out", study())
    content = bytearray(file.read_bytes())
    if which == "a name":  # in the table, not in its index
        place = content.rindex(b"bob", 0, content.rindex(b"secret2"))
        content[place : place + 3] = b"bub"
    elif which == "the end":
        del content[-5000:]
    else:
        at = len(content) - 12288 if which == "the last pages" else len(content) // 2 // 4096 * 4096
        content[at : at + 12288] = bytes(len(content[at : at + 12288]))
    file.write_bytes(content)
    with pytest.raises(RequestError, match=r"is damaged.*\.recover"):
        collected(file)
    with pytest.raises(RequestError, match="is damaged"), sessions_of(tmp_path):
        pass


def test_data_of_jspsych_that_are_no_list_are_a_sentence(tmp_path):
    changed(file := ledger(tmp_path), "UPDATE raw SET jspsych = 'null'")
    with pytest.raises(RequestError, match=r"are no list; take a copy of before"):
        collected(file)
