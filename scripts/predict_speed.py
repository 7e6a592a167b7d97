"""What answering JPEG files costs beside the bare network: pictures/s, and processor time.

usage: predict_speed.py [--pictures 10000] [--size 48] [--stored 48] [--backbone resnet18] [--rounds 3] [--pieces 5]

Makes so many JPEGs of ``--stored`` pixels, 500 different ones (smooth noise that compresses like a face) and links to
them. `predict` is the whole path: read, decoded, resized, answered. The bare network runs on one normalised batch that
lies on the device, as often. Both take the pictures in pieces, in turn, so that a slow spell of the machine meets both;
printed are the medians over all pieces, and the median ratio with its quartiles.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from fer_exp.config import BackboneConfig, TrainerConfig
from fer_exp.training.answers import at_once
from fer_exp.training.augment import normalise
from fer_exp.training.devices import find_device
from fer_exp.training.network_file import Told
from fer_exp.training.networks import build_network, fastest_layout
from fer_exp.training.pictures import answer_pictures
from fer_exp.training.trained import Trained

DIFFERENT = 500
CLASSES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger")


def make_pictures(folder: Path, number: int, size: int) -> list[str]:
    """JPEGs of smooth noise at quality 90."""
    random, files = np.random.default_rng(0), []
    for place in range(number):
        files.append(file := folder / f"{place:06d}.jpg")
        if place >= DIFFERENT:
            file.hardlink_to(files[place % DIFFERENT])
            continue
        coarse = Image.fromarray(random.integers(0, 256, (size // 8, size // 8, 3), dtype=np.uint8))
        pixels = np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC), np.int16)
        noisy = (pixels + random.normal(0, 6, pixels.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(file, quality=90)
    return [str(file) for file in files]


def make_network(backbone: str, size: int) -> Trained:
    """A network with weights of chance, as ``load`` gives one."""
    device = find_device(TrainerConfig())
    network, _ = build_network(BackboneConfig(backbone), size, len(CLASSES), False, seed=0)
    told = Told("speed", "folder", "soft", "ce", backbone, "auto", CLASSES, size, 3, "none", 0.1, False)
    layout = fastest_layout(device, size)
    return Trained(network.to(device, memory_format=layout).eval(), told, device)  # type: ignore[call-overload]


@torch.inference_mode()
def bare(trained: Trained, pictures: int) -> None:
    """The network on one batch, as often as so many pictures need it."""
    step, size = at_once(trained.told.size, trained.device), trained.told.size
    pixels = torch.randint(0, 256, (step, size, size, 3), dtype=torch.uint8, device=trained.device)
    batch = normalise(pixels)
    for start in range(0, pictures, step):
        logits = trained.network(batch[: pictures - start]).logits
    logits.cpu()


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of all cores."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("pictures", 10_000), ("size", 48), ("stored", 48), ("rounds", 3), ("pieces", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--backbone", default="resnet18")
    given = parser.parse_args()
    trained, seconds = make_network(given.backbone, given.size), []
    with tempfile.TemporaryDirectory() as folder:
        files = make_pictures(Path(folder), given.pictures, given.stored)
        pieces = [files[n :: given.pieces] for n in range(given.pieces)]
        timed(lambda: bare(trained, 512)), timed(lambda: answer_pictures(trained, files[:512]))
        for _ in range(given.rounds):
            for piece in pieces:
                alone = timed(lambda piece=piece: bare(trained, len(piece)))  # type: ignore[misc]
                whole = timed(lambda piece=piece: answer_pictures(trained, piece))  # type: ignore[misc]
                seconds.append((len(piece), *alone, *whole))
    count, wall, processor, whole_wall, whole_processor = np.array(seconds).T
    print(f"{given.backbone}, {given.size} px, JPEGs of {given.stored} px, {torch.get_num_threads()} threads")
    print(f"bare network: {np.median(count / wall):,.0f} pictures/s; predict: {np.median(count / whole_wall):,.0f}")
    for what, ratios in (("clock", wall / whole_wall), ("processor time", processor / whole_processor)):
        low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
        print(f"predict / bare network by the {what}: {middle:.3f} (quartiles {low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
