"""``--json``: one object on standard output and nothing else, of every command, also where it fails."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from fer_exp.cli import main
from fer_exp.cli.machine import plain_json, way_out
from fer_exp.config import SCHEMAS
from fer_exp.report.outcome import Outcome, finish
from tests.judging.tables import predictions_table

HEAD = ["command", "words", "version", "commit", "exit_code", "error", "hint"]
TOLD = ["config", "place", "results", "files", "notes"]


def answered(capsys, *words, code=0):
    """The object that a command prints; that it is all there is on standard output is checked by reading it."""
    capsys.readouterr()
    assert main(list(words)) == code
    answer = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert list(answer)[: len(HEAD)] == HEAD
    assert answer["exit_code"] == code
    return answer


@pytest.mark.parametrize("command", SCHEMAS)
def test_every_command_gives_one_object_whatever_it_and_its_libraries_print(command, tmp_path, monkeypatch, capsys):
    def works(config, **given):
        print("a library says something")
        Path("made.txt").write_text("", encoding="utf-8")
        finish(Outcome("results", {"l1": 1 / 3, "nobody": float("nan")}, notes=["a note"], left=[Path("made.txt")]))
        return Path("made.txt")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(import_module(f"fer_exp.commands.{command}"), command, works)
    for words in (["--json", command], [command, "--json"]):
        answer = answered(capsys, *words)
        assert answer["command"] == command
        assert [name for name in answer if name in TOLD] == TOLD
        assert answer["config"].keys() == {field.name for field in fields(SCHEMAS[command])}
        assert answer["results"] == {"l1": 1 / 3, "nobody": None} or command == "train"
        assert answer["files"] == ["made.txt"] or command == "train"
    assert answered(capsys, command, "--json", "no_such_key=1", code=2)["hint"]


@pytest.mark.parametrize("command", SCHEMAS)
def test_every_command_ends_with_finish_which_alone_shows_and_gives(command):
    source = Path(import_module(f"fer_exp.commands.{command}").__file__).read_text(encoding="utf-8")
    assert "finish(" in source
    assert re.search(r"(?<![\w.])print\(", source) is None


def fails(error):
    def run(config, **given):
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [(OSError(28, "No space left on device", "runs"), 1, "runs: the disk is full; make room there; --debug"),
     (KeyboardInterrupt(), 130, "interrupted."), (ZeroDivisionError("of ours"), 1, "ZeroDivisionError: of ours")],
)  # fmt: skip
def test_a_command_that_fails_gives_one_object_that_says_why(error, code, said, monkeypatch, capsys):
    monkeypatch.setattr(import_module("fer_exp.commands.plan"), "plan", fails(error))
    answer = answered(capsys, "plan", "--json", "ratings=a.csv", code=code)
    assert answer["error"].startswith(said)
    assert answer["config"]["ratings"] == "a.csv"


def test_a_refused_request_says_the_way_out(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = answered(capsys, "train", "--json", "lr=0.1", code=2)
    assert answer["hint"] == "write trainer.learning_rate=0.1."
    assert answer["error"].startswith("lr is no key")
    assert answered(capsys, "--json", "trian", code=2)["hint"] == "write fer-exp train."
    assert answered(capsys, "--json", "compare", "--debug", "nowhere", code=2)["error"].startswith("nowhere: there is")


def test_texts_stand_in_an_object_too(capsys):
    assert answered(capsys, "--version", "--json")["text"].startswith("fer-exp ")
    assert "usage: fer-exp train" in answered(capsys, "--json", "train", "--help")["text"]
    assert answered(capsys, "train", "--cfg", "job", "--json", "seed=3")["config"]["seed"] == 3


def test_numbers_keep_every_digit_and_keys_are_those_of_the_files(tmp_path, capsys):
    table = tmp_path / "mine.parquet"
    predictions_table().to_parquet(table)
    answer = answered(capsys, "evaluate", str(table), "bootstrap=20", "--json")
    written = json.loads((tmp_path / "mine.metrics.json").read_text())
    assert answer["results"] == written
    assert answer["files"] == [answer["place"]] == [str(tmp_path / "mine.metrics.json")]
    assert answer["next"].startswith("fer-exp report")
    assert main(["evaluate", str(table), "bootstrap=20", "json=true"]) == 0  # as it was before
    assert json.loads(capsys.readouterr().out) == written
    assert main(["evaluate", "nowhere.csv", "json=true"]) == 2
    assert capsys.readouterr().out == ""


def test_a_sweep_gives_one_object_with_its_jobs(tmp_path, capsys):
    good = tmp_path / "good.parquet"
    predictions_table().to_parquet(good)
    words = ["evaluate", "-m", "--json", "bootstrap=0", f"predictions={good},{tmp_path / 'bad.csv'}"]
    answer = answered(capsys, *words, code=1)
    done, failed = answer["jobs"]
    assert answer["error"].startswith("1 of 2 jobs failed; the first: ")
    assert (done["exit_code"], done["error"], done["place"]) == (0, None, str(tmp_path / "good.metrics.json"))
    assert done["results"] == json.loads((tmp_path / "good.metrics.json").read_text())
    assert failed["exit_code"] == 2
    assert "bad.csv" in failed["error"]
    assert failed["config"]["predictions"] == str(tmp_path / "bad.csv")


@pytest.mark.usefixtures("light")
def test_a_training_and_a_sweep_of_trainings_tell_metrics_files_and_what_comes_next(tmp_path, capsys):
    words = ["dataset.faces=72", "dataset.size=16", "labels.rule=all", "trainer=cpu", "trainer.epochs=1", "bootstrap=5"]
    words += ["trainer.batch_size=16", f"dataset.cache={tmp_path / 'cache'}", f"output={tmp_path / 'runs'}", "--json"]
    answer = answered(capsys, "train", *words)
    folder = Path(answer["place"])
    assert answer["results"] == json.loads((folder / "metrics.json").read_text())
    assert str(folder / "run.json") in answer["files"]
    assert answer["config"]["trainer"]["epochs"] == 1
    answer = answered(capsys, "train", "-m", "seed=0,1", *words)
    assert answer["jobs"][0]["place"] == str(folder)
    assert answer["results"]["rows"][0]["seeds"] == [0, 1]
    assert answer["results"]["rows"][0]["metrics"]["l1"]["over"] == "seeds"
    assert answer["next"].startswith("fer-exp compare ")
    prepared = answered(capsys, "prepare", "dataset.faces=72", "dataset.size=16", words[-3], "--json")
    assert prepared["results"]["faces"] == 72
    assert prepared["results"]["rules"]["all"]["all"] == 72


def test_other_processes_and_libraries_in_c_print_elsewhere():
    code = (
        "import os, sys; from fer_exp.cli import machine\n"
        "def run(words, answer): os.system('echo child'); os.write(1, b'c'); print('python'); return 0, ''\n"
        "sys.exit(machine.as_object(['train'], run))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout)["words"] == ["train"]
    assert "child" in ended.stderr
    assert "python" in ended.stderr


def test_what_json_cannot_say_becomes_what_it_can():
    import numpy as np

    value = {"a": np.float32(0.5), 1: (np.int64(2), Path("x"), float("inf")), "b": np.array([1.0, np.nan]), "c": True}
    assert plain_json(value) == {"a": 0.5, "1": [2, "x", None], "b": [1.0, None], "c": True}


@pytest.mark.parametrize(
    ("sentence", "hint"),
    [
        ("There is no option --epochs; keys have no dashes: write trainer.epochs=3.", "write trainer.epochs=3."),
        ("answer.csv: there is no such file; did you mean answers.csv?", "did you mean answers.csv?"),
        ("evaluate needs run=FOLDER or predictions=FILE, one of the two.", None),
    ],
)
def test_the_way_out_of_a_sentence_is_found(sentence, hint):
    assert way_out(sentence) == hint
