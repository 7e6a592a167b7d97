"""Sweeps with every launcher that runs on one machine, whole, with a failure, and killed in the middle."""

import importlib.util
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

from fer_exp.training.runs import CHECKPOINT, is_finished

WORDS = ["dataset.faces=72", "dataset.size=16", "labels.rule=all", "trainer=cpu", "trainer.epochs=3"]
WORDS += ["trainer.batch_size=8", "bootstrap=5"]
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
CLOCK = ["seconds", "images_per_second"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


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
    weights = [torch.load(folder / CHECKPOINT, weights_only=True)["state_dict"] for folder in (one, other)]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    histories = [pd.read_csv(folder / "history.csv").drop(columns=CLOCK) for folder in (one, other)]
    pd.testing.assert_frame_equal(*histories, check_exact=True)


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


def children(process: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.mark.parametrize("victim", ["all", "worker"])
@pytest.mark.parametrize("launcher", [pytest.param((), id="plain"), with_plugin("joblib", *JOBLIB)])
def test_a_sweep_killed_in_its_second_run_goes_on_where_it_was(plain, cache, tmp_path, launcher, victim):
    if victim == "worker" and not launcher:
        pytest.skip("a plain sweep has no workers")
    process = start(cache, tmp_path, *launcher, "seed=0,1,2")
    first, second, third = (tmp_path / folder.name for folder in plain)
    deadline = time.monotonic() + 300
    while not (second / CHECKPOINT).is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    if victim == "all":
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    else:
        for child in children(process.pid):
            if b"popen_loky" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
        _, said = finish(process, code=1)
        assert "fer-exp: the launcher lost a job (TerminatedWorkerError: " in said
    assert not is_finished(second)
    assert not is_finished(third)
    done, begun = is_finished(first), (first / CHECKPOINT).is_file()
    assert launcher or done
    folders, said = finish(start(cache, tmp_path, *launcher, "seed=0,1,2"))
    assert said.count("(interrupted before, goes on)") == 1 + (begun and not done)
    assert said.count("is finished already") == done
    for one, other in zip(plain, folders, strict=True):
        check_same(one, other)
