"""`fer-exp rate answers` and `fer-exp rate erase`, and their mistakes."""

import errno
import json
from pathlib import Path

import pytest

from fer_exp.cli import main
from tests.collecting.answered import study
from tests.collecting.ledgers import ledger


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ledger(tmp_path / "runs" / "rate-cafe-faces", study(("A1PAR1TMKFPKQE", "bob", "eve")))
    return tmp_path / "runs"


def test_answers_are_written_and_what_does_not_count_is_said(runs, capsys):
    assert main(["rate", "answers"]) == 0  # of the only study there is
    told = capsys.readouterr()
    assert "6 answers count, to 3 faces by 2 people" in told.out
    assert "3 practice answers" in told.out
    assert "4 answers of persons who were screened out, 2 second answers to a repeated face" in told.out
    place = runs / "rate-cafe-faces"
    assert (place / "answers.csv").read_text().startswith("task,worker,label,valence,arousal,intensity,seconds\n")
    assert "fer-exp agreement" in told.err
    assert main(["agreement", f"{place}/answers.csv", "--json"]) == 0


def test_a_person_is_erased_by_name_and_the_tables_are_made_anew(runs, capsys):
    assert main(["rate", "answers", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"]["persons"] == {"done": 2, "screened_out": 1}
    assert main(["rate", "erase", "worker=bob", "output=runs/rate-cafe-faces"]) == 0
    told = capsys.readouterr().out
    assert "bob is erased: 6 answers, 6 trials dealt, 0 raw data" in told
    assert "copies of them elsewhere" in told.replace("\n", " ")
    assert "bob" not in (runs / "rate-cafe-faces" / "answers.csv").read_text()
    assert main(["rate", "erase", "worker=bob"]) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["erase", "worker=A1PAR1TMKFPKQF"], "did you mean A1PAR1TMKFPKQE"),
        (["erase"], "needs worker=ID"),
        (["worker=bob"], "fer-exp rate erase worker=bob"),
        (["answers", "output=runs/rate-cafe-face"], "did you mean runs/rate-cafe-faces"),
        (["erase", "worker='; DROP TABLE persons; --"], "has no such person"),
        (["answers", "l1=3"], "l1=3.0 is no target"),
    ],
)
def test_mistakes_say_the_way_out(words, said, runs, capsys):
    assert main(["rate", *words]) == 2
    assert said in capsys.readouterr().err.replace("\n", " ")


def test_of_several_studies_one_must_be_named_and_of_none_a_folder(runs, tmp_path, monkeypatch, capsys):
    ledger(runs / "rate-other")
    assert main(["rate", "answers"]) == 2
    assert "runs/rate-cafe-faces, runs/rate-other" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert main(["rate", "answers"]) == 2
    assert "no study below runs" in capsys.readouterr().err


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def killed(*args):
    """In place of a function: the process ends here, as far as its files can tell."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["write", "_finished"])
@pytest.mark.parametrize("next_words", [["erase", "worker=bob"], ["answers"]])
def test_an_erasure_that_was_stopped_is_finished_by_the_next_call(where, next_words, runs, monkeypatch, capsys):
    place = runs / "rate-cafe-faces"
    assert main(["rate", "answers"]) == 0
    with monkeypatch.context() as patched:
        patched.setattr(f"fer_exp.collecting.erasing.{where}", killed)
        assert main(["rate", "erase", "worker=bob"]) == 130
    assert b"bob" in files_of(place)["every_answer.csv"]
    capsys.readouterr()
    assert main(["rate", *next_words]) == 0
    assert [name for name, content in files_of(place).items() if b"bob" in content] == []
    if "erase" in next_words:
        told = capsys.readouterr().out.replace("\n", " ")
        assert "bob is erased: the ledger had nothing more, and what an earlier call had left is done" in told
    assert main(["rate", "erase", "worker=bob"]) == 2
    assert "has no such person" in capsys.readouterr().err.replace("\n", " ")


def test_a_stopped_erasure_of_another_is_finished_and_a_wrong_name_is_still_wrong(runs, monkeypatch):
    assert main(["rate", "answers"]) == 0
    with monkeypatch.context() as patched:
        patched.setattr("fer_exp.collecting.erasing.write", killed)
        assert main(["rate", "erase", "worker=bob"]) == 130
    assert main(["rate", "erase", "worker=nobody"]) == 2
    assert [name for name, content in files_of(runs / "rate-cafe-faces").items() if b"bob" in content] == []


def test_a_person_who_stands_in_tables_alone_is_taken_out_of_them(runs):
    place = runs / "rate-cafe-faces"
    assert main(["rate", "answers"]) == 0
    old = files_of(place)
    assert main(["rate", "erase", "worker=bob"]) == 0
    (place / "persons.csv").write_bytes(old["persons.csv"])  # of a backup, or of an older program that was stopped
    assert main(["rate", "erase", "worker=bob"]) == 0
    assert b"bob" not in files_of(place)["persons.csv"]


def test_all_tables_are_made_anew_without_a_person_whichever_of_them_are_there(runs, capsys):
    place = runs / "rate-cafe-faces"
    assert main(["rate", "answers"]) == 0
    (place / "answers.csv").unlink()
    assert main(["rate", "erase", "worker=bob"]) == 0
    assert "made anew" in capsys.readouterr().out
    assert [name for name, content in files_of(place).items() if b"bob" in content] == []


@pytest.mark.parametrize("table", ["persons.csv", "raw.json"])
def test_a_table_that_cannot_be_written_leaves_an_erasure_to_the_next_call(table, runs, capsys):
    place = runs / "rate-cafe-faces"
    assert main(["rate", "answers"]) == 0
    (place / table).unlink()
    (place / table).mkdir()
    who = "worker=A1PAR1TMKFPKQE"  # the one with data of jsPsych, without whom raw.json is removed
    assert main(["rate", "erase", who]) == 1
    told = capsys.readouterr().err.replace("\n", " ")
    assert f"A1PAR1TMKFPKQE is out of {place.relative_to(place.parents[1])}/ledger.sqlite, but perhaps not of" in told
    assert "Then give the same command again" in told
    (place / table).rmdir()
    assert main(["rate", "erase", who]) == 0
    assert [name for name, content in files_of(place).items() if b"A1PAR1TMKFPKQE" in content] == []


@pytest.mark.parametrize("content", [b"", b"\n", b"abc\n", b"\xff" * 32])
def test_a_person_is_looked_for_by_a_whole_salt(content, runs, capsys):
    (runs / "rate-cafe-faces" / "salt").write_bytes(content)
    assert main(["rate", "erase", "worker=5f3a"]) == 2
    told = capsys.readouterr().err.replace("\n", " ")
    assert "salt" in told
    assert "put back a copy of before, or remove it" in told
    assert main(["rate", "erase", "worker=bob"]) == 0  # whom nobody had to look for


@pytest.mark.parametrize("words", [["answers"], ["erase", "worker=bob"]])
def test_an_empty_ledger_is_said_and_the_tables_stay(words, runs, capsys):
    place = runs / "rate-cafe-faces"
    assert main(["rate", "answers"]) == 0
    (place / "ledger.sqlite").write_bytes(b"")
    before = files_of(place)
    assert main(["rate", *words]) == 2
    assert "ledger.sqlite is empty; put back a copy of before" in capsys.readouterr().err.replace("\n", " ")
    assert files_of(place) == before


def test_a_folder_that_may_not_be_read_is_a_sentence(runs, capsys, monkeypatch):
    def refused(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refused)
    assert main(["rate", "answers", "output=runs/rate-cafe-faces"]) == 2
    said = capsys.readouterr().err
    assert "output=runs/rate-cafe-faces cannot be read: Permission denied; give yourself the right to it" in said
