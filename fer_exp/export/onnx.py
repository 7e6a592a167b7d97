"""ONNX: bytes in, shares of classes out, for onnxruntime and whatever else reads it.

torch writes it from a trace (``dynamo=False``), with the package onnx alone, in a second for ResNet-18 and in four for
ResNet-152. Its newer way took six and thirty, and wants onnxscript. torch 2.9 to 2.15 call the older way deprecated;
where a later one drops it, ``dynamo=True`` takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from fer_exp.export.ready import OUTPUTS, Ready, as_answers, some_faces, traced
from fer_exp.training.trained import Answers, Trained

OPSET = 17
"""Of 2022: read by onnxruntime from 1.12, and by most others."""


INSTALL = "pip install onnxruntime numpy pillow"
USE = """import json

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

picture = ImageOps.exif_transpose(Image.open("face.png")).convert("{{ mode }}")
picture = picture.resize(({{ size }}, {{ size }}), Image.Resampling.BILINEAR)
faces = np.asarray(picture).reshape(-1, {{ size }}, {{ size }}, {{ channels }})  # one face, or any number
network = onnxruntime.InferenceSession("model.onnx")
{{ outputs }} = network.run(None, {"faces": faces})
classes = json.loads(network.get_modelmeta().custom_metadata_map["classes"])
print(dict(zip(classes, probabilities[0].round(3).tolist())))"""


def write(path: Path, trained: Trained, metadata: Mapping[str, str]) -> None:
    """Write the file, for any number of faces at once; metadata are its ``metadata_props``."""
    import onnx

    outputs = OUTPUTS if trained.told.affect else OUTPUTS[:1]
    with traced():
        torch.onnx.export(
            Ready(trained).eval(),
            (torch.from_numpy(some_faces(trained, 2)),),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=["faces"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "N"} for name in ("faces", *outputs)},
        )
    model = onnx.load(path)
    model.producer_name, model.producer_version = "fer-exp", trained.told.version
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def read(path: Path) -> Callable[[NDArray[np.uint8]], Answers] | None:
    """What onnxruntime makes of it, where that is installed."""
    if find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda faces: as_answers(session.run(None, {"faces": faces}))
