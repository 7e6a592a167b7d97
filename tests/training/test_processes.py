"""A DDP run on two processes with gloo against the same run on one: the same faces, losses, weights and predictions."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from fer_exp.cli import compose
from fer_exp.config import TrainerConfig
from fer_exp.errors import RequestError
from fer_exp.methods.affect import affect_loss
from fer_exp.runs import CHECKPOINT
from fer_exp.training.processes import machines

SHARES = """
import sys, torch
from torch import nn
from fer_exp.methods.affect import affect_loss
from fer_exp.methods.affect import affect_loss
from fer_exp.training.processes import SharedBatchNorm, rows_of_all

rank, place = int(sys.argv[1]), sys.argv[2]
torch.distributed.init_process_group("gloo", init_method=f"file://{place}/meet", rank=rank, world_size=2)
given = torch.load(f"{place}/given.pt", weights_only=False)
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
torch.save({**made, "gradients": [each.grad for each in net.parameters()]}, f"{place}/{rank}.pt")
"""


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
    own = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", SHARES]
    processes = [subprocess.Popen([*command, str(rank), str(tmp_path)], env=own) for rank in (0, 1)]
    assert [process.wait(timeout=200) for process in processes] == [0, 0]
    for pictures, rated in steps:
        said = net(pictures)
        (affect_loss(said, rated) + 0.1 * said.square().mean()).backward()
    for rank in (0, 1):
        made = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert made["kinds"] == [type(each).__name__ for each in net]
        torch.testing.assert_close(made["gradients"], [each.grad for each in net.parameters()], rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(made["state"], dict(net.state_dict()), rtol=1e-9, atol=1e-12)


EPOCHS = 2
WORDS = ["dataset.faces=72", "dataset.size=16", "labels.rule=all", f"trainer.epochs={EPOCHS}", "trainer.batch_size=16"]
# A step makes a rounding error in float32 up to a hundred times larger, and AdamW moves weights without a gradient as
# far as others; in float64 both sides agree to 1e-15.
WORDS += ["trainer.optimizer=sgd", "trainer.learning_rate=0.001", "bootstrap=5"]
TWO = ["trainer=ddp", "trainer.accelerator=cpu"]
CLOCK = ["seconds", "images_per_second"]


def start(cache: Path, output: Path, *words: str, before: tuple[str, ...] = ("-m", "fer_exp")) -> subprocess.Popen[str]:
    places = [f"dataset.cache={cache}", f"output={output}"]
    command = [sys.executable, *before, "train", *WORDS, *places, *words]
    own = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=own, start_new_session=True, **pipes)


def run(*given, **named) -> tuple[Path, str]:
    """The run folder and what was said."""
    process = start(*given, **named)
    try:
        printed, said = process.communicate(timeout=800)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    return Path(printed.splitlines()[-1]), said


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def two(cache, tmp_path_factory) -> Path:
    """A run on two processes."""
    return run(cache, tmp_path_factory.mktemp("two"), *TWO)[0]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / CHECKPOINT, weights_only=True)["state_dict"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_processes_train_as_one(two, cache, tmp_path):
    one, _ = run(cache, tmp_path, "trainer=cpu")
    losses = [pd.read_csv(folder / "history.csv")[["train_loss", "val_loss"]] for folder in (one, two)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    ours, theirs = weights(two), weights(one)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-3, atol=1e-4, msg=name)
    tables = [pd.read_parquet(folder / "predictions.parquet") for folder in (one, two)]
    assert tables[1]["face"].is_unique
    pd.testing.assert_frame_equal(tables[1], tables[0], rtol=1e-3, atol=1e-4)
    metrics = [json.loads((folder / "metrics.json").read_text())["test"] for folder in (one, two)]
    assert metrics[1].keys() == metrics[0].keys()
    for name in ("accuracy", "l1", "valence_ccc"):
        assert metrics[1][name]["n"] == metrics[0][name]["n"] > 0
        assert metrics[1][name]["value"] == pytest.approx(metrics[0][name]["value"], rel=1e-3, abs=1e-4)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_run_of_two_processes_goes_on_to_the_same_weights_to_the_bit(two, cache, tmp_path):
    process = start(cache, tmp_path, *TWO)
    deadline = time.monotonic() + 500
    while not list(tmp_path.glob(f"*/{CHECKPOINT}")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not list(tmp_path.glob("*/run.json"))
    folder, said = run(cache, tmp_path, *TWO)
    assert "interrupted before, goes on" in said
    assert folder.name == two.name
    for name, value in weights(two).items():
        assert torch.equal(value, weights(folder)[name]), name
    histories = [pd.read_csv(each / "history.csv").drop(columns=CLOCK) for each in (two, folder)]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    assert (folder / "metrics.json").read_bytes() == (two / "metrics.json").read_bytes()


TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "fer_exp")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("by", ["torchrun", "joblib", "submitit"])
def test_jobs_of_two_processes_by_other_starters(two, cache, tmp_path, by):
    launcher = {
        "torchrun": [],
        "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
        "submitit": ["hydra/launcher=submitit_local"],
    }[by]
    if launcher and importlib.util.find_spec(f"hydra_plugins.hydra_{by}_launcher") is None:
        pytest.skip(f"hydra-{by}-launcher is not installed")
    if launcher:
        last, _ = run(cache, tmp_path, "-m", *launcher, *TWO, "seed=1,0")
    else:
        last, _ = run(cache, tmp_path, *TWO, before=TORCHRUN)
    assert last.name == two.name
    assert len(list(tmp_path.glob("*/run.json"))) == (2 if launcher else 1)
    assert not (tmp_path / ".sweep").exists()
    for name, value in weights(two).items():
        assert torch.equal(value, weights(last)[name]), name


def test_a_sweep_under_torchrun_is_refused(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    with pytest.raises(RequestError, match=r"torchrun starts one training; run the sweep without it"):
        compose.run("train", ["-m", "seed=0,1"])


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
