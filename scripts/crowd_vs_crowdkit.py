"""Dawid-Skene, GLAD and MACE beside crowd-kit's: time, peak memory, accuracy, and how far the beliefs differ.

crowd-kit pulls in transformers, so it lives in an environment of its own:

    python -m venv /tmp/crowdkit && /tmp/crowdkit/bin/pip install crowd-kit
    python scripts/crowd_vs_crowdkit.py /tmp/crowdkit/bin/python

Each side runs in a process of its own, turn by turn; medians over the turns are printed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

STEPS = 20


def main() -> None:
    """Make answers, let both sides at them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", help="a Python that has crowd-kit")
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--answers", type=int, default=10, help="answers a task")
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--classes", type=int, default=8)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--methods", nargs="+", default=["dawid_skene"], choices=["dawid_skene", "glad", "mace"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "answers.npz"
        truth = make(data, given.tasks, given.answers, given.workers, given.classes)
        print(f"{given.tasks * given.answers:,} answers, {given.tasks:,} tasks, {given.workers:,} workers, "
              f"{given.classes} classes, {STEPS} steps, {given.turns} turns")  # fmt: skip
        print("| method | side | seconds | CPU seconds | memory added, MB | accuracy | largest difference |")
        print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
        for method in given.methods:
            compare(method, given, data, truth)


def make(data: Path, tasks: int, answers: int, workers: int, classes: int) -> np.ndarray[Any, Any]:
    """Answers of workers who are right 30 to 95 % of the time; gives the truth."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, classes, tasks)
    task = np.repeat(np.arange(tasks), answers).astype(np.int32)
    worker = np.concatenate([rng.choice(workers, answers, replace=False) for _ in range(tasks)]).astype(np.int32)
    right = rng.random(len(task)) < rng.uniform(0.3, 0.95, workers)[worker]
    label = np.where(right, truth[task], rng.integers(0, classes, len(task))).astype(np.int32)
    np.savez(data, task=task, worker=worker, label=label, shape=[tasks, workers, classes])
    return truth


def compare(method: str, given: argparse.Namespace, data: Path, truth: np.ndarray[Any, Any]) -> None:
    """Both sides of one method, turn by turn."""
    found: dict[str, list[dict[str, float]]] = {"fer-exp": [], "crowd-kit": []}
    for _ in range(given.turns):
        for side, python in (("fer-exp", sys.executable), ("crowd-kit", given.peer)):
            out = data.with_name(f"{method}-{side}.npy")
            code = f"import runpy, sys; sys.argv = ['x']; m = runpy.run_path({__file__!r}, run_name='side'); "
            code += f"m['side']({side!r}, {method!r}, {str(data)!r}, {str(out)!r})"
            done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
            found[side].append(json.loads(done.stdout.splitlines()[-1]))
    beliefs = {side: np.load(data.with_name(f"{method}-{side}.npy")) for side in found}
    apart = np.abs(beliefs["fer-exp"] - beliefs["crowd-kit"]).max()
    for side, turns in found.items():
        middle = {key: float(np.median([turn[key] for turn in turns])) for key in turns[0]}
        accuracy = (beliefs[side].argmax(axis=1) == truth).mean()
        print(f"| {method} | {side} | {middle['wall']:.2f} | {middle['cpu']:.2f} | {middle['memory']:.0f} "
              f"| {accuracy:.4f} | {apart:.1e} |")  # fmt: skip


def side(name: str, method: str, data: str, out: str) -> None:
    """One side in its own process; prints seconds and memory as JSON and keeps the beliefs."""
    loaded = np.load(data)
    tasks, workers, classes = loaded["shape"].tolist()
    task, worker, label = (loaded[key] for key in ("task", "worker", "label"))
    if name == "fer-exp":
        ours = import_module("fer_exp.raters.aggregation")
        answers = ours.Answered(task, worker, label, tasks, workers, classes)
        options: dict[str, dict[str, Any]] = {
            "dawid_skene": {"steps": STEPS, "tolerance": 0.0, "right": 0.0, "wrong": 0.0},
            "glad": {"steps": STEPS},
            "mace": {"steps": STEPS, "most": STEPS},
        }

        def run() -> Any:
            return getattr(ours, method)(answers, **options[method]).posterior
    else:
        theirs = import_module("crowdkit.aggregation")
        frame = pd.DataFrame({"task": task, "worker": worker, "label": label})
        models = {
            "dawid_skene": lambda: theirs.DawidSkene(n_iter=STEPS, tol=0.0),
            "glad": lambda: theirs.GLAD(n_iter=STEPS, silent=True),
            "mace": lambda: theirs.MACE(n_iter=STEPS, n_restarts=10, random_state=0),
        }

        def run() -> Any:
            table = models[method]().fit_predict_proba(frame)
            return table.sort_index().reindex(columns=range(classes), fill_value=0.0).to_numpy()

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    belief = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    np.save(out, belief)
    print(json.dumps({"wall": wall, "cpu": cpu, "memory": memory}))


if __name__ == "__main__":
    main()
