"""What TensorBoard, MLflow and W&B get: config, epochs, human metrics, each once; by Lightning's own interface."""

import importlib.util
import json
from pathlib import Path

import pytest
from pytorch_lightning.loggers import Logger

from fer_exp.cli import main
from fer_exp.config import rules
from fer_exp.runs import runs_in
from fer_exp.training import loggers
from fer_exp.training.progress import History

SMALL = [
    "dataset.faces=72",
    "dataset.size=16",
    "labels.rule=all",
    "trainer=cpu",
    "trainer.batch_size=16",
    "bootstrap=5",
]


class Recorded(Logger):
    """A logger that keeps what it is given."""

    name = "recorded"
    version = ""

    def __init__(self, known: str | None = None) -> None:
        super().__init__()
        self.version = known or "one"
        self.params: dict = {}
        self.points: list[tuple[str, int, float]] = []
        self.status = ""

    def log_hyperparams(self, params, *given, **named):
        self.params |= params

    def log_metrics(self, metrics, step=None):
        self.points += [(name, step, value) for name, value in metrics.items()]

    def finalize(self, status):
        self.status = status


@pytest.fixture
def made(monkeypatch) -> list[Recorded]:
    """The loggers that are made."""

    def make(name, folder, known):
        found.append(Recorded(known))
        return found[-1]

    found: list[Recorded] = []
    monkeypatch.setattr(loggers, "make_logger", make)
    monkeypatch.setattr(rules, "find_spec", lambda name: True)
    return found


def words(place: Path, *more: str) -> list[str]:
    return ["train", *SMALL, f"dataset.cache={place / 'cache'}", f"output={place}", "trainer.logger=mlflow", *more]


@pytest.mark.usefixtures("light")
def test_a_run_interrupted_and_resumed_tells_config_epochs_and_human_metrics_once(tmp_path, made, monkeypatch):
    asked = words(tmp_path, "trainer.epochs=3", "trainer.every_epoch=test")

    def killed(history, trainer, module):
        if trainer.current_epoch == 2:
            raise KeyboardInterrupt
        real(history, trainer, module)

    real = History.on_train_epoch_end
    with monkeypatch.context() as patch:
        patch.setattr(History, "on_train_epoch_end", killed)
        assert main(asked) == 130
    assert main(asked) == 0
    first, second = made
    assert (first.status, second.status) == ("failed", "success")
    assert second.version == first.version, "it goes on in the same run"
    assert first.params["trainer.epochs"] == 3
    assert second.params == {}
    points = [(name, step) for name, step, _ in (*first.points, *second.points)]
    assert len(points) == len(set(points))
    assert [step for name, step in points if name == "train_loss"] == [1, 2, 3]
    assert [step for name, step in points if name == "test/l1"] == [1, 2, 3]
    (run,) = runs_in(tmp_path)
    assert not (run.folder / loggers.WRITTEN).exists()
    values = {(name, step): value for name, step, value in (*first.points, *second.points)}
    for split in ("val", "test"):
        for name, row in run.metrics[split].items():
            if row["value"] is not None:
                assert values[f"{split}/{name}", 3] == pytest.approx(row["value"], abs=1e-6), name
    assert values["test/l1_low", 3] == run.metrics["test"]["l1"]["low"]
    assert values["val/accuracy", 1] == pytest.approx(run.history["val_clean_accuracy"][0])
    assert main(asked) == 0, "a finished run is left as it is"
    assert len(made) == 2


@pytest.mark.usefixtures("light")
def test_a_pretraining_tells_its_epochs(tmp_path, made):
    small = ["faces=64", "dataset.size=16", "trainer=cpu", "trainer.epochs=1", "trainer.batch_size=16"]
    where = [f"dataset.cache={tmp_path / 'cache'}", f"output={tmp_path}"]
    assert main(["pretrain", *small, *where, "trainer.logger=mlflow"]) == 0
    assert all(step == 1 for _, step, _ in made[0].points)
    assert "train_loss" in {name for name, _, _ in made[0].points}


def test_other_processes_write_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    with loggers.logged("tensorboard", runs_in(tmp_path)) as log:
        assert log is None


@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="tensorboard is an extra")
@pytest.mark.usefixtures("light")
def test_tensorboards_files_have_the_human_metrics(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert main([*words(tmp_path)[:-1], "trainer.logger=tensorboard", "trainer.epochs=1"]) == 0
    (run,) = runs_in(tmp_path)
    read = EventAccumulator(str(run.folder / "tensorboard"), size_guidance={"scalars": 0})
    read.Reload()
    (point,) = read.Scalars("test/l1")
    assert point.value == pytest.approx(json.loads(run.path("metrics").read_text())["test"]["l1"]["value"])
