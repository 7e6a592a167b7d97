"""Whether a checkpoint is one that its run wrote: a byte that has changed would give other numbers without a word."""

from __future__ import annotations

import hashlib
import zipfile
from contextlib import suppress
from pathlib import Path

import torch
from torch import nn

from fer_exp.errors import RequestError
from fer_exp.files import write_text
from fer_exp.regular import why

PARTS = ("state_dict", "loops", "callbacks", "optimizer_states", "lr_schedulers")
"""What Lightning goes on from; without one of them it begins that part anew, or ends in the middle."""
WAY_OUT = "remove the run folder to start again"


def note_digest(path: Path, aside: Path, of_run: str | None = None) -> None:
    """Note the digest of a checkpoint that is about to take the place of another, beside them, after that one's.

    So whichever of the two a killed process leaves is known.

    Args:
        path: where it will lie.
        aside: where it lies.
        of_run: stands for what the run began with, so that the checkpoint of another is none of its own.
    """
    note = _note(path)
    known = note.read_text(encoding="utf-8", errors="replace").split() if note.is_file() else []
    there = ""
    with suppress(FileNotFoundError, zipfile.BadZipFile), zipfile.ZipFile(path) as file:
        there = _digest(file, of_run)
    with zipfile.ZipFile(aside) as file:
        digests = [*([there] if there in known else []), _digest(file, of_run)]
    write_text(note, "".join(f"{digest}\n" for digest in digests))


def check_checkpoint(path: Path, module: nn.Module, of_run: str | None = None) -> None:
    """Raise RequestError where a checkpoint is broken, has been changed, or is of another run or architecture.

    Where ``of_run`` is known, the run has noted digests from the beginning.
    """
    note = _note(path)
    if of_run and not note.is_file():
        raise RequestError(f"{note} is gone, by which {path.name} is known to be what its run wrote; {WAY_OUT}.")
    try:
        with zipfile.ZipFile(path) as file:
            damaged, digest = file.testzip(), _digest(file, of_run)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and zipfile raise many kinds for a broken file
        raise RequestError(f"{path} cannot be read ({why(error)}); {WAY_OUT}.") from error
    if damaged or (note.is_file() and digest not in note.read_text(encoding="utf-8", errors="replace").split()):
        what = f"its part {Path(damaged).name} is damaged" if damaged else f"its digest is not in {note.name}"
        raise RequestError(f"{path} is not what its run wrote ({what}); {WAY_OUT}.")
    missing = [part for part in PARTS if not isinstance(content, dict) or part not in content]
    if missing:
        raise RequestError(f"{path} is no whole checkpoint, without {', '.join(missing)}; {WAY_OUT}.")
    states = (module.state_dict(), content["state_dict"])
    expected, saved = ({key: value.shape for key, value in state.items()} for state in states)
    differing = [key for key in {**expected, **saved} if expected.get(key) != saved.get(key)]
    if differing:
        raise RequestError(
            f"{path} is of another architecture: {len(differing)} tensors differ, first {differing[0]}; {WAY_OUT}."
        )


def _note(path: Path) -> Path:
    return path.with_suffix(".digests")


def _digest(checkpoint: zipfile.ZipFile, of_run: str | None) -> str:
    """SHA-256 over the checksums that torch made of each part as it wrote it: over the parts it would cost seconds."""
    parts = of_run or ""
    parts += "".join(f"{part.filename} {part.file_size} {part.CRC}\n" for part in checkpoint.infolist())
    return hashlib.sha256(parts.encode()).hexdigest()
