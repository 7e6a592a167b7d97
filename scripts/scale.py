"""Does training cost more on a larger corpus? Peak memory and cost of an image at 3,000 and 300,000 faces, on CPU.

usage: scale.py [--size 48] [--steps 12] [--repeats 15]

The pixels are a memory-mapped file of random bytes (2 GB at 300,000 faces of 48 x 48 x 3); rows are drawn from all of
it, as a shuffled epoch does. Peak memory is read in a process of its own for each size. The cost is read in one
process, the two sizes in turn, so that both meet the same machine: the median ratio of neighbours, with its quartiles.
On two cores it takes about four minutes.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from fer_exp.commands.bench import whole_path
from fer_exp.config import BackboneConfig, BenchConfig, DatasetConfig, TrainerConfig
from fer_exp.training.batches import Examples

COUNTS = (3_000, 300_000)
CLASSES = 7


def settings(file: Path, count: int, size: int, steps: int) -> tuple[Examples, BenchConfig]:
    """What trains over ``count`` faces of the file."""
    pixels = np.memmap(file, np.uint8, mode="r", shape=(count, size, size, 3))
    config = BenchConfig(
        dataset=DatasetConfig(size=size),
        backbone=BackboneConfig(stem="imagenet"),
        trainer=TrainerConfig(accelerator="cpu"),
        steps=steps,
    )
    rows = np.random.default_rng(0).permutation(count)
    target = torch.eye(CLASSES)[torch.arange(count) % CLASSES]
    return Examples(pixels, rows, target, torch.full((count, 2), torch.nan)), config


def seconds(examples: Examples, config: BenchConfig) -> tuple[float, float]:
    """Seconds by the clock of a training's steps, and by the processor of all of it."""
    before = time.process_time()
    speed = whole_path(examples, config, torch.device("cpu"), CLASSES)
    return config.steps * config.trainer.batch_size / speed, time.process_time() - before


def main() -> None:
    """Take the readings and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("size", 48), ("steps", 12), ("repeats", 15)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--one", nargs=2, metavar=("FILE", "COUNT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        seconds(*settings(Path(given.one[0]), int(given.one[1]), given.size, given.steps))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pixels.u8"
        generator = np.random.default_rng(0)
        with file.open("wb") as out:
            for _ in range(100):
                out.write(generator.bytes(COUNTS[-1] // 100 * given.size**2 * 3))
        peaks = []
        for count in COUNTS:
            told = [sys.executable, __file__, "--size", str(given.size), "--steps", str(given.steps)]
            done = subprocess.run([*told, "--one", str(file), str(count)], capture_output=True, text=True, check=True)
            peaks.append(float(done.stdout.splitlines()[-1]))
        pair = [settings(file, count, given.size, given.steps) for count in COUNTS]
        read = np.array([[seconds(*one) for one in pair] for _ in range(given.repeats)])
    for number, name in enumerate(("clock", "processor")):
        ratios = read[:, 1, number] / read[:, 0, number]
        low, high = np.percentile(ratios, [25, 75])
        print(
            f"seconds by {name}, {COUNTS[1]:,} / {COUNTS[0]:,} faces: {np.median(ratios):.3f} ({low:.3f} to {high:.3f})"
        )
    print(f"peak memory: {peaks[0]:,.0f} and {peaks[1]:,.0f} MB, growth {peaks[1] - peaks[0]:,.0f} MB")


if __name__ == "__main__":
    main()
