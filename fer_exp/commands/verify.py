"""`fer-exp verify`: published numbers computed again, without training and without the corpus."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from rich.console import Console

from fer_exp.commands import evaluate
from fer_exp.commands.table import Compose, made, members
from fer_exp.config import VerifyConfig
from fer_exp.errors import RequestError, RunError
from fer_exp.files import or_near
from fer_exp.progress import progress
from fer_exp.report import sweep
from fer_exp.report.outcome import Outcome, Screen, finish
from fer_exp.runs import Run
from fer_exp.studies import archive
from fer_exp.studies.archive import Archive
from fer_exp.studies.trained import computed
from fer_exp.verifying import Checked
from fer_exp.verifying.claims import FILE, Claim, check_document, read_claims
from fer_exp.verifying.files import flat
from fer_exp.verifying.results import check_folder

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
        remade = _Remade(Path(scratch), partial(remake, compose=compose))
        for folder in folders:
            found += remade.check(folder)
        for document, rows in documents.items():
            progress(f"{document}: {len(rows)} statements")
            tables = partial(remade.rows, claims.parent.parent)
            blocks = {name: partial(_of_root, claims.parent.parent, show) for name, show in BLOCKS.items()}
            found.append(check_document(document, rows, tables, blocks))
    finish(said(found))
    if fails := sum(len(one.fails) for one in found):
        raise RunError(f"{fails} of what was checked is not as it is computed, or not to be computed.")


def _asked_for(config: VerifyConfig) -> tuple[list[Path], dict[Path, list[Claim]], Path]:
    """Folders of tables, documents with their claims, and where the list of claims lies."""
    places = [Path(place) for place in config.places]
    for place in places:
        if not place.exists():
            raise RequestError(f"{place}: there is no such folder or document{or_near(place)}")
    results = Path(config.results)
    if not places and not results.is_dir():
        raise RequestError(f"There is no folder {results}; name the folder of tables to verify, or set results to it.")
    if documents := [place.resolve() for place in places if place.is_file()]:
        near = [folder / results.name for folder in documents[0].parents if (folder / results.name / FILE).is_file()]
        results = results if (results / FILE).is_file() else next(iter(near), results)
    file = results / FILE
    rows = read_claims(file) if file.is_file() else []
    of = {Path(row.document): [each for each in rows if each.document == row.document] for row in rows}
    of = {results.parent / name: each for name, each in of.items()}
    if places:
        strange = [one for one in documents if one not in {path.resolve() for path in of}]
        if strange:
            listed = ", ".join(map(str, of)) or "none"
            raise RequestError(f"{strange[0]}: {file} has no row of this document; it has those of: {listed}.")
        of = {path: each for path, each in of.items() if path.resolve() in documents}
    folders = [place for place in places if place.is_dir()] if places else [results]
    folders = [each for place in folders for each in ([place] if _has_tables(place) else sorted(place.iterdir()))]
    folders = [folder for folder in folders if folder.is_dir() and _has_tables(folder)]
    if not folders and not of:
        raise RequestError(
            f"{', '.join(map(str, places or [results]))}: there are no tables, and no document of {file}."
        )
    return folders, of, file


def _has_tables(folder: Path) -> bool:
    return (folder / archive.FILE).is_file() or (folder / "results.json").is_file()


def remake(kept: Archive, moment: dict[str, Any], compose: Compose) -> Outcome:
    """An archive's tables, made by what `fer-exp table` makes them with."""
    preset = kept.preset
    trained = members(preset, compose, partial(archive.find_runs, kept.folder / archive.RUNS))
    outcome = made(preset, trained, kept.asked, moment["left_out"] or [], moment["command"] or [], kept.folder)
    stated = {name: value for name, value in moment.items() if value is not None}
    outcome.content = {**outcome.content, **stated}
    return outcome


class _Remade:
    """Tables of folders as they are computed now, each once."""

    def __init__(self, scratch: Path, make: Callable[[Archive, dict[str, Any]], Outcome]) -> None:
        self.scratch, self.make = scratch, make
        self.checked: dict[Path, list[Checked]] = {}

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
        """The rows of a source of claims: a CSV or JSON of tables, a run's history, or a folder of runs."""
        path = root / source
        if path.name == archive.RUNS:
            return pd.DataFrame([_facts(Run(each.parent)) for each in sorted(path.glob("*/run.json"))])
        if path.parent.parent.name != archive.RUNS and path.suffix != ".parquet":
            self.check(path.parent)
            if (again := self.place(path.parent.resolve()) / path.name).is_file():
                path = again
        if not path.is_file():
            raise RequestError(f"{source} is not there, or cannot be made again")
        if path.suffix == ".csv":
            return pd.read_csv(path)
        if path.suffix == ".parquet":
            return Run(path.parent).history if path.name == "history.parquet" else pd.read_parquet(path)  # type: ignore[return-value]
        return pd.DataFrame([_flat_json(path)])


def _flat_json(path: Path) -> dict[str, Any]:
    import json

    return dict(flat(json.loads(path.read_text(encoding="utf-8"))))


def _facts(run: Run) -> dict[str, Any]:
    """run.json by dotted keys, and what its predictions come to on the test split."""
    return {"run": run.name, **flat(run.facts), **{f"test.{name}": value for name, value in computed(run).items()}}


def _of_root(root: Path, show: Callable[[Path], list[Screen]], source: str) -> str:
    """What a source comes to, as a terminal shows it."""
    console = Console(file=io.StringIO(), width=COLUMNS, highlight=False, markup=False, emoji=False, color_system=None)
    with console.capture() as capture:
        for block in show(root / source):
            console.print(block, soft_wrap=isinstance(block, str))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()).strip("\n")


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
        screen += [
            f"      {fail.where}: " * bool(fail.where) + f"stated {fail.stated!s}; computed {fail.recomputed}"
            if fail.recomputed
            else f"      {fail.stated}"
            for fail in one.fails
        ]
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
