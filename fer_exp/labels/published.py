"""Noise files as others publish them: numbers whose order must be named, paths of other machines, a flag column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fer_exp.errors import RequestError
from fer_exp.face_names import finder, is_picture, stem
from fer_exp.files import write_text
from fer_exp.labels.noise_files import read_text
from fer_exp.names import among, checked_expression
from fer_exp.orders import ORDERS, Order, order_of


def file_form(named: Any, first: int | None) -> Order:
    """What ``labels.file_classes`` and ``labels.file_first`` say of a file's numbers.

    Args:
        named: a name in ``ORDERS``, or a list of class names in the file's order.
        first: the number of the first class; needed with a list.

    Raises:
        RequestError: as ``order_of``, or a list without ``first``.

    >>> file_form("scn", None).classes[0]
    'surprise'
    """
    order = order_of(named, "labels.file_classes", first)
    if not isinstance(named, str) and first not in (0, 1):
        raise RequestError(
            "labels.file_classes is a list; say with labels.file_first=0 or 1 what number its first class has."
        )
    return order


def save_published(file: Path, labels: Mapping[str, str], form: Order) -> None:
    """Write a noise file as others publish theirs: a line ``name number`` per face, no comment.

    ``labels`` are class names after noise by the name that a face has in such files. One without a picture's suffix
    gets the form's.

    Raises:
        RequestError: a label that the form has no number for.
        RunError: the file cannot be written.
    """
    number = {name: place for place, name in form.meaning.items()}
    if missing := sorted(set(labels.values()) - set(number)):
        raise RequestError(f"labels.export: {missing[0]} has no number in that form; its classes are {form.classes}.")
    lines = "".join(f"{_file(face, form.suffix)} {number[label]}\n" for face, label in labels.items())
    write_text(file, lines)


def _file(face: str, suffix: str) -> str:
    """The name of a face's picture.

    >>> _file("angry/a.png", ".jpg"), _file("train_00001", ".jpg")
    ('angry/a.png', 'train_00001.jpg')
    """
    return face if is_picture(face) else f"{stem(face)}{suffix}"


def read_published(
    file: Path, names: Mapping[str, str], classes: Sequence[str], form: Order | None
) -> tuple[dict[str, str], int]:
    """Read a noise file that others wrote: lines ``name label``, or ``name label flag``.

    A name may be a path of another machine, lack its suffix or end in ``_aligned``. The third column, whether a label
    was changed, is not read. A face that is not here (a split left out, a picture rejected) is counted.

    Args:
        names: face id by the name that the corpus gives its picture.
        form: what numbers mean; None for labels that are names.

    Returns:
        Class name by face id, and how many faces of the file are not here.

    Raises:
        RequestError: a file that cannot be read or is of other faces, or, naming the line, a label out of range, a
            class that is none here, a face twice.
    """
    text, find = read_text(file), finder(names, str(file))
    means = form.meaning.get if form else among(classes)
    labels: dict[str, str] = {}
    strange, first = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{file}, line {number}"
        words = line.replace("\t", " ").strip().replace(",", " ").split()
        if len(words) < 2:
            raise RequestError(f"{where}: {line.strip()!r} is no name and label.")
        label, name = words[-1], find(" ".join(words[:-1]))
        if name is None and len(words) > 2 and words[-1] in ("0", "1", "True", "False"):
            flagged = find(" ".join(words[:-2]))
            if flagged is not None or (form and means(words[-2])):
                label, name = words[-2], flagged
        known = means(label) or _other_class(label, form, where)
        if name is None:
            strange, first = strange + 1, first or " ".join(words[:-1])
            continue
        if known not in classes:
            raise RequestError(f"{where}: {known} is no class of this run; there are: {', '.join(classes)}.")
        if names[name] in labels:
            raise RequestError(f"{where}: the face {names[name]!r} has a label already.")
        labels[names[name]] = known
    if not labels:
        raise RequestError(f"{file}: none of its {strange:,} faces is in this dataset, first {first!r}.")
    return labels, strange


def _other_class(label: str, form: Order | None, where: str) -> str:
    """The expression that a label means which is no class of this run; raises RequestError of a number, or of none."""
    if form is not None:
        last = form.first + len(form.classes) - 1
        raise RequestError(
            f"{where}: the label {label!r} is out of {form.first} to {last}, which labels.file_classes names; is "
            "it counted from another number, or of another form?"
        )
    if label.lstrip("-").isdigit():
        raise RequestError(
            f"{where}: the label {label!r} is a number; numbers mean other classes in every tool: name them with "
            f"labels.file_classes ({', '.join(ORDERS)}, or a list in the file's order)."
        )
    return checked_expression(label, where)


def pictures_of(faces: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, str]:
    """Labels by what other people's files call each face; faces without such a name are left out.

    A corpus whose picture names are not its face ids (FER+) has them in the column ``picture``; a name that several
    faces carry means none of them.

    ``labels`` may be anything by face id.
    """
    if "picture" not in faces.columns:
        return dict(labels)
    named = faces[faces["picture"].notna() & ~faces["picture"].duplicated(keep=False)]
    pairs = zip(named["face"].astype(str), named["picture"].astype(str), strict=True)
    return {picture: labels[face] for face, picture in pairs if face in labels}
