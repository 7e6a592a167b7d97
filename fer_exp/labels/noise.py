"""Wrong labels on purpose: transition matrices, flips that can be repeated, and noise files.

Labels are class indices in the order of ``classes``; they cross file boundaries by class name only. Random numbers are
handed out by sorted face id, so the order of the rows plays no part; with the same seed and faces, the faces flipped
at a low rate are among those flipped at a higher one, as far as the rounding of ``exact`` allows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fer_exp.config import check_choice
from fer_exp.errors import RequestError
from fer_exp.labels import NOISES
from fer_exp.labels.votes import checked_counts, in_face_order

Labels = NDArray[np.int64]
Matrix = NDArray[np.float64]

PAIRS = {
    "anger": "disgust",
    "disgust": "anger",
    "fear": "surprise",
    "happiness": "neutral",
    "sadness": "neutral",
    "surprise": "anger",
    "neutral": "sadness",
}
"""What ``asymmetric`` takes a class for; a class that is not here, or whose partner is no class, stays."""

HEADER = "# fer-exp noise, sha256 "


def checked_rate(rate: float) -> float:
    """``rate`` itself; raises RequestError where it is no share from 0 to 1."""
    if not 0 <= rate <= 1:
        raise RequestError(f"labels.rate={rate} is no share; give one from 0 to 1.")
    return rate


def transition(kind: str, rate: float, classes: Sequence[str], confusion: ArrayLike | None = None) -> Matrix:
    r"""The transition matrix of a kind of noise: :math:`T_{ij} = P(\text{label } j \mid \text{clean } i)`.

    - ``symmetric``: ``rate`` is spread evenly over the K - 1 other classes.
    - ``uniform``: over all K, so that only rate * (K - 1) / K of the labels become wrong.
    - ``asymmetric``: goes to the class it is easily taken for, ``PAIRS``.
    - ``pairflip``: goes to the next class, the last one to the first.
    - ``human``: over the other classes as people confuse them, ``confusion``; a class that nobody confused stays.

    Args:
        kind: one of ``labels.NOISES`` but ``human_face`` (see ``flip_by_votes``) and ``file``.
        rate: share of each class's labels, 0 to 1.
        classes: K names.
        confusion: for ``human``, votes for class j on faces of class i, shape (K, K); see ``human_confusion``.

    Returns:
        Shape (K, K), rows sum to 1.

    Raises:
        RequestError: unknown kind, rate outside 0..1, fewer than two classes, or ``human`` without confusion.

    Source:
        symmetric: Wang et al. 2020 (SCN); pairflip: Han et al. 2018 (Co-teaching).

    >>> transition("symmetric", 0.2, ("neutral", "happiness", "sadness"))
    array([[0.8, 0.1, 0.1],
           [0.1, 0.8, 0.1],
           [0.1, 0.1, 0.8]])
    """
    check_choice("labels.noise", kind, NOISES)
    checked_rate(rate)
    size = len(classes)
    if size < 2:
        raise RequestError("labels.noise needs at least two classes.")
    goes_to = np.zeros((size, size))  # where a flipped label of each class goes, not normalised
    if kind in ("symmetric", "uniform"):
        goes_to[:] = 1.0
        if kind == "symmetric":
            np.fill_diagonal(goes_to, 0.0)
    elif kind == "asymmetric":
        for clean, wrong in PAIRS.items():
            if clean in classes and wrong in classes:
                goes_to[classes.index(clean), classes.index(wrong)] = 1.0
    elif kind == "pairflip":
        goes_to = np.roll(np.eye(size), 1, axis=1)
    elif kind == "human":
        if confusion is None:
            raise RequestError("labels.noise=human needs a corpus with votes, e.g. dataset=ferplus.")
        goes_to = checked_counts(confusion)
        if goes_to.shape != (size, size):
            raise RequestError(f"labels.noise=human needs a {size} x {size} confusion, not {goes_to.shape}.")
        goes_to = goes_to * (1 - np.eye(size))
    else:
        raise RequestError(f"labels.noise={kind} has no transition matrix: it is drawn face by face.")
    total = goes_to.sum(axis=1, keepdims=True)
    moved = np.divide(rate * goes_to, total, out=np.zeros_like(goes_to), where=total > 0)
    return np.asarray(moved + np.diag(1 - moved.sum(axis=1)))


def human_confusion(labels: ArrayLike, counts: ArrayLike, classes: int) -> Matrix:
    """How people vote on the faces of each class, from uncleaned votes.

    Args:
        labels: class of each face, shape (N,).
        counts: votes for classes, shape (N, K).
        classes: K.

    Returns:
        Votes for class j on the faces of class i, shape (K, K).

    >>> human_confusion([0, 0, 1], [[3, 1], [2, 0], [0, 4]], 2)
    array([[5., 1.],
           [0., 4.]])
    """
    confusion = np.zeros((classes, classes))
    np.add.at(confusion, np.asarray(labels, dtype=np.int64), checked_counts(counts))
    return confusion


def flip(
    labels: ArrayLike,
    matrix: ArrayLike,
    exact: bool = True,
    seed: int | Sequence[int] = 0,
    faces: Sequence[str] | None = None,
) -> Labels:
    """Draw a label per face from its class's row of a transition matrix.

    Args:
        labels: clean class of each face, shape (N,).
        matrix: shape (K, K), rows sum to 1.
        exact: in each class, the expected number of each label, rounded by largest remainder (equal remainders in
            random order), so each count is within one face of its expectation; else each face on its own (bernoulli).
        seed: of a numpy Generator.
        faces: N unique ids; with them the outcome does not depend on the order of the rows.

    Returns:
        Noisy class per face, shape (N,).

    Raises:
        RequestError: a matrix whose rows are no distributions, a label outside it, or ids that are not unique.

    >>> flip([0, 0, 0, 0, 1], [[0.5, 0.5], [0, 1]]).tolist().count(0)
    2
    """
    table = checked_counts(matrix)
    if table.shape[0] != table.shape[1] or not np.allclose(table.sum(axis=1), 1):
        raise RequestError("labels.noise: a transition matrix is square and its rows sum to 1.")
    clean = _checked_labels(labels, len(table))
    chance, where = _draws(len(clean), seed, faces)
    noisy = clean.copy()
    if not exact:
        others = table * (1 - np.eye(len(table)))
        flipped = chance < others.sum(axis=1)[clean]
        noisy[flipped] = pick(others[clean[flipped]], where[flipped])
        return noisy
    random = np.random.default_rng([*np.atleast_1d(seed).tolist(), 1])
    for own in range(len(table)):
        members = np.flatnonzero(clean == own)
        numbers = _largest_remainder(table[own] * len(members), random)
        numbers[own] = 0
        chosen = members[np.argsort(chance[members], kind="stable")][: numbers.sum()]
        chosen = chosen[np.argsort(where[chosen], kind="stable")]  # which of them goes where is random, too
        noisy[chosen] = np.repeat(np.arange(len(table)), numbers)
    return noisy


def flip_by_votes(
    labels: ArrayLike,
    fractions: ArrayLike,
    rate: float,
    exact: bool = True,
    seed: int | Sequence[int] = 0,
    faces: Sequence[str] | None = None,
) -> Labels:
    """With probability ``rate``, replace a face's label by an answer drawn from that face's own votes.

    A draw may give the clean label again, so fewer than ``rate`` become wrong, most of them on ambiguous faces.

    Args:
        labels: clean class of each face, shape (N,).
        fractions: vote fractions of each face, shape (N, K), rows sum to 1.
        rate: share of faces drawn again, 0 to 1.
        exact: draw again the rounded share of each class; else each face on its own.
        seed: of a numpy Generator.
        faces: N unique ids; with them the outcome does not depend on the order of the rows.

    Returns:
        Noisy class per face, shape (N,).

    Raises:
        RequestError: rate outside 0..1, a label outside the classes, or ids that are not unique.

    >>> flip_by_votes([0, 0], [[0, 1], [1, 0]], rate=1)
    array([1, 0])
    """
    checked_rate(rate)
    rows = checked_counts(fractions)
    clean = _checked_labels(labels, rows.shape[1])
    chance, where = _draws(len(clean), seed, faces)
    again = chance < rate
    if exact:
        again = np.zeros(len(clean), dtype=bool)
        for own in range(rows.shape[1]):
            members = np.flatnonzero(clean == own)
            number = int(np.floor(rate * len(members) + 0.5))
            again[members[np.argsort(chance[members], kind="stable")][:number]] = True
    return np.asarray(np.where(again, pick(rows, where), clean), dtype=np.int64)


def _checked_labels(labels: ArrayLike, classes: int) -> Labels:
    clean = np.asarray(labels, dtype=np.int64)
    if clean.size and (clean.min() < 0 or clean.max() >= classes):
        raise RequestError(f"labels: class indices run from 0 to {classes - 1}, found {clean.min()} to {clean.max()}.")
    return clean


def _draws(size: int, seed: int | Sequence[int], faces: Sequence[str] | None) -> tuple[Matrix, Matrix]:
    """Two uniform numbers per face: whether its label flips, and where to. Neither depends on the rate."""
    chance, where = np.random.default_rng(seed).random((2, size))
    return in_face_order(faces, size, chance), in_face_order(faces, size, where)


def pick(rows: Matrix, uniform: Matrix) -> Labels:
    """The class in which each uniform number falls, by the cumulated row; never a class of probability 0."""
    cumulated = rows.cumsum(axis=1)
    cumulated = cumulated / cumulated[:, -1:]  # ends in exactly 1, which a uniform number never reaches
    return np.asarray((cumulated > uniform[:, None]).argmax(axis=1), dtype=np.int64)


def _largest_remainder(expected: Matrix, random: np.random.Generator) -> Labels:
    """Whole numbers with the (whole) sum of ``expected``, each within one of it."""
    expected = expected.round(9)  # 0.1 * 30 is 3, not 3.0000000000000004
    numbers = np.floor(expected).astype(np.int64)
    missing = round(float(expected.sum())) - int(numbers.sum())
    order = np.lexsort((random.random(len(expected)), -(expected - numbers).round(9)))
    numbers[order[:missing]] += 1
    return numbers


def realised(clean: ArrayLike, noisy: ArrayLike, classes: int) -> tuple[Labels, Matrix]:
    """What the noise came to.

    Args:
        clean: class per face before, shape (N,).
        noisy: class per face after, shape (N,).
        classes: K.

    Returns:
        Counts of clean class i that became j, shape (K, K), and the share of each class that is wrong, shape (K,),
        nan for a class without faces.

    >>> realised([0, 0, 1], [0, 1, 1], 2)
    (array([[1, 1],
           [0, 1]]), array([0.5, 0. ]))
    """
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (np.asarray(clean, dtype=np.int64), np.asarray(noisy, dtype=np.int64)), 1)
    total = counts.sum(axis=1)
    rate = np.divide(total - counts.diagonal(), total, out=np.full(classes, np.nan), where=total > 0)
    return counts, rate


def labels_hash(labels: Mapping[str, str]) -> str:
    """SHA-256 of face ids and class names, 64 hex digits; the same for the same labels in any order.

    >>> labels_hash({"b": "anger", "a": "fear"}) == labels_hash({"a": "fear", "b": "anger"})
    True
    """
    lines = "".join(f"{face} {label}\n" for face, label in sorted(labels.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def save_noise(file: Path, labels: Mapping[str, str]) -> str:
    """Write a noise file: a comment with the hash of the labels, then a line ``face label`` per face.

    Args:
        file: where to; an existing file is replaced.
        labels: class name after noise by face id, written in the order given.

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
    file.write_text(f"{HEADER}{digest}\n{lines}", encoding="utf-8")
    return digest


def read_text(file: Path) -> str:
    """The text of ``labels.file``; RequestError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise RequestError(f"labels.file={file} cannot be read ({problem}).") from None


def read_noise(file: Path, faces: Collection[str], classes: Sequence[str]) -> dict[str, str]:
    """Read a noise file of ours; ``published.read_published`` reads those of others.

    Args:
        file: text lines ``face label``; a face id may hold spaces. Lines that start with # are comments.
        faces: all known face ids.
        classes: all known class names.

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
    if stated is not None and stated != labels_hash(labels):
        raise RequestError(f"{file}: the labels are not those that were saved (their hash differs); get it again.")
    return labels
