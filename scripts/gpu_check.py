"""What a GPU has to show, in ten minutes: tests, speed, and as much of the three studies as the time allows.

usage: gpu_check.py DATA [--work gpu_check] [--pack DIR] [--budget 560] [--jobs 10] [--only tests,bench]
                    [--studies noisy-labels] [--device gpu]

DATA is a folder of FER2013 with the votes of FER+. The stages run in the order of ``stages``, each within its share of
the budget; a stage that is over is not run again, and one that was cut off goes on where it stood, so the same command
after an interruption continues. Trainings, tables and logs lie under --work. With --pack they come out as small files
too, renewed after each stage: ``report.tar.xz`` has the logs, the tables and ``check.json`` (seconds and exit status of
each stage), ``runs-<n>.tar.gz`` the run folders without weights, at most 15 MiB a piece. A new machine that
finds such files in --pack takes the runs from there.

``--device cpu --tiny`` rehearses all of it on a CPU in minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]
PIECE = 15 * 2**20
"""Bytes of run folders in one file at most."""
PACKING = 15
"""Seconds kept for the last packing, and of the stage "gain" for its table."""
STUDIES = {"noisy-labels": 10, "cafe-soft": 9, "affectnet-crowd": 6}
"""Studies, and how many trainings of each run at once: together what the memory of a GPU of 80 GB has room for."""
LEFT = "LEFT"
"""Word of a command that stands for the seconds it has, less those for its table."""
UNFINISHED = 75
"""Exit status of a command that says itself that its time was up."""
LEFT_BEHIND = {"checkpoints", "epochs", ".lock", "backbone.pt", "network.safetensors"}
"""What is not packed of a run folder: heavy, and not needed for a table."""
STARTS = "runs/starts"
"""Where pretrainings lie, under --work: what the gain is measured with is what the studies start from."""
BY_METRICS = {"noisy-labels", "starts"}
"""Folders of runs whose tables need no predictions; they are packed as slim runs that have what was judged instead."""


@dataclass(frozen=True)
class Stage:
    """One step of the check.

    Attributes:
        name: what it is called in ``--only`` and check.json.
        seconds: that it may take.
        commands: run one after the other, up to the first that fails; or all at once, if ``together``.
        crowded: whether several processes share the GPU, as NVIDIA's multi-process service then lets them.
        shown: lines of its log that are printed.
    """

    name: str
    seconds: float
    commands: list[list[str]]
    together: bool = False
    crowded: bool = False
    shown: int = 14


def stages(given: argparse.Namespace) -> list[Stage]:
    """All of them: what a first look at a GPU needs, then what the studies start from, then the studies."""
    python, tiny = sys.executable, given.tiny
    fer = [python, "-m", "fer_exp"]
    trainer = [f"trainer={given.device}"]
    data = ["dataset=ferplus", f"dataset.root={given.data}"]
    rooms = [f"tests/{room}" for room in ("training", "pretraining", "cli")]
    tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "gpu", *rooms]
    eight = [] if tiny else ["-n", "8"]
    jobs = {study: given.jobs if study == "noisy-labels" else STUDIES[study] for study in given.studies}

    def bench(size: int, *words: str) -> list[str]:
        steps = ["steps=2", "repeats=1", "trainer.batch_size=32"] if tiny else ["steps=60", "repeats=3"]
        faces = ["dataset.faces=600", f"dataset.size={size}", "backbone.stem=imagenet", "trainer.batch_size=128"]
        return [*fer, "bench", *trainer, *faces, *steps, *words]

    def table(study: str, bootstrap: int) -> list[str]:
        scale, short = ("smoke", []) if tiny else ("small", [f"starts={STARTS}", *given.words])
        places = [f"output=runs/{study}", f"bootstrap={bootstrap}"]
        many = ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={jobs[study]}"]
        many += [f"trainer.jobs_per_gpu={sum(jobs.values())}"]
        return [*fer, "table", f"study={study}", f"scale={scale}", *data, *trainer, *places, *many, *short]

    def script(name: str, *words: str) -> list[str]:
        short = ["--faces", "200", "--epochs", "1"] if tiny else []
        return [python, str(TOP / "scripts" / name), "--data", str(given.data), *words, *short]

    gain = ["--jobs", str(given.jobs), "--one-start", "--device", given.device, "--output", STARTS]
    gain += ["--budget", LEFT]
    gain += ["--points", str(given.points.resolve())] if given.points else []
    tables = [table(study, 0 if study in BY_METRICS else 200) for study in given.studies]
    parity = script("bf16_parity.py", "--device", given.device, "--jobs", "12")
    return [
        Stage("machine", 30, [[python, "-c", MACHINE]]),
        Stage("tests", 90, [tests + eight]),
        Stage("prepare", 60, [[*fer, "prepare", *data, "dataset.size=48"]]),
        Stage("bench", 90, [bench(48), bench(112), bench(48, "trainer.compile=true")]),
        Stage("gain", 120, [script("pretraining_gain.py", *gain)], crowded=True),
        Stage("studies", given.studies_seconds, tables, together=True, crowded=True, shown=60),
        Stage("parity", 60, [parity], crowded=True),
    ]


MACHINE = """
import os, platform, torch, torchvision, pytorch_lightning, numpy
print(platform.platform(), os.cpu_count(), "cores", torch.backends.cpu.get_cpu_capability())
print("torch", torch.__version__, "torchvision", torchvision.__version__, "lightning", pytorch_lightning.__version__)
print(torch.cuda.get_device_name() if torch.cuda.is_available() else "no CUDA device")
"""


def main() -> int:
    """Runs what is not over yet; 0 where every stage that ran ended well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("gpu_check"))
    parser.add_argument("--pack", type=Path)
    parser.add_argument("--budget", type=float, default=560, help="seconds for all of it")
    parser.add_argument("--jobs", type=int, default=10, help="trainings at once: of the gain, and of noisy-labels")
    parser.add_argument("--only", help="stages by name, separated by commas")
    parser.add_argument("--studies", type=lambda names: names.split(","), default=list(STUDIES), help="some of them")
    parser.add_argument("--studies-seconds", type=float, default=360, help="their share of the budget")
    parser.add_argument("--points", type=Path, help="a table of landmarks: task=points is pretrained too")
    parser.add_argument("--words", nargs="*", default=[], help="words for every table, such as start.task=contrast")
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu")
    parser.add_argument("--tiny", action="store_true", help="the smallest scale of everything, for a rehearsal")
    given = parser.parse_args()
    given.data = given.data.resolve()
    sys.path.insert(0, str(TOP))
    end = time.monotonic() + given.budget
    given.work.mkdir(parents=True, exist_ok=True)
    if given.pack:
        given.pack = given.pack.resolve()
        unpack(given.pack, given.work)
    record = given.work / "check.json"
    done: dict[str, Any] = json.loads(record.read_text()) if record.exists() else {}
    for stage in stages(given):
        if (given.only and stage.name not in given.only.split(",")) or done.get(stage.name, {}).get("over"):
            continue
        left = end - time.monotonic() - PACKING
        if left < 5:
            print(f"{stage.name}: no time left", flush=True)
            continue
        with shared_gpu(stage.crowded and given.device == "gpu"):
            done[stage.name] = run(stage, given.work, min(left, stage.seconds))
        record.write_text(json.dumps(done, indent=1))
        if given.pack:
            pack(given.work, given.pack)
    return int(any(stage["status"] not in (0, None) for stage in done.values()))


def run(stage: Stage, work: Path, seconds: float) -> dict[str, Any]:
    """A stage within its time; its last lines are printed, all of them are in <work>/<stage>.log.

    Returns:
        ``seconds`` it took, ``status`` (exit status of the last command, None where time was up) and whether it is
        ``over``: a stage that failed is, so that the check goes on; remove its entry in check.json to run it again.
    """
    begun, log = time.monotonic(), work / f"{stage.name}.log"
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(TOP), os.environ.get("PYTHONPATH", "")])}
    env |= {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    status: int | None = 0
    with log.open("a", encoding="utf-8") as file:

        def start(command: list[str]) -> subprocess.Popen[bytes]:
            left = max(0.0, seconds - (time.monotonic() - begun) - PACKING)
            command = [f"{left:.0f}" if word == LEFT else word for word in command]
            file.write(f"$ {' '.join(command)}\n")
            file.flush()
            where = TOP if "pytest" in command else work
            return subprocess.Popen(
                command, stdout=file, stderr=subprocess.STDOUT, cwd=where, env=env, start_new_session=True
            )

        waiting = [stage.commands] if stage.together else [[command] for command in stage.commands]
        for commands in waiting:
            processes = [start(command) for command in commands]
            for process in processes:
                try:
                    ended = process.wait(timeout=max(0.1, seconds - (time.monotonic() - begun)))
                except subprocess.TimeoutExpired:
                    status = None
                else:
                    status = None if status is None or ended == UNFINISHED else status or ended
            for process in processes:
                stop(process)
            if status != 0:
                break
    took = round(time.monotonic() - begun, 1)
    ended_how = "time is up" if status is None else "done" if status == 0 else f"exit status {status}"
    lines = log.read_text(errors="replace").splitlines()
    print(f"== {stage.name}: {ended_how} after {took} s", *lines[-stage.shown :], sep="\n  ", flush=True)
    if status is None:
        for command in stage.commands:
            if "table" in command:
                print(f"  the table of what is finished: cd {work}; {shlex.join([*command, 'run=false'])}", flush=True)
    return {"seconds": took, "status": status, "over": status is not None}


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a command and all that it started: nothing of it may disturb the next."""
    for kind, wait in ((signal.SIGINT, 3.0), (signal.SIGKILL, 3.0)):
        try:
            os.killpg(process.pid, kind)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=wait)
        except subprocess.TimeoutExpired:
            continue


@contextmanager
def shared_gpu(wanted: bool) -> Iterator[None]:
    """NVIDIA's multi-process service, where it is there: kernels of several trainings then run at the same time."""
    control = shutil.which("nvidia-cuda-mps-control") if wanted else None
    if control:
        subprocess.run([control, "-d"], check=False, capture_output=True)
    try:
        yield
    finally:
        if control:
            subprocess.run([control], input=b"quit\n", check=False, capture_output=True, timeout=20)


def pack(work: Path, place: Path) -> None:
    """Write what can be carried away: the report, and the finished runs in pieces; each written aside, then renamed."""
    from fer_exp.runs import Run  # on the path by ``main``: a checkout is enough
    from fer_exp.runs.slim import slim

    place.mkdir(parents=True, exist_ok=True)
    small = work / "slim"
    with written(place / "report.tar.xz", "w:xz") as tar:
        for path in sorted([*work.glob("*.log"), *work.glob("*.json"), *work.glob("results*")]):
            tar.add(path, path.name)
    folders = sorted(path.parent for path in work.glob("runs/*/*/run.json"))
    number = 0
    while folders:
        with written(place / f"runs-{number}.tar.gz", "w:gz") as tar:
            while folders and tar.offset < 1.2 * PIECE:  # before compression, which saves a quarter at least
                folder = folders.pop(0)
                name = folder.relative_to(work)
                if BY_METRICS & set(name.parts):
                    kept = Run(small / name)
                    folder = (kept if kept.finished else slim(Run(folder), kept.folder.parent, judged=True)).folder
                tar.add(folder, str(name), filter=_light)
        number += 1


def _light(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if LEFT_BEHIND & set(Path(member.name).parts) else member


@contextmanager
def written(path: Path, mode: Any) -> Iterator[tarfile.TarFile]:
    """A tar file that is whole or not there."""
    aside = path.with_suffix(".part")
    with tarfile.open(aside, mode) as tar:
        yield tar
    aside.rename(path)


def unpack(place: Path, work: Path) -> None:
    """Take the finished runs that another machine packed."""
    for piece in sorted(place.glob("runs-*.tar.gz")):
        with tarfile.open(piece) as tar:
            tar.extractall(work, filter="data")


if __name__ == "__main__":
    sys.exit(main())
