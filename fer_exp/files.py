"""Files that are whole or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fer_exp.errors import RunError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path aside to write to; renamed to ``path`` at the end, so that a reader finds the old file or the new one.

    Args:
        path: the file to be; its folder is made.

    Yields:
        A path in the same folder, of the same suffix.

    Raises:
        RunError: the file cannot be written; an older one is then still whole.
    """
    aside = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        aside.replace(path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def write_json(path: Path, content: object) -> None:
    """Write JSON so that a reader finds the old file or the new one, never half of one.

    Raises:
        RunError: the file cannot be written.
    """
    with whole(path) as aside:
        aside.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
