"""A trained network as one file: safetensors, with all that is needed to use it in the metadata."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from fer_exp import __version__
from fer_exp.errors import RequestError
from fer_exp.files import whole
from fer_exp.regular import reading
from fer_exp.training.augment import MEAN, STD


@dataclass(frozen=True)
class Told:
    """What has to be known to use a network, and what it was taught.

    Attributes:
        run: name of the run.
        corpus: ``dataset.name``.
        labels: the label mode, as the run's name has it.
        method: ``method.name``.
        backbone: ``backbone.name``.
        stem: one of ``networks.STEMS``.
        classes: in the order of the answers.
        size: of the faces, in pixels.
        channels: 1 for grey faces, 3 for colour.
        crop: ``dataset.crop``: how faces were cut out of photographs.
        margin: ``dataset.margin``.
        affect: whether it answers valence and arousal.
        settings: dotted key -> value of all that the run was told and that can change a number, but names of files.
        mean: of red, green and blue as shares of 255, which is taken off; grey counts as all three.
        std: what is divided by, likewise.
        version: of the fer-exp that trained it.
    """

    run: str
    corpus: str
    labels: str
    method: str
    backbone: str
    stem: str
    classes: tuple[str, ...]
    size: int
    channels: int
    crop: str
    margin: float
    affect: bool
    settings: Mapping[str, Any] = field(default_factory=dict)
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD
    version: str = __version__

    @property
    def metadata(self) -> dict[str, str]:
        """The same as texts, for a file's metadata."""
        return as_texts({each.name: getattr(self, each.name) for each in fields(self)})


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as a file's metadata can hold them: what is no text already is JSON."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def told_by(metadata: Mapping[str, str]) -> Told | None:
    """What a file's metadata say; None where they are not of a network of ours.

    >>> told = Told("r", "fer2013", "soft", "ce", "resnet18", "small", ("anger", "fear"), 48, 1, "none", 0.1, False)
    >>> told_by(told.metadata) == told, told_by({"format": "pt"})
    (True, None)
    """
    values: dict[str, Any] = {}
    for each in fields(Told):
        try:
            text = metadata[each.name]
            values[each.name] = text if each.type == "str" else json.loads(text)
        except (KeyError, ValueError):
            return None
        if isinstance(values[each.name], list):
            values[each.name] = tuple(values[each.name])
    return Told(**values)


def write_network(path: Path, tensors: Mapping[str, Tensor], told: Told) -> None:
    """Write tensors and metadata; equal contents are equal bytes, which name the runs that begin with such a file.

    Raises:
        RunError: the file cannot be written; an older one is then still whole.
    """
    from safetensors.torch import save

    content = save({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, told.metadata)
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))  # they come in an order of chance
    start = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    start += b" " * (-len(start) % 8)
    with whole(path) as aside, aside.open("wb") as stream:
        stream.write(len(start).to_bytes(8, "little") + start)
        stream.write(memoryview(content)[end:])


def read_network(path: Path) -> tuple[dict[str, Tensor], Told]:
    """The tensors of a file that ``write_network`` wrote, and what it says of them.

    Raises:
        RequestError: it is no such file, or damaged.
    """
    from safetensors import SafetensorError, safe_open

    give = "give a run folder, or the file that fer-exp export format=safetensors wrote"
    if not str(path).isprintable() and str(path) != os.fsencode(path).decode(errors="ignore"):
        raise RequestError(f"{path}: its path is no UTF-8, and safetensors opens no such file; rename it.")
    with reading(path, way_out=f"get the file again, or {give}"):
        try:
            with safe_open(path, framework="pt") as file:
                told = told_by(file.metadata() or {})
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no mapping
        except SafetensorError as error:
            if path.suffix == ".safetensors":
                raise RequestError(f"{path} is cut short or damaged ({error}); get it again, or {give}.") from error
            raise RequestError(f"{path} is no network that fer-exp kept; {give}.") from error
    if told is None:
        raise RequestError(
            f"{path} holds tensors, but not what they are of (classes, size); {give}. As first weights of a training "
            f"it may do: backbone.weights={path}."
        )
    return tensors, told
