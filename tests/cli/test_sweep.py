"""Sweeps with every launcher that runs on one machine, whole, with a failure, and killed in the middle."""

import importlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
import torch
from hydra._internal.hydra import Hydra

from fer_exp.cli import main
from fer_exp.cli.sweep import record
from fer_exp.config import EvaluateConfig
from fer_exp.runs import Run

WORDS = ["dataset.faces=72", "dataset.size=16", "labels.rule=all", "trainer=cpu", "trainer.epochs=3"]
WORDS += ["trainer.batch_size=8", "bootstrap=5"]
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
CLOCK = ["seconds", "images_per_second"]


def with_plugin(name: str, *words: str):
    """The words of a launcher; its tests are skipped where it is not installed."""
    there = importlib.util.find_spec(f"hydra_plugins.hydra_{name}_launcher") is not None
    missing = pytest.mark.skipif(not there, reason=f"hydra-{name}-launcher is not installed")
    return pytest.param(words, marks=missing, id=name)


def start(cache: Path, output: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "fer_exp", "train", "-m", *WORDS, f"dataset.cache={cache}", f"output={output}"]
    own = {**os.environ, "OMP_NUM_THREADS": "1"}  # another number of threads adds in another order
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*command, *words], env=own, start_new_session=True, **pipes)


def finish(process: subprocess.Popen[str], code: int = 0) -> tuple[list[Path], str]:
    """The folders printed and what was said."""
    try:
        printed, said = process.communicate(timeout=600)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == code, said
    assert "Traceback" not in said
    return [Path(line) for line in printed.splitlines() if line.startswith("/")], said


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def plain(cache, tmp_path_factory) -> list[Path]:
    """The folders of an undisturbed sweep, one run after the other."""
    folders, _ = finish(start(cache, tmp_path_factory.mktemp("plain"), "seed=0,1,2"))
    assert len(folders) == 3
    return folders


def check_same(one: Path, other: Path) -> None:
    """Two runs of one config are the same to the bit."""
    assert one.name == other.name
    assert (one / "metrics.json").read_bytes() == (other / "metrics.json").read_bytes()
    weights = [torch.load(Run(folder).path("checkpoint"), weights_only=True)["state_dict"] for folder in (one, other)]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    histories = [pd.read_csv(folder / "history.csv").drop(columns=CLOCK) for folder in (one, other)]
    pd.testing.assert_frame_equal(*histories, check_exact=True)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "launcher", [with_plugin("joblib", *JOBLIB), with_plugin("submitit", "hydra/launcher=submitit_local")]
)
def test_a_launcher_gives_the_metrics_of_a_plain_sweep_and_says_what_failed(plain, cache, tmp_path, launcher):
    folders, said = finish(start(cache, tmp_path, *launcher, "seed=-1,0,1"), code=1)
    assert [folder.name for folder in folders] == [folder.name for folder in plain[:2]]
    for one, other in zip(plain[:2], folders, strict=True):
        check_same(one, other)
    assert said.count("seed is -1; it must be at least 0.") == 1
    assert not (tmp_path / ".sweep").exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("launcher", [pytest.param((), id="plain"), with_plugin("joblib", *JOBLIB)])
def test_a_sweep_killed_in_its_second_run_goes_on_where_it_was(plain, cache, tmp_path, launcher):
    process = start(cache, tmp_path, *launcher, "seed=0,1,2")
    first, second, third = (tmp_path / folder.name for folder in plain)
    deadline = time.monotonic() + 300
    while not Run(second).has("checkpoint") and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not Run(second).finished
    assert not Run(third).finished
    done, begun = Run(first).finished, Run(first).has("checkpoint")
    assert launcher or done
    folders, said = finish(start(cache, tmp_path, *launcher, "seed=0,1,2"))
    assert said.count("(interrupted before, goes on)") == 1 + (begun and not done)
    assert said.count("is finished already") == done
    for one, other in zip(plain, folders, strict=True):
        check_same(one, other)


def test_a_job_that_its_launcher_lost_is_said_and_the_others_are_shown(tmp_path, capsys, monkeypatch):
    def made(config):
        (tmp_path / "run").mkdir()
        accuracy = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}
        (tmp_path / "run" / "metrics.json").write_text(json.dumps({"test": {"accuracy": accuracy}}))
        return tmp_path / "run"

    def multirun(*given, **named):
        real(*given, **named)
        raise OSError("a worker is gone\nexit codes: -9")  # what a launcher's libraries raise is of many kinds

    real = Hydra.multirun
    monkeypatch.setattr(importlib.import_module("fer_exp.commands.train"), "train", made)
    monkeypatch.setattr(Hydra, "multirun", multirun)
    assert main(["train", "-m", f"output={tmp_path}", "seed=3"]) == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == str(tmp_path / "run")
    assert "the launcher lost a job (OSError: a worker is gone). The same command runs what is missing" in printed.err


def test_what_a_job_of_submitit_said_into_its_file_is_said_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SUBMITIT_EXECUTOR", "local")
    words = ["train", "-m", f"output={tmp_path}", "dataset.faces=20", "seed=-1,-2"]
    assert main(words) == 1
    assert capsys.readouterr().err.count("seed is -1; it must be at least 0.") == 2  # in the job, and at the end


def test_other_processes_of_a_job_leave_no_record(tmp_path, monkeypatch):
    for rank in ("1", "0"):
        monkeypatch.setenv("SLURM_PROCID", rank)
        record(tmp_path, 0, [], EvaluateConfig, lambda config: None)
        assert (tmp_path / "0.json").is_file() == (rank == "0")


@pytest.mark.parametrize("launcher", [with_plugin("joblib", "hydra/launcher=joblib", "hydra.launcher.n_jobs=1")])
def test_joblibs_jobs_see_one_gpu_each_where_they_want_any(tmp_path, monkeypatch, launcher):
    def made(config):
        seen.append(os.environ["CUDA_VISIBLE_DEVICES"])

    monkeypatch.setattr(importlib.import_module("fer_exp.commands.train"), "train", made)  # one job: in this process
    words = ["train", "-m", f"output={tmp_path}"]
    for given, expected in (
        ([*launcher, "seed=0,1"], ["6", "6"]),
        ([*launcher, "trainer=ddp"], ["6,7"]),
        ([*launcher, "trainer=cpu"], ["6,7"]),
        (["seed=0,1"], ["6,7", "6,7"]),
    ):
        seen: list[str] = []
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "6,7")
        assert main([*words, *given]) == 0
        assert seen == expected
