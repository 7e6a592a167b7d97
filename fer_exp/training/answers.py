"""What a trained network says of faces, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fer_exp.methods.method import Output, exact
from fer_exp.training.augment import normalise

PREDICT_BATCH = 256
"""Faces a step where nothing is learnt, on a CPU."""
PREDICT_PIXELS = 2**20
"""Pixels of such a step on a GPU. A pixel takes some 250 bytes in float32 where a ResNet is widest (two or three maps
of 64 channels at half the size, and the picture itself): a step takes 256 MiB, so that jobs fit beside each other."""


@torch.inference_mode()
def answers_of(network: nn.Module, batches: Iterable[Tensor]) -> tuple[NDArray[Any], NDArray[Any]]:
    """A network's answers on batches of faces, uint8, shape (B, size, size, channels), in the network's precision.

    Returns:
        Probabilities, shape (N, K), rows sum to 1; valence and arousal, shape (N, 2), nan without that head. Float64.
    """
    first = next(network.eval().parameters())
    logits, affect = [], []
    for pixels in batches:
        output: Output = network(normalise(pixels.to(first.device)).to(first.dtype))
        logits.append(exact(output.logits))
        affect.append(torch.full((len(logits[-1]), 2), torch.nan) if output.affect is None else output.affect)
    return torch.cat(logits).cpu().softmax(dim=1).numpy(), torch.cat(affect).cpu().numpy().astype(np.float64)


def at_once(size: int, device: torch.device) -> int:
    """Faces of a size a step where nothing is learnt; on a GPU a step of a few small ones would be launches, no more.

    It hangs on nothing else, as a GPU's last bits hang on the number of faces: a run that shares its GPU, or whose
    pixels had no room on it, answers the same to the bit.

    >>> gpu, cpu = torch.device("cuda"), torch.device("cpu")
    >>> [at_once(size, gpu) for size in (32, 48, 96, 224)], at_once(48, cpu)
    ([1024, 455, 113, 64], 256)
    """
    return PREDICT_BATCH if device.type == "cpu" else max(64, PREDICT_PIXELS // size**2)


def answer_columns(
    classes: Sequence[str], probabilities: NDArray[np.float64], affect: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """What ``answers_of`` gives as a table of predictions has it: ``p_<class>``, ``valence``, ``arousal``."""
    shares = {f"p_{name}": probabilities[:, k] for k, name in enumerate(classes)}
    return {**shares, "valence": affect[:, 0], "arousal": affect[:, 1]}
