"""TorchScript: one file for torch without fer-exp, in Python and C++.

torch 2.11 to 2.15 have it and call it deprecated; ONNX lasts longer.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from fer_exp.export.ready import Ready, as_answers, some_faces, traced
from fer_exp.files import whole
from fer_exp.training.trained import Answers, Trained

METADATA = "metadata.json"
"""The extra file in it."""


INSTALL = "pip install torch numpy pillow"
USE = """import json

import numpy as np
import torch
from PIL import Image, ImageOps

picture = ImageOps.exif_transpose(Image.open("face.png")).convert("{{ mode }}")
picture = picture.resize(({{ size }}, {{ size }}), Image.Resampling.BILINEAR)
faces = np.array(picture).reshape(-1, {{ size }}, {{ size }}, {{ channels }})  # one face, or any number
told = {"metadata.json": ""}
network = torch.jit.load("model.pt", _extra_files=told)
{{ outputs }} = network(torch.from_numpy(faces))
print(dict(zip(json.loads(json.loads(told["metadata.json"])["classes"]), probabilities[0].tolist())))"""


def write(path: Path, trained: Trained, metadata: Mapping[str, str]) -> None:
    """Write the file, for any number of faces at once; metadata are its extra file ``METADATA``."""
    with traced():
        ready, faces = Ready(trained).eval(), torch.from_numpy(some_faces(trained, 2))
        network = torch.jit.trace(ready, faces, check_trace=False)  # type: ignore[no-untyped-call]
        content = io.BytesIO()  # torch's own writer ends the process where a disk is full
        torch.jit.save(network, content, {METADATA: json.dumps(dict(metadata)).encode()})
    _write_without_origins(path, content)


def _write_without_origins(path: Path, content: io.BytesIO) -> None:
    """Leave out where each line of the network's code stood: full paths on this machine, which only tracebacks show."""
    with whole(path) as aside, zipfile.ZipFile(content) as there, zipfile.ZipFile(aside, "w") as written:
        for each in there.infolist():
            if not each.filename.endswith(".debug_pkl"):
                written.writestr(each, there.read(each))


def read(path: Path) -> Callable[[NDArray[np.uint8]], Answers]:
    """What torch alone makes of it."""
    with traced():
        network = torch.jit.load(path)  # type: ignore[no-untyped-call]

    def answers(faces: NDArray[np.uint8]) -> Answers:
        with traced():
            return as_answers([output.numpy() for output in network(torch.from_numpy(faces))])

    return answers
