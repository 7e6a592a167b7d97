"""The command line in processes of its own, with the light backbone: waited for, or killed at a chosen moment."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from fer_exp.cli import main
from fer_exp.runs import Run
from fer_exp.training import networks
from tests.light import light_row
from tests.start.sitecustomize import die_with_its_group

ROOT = Path(__file__).parents[1]
CLOCK = ["seconds", "images_per_second"]
"""The columns of a history that no two runs share."""

FORKS = multiprocessing.get_context("forkserver")
"""Of processes that are forks of one, which has nothing but imports behind it: those take longer than all the rest."""
FORKS.set_forkserver_preload(["tests.processes", "fer_exp.cli.sweep", "fer_exp.commands.train", "fer_exp.training.fit"])


def forked(function: Callable[..., Any], *given: Any, **env: str) -> BaseProcess:
    """A function of a test module at work in a process of its own, with one thread."""
    process = FORKS.Process(target=_alone, args=(function, given, environment(**env)))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment().items():  # the first starts the server, which hands them on
            patch.setenv(name, value)
        process.start()
    return process


def _alone(function: Callable[..., Any], given: tuple[Any, ...], env: dict[str, str]) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    torch.set_num_threads(1)
    networks.BACKBONES["resnet18"] = light_row()
    if "DIES_AT" in env:
        die_with_its_group(env["DIES_AT"])
    function(*given)


def environment(**more: str) -> dict[str, str]:
    """Of a process: one thread, since another number adds in another order; this checkout's code; sitecustomize.py."""
    paths = [str(ROOT / "tests" / "start"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths), **more}


class Command:
    """A command in a process group of its own, forked or, with other words ``before`` it, started anew."""

    def __init__(self, *words: str, before: tuple[str, ...] = (), **env: str) -> None:
        self.files = [Path(tempfile.mkstemp()[1]) for _ in range(2)]
        if before:
            out, err = (file.open("w") for file in self.files)
            own = {"env": environment(**env), "start_new_session": True}
            started = subprocess.Popen([sys.executable, *before, *words], stdout=out, stderr=err, **own)
            self.pid, self.wait, self.poll = started.pid, started.wait, started.poll
        else:
            process = forked(_command, words, self.files, **env)
            self.pid, self.wait, self.poll = process.pid, process.join, lambda: process.exitcode

    def ended(self) -> tuple[int, str, str]:
        """Its exit code when it has ended, what it printed, and what it said; nothing of it is left over."""
        try:
            self.wait()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        printed, said = (file.read_text() for file in self.files)
        for file in self.files:
            file.unlink()
        return self.poll(), printed, said


def _command(words: tuple[str, ...], files: list[Path]) -> None:
    for number, file in enumerate(files, start=1):
        os.dup2(os.open(file, os.O_WRONLY), number)
    # Where the tests run in a shell's background, Ctrl-C is ignored and a child inherits that: it listens again.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = main(list(words))
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)  # a fork that returns waits five minutes for joblib's idle workers, which ended() ends


def finish(process: Command, code: int = 0) -> tuple[list[Path], str]:
    """The folders that a command printed, and what it said."""
    ended, printed, said = process.ended()
    assert ended == code, said
    assert "Traceback" not in said
    return [Path(line) for line in printed.splitlines() if line.startswith("/")], said


def killed(at: Path, *words: str) -> None:
    """Run a command that dies, with all its processes, the moment a file is there whole."""
    code, _, said = Command(*words, DIES_AT=str(at)).ended()
    assert code == -signal.SIGKILL, said
    assert at.is_file()


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Of the network that a run predicts with, and of all that its method has where its checkpoint was kept."""
    run = Run(folder)
    taught = torch.load(run.path("checkpoint"), weights_only=True)["state_dict"] if run.has("checkpoint") else {}
    return load_file(run.path("network")) | taught


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
