"""Wrong labels on purpose: a row a kind of noise, and the account of what it did.

Labels are class indices in the order of ``classes``; they cross file boundaries by class name only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import LabelsConfig
from fer_exp.errors import RequestError
from fer_exp.labels.draws import Labels
from fer_exp.labels.flips import flip, flip_by_votes, realised
from fer_exp.labels.noise_files import is_own, labels_hash, read_noise
from fer_exp.labels.published import file_form, pictures_of, read_published
from fer_exp.labels.transitions import (
    Matrix,
    asymmetric,
    human,
    human_confusion,
    pairflip,
    symmetric,
    transition,
    uniform,
)
from fer_exp.labels.votes import Counts, fractions


@dataclass(frozen=True)
class CleanLabels:
    """The labels that noise is put on.

    Attributes:
        faces: N ids.
        split: of each, shape (N,).
        label: class indices, shape (N,).
        counts: votes as given, uncleaned, shape (N, K), or None.
        classes: K names.
        noisy_splits: those whose labels get the noise.
        corpus: the faces table of all faces, kept or not, by which a noise file's faces are known.
    """

    faces: NDArray[np.object_]
    split: NDArray[np.object_]
    label: Labels
    counts: Counts | None
    classes: Sequence[str]
    noisy_splits: Sequence[str]
    corpus: pd.DataFrame

    @property
    def touched(self) -> NDArray[np.bool_]:
        """Which faces are in a noisy split."""
        return np.isin(self.split.astype(str), list(self.noisy_splits))

    @property
    def had(self) -> NDArray[np.bool_]:
        """Which classes are the label of any face, shape (K,): no label becomes one of the others."""
        return np.bincount(self.label, minlength=len(self.classes)) > 0

    def of_splits(self) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Each noisy split and its rows; each is flipped on its own, so that each has the rate asked for."""
        for name in self.noisy_splits:
            yield name, np.flatnonzero(self.split == name)

    def draw(self, name: str, rows: NDArray[np.int64], config: LabelsConfig) -> dict[str, Any]:
        """How a split is drawn, as ``flip`` and ``flip_by_votes`` take it."""
        faces = self.faces[rows].tolist()
        return {"exact": config.exact, "seed": (config.seed, crc32(name.encode())), "faces": faces}


@dataclass(frozen=True)
class Noise:
    """A row of ``NOISES``: one kind of wrong labels.

    Attributes:
        wrong: (clean labels, labels group) -> labels after noise, shape (N,), and what the account says besides:
            ``matrix`` and ``stay``, where there is one, and ``not_here``.
        needs_votes: whether the corpus must have votes.
        from_file: whether ``labels.file`` has the labels, so that ``labels.rate`` plays no part.
    """

    wrong: Callable[[CleanLabels, LabelsConfig], tuple[Labels, dict[str, Any]]]
    needs_votes: bool = False
    from_file: bool = False


def by_matrix(goes_to: Callable[[Sequence[str], Matrix | None], Matrix], needs_votes: bool = False) -> Noise:
    """Noise that goes by the class alone; with ``needs_votes``, by how people confuse the classes.

    Classes that no face has take no part, so that pairflip goes to the next class that there is.
    """

    def wrong(clean: CleanLabels, config: LabelsConfig) -> tuple[Labels, dict[str, Any]]:
        confusion, had = None, np.flatnonzero(clean.had).tolist()
        if needs_votes and clean.counts is not None:
            here = clean.split.astype(str) != "test"  # whatever of these is flipped
            confusion = human_confusion(clean.label[here], clean.counts[here], len(clean.classes))[np.ix_(had, had)]
        among = np.zeros((len(clean.classes), len(clean.classes)))
        among[np.ix_(had, had)] = goes_to([clean.classes[k] for k in had], confusion)
        matrix, after = transition(among, config.rate), clean.label.copy()
        for name, rows in clean.of_splits():
            after[rows] = flip(clean.label[rows], matrix, **clean.draw(name, rows, config))
        return after, {"matrix": matrix.tolist(), "stay": [clean.classes[k] for k in had if not among[k].any()]}

    return Noise(wrong, needs_votes)


def by_own_votes(clean: CleanLabels, config: LabelsConfig) -> tuple[Labels, dict[str, Any]]:
    """An answer drawn from the face's own votes for classes that some face has."""
    after, had = clean.label.copy(), clean.had
    for name, rows in clean.of_splits():
        counts = np.zeros((0, len(had))) if clean.counts is None else clean.counts[rows]
        left = np.where(had, counts, 0.0)
        alone = counts.any(axis=1) & ~left.any(axis=1)  # nobody chose a class that there is: the label stays
        left[alone] = np.eye(len(had))[clean.label[rows][alone]]
        shares = fractions(left)
        after[rows] = flip_by_votes(clean.label[rows], shares, config.rate, **clean.draw(name, rows, config))
    return after, {}


def from_file(clean: CleanLabels, config: LabelsConfig) -> tuple[Labels, dict[str, Any]]:
    """The labels of ``labels.file``; a split that the file does not touch at all keeps its own."""
    file, not_here, after = Path(config.file or ""), 0, clean.label.copy()
    known = clean.corpus["face"].astype(str).tolist()
    if is_own(file):
        saved = read_noise(file, known, clean.classes)
    else:
        form = None if config.file_classes is None else file_form(config.file_classes, config.file_first)
        pictures = pictures_of(clean.corpus, dict(zip(known, known, strict=True)))
        saved, not_here = read_published(file, pictures, clean.classes, form)
    number = {name: index for index, name in enumerate(clean.classes)}
    for name, rows in clean.of_splits():
        without = [face for face in clean.faces[rows] if face not in saved]
        if without and (len(without) < len(rows) or name == "train"):
            raise RequestError(
                f"labels.file={file} has no label for {len(without):,} of {len(rows):,} {name} faces, first "
                f"{without[0]}; use the labels.rule and ties that it was made with."
            )
        if not without:
            after[rows] = [number[saved[face]] for face in clean.faces[rows]]
    return after, {"not_here": not_here}


NOISES = {
    "symmetric": by_matrix(symmetric),
    "uniform": by_matrix(uniform),
    "asymmetric": by_matrix(asymmetric),
    "pairflip": by_matrix(pairflip),
    "human": by_matrix(human, needs_votes=True),
    "human_face": Noise(by_own_votes, needs_votes=True),
    "file": Noise(from_file, from_file=True),
}
"""``labels.noise``: which wrong label a face gets."""


def add_noise(clean: CleanLabels, config: LabelsConfig) -> tuple[Labels, dict[str, Any]]:
    """Labels after noise, shape (N,), and the account of it, see ``targets.Targets.noise``."""
    noise = NOISES[config.noise]
    after, facts = noise.wrong(clean, config)
    here, names = clean.touched, np.asarray(clean.classes, dtype=object)
    counts, rates = realised(clean.label[here], after[here], len(clean.classes))
    total = _share(clean.label[here], after[here])
    return after, {
        "kind": config.noise,
        "rate": None if noise.from_file else config.rate,
        "exact": config.exact,
        "seed": config.seed,
        "file": config.file,
        "classes": list(clean.classes),
        "matrix": facts.get("matrix"),
        "realised": counts.tolist(),
        "realised_rate": total["rate"],
        "rate_by_class": {c: None if np.isnan(r) else float(r) for c, r in zip(clean.classes, rates, strict=True)},
        "faces": total["faces"],
        "flipped": total["flipped"],
        "splits": {name: _share(clean.label[rows], after[rows]) for name, rows in clean.of_splits()},
        "stay": facts.get("stay", []),
        "nobody": [name for name, had in zip(clean.classes, clean.had, strict=True) if not had],
        "not_here": facts.get("not_here", 0),
        "hash": labels_hash(dict(zip(clean.faces[here], names[after[here]], strict=True))),
    }


def _share(before: Labels, after: Labels) -> dict[str, Any]:
    flipped = int((before != after).sum())
    return {"faces": len(before), "flipped": flipped, "rate": flipped / len(before) if len(before) else None}
