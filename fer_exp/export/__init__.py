"""A trained network as a file for others: a row a format, and the card that goes with it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from fer_exp.config.rules import check_installed


class Format(NamedTuple):
    """A row of ``FORMATS``.

    Attributes:
        file: name of the file.
        module: has ``write`` (of a path, a ``Trained``, and texts that the file shall carry), ``read`` (of the path;
            gives a function of uint8 faces to ``Answers``, or None where what reads it is not installed), and ``USE``
            with ``INSTALL``, which the card shows. Imported when it is asked for: it is heavy.
        library: what reads the file, as model cards name it.
        inside: whether the file itself turns bytes into what the network reads, and its outputs into shares.
        needs: packages that ``write`` imports; the extra of the format's name brings them.
    """

    file: str
    module: str
    library: str
    inside: bool = True
    needs: tuple[str, ...] = ()

    @property
    def code(self) -> ModuleType:
        """The module."""
        return import_module(self.module)


FORMATS = {
    "safetensors": Format("model.safetensors", "fer_exp.export.weights", "fer-exp", inside=False),
    "onnx": Format("model.onnx", "fer_exp.export.onnx", "onnx", needs=("onnx",)),
    "torchscript": Format("model.pt", "fer_exp.export.torchscript", "pytorch"),
}
"""The formats by ``format``."""


def installed(name: str) -> Format:
    """The row of a format; RequestError, with the line that installs it, where a package is not here."""
    check_installed(f"format={name}", FORMATS[name].needs, name)
    return FORMATS[name]
