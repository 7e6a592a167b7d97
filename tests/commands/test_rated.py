"""`fer-exp rate answers` and `fer-exp rate erase`, and their mistakes."""

import json

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
