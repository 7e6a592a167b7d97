"""After each command one line on stderr says what people do next, and what it says can be done."""

import shlex
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from fer_exp.cli import main
from fer_exp.cli.checks import check_typed
from fer_exp.cli.compose import compose_all
from fer_exp.cli.next_steps import compare_line, next_step
from fer_exp.config import SCHEMAS

FER = "dataset=ferplus dataset.root=/data/fer"
CASES = [
    ("train", "output=runs", "runs/a", "fer-exp report run=runs/a"),
    ("train", "", "my runs/a", "fer-exp report 'run=my runs/a'"),
    ("pretrain", "", "runs/p/backbone.pt", "fer-exp train backbone.weights=runs/p/backbone.pt"),
    (
        "pretrain",
        f"{FER} task=contrast backbone=resnet50 trainer=gpu",
        "b.pt",
        f"fer-exp train {FER} backbone=resnet50 backbone.weights=b.pt trainer=gpu",
    ),
    ("evaluate", "run=runs/a", "runs/a", "fer-exp report run=runs/a (a page), fer-exp compare runs/a OTHER"),
    (
        "evaluate",
        "predictions=m.csv votes=v.csv",
        "m.json",
        "fer-exp compare m.csv votes=v.csv OTHER (beside another's)",
    ),
    ("compare", "runs=[a,b] common=true split=val", None, "fer-exp report a b split=val common=true (a page)"),
    ("report", "run=runs/a", "runs/a/report.html", "open runs/a/report.html in a browser"),
    (
        "predict",
        "run=runs/a pictures=[faces] page=true",
        "faces-a.csv",
        "open faces-a.html in a browser, fer-exp evaluate predictions=faces-a.csv votes=FILE (beside",
    ),
    ("prepare", f"{FER} dataset.classes=7", "/cache/x", f"fer-exp train {FER} dataset.classes=7"),
    ("prepare", "dataset.faces=60", "/cache/x", "fer-exp train dataset.faces=60"),
    ("agreement", "ratings=a.csv scale=[1,9]", "runs/g", "crowd ratings=a.csv 'scale=[1,9]' (whom to"),
    ("agreement", FER, "runs/g", f"fer-exp crowd plan {FER} (how many to ask)"),
    ("crowd", "ratings=a.csv", "runs/c", "dataset.root=PICTURES dataset.votes=runs/c/votes.csv labels=soft"),
    (
        "crowd",
        "dataset=synthetic dataset.faces=60",
        "c",
        "train dataset.faces=60 dataset.votes=c/votes.csv labels=soft",
    ),
    ("plan", "ratings=a.csv", "runs/p", "then fer-exp crowd ratings=ANSWERS (whom to trust)"),
    ("table", "study=cafe-soft train=['seed=0']", "results/x", "fer-exp table study=cafe-soft scale=small seed=0"),
    ("table", "study=cafe-soft scale=full", "results/x", "read the tables, results/x/*.md"),
    ("table", "study=cafe-soft archive=true", "results/x", "fer-exp verify results/x (every number"),
]


@pytest.mark.parametrize(("command", "words", "place", "said"), CASES)
def test_the_next_step_is_said_with_the_words_of_the_command_and_can_be_done(command, words, place, said):
    (config,) = compose_all(command, [(words.split(), {})])
    step = next_step(config, None if place is None else Path(place))
    assert said in step
    for line in step.split("fer-exp ")[1:]:
        following, *typed = shlex.split(line.split(" (")[0])
        if typed[:1] == ["plan"]:
            following, typed = "plan", typed[1:]
        check_typed(following, [word for word in typed if word != "OTHER"])


def test_every_command_but_those_that_end_with_numbers_has_a_next_step():
    without = [name for name in SCHEMAS if not hasattr(import_module(f"fer_exp.commands.{name}"), "next_step")]
    assert {*without} == {"bench", "verify"}


def test_a_sweep_says_it_once_and_names_its_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(import_module("fer_exp.commands.train"), "train", lambda config: Path(f"runs/s{config.seed}"))
    words = ["dataset.faces=48", "dataset.size=16", f"dataset.cache={tmp_path}"]
    assert main(["train", "-m", *words, "seed=0,1"]) == 0
    printed = capsys.readouterr()
    assert [line for line in printed.err.splitlines() if "next:" in line] == ["next: fer-exp compare runs/s0 runs/s1"]
    assert printed.out.splitlines()[-1] == "runs/s1"


def test_the_runs_of_a_sweep_are_compared_by_a_line_that_a_shell_reads_as_just_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    soft = [Path(f"my runs/it's-soft-seed{seed}-0a1b") for seed in range(3)]
    hard = [Path(f"my runs/hard-seed{seed}-2c3d") for seed in range(2)]
    for folder in (*soft, *hard):
        folder.mkdir(parents=True)
    asked = [
        "sh",
        "-c",
        f"printf '%s\\n' {compare_line([soft, hard], ['common=true']).removeprefix('fer-exp compare ')}",
    ]
    line = compare_line([soft, hard], ["common=true"])
    assert line.count("*") == 2
    printed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    assert printed == [*map(str, soft), *map(str, hard), "common=true"]
    Path("my runs/hard-seed7-2c3d").mkdir()  # of another sweep: the pattern would mean it, too
    assert compare_line([hard], []) == "fer-exp compare 'my runs/hard-seed0-2c3d' 'my runs/hard-seed1-2c3d'"


def test_it_is_said_on_stderr_and_never_beside_json(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{task},{worker},fear\n" for task in "abcd" for worker in "xyz")
    Path("answers.csv").write_text(f"task,worker,label\n{rows}", encoding="utf-8")
    words = ["agreement", "ratings=answers.csv", "bootstrap=0", "output=out"]
    assert main(words) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == "out"
    assert printed.err.splitlines()[-1].startswith("next: fer-exp crowd ratings=answers.csv bootstrap=0 (whom")
    assert main([*words, "json=true"]) == 0
    assert "next:" not in "".join(capsys.readouterr())
