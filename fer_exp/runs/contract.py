"""What the files of a run are, so that one that somebody has changed is named before its numbers are used.

run.json has the SHA-256 of each, by which those of a finished run are known to be what it wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from fer_exp.digests import SEAL, is_sealed, sha256
from fer_exp.errors import RequestError

AGAIN = "copy it again, or remove the run folder and train again"
"""The way out where a file of a run is not as it was written."""
NUMBER = (int, float)
NOTHING = type(None)
FACTS: Mapping[str, tuple[type, ...]] = {
    "config": (dict,),
    "config.dataset": (dict,),
    "config.dataset.name": (str,),
    "config.dataset.size": (int,),
    "config.dataset.cache": (str, NOTHING),
    "config.labels": (dict,),
    "config.backbone": (dict,),
    "config.method": (dict,),
    "config.method.name": (str,),
    "config.trainer": (dict,),
    "command": (list,),
    "versions": (dict,),
    "git_commit": (str, NOTHING),
    "device": (str,),
    "data_hash": (str,),
    "store": (str,),
    "epochs_seconds": NUMBER,
    "images_per_second": NUMBER,
    "finished": (str,),
    "seeds": (dict,),
    "contents": (dict,),
    "targets_hash": (str,),
    "faces": (dict,),
    "faces.*": (int,),
    "dropped": (dict,),
    "dropped.*": (int,),
    "noise": (dict, NOTHING),
    "taught": (dict,),
    "taught.*": (*NUMBER, NOTHING),
    "weights": (dict, NOTHING),
    "pretrained": (dict,),
    "backbone": (str,),
    "seconds": NUMBER,
    "threads": (int,),
    "starts": (list,),
    "files": (dict,),
}
"""Dotted key of run.json -> what it may be, where it is there; ``*`` is any key. Older runs lack some."""
COLUMNS = {"targets": ("face", "split"), "history": ("epoch",)}
"""What a table of a run has at least; of predictions ``judging`` says it."""
WORDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number", float: "a number", NOTHING: "null"}
LISTED = "files"
"""The key of run.json under which they stand: path below the run folder -> digest; of metrics.json perhaps two, that
of before and that of now, since ``evaluate`` may be killed between the one file and the other."""
LARGE = ("network.safetensors", "backbone.pt", "checkpoints/last.ckpt", "checkpoints/last.digests")
"""Files that people remove, or do not copy with a folder, to save room; who needs one says that it is not there."""


def check_facts(path: Path, facts: Mapping[str, Any]) -> None:
    """Raise RequestError where run.json has a value of another kind than the contract says."""
    for key, kinds in FACTS.items():
        for name, value in _found(facts, key.split(".")):
            fits = isinstance(value, kinds) and not isinstance(value, bool)
            if not fits or (key == "store" and Path(value).name != value):
                wanted = " or ".join(WORDS[kind] for kind in kinds)
                raise RequestError(f"{path}: {name} is {str(value)[:40]!r} where {wanted} belongs; {AGAIN}.")


def check_columns(path: Path, what: str, columns: Collection[object]) -> None:
    """Raise RequestError where a table of a run lacks what it has at least."""
    if missing := [name for name in COLUMNS.get(what, ()) if name not in columns]:
        raise RequestError(f"{path} has no column {missing[0]}; {AGAIN}.")


def _found(facts: Mapping[str, Any], names: list[str]) -> list[tuple[str, Any]]:
    """Key and value of what a dotted key means; nothing where it is not there."""
    first, *rest = names
    keys = list(facts) if first == "*" else [first] if first in facts else []
    if not rest:
        return [(str(key), facts[key]) for key in keys]
    inner = [(key, facts[key]) for key in keys if isinstance(facts[key], dict)]
    return [(f"{key}.{name}", value) for key, each in inner for name, value in _found(each, rest)]


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
