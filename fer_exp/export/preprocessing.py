"""What has to be done to a picture before a network sees it, in words, for a card and a file's metadata."""

from __future__ import annotations

from fer_exp.training.network_file import Told

CUT = {
    "none": "The picture is a face, cut out as in the corpus. No face is looked for in it.",
    "face": "MTCNN (facenet-pytorch) finds the largest face; a square of the longer side of its box, {margin:g} of "
    "that side added on each side, is cut out so that the eyes are level (fer_exp/pictures/crops.py).",
}
"""By ``dataset.crop``."""


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
