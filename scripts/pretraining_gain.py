"""What is a pretraining worth? Random weights beside `fer-exp pretrain`'s tasks, over seeds, on FER+.

usage: pretraining_gain.py --data DIR [--points FILE] [--jobs 8] [--budget 300] [--seeds 0,1,2] [--faces 4500]

DIR is FER2013 with the votes of FER+. For each seed and start (random; contrast; drawn; points, where a table of
landmarks is given) it measures

- a linear probe: logistic regression on the frozen backbone's features of the training faces, accuracy on validation;
- cross-entropy with 0 and 40 % wrong labels, at a constant rate and without augmentation as the study noisy-labels has
  it, accuracy on test after 3 epochs and after the last. As the rate is constant, three epochs are the first of ten.

Pretrainings and trainings are runs of `fer-exp pretrain` and `fer-exp train` in --output, as many at once as --jobs
says, the first seed's first. What is finished is found again, what was cut off, by --budget seconds too, goes on: the
same command completes the table, which is printed and written to --results as pretraining-gain.csv, .md and .tex; with
--budget 0 it is made of what is finished.

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
from torch import Tensor

from fer_exp.config import BackboneConfig, TrainerConfig
from fer_exp.files import write_json
from fer_exp.report.files import save_table
from fer_exp.runs import Run
from fer_exp.stats.seeds import OverSeeds, over_seeds, paired_over_seeds
from fer_exp.training.augment import normalise
from fer_exp.training.fit import PREDICT_BATCH, find_device
from fer_exp.training.networks import build_network

TASKS = {
    "contrast": ["trainer.epochs=20", "trainer.batch_size=512"],
    "points": ["trainer.epochs=10"],
    "drawn": ["trainer.epochs=10", "faces=20000"],
}
RATES = (0.4, 0.0)
EARLY = 3
REHEARSAL = 1000
PENALTY = 0.01
"""Of the probe's squared weights, per face: chosen beforehand, the same for all."""


class Bench:
    """The commands of one measurement, and the time that is left for them."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.end = time.monotonic() + given.budget
        self.notes, self.noting = given.output / "finished.json", Lock()
        self.finished: dict[str, str] = json.loads(self.notes.read_text()) if self.notes.exists() else {}
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
        """The run of a training from what a pretraining left; None where there was no time or it failed."""
        if (weights := start.result()) is None:
            return None
        words = ["labels=noisy", f"labels.rate={rate}", f"backbone.weights={weights}"]
        words += [f"trainer.epochs={self.given.epochs}", "trainer.batch_size=64", "trainer.schedule=constant"]
        words += ["trainer.augment=none", "trainer.every_epoch=test", "bootstrap=0", f"seed={seed}"]
        folder = self._fer_exp("train", f"{task} {seed} {rate}", [*self.training, *words])
        return None if folder is None else Run(Path(folder))

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


def probed(weights: str, seed: int, run: Run) -> float:
    """Validation accuracy of a logistic regression on a backbone's frozen features, on the faces of a training."""
    targets, store = run.targets, run.store
    if targets is None or store is None:
        raise SystemExit(f"{run.folder} has lost its targets or its store; run the script again without it.")
    device = find_device(TrainerConfig())
    network = build_network(BackboneConfig(weights=weights, stem="imagenet"), 48, 1, False, seed)[0].to(device).eval()
    row_of = dict(zip(store.faces["face"], range(len(store.faces)), strict=True))
    known = {}
    for split in ("train", "val"):
        table = targets[targets["split"] == split]
        rows = np.array([row_of[face] for face in table["face"]])
        with torch.inference_mode():
            features = [
                network(normalise(torch.from_numpy(np.array(store.pixels[part])).to(device))).features.double()
                for part in np.array_split(rows, -(-len(rows) // PREDICT_BATCH))
            ]
        label = pd.Categorical(table["clean_label"], categories=sorted(targets["clean_label"].unique())).codes
        known[split] = torch.cat(features), torch.from_numpy(label.astype(np.int64)).to(device)
    (features_train, taught), (features_val, wanted) = known["train"], known["val"]
    mean, deviation = features_train.mean(dim=0), features_train.std(dim=0).clamp(min=1e-6)
    weight = logistic((features_train - mean) / deviation, taught)
    scores = with_one((features_val - mean) / deviation) @ weight
    return float((scores.argmax(dim=1) == wanted).double().mean())


def logistic(features: Tensor, label: Tensor) -> Tensor:
    """Weights, shape (F + 1, K), of the multinomial logistic regression with a penalty on all but the intercepts."""
    weight = features.new_zeros(features.shape[1] + 1, int(label.max()) + 1).requires_grad_()
    optimizer = torch.optim.LBFGS([weight], max_iter=300, line_search_fn="strong_wolfe")
    inputs = with_one(features)

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(inputs @ weight, label) + PENALTY / 2 * weight[:-1].square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return weight.detach()


def with_one(features: Tensor) -> Tensor:
    """Features and a column of ones."""
    return torch.cat([features, features.new_ones(len(features), 1)], dim=1)


def readings(run: Run, rate: float) -> dict[str, float]:
    """Test accuracy after the early and the last epoch of a training, and what it repeats of wrong labels."""
    history = pd.read_parquet(run.path("history"))
    wrong = f"{100 * rate:.0f} % wrong"
    read = {f"{wrong}, epoch {epoch}": history["test_accuracy"].iloc[epoch - 1] for epoch in early_and_last(history)}
    if rate:
        read[f"{wrong}, best"] = history["test_accuracy"].max()
        read["wrong labels repeated"] = history["wrong_memorised"].iloc[-1]
    return {column: float(value) for column, value in read.items()}


def early_and_last(history: pd.DataFrame) -> list[int]:
    """Numbers of the two epochs, from 1."""
    return sorted({min(EARLY, len(history)), len(history)})


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
    cache = given.output / "probes.json"
    probes: dict[str, float] = json.loads(cache.read_text()) if cache.exists() else {}
    for (arm, seed), start in starts.items():
        columns: dict[str, float] = {}
        done = {rate: run for rate in RATES if (run := runs[arm, seed, rate].result()) is not None}
        weights = start.result()
        if 0.0 in done and weights is not None:
            name = done[0.0].name
            if name not in probes:
                probes[name] = probed(weights, seed, done[0.0])
                write_json(cache, probes)
            columns["linear probe"] = probes[name]
        for rate, run in done.items():
            columns |= readings(run, rate)
        yield arm, seed, columns


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
    parser.add_argument("--results", type=Path, default=Path("results/pretraining-gain"))
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
        raise SystemExit("There was time for nothing; run the same command again.")
    table = pd.DataFrame(rows)
    shown = shown_table(table, arms)
    caption = f"Percent, mean over seeds [95 % t-interval]; +: gain over random, paired. FER+, {given.faces:,} faces."
    save_table(table, given.results / "pretraining-gain", caption, shown=shown)
    print(shown.to_markdown(index=False))
    print(given.results / "pretraining-gain.md")


def shown_table(table: pd.DataFrame, arms: list[str]) -> pd.DataFrame:
    """A row a start; cells with mean and interval over seeds, and the paired gain over random weights."""
    by = {
        (arm, measure): dict(zip(part["seed"], 100 * part["accuracy"], strict=True))
        for (arm, measure), part in table.groupby(["start", "measure"])
    }
    rows = []
    for arm in arms:
        row = {"start": arm}
        for measure in dict.fromkeys(table["measure"]):
            values, random = by.get((arm, measure), {}), by.get(("random", measure), {})
            gain = paired_over_seeds(values, random) if arm != "random" else None
            row[measure] = said(over_seeds(list(values.values()))) + (f"; {said(gain, '+')}" if gain else "")
        rows.append(row | {"seeds": str(len(set(table["seed"][table["start"] == arm])))})
    return pd.DataFrame(rows)


def said(value: OverSeeds | None, sign: str = "") -> str:
    """A mean and its interval, as far as there is one."""
    if value is None:
        return ""
    interval = "" if value.low is None or value.high is None else f" [{value.low:{sign}.1f}, {value.high:{sign}.1f}]"
    return f"{value.mean:{sign}.1f}{interval}"


if __name__ == "__main__":
    main()
