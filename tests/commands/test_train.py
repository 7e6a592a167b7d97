"""`fer-exp train` end to end on fakes of the official layouts: what a run folder holds, resume, what is refused."""

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fer_exp.cli import main
from fer_exp.commands.train import train
from fer_exp.config import DatasetConfig, LabelsConfig, TrainConfig, TrainerConfig
from fer_exp.errors import RequestError, RunError
from fer_exp.runs import EPOCHS, Run
from fer_exp.runs.naming import find_runs
from fer_exp.training import fit
from fer_exp.training.module import FaceModule
from fer_exp.training.resuming import PARTS
from tests.datasets.fakes import write_fer2013, write_votes
from tests.processes import Command, check_same, finish, forked

pytestmark = pytest.mark.usefixtures("light")

FILES = ("config.yaml", "metrics.json", "run.json", "history.csv")
FILES += ("targets.parquet", "predictions.parquet", "history.parquet", "network.safetensors")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """A fake FER2013 with FER+ votes; the votes are made decided, so that rules keep faces."""
    folder = tmp_path_factory.mktemp("ferplus")
    write_fer2013(folder, 400)
    write_votes(folder, 400)
    lines = (folder / "fer2013new.csv").read_text().splitlines()
    for row in range(7, 400):
        usage, name = lines[row + 1].split(",")[:2]
        votes = [0] * 10
        votes[row % 7], votes[(row + 1) % 7] = 7, 3
        lines[row + 1] = ",".join([usage, name, *map(str, votes)])
    (folder / "fer2013new.csv").write_text("\n".join(lines) + "\n")
    return folder


def words(corpus: Path, output: Path, *more: str) -> list[str]:
    size = ["dataset.size=24", f"dataset.cache={corpus / 'cache'}", "trainer.batch_size=16", "trainer=cpu"]
    return ["dataset=ferplus", f"dataset.root={corpus}", *size, f"output={output}", "bootstrap=20", *more]


def configured(output: Path, **trainer) -> TrainConfig:
    given = {"epochs": 3, "batch_size": 16, "accelerator": "cpu", **trainer}
    data = DatasetConfig(faces=72, size=24, cache=str(output / "cache"))
    return TrainConfig(
        dataset=data, labels=LabelsConfig(rule="all"), trainer=TrainerConfig(**given), output=str(output), bootstrap=10
    )


@pytest.mark.parametrize("labels", ["onehot", "soft", "noisy"])
def test_a_run_folder_is_whole_and_its_l1_is_the_one_by_hand(corpus, tmp_path, capsys, labels):
    assert main(["train", *words(corpus, tmp_path, f"labels={labels}", "trainer.epochs=1")]) == 0
    folder = Path(capsys.readouterr().out.splitlines()[-1])
    assert folder.parent == tmp_path
    assert all((folder / name).is_file() for name in FILES)
    assert not (folder / "checkpoints").exists()
    table = pd.read_parquet(folder / "predictions.parquet")
    test = table[table["split"] == "test"]
    classes = [name[2:] for name in test if name.startswith("p_")]
    votes = test[[f"votes_{name}" for name in classes]].to_numpy(float)
    model = test[[f"p_{name}" for name in classes]].to_numpy(float)
    by_hand = np.abs(model - votes / votes.sum(axis=1, keepdims=True)).sum(axis=1).mean()
    assert json.loads((folder / "metrics.json").read_text())["test"]["l1"]["value"] == pytest.approx(by_hand, abs=1e-6)
    facts = json.loads((folder / "run.json").read_text())
    assert facts["faces"]["test"] == len(test)
    assert (facts["noise"] is None) == (labels != "noisy")


def test_a_sweep_prints_one_table_and_a_folder_a_line_and_starts_only_what_is_missing(corpus, tmp_path, capsys):
    command = ["train", "-m", *words(corpus, tmp_path, "labels=noisy", "labels.rate=0.2,0.4,7", "trainer.epochs=1")]
    assert main(command) == 1
    printed = capsys.readouterr()
    assert "failed" in printed.out
    assert "labels.rate=7 is no share" in printed.err
    folders = [Path(line) for line in printed.out.splitlines()[-2:]]
    assert all(Run(folder).finished for folder in folders)
    assert ".rate" in printed.out
    assert not (tmp_path / ".sweep").exists()
    for folder, rate in zip(folders, (0.2, 0.4), strict=True):
        targets = pd.read_parquet(folder / "targets.parquet")
        own = targets[targets["split"] == "train"]
        wrong = (own["label"] != own["clean_label"]).groupby(own["clean_label"]).agg(["sum", "size"])
        assert ((wrong["sum"] - rate * wrong["size"]).abs() <= 1).all()
    (folders[0] / "run.json").unlink()
    before = (folders[1] / "run.json").stat().st_mtime_ns
    assert main([word.removesuffix(",7") for word in command]) == 0
    assert "finished already" in capsys.readouterr().err
    assert (folders[1] / "run.json").stat().st_mtime_ns == before
    assert Run(folders[0]).finished


def dying(config: TrainConfig, moment: str) -> None:
    """A run that dies in its second epoch."""

    def in_an_epoch(module, batch, step, real=FaceModule.training_step):
        if module.current_epoch == 1 and step == 1:
            os._exit(9)
        return real(module, batch, step)

    def in_a_write(checkpoint, path, real=fit.torch.save):
        if checkpoint["epoch"] == 1:
            Path(path).write_bytes(b"half a checkpoint")
            os._exit(9)
        real(checkpoint, path)

    if moment == "in an epoch":
        FaceModule.training_step = in_an_epoch
    else:
        fit.torch.save = in_a_write
    train(config)


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> dict[str, TrainConfig]:
    """Configs of two runs that were killed, by the moment: one with labels by epoch and a sampler, one in float64."""
    configs = {
        moment: configured(tmp_path_factory.mktemp("killed"), every_epoch="test")
        for moment in ("in an epoch", "in a write")
    }
    configs["in an epoch"].labels.kind, configs["in an epoch"].trainer.balance = "multipass", "sampler"
    configs["in a write"].trainer.precision, configs["in a write"].trainer.keep = "64-true", "checkpoint"
    for moment, config in configs.items():
        process = forked(dying, config, moment)
        process.join()
        assert process.exitcode == 9
    return configs


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["in an epoch", "in a write"])
def test_a_killed_run_resumes_to_the_same_weights_to_the_bit(killed, tmp_path, moment):
    broken = find_runs([killed[moment]])[0]
    assert not broken.finished
    assert broken.has("checkpoint")
    assert train(killed[moment]) == broken.folder
    whole = train(replace(killed[moment], output=str(tmp_path)))
    check_same(whole, broken.folder)
    history = pd.read_parquet(whole / "history.parquet")
    assert history["epoch"].tolist() == [1, 2, 3]
    assert "test_l1" in history
    assert not (broken.folder / EPOCHS).exists()


def test_every_epoch_is_judged_on_test_where_asked_and_evaluate_keeps_what_is_reported(tmp_path, capsys):
    data = ["dataset.faces=120", "dataset.size=16", f"dataset.cache={tmp_path / 'cache'}", "labels.rule=all"]
    given = [*data, "labels=noisy", "labels.rate=0.4", "trainer=cpu", "trainer.epochs=2", "trainer.every_epoch=test"]
    assert main(["train", *given, f"output={tmp_path}", "bootstrap=0"]) == 0
    printed = capsys.readouterr().out
    assert "accuracy_best_test" in printed
    folder = Path(printed.splitlines()[-1])
    history, csv = pd.read_parquet(folder / "history.parquet"), pd.read_csv(folder / "history.csv")
    assert history.columns[: len(csv.columns)].tolist() == csv.columns.tolist()
    table, targets = (pd.read_parquet(folder / f"{name}.parquet") for name in ("predictions", "targets"))
    metrics = json.loads((folder / "metrics.json").read_text())
    last = history.iloc[-1]
    for split in ("val", "test"):  # the last epoch is what the run predicts
        for name in ("l1", "macro_f1", "ece", "entropy_correlation", "valence_ccc"):
            assert last[f"{split}_{name}"] == pytest.approx(metrics[split][name]["value"], abs=1e-4), name
    val = table[table["split"] == "val"].merge(targets, on="face", suffixes=("", "_taught"))
    answer = val[[name for name in table if name.startswith("p_")]].idxmax(axis=1).str.removeprefix("p_")
    assert last["val_accuracy"] == pytest.approx((answer == val["label_taught"]).mean(), abs=1e-6)
    assert last["val_clean_accuracy"] == pytest.approx((answer == val["clean_label"]).mean())
    assert (val["label_taught"] != val["clean_label"]).any()
    reported = {name: metrics["test"][f"accuracy_{name}"]["value"] for name in ("last5", "best_val", "best_test")}
    test = history["test_accuracy"]
    assert reported["last5"] == pytest.approx(test.mean())
    assert reported["best_val"] == test[history["val_accuracy"].idxmax()]
    assert reported["best_test"] == test.max()
    assert main(["evaluate", f"run={folder}", "bootstrap=0"]) == 0
    again = json.loads((folder / "metrics.json").read_text())
    assert {name: again["test"][f"accuracy_{name}"]["value"] for name in reported} == reported


def test_a_loss_of_nan_ends_with_1_and_keeps_the_last_good_checkpoint(tmp_path):
    config = configured(tmp_path, learning_rate=1e30, optimizer="sgd", schedule="constant")
    with pytest.raises(RunError, match=r"diverged: the loss is (nan|inf) at epoch \d, step \d"):
        train(config)
    assert not find_runs([config])[0].finished


def test_gradients_that_overflow_where_the_weights_do_not_are_not_saved_and_no_run_finishes_on_them(tmp_path):
    config = configured(tmp_path)
    config.method.affect_weight = 1e25
    with pytest.raises(RunError, match=r"diverged: the gradients are no numbers any more at epoch 1"):
        train(config)
    assert not find_runs([config])[0].has("checkpoint")


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path):
    config = configured(tmp_path)
    path = find_runs([config])[0].path("checkpoint")
    path.parent.mkdir(parents=True)
    other = {"network.backbone.conv1.weight": torch.zeros(1)}
    torch.save(dict.fromkeys(PARTS) | {"state_dict": other}, path)
    with pytest.raises(RequestError, match="another architecture"):
        train(config)
    path.write_bytes(b"no checkpoint")
    with pytest.raises(RequestError, match=r"last.ckpt cannot be read"):
        train(config)


def test_a_batch_larger_than_the_split_is_refused(tmp_path):
    with pytest.raises(RequestError, match=r"trainer.batch_size is 512 but the training split has \d+ faces"):
        train(configured(tmp_path, batch_size=512))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RequestError, match="finds no CUDA device"):
        train(configured(tmp_path, accelerator="gpu"))


@pytest.mark.slow
def test_ctrl_c_says_that_the_run_can_go_on(tmp_path):
    words = ["train", "dataset.faces=72", "dataset.size=16", "labels.rule=all", "trainer=cpu", "trainer.epochs=2000"]
    words += ["bootstrap=0", f"output={tmp_path}", f"dataset.cache={tmp_path / 'cache'}"]
    process = Command(*words)
    while not list(tmp_path.glob("*/checkpoints/last.ckpt")) and process.poll() is None:
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    _, said = finish(process, code=130)
    assert "the same command goes on" in said
