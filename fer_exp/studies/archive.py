"""What a table is made of, kept beside it: slim runs, what was asked of the corpus, and how both become the table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from fer_exp.config import TrainConfig
from fer_exp.files import write_json
from fer_exp.regular import reading, whole_text
from fer_exp.runs import Run
from fer_exp.runs.naming import run_name
from fer_exp.runs.slim import placeless, slim, write_small
from fer_exp.studies.presets import Preset, read_preset
from fer_exp.studies.trained import DONE, Asked, Trained

FILE = "archive.json"
RUNS, ASKED = "runs", "asked"
DRAWN = (".svg", ".png")


@dataclass(frozen=True)
class Archive:
    """An archive beside a table.

    Attributes:
        folder: the table's.
        told: how the table is made: study, scale, words, start, crowd; a measurement has its name as study alone.
        digests: file below the folder -> SHA-256 of what was written.
    """

    folder: Path
    told: Mapping[str, Any]
    digests: Mapping[str, str]

    @property
    def preset(self) -> Preset:
        """The trainings of the table, as they were asked for."""
        told = self.told
        preset = read_preset(told["study"], told["scale"], told["words"])
        crowd = None if told["crowd"] is None else Path(told["crowd"])
        return replace(preset, start=tuple(told["start"]), crowd=crowd)

    @property
    def asked(self) -> Asked:
        """What was asked of the corpus.

        Raises:
            RequestError: a table of it cannot be read.
        """
        tables = {}
        for path in sorted((self.folder / ASKED).glob("*.parquet")):
            with reading(path):
                tables[path.stem] = pd.read_parquet(path)
        return tables


def keep(place: Path, trained: Iterable[Trained], asked: Asked) -> tuple[list[Trained], Asked]:
    """Write finished trainings, and what was asked of their corpus, beside where their table will be.

    Returns:
        The same as they are read from there: a table made of these is the one that can be made again.
    """
    kept = [
        replace(one, run=slim(one.run, place / RUNS) if one.state == DONE else Run(place / RUNS / one.run.name))
        for one in trained
    ]
    for name, table in asked.items():
        write_small(place / ASKED / f"{name}.parquet", table)
    return kept, Archive(place, {}, {}).asked


def close(place: Path, told: Mapping[str, Any]) -> None:
    """Write what a table's archive is, once all of its files are there."""
    digests = {path.relative_to(place).as_posix(): digest(path) for path in sorted(files(place))}
    write_json(place / FILE, {"made": placeless(dict(told)), "files": digests})


def files(place: Path) -> list[Path]:
    """The files of a table and its archive that can be made again or are needed for it: no figures."""
    return [
        path
        for path in place.rglob("*")
        if path.is_file() and path.suffix not in DRAWN and not path.name.startswith(".") and path.name != FILE
    ]


def digest(path: Path) -> str:
    """SHA-256 of a file; of text as if its lines ended as ours do, whatever git made of them."""
    raw = path.read_bytes()
    return hashlib.sha256(raw if path.suffix == ".parquet" else raw.replace(b"\r\n", b"\n")).hexdigest()


def read(place: Path) -> Archive | None:
    """The archive beside a table; None where there is none, RequestError where archive.json says nothing of use."""
    path = place / FILE
    if not path.is_file():
        return None
    with reading(path, way_out="get it again, with all of its folder"):
        content = json.loads(whole_text(path))
        return Archive(place, dict(content["made"]), dict(content["files"]))


def find_runs(folder: Path, configs: Iterable[TrainConfig]) -> list[Run]:
    """The archived run of each config; what its files held is known from the runs, so no corpus is asked for."""
    known: list[Mapping[str, str]] = []
    for path in sorted(folder.glob("*/run.json")):
        contents = Run(path.parent).facts.get("contents", {})
        if contents not in known:
            known.append(contents)
    found = []
    for config in configs:
        runs = [Run(folder / run_name(config, contents)) for contents in known or [{}]]
        found.append(next((run for run in runs if run.finished), runs[0]))
    return found
