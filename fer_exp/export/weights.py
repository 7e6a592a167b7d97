"""safetensors: the file that a run keeps; fer-exp reads it, and other programs find the tensors by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_exp.training.network_file import write_network
from fer_exp.training.trained import Answers, Trained, load

INSTALL = "pip install fer-exp"
USE = """import fer_exp

network = fer_exp.load("model.safetensors")
answer = network("face.png")  # a file, a Pillow picture or an array; a list of them gives a table
print({name: round(share, 3) for name, share in answer.probabilities.items()})"""


def write(path: Path, trained: Trained, metadata: Mapping[str, str]) -> None:
    """Write the file, with the metadata that every such file has: to the byte what the run keeps."""
    write_network(path, trained.network.state_dict(), trained.told)


def read(path: Path) -> Callable[[NDArray[np.uint8]], Answers]:
    """What `fer-exp` makes of it."""
    return load(path).answers
