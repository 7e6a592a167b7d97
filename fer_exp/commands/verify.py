"""`fer-exp verify`: published numbers computed again, without training and without the corpus."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from fer_exp.commands import evaluate
from fer_exp.commands.table import Compose, made, members
from fer_exp.config import VerifyConfig
from fer_exp.errors import RequestError, RunError
from fer_exp.files import or_near
from fer_exp.progress import progress
from fer_exp.regular import reading, whole_text
from fer_exp.report import sweep
from fer_exp.report.outcome import Outcome, Screen, finish
from fer_exp.report.terminal import Terminal
from fer_exp.runs import Run
from fer_exp.studies import archive, pretraining_gain
from fer_exp.studies.archive import Archive
from fer_exp.studies.trained import computed
from fer_exp.verifying import Checked
from fer_exp.verifying.claims import FILE, Claim, check_document, read_claims
from fer_exp.verifying.files import flat, markdown_rows
from fer_exp.verifying.results import check_folder

EXAMPLES = "examples"
"""Folder, below that of results, of folders of runs whose output documents show."""
COLUMNS = 80
"""Of the terminal that documents show."""


def verify(config: VerifyConfig, compose: Compose) -> None:
    """Compute numbers again, and print a line a file and one a number that is not right.

    Args:
        config: see conf/verify.yaml.
        compose: makes the configs of trainings.

    Raises:
        RequestError: a place that is not there, or nothing to check.
        RunError: a number is not right.
    """
    folders, documents, claims = _asked_for(config)
    found: list[Checked] = []
    with TemporaryDirectory() as scratch:
        remade = Sources(Path(scratch), partial(remake, compose=compose))
        for folder in folders:
            found += remade.check(folder)
        for document, rows in documents.items():
            progress(f"{document}: {len(rows)} statements")
            tables = partial(remade.rows, claims.parent.parent)
            blocks = {name: partial(shown, claims.parent.parent, show) for name, show in BLOCKS.items()}
            found.append(check_document(document, rows, tables, blocks))
    finish(said(found))
    if fails := sum(len(one.fails) for one in found):
        raise RunError(f"{fails} of what was checked is not as it is computed, or not to be computed.")


def _asked_for(config: VerifyConfig) -> tuple[list[Path], dict[Path, list[Claim]], Path]:
    """Folders of tables, documents with their claims, and where the list of claims lies."""
    places, results = [Path(place) for place in config.places], Path(config.results)
    for place in places:
        if not place.exists():
            raise RequestError(f"{place}: there is no such folder or document{or_near(place)}")
    if not places and not results.is_dir():
        raise RequestError(f"There is no folder {results}; name the folder of tables to verify, or set results to it.")
    documents = [place.resolve() for place in places if place.is_file()]
    file = _claims_file(results, documents)
    claims = _claims_by_document(file)
    if places:
        claims = _of_documents(documents, claims, file)
    folders = _with_tables([place for place in places if place.is_dir()] if places else [file.parent])
    if not folders and not claims:
        raise RequestError(
            f"{', '.join(map(str, places or [results]))}: there are no tables, and no document of {file}."
        )
    return folders, claims, file


def _claims_file(results: Path, documents: list[Path]) -> Path:
    """The list of claims: in the folder of results, else in one of that name above the first document."""
    if documents and not (results / FILE).is_file():
        near = (folder / results.name / FILE for folder in documents[0].parents)
        return next((file for file in near if file.is_file()), results / FILE)
    return results / FILE


def _claims_by_document(file: Path) -> dict[Path, list[Claim]]:
    claims: dict[Path, list[Claim]] = {}
    for row in read_claims(file) if file.is_file() else []:
        claims.setdefault(file.parent.parent / row.document, []).append(row)
    return claims


def _of_documents(documents: list[Path], claims: dict[Path, list[Claim]], file: Path) -> dict[Path, list[Claim]]:
    """The claims of some documents; RequestError of one that has none."""
    known = {path.resolve() for path in claims}
    if strange := [document for document in documents if document not in known]:
        listed = ", ".join(map(str, claims)) or "none"
        raise RequestError(f"{strange[0]}: {file} has no row of this document; it has those of: {listed}.")
    return {path: rows for path, rows in claims.items() if path.resolve() in documents}


def _with_tables(places: list[Path]) -> list[Path]:
    """The folders of tables among some places and, of those that hold none themselves, in them."""
    folders = [folder for place in places for folder in ([place] if _has_tables(place) else sorted(place.iterdir()))]
    return [folder for folder in folders if folder.is_dir() and _has_tables(folder)]


def _has_tables(folder: Path) -> bool:
    return (folder / archive.FILE).is_file() or (folder / "results.json").is_file()


def remake(kept: Archive, moment: dict[str, Any], compose: Compose) -> Outcome:
    """An archive's tables, made by what `fer-exp table` makes them with, or a measurement's script."""
    if kept.told["study"] == pretraining_gain.NAME:
        runs = [Run(path.parent) for path in sorted((kept.folder / archive.RUNS).glob("*/run.json"))]
        return pretraining_gain.build(runs, kept.told["caption"])
    preset = kept.preset
    trained = members(preset, compose, partial(archive.find_runs, kept.folder / archive.RUNS))
    outcome = made(preset, trained, kept.asked, moment["left_out"] or [], moment["command"] or [], kept.folder)
    stated = {name: value for name, value in moment.items() if value is not None}
    outcome.content = {**outcome.content, **stated}
    return outcome


class Sources:
    """Tables of folders as they are computed now, each once."""

    def __init__(self, scratch: Path, make: Callable[[Archive, dict[str, Any]], Outcome]) -> None:
        self.scratch, self.make = scratch, make
        self.checked: dict[Path, list[Checked]] = {}
        self.read: dict[str, pd.DataFrame] = {}

    def check(self, folder: Path) -> list[Checked]:
        """What is found of a folder; its tables lie in ``place`` then."""
        key = folder.resolve()
        if key not in self.checked:
            progress(f"{folder}: made again")
            place = self.place(key)
            place.mkdir()
            self.checked[key] = check_folder(folder, self.make, place)
        return self.checked[key]

    def place(self, key: Path) -> Path:
        """Where the tables of a folder are made."""
        return self.scratch / f"{abs(hash(key))}"

    def rows(self, root: Path, source: str) -> pd.DataFrame:
        """The rows of a source of claims: a table as CSV, Markdown or JSON, made again; a history; a folder of runs.

        Raises:
            RequestError: there is no such source, or its archive does not make it.
        """
        if source not in self.read:
            rows = self._read(root / source, source)
            self.read[source] = rows.rename(columns=lambda name: str(name).replace(" ", "_"))  # values are words
        return self.read[source]

    def _read(self, path: Path, source: str) -> pd.DataFrame:
        if path.name == archive.RUNS or path.parent.name == EXAMPLES:
            return pd.DataFrame([_facts(Run(each.parent)) for each in sorted(path.glob("*/run.json"))])
        if _has_tables(path.parent):
            self.check(path.parent)
            made_again = self.place(path.parent.resolve()) / path.name
            if not made_again.is_file() and (path.parent / archive.FILE).is_file():
                raise RequestError(f"{source} cannot be made again")
            path = made_again if made_again.is_file() else path
        if not path.is_file():
            raise RequestError(f"{source} is not there")
        if path.suffix == ".json":
            with reading(path):
                return pd.DataFrame([flat(json.loads(whole_text(path))) | _lengths(path)])
        with reading(path):
            if path.suffix == ".md":
                return markdown_rows(whole_text(path))
            return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


def _lengths(path: Path) -> dict[str, str]:
    """``len(key)`` of the lists of a JSON object, two deep."""
    content = json.loads(path.read_text(encoding="utf-8"))
    inner = {f"{key}.{name}": each[name] for key, each in content.items() if isinstance(each, dict) for name in each}
    return {f"len({key})": str(len(value)) for key, value in {**content, **inner}.items() if isinstance(value, list)}


def _facts(run: Run) -> dict[str, Any]:
    """run.json by dotted keys, and what its predictions come to on the test split."""
    faces = {"faces.all": sum(run.facts.get("faces", {}).values())}
    return {
        "run": run.name,
        **flat(run.facts),
        **faces,
        **{f"test.{name}": value for name, value in computed(run).items()},
    }


def shown(root: Path, show: Callable[[Path], list[Screen]], source: str) -> str:
    """What a source comes to, as a terminal shows it."""
    stream = io.StringIO()
    console = Terminal(stream, COLUMNS)
    for block in show(root / source):
        console.print(block, soft_wrap=isinstance(block, str))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()).strip("\n")


def _evaluated(folder: Path) -> list[Screen]:
    """What a training prints at its end."""
    return evaluate.summary(_judged(folder).metrics).screen[:1]


def _swept(folder: Path) -> list[Screen]:
    """What a sweep over rates of noise prints at its end, of the archived runs in a folder."""
    runs = [_judged(path.parent) for path in sorted(folder.glob("*/run.json"))]
    return sweep.summary(
        sweep.rows_of([sweep.Job({"labels.rate": str(run.config["labels"]["rate"])}, run) for run in runs])
    ).screen


def _judged(folder: Path) -> Run:
    """An archived run with the metrics that it had, judged again."""
    run = Run(folder)
    run.metrics = evaluate.run_metrics(run, samples=run.config["bootstrap"], seed=run.config["seed"])
    return run


BLOCKS: dict[str, Callable[[Path], list[Screen]]] = {"evaluate": _evaluated, "sweep": _swept}
"""Value of a claim that stands for a whole block -> what prints it."""


def said(found: list[Checked]) -> Outcome:
    """A line a file, those that are not right below it, and the sum."""
    screen: list[Screen] = []
    for one in found:
        kinds = [f"{one.numbers:,} numbers"] + ([f"{one.recorded:,} recorded or declared"] if one.recorded else [])
        screen.append(f"{'FAIL' if one.fails else 'PASS'}  {one.file}  ({', '.join(kinds)})")
        for fail in one.fails:
            words = f"stated {fail.stated}; computed {fail.recomputed}" if fail.recomputed else fail.stated
            screen.append(f"      {fail.where}: {words}" if fail.where else f"      {words}")
    numbers, recorded = sum(one.numbers for one in found), sum(one.recorded for one in found)
    fails = sum(len(one.fails) for one in found)
    screen.append(f"{numbers:,} numbers computed again, {recorded:,} recorded or declared; {fails:,} FAIL")
    content = {
        "numbers": numbers,
        "recorded": recorded,
        "fails": [{"file": one.file, **fail._asdict()} for one in found for fail in one.fails],
        "files": [{"file": one.file, "numbers": one.numbers, "recorded": one.recorded} for one in found],
    }
    return Outcome("verify", content, screen=screen)
