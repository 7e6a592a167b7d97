"""SHA-256 of files, taken once as long as they stay what they are, and JSON that has its own."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

SEAL = "digest"
"""The key under which JSON has its own digest."""


def sha256(path: Path) -> str:
    """The digest of a file, 64 hex digits, from an earlier reading of this process where its state is the same.

    Raises:
        OSError: it cannot be read.
    """
    return _read(str(path), *state_of(path))


def state_of(path: Path) -> list[int]:
    """Stands for a file without reading it: size, time of change, inode; no file is changed and keeps all of these.

    The second time is the kernel's own, which betrays a file that was given its old time of change again.

    Raises:
        OSError: it is not there.
    """
    stat = os.stat(path)  # noqa: PTH116 - a Path costs more
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


@lru_cache(maxsize=4096)
def _read(path: str, *_: int) -> str:
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - a Path costs more
        return hashlib.file_digest(stream, "sha256").hexdigest()


def of_text(text: str) -> str:
    """The digest of a text, as of a file that holds it in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Content for JSON with the digest of all the rest of it.

    >>> written = sealed({"accuracy": 0.5})
    >>> is_sealed(written), is_sealed(written | {"accuracy": 0.99}), is_sealed({"accuracy": 0.99})
    (True, False, True)
    """
    return {**content, SEAL: _of_rest(content)}


def is_sealed(content: Mapping[str, Any]) -> bool:
    """Whether JSON is what was written, as far as it says: there is older JSON without a digest."""
    return SEAL not in content or content[SEAL] == _of_rest(content)


def _of_rest(content: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in content.items() if key != SEAL}
    return of_text(json.dumps(json.loads(json.dumps(rest)), sort_keys=True))  # read again: names of keys are texts
