"""A folder of tables against what its archive makes: first whether its files are whole, then number by number."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from fer_exp.errors import RequestError
from fer_exp.regular import reading, whole_text, why
from fer_exp.report.files import csv_text
from fer_exp.report.outcome import Outcome, save
from fer_exp.studies import archive
from fer_exp.studies.archive import Archive
from fer_exp.verifying import Checked, Fail
from fer_exp.verifying.files import compare

MOMENT = ("command", "date", "versions", "left_out")
"""What results.json says of the moment in which it was written."""
READABLE = (".csv", ".md", ".tex", ".json")
Remake = Callable[[Archive, dict[str, Any]], Outcome]
"""Makes an archive's tables again; the second is what results.json says of its moment."""


def check_folder(place: Path, remake: Remake, scratch: Path) -> list[Checked]:
    """Check a folder of tables.

    Args:
        place: the folder.
        remake: makes its tables again from its archive.
        scratch: a folder for these.

    Returns:
        A row a file that was checked. Whatever is wrong with a file is a fail of it, never an error.
    """
    try:
        kept = archive.read(place)
    except RequestError as error:
        return [_broken(place / archive.FILE, str(error))]
    if kept is None:
        return _recorded(place)
    changed, found = _digests(kept)
    try:
        stated = _json(place / "results.json") if "results.json" in kept.digests else {}
        outcome = remake(kept, {name: stated.get(name) for name in MOMENT})
        outcome.figures.clear()
        save(outcome, scratch)
    except Exception as error:  # an archive may be damaged in any way, and each is a sentence
        reason = str(error) if isinstance(error, RequestError) else why(error)
        return [*found, _broken(place, f"cannot be made again from its archive: {reason}")]
    computed = sorted(path for path in scratch.iterdir() if path.suffix in READABLE)
    for path in computed:
        file = place / path.name
        if file.is_file():
            text = file.read_text(encoding="utf-8", errors="replace")
            found.append(compare(str(file), text, path.read_text(encoding="utf-8"), changed=path.name in changed))
        elif path.name not in kept.digests:
            found.append(_broken(file, "there is no such file, and the archive makes it"))
    others = {path.name for path in place.iterdir() if path.suffix in (".csv", ".tex")} - {
        path.name for path in computed
    }
    return found + [_broken(place / name, "nothing in the archive makes this table") for name in sorted(others)]


def _digests(kept: Archive) -> tuple[set[str], list[Checked]]:
    """Files that are not as they were written, and a fail for each that is missing, or that others are made of."""
    changed: set[str] = set()
    found = []
    for name, written in kept.digests.items():
        path = kept.folder / name
        if not path.is_file():
            found.append(_broken(path, "the file is missing"))
        elif archive.digest(path) != written:
            changed.add(name)
            if "/" in name or path.suffix not in READABLE:
                found.append(_broken(path, "the file is not the one that was archived (SHA-256)"))
    return changed, found


def _recorded(place: Path) -> list[Checked]:
    """Tables without an archive: each CSV against the rows that results.json has of it."""
    tables = sorted(place.glob("*.csv"))
    if not tables:
        return [_broken(place, "there is no table")]
    try:
        stated = _json(place / "results.json").get("tables", {})
    except RequestError as error:
        return [_broken(place / "results.json", str(error))]
    found = []
    for path in tables:
        rows = pd.DataFrame(stated[path.stem]["rows"]) if path.stem in stated else None
        if rows is None:
            found.append(_broken(path, "no archive, and no results.json that has this table"))
            continue
        one = compare(str(path), path.read_text(encoding="utf-8"), csv_text(rows), changed=False)
        found.append(Checked(one.file, 0, one.numbers, one.fails))
    return found


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    with reading(path, way_out="get it again, with all of its folder"):
        return dict(json.loads(whole_text(path)))


def _broken(path: Path, what: str) -> Checked:
    return Checked(str(path), fails=[Fail("", what, "")])
