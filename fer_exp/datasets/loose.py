"""Pictures that are of no corpus: a folder, files or a table that names them, and what is known of their faces."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.bounds import no_ratings
from fer_exp.datasets.classes import as_named
from fer_exp.datasets.pictures import picture_column
from fer_exp.datasets.placing import class_level, places_of
from fer_exp.errors import RequestError
from fer_exp.files import TABLES, file_of, or_near, there
from fer_exp.names import among, composed, labelled
from fer_exp.pictures.decoding import unreadable
from fer_exp.pictures.listing import WAYS_OUT, listed, on_disk
from fer_exp.progress import progress
from fer_exp.split_names import splits_named
from fer_exp.tables import Table, read_table

KEY = "pictures"
RATED = {"human_valence": ("human_valence", "valence"), "human_arousal": ("human_arousal", "arousal")}
"""What people felt in a face, as predictions call it -> the columns of a table of pictures that say so."""


@dataclass(frozen=True)
class Loose:
    """N picture files, each of one face.

    Attributes:
        faces: ``face`` (unique), and what else a predictions table takes, as far as it is known: ``split``,
            ``subject``, ``label``, ``human_valence``, ``human_arousal``, ``votes_<class>``.
        files: where each lies.
        name: what to call all of them.
        table: whether a table names them.
    """

    faces: pd.DataFrame
    files: list[str]
    name: str
    table: bool = False


def gather(places: Sequence[str], classes: Sequence[str], root: str | None = None) -> Loose:
    """The pictures that some words name.

    A face is called by its path from the folder that holds all of them, so that files of one name in different folders
    stay apart; of a table by its column ``face``, else by the path as it stands there. Folders that are called as
    expressions give labels, those called as splits a split.

    Args:
        places: folders, picture files, or one table with a column of paths.
        classes: of the network; other labels are left out, counted.
        root: what the paths of a table start from, in place of the table's folder.

    Raises:
        RequestError: nothing there, no picture, a video, a table with other things, a table none of whose paths is a
            file.
    """
    tables = [place for place in places if _is_table(place)]
    if tables and len(places) > 1:
        raise RequestError(f"{KEY} takes folders and pictures, or one table; {tables[0]} is a table among others.")
    if tables:
        return _of_table(tables[0], classes, root)
    if root is not None:
        raise RequestError(f"root={root} goes with a table; {places[0]} is none.")
    files = [file for place in places for file in _files(place)]
    whole = list(dict.fromkeys(os.path.abspath(file) for file in files))  # noqa: PTH100 - a Path costs more
    if len(whole) < len(files):
        progress(f"{KEY}: {len(files) - len(whole):,} pictures are named twice, and answered once")
    folder = len(places) == 1 and Path(places[0]).is_dir()
    top = os.path.abspath(places[0]) if folder else os.path.commonpath(list(map(os.path.dirname, whole)))  # noqa: PTH100
    names = [_as_text(Path(os.path.relpath(file, top)).as_posix()) for file in whole]
    return Loose(_of_folders(names, classes), whole, Path(top if folder or len(whole) > 1 else whole[0]).stem)


def _as_text(path: str) -> str:
    """A path with bytes that are no text written out, so that it can stand in a table."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _is_table(place: str) -> bool:
    file, sheet = file_of(place)
    return not file.is_dir() and (bool(sheet) or file.suffix.lower() in TABLES)


def _files(place: str) -> list[str]:
    """The pictures of a folder, or the one that a word names, whatever its suffix says, for its content decides."""
    path, suffix = Path(place), Path(place).suffix.lower()
    if path.is_dir():
        found = listed(path)
        if not found:
            empty = "is empty" if not any(path.iterdir()) else "holds no pictures, nor do the folders below it"
            raise RequestError(f"{KEY}={place} {empty}; give a folder of pictures, a picture, or a table of paths.")
        return [os.path.join(place, name) for name in found]  # noqa: PTH118 - a Path costs more
    if not there(path):
        raise RequestError(f"{KEY}={place}: there is no such file or folder{or_near(path)}")
    if way_out := (WAYS_OUT | unreadable()).get(suffix):
        raise RequestError(f"{KEY}={place}: {suffix} is not read here; {way_out}, and give these.")
    return [place]


def _of_folders(names: list[str], classes: Sequence[str]) -> pd.DataFrame:
    """What the folders of pictures say: a label, where they are called as expressions, and a split."""
    folders = [name.rpartition("/")[0] for name in names]
    level = class_level(set(folders), (), None, KEY)
    places = places_of(folders, level)
    splits = [place.split for place in places]
    frame = pd.DataFrame({"face": names})
    if any(splits):
        frame["split"] = [split or "test" for split in splits]
    if level is not None:
        frame["label"] = _labels(np.array([place.kind for place in places], object), classes, "folders")
    return frame


def _of_table(source: str, classes: Sequence[str], root: str | None) -> Loose:
    read = read_table(source, KEY)
    column = picture_column(read)
    paths = read.text(column)
    read.refuse(pd.isna(paths), column, "every row needs a path")
    named = read.find("face")
    names = paths if named in (None, column) else read.text(named)
    read.refuse(pd.isna(names), column if named is None else named, "a face needs a name")
    known = pd.DataFrame({"face": [composed(str(name)) for name in names], **_known(read, classes)})
    first = ~known["face"].duplicated().to_numpy()
    if not first.all():
        known, paths = _once(known, read), paths[first]
    read.say()
    named_paths = [str(path).replace("\\", "/") for path in paths]
    base = _base(named_paths, file_of(source)[0].parent, root, source)
    files = [os.path.join(base, file) for file in on_disk(base, named_paths, read.where)]  # noqa: PTH118
    if not any(map(os.path.lexists, files)):
        raise RequestError(
            f"{read.where}: none of its {len(files):,} paths is a file; the first is {paths[0]}, looked for as "
            f"{files[0]}. Say where they start with root=DIR."
        )
    return Loose(known, files, Path(source).stem, True)


def _base(paths: Sequence[str], beside: Path, root: str | None, source: str) -> Path:
    """What the paths of a table start from: ``root``, else its folder, else the current one, where files are there."""
    if root is not None:
        return Path(root)
    if any((beside / path).is_file() for path in paths) or not any(Path(path).is_file() for path in paths):
        return beside
    progress(f"{KEY}={source}: paths start from the current folder")
    return Path()


def _once(known: pd.DataFrame, read: Table) -> pd.DataFrame:
    """A row a face of a table that has several of some, as of answers; what differs between these is left out."""
    several = (known.groupby("face", sort=False).nunique(dropna=False) > 1).any()
    differing = [str(name) for name in several.index[several]]
    left = f", without {', '.join(differing)}, which differ" if differing else ""
    once = known.drop(columns=differing).drop_duplicates("face", ignore_index=True)
    progress(f"{read.where}: {len(known):,} rows name {len(once):,} pictures, each answered once{left}")
    return once


def _known(read: Table, classes: Sequence[str]) -> dict[str, object]:
    """The columns of a table that a predictions table takes, by its names."""
    known: dict[str, object] = {}
    if (column := read.find("split")) is not None:
        texts = read.text(column)
        splits = splits_named({text for text in texts if text is not None})
        known["split"] = ["test" if text is None else splits[text] for text in texts]
    if (column := read.find("subject")) is not None:
        known["subject"] = read.text(column)
    if (column := read.find("label")) is not None:
        known["label"] = _labels(read.text(column), classes, read.where)
    return {**known, **_ratings(read), **_votes(read, classes)}


def _ratings(read: Table) -> dict[str, object]:
    """Valence and arousal that people felt; a column on another scale than -1..1 is left out, and said."""
    known: dict[str, object] = {}
    for name, others in RATED.items():
        column = next((n for other in others if (n := read.find(other)) is not None), None)
        if column is None:
            continue
        values = read.numbers(column)
        if no_ratings(values).any():
            way_out = "fer-exp evaluate takes them with votes=TABLE and scale=[1,9], say"
            progress(f"{read.where}: {read.names[column]} goes beyond -1..1 and is left out; {way_out}")
        else:
            known[name] = values
    return known


def _votes(read: Table, classes: Sequence[str]) -> dict[str, object]:
    """The votes for each of the network's classes; those for other classes are left out, and said."""
    find = among(classes)
    votes = {n: name for n, name in enumerate(read.names) if name.lower().startswith("votes_")}
    columns = {own: n for n, name in votes.items() if (own := find(name[len("votes_") :])) is not None}
    if len(columns) == len(classes):
        return {f"votes_{name}": read.counts(columns[name]) for name in classes}
    if votes:
        way_out = "evaluate takes them with votes=TABLE"
        progress(f"{read.where}: its votes are for other classes and are left out; {way_out}")
    return {}


def _labels(texts: NDArray[np.object_], classes: Sequence[str], where: str) -> NDArray[np.object_]:
    """Labels as the network calls its classes; others are left out, counted."""
    find = among(classes)
    meaning = {
        text: next(filter(None, map(find, [*as_named(text), labelled(text) or ""])), None)
        for text in set(texts) if text is not None
    }  # fmt: skip
    if strange := [text for text, name in meaning.items() if name is None]:
        number = sum(text in strange for text in texts)
        words = ", ".join(map(repr, sorted(strange)[:4])) + (" …" if len(strange) > 4 else "")
        progress(f"{where}: labels that are none of the classes, left out: {number:,} ({words})")
    return np.array([meaning.get(text) for text in texts], dtype=object)
