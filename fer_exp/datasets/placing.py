"""What the folders above pictures of one's own are: splits, classes, and persons beside the classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from fer_exp.datasets.classes import named_labels, refuse_unknown
from fer_exp.errors import DatasetNotFoundError
from fer_exp.names import CLASSES, OTHER_ANSWERS, expression, normal
from fer_exp.orders import number
from fer_exp.split_names import split_named

OTHERS = {"fer2013new.csv": "ferplus", "fer2013.csv": "fer2013", "icml_face_data.csv": "fer2013"}
"""Files, packed or not, by which a folder without pictures is known as another corpus."""


class Place(NamedTuple):
    """What stands above a picture: its split, its class folder, and the last folder that is neither; None for none."""

    split: str | None
    kind: str | None
    beside: str | None


def places_of(folders: Sequence[str], level: int | None) -> list[Place]:
    """What the folders of N pictures are, from the root; ``level`` as ``class_level`` says.

    >>> places_of(["train/P01/happy", ""], 1)
    [Place(split='train', kind='happy', beside='P01'), Place(split=None, kind=None, beside=None)]
    >>> [place.beside for place in places_of(["happy/anna/s1", "happy/anna"], 0)]
    ['anna', 'anna']
    """
    places = {folder: _place(folder, level) for folder in dict.fromkeys(folders)}
    return [places[folder] for folder in folders]


def class_level(folders: Iterable[str], classes: Sequence[str], numbers: Any, where: str) -> int | None:
    """How many folders stand above those of the classes, splits not counted; None where none is of a class.

    Several above them are persons, or sessions; a single one is none: the root is too high.

    Args:
        folders: of pictures, from the root.
        classes: of the run, as far as they are known.
        numbers: ``dataset.numbers``; without it a number says no class.
        where: whose folders they are, for messages.
    """
    kinds = [split_above(folder)[1] for folder in folders]
    for level in (0, 1):
        names = {parts[level] for parts in kinds if len(parts) > level}
        words = [name for name in names if numbers is not None or number(name) is None]
        known = named_labels(words, classes, numbers, where, [])[0]
        if len(known) == len(words) > 0 or any(len(normal(word)) > 2 for word in known):  # DI may be a person
            return level if level == 0 or len({parts[0] for parts in kinds if parts}) > 1 else None
    return None


def class_folders(
    places: Mapping[str, Place],
    classes: Sequence[str],
    numbers: Any,
    named: bool,
    whose: tuple[str, Path],
    said: list[str],
) -> dict[str, str | None]:
    """Label by path of the pictures in folders of classes.

    Args:
        places: by path.
        classes: of the run, as far as they are known.
        numbers: ``dataset.numbers``.
        named: whether the classes were named, so that other folders are left out.
        whose: name of the corpus and its root, for messages.
        said: receives what a person should know.

    Returns:
        Nothing where all lie in one folder that is no class.

    Raises:
        RequestError: a folder that is no class, or numbers without an order.
        DatasetNotFoundError: the root is a level too high or too low.
    """
    corpus, root = whose
    sizes = Counter(place.kind for place in places.values() if place.kind is not None)
    label_of, unknown = named_labels(sizes, classes, numbers, f"{corpus}: the folders of {root}", said)
    if unknown and not label_of:
        _refuse_level(unknown, places, corpus, root)
        if len(unknown) == 1 and not named:  # one folder of all pictures is no set of classes
            return {}
    if not named:
        many = "s" if len(unknown) > 1 else ""
        refuse_unknown(unknown, set(label_of.values()), f"{corpus}: of {root} the folder{many} ")
    others = [kind for kind in sizes if label_of.get(kind, OTHER_ANSWERS[0]) in OTHER_ANSWERS]
    if others:
        listing = ", ".join(f"{sizes[kind]:,} in {kind}" for kind in others)
        said.append(f"left out, pictures in folders that are no class: {listing}")
    return {
        path: label_of[place.kind]
        for path, place in places.items()
        if place.kind is not None and place.kind not in others
    }


def refuse_folders(every: Sequence[str], corpus: str, root: Path, access: str) -> NoReturn:
    """Raise DatasetNotFoundError over pictures of which nothing says what they show, with the ways out."""
    if every and (expression(root.name) in CLASSES or split_named(root.name)):
        raise DatasetNotFoundError(f"{corpus}: {root} is itself a class or split; set dataset.root={root.parent}.")
    for parts in (path.split("/")[:-1] for path in every[:100]):
        below = next((n for n, part in enumerate(parts) if expression(part) in CLASSES or split_named(part)), 0)
        if below:
            way_out = f"set dataset.root={root.joinpath(*parts[:below])}"
            raise DatasetNotFoundError(f"{corpus}: the class folders lie further down; {way_out}.")
    if every:
        raise DatasetNotFoundError(
            f"{corpus}: {len(every):,} pictures below {root} lie in no folder of a class and their names say none, "
            f"first {every[0]}. Say what they show: dataset.ratings=FILE (an answer a row), dataset.votes=FILE (a "
            "column a class), dataset.table=FILE (path and label), or a folder per class."
        )
    packed = next((name for name in OTHERS if any(root.glob(f"{name}*"))), None)
    way_out = access if packed is None else f"{packed} lies there: write dataset={OTHERS[packed]} dataset.root={root}."
    raise DatasetNotFoundError(f"{corpus}: there is no picture below {root}. {way_out}")


def _refuse_level(unknown: Sequence[str], paths: Iterable[str], corpus: str, root: Path) -> None:
    """Raise DatasetNotFoundError where no folder is a class because the root is a level too high or too low."""
    for parts in (path.split("/")[:-1] for path in paths):
        inner = parts[1] if len(parts) > 1 and parts[0] in unknown else ""
        if expression(inner) in CLASSES or split_named(inner):
            way_out = f"set dataset.root={root / parts[0]}"
            raise DatasetNotFoundError(f"{corpus}: the class folders lie one further down; {way_out}.")
    if split_named(root.name) or expression(root.name) in CLASSES:
        way_out = f"set dataset.root={root.parent}"
        raise DatasetNotFoundError(f"{corpus}: {root} is itself a split or class; {way_out}.")


def _place(folder: str, level: int | None) -> Place:
    split, parts = split_above(folder)
    at = level or 0
    others = parts if level is None else parts[:at] + parts[at + 1 :]
    others = [part for part in others if len(normal(part)) < 3 or expression(part) is None]  # DI may be a person
    others = [part for part in others if split_named(part) is None]
    person = others[-1 if level is None else 0] if others else None  # beside the class: below a person lie sessions
    return Place(split, parts[at] if len(parts) > at else None, person)


def split_above(folder: str) -> tuple[str | None, list[str]]:
    """The split that the first folder names which names one, None where none does, and the other folders.

    >>> split_above("train/happy"), split_above("happy/test"), split_above("happy")
    (('train', ['happy']), ('test', ['happy']), (None, ['happy']))
    """
    parts = folder.split("/") if folder else []
    for place, part in enumerate(parts):
        if (split := split_named(part)) is not None:
            return split, parts[:place] + parts[place + 1 :]
    return None, parts
