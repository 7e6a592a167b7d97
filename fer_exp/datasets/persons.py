"""Who is in a picture, by ``dataset.subject``: told by its name or folder, so that no person is in two splits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fer_exp.datasets.namings import MOST, NAMINGS, Named, rows_of
from fer_exp.errors import RequestError, did_you_mean
from fer_exp.face_names import stem

KEY = "dataset.subject"
NONE, FOLDER = "none", "folder"
PEOPLE = (NONE, FOLDER, *(name for name, naming in NAMINGS.items() if "(?P<subject>" in naming.pattern))
"""The values of the key that are no regular expression: nobody is told apart; the folder beside split and class names
the person; rows of ``NAMINGS``."""

People = list[str | None]


def tell_apart(
    paths: Sequence[str], folders: Sequence[str | None], how: str | None, named: Named | None
) -> tuple[People, list[str]]:
    r"""Who is in each of N pictures, None where that is not told; and words about it.

    Where nothing is asked for, persons are told apart by names that are a corpus' own, and else offered where names or
    folders look like persons. Once they are told apart, each picture that names nobody is a person of its own.

    Args:
        paths: of the pictures, from the root.
        folders: of each picture the folder that is neither its split nor its class, None where there is none.
        how: ``dataset.subject``; None for nothing asked.
        named: what the names say.

    Raises:
        RequestError: a value that is none of the key's, or one that finds nobody.

    >>> tell_apart(["p1_x.png", "p2_x.png", "y.png"], [None] * 3, r"(p\d)_", None)[0]
    ['p1', 'p2', 'y.png']
    """
    nobody: People = [None] * len(paths)
    if how == NONE:
        return nobody, []
    if how is None:
        if named is None or named.offered or named.table["subject"].isna().all():
            return nobody, _offer(folders, named)
        return _whole(paths, named.table["subject"].tolist(), f"by their names ({KEY}={NONE} splits by face)")
    found = list(folders) if how == FOLDER else subjects(paths, how)
    if not any(found):
        where = "no picture lies in a folder beside its class" if how == FOLDER else f"it finds nobody in {paths[0]}"
        raise RequestError(f"{KEY}={how}: {where}, nor in any other of {len(paths):,} pictures.")
    return _whole(paths, found, f"by {KEY}={how}")


def subjects(paths: Sequence[str], how: str) -> People:
    """Who is in each of N pictures, None where a name does not say.

    Args:
        paths: of the pictures, from the root.
        how: a row of ``NAMINGS``, or a regular expression with one group, looked for in a path without its suffix.

    Raises:
        RequestError: no such row and no such expression.

    >>> subjects(["a/Tim_Henman_0001.jpg", "a/me.jpg"], "lfw")
    ['Tim_Henman', None]
    """
    if how in PEOPLE:
        rows = rows_of(NAMINGS[how], [stem(path).rpartition("/")[2] for path in paths])
        return [rows.get(place, {}).get("subject") for place in range(len(paths))]
    ways = f"{', '.join(PEOPLE)}, or a regular expression with one group, e.g. '{KEY}=^(P\\d+)'"
    try:
        pattern = re.compile(how)
    except re.error as problem:
        raise RequestError(f"{KEY}={how} is no regular expression ({problem}). There are: {ways}.") from None
    if pattern.groups != 1:
        raise RequestError(f"{KEY}={how} is unknown; {did_you_mean(how, PEOPLE)}There are: {ways}.")
    return [match[1] if (match := pattern.search(stem(path))) else None for path in paths]


def _whole(paths: Sequence[str], found: People, by: str) -> tuple[People, list[str]]:
    """Every picture with a person, and how many there are."""
    unknown = [path for path, person in zip(paths, found, strict=True) if not person]
    words = f"{len({person for person in found if person}):,} persons {by}; splits that are drawn take them whole"
    if unknown:
        words += f"; {len(unknown):,} pictures name nobody, each is a person of its own, first {unknown[0]}"
    return [person or path for path, person in zip(paths, found, strict=True)], [words]


def _offer(folders: Sequence[str | None], named: Named | None) -> list[str]:
    """What ``dataset.subject`` could be, where names or folders look like persons."""
    if named is not None and named.offered:
        persons = len(set(named.table["subject"].dropna()))
        return [f"the names look like {persons:,} persons: {KEY}={named.offered} splits by person"]
    known = [folder for folder in folders if folder]
    if len(known) > MOST * len(folders) and 1 < len(set(known)) < len(known):
        return [f"{len(set(known)):,} folders that are no class look like persons: {KEY}={FOLDER} splits by person"]
    return []
