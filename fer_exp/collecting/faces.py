"""The faces of a study: which there are, what they are balanced by, known answers, and pictures made for a screen."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers.read import read_labels
from fer_exp.collecting.study import Study
from fer_exp.datasets.loose import Loose, gather
from fer_exp.digests import of_text, state_of
from fer_exp.errors import RequestError, RunError, did_you_mean
from fer_exp.face_names import finder
from fer_exp.names import among, composed
from fer_exp.pictures.decoding import as_image, decode_whole
from fer_exp.pictures.depth import RejectedError
from fer_exp.progress import progress, say
from fer_exp.system import cores
from fer_exp.tables import Table, read_table
from fer_exp.troubles import in_words

SIDE = 800
"""Longest side of a picture on the page, in pixels: a face fills a screen, and a telephone's photograph fits a line."""
SMALL = 160 * 160
"""Pixels up to which a picture is kept as it is (PNG); JPEG would blur faces of 48 pixels."""
QUALITY = 92
MEDIA = {".png": "image/png", ".jpg": "image/jpeg"}
ASIDE = ".making"
"""Where pictures are written before they get their names; ``files.whole`` would look through ten thousand each time."""
NAMED = 3
"""Pictures that cannot be used which are named one by one."""


@dataclass(frozen=True)
class Faces:
    """N faces.

    Attributes:
        tasks: what each is called, in tables of answers too.
        files: where each lies.
        labels: the class that a table or folder says, None where none does.
        groups: column -> its value of each face, '' where empty; those of ``balance``, label among them.
        gold: the known answer of each, None where there is none.
        name: what to call all of them.
    """

    tasks: tuple[str, ...]
    files: tuple[str, ...]
    labels: tuple[str | None, ...]
    groups: dict[str, tuple[str, ...]]
    gold: tuple[str | None, ...]
    name: str

    def __len__(self) -> int:
        """The number of faces."""
        return len(self.tasks)

    @property
    def strata(self) -> NDArray[np.int64]:
        """What each face is balanced by, 0 to S - 1: the combinations of the groups' values."""
        keys = list(zip(*self.groups.values(), strict=True)) if self.groups else [()] * len(self)
        place = {key: n for n, key in enumerate(sorted(set(keys)))}
        return np.array([place[key] for key in keys], np.int64)

    def only(self, keep: Sequence[int]) -> Faces:
        """Some of the faces."""
        return Faces(
            tuple(self.tasks[n] for n in keep),
            tuple(self.files[n] for n in keep),
            tuple(self.labels[n] for n in keep),
            {name: tuple(values[n] for n in keep) for name, values in self.groups.items()},
            tuple(self.gold[n] for n in keep),
            self.name,
        )


def read_faces(pictures: Sequence[str], study: Study, root: str | None = None, *, preset: bool = False) -> Faces:
    """The faces that a study is about.

    Args:
        pictures: a folder, picture files, or one table that names them.
        study: what is asked.
        root: what the paths of a table start from.
        preset: whether the study is one of ours, whose gold faces and balance count where there are any.

    Raises:
        RequestError: no pictures, a column that is not there, a known answer that is no class, too few gold faces.
    """
    loose = gather(pictures, tuple(study.classes), root)
    tasks = tuple(str(face) for face in loose.faces["face"])
    labels = _column(loose.faces, "label")
    table = read_table(pictures[0], "pictures") if loose.table else None
    groups = {name: _group(name, labels, loose, table, tasks) for name in study.balance}
    lacking = [name for name, values in groups.items() if values is None]
    if lacking and (not preset or lacking != ["label"]):
        columns = did_you_mean(lacking[0], table.names) + f"There are: {', '.join(table.names)}" if table else (
            "folders called as expressions, or a table, say it"
        )  # fmt: skip
        raise RequestError(f"balance names {lacking[0]}, which the pictures do not have; {columns}.")
    known = {name: tuple(value or "" for value in values) for name, values in groups.items() if values is not None}
    return Faces(tasks, tuple(loose.files), labels, known, _gold(study, tasks, table), loose.name)


def _column(frame: pd.DataFrame, name: str) -> tuple[str | None, ...]:
    if name not in frame:
        return (None,) * len(frame)
    return tuple(None if pd.isna(value) else str(value) for value in frame[name])


def _group(
    name: str, labels: tuple[str | None, ...], loose: Loose, table: Table | None, tasks: Sequence[str]
) -> tuple[str | None, ...] | None:
    """The values of a column to balance by, None where nothing says them."""
    if name in ("label", "class") and any(labels):
        return labels
    if name == "subject" and name in loose.faces:
        return _column(loose.faces, name)
    if table is None or name not in table.names:
        return None
    return _of_tasks(table, table.names.index(name), tasks)


def _of_tasks(table: Table, column: int, tasks: Sequence[str]) -> tuple[str | None, ...]:
    """A column of the pictures' table by face; the first value of a face that has several rows."""
    named = table.find("face")
    named = table.find_picture() if named is None else named
    names = [composed(str(text)) for text in table.text(named)]
    values: dict[str, str] = {}
    for face, value in zip(names, table.text(column), strict=True):
        if value is not None:
            values.setdefault(face, str(value))
    return tuple(values.get(task) for task in tasks)


def _gold(study: Study, tasks: tuple[str, ...], table: Table | None) -> tuple[str | None, ...]:
    """The known answer of each face: of the study's file, else of the column gold."""
    classes = tuple(study.classes)
    if study.gold is not None:
        names, codes, _ = read_labels(study.gold, classes, "gold", ordered=True)
        find = finder(tasks, f"gold={study.gold}")
        found = [(find(str(name)), int(code)) for name, code in zip(names, codes, strict=True)]
        answers = {task: classes[code] for task, code in found if task is not None and code >= 0}
        if strangers := [str(name) for name, (task, _) in zip(names, found, strict=True) if task is None]:
            say(f"gold={study.gold}: {len(strangers):,} of its {len(names):,} faces are not among the pictures, "
                f"e.g. {strangers[0]}")  # fmt: skip
        if not answers:
            raise RequestError(f"gold={study.gold}: none of its faces is among the pictures; are the names alike?")
        return tuple(answers.get(task) for task in tasks)
    if table is None or "gold" not in table.names:
        return (None,) * len(tasks)
    meaning, column = among(classes), table.names.index("gold")
    texts = _of_tasks(table, column, tasks)
    if strange := next((text for text in texts if text is not None and meaning(text) is None), None):
        hint = did_you_mean(strange, classes)
        raise RequestError(
            f"{table.where}: gold is {strange!r}, which is no class; {hint}There are: {', '.join(classes)}."
        )
    return tuple(None if text is None else meaning(text) for text in texts)


def enough_gold(study: Study, faces: Faces, *, preset: bool = False) -> tuple[int, int]:
    """How many faces with known answers a person meets for practice and as gold: what the study says.

    Of a preset, none where no answer is known, which is said.

    Raises:
        RequestError: there are too few.
    """
    wanted, there = study.practice + study.gold_faces, sum(answer is not None for answer in faces.gold)
    if there == 0 and wanted and preset:
        progress(
            "no face has a known answer, so there is no practice and nobody is judged by gold faces; a column gold of "
            "the pictures' table, or gold=FILE (task, label), has them"
        )
        return 0, 0
    if there < wanted:
        raise RequestError(
            f"practice={study.practice} and gold_faces={study.gold_faces} take {wanted} faces with a known answer, and "
            f"{there:,} have one; give more (the column gold of the pictures' table, or gold=FILE), or ask for fewer."
        )
    return study.practice, study.gold_faces


def for_screen(file: str | Path) -> tuple[bytes, str]:
    """A picture as the page shows it, without what its file says besides (EXIF: where it was taken), and a suffix.

    Raises:
        RejectedError: it cannot be read.
    """
    pixels = decode_whole(file, SIDE)
    grey = bool((pixels[..., :1] == pixels).all())
    image = as_image(pixels[..., :1] if grey else pixels)
    stream = io.BytesIO()
    if image.width * image.height <= SMALL:
        image.save(stream, "PNG")
        return stream.getvalue(), ".png"
    image.save(stream, "JPEG", quality=QUALITY, **({} if grey else {"subsampling": 0}))
    return stream.getvalue(), ".jpg"


def prepared(faces: Faces, folder: Path, *, where: Path | None = None, key: str = "output") -> tuple[Faces, list[Path]]:
    """All pictures made for the screen, in a folder that keeps them; those that cannot be read are left out, and named.

    Args:
        faces: of the study.
        folder: made if need be; what lies there of an earlier start is used again.
        where: what a user calls the folder, where this one stands aside for it.
        key: what a user sets to have it elsewhere.

    Returns:
        The faces that can be shown, and the file of each.

    Raises:
        RequestError: none can be read.
        RunError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _prepared(faces, folder)
    except OSError as error:
        where = folder if where is None else where
        raise RunError(
            f"{where} cannot be written: {in_words(error, folder)}; or set {key}= to a folder elsewhere."
        ) from error


def _prepared(faces: Faces, folder: Path) -> tuple[Faces, list[Path]]:
    """``prepared`` in a folder that is there; raises OSError where it cannot be written."""
    there = {path.stem: path for path in folder.iterdir() if path.suffix in MEDIA}
    (folder / ASIDE).mkdir(exist_ok=True)
    made: list[Path | str] = []
    said = time.monotonic()
    with ThreadPoolExecutor(cores()) as pool:  # Pillow lets go of Python's lock
        for number, found in enumerate(pool.map(lambda file: _made(file, folder, there), faces.files), 1):
            made.append(found)
            if time.monotonic() - said > 5:
                said = time.monotonic()
                progress(f"pictures made for the screen: {number:,} of {len(faces):,}")
    shutil.rmtree(folder / ASIDE, ignore_errors=True)
    bad = [n for n, found in enumerate(made) if isinstance(found, str)]
    if bad:
        some = "; ".join(f"{faces.tasks[n]}: {made[n]}" for n in bad[:NAMED]) + (" …" if len(bad) > NAMED else "")
        if len(bad) == len(faces):
            raise RequestError(f"none of the {len(faces):,} pictures can be read: {some}.")
        say(f"pictures that cannot be read, left out: {len(bad):,} ({some})")
    kept = [n for n in range(len(faces)) if not isinstance(made[n], str)]
    return faces.only(kept), [path for path in made if isinstance(path, Path)]


def _made(file: str, folder: Path, there: dict[str, Path]) -> Path | str:
    """The picture of one file, or why there is none; named after the file's state: a changed one is made anew."""
    try:
        name = of_text(repr((str(Path(file).absolute()), state_of(Path(file)), SIDE)))[:32]
        if (known := there.get(name)) is not None:
            return known
        content, suffix = for_screen(file)
    except RejectedError as reason:
        return str(reason)
    except FileNotFoundError:
        return "the file is missing"
    except OSError as problem:
        return f"the file cannot be read ({problem.strerror or problem})"
    path, aside = folder / f"{name}{suffix}", folder / ASIDE / f"{name}{suffix}"
    aside.write_bytes(content)
    aside.replace(path)
    return path
