"""What Tab offers: commands, keys, choices and files, written as each shell inserts them."""

import os
import shutil
import subprocess
import sys

import pytest

from fer_exp.cli import main
from fer_exp.cli.completion import _found
from fer_exp.cli.shells import read_line, written
from fer_exp.config import SCHEMAS
from fer_exp.config.keys import chosen_keys
from fer_exp.config.paths import path_keys
from fer_exp.config.rules import CHOICES

BREAKS = " \t\n\"'@><=;|&(:"
"""COMP_WORDBREAKS of a bash that nobody has changed."""


@pytest.fixture
def files(tmp_path, monkeypatch) -> None:
    """Files and folders with odd names, in the folder where we are, which is home, too."""
    for folder in ("My Faces/happy", "runs/one", ".hidden"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("canon (1).csv", "it's.csv", "a=b.csv", "人脸.csv", "$x.csv", "two\nlines.csv"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def offered(capsys, monkeypatch, line: str, shell: str = "bash", breaks: str = BREAKS) -> list[str]:
    for name, value in {"COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_WORDBREAKS": breaks}.items():
        monkeypatch.setenv(name, value)
    assert main(["-sc", f"query={shell}"]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("fer-exp tr", ["train "]),
        ("fer-exp crowd pl", ["plan "]),
        ("fer-exp crowd plan budg", ["budget="]),
        ("fer-exp train trainer.ep", ["trainer.epochs="]),
        ("fer-exp train trainer.epochs=", ["4 "]),
        ("fer-exp train se", ["seed="]),
        ("fer-exp train lab", ["labels=", "labels."]),
        ("fer-exp train labels=noi", ["noisy "]),
        ("fer-exp train labels.noise=sym", []),
        ("fer-exp train labels=noisy labels.noise=sym", ["symmetric "]),
        ("fer-exp train method=published/e", ["published/eac ", "published/elr "]),
        ("fer-exp train -m labels.rule=all,maj", ["all,majority "]),
        ("fer-exp train trainer.compile=", ["true ", "false "]),
        ("fer-exp crowd duplicates=l", ["last "]),
        ("fer-exp table study=c", ["cafe-soft "]),
        ("fer-exp table start.trainer.ep", ["start.trainer.epochs="]),
        ("fer-exp table start.task=p", ["points "]),
        ("fer-exp train --cfg ", ["job ", "hydra ", "all "]),
        ("fer-exp train --mul", ["--multirun "]),
        ("fer-exp nonsense ", []),
        ("fer-exp compare runs=[runs/one,My", ["\\[runs/one,My\\ Faces/"]),
        ("fer-exp compare runs=a,ca", ["a,canon\\ \\(1\\).csv"]),
        ("fer-exp prepare dataset.root=My\\ Faces/", ["My\\ Faces/happy/"]),
        ("fer-exp prepare dataset.root=~/My", ["~/My\\ Faces/"]),
        ("fer-exp prepare dataset.root='My F", ["My Faces/"]),
        ("fer-exp prepare 'dataset.root=My F", ["dataset.root=My Faces/"]),
        ("fer-exp prepare dataset.root=.h", [".hidden/"]),
        ("fer-exp prepare +dataset.root=.h", [".hidden/"]),
        ("fer-exp agreement ca", ["canon\\ \\(1\\).csv "]),
        ("fer-exp agreement 'it", ["it'\\''s.csv"]),
        ("fer-exp agreement \"$", ["\\$x.csv"]),
        ("fer-exp agreement \\$", ["\\$x.csv "]),
        ("fer-exp crowd gold=人", ["人脸.csv "]),
        ("fer-exp crowd lab=a=", ["b.csv "]),
        ("fer-exp table dataset.root=ru", ["runs/"]),
        ("fer-exp table start.points=ca", ["canon\\ \\(1\\).csv "]),
        ("fer-exp train ru", ["runs/"]),
    ],
)  # fmt: skip
def test_bash_is_offered(capsys, monkeypatch, files, line, found):
    assert offered(capsys, monkeypatch, line) == found


def test_files_are_offered_with_the_words_and_keys_that_may_stand_there(capsys, monkeypatch, files):
    assert {"runs/", "run=", "runs=", "canon\\ \\(1\\).csv "} <= set(offered(capsys, monkeypatch, "fer-exp report "))
    assert {"none ", "imagenet ", "runs/"} <= set(offered(capsys, monkeypatch, "fer-exp train backbone.weights="))
    assert "runs/" not in offered(capsys, monkeypatch, "fer-exp train ")
    assert not any("two" in word for word in offered(capsys, monkeypatch, "fer-exp report "))


def test_other_shells_get_whole_words(capsys, monkeypatch, files):
    assert offered(capsys, monkeypatch, "fer-exp train dataset.root=M", "zsh", "") == ["dataset.root=My\\ Faces/"]
    assert offered(capsys, monkeypatch, "fer-exp train dataset.root='M", "fish", "") == ["dataset.root=My Faces/"]
    # A bash from which another program's completion has taken the = away.
    assert offered(capsys, monkeypatch, "fer-exp train dataset.root=M", "bash", " :") == ["dataset.root=My\\ Faces/"]


@pytest.mark.parametrize("command", SCHEMAS)
def test_every_key_that_names_files_and_every_closed_choice_is_completed(files, command):
    keys = chosen_keys(command, {"dataset": "folder", "labels": "noisy"} if command == "train" else {})
    for key in keys:
        typed = read_line(f"fer-exp {command} {'labels=noisy dataset=folder ' if command == 'train' else ''}{key}=")
        found = [word for word, _ in _found(typed)]
        if key in path_keys(SCHEMAS[command]):
            assert f"{key}=My Faces/" in found
        elif key in CHOICES:
            assert found == [f"{key}={choice}" for choice in CHOICES[key]]


def test_no_half_written_line_raises(files):
    line = "fer-exp train -m dataset.root='My F\" \\ ~x=[a,'b' \"c\\\" ${x:-人} labels=,, =x --cfg \\"
    for end in range(len(line) + 1):
        typed = read_line(line[:end], BREAKS)
        for word, ends in _found(typed):
            for shell in ("bash", "zsh", "fish"):
                assert "\n" not in written(shell, typed, word, ends)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_is_installed_for_each_shell(capsys, shell):
    for asked in ("install", "uninstall"):
        assert main(["-sc", f"{asked}={shell}"]) == 0
        assert "_fer_exp_completion" in capsys.readouterr().out
    assert main(["-sc", "install=tcsh"]) == 2


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="there is no bash")
def test_a_real_bash_gets_words_that_it_reads_as_the_files(tmp_path, files, capsys):
    program = tmp_path / "fer-exp"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fer_exp "$@"\n')
    program.chmod(0o755)
    assert main(["-sc", "install=bash"]) == 0
    script = (
        capsys.readouterr().out
        + """
COMP_LINE='~/fer-exp prepare dataset.root=' COMP_POINT=31
_fer_exp_completion '~/fer-exp'
for found in "${COMPREPLY[@]}"; do eval "printf '%s\\n' $found"; done
"""
    )
    told = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(["bash", "-c", script], env=told, capture_output=True, text=True, check=True, cwd=tmp_path)
    seen = {path.name for path in tmp_path.iterdir()} - {".hidden", "two\nlines.csv"}
    assert {name.rstrip("/") for name in done.stdout.splitlines()} == seen


def test_tab_waits_for_no_library(files):
    watch = "import sys; from fer_exp.cli import main; code = main(['-sc', 'query=bash']); "
    watch += "assert not {'torch', 'pandas', 'numpy', 'hydra', 'omegaconf'} & set(sys.modules), sys.modules.keys()"
    told = {**os.environ, "COMP_LINE": "fer-exp train labels.", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", watch], env=told, capture_output=True, text=True, check=True)
    assert "labels.rule=" in done.stdout
