"""safetensors: the file that a run keeps; fer-exp reads it, and other programs find the tensors by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_exp.training.network_file import write_network
from fer_exp.training.trained import Answers, Trained, load

INSTALL = "pip install fer-exp"
USE = """from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from fer_exp.training.trained import load

picture = ImageOps.exif_transpose(Image.open("face.png")).convert("{{ mode }}")
picture = picture.resize(({{ size }}, {{ size }}), Image.Resampling.BILINEAR)
faces = np.asarray(picture).reshape(-1, {{ size }}, {{ size }}, {{ channels }})  # one face, or any number
network = load(Path("model.safetensors"))
answers = network.answers(faces)
print(dict(zip(network.told.classes, answers.probabilities[0].round(3).tolist())))"""


def write(path: Path, trained: Trained, metadata: Mapping[str, str]) -> None:
    """Write the file, with the metadata that every such file has: to the byte what the run keeps."""
    write_network(path, trained.network.state_dict(), trained.told)


def read(path: Path) -> Callable[[NDArray[np.uint8]], Answers]:
    """What `fer-exp` makes of it."""
    return load(path).answers
