"""What has to be known to use an exported file: for its metadata, for programs beside it, and in words for a card."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fer_exp import __version__
from fer_exp.export import FORMATS
from fer_exp.export.ready import OUTPUTS
from fer_exp.training.network_file import Told

CUT = {
    "none": "The picture is a face, cut out as in the corpus. No face is looked for in it.",
    "face": "MTCNN (facenet-pytorch) finds the largest face; a square of the longer side of its box, {margin:g} of "
    "that side added on each side, is cut out so that the eyes are level (fer_exp/pictures/crops.py).",
}
"""By ``dataset.crop``."""


def describe(told: Told, name: str) -> dict[str, Any]:
    """All that has to be known to use a network in a format, ready for JSON."""
    outputs = OUTPUTS if told.affect else OUTPUTS[:1]
    return {
        **asdict(told),
        "format": name,
        "input": {"name": "faces", "type": "uint8", "shape": ["N", told.size, told.size, told.channels]},
        "outputs": {each: ["N", len(told.classes)] if each == OUTPUTS[0] else ["N"] for each in outputs},
        "preprocessing": steps(told, inside=FORMATS[name].inside),
        "id2label": dict(enumerate(told.classes)),
        "exported_by": f"fer-exp {__version__}",
    }


def steps(told: Told, *, inside: bool) -> list[str]:
    """The steps in their order; ``inside`` where the file does the last one itself."""
    colours = "grey (Pillow's mode L)" if told.channels == 1 else "RGB"
    mean, std = (", ".join(f"{value:g}" for value in values) for values in (told.mean, told.std))
    grey = "; grey stands for all three" if told.channels == 1 else ""
    whose = "the file does that" if inside else "fer-exp does that"
    return [
        CUT[told.crop].format(margin=told.margin),
        f"It is turned upright as its EXIF says, and made {colours}.",
        f"It is stretched to {told.size} x {told.size} by Pillow's bilinear filter, which averages where it shrinks. "
        f"A JPEG is first decoded at 1/2, 1/4 or 1/8 of its sides where that leaves {told.size} pixels or more.",
        f"Bytes in the order face, row, column, colour: uint8, (N, {told.size}, {told.size}, {told.channels}).",
        f"Divided by 255, less ({mean}), divided by ({std}) by red, green, blue{grey}: {whose}.",
    ]
