"""Every command that writes says before it computes where it cannot, and leaves no folder until it has something."""

import importlib
from pathlib import Path

import pytest

from fer_exp.cli import main
from fer_exp.errors import RunError
from tests.judging.tables import predictions_table

ANSWERS = "task,worker,label\n" + "".join(f"{task},{worker},fear\n" for task in range(9) for worker in "abc")
TINY = ("dataset.faces=48", "dataset.size=16")
COMMANDS = {
    "agreement": ("agreement.survey", "ratings={}/answers.csv"),
    "crowd": ("crowd.describe_workers", "ratings={}/answers.csv"),
    "plan": ("plan.planning.plan", "ratings={}/answers.csv"),
    "compare": ("compare.compare_sources", "runs=[{0}/a.csv,{0}/b.csv]"),
    "report": ("report.judge_seeds", "runs=[{}/a.csv]"),
    "bench": ("bench.open_dataset", "trainer=cpu", *TINY),
    "train": ("train.open_dataset", "trainer=cpu", *TINY),
    "table": ("table.check_corpus", "study=noisy-labels", "run=false", *TINY),
}
"""Command -> what computes, in its module, and its words."""


@pytest.mark.parametrize("command", COMMANDS)
def test_whether_the_folder_can_be_made_is_tried_before_anything_is_computed(tmp_path, monkeypatch, capsys, command):
    (tmp_path / "answers.csv").write_text(ANSWERS)
    for name in "ab":
        predictions_table(20).to_csv(tmp_path / f"{name}.csv", index=False)
    computes, *words = COMMANDS[command]
    output = tmp_path / "new" / "deep" / "er"

    def compute(*given, **named):
        raise RunError("there is a folder" if (tmp_path / "new").exists() else "reached")

    module, _, name = f"fer_exp.commands.{computes}".rpartition(".")
    where = importlib.import_module(module.removesuffix(".planning"))
    monkeypatch.setattr(where.planning if module.endswith(".planning") else where, name, compute)
    monkeypatch.setenv("FER_EXP_CACHE", str(tmp_path / "cache"))
    key = "results" if command == "table" else "output"
    words = [word.format(tmp_path) for word in words]
    assert main([command, *words, f"{key}={output}"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "fer-exp: reached"
    (tmp_path / "file").write_text("")
    assert main([command, *words, f"{key}={tmp_path / 'file' / 'below' / 'it'}"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "cannot be written" in said
    assert f"set {key}" in said


def test_bench_writes_into_a_folder_that_was_not_there(tmp_path: Path, capsys) -> None:
    words = [*TINY, f"dataset.cache={tmp_path}", "trainer=cpu", "trainer.batch_size=4", "steps=1", "repeats=1"]
    assert main(["bench", *words, f"output={tmp_path / 'new' / 'er'}"]) == 0
    assert "whole path" in capsys.readouterr().out
