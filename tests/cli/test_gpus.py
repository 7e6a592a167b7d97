"""Jobs side by side on one machine: real processes, GPUs that are only names."""

import fcntl
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from fer_exp.cli import gpus
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


@pytest.fixture
def workers(monkeypatch) -> threading.local:
    """Threads that stand for the processes of a sweep: each has learnt for itself, and polls often."""
    own = threading.local()

    class Learnt:
        def get(self, jobs: int, default: int) -> int:
            return getattr(own, "learnt", {}).get(jobs, default)

        def __setitem__(self, jobs: int, share: int) -> None:
            own.learnt = {jobs: share}

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    monkeypatch.setattr(gpus, "_learnt", Learnt())
    monkeypatch.setattr(gpus, "POLL", 0.005)
    return own


def full() -> RunError:
    error = RunError("The GPU's memory is full.")
    error.__cause__ = OutOfMemoryError("CUDA out of memory.")
    return error


def test_a_job_for_which_a_shared_gpu_has_no_room_counts_for_more_and_more_and_at_last_is_alone(workers, capsys):
    taken: list[int] = []

    def places_taken() -> int:
        files = [*Path(tempfile.gettempdir()).glob("*/7.*.lock")]
        free = 0
        for file in files:
            with suppress(BlockingIOError), locked(file):
                free += 1
        return len(files) - free

    def job() -> str:
        taken.append(places_taken())
        try:
            with locked(next(Path(tempfile.gettempdir()).glob("*/7.lock"))):
                assert taken[-1] < 6
        except BlockingIOError:
            assert taken[-1] == 6  # the door is kept by a job alone, and by no other
        if len(taken) < 4:
            raise full()
        return "done"

    assert beside_others(job, 1, 6) == "done"
    assert taken == [1, 2, 4, 6]
    said = capsys.readouterr().err
    assert [words for words in ("takes 2 of the 6", "takes 4 of", "takes 6 of") if said.count(words) != 1] == []
    assert beside_others(job, 1, 6) == "done"
    assert taken[4:] == [6]  # as the process has learnt
    taken.clear()
    with pytest.raises(RunError, match="full"):  # alone from the start there is nothing to wait for
        beside_others(job, 1, 1)


def test_a_sweep_of_jobs_of_which_few_fit_loses_none_and_settles_while_the_others_go_on(workers):
    rooms, jobs_each, places = 3, 6, 8
    inside, most_inside, failed = 0, 0, 0
    done: list[tuple[int, int]] = []
    waited: list[float] = []
    lock = threading.Lock()

    def job(name: tuple[int, int]) -> None:
        nonlocal inside, most_inside, failed
        waited.append(time.monotonic() - asked[name[0]])
        with lock:
            inside += 1
            crowded = inside > rooms
            most_inside = max(most_inside, inside)
        time.sleep(0.02)
        with lock:
            inside -= 1
            failed += crowded
        if crowded:
            asked[name[0]] = time.monotonic()
            raise full()
        done.append(name)

    asked = [0.0] * places

    def worker(number: int) -> None:
        for each in range(jobs_each):
            asked[number] = time.monotonic()
            beside_others(partial(job, (number, each)), 1, places)

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(places)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [(number, each) for number in range(places) for each in range(jobs_each)]
    assert most_inside > rooms
    assert failed <= 3 * places  # a worker fails three times at most on its way to all eight places
    assert max(waited) < 10  # jobs of 0.02 s; nobody waits for ever


def test_who_collects_places_keeps_newcomers_out_until_it_has_them_and_nobody_who_runs(workers):
    order: list[str] = []

    def hold(name: str, share: int, ready: threading.Event, go: threading.Event) -> None:
        with own_gpus(1, 3, share):
            order.append(name)
            ready.set()
            go.wait(20)

    def start(name: str, share: int = 1) -> tuple[threading.Thread, threading.Event, threading.Event]:
        ready, go = threading.Event(), threading.Event()
        thread = threading.Thread(target=hold, args=(name, share, ready, go))
        thread.start()
        return thread, ready, go

    running = [start(f"running {number}") for number in range(3)]
    assert all(ready.wait(20) for _, ready, _ in running)
    collectors = [start(f"collects {number}", share=2) for number in range(2)]
    door = next(Path(tempfile.gettempdir()).glob("*/7.lock"))
    for _ in range(2000):
        try:
            with locked(door):
                time.sleep(0.005)
        except BlockingIOError:
            break
    running[0][2].set()  # a place gets free, which the collector needs
    newcomer = start("newcomer")
    time.sleep(0.1)
    assert not newcomer[1].is_set()
    assert not any(ready.is_set() for _, ready, _ in collectors)
    running[1][2].set()
    while len(order) == 3:
        time.sleep(0.005)
    assert order[3].startswith("collects")
    for _, _, go in [*running, *collectors, newcomer]:
        go.set()
    for thread, _, _ in [*running, *collectors, newcomer]:
        thread.join(20)
    assert sorted(order[3:]) == ["collects 0", "collects 1", "newcomer"]


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
