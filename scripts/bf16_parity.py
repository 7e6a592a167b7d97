"""Does training in bfloat16 lose anything against float32? Pairs of runs that differ in trainer.precision alone.

usage: bf16_parity.py --data DIR [--device cpu|gpu] [--faces 1500] [--epochs 5] [--size 48] [--seeds 3] [--rates 0,0.4]
                      [--jobs N] [--output runs/bf16-parity] [WORD ...]

DIR is a folder of FER2013 with the votes of FER+ (default: the built-in faces). Each cell is one `fer-exp train` on
onehot labels, a share of them made wrong, at a constant rate without augmentation, so that labels are memorised. Runs
that are finished are left as they are: the same command goes on. WORDs go to the trainings (method=ncctfer, ...).

Printed are, for each rate and over all, the mean of bf16-mixed less 32-true over seeds with its 95 % t-interval, for
test accuracy and distance to the votes (L1), and how many times as fast bf16-mixed trained (median of the pairs).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from fer_exp.cli.compose import compose_all
from fer_exp.config import TrainConfig
from fer_exp.runs import Run
from fer_exp.runs.naming import find_runs
from fer_exp.stats.seeds import over_seeds

TOP = Path(__file__).resolve().parents[1]
PRECISIONS = ("32-true", "bf16-mixed")
METRICS = ("accuracy", "l1")


def main() -> int:
    """Trains what is missing, then prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    for name, default in (("faces", 1500), ("epochs", 5), ("size", 48), ("seeds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--rates", default="0,0.4")
    parser.add_argument("--jobs", type=int, help="trainings at once (default: one for each core, at most all)")
    parser.add_argument("--output", type=Path, default=Path("runs/bf16-parity"))
    given, words = parser.parse_known_args()
    rates = [float(rate) for rate in given.rates.split(",")]
    shared = training(given) + words
    cells = [
        (shared, {"labels.rate": str(rate), "seed": str(seed), "trainer.precision": precision})
        for seed in range(given.seeds)
        for rate in rates
        for precision in PRECISIONS
    ]
    jobs = given.jobs or min(len(cells), os.cpu_count() or 1)
    axes = {"labels.rate": rates, "seed": range(given.seeds), "trainer.precision": PRECISIONS}
    sweep = [f"{key}={','.join(map(str, values))}" for key, values in axes.items()]
    if jobs > 1:
        sweep += ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={jobs}", f"trainer.jobs_per_gpu={jobs}"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(TOP), os.environ.get("PYTHONPATH", "")])}
    status = subprocess.run(
        [sys.executable, "-m", "fer_exp", "train", "-m", *shared, *sweep], env=env, stdout=sys.stderr, check=False
    ).returncode
    runs = find_runs([config for config in compose_all("train", cells) if isinstance(config, TrainConfig)])
    if missing := sum(not run.finished for run in runs):
        print(f"{missing} of {len(runs)} runs are not finished; the same command goes on.", file=sys.stderr)
        return status or 1
    show(given, rates, {key: run for (_, axis), run in zip(cells, runs, strict=True) for key in [tuple(axis.values())]})
    return status


def training(given: argparse.Namespace) -> list[str]:
    """The words that all runs share."""
    corpus = [f"dataset.faces={given.faces}"]
    if given.data:
        corpus = ["dataset=ferplus", f"dataset.root={given.data}", "dataset.classes=8", f"dataset.limit={given.faces}"]
    return [
        *corpus, f"dataset.size={given.size}", "labels=noisy", "backbone.stem=imagenet", f"trainer={given.device}",
        f"trainer.epochs={given.epochs}", "trainer.batch_size=64", "trainer.schedule=constant",
        "trainer.augment=none", "bootstrap=0", f"output={given.output}",
    ]  # fmt: skip


def show(given: argparse.Namespace, rates: list[float], runs: dict[tuple[str, ...], Run]) -> None:
    """The table of differences."""
    title = f"bf16-mixed less 32-true, {given.faces} faces, {given.size} px, {given.epochs} epochs, {given.seeds} seeds"
    device = next(iter(runs.values())).facts["device"]
    table = Table(box=None, pad_edge=False, title=f"{title}, {device}", title_justify="left")
    for column in ("wrong labels", "32-true accuracy", *METRICS, "times as fast"):
        table.add_column(column, justify="right")

    def pairs(rate: float) -> list[tuple[Run, Run]]:
        of_seeds = ((str(rate), str(seed)) for seed in range(given.seeds))
        return [(runs[*cell, PRECISIONS[0]], runs[*cell, PRECISIONS[1]]) for cell in of_seeds]

    rows = {f"{rate:g}": pairs(rate) for rate in rates}
    rows["all"] = [pair for of_rate in rows.values() for pair in of_rate]
    for name, paired in rows.items():
        accuracy = np.mean([full.metrics["test"]["accuracy"]["value"] for full, _ in paired])
        faster = np.median([half.facts["images_per_second"] / full.facts["images_per_second"] for full, half in paired])
        table.add_row(name, f"{accuracy:.3f}", *(difference(paired, metric) for metric in METRICS), f"{faster:.2f}")
    Console(highlight=False, width=120).print(table)


def difference(paired: list[tuple[Run, Run]], metric: str) -> str:
    """Mean difference of a metric on test with its interval."""
    values = [[run.metrics["test"][metric]["value"] for run in pair] for pair in paired]
    over = over_seeds([half - full for full, half in values])
    if over is None:
        return ""
    return f"{over.mean:+.4f}" + ("" if over.low is None else f" ({over.low:+.4f} to {over.high:+.4f})")


if __name__ == "__main__":
    sys.exit(main())
