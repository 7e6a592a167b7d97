"""What is a pretraining worth? Random weights beside `fer-exp pretrain`'s tasks, over seeds, on FER+.

usage: pretraining_gain.py --data DIR [--points FILE] [--jobs 8] [--budget 300] [--seeds 0,1,2] [--faces 4500]
                           [--archive FOLDER]

DIR is FER2013 with the votes of FER+. For each seed and start (random; contrast; drawn; points, where a table of
landmarks is given) it measures

- a linear probe: logistic regression on the frozen backbone's features of the training faces, accuracy on validation;
- cross-entropy with 0 and 40 % wrong labels, at a constant rate and without augmentation as the study noisy-labels has
  it, accuracy on test after 3 epochs and after the last. As the rate is constant, three epochs are the first of ten.

Pretrainings and trainings are runs of `fer-exp pretrain` and `fer-exp train` in --output, as many at once as --jobs
says, the first seed's first. What is finished is found again, what was cut off, by --budget seconds too, goes on: the
same command completes the table, which is printed and written to --results as pretraining-gain.csv, .md and .tex; with
--budget 0 it is made of what is finished. All commands end ten seconds before the budget does; what is missing is said,
and the exit status is then 75.

--archive keeps slim copies of the trainings, and the table that `fer-exp verify` makes of them: without the probes.
--faces under 1,000 is a rehearsal: all splits have as many, the pretraining's too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from fer_exp.config import BackboneConfig, TrainerConfig
from fer_exp.files import write_json
from fer_exp.report.files import save_table
from fer_exp.report.outcome import save
from fer_exp.runs import Run
from fer_exp.runs.slim import slim
from fer_exp.studies import archive
from fer_exp.studies.pretraining_gain import NAME, build, readings, shown_table
from fer_exp.training.answers import PREDICT_BATCH
from fer_exp.training.augment import normalise
from fer_exp.training.devices import find_device
from fer_exp.training.networks import build_network

TASKS = {
    "contrast": ["trainer.epochs=20", "trainer.batch_size=512"],
    "points": ["trainer.epochs=10"],
    "drawn": ["trainer.epochs=10", "faces=20000"],
}
RATES = (0.4, 0.0)
TABLE = 10.0
"""Seconds of the budget that are kept for the table."""
UNFINISHED = 75
"""Exit status where the table is not complete."""
REHEARSAL = 1000
PENALTY = 0.01
"""Of the probe's squared weights, per face: chosen beforehand, the same for all."""


class Bench:
    """The commands of one measurement, and the time that is left for them."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.end = time.monotonic() + given.budget - TABLE
        self.notes, self.noting = given.output / "finished.json", Lock()
        self.finished: dict[str, str] = json.loads(self.notes.read_text()) if self.notes.exists() else {}
        self.probes_file, self.probing = given.output / "probes.json", Lock()
        self.probes: dict[str, float] = json.loads(self.probes_file.read_text()) if self.probes_file.exists() else {}
        self.begun: set[str] = set()
        few = given.faces < REHEARSAL
        data = ["dataset=ferplus", f"dataset.root={given.data}", "dataset.size=48", "backbone.stem=imagenet"]
        self.pretraining = [*data, *([f"dataset.limit={given.faces}"] if few else [])]
        self.training = [*data, "dataset.classes=8", f"dataset.{'' if few else 'train_'}limit={given.faces}"]
        self.small = ["trainer.batch_size=32", f"trainer.epochs={given.epochs}", f"faces={given.faces}"] if few else []

    def start(self, task: str, seed: int) -> str | None:
        """The file of a pretraining, "none" for random weights, None where there was no time or it failed."""
        if task == "random":
            return "none"
        words = [f"task={task}", *self.pretraining, *TASKS[task], *self.small]
        words += [f"points={self.given.points}"] if task == "points" else []
        return self._fer_exp("pretrain", f"{task} {seed}", [*words, f"seed={seed}"])

    def train(self, task: str, seed: int, rate: float, start: Future[str | None]) -> Run | None:
        """The run of a training from what a pretraining left; None where there was no time or it failed.

        The faces and the start are then known, so the first of a start's trainings makes its linear probe.
        """
        if (weights := start.result()) is None:
            return None
        words = ["labels=noisy", f"labels.rate={rate}", f"backbone.weights={weights}"]
        words += [f"trainer.epochs={self.given.epochs}", "trainer.batch_size=64", "trainer.schedule=constant"]
        words += ["trainer.augment=none", "trainer.every_epoch=test", "bootstrap=0", f"seed={seed}"]
        folder = self._fer_exp("train", f"{task} {seed} {rate}", [*self.training, *words])
        if folder is None:
            return None
        try:
            self._probe(task, seed, weights, Run(Path(folder)))
        except Exception as error:  # the table is worth more than one cell of it
            print(f"linear probe of {task} {seed} failed: {error}", file=sys.stderr, flush=True)
        return Run(Path(folder))

    def probe_of(self, weights: str, seed: int) -> str:
        """The key of a linear probe."""
        return f"{weights} seed {seed} of {self.given.faces} faces"

    def _probe(self, task: str, seed: int, weights: str, run: Run) -> None:
        """Validation accuracy of a logistic regression on a backbone's frozen features, if nobody has it in hand."""
        name = self.probe_of(weights, seed)
        with self.probing:  # one at a time: random weights are drawn with torch's one generator
            if name in self.begun or name in self.probes or time.monotonic() > self.end:
                return
            self.begun.add(name)
            known = features(weights, seed, run, self.given.device)
        value = accuracy(*known["train"], *known["val"])
        with self.probing:
            self.probes[name] = value
            write_json(self.probes_file, self.probes)
        print(f"linear probe of {task} {seed}: {value:.3f}", file=sys.stderr, flush=True)

    def _fer_exp(self, command: str, name: str, words: list[str]) -> str | None:
        """The path that a command printed last; what it left is not asked for again."""
        asked = " ".join([command, *words])
        if Path(known := self.finished.get(asked, "")).exists() and known:
            return known
        left = self.end - time.monotonic()
        if left < 1:
            return None
        log = self.given.output / f"{command}-{name.replace(' ', '-')}.log"
        told = [sys.executable, "-m", "fer_exp", command, *words, f"trainer.accelerator={self.given.device}"]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "text": True, "timeout": left}
        with log.open("w") as said:
            try:
                done = subprocess.run([*told, f"output={self.given.output}"], check=False, stderr=said, **pipes)
            except subprocess.TimeoutExpired:
                return None
        if done.returncode:
            print(f"{command} {name} failed: see {log}", file=sys.stderr, flush=True)
            return None
        print(f"{command} {name}: done, {self.end - time.monotonic():,.0f} s left", file=sys.stderr, flush=True)
        with self.noting:
            self.finished[asked] = str(done.stdout.splitlines()[-1])
            write_json(self.notes, self.finished)
        return self.finished[asked]


def features(
    weights: str, seed: int, run: Run, accelerator: str
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """What a backbone says of the faces of a training, shape (N, F), and their classes, by split."""
    targets, store = run.targets, run.store
    if targets is None or store is None:
        raise SystemExit(f"{run.folder} has lost its targets or its store; run the script again without it.")
    device = find_device(TrainerConfig(accelerator=accelerator))
    network = build_network(BackboneConfig(weights=weights, stem="imagenet"), 48, 1, False, seed)[0].to(device).eval()
    row_of = dict(zip(store.faces["face"], range(len(store.faces)), strict=True))
    known = {}
    for split in ("train", "val"):
        table = targets[targets["split"] == split]
        rows = np.array([row_of[face] for face in table["face"]])
        with torch.inference_mode():
            parts = [
                network(normalise(torch.from_numpy(np.array(store.pixels[part])).to(device))).features.double().cpu()
                for part in np.array_split(rows, -(-len(rows) // PREDICT_BATCH))
            ]
        label = pd.Categorical(table["clean_label"], categories=sorted(targets["clean_label"].unique())).codes
        known[split] = torch.cat(parts).numpy(), label.astype(np.int64)
    return known


def accuracy(
    features: NDArray[np.float64],
    label: NDArray[np.int64],
    others: NDArray[np.float64],
    wanted: NDArray[np.int64],
) -> float:
    """Share of the other faces whose class a logistic regression on these names."""
    mean, deviation = features.mean(axis=0), features.std(axis=0, ddof=1).clip(min=1e-6)
    weight = logistic((features - mean) / deviation, label)
    scores = with_one((others - mean) / deviation) @ weight
    return float((scores.argmax(axis=1) == wanted).mean())


def logistic(features: NDArray[np.float64], label: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights, shape (F + 1, K), of the multinomial logistic regression with a penalty on all but the intercepts."""
    inputs, taught = with_one(features), np.eye(label.max() + 1)[label]
    shape = inputs.shape[1], taught.shape[1]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weight = flat.reshape(shape)
        log = log_softmax(inputs @ weight, axis=1)
        gradient = inputs.T @ (np.exp(log) - taught) / len(inputs)
        gradient[:-1] += PENALTY * weight[:-1]
        return float(-(taught * log).sum() / len(inputs) + PENALTY / 2 * (weight[:-1] ** 2).sum()), gradient.ravel()

    start: NDArray[np.float64] = np.zeros(shape[0] * shape[1])
    found: Any = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300, "ftol": 1e-12, "gtol": 1e-6}
    )
    weight: NDArray[np.float64] = found.x.reshape(shape)
    return weight


def with_one(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Features and a column of ones."""
    return np.hstack([features, np.ones((len(features), 1))])


def measured(bench: Bench, arms: list[str]) -> Iterator[tuple[str, int, dict[str, float]]]:
    """Start, seed and accuracies by column of all that there was time for."""
    given = bench.given
    with ThreadPoolExecutor(given.jobs) as pool:
        runs: dict[tuple[str, int, float], Future[Run | None]] = {}
        starts: dict[tuple[str, int], Future[str | None]] = {}
        for seed in given.seeds:
            begun = given.seeds[0] if given.one_start else seed
            for arm in arms:  # first a seed's pretrainings: trainings that wait for them must not keep them waiting
                starts[arm, seed] = starts.get((arm, begun)) or pool.submit(bench.start, arm, begun)
            for rate in RATES:
                for arm in arms:
                    runs[arm, seed, rate] = pool.submit(bench.train, arm, seed, rate, starts[arm, seed])
    for (arm, seed), start in starts.items():
        columns: dict[str, float] = {}
        weights = start.result()
        if weights is not None and (name := bench.probe_of(weights, seed)) in bench.probes:
            columns["linear probe"] = bench.probes[name]
        for rate in RATES:
            if (run := runs[arm, seed, rate].result()) is not None:
                columns |= readings(run, rate)
        yield arm, seed, columns


def keep(given: argparse.Namespace, caption: str) -> None:
    """Write the table of the finished trainings and their slim copies, of which `fer-exp verify` makes it again."""
    trained = [Run(path.parent) for path in sorted(given.output.glob("ferplus-*/run.json"))]
    runs = [slim(run, given.archive / archive.RUNS) for run in trained]
    save(build(runs, caption), given.archive)
    archive.close(given.archive, {"study": NAME, "caption": caption})


def main() -> None:
    """Measure what there is time for and write the table of all that is finished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--points", type=Path, help="a table of landmarks; points.parquet in DIR, if it is there")
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[0, 1, 2])
    parser.add_argument("--one-start", action="store_true", help="all seeds start from the first seed's pretraining")
    parser.add_argument("--jobs", type=int, default=1, help="commands at once")
    parser.add_argument("--budget", type=float, default=1e6, help="seconds")
    parser.add_argument("--faces", type=int, default=4500, help="training faces; 3,953 of 4,500 have a majority")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--tasks", type=lambda text: text.split(","), default=list(TASKS))
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--output", type=Path, default=Path("runs/pretraining-gain"))
    parser.add_argument("--results", type=Path, default=Path("runs/pretraining-gain/table"))
    parser.add_argument("--archive", type=Path, help="where to keep the table of the trainings, with slim runs")
    given = parser.parse_args()
    if given.points is None and (given.data / "points.parquet").is_file():
        given.points = given.data / "points.parquet"
    for name in ("data", "points", "output"):
        if getattr(given, name) is not None:
            setattr(given, name, getattr(given, name).expanduser().resolve())
    given.output.mkdir(parents=True, exist_ok=True)
    arms = ["random", *(task for task in given.tasks if task != "points" or given.points)]
    rows = [
        {"start": arm, "seed": seed, "measure": measure, "accuracy": value}
        for arm, seed, columns in measured(Bench(given), arms)
        for measure, value in columns.items()
    ]
    if not rows:
        print("There was time for nothing; run the same command again.", file=sys.stderr)
        sys.exit(UNFINISHED)
    table = pd.DataFrame(rows)
    shown = shown_table(table)
    caption = f"Percent, mean over seeds [95 % t-interval]; +: gain over random, paired. FER+, {given.faces:,} faces."
    save_table(table, given.results / "pretraining-gain", caption, shown=shown)
    if given.archive is not None:
        keep(given, caption)
    print(shown.to_markdown(index=False))
    print(given.results / "pretraining-gain.md")
    there = set(zip(table["start"], table["seed"], table["measure"], strict=True))
    measures = dict.fromkeys(["linear probe", *table["measure"]])
    every = [(arm, seed, measure) for measure in measures for arm in arms for seed in given.seeds]
    if missing := [f"{arm} {seed} {measure}" for arm, seed, measure in every if (arm, seed, measure) not in there]:
        print(f"Not there, and empty: {', '.join(missing)}. The same command completes the table.", file=sys.stderr)
        sys.exit(UNFINISHED)


if __name__ == "__main__":
    main()
