"""Whether the files of a finished run are those that it wrote: run.json has the SHA-256 of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fer_exp.digests import SEAL, is_sealed, sha256
from fer_exp.errors import RequestError
from fer_exp.runs.contract import AGAIN

LISTED = "files"
"""The key of run.json under which they stand: path below the run folder -> digest; of metrics.json perhaps two, that
of before and that of now, since ``evaluate`` may be killed between the one file and the other."""
LARGE = ("network.safetensors", "backbone.pt", "checkpoints/last.ckpt", "checkpoints/last.digests")
"""Files that people remove, or do not copy with a folder, to save room; who needs one says that it is not there."""


def digests_of(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Name -> SHA-256 of those files that lie in a folder."""
    return {name: sha256(folder / name) for name in names if (folder / name).is_file()}


def check_file(folder: Path, name: str, listed: Mapping[str, Any]) -> None:
    """Raise RequestError where a file of a run folder is listed and is gone, or is another than the one listed."""
    if name not in listed:
        return
    path, known = folder / name, listed[name]
    way = f"fer-exp evaluate run={folder} writes it anew" if name == "metrics.json" else AGAIN
    if not path.is_file():
        if name not in LARGE:
            raise RequestError(f"{path} is gone, which its run wrote; {way}.")
        return
    try:
        found = sha256(path)
    except OSError as error:
        raise RequestError(f"{path} cannot be read ({error.strerror or error}); {way}.") from error
    if found not in (known if isinstance(known, list) else [known]):
        raise RequestError(f"{path} is not what its run wrote (run.json has another SHA-256); {way}.")


def check_seal(path: Path, content: Mapping[str, Any]) -> None:
    """Raise RequestError where run.json or begun.json was changed since it was written."""
    if not is_sealed(content) or (LISTED in content and SEAL not in content):
        raise RequestError(f"{path} is not what its run wrote (it has another digest than it says); {AGAIN}.")
