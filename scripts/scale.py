"""Does training cost more on a larger corpus? Peak memory and images/s at 3,000 and 300,000 faces, on CPU.

usage: scale.py [--size 48] [--steps 60] [--repeats 5]

The pixels are a memory-mapped file of random bytes (2 GB at 300,000 faces of 48 x 48 x 3); rows are drawn from all of
it, as a shuffled epoch does. Each reading is a process of its own, the two sizes in turn; growth of peak memory is
that of the largest reading of each. Cost is told twice, by the clock and by the processor time of user and system,
which other work on the machine disturbs less. On two cores a reading takes about half a minute.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from fer_exp.commands.bench import WARM, whole_path
from fer_exp.config import BackboneConfig, BenchConfig, DatasetConfig, TrainerConfig
from fer_exp.training.batches import Examples

COUNTS = (3_000, 300_000)
CLASSES = 7


def reading(file: Path, count: int, size: int, steps: int) -> dict[str, float]:
    """Images/s, processor milliseconds an image and peak memory (MB) of a training over ``count`` faces, here."""
    pixels = np.memmap(file, np.uint8, mode="r", shape=(count, size, size, 3))
    config = BenchConfig(
        dataset=DatasetConfig(size=size),
        backbone=BackboneConfig(stem="imagenet"),
        trainer=TrainerConfig(accelerator="cpu"),
        steps=steps,
    )
    rows = np.random.default_rng(0).permutation(count)
    target = torch.eye(CLASSES)[torch.arange(count) % CLASSES]
    examples = Examples(pixels, rows, target, torch.full((count, 2), torch.nan))
    before = time.process_time()
    speed = whole_path(examples, config, torch.device("cpu"), CLASSES)
    spent = 1000 * (time.process_time() - before) / ((WARM + steps) * config.trainer.batch_size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"images_per_second": speed, "cpu_ms": spent, "peak_mb": peak}


def main() -> None:
    """Take the readings and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("size", 48), ("steps", 60), ("repeats", 5)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--one", nargs=2, metavar=("FILE", "COUNT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(reading(Path(given.one[0]), int(given.one[1]), given.size, given.steps)))
        return
    measured: dict[int, list[dict[str, float]]] = {count: [] for count in COUNTS}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pixels.u8"
        generator = np.random.default_rng(0)
        with file.open("wb") as out:
            for _ in range(100):
                out.write(generator.bytes(COUNTS[-1] // 100 * given.size**2 * 3))
        for _ in range(given.repeats):
            for count in COUNTS:
                told = [sys.executable, __file__, "--size", str(given.size), "--steps", str(given.steps)]
                done = subprocess.run(
                    [*told, "--one", str(file), str(count)], capture_output=True, text=True, check=True
                )
                measured[count].append(json.loads(done.stdout.splitlines()[-1]))
    for count, each in measured.items():
        speeds, peaks = [one["images_per_second"] for one in each], [one["peak_mb"] for one in each]
        print(
            f"{count:>8,} faces: {np.median(speeds):6.1f} images/s ({min(speeds):.1f} to {max(speeds):.1f}), ", end=""
        )
        print(f"peak memory {max(peaks):,.0f} MB")
    small, large = (measured[count] for count in COUNTS)
    clock = [a["images_per_second"] / b["images_per_second"] for a, b in zip(small, large, strict=True)]
    processor = [b["cpu_ms"] / a["cpu_ms"] for a, b in zip(small, large, strict=True)]
    growth = max(one["peak_mb"] for one in large) - max(one["peak_mb"] for one in small)
    for name, pairs in (("clock", clock), ("processor time", processor)):
        print(f"cost per image by {name}, large / small: {np.median(pairs):.3f} ({min(pairs):.3f} to {max(pairs):.3f})")
    print(f"growth of peak memory: {growth:,.0f} MB")


if __name__ == "__main__":
    main()
