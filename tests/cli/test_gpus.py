"""Jobs side by side on one machine: real processes, GPUs that are only names."""

import fcntl
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from fer_exp.cli.gpus import beside_others, own_gpus, visible
from fer_exp.errors import RunError
from fer_exp.files import locked

JOBS = """
import os, sys, time
from pathlib import Path
from fer_exp.cli.gpus import own_gpus
wanted, beside, jobs, at_once = map(int, sys.argv[1:])
place = Path(os.environ["TMPDIR"])
for job in range(jobs):
    with own_gpus(wanted, beside):
        names = os.environ["CUDA_VISIBLE_DEVICES"]
        began = time.monotonic()
        (place / f"held {names} {os.getpid()}").touch()
        while len(list(place.glob("held *"))) < at_once:  # until as many hold GPUs as can
            time.sleep(0.01)
        print(names, began, time.monotonic())
"""


@pytest.fixture(autouse=True)
def locks(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    tempfile.tempdir = None


def side_by_side(
    processes: int, wanted: int, jobs: int, gpus: str, beside: int = 1
) -> list[list[tuple[str, float, float]]]:
    """For each process its jobs: the GPUs seen, when it began and ended."""
    at_once = len(gpus.split(",")) // wanted * beside
    command = [sys.executable, "-c", JOBS, *map(str, (wanted, beside, jobs, at_once))]
    own = {**os.environ, "CUDA_VISIBLE_DEVICES": gpus, "PYTHONPATH": str(Path(__file__).parents[2])}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(command, env=own, **pipes) for _ in range(processes)]
    found = []
    for process in started:
        printed, said = process.communicate()
        assert process.returncode == 0, said
        lines = [line.split() for line in printed.splitlines()]
        found.append([(names, float(began), float(ended)) for names, began, ended in lines])
    return found


@pytest.mark.parametrize(("wanted", "gpus", "processes"), [(1, "0,1", 3), (2, "GPU-a,GPU-b,GPU-c", 2)])
def test_no_gpu_has_two_jobs_at_a_time_and_a_process_keeps_to_its_own(wanted, gpus, processes):
    found = side_by_side(processes, wanted, 2, gpus)
    assert all(len(jobs) == 2 and len({names for names, _, _ in jobs}) == 1 for jobs in found)
    every = [(set(names.split(",")), began, ended) for jobs in found for names, began, ended in jobs]
    assert all(len(names) == wanted and names <= set(gpus.split(",")) for names, _, _ in every)
    for i, (names, began, ended) in enumerate(every):
        for others, start, end in every[i + 1 :]:
            assert not names & others or ended <= start or end <= began
    if wanted == 1:
        assert set.union(*(names for names, _, _ in every)) == {"0", "1"}


def test_as_many_jobs_as_asked_share_a_gpu_and_no_more():
    found = side_by_side(5, 1, 1, "0,1", beside=2)  # each ends once four of them hold a place
    held = [(names, began, ended) for jobs in found for names, began, ended in jobs]
    for gpu in ("0", "1"):
        own = [(began, ended) for names, began, ended in held if names == gpu]
        at_once = [sum(start <= began < end for start, end in own) for began, _ in own]
        assert max(at_once) == 2
    assert len(held) == 5


def test_a_job_alone_lets_nobody_in_and_waits_for_those_inside(monkeypatch, capfd):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    inside = threading.Event()

    def alone() -> None:
        with own_gpus(1):
            inside.set()

    with own_gpus(1, 2), own_gpus(1, 2):
        waiting = threading.Thread(target=alone)
        waiting.start()
        while "waits for 1 free" not in capfd.readouterr().err:
            time.sleep(0.01)
        with pytest.raises(BlockingIOError), locked(next(Path(tempfile.gettempdir()).glob("*/7.lock"))):
            pass  # the door is shut already
        assert not inside.is_set()
    waiting.join(20)
    assert inside.is_set()


class OutOfMemoryError(RuntimeError):
    """As torch calls its own."""


def test_a_job_for_which_a_shared_gpu_has_no_room_runs_again_alone(monkeypatch, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    open_doors: list[bool] = []

    def job() -> str:
        try:
            with locked(next(Path(tempfile.gettempdir()).glob("*/7.lock"))):
                open_doors.append(True)
        except BlockingIOError:
            open_doors.append(False)
        if len(open_doors) == 1:
            raise RunError("The GPU's memory is full.") from OutOfMemoryError("CUDA out of memory.")
        return "done"

    assert beside_others(job, 1, 3) == "done"
    assert open_doors == [True, False]
    assert capsys.readouterr().err.count("waits until it has the GPU alone") == 1
    open_doors.clear()
    with pytest.raises(RunError, match="full"):  # alone from the start there is nothing to wait for
        beside_others(job, 1, 1)


@pytest.mark.parametrize("error", [ValueError("no room"), RunError("The loss is nan.")])
def test_another_error_is_not_tried_again(monkeypatch, error):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    calls: list[int] = []

    def job() -> None:
        calls.append(1)
        raise error

    with pytest.raises(type(error)):
        beside_others(job, 1, 3)
    assert len(calls) == 1


HOLD = """
import sys
from fer_exp.cli.gpus import own_gpus
with own_gpus(1):
    print(flush=True)
    sys.stdin.read()
"""


def test_a_killed_job_lets_go_of_its_gpu(tmp_path, monkeypatch):
    own = {**os.environ, "CUDA_VISIBLE_DEVICES": "7", "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen([sys.executable, "-c", HOLD], env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    lock = next(tmp_path.glob("fer-exp-gpus-*/7.lock"))
    with lock.open("a") as stream, pytest.raises(BlockingIOError):
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    process.kill()
    process.wait()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    with own_gpus(1):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "7"


@pytest.mark.parametrize("told", ["", "-1", "NoDevFiles"])
def test_without_enough_gpus_nothing_is_held_and_nothing_changes(tmp_path, monkeypatch, told):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", told)
    assert visible() == []
    with own_gpus(1):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == told
    assert not list(tmp_path.iterdir())


def test_names_are_those_of_cuda(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-5f,MIG-1/2,-1,4")
    assert visible() == ["3", "GPU-5f", "MIG-1/2"]
