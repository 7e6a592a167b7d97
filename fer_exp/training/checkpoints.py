"""The tensors in a file of another training, read without running anything that the file says."""

from __future__ import annotations

import argparse
import collections
import datetime
import pathlib
import pickle
import re
import types
import typing
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy._core import multiarray, numeric
from omegaconf import DictConfig, ListConfig, base, nodes
from torch import Tensor

from fer_exp.errors import RequestError

NUMPY = {
    "scalar": multiarray.scalar,
    "_reconstruct": multiarray._reconstruct,
}
"""What numpy makes its numbers and arrays with; its older versions call the module otherwise."""


def _empty(*_: object) -> dict[Any, Any]:
    return {}


SAFE: list[Any] = [
    *[(made_by, f"numpy.{core}.multiarray.{name}") for name, made_by in NUMPY.items() for core in ("core", "_core")],
    *[np.ndarray, np.dtype, *(type(np.dtype(kind)) for kind in "?bBhHiIlLqQefdFDSU")],
    *[argparse.Namespace, types.SimpleNamespace, datetime.datetime, datetime.date, datetime.timedelta],
    *[(pathlib.PurePosixPath, f"{module}.PosixPath") for module in ("pathlib", "pathlib._local")],
    *[(pathlib.PureWindowsPath, f"{module}.WindowsPath") for module in ("pathlib", "pathlib._local")],
    *[list, dict, tuple, int, float, str, bool, (_empty, "collections.defaultdict")],
    *[DictConfig, ListConfig, base.ContainerMetadata, base.Metadata, typing.Any],
    *[nodes.AnyNode, nodes.StringNode, nodes.IntegerNode, nodes.FloatNode, nodes.BooleanNode, nodes.PathNode],
]
"""What trainers keep beside their tensors and torch does not know as safe: numbers, settings, times, paths. Each only
holds what it is given."""

ARRAYS: dict[tuple[str, str], Callable[..., Any]] = {
    **{(f"numpy.{core}.multiarray", name): made for name, made in NUMPY.items() for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): numeric.__dict__["_frombuffer"] for core in ("core", "_core")},
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("_codecs", "encode"): lambda text, encoding: str(text).encode(encoding),
}
"""What a pickled table of arrays is made of."""

NO_WEIGHTS = (
    (re.compile(rb"version https://git-lfs"), "it is a pointer of Git LFS; fetch the file itself with git lfs pull"),
    (re.compile(rb"\s*<(!doctype|html|\?xml)", re.I), "it is a web page, so its download failed; get it again"),
    (re.compile(rb"\x89HDF"), "it is of Keras or MATLAB (HDF5); only files of PyTorch and safetensors are read"),
    (re.compile(rb"\x1f\x8b|BZh|7z\xbc\xaf|Rar!"), "it is packed; unpack it"),
)
"""How files begin that people take for weights, and what they are."""

CONVERT = (
    "docs/pretrain.md (Weights of others) has three lines that make plain tensors of it, to be run where it was made"
)


class _Arrays(pickle.Unpickler):
    """Reads numbers, texts, containers and arrays; anything else ends it before it is called."""

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if (made_by := ARRAYS.get((module, name))) is None:
            raise pickle.UnpicklingError(f"GLOBAL {module}.{name}")
        return made_by


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What a file holds, a mapping of names; its tensors on the CPU.

    Args:
        path: as torch.save, safetensors, or pickle (of numpy arrays) write it.

    Raises:
        RequestError: there is no such file, it is none of these, or it cannot be read without running what it says.
    """
    where = f"backbone.weights={path}"
    if path.is_dir():
        files = [file.name for file in sorted(path.iterdir()) if file.suffix in (".safetensors", ".bin", ".pt", ".pth")]
        raise RequestError(f"{where} is a folder; give a file in it{': ' if files else ''}{', '.join(files[:5])}.")
    if not path.is_file():
        raise RequestError(f"backbone.weights: there is no file {path}; give none, imagenet or the path of a file.")
    with path.open("rb") as stream:
        start = stream.read(256)
    if not start:
        raise RequestError(f"{where} is empty; get the file again.")
    if what := next((what for pattern, what in NO_WEIGHTS if pattern.match(start)), None):
        raise RequestError(f"{where} holds no weights: {what}.")
    try:
        content = _read(path, start)
    except ImportError as problem:
        raise RequestError(f"{where} is of safetensors; pip install safetensors.") from problem
    except Exception as problem:  # torch and pickle raise many kinds for files that they cannot read
        raise RequestError(f"{where} {_why(path, str(problem))}.") from problem
    if isinstance(content, list | tuple):
        content = dict(enumerate(content))
    if not isinstance(content, Mapping):
        raise RequestError(
            f"{where} holds no state dict (a mapping of names to tensors), but a {type(content).__name__}."
        )
    return dict(content)


def _read(path: Path, start: bytes) -> Any:
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size:
        from safetensors.torch import load_file

        return load_file(path)
    try:
        with torch.serialization.safe_globals(SAFE), warnings.catch_warnings(action="ignore"):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:
        if not start.startswith((b"\x80", b"(")) or "GLOBAL" in str(problem):
            raise
        with path.open("rb") as stream:
            content = _Arrays(stream, encoding="latin1").load()
        if not isinstance(content, Mapping):  # a file of torch begins with a number
            raise
        return content


def _why(path: Path, problem: str) -> str:
    """Why a file cannot be read, as the end of a sentence."""
    named = re.findall(r"GLOBAL ([\w.]+)", problem)
    try:
        with torch.serialization.safe_globals(SAFE):
            named += torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # it is none of torch's newer files
        named += []
    names = [name for name in dict.fromkeys(named) if "." in name] or named
    names.sort(key=lambda name: name.startswith("torch."))
    if any(name.startswith(("torch.nn.modules", "torchvision.models", "timm.models")) for name in names):
        return f"is a whole network, code and all ({names[0]}), which cannot be read safely; {CONVERT}"
    if names or "torchscript" in problem.lower() or "legacy .tar" in problem:
        what = f"types such as {', '.join(names[:3])}" if names else "a program (TorchScript)"
        return f"holds more than tensors and settings, {what}, which cannot be read safely; {CONVERT}"
    cut = ("zip archive", "central directory", "ran out of data", "eof", "header", "storage", "metadata", "truncated")
    if not problem or any(word in problem.lower() for word in cut):
        return "is cut short or damaged; get the file again"
    return "is no file of tensors as PyTorch or safetensors write them; give the path of a state dict"


def named_tensors(content: Mapping[Any, Any], above: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor in nested mappings and lists, called by its path with dots; arrays of numbers count as tensors.

    >>> [name for name, _ in named_tensors({"epoch": 3, "model": {"conv1.weight": torch.zeros(1)}})]
    ['model.conv1.weight']
    """
    for key, value in content.items():
        name = f"{above}{key}"
        if isinstance(value, Tensor):
            yield name, value
        elif isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
            yield name, torch.from_numpy(np.ascontiguousarray(value))
        elif isinstance(value, Mapping):
            yield from named_tensors(value, f"{name}.")
        elif isinstance(value, list | tuple):
            yield from named_tensors(dict(enumerate(value)), f"{name}.")
