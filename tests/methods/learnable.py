"""Faces of three classes that a tiny network learns in seconds, with 40 % wrong labels, and the trainer for it."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, Trainer
from torch import nn

from fer_exp.cli.compose import method_keys
from fer_exp.config import TrainerConfig
from fer_exp.methods.method import Setting
from fer_exp.training.batches import Batches, Examples
from fer_exp.training.module import FaceModule
from fer_exp.training.networks import FaceNetwork
from tests.methods.small import made
from tests.training.trainer import bare_trainer

CLASSES = ("up", "down", "flat")
FACES, WIDTH, BATCH, RATE = 240, 16, 12, 0.4
SHORT = {"warmup": 1, "ramp": 1, "relabel_epoch": 2, "k": 2}
"""Keys that let a method do all that it does within three epochs, on three classes."""


def striped(seed: int, rate: float = RATE) -> Examples:
    """Bright above, bright below, or alike: no colour, shift or mirror changes it. A share of the labels is wrong."""
    random = np.random.default_rng(seed)
    clean = np.arange(FACES) % 3
    slope = np.array([-1, 1, 0])[clean][:, None, None] * np.linspace(-80, 80, 16)[None, :, None]
    pixels = (120 + slope + random.integers(-30, 30, (FACES, 16, 16))).astype(np.uint8)[..., None]
    wrong = random.permutation(FACES) < rate * FACES
    labels = np.where(wrong, (clean + random.integers(1, 3, FACES)) % 3, clean)
    affect = torch.tensor([[-0.5, 0.0], [0.5, 0.2], [0.0, torch.nan]])[torch.from_numpy(clean)]
    target = torch.eye(3)[torch.from_numpy(labels)]
    return Examples(pixels, np.arange(FACES), target, affect, torch.from_numpy(clean))


class TinyBackbone(nn.Module):
    """Two convolutions in the places of a ResNet's parts."""

    def __init__(self, normalised: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, stride=2, padding=1), norm(8, normalised)
        self.relu, self.maxpool = nn.ReLU(), nn.Identity()
        self.layer1 = nn.Sequential(nn.Conv2d(8, WIDTH, 3, stride=2, padding=1), norm(WIDTH, normalised), nn.ReLU())
        self.layer2 = self.layer3 = self.layer4 = nn.Identity()
        self.avgpool = nn.AdaptiveAvgPool2d(1)


def norm(width: int, normalised: bool) -> nn.Module:
    return nn.BatchNorm2d(width) if normalised else nn.Identity()


def tiny_network(seed: int = 0, affect: bool = True, normalised: bool = True) -> FaceNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return FaceNetwork(TinyBackbone(normalised), WIDTH, 3, affect)


def tiny_module(name: str, affect: bool = True, normalised: bool = True, **settings: Any) -> FaceModule:
    """A module that teaches the tiny network with a method, its keys made short."""
    setting = Setting(3, FACES, WIDTH, 3, lambda: tiny_network(1, affect, normalised), noise_rate=RATE)
    method = made(name, setting, **{key: value for key, value in SHORT.items() if key in method_keys(name)}).float()
    network, layout = tiny_network(0, affect, normalised), torch.contiguous_format
    return FaceModule(network, method, TrainerConfig(schedule="constant", **settings), CLASSES, layout=layout)


def fit(
    module: FaceModule,
    folder: Path,
    epochs: int,
    *callbacks: Callback,
    resume: Path | None = None,
    examples: Examples | None = None,
    **settings: Any,
) -> Trainer:
    """Train on wrong labels, validate on right ones."""
    own = {"num_sanity_val_steps": 0, "use_distributed_sampler": False, **settings}
    trainer = bare_trainer(folder, epochs, callbacks=list(callbacks), **own)
    checks = Batches(striped(1, 0), FACES, 0, shuffle=False, shard=False)
    weights_only = True if resume else None
    batches = Batches(examples or striped(0), BATCH, 0, shuffle=True)
    trainer.fit(module, batches, checks, ckpt_path=resume, weights_only=weights_only)
    return trainer
