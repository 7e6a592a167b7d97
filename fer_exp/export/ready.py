"""A network with what comes before and after it: bytes in, shares of classes out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fer_exp.training.trained import Answers, Trained

OUTPUTS = ("probabilities", "valence", "arousal")
"""What a file answers, in this order; the last two of a network with that head alone."""
CLOSE = 1e-5
"""How far an exported file's answers may lie from the network's."""
SEEN = 16
"""Faces of chance that a file is tried on."""


class Ready(nn.Module):
    """Faces as bytes to probabilities, and valence and arousal where the network has that head, in float32.

    Grey faces have one channel. Means and deviations are buffers, so that they go to a GPU with the weights.
    """

    def __init__(self, trained: Trained) -> None:
        super().__init__()
        network = trained.network
        single = next(network.parameters()).dtype == torch.float32
        self.network = network if single else deepcopy(network).float()  # no runtime has a convolution in float64
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.tensor(trained.told.mean) * 255)
        self.register_buffer("scale", 1 / (torch.tensor(trained.told.std) * 255))
        self.affect = trained.told.affect

    def forward(self, faces: Tensor) -> tuple[Tensor, ...]:
        """What ``OUTPUTS`` names, shapes (N, K), (N,), (N,), of uint8 faces, shape (N, size, size, channels)."""
        pictures = faces.to(torch.float32).sub(self.mean).mul(self.scale).permute(0, 3, 1, 2)
        output = self.network(pictures)
        probabilities = output.logits.softmax(dim=1)
        return (probabilities, output.affect[:, 0], output.affect[:, 1]) if self.affect else (probabilities,)


def some_faces(trained: Trained, count: int = SEEN) -> NDArray[np.uint8]:
    """Faces of chance, the same each time: squares of grey or colour, so that they differ in what a network sees."""
    told, random = trained.told, np.random.default_rng(0)
    cells = random.integers(0, 256, (count, 4, 4, told.channels), dtype=np.uint8)
    rows = np.arange(told.size) * 4 // told.size
    return cells[:, rows][:, :, rows]


@contextmanager
def traced() -> Iterator[None]:
    """No gradients, and no word of what torch would rather be asked for."""
    with torch.no_grad(), warnings.catch_warnings(action="ignore"):
        yield


def as_answers(outputs: list[NDArray[np.float32]]) -> Answers:
    """A file's outputs as a network answers."""
    probabilities, *affect = (output.astype(np.float64) for output in outputs)
    return Answers(probabilities, *(affect or (None, None)))


def difference(ours: Answers, theirs: Answers) -> float:
    """The largest difference between two networks' answers on the same faces."""
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if a is not None and b is not None]
    return max(float(np.abs(a - b).max()) for a, b in pairs)
