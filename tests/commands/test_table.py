"""`fer-exp table` end to end on the built-in faces: numbers, what is run again, what is left out, what fails."""

import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from scipy import stats

from fer_exp.cli import main
from fer_exp.commands.table import train_missing
from fer_exp.errors import RunError
from fer_exp.studies.presets import Preset, read_preset
from fer_exp.studies.trained import DONE, MISSING
from tests.commands.small_table import words

pytestmark = pytest.mark.usefixtures("light")
train_command = importlib.import_module("fer_exp.commands.train")


@pytest.fixture(scope="module")
def made(light, cache, tmp_path_factory) -> Path:
    """A finished table of two methods and two seeds."""
    place = tmp_path_factory.mktemp("table")
    assert main(words(place, cache)) == 0
    return place


def test_the_table_has_the_runs_numbers(made):
    folder = made / "results" / "noisy-labels-synthetic-smoke"
    table = pd.read_csv(folder / "accuracy.csv").set_index("method")
    runs: dict[str, list[float]] = {}
    for path in sorted((made / "runs").glob("*/run.json")):
        own = json.loads((path.parent / "metrics.json").read_text())["test"]["accuracy"]["value"]
        runs.setdefault(json.loads(path.read_text())["config"]["method"]["name"], []).append(100 * own)
    assert {name: len(values) for name, values in runs.items()} == {"ce": 2, "gce": 2}
    for method, values in runs.items():
        mean, error = sum(values) / 2, stats.sem(values)
        assert table.loc[method, "accuracy"] == pytest.approx(mean)
        half = stats.t.ppf(0.975, 1) * error
        assert table.loc[method, "accuracy_high"] - mean == pytest.approx(half)
    facts = json.loads((folder / "results.json").read_text())
    assert len(facts["runs"]["done"]) == 4
    assert all((folder / f"accuracy.{kind}").is_file() for kind in ("csv", "md", "tex"))


def test_a_second_start_trains_nothing_and_lists_runs_of_another_config(made, cache, capsys, monkeypatch):
    monkeypatch.setattr(train_command, "train", lambda config: pytest.fail("trained again"))
    stray = made / "runs" / "synthetic-stray"
    stray.mkdir()
    (stray / "config.yaml").write_text("seed: 7\n")
    assert main(words(made, cache)) == 0
    printed = capsys.readouterr().out
    assert "left out, runs of another config: synthetic-stray" in printed
    assert printed.splitlines()[-1] == str(made / "results" / "noisy-labels-synthetic-smoke")


def test_a_failed_run_has_a_cell_that_says_so_and_the_table_is_written(tmp_path, cache, capsys, monkeypatch):
    real = train_command.train

    def failing(config):
        if config.seed == 1:
            raise RunError("the loss is nan")
        return real(config)

    monkeypatch.setattr(train_command, "train", failing)
    assert main(words(tmp_path, cache, "method=ce")) == 1
    printed = capsys.readouterr()
    table = pd.read_csv(tmp_path / "results" / "noisy-labels-synthetic-smoke" / "accuracy.csv")
    assert "failed" in table["state"].item()
    assert table["seeds"].item() == 1
    assert "1 of 2 trainings failed" in printed.err
    monkeypatch.setattr(train_command, "train", real)
    assert main(words(tmp_path, cache, "method=ce")) == 0  # goes on with what is missing


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("study=noisylabels", "study=noisylabels is unknown; did you mean noisy-labels"),
        ("scale=big", "scale=big is unknown"),
        ("trainer.epochs=1,2", "trainer.epochs"),
    ],
)
def test_a_bad_request_is_one_sentence(tmp_path, cache, capsys, word, said):
    assert main(words(tmp_path, cache, word)) == 2
    assert said in capsys.readouterr().err


def test_trainings_that_a_launcher_lost_are_no_success(tmp_path, cache, capsys, monkeypatch):
    monkeypatch.setattr("fer_exp.cli.start.run_jobs", lambda *given: 0)
    assert main(words(tmp_path, cache, "method=ce", "seed=0")) == 1
    printed = capsys.readouterr()
    assert "1 of 1 trainings did not run" in printed.err
    assert "not run: 1 of 1 trainings; the same command with run=true runs them" in printed.out


def test_what_is_missing_of_all_grids_is_one_sweep_in_their_order():
    preset = Preset("noisy-labels", "small", "ferplus", {"seed": "seed=0"}, [], ["hydra/launcher=joblib"])
    axes = [{"method": "ce", "labels.rate": "0.4"}, {"method": "mixup", "method.alpha": "8"}, {"method": "gce"}]
    trained = [SimpleNamespace(state=MISSING, words={"seed": "0", **one}) for one in axes]
    trained[0].state = DONE
    started = []
    train_missing(preset, trained, lambda *given: started.append(given) or 0)
    jobs = [["method=mixup", "method.alpha=8"], ["method=gce"]]
    assert started == [("train", ["hydra/launcher=joblib", "seed=0"], jobs)]
    train_missing(preset, trained[:1], lambda *given: pytest.fail("nothing is missing"))


def test_trainings_start_from_a_pretraining_that_is_made_once_and_may_stay_elsewhere(tmp_path, cache, monkeypatch):
    more = ["start.task=drawn", "start.faces=40", "start.trainer.epochs=1", "start.trainer.batch_size=8", "method=ce"]
    more += ["hydra/launcher=basic"]  # Hydra holds the table, and is to hold its trainings
    given = words(tmp_path, cache, *more, f"starts={tmp_path / 'starts'}", "seed=0")
    assert main([*given, "run=false"]) == 0
    folder = tmp_path / "results" / "noisy-labels-synthetic-smoke"
    assert len(json.loads((folder / "results.json").read_text())["runs"]["not run"]) == 1
    assert main(given) == 0
    (weights,) = tmp_path.glob("starts/pretrain-drawn-*/backbone.pt")
    (run,) = tmp_path.glob("runs/synthetic-*")
    facts = json.loads((run / "run.json").read_text())
    assert facts["config"]["backbone"]["weights"] == str(weights)
    assert facts["weights"]["pretrained"]["task"] == "drawn"
    made = json.loads((folder / "results.json").read_text())
    assert weights.parent.name in made["tables"]["accuracy"]["caption"]
    assert made["left_out"] == []
    monkeypatch.setattr(train_command, "train", lambda config: pytest.fail("trained again"))
    weights.unlink()  # too large to carry home
    assert main(given) == 0
    assert not weights.exists()  # nothing is left to be trained from it
    assert json.loads((folder / "results.json").read_text())["runs"]["done"] == [str(run)]


def test_weights_that_a_user_gives_do_without_the_pretraining():
    preset = read_preset("noisy-labels", "small", ["trainer=gpu", "start.faces=5"])
    told = ["dataset=ferplus", "dataset.size=48", "backbone=resnet18", "backbone.stem=imagenet", "trainer=gpu"]
    assert list(preset.start) == [*told, "task=contrast", "trainer.epochs=20", "trainer.batch_size=512", "faces=5"]
    assert "start.faces" not in preset.common
    assert read_preset("noisy-labels", "small", ["backbone.weights=none"]).start == ()
    assert read_preset("noisy-labels", "smoke").start == ()
