"""`fer-exp export`: a trained network as one file, with what has to be known to use it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_exp.config import ExportConfig
from fer_exp.errors import RequestError, RunError
from fer_exp.export import FORMATS, Format, installed
from fer_exp.files import to_replace, whole_folder, writable, write_json, write_text
from fer_exp.report.outcome import Outcome, finish
from fer_exp.runs import FILES, Run

if TYPE_CHECKING:
    from fer_exp.training.trained import Trained

CARD, CONFIG = "README.md", "config.json"


def export(config: ExportConfig) -> Path:
    """Load, write, try the file, write the card; the last line of stdout is the folder.

    Args:
        config: see conf/export.yaml.

    Raises:
        RequestError: no run, one that has no network to take out, a package that is absent, a target that is there.
        RunError: the folder cannot be written, or the file answers otherwise than the network.
    """
    if config.run is None:
        raise RequestError("export needs run=FOLDER, a finished run.")
    row, source = installed(config.format), Path(config.run)
    place = target(config, row, source)
    writable(place.parent)

    from fer_exp.export.card import card  # torch is wanted from here on, not before
    from fer_exp.export.described import describe
    from fer_exp.training.network_file import as_texts
    from fer_exp.training.trained import load

    trained = load(source)
    run = Run(source.parent if source.name == FILES["network"] else source)
    with whole_folder(place) as aside:
        described = describe(trained.told, config.format)
        row.code.write(aside / row.file, trained, as_texts(described))
        content = {"folder": str(place), "format": config.format, "file": row.file} | tried(row, aside, trained)
        write_text(aside / CARD, card(trained.told, run, config.format))
        write_json(aside / CONFIG, described)
    finish(Outcome("export", content, screen=said(content), left=[place]))
    return place


def next_step(config: ExportConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    return f"read {shlex.quote(str(place / CARD))}, which says how to use it"


def target(config: ExportConfig, row: Format, source: Path) -> Path:
    """The folder to be made.

    Raises:
        RequestError: it is called like a file, or it is there and may not be replaced.
    """
    if config.output is None:
        within = source.absolute() if source.is_dir() else source.absolute().parent
        place = Path("exports") / f"{within.name.removesuffix('-safetensors')}-{config.format}"
    else:
        place = Path(config.output)
    if place.suffix in {Path(each.file).suffix for each in FORMATS.values()}:
        raise RequestError(
            f"output={place} is called like a file, and export makes a folder for {row.file}, {CARD} and {CONFIG}; "
            f"write output={place.with_suffix('')}."
        )
    networks = {row.file for row in FORMATS.values()}
    return to_replace(place, "output", {CARD, CONFIG, *networks}, networks, overwrite=config.overwrite)


def tried(row: Format, folder: Path, trained: Trained) -> dict[str, Any]:
    """What the file is, and how far its answers lie from the network's; RunError where that is too far."""
    from fer_exp.export.ready import CLOSE, difference, some_faces

    answers, faces = row.code.read(folder / row.file), some_faces(trained)
    far = None if answers is None else difference(trained.answers(faces), answers(faces))
    if far is not None and not far <= CLOSE:
        raise RunError(
            f"{row.file} answers otherwise than the network it was made of, by up to {far:.2g}, so it is not kept; "
            "format=safetensors keeps the network as it is."
        )
    told = trained.told
    return {
        "bytes": (folder / row.file).stat().st_size,
        "classes": list(told.classes),
        "size": told.size,
        "channels": told.channels,
        "affect": told.affect,
        "faces_tried": 0 if far is None else len(faces),
        "largest_difference": far,
    }


def said(content: dict[str, Any]) -> list[Any]:
    """What was written, and how it was tried."""
    colours = "grey" if content["channels"] == 1 else "colour"
    answers = f"{len(content['classes'])} classes{', valence, arousal' if content['affect'] else ''}"
    far = content["largest_difference"]
    lines = [
        f"{content['file']}: {content['bytes'] / 1e6:.1f} MB, {colours} faces of {content['size']} pixels to {answers}",
        "not tried: onnxruntime is not installed"
        if far is None
        else f"tried on {content['faces_tried']} patterns: its answers differ from the network's by at most {far:.1g}",
        f"{CARD}: the model card; {CONFIG}: the same for programs",
    ]
    return list(lines)
