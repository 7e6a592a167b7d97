"""`fer-exp predict`: what a trained network says of pictures, as probabilities and as ten people."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fer_exp.commands.following import line
from fer_exp.config import PredictConfig, TrainerConfig
from fer_exp.datasets.loose import Loose, gather
from fer_exp.errors import RequestError
from fer_exp.face_names import stem, tails
from fer_exp.files import file_names, there, unfinished, whole, writable, write_table
from fer_exp.judging.predictions import check_predictions
from fer_exp.pictures.crops import NO_FACE, Crop
from fer_exp.pictures.photographs import advice, look_like_photographs
from fer_exp.progress import progress, say
from fer_exp.report.answers import counts_table, one_table, summary, with_people
from fer_exp.report.answers_page import Page
from fer_exp.report.outcome import Outcome, finish
from fer_exp.runs import Run
from fer_exp.system import without_collector

if TYPE_CHECKING:
    from fer_exp.training.pictures import Answered
    from fer_exp.training.trained import Trained

FORMS = (".csv", ".parquet")
DIGITS = 7
"""Decimals in a CSV; a network's numbers have no more."""
NAMED = 3
"""Pictures that could not be used which are named one by one; a file lists all."""


def predict(config: PredictConfig) -> Path | None:
    """Let a network answer pictures, write a table that `evaluate` and `compare` take, and show what is in it.

    Args:
        config: see conf/predict.yaml.

    Returns:
        The table; of a single picture None, where no ``output`` is named.

    Raises:
        RequestError: no run or none that has finished, no pictures, none that can be used, or a file that is there.
        RunError: the table cannot be written.
    """
    if config.run is None:
        raise RequestError("predict needs a run: fer-exp predict runs/NAME photos/, say.")
    if not config.pictures:
        raise RequestError(f"predict needs pictures: fer-exp predict {config.run} photos/, say.")
    if config.output is not None and Path(config.output).suffix not in FORMS and not Path(config.output).is_dir():
        raise RequestError(f"output={config.output}: predictions are written as .csv or .parquet; name one of these.")

    with without_collector():  # torch is wanted from here on, not before
        from fer_exp.training.pictures import answer_pictures

    trained, crop = network(config)
    loose = _with_splits(gather(config.pictures, trained.told.classes, config.root), Run(Path(config.run)))
    even = {f"p_{name}": 1 / len(trained.told.classes) for name in trained.told.classes}
    check_predictions(loose.faces.assign(**even), f"pictures={config.pictures[0]}")  # what people said, before the work
    output = _output(config, loose, trained.told.run)
    if crop is None and look_like_photographs(loose.files):
        progress(advice("crop=face"))
    page = Page(len(loose.files)) if config.page else None
    answered = answer_pictures(trained, loose.files, crop, None if page is None else page.see)
    _say(loose, answered, output, crop)
    table = with_people(_table(loose, answered, trained.told.classes))
    screen = one_table(table) if len(loose.files) == 1 else counts_table(table)
    shown = None if page is None else page.render(table, answered.rows, trained.told, crop)
    left = [] if output is None else _write(output, table, shown)
    notes = [] if output is None else _notes(output, config, answered)
    finish(Outcome("predictions", _content(trained, crop, loose, answered, table), screen, notes=notes, left=left))
    return output


def _write(output: Path, table: pd.DataFrame, page: str | None) -> list[Path]:
    """Write the table and, where there is one, its page: both lie aside before either takes its place."""
    table = table.round(DIGITS) if output.suffix == ".csv" else table
    if page is None:
        write_table(output, table)
        return [output]
    with whole(_page(output)) as aside:
        aside.write_text(page, encoding="utf-8", newline="\n")
        write_table(output, table)
    return [_page(output), output]


def _notes(output: Path, config: PredictConfig, answered: Answered) -> list[str]:
    """What lies beside the table that an earlier call has left there."""
    beside = [*([] if config.page else [_page(output)]), *([] if answered.rejected else [_rejected(output)])]
    return [f"{path} is of an earlier call; it says nothing about this table." for path in beside if there(path)]


def next_step(config: PredictConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    page = f"open {shlex.quote(str(_page(place)))} in a browser, " if config.page else ""
    judged = f"{line('evaluate', f'predictions={place}', 'votes=FILE')} (beside what people said of these pictures)"
    return f"{page}{judged}, {line('compare', str(place))} OTHER (beside another's)"


def network(config: PredictConfig) -> tuple[Trained, Crop | None]:
    """The network that a config names, and what cuts faces out of pictures for it: as told, else as its run did."""
    from fer_exp.training.devices import find_device
    from fer_exp.training.trained import load

    trained = load(Path(str(config.run)), find_device(TrainerConfig(accelerator=config.device), "device"))
    return trained, _crop(config, trained)


def _with_splits(loose: Loose, run: Run) -> Loose:
    """A split for each face, where none is known."""
    if "split" not in loose.faces:
        loose.faces.insert(1, "split", splits_of(loose.faces["face"], run))
    return loose


def splits_of(faces: Iterable[str], run: Run) -> list[str]:
    """The run's own split of each face that is called as one of its; test of all others.

    So `evaluate` tells what the network was taught from what is new to it.
    """
    own: dict[str, str] = {}
    if (targets := run.targets) is not None:
        own = dict(zip(map(stem, targets["face"]), targets["split"], strict=True))
    splits = [next((own[tail] for tail in tails(stem(face)) if tail in own), "test") for face in faces]
    if taught := splits.count("train"):
        told = f"{taught:,} of {len(splits):,} pictures have the names of faces that {run.name} learnt from"
        say(f"{told}; their split is train, because answers to them say nothing about new faces")
    return splits


def _output(config: PredictConfig, loose: Loose, run: str) -> Path | None:
    """Where the table shall lie; None of a single picture, which the terminal shows, where nothing else is asked for.

    Raises:
        RequestError: there is such a file already, or page.
        RunError: its folder cannot be written.
    """
    given = None if config.output is None else Path(config.output)
    if given is None and len(loose.files) == 1 and not loose.table and not config.page:
        return None
    if given is None or given.is_dir():
        (name,) = file_names([f"{loose.name}-{run}.csv"])
        given = Path(name) if given is None else given / name
    for path in (given, _page(given)) if config.page else (given,):
        if there(path) and not config.overwrite and not (config.page and _was_killed(given)):
            way_out = "write overwrite=true to replace it, or name another with output=FILE"
            raise RequestError(f"{path} is there already; {way_out}.")
    writable(given.parent)
    return given


def _was_killed(output: Path) -> bool:
    """Whether a table is there whose page a killed call has made, and not put in its place any more."""
    page = _page(output)
    if there(page) or not output.is_file():
        return False
    return any(aside.stat().st_mtime_ns <= output.stat().st_mtime_ns for aside in unfinished(page.parent, page))


def _page(output: Path) -> Path:
    return output.with_suffix(".html")


def _rejected(output: Path) -> Path:
    return output.with_suffix(".rejected.csv")


def _crop(config: PredictConfig, trained: Trained) -> Crop | None:
    """What cuts the faces out: as told, else as of the faces that the network was taught."""
    told = trained.told
    if (config.crop or told.crop) == "none":
        if config.margin is not None:
            raise RequestError(f"margin={config.margin:g} does nothing without crop=face.")
        return None
    crop = Crop(told.margin if config.margin is None else config.margin)
    if config.crop is None:
        progress(f"faces are cut out as those of {told.run} were: crop=face margin={crop.margin:g}")
    return crop


def _say(loose: Loose, answered: Answered, output: Path | None, crop: Crop | None) -> None:
    """What pictures are known for; those that could not be used, which a file beside the table lists.

    Raises:
        RequestError: none could be used.
    """
    rejected, total, names = answered.rejected, len(loose.files), loose.faces["face"]
    if rejected and len(rejected) == total:
        row, reason = next(iter(rejected.items()))
        which = f"{names[row]} cannot be used"
        if total > 1:
            which = f"none of {total:,} pictures can be used, first {names[row]}"
        way_out = " crop=none takes pictures as they are." if crop is not None and reason == NO_FACE else ""
        raise RequestError(f"{which}: {reason}.{way_out}")
    for remark, number in answered.remarks.items():
        progress(f"{number:,} {remark}")
    if not rejected:
        return
    faceless = [str(names[row]) for row, reason in rejected.items() if reason == NO_FACE]
    spoilt = [f"{names[row]}: {reason}" for row, reason in rejected.items() if reason != NO_FACE]
    for words, pictures in ((f"pictures in which {NO_FACE}", faceless), ("pictures that cannot be used", spoilt)):
        if pictures:
            more = f", and {len(pictures) - NAMED:,} more" if len(pictures) > NAMED else ""
            progress(f"{len(pictures):,} {words}, left out: {'; '.join(pictures[:NAMED])}{more}")
    if 2 * len(faceless) > total:
        progress("no face was found in most of them; crop=none takes pictures as they are, for faces cut out already")
    if output is not None:
        listed = pd.DataFrame({"face": names.iloc[list(rejected)], "reason": list(rejected.values())})
        write_table(beside := _rejected(output), listed)
        progress(f"listed in {beside}")


def _table(loose: Loose, answered: Answered, classes: tuple[str, ...]) -> pd.DataFrame:
    """The predictions table: what the network says, then what the pictures came with."""
    from fer_exp.training.answers import answer_columns

    faces = loose.faces.iloc[answered.rows].reset_index(drop=True)
    known = [name for name in ("face", "split", "subject") if name in faces]
    said = pd.DataFrame(answer_columns(classes, answered.probabilities, answered.affect))
    return pd.concat([faces[known], said, faces.drop(columns=known)], axis=1)


def _content(
    trained: Trained, crop: Crop | None, loose: Loose, answered: Answered, table: pd.DataFrame
) -> dict[str, Any]:
    return {
        "run": trained.told.run,
        "crop": "none" if crop is None else "face",
        "margin": None if crop is None else crop.margin,
        **summary(table),
        "rejected": {str(loose.faces["face"][row]): reason for row, reason in answered.rejected.items()},
    }
