"""Prepare a folder of JPEGs, and decode the same files alone with other decoders: seconds, images/s, peak memory.

usage: python scripts/prepare_pictures.py [PICTURES] [SIZE ...] [--rounds N] [--folder DIR] [--list ROWS]

Makes PICTURES (20,000) JPEGs of 224 x 224 below DIR (a temporary folder), 500 different ones and hard links to them,
and runs the contestants in turn, each in a process of its own, on all cores. `prepare` is the store at a picture size:
listing, decoding, resizing, writing. The others decode at full size and keep nothing, not even the memory of the last
picture. Of each, wall and processor seconds (user and system, of all threads) are divided by those of the first decoder
in the same round; the medians of these ratios are printed. --list writes a list like AffectNet's of 2017 with so many
rows and times reading it.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from fer_exp.names import CLASSES

DIFFERENT = 500


def make_pictures(folder: Path, number: int) -> None:
    """Write smooth noise that compresses like a face: about 10 to 20 kB a picture at quality 90."""
    random = np.random.default_rng(0)
    (folder / "neutral").mkdir(parents=True, exist_ok=True)
    (folder / "happiness").mkdir(exist_ok=True)
    for place in range(number):
        kind = ("neutral", "happiness")[place % 2]
        file = folder / kind / f"{place:06d}.jpg"
        if place < DIFFERENT:
            coarse = Image.fromarray(random.integers(0, 256, (28, 28, 3), dtype=np.uint8))
            pixels = np.asarray(coarse.resize((224, 224), Image.Resampling.BICUBIC), np.int16)
            noisy = (pixels + random.normal(0, 6, pixels.shape)).clip(0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(file, quality=90)
        else:
            os.link(folder / kind / f"{place % DIFFERENT:06d}.jpg", file)


def prepare(folder: Path, size: int, cache: Path) -> None:
    """The store, into a new cache."""
    from fer_exp.datasets.folder import Folder
    from fer_exp.store import open_store

    open_store(Folder(folder, CLASSES[:7]), size, cache, log=lambda line: None)


def decoder(name: str) -> Callable[[Path], object]:
    """What decodes a file at full size, RGB."""
    if name == "simplejpeg":
        import simplejpeg

        return lambda file: simplejpeg.decode_jpeg(file.read_bytes(), "RGB")
    if name == "torchvision":
        import torch
        from torchvision.io import ImageReadMode, decode_jpeg, read_file

        torch.set_num_threads(1)
        return lambda file: decode_jpeg(read_file(str(file)), ImageReadMode.RGB)
    return lambda file: np.asarray(Image.open(file).convert("RGB"))


def one(name: str, folder: Path, size: int) -> None:
    """Run one contestant; prints wall seconds, processor seconds and peak memory in MB."""
    if name == "prepare":
        import fer_exp.store  # noqa: F401 - importing is not what is measured

        files, decode = [], None
    else:
        files, decode = sorted(folder.glob("*/*.jpg")), decoder(name)
    cache = Path(tempfile.mkdtemp(dir=folder.parent))
    start, used = time.perf_counter(), time.process_time()
    if decode is None:
        prepare(folder, size, cache)
    else:

        def each(some: list[Path]) -> None:
            for file in some:
                decode(file)

        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            list(pool.map(each, [files[first : first + 8] for first in range(0, len(files), 8)]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(time.perf_counter() - start, time.process_time() - used, peak)
    shutil.rmtree(cache)


def race(folder: Path, contestants: list[tuple[str, int]], rounds: int, number: int) -> None:
    """Run the contestants in turn, several times, and print medians."""
    seen: dict[tuple[str, int], list[list[float]]] = {each: [] for each in contestants}
    for _ in range(rounds):
        for name, size in contestants:
            command = [sys.executable, __file__, "--one", name, "--folder", str(folder), str(number), str(size)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seen[name, size].append([float(word) for word in done.stdout.split()])
    print(f"{number:,} JPEGs of 224 x 224, {len(os.sched_getaffinity(0))} cores, medians of {rounds} rounds")
    print(f"{'':24} {'wall s':>8} {'cpu s':>8} {'images/s':>9} {'peak MB':>8} {'wall ratio':>11} {'cpu ratio':>10}")
    alone = next((readings for (name, _), readings in seen.items() if name != "prepare"), None)
    for (name, size), readings in seen.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*readings, strict=True))
        title = f"prepare at {size}" if name == "prepare" else f"{name} alone"
        pairs = [(ours, theirs) for ours, theirs in zip(readings, alone or readings, strict=True)]
        ratios = [statistics.median(ours[what] / theirs[what] for ours, theirs in pairs) for what in (0, 1)]
        print(
            f"{title:24} {wall:8.2f} {cpu:8.2f} {number / wall:9,.0f} {peak:8,.0f} {ratios[0]:11.2f} {ratios[1]:10.2f}"
        )


def time_list(rows: int) -> None:
    """Write AffectNet's list of 2017 with so many rows, 68 landmarks each as in the official one, and read it."""
    from fer_exp.datasets.affectnet import AffectNet2017

    random = np.random.default_rng(0)
    landmarks = ";".join(f"{number:.2f}" for number in random.uniform(0, 400, 136))
    header = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n"
    with tempfile.TemporaryDirectory() as top:
        lists = Path(top) / "Manually_Annotated_file_lists"
        lists.mkdir()
        for name, count in (("training", rows), ("validation", 5_500)):
            lines = [
                f"{row % 1000}/{name}{row:032x}.jpg,{row % 99},{row % 77},200,200,{landmarks},{row % 11},0.5,-0.25\n"
                for row in range(count)
            ]
            (lists / f"{name}.csv").write_text(header + "".join(lines))
        readings = []
        for _ in range(5):
            start = time.perf_counter()
            faces = AffectNet2017(Path(top), CLASSES).read()
            readings.append(time.perf_counter() - start)
        print(
            f"AffectNet's lists of 2017, {rows:,} rows, {sum(f.stat().st_size for f in lists.iterdir()) / 1e6:,.0f} MB:"
        )
        print(f"{len(faces.table):,} faces in {statistics.median(readings):.2f} s (median of 5)")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="?", type=int, default=20_000)
    parser.add_argument("sizes", nargs="*", type=int, default=[224, 112, 48])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--list", type=int)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--alone", nargs="*", default=["simplejpeg", "torchvision", "pillow"])
    given = parser.parse_args()
    if given.list:
        time_list(given.list)
        return
    if given.one:
        one(given.one, given.folder, given.sizes[0])
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as top:
        folder = Path(top) / "pictures"
        make_pictures(folder, given.pictures)
        contestants = [("prepare", size) for size in given.sizes] + [(name, 224) for name in given.alone]
        race(folder, contestants, given.rounds, given.pictures)


if __name__ == "__main__":
    main()
