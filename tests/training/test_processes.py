"""A DDP run on two processes with gloo against the same run on one: the same faces, losses, weights and predictions."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from fer_exp.cli import main
from fer_exp.cli.start import run as run_command
from fer_exp.config import TrainerConfig
from fer_exp.errors import RequestError
from fer_exp.methods.affect import affect_loss
from fer_exp.runs import Run
from fer_exp.training.processes import SharedBatchNorm, machines, rows_of_all
from tests.processes import Command, check_same, finish, forked, killed, weights


def a_share(rank: int, place: Path) -> None:
    """What one of two processes makes of its share of each batch."""
    torch.distributed.init_process_group("gloo", init_method=f"file://{place}/meet", rank=rank, world_size=2)
    given = torch.load(place / "given.pt", weights_only=False)
    plugin = SharedBatchNorm(torch.device("cpu"))
    net = plugin.apply(given["net"])
    for pictures, rated in given["steps"]:
        said = rows_of_all(net(pictures[rank::2]))
        ratings = rows_of_all(rated[rank::2])
        (affect_loss(said, ratings) + 0.1 * said.square().mean()).backward()
    for each in net.parameters():  # as DDP does
        torch.distributed.all_reduce(each.grad)
        each.grad /= 2
    made = {"kinds": [type(each).__name__ for each in plugin.revert(net)], "state": net.state_dict()}
    torch.save({**made, "gradients": [each.grad for each in net.parameters()]}, place / f"{rank}.pt")


def test_batch_norm_and_concordance_of_two_processes_are_those_of_the_whole_batch(tmp_path):
    generator = torch.Generator().manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 4, 3), nn.Flatten(1), nn.Linear(16, 2)
    ).double()
    net.append(nn.BatchNorm1d(2, affine=False).double())
    steps = []
    for _ in range(3):
        rated = 2 * torch.rand(10, 2, generator=generator, dtype=torch.float64) - 1
        rated[0, 1] = rated[3] = torch.nan
        steps.append((torch.randn(10, 3, 6, 6, generator=generator, dtype=torch.float64), rated))
    torch.save({"net": net, "steps": steps}, tmp_path / "given.pt")
    for process in [forked(a_share, rank, tmp_path) for rank in (0, 1)]:
        process.join()
        assert process.exitcode == 0
    for pictures, rated in steps:
        said = net(pictures)
        (affect_loss(said, rated) + 0.1 * said.square().mean()).backward()
    for rank in (0, 1):
        made = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert made["kinds"] == [type(each).__name__ for each in net]
        torch.testing.assert_close(made["gradients"], [each.grad for each in net.parameters()], rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(made["state"], dict(net.state_dict()), rtol=1e-9, atol=1e-12)


EPOCHS = 2
# In float64: in float32 the orders in which one and two processes, or two processors, add drift apart with every step.
# SGD, since AdamW moves weights without a gradient as far as others, by their rounding errors.
WORDS = ["dataset.faces=72", "dataset.size=16", "labels.rule=all", f"trainer.epochs={EPOCHS}", "trainer.batch_size=16"]
WORDS += ["trainer.precision=64-true", "trainer.optimizer=sgd", "trainer.learning_rate=0.001", "bootstrap=5"]
TWO = ["trainer=ddp", "trainer.accelerator=cpu"]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> list[str]:
    """The words that every run here shares."""
    return [*WORDS, f"dataset.cache={tmp_path_factory.mktemp('cache')}"]


@pytest.fixture(scope="module")
def two(data, tmp_path_factory) -> dict[int, Path]:
    """Runs on two processes by seed: two jobs of one sweep, one after the other."""
    output = tmp_path_factory.mktemp("two")
    folders, _ = finish(Command("train", "-m", *data, *TWO, f"output={output}", "seed=1,0"))
    return dict(zip((1, 0), folders, strict=True))


@pytest.mark.slow
def test_two_processes_train_as_one(two, data, tmp_path, light):
    assert main(["train", *data, "trainer=cpu", f"output={tmp_path}"]) == 0
    (one,), close = tmp_path.glob("synthetic-*"), {"rtol": 1e-9, "atol": 1e-11}
    losses = [pd.read_csv(folder / "history.csv")[["train_loss", "val_loss"]] for folder in (one, two[0])]
    np.testing.assert_allclose(losses[1], losses[0], **close)
    ours, theirs = weights(two[0]), weights(one)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, msg=lambda text, name=name: f"{name}: {text}", **close)
    tables = [pd.read_parquet(folder / "predictions.parquet") for folder in (one, two[0])]
    assert tables[1]["face"].is_unique
    pd.testing.assert_frame_equal(tables[1], tables[0], **close)
    metrics = [json.loads((folder / "metrics.json").read_text())["test"] for folder in (one, two[0])]
    assert metrics[1].keys() == metrics[0].keys()
    for name in ("accuracy", "l1", "valence_ccc"):
        assert metrics[1][name]["n"] == metrics[0][name]["n"] > 0
        assert metrics[1][name]["value"] == pytest.approx(metrics[0][name]["value"], rel=1e-9)


@pytest.mark.slow
def test_jobs_of_two_processes_in_a_sweep_follow_each_other(two):
    assert [Run(folder).facts["seeds"]["seed"] for folder in two.values()] == [1, 0]
    assert all(len(pd.read_csv(folder / "history.csv")) == EPOCHS for folder in two.values())


@pytest.mark.slow
def test_a_killed_run_of_two_processes_goes_on_under_torchrun_to_the_same_weights_to_the_bit(two, data, tmp_path):
    words = ["train", *data, *TWO, f"output={tmp_path}"]
    begun = Run(tmp_path / two[0].name)
    killed(begun.path("checkpoint"), *words, "trainer.save_every=0")  # after its first step
    assert not begun.finished
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "fer_exp")
    (folder,), said = finish(Command(*words, before=torchrun))
    assert "interrupted before, goes on" in said
    check_same(two[0], folder)


LAUNCHERS = {
    "joblib": (["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"], [1, 0]),
    "submitit": (["hydra/launcher=submitit_local"], [0]),
}


@pytest.mark.slow
@pytest.mark.parametrize("by", LAUNCHERS)
def test_a_launchers_jobs_of_two_processes_are_those_of_a_plain_sweep_and_it_says_what_failed(two, data, tmp_path, by):
    if importlib.util.find_spec(f"hydra_plugins.hydra_{by}_launcher") is None:
        pytest.skip(f"hydra-{by}-launcher is not installed")
    launcher, seeds = LAUNCHERS[by]
    words = ["train", "-m", *launcher, *data, *TWO, f"output={tmp_path}", f"seed={','.join(map(str, [-1, *seeds]))}"]
    folders, said = finish(Command(*words), code=1)
    assert said.count("seed is -1; it must be at least 0.") == 1
    assert not (tmp_path / ".sweep").exists()
    for seed, folder in zip(seeds, folders, strict=True):
        check_same(two[seed], folder)


def test_a_sweep_under_torchrun_is_refused(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    with pytest.raises(RequestError, match=r"torchrun starts one training; run the sweep without it"):
        run_command("train", ["-m", "seed=0,1"])


def test_other_processes_than_the_run_has_devices_are_refused(monkeypatch):
    given = TrainerConfig(devices=2, strategy="ddp", batch_size=32)
    assert machines(given) == 1
    monkeypatch.setenv("SLURM_NNODES", "3")
    with pytest.raises(RequestError, match="2 devices on each of 3 machines share it evenly; make it a multiple of 6"):
        machines(given)
    assert machines(replace(given, batch_size=36)) == 3
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setenv("WORLD_SIZE", "8")
    assert machines(given) == 4
    for wrong in (TrainerConfig(), replace(given, devices=4)):
        with pytest.raises(RequestError, match=r"torchrun started 2 processes .+ give trainer=ddp trainer.devices=2"):
            machines(wrong)
