"""Long runs: saved within an epoch, ended by a scheduler's signal, refused where the disk is too small for them."""

import os
import signal
from collections import namedtuple
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fer_exp.cli import main
from fer_exp.cli.compose import method_keys
from fer_exp.commands.train import train
from fer_exp.config import DatasetConfig, LabelsConfig, MethodConfig, TrainConfig, TrainerConfig
from fer_exp.errors import RunError
from fer_exp.runs import Run, claim
from fer_exp.runs.naming import find_runs, run_name
from fer_exp.store import open_dataset
from fer_exp.training import room
from fer_exp.training.module import SO_FAR, FaceModule
from tests.processes import check_same
from tests.training.trainer import broken_off

pytestmark = pytest.mark.usefixtures("light")

METHODS = {
    "ce": {"every_epoch": "test"},
    "co_teaching": {},  # two networks, faces that are selected
    "evidence": {"balance": "sampler"},  # an average of weights after each step, steps that are counted
    "elr": {"optimizer": "sgd", "precision": "64-true"},  # targets that are remembered
}
"""Each with keys of the trainer."""


def configured(output: Path, cache: Path, method: str = "ce", **trainer) -> TrainConfig:
    data = DatasetConfig(faces=90, size=16, cache=str(cache))
    given = TrainerConfig(**{"epochs": 2, "batch_size": 8, "accelerator": "cpu", **METHODS.get(method, {}), **trainer})
    labels = LabelsConfig(kind="noisy", rate=0.2, rule="all")
    return TrainConfig(
        data,
        labels,
        method=MethodConfig(method, keys=method_keys(method)),
        trainer=given,
        output=str(output),
        bootstrap=0,
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_run_killed_within_an_epoch_goes_on_from_there_to_the_same_bits(cache, tmp_path, method):
    config = configured(tmp_path / "broken", cache, method, save_every=0.0, keep="checkpoint")
    with broken_off(FaceModule, 3, RuntimeError):
        train(config)
    run = find_runs([config])[0]
    saved = torch.load(run.path("checkpoint"), weights_only=True)
    assert saved[SO_FAR][0]["losses"].shape == (3,)
    steps = []

    def counted(module, batch, number, learn=FaceModule.training_step):
        steps.append((module.current_epoch, number))
        return learn(module, batch, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FaceModule, "training_step", counted)
        train(config)
    assert steps[0] == (1, 3)
    whole = train(replace(config, output=str(tmp_path / "whole"), trainer=replace(config.trainer, save_every=None)))
    check_same(run.folder, whole)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGUSR2"])
def test_a_signal_saves_at_the_next_step_and_ends_with_the_code_for_try_again(cache, tmp_path, capsys, name):
    words = ["dataset.faces=90", "dataset.size=16", f"dataset.cache={cache}", "trainer=cpu", "trainer.batch_size=8"]
    words += ["bootstrap=0", "trainer.epochs=2", "labels.rule=all"]

    def signalled(module, batch, number, learn=FaceModule.training_step):
        if (module.current_epoch, number) == (1, 2):
            os.kill(os.getpid(), getattr(signal, name))
        return learn(module, batch, number)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FaceModule, "training_step", signalled)
        assert main(["train", *words, f"output={tmp_path}"]) == 75
    assert f"stopped by {name}. Saved at step 3 of epoch 2; the same command goes on from there." in (
        capsys.readouterr().err
    )
    assert signal.getsignal(signal.SIGTERM) is before
    assert main(["train", *words, f"output={tmp_path}"]) == 0
    ours = Path(capsys.readouterr().out.splitlines()[-1])
    assert len(Run(ours).facts["starts"]) == 2
    if name == "SIGTERM":
        assert main(["train", *words, f"output={tmp_path / 'whole'}"]) == 0
        check_same(ours, Path(capsys.readouterr().out.splitlines()[-1]))


def test_a_disk_that_is_too_small_is_said_before_the_first_step(cache, tmp_path, monkeypatch):
    config = configured(tmp_path, cache)
    open_dataset(config.dataset)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(room.shutil, "disk_usage", lambda folder: usage(2000, 1000, 1000))
    monkeypatch.setattr(FaceModule, "training_step", None)
    with pytest.raises(RunError, match=r"the run will write \d+\.\d MB .* and 0\.0 MB are free; make room"):
        train(config)


def test_what_is_needed_is_two_checkpoints_with_the_optimisers_moments_less_what_is_there(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(room.shutil, "disk_usage", lambda folder: usage(0, 0, 0))
    run, module = Run(tmp_path), torch.nn.Linear(1000, 1000, bias=False)
    for optimizer, megabytes in (("sgd", 8), ("adamw", 12)):
        with pytest.raises(RunError, match=rf"will write {2 * megabytes}\.0 MB \(a checkpoint has {megabytes}\.0 MB"):
            room.check_room(run, module, TrainerConfig(optimizer=optimizer), 0, 0, 7)
    run.path("checkpoint").parent.mkdir()
    run.path("checkpoint").write_bytes(b"0" * 12_000_000)
    with pytest.raises(RunError, match=r"will write 12\.0 MB"):
        room.check_room(run, module, TrainerConfig(), 0, 0, 7)


def test_a_file_system_without_locks_is_said(cache, tmp_path, monkeypatch, capsys):
    @contextmanager
    def without(path, busy):
        yield False

    monkeypatch.setattr(claim, "locked", without)
    train(configured(tmp_path, cache, epochs=1))
    assert "this file system has no locks, so nothing keeps a second process out of the run" in capsys.readouterr().err


def test_how_often_a_run_is_saved_is_no_part_of_its_name():
    assert run_name(TrainConfig(), {}) == run_name(TrainConfig(trainer=TrainerConfig(save_every=1.0)), {})
