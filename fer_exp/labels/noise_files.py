"""Noise files of ours: a line ``face label`` per face, under a hash that shows whether they were changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from fer_exp.digests import of_text
from fer_exp.errors import RequestError
from fer_exp.files import write_text
from fer_exp.regular import no_file, reading, regular, whole_text

HEADER = "# fer-exp noise, sha256 "


def labels_hash(labels: Mapping[str, str]) -> str:
    """SHA-256 of face ids and class names, 64 hex digits; the same for the same labels in any order.

    >>> labels_hash({"b": "anger", "a": "fear"}) == labels_hash({"a": "fear", "b": "anger"})
    True
    """
    lines = "".join(f"{face} {label}\n" for face, label in sorted(labels.items()))
    return of_text(lines)


def save_noise(file: Path, labels: Mapping[str, str]) -> str:
    """Write a noise file: a comment with the hash of the labels, then a line ``face label`` per face, in their order.

    Returns:
        The hash, see ``labels_hash``.

    Raises:
        RequestError: a face id that does not fit on a line.
    """
    for face in labels:
        if not face or face != face.strip() or len(face.splitlines()) > 1 or face.startswith("#"):
            raise RequestError(f"{file}: the face id {face!r} cannot be written to a noise file.")
    digest = labels_hash(labels)
    lines = "".join(f"{face} {label}\n" for face, label in labels.items())
    write_text(file, f"{HEADER}{digest}\n{lines}")
    return digest


def read_text(file: Path) -> str:
    """The text of ``labels.file``; RequestError where it cannot be read."""
    where = f"labels.file={file}"
    if not file.is_file():
        raise RequestError(f"{where}: {no_file(file)}")
    with reading(file, where):
        return whole_text(file)


def read_noise(file: Path, faces: Collection[str], classes: Sequence[str]) -> dict[str, str]:
    """Read a noise file of ours; ``published.read_published`` reads those of others.

    Lines are ``face label``; a face id may hold spaces. Lines that start with # are comments.

    Returns:
        Class name by face id, in the order of the file.

    Raises:
        RequestError: the file is missing or was changed since it was written, or, naming the line: a face that is
            unknown or comes twice, a label that is unknown.
    """
    text = read_text(file)
    known, stated, labels = set(faces), None, dict[str, str]()
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith(HEADER):
            stated = line.removeprefix(HEADER).strip()
        if not line.strip() or line.startswith("#"):
            continue
        face, label = [*line.strip().rsplit(maxsplit=1), ""][:2]
        where = f"{file}, line {number}"
        if face not in known:
            raise RequestError(f"{where}: there is no face {face!r} in this dataset; is the file for another one?")
        if label not in classes:
            hint = " Numbers mean other classes in every tool; write names." if label.isdigit() else ""
            raise RequestError(f"{where}: {label!r} is no class; there are: {', '.join(classes)}.{hint}")
        if face in labels:
            raise RequestError(f"{where}: the face {face!r} has a label already.")
        labels[face] = label
    if not labels:
        raise RequestError(f"{file} has no line of a face and its label; get it again.")
    if stated is not None and stated != labels_hash(labels):
        raise RequestError(f"{file}: the labels are not those that were saved (their hash differs); get it again.")
    return labels


def is_own(file: Path) -> bool:
    """Whether a noise file was written by ``save_noise``; False also where it cannot be read."""
    try:
        regular(file)
        with file.open(encoding="utf-8-sig") as stream:
            return stream.readline().startswith(HEADER)
    except (OSError, UnicodeDecodeError):
        return False
