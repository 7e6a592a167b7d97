"""The command line in a process of its own: started, waited for, or killed at a moment that no load can move."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pandas as pd
import torch

from fer_exp.runs import Run

ROOT = Path(__file__).parents[1]
CLOCK = ["seconds", "images_per_second"]
"""The columns of a history that no two runs share."""

# Python reads sitecustomize.py at its start, so children and workers die at the same file, and with it their group.
DIES = """
import os, signal

def replace(old, new, real=os.replace, **named):
    real(old, new, **named)
    if os.fspath(new) == os.environ["DIES_AT"]:
        os.killpg(0, signal.SIGKILL)

os.replace = replace
"""


def start(*words: str, before: tuple[str, ...] = ("-m", "fer_exp"), **env: str) -> subprocess.Popen[str]:
    """A command in a process group of its own, one thread a process: another number adds in another order."""
    paths = [env.pop("PYTHONPATH", ""), str(ROOT), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, paths)), **env}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, *before, *words], env=env, start_new_session=True, **pipes)


def finish(process: subprocess.Popen[str], code: int = 0) -> tuple[list[Path], str]:
    """The folders that a command printed, and what it said."""
    try:
        printed, said = process.communicate()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == code, said
    assert "Traceback" not in said
    return [Path(line) for line in printed.splitlines() if line.startswith("/")], said


def killed(hooks: Path, at: Path, *words: str) -> None:
    """Run a command that dies, with all its processes, the moment a file is there whole."""
    (hooks / "sitecustomize.py").write_text(DIES)
    process = start(*words, PYTHONPATH=str(hooks), DIES_AT=str(at))
    _, said = process.communicate()
    assert process.returncode == -signal.SIGKILL, said
    assert at.is_file()


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(Run(folder).path("checkpoint"), weights_only=True)["state_dict"]


def check_same(one: Path, other: Path) -> None:
    """Two runs of one config are the same to the bit."""
    assert one.name == other.name
    ours, theirs = weights(one), weights(other)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name
    histories = [pd.read_parquet(folder / "history.parquet").drop(columns=CLOCK) for folder in (one, other)]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    for file in ("metrics.json", "predictions.parquet"):
        assert (one / file).read_bytes() == (other / file).read_bytes(), file
