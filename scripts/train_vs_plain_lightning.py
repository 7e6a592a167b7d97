"""Time fer-exp's training path against what one would write today: JPEG files, a per-item Dataset, DataLoader workers.

usage: train_vs_plain_lightning.py [--size 112] [--stored 224] [--faces 1000] [--steps 20] [--repeats 5] [--workers 2]
                                   [--compile]

Both train torchvision's ResNet-18 with Lightning's Trainer on the same faces, with AdamW, batches of 32, a random shift
and mirroring, in float32 on CPU (on a GPU both in bf16-mixed). The peer decodes a JPEG an item with Pillow (--stored:
of which size; AffectNet's 2021 release has 224), resizes where needed, and augments with torchvision.transforms.v2.
Readings are taken in turn; medians and the range of their ratio are printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from pytorch_lightning import LightningModule, Trainer
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import models
from torchvision.transforms import v2

from fer_exp.commands.bench import WARM, Clock, whole_path
from fer_exp.config import BackboneConfig, BenchConfig, DatasetConfig, TrainerConfig
from fer_exp.datasets import open_corpus
from fer_exp.store import open_store
from fer_exp.training.augment import MEAN, STD
from fer_exp.training.batches import Examples
from fer_exp.training.devices import find_device
from fer_exp.training.trainer import quiet

BATCH = 32
CLASSES = 7


class JpegFaces(Dataset[tuple[Tensor, int]]):
    """One file a face, decoded and augmented when asked for."""

    def __init__(self, files: list[Path], length: int, size: int) -> None:
        self.files, self.length = files, length
        self.augment = v2.Compose(
            [
                v2.ToImage(),
                v2.Resize(size, antialias=True),
                v2.RandomCrop(size, padding=round(size / 12), padding_mode="edge"),
                v2.RandomHorizontalFlip(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(MEAN, STD),
            ]
        )

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        number = index % len(self.files)
        with Image.open(self.files[number]) as picture:
            return self.augment(picture.convert("RGB")), number % CLASSES


class Plain(LightningModule):
    """The module of every tutorial."""

    def __init__(self) -> None:
        super().__init__()
        self.network = models.resnet18(weights=None, num_classes=CLASSES)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Cross-entropy against class indices."""
        pictures, labels = batch
        loss = F.cross_entropy(self.network(pictures), labels)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW, as in ours."""
        return torch.optim.AdamW(self.parameters(), 1e-3)


def plain(files: list[Path], size: int, steps: int, workers: int, device: torch.device) -> float:
    """Images/s of the peer."""
    faces = JpegFaces(files, (WARM + steps) * BATCH, size)
    loader: DataLoader[Any] = DataLoader(
        faces,
        BATCH,
        shuffle=True,
        num_workers=workers,
        pin_memory=device.type == "cuda",
        persistent_workers=workers > 0,
    )
    clock = Clock(device, steps)
    with tempfile.TemporaryDirectory() as folder, quiet():
        trainer = Trainer(
            accelerator="gpu" if device.type == "cuda" else "cpu",
            devices=1,
            precision="bf16-mixed" if device.type == "cuda" else "32-true",
            max_epochs=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[clock],
            default_root_dir=folder,
        )
        trainer.fit(Plain(), loader)
    return steps * BATCH / (clock.stop - clock.start)


def main() -> None:
    """Write the faces as JPEG, take the readings, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("size", 112), ("stored", 224), ("faces", 1000), ("steps", 20), ("repeats", 5), ("workers", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--compile", action="store_true", help="train fer-exp's with trainer.compile=true")
    given = parser.parse_args()
    warnings.filterwarnings("ignore", module="torch")
    config = BenchConfig(
        dataset=DatasetConfig(faces=given.faces, size=given.size),
        backbone=BackboneConfig(stem="imagenet"),
        trainer=TrainerConfig(batch_size=BATCH, compile=given.compile),
        steps=given.steps,
    )
    device = find_device(config.trainer)
    corpus = open_corpus(config.dataset)
    store = open_store(corpus, given.size, log=lambda line: print(line, file=sys.stderr))
    larger = open_store(corpus, given.stored, log=lambda line: print(line, file=sys.stderr))
    target = torch.eye(CLASSES)[torch.arange(len(store.faces)) % CLASSES]
    examples = Examples(store.pixels, np.arange(len(store.faces)), target, torch.full((len(target), 2), torch.nan))
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.jpg" for number in range(len(store.faces))]
        for file, pixels in zip(files, larger.pixels, strict=True):
            Image.fromarray(pixels).save(file, quality=95)
        readings: dict[str, Callable[[], float]] = {
            "fer-exp": lambda: whole_path(examples, config, device, CLASSES),
            f"plain Lightning, {given.workers} workers": lambda: plain(
                files, given.size, given.steps, given.workers, device
            ),
            "plain Lightning, no workers": lambda: plain(files, given.size, given.steps, 0, device),
        }
        measured: dict[str, list[float]] = {name: [] for name in readings}
        for _ in range(given.repeats):
            for name, read in readings.items():
                measured[name].append(read())
    print(f"ResNet-18, {given.size} px, batch {BATCH}, {device}; JPEGs of {given.stored} px")
    print(f"images/s, median and range of {given.repeats} readings")
    for name, values in measured.items():
        print(f"{name:<28} {np.median(values):7.1f}  {min(values):.1f} to {max(values):.1f}")
    ours, *others = (np.asarray(values) for values in measured.values())
    for name, other in zip(list(measured)[1:], others, strict=True):
        ratio = ours / other
        print(f"fer-exp / {name}: {np.median(ratio):.3f} ({ratio.min():.3f} to {ratio.max():.3f})")


if __name__ == "__main__":
    main()
