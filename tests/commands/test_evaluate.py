import errno
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from fer_exp.commands.evaluate import evaluate
from fer_exp.config import EvaluateConfig
from fer_exp.errors import RequestError, RunError
from fer_exp.files import write_json
from fer_exp.judging.judge import judge
from fer_exp.runs.claim import claimed
from tests.judging.tables import CLASSES, predictions_table


@pytest.fixture
def run(tmp_path):
    """A run folder with predictions and targets; the val targets must not enter the prior."""
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    predictions_table().to_parquet(folder / "predictions.parquet")
    targets = pd.DataFrame({"face": list("abc"), "split": ["train", "train", "val"]})
    for name, column in zip(reversed(CLASSES), [[0, 0, 1], [0.5, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0]], strict=True):
        targets[f"target_{name}"] = column
    targets.to_parquet(folder / "targets.parquet")
    return folder


def test_a_run_is_judged_anew_with_the_prior_of_its_training_targets(run, capsys):
    (run / "metrics.json").write_text("old")
    evaluate(EvaluateConfig(run=str(run), bootstrap=50, seed=1))
    written = json.loads((run / "metrics.json").read_text())
    prior = np.array([0.25, 0.5, 0.25, 0.0])  # neutral, happiness, sadness, surprise
    assert written == judge(predictions_table(), samples=50, seed=1, prior=prior)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == str(run)
    headings = [line.strip() for line in lines if line.strip() in ("test", "val")]
    assert headings == ["test", "val"]
    assert sorted(path.name for path in run.iterdir()) == ["metrics.json", "predictions.parquet", "targets.parquet"]


def test_predictions_of_any_model_are_judged_beside_their_file(tmp_path, capsys):
    path = tmp_path / "vgg.csv"
    predictions_table(splits=("test",)).to_csv(path, index=False)
    evaluate(EvaluateConfig(predictions=str(path), bootstrap=20))
    written = json.loads((tmp_path / "vgg.metrics.json").read_text())
    assert list(written) == ["test"]
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "vgg.metrics.json")


def test_a_run_without_targets_takes_its_own_mean(run):
    (run / "targets.parquet").unlink()
    evaluate(EvaluateConfig(run=str(run), bootstrap=0))
    assert json.loads((run / "metrics.json").read_text()) == judge(predictions_table(), samples=0)


@pytest.mark.parametrize("both", [True, False])
def test_one_source_exactly(run, both):
    with pytest.raises(RequestError, match="run=FOLDER or predictions=FILE"):
        evaluate(EvaluateConfig(str(run), str(run / "predictions.parquet")) if both else EvaluateConfig())


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RequestError, match=r"has no predictions\.parquet"):
        evaluate(EvaluateConfig(run=str(tmp_path), bootstrap=0))


def test_broken_targets_are_refused(run):
    (run / "targets.parquet").write_text("broken")
    with pytest.raises(RequestError, match=r"targets\.parquet cannot be read"):
        evaluate(EvaluateConfig(run=str(run), bootstrap=0))


def test_a_failed_write_leaves_the_old_file_whole_and_nothing_else(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"l1": float("nan")})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(RunError, match="cannot be written"):
        write_json(path / "below a file" / "metrics.json", {})


def test_judging_and_asking_people_need_no_torch_and_draw_nothing_before_they_answer():
    modules = ", ".join(f"fer_exp.commands.{verb}" for verb in ("evaluate", "compare", "agreement", "crowd", "plan"))
    code = f"import sys, {modules}; sys.exit(bool({{'torch', 'matplotlib'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("as_json", ["false", "true"])
def test_numbers_beside_a_file_that_may_not_be_touched_are_printed_and_that_they_are_not_kept_is_said(
    run, capsys, monkeypatch, as_json
):
    def read_only(path, text, **named):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("pathlib.Path.write_text", read_only)
    words = ["evaluate", f"predictions={run / 'predictions.parquet'}", "bootstrap=0", f"json={as_json}"]
    assert main(words) == 0
    printed, said = capsys.readouterr()
    assert "accuracy" in printed
    assert "predictions.metrics.json cannot be written: the disk is read-only; use a folder on another. " in said
    assert said.endswith("output=FILE keeps them elsewhere.\n")
    assert main([*words, f"output={run / 'other.json'}"]) == 1, "what was asked for by name must be there"
    assert "accuracy" in capsys.readouterr().out


def test_output_is_a_file_or_a_folder(run, tmp_path, capsys):
    table = run / "predictions.parquet"
    kept = tmp_path / "kept"
    for output, file in [(tmp_path / "new" / "m.json", "new/m.json"), (tmp_path / "new" / "n", "new/n.json")]:
        evaluate(EvaluateConfig(predictions=str(table), bootstrap=0, output=str(output)))
        assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / file)
        assert (tmp_path / file).is_file()
    kept.mkdir()
    evaluate(EvaluateConfig(run=str(run), bootstrap=0, output=str(kept)))
    evaluate(EvaluateConfig(predictions=str(table), bootstrap=0, output=str(kept)))
    assert sorted(path.name for path in kept.iterdir()) == ["metrics.json", "predictions.metrics.json"]
    assert not (run / "metrics.json").exists()


def test_beside_a_training_of_the_run_nothing_is_written_into_it(run, tmp_path, capsys):
    (run / "config.yaml").write_text("seed: 1\n", encoding="utf-8")
    (run / "metrics.json").write_text("{}\n", encoding="utf-8")
    words = ["evaluate", f"run={run}", "bootstrap=2"]
    with claimed(run):
        assert main(words) == 0
        printed = capsys.readouterr().out
        assert "accuracy" in printed
        assert "another process is at work on this run, so nothing is written there; output=FILE keeps" in printed
        assert (run / "metrics.json").read_text(encoding="utf-8") == "{}\n"
        assert main([*words, f"output={run}"]) == 0
        assert (run / "metrics.json").read_text(encoding="utf-8") == "{}\n"
        assert main([*words, f"output={tmp_path / 'kept.json'}"]) == 0
        assert (tmp_path / "kept.json").is_file()
    capsys.readouterr()
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "metrics.json had other numbers; it is written again.\n" in said
    assert "run.json" not in said.replace("its run.json is gone", "")
    assert json.loads((run / "metrics.json").read_text(encoding="utf-8"))


def test_other_numbers_do_not_take_the_place_of_a_runs_own(run, tmp_path, capsys):
    (run / "config.yaml").write_text("seed: 1\n", encoding="utf-8")
    (run / "metrics.json").write_text("{}\n", encoding="utf-8")
    other = tmp_path / "other.parquet"
    table = predictions_table()
    table["sex"] = np.where(np.arange(len(table)) % 2, "f", "m")
    for file in (other, run / "predictions.parquet"):
        table.to_parquet(file)
    for words in ([f"predictions={other}"], [f"run={run}", "by=sex"]):
        assert main(["evaluate", *words, "bootstrap=0", f"output={run / 'metrics.json'}"]) == 2
        assert "is what a training found of its own faces; give output=FILE elsewhere." in capsys.readouterr().err
        assert (run / "metrics.json").read_text(encoding="utf-8") == "{}\n"


def test_a_run_whose_record_is_gone_is_judged_and_it_is_said_that_nobody_checked_it(tmp_path, capsys):
    run = tmp_path / "run"
    run.mkdir()
    predictions_table(20).to_parquet(run / "predictions.parquet")
    assert main(["evaluate", f"run={run}", "bootstrap=0", f"output={tmp_path / 'm.json'}"]) == 0
    assert "are not checked" not in capsys.readouterr().err  # an older run, which had no such record
    (run / "begun.json").write_text("{}", encoding="utf-8")
    assert main(["evaluate", f"run={run}", "bootstrap=0", f"output={tmp_path / 'm.json'}"]) == 0
    assert "has not finished, or its run.json is gone: its files are not checked." in capsys.readouterr().err
