"""The targets table: what each face is taught as, which faces stay, and what the noise did."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import LabelsConfig
from fer_exp.errors import RequestError
from fer_exp.face_names import finder
from fer_exp.labels.keep import keep
from fer_exp.labels.kinds import KINDS
from fer_exp.labels.noise import NOISES, CleanLabels, add_noise
from fer_exp.labels.votes import smooth
from fer_exp.stats.shares import EXACT, probabilities
from fer_exp.tables import read_table

WITH_VOTES = "dataset=ferplus and dataset=synthetic have votes, dataset.votes=FILE attaches some"


@dataclass(frozen=True)
class Targets:
    """What faces are taught as.

    Attributes:
        table: a row per kept face of every split, in the order of the faces table: ``face``, ``split``,
            ``clean_label``, ``label`` (after noise), and ``target_<class>`` per class, which sum to 1.
        dropped: reason -> number of faces left out, all splits together, reasons without faces left out.
        noise: None unless ``labels.kind`` is noisy; else JSON-ready: ``kind``, ``rate`` (asked; null for a file),
            ``exact``, ``seed``, ``file``, ``classes``, ``matrix`` (asked, K x K, or null where there is none),
            ``realised`` (counts, clean class by noisy class), ``realised_rate``, ``rate_by_class`` (null for a class
            without faces), ``faces``, ``flipped``, ``splits`` (faces, flipped and rate of each noisy split), ``hash``
            (of the labels of the noisy splits, as ``noise_files.save_noise`` writes it), ``not_here`` (faces of a file
            of others that are not in this dataset), ``nobody`` (classes that no face has, which no label becomes),
            ``stay`` (classes whose labels the kind of noise leaves right).
        counts: votes that are left after cleaning, a row per row of the table, shape (N, K); what ``sampled`` and
            ``multipass`` draw labels from. Their ``target`` columns hold the vote fractions, which no single epoch
            is taught.
    """

    table: pd.DataFrame
    dropped: dict[str, int]
    noise: dict[str, Any] | None
    counts: NDArray[np.float64]


def make_targets(
    faces: pd.DataFrame,
    votes: pd.DataFrame | None,
    classes: tuple[str, ...],
    config: LabelsConfig,
) -> Targets:
    """Turn labels and votes into one distribution per face.

    Which faces stay depends on the rule and the other keys about votes, not on the kind or the noise, so kinds can be
    compared on the same faces; ``aggregated`` keeps the faces of its file. Rule and ties play no part in a corpus
    without votes.

    The noise is put on training and, unless ``labels.clean_validation``, validation labels, never on test labels.

    ``multi_target`` gives the classes that the rule leaves equal weight. FER+ trains such faces on the class among
    them that the network finds likeliest; here they are a distribution like any other.

    Args:
        faces: a faces table; ``face``, ``split`` and ``label`` are read.
        votes: None, or ``face``, a count column per class, and any other answers (unknown, not_a_face) after them.
        classes: K names.
        config: the ``labels`` group, as ``rules.check_labels`` lets it pass.

    Raises:
        RequestError: votes asked of a corpus without, an unusable noise file, or no face left.
    """
    if votes is None:
        _check_votes(config)
    kind, noisy_splits = KINDS[config.kind], ("train",) if config.clean_validation else ("train", "val")
    if kind.from_file:
        votes = _posteriors(Path(config.posteriors or ""), faces, classes)
    answers = None if votes is None else _matched(faces, votes, classes)
    left = keep(faces, answers, classes, config, faces["split"].isin(noisy_splits).to_numpy())
    kept, label, counts = left.kept, left.label[left.kept], left.counts[left.kept]
    if not kept.any():
        reasons = ", ".join(f"{reason}: {number:,}" for reason, number in left.dropped.items()) or "the table is empty"
        raise RequestError(f"labels: none of {len(faces):,} faces stays ({reasons}); choose another rule.")
    table = faces.loc[kept, ["face", "split"]].reset_index(drop=True)
    after, account = label, None
    if kind.noisy:
        ids, split = (table[name].astype(str).to_numpy(dtype=object) for name in ("face", "split"))
        raw = None if answers is None else answers[kept, : len(classes)]
        after, account = add_noise(CleanLabels(ids, split, label, raw, classes, noisy_splits, faces), config)
    names = np.asarray(classes, dtype=object)
    table["clean_label"], table["label"] = names[label], names[after]
    target = smooth(kind.target(counts, after), config.smoothing)
    columns = pd.DataFrame(target, columns=[f"target_{name}" for name in classes])
    return Targets(pd.concat([table, columns], axis=1), left.dropped, account, counts)


def targets_hash(table: pd.DataFrame) -> str:
    """SHA-256 of a targets table, 64 hex digits: faces, splits, labels and targets, whatever the order of the rows.

    Targets count to nine decimals, so the last bits of an addition on another machine play no part.
    """
    ordered = table.sort_values("face", ignore_index=True)
    digest = hashlib.sha256("\t".join(map(str, ordered.columns)).encode())
    for name in ordered.columns:
        column = ordered[name]
        if pd.api.types.is_float_dtype(column):
            digest.update((column.to_numpy(dtype=np.float64).round(9) + 0.0).astype("<f8").tobytes())
        else:
            digest.update("\n".join(column.astype(str)).encode() + b"\0")
    return digest.hexdigest()


def _check_votes(config: LabelsConfig) -> None:
    """Raise RequestError where the labels group needs votes, of a corpus that has none."""
    kind = KINDS[config.kind]
    wants = {
        f"labels.kind={config.kind}": kind.of_votes,
        "labels.source=votes": config.source == "votes",
        "labels.raters": config.raters is not None,
        f"labels.noise={config.noise}": kind.noisy and NOISES[config.noise].needs_votes,
    }
    for key, wanted in wants.items():
        if wanted:
            raise RequestError(f"{key} needs votes and this corpus has none; {WITH_VOTES}.")


def _posteriors(file: Path, faces: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """The table of ``labels.posteriors``: ``face`` and a probability per class, rows sum to 1, by our face ids."""
    table = read_table(file, "labels.posteriors")
    tasks = table.text(table.need("task"))
    columns = table.class_columns(classes)
    if not columns:
        raise RequestError(f"{table.where} has no column of a class; it has {', '.join(table.names)}.")
    zero = np.zeros(len(table))  # a class without a column was never answered
    values = np.stack([table.added(columns[name]) if name in columns else zero for name in classes], axis=1)
    values, done = probabilities(values)
    table.guessed += done
    table.say()
    bad = (values < 0).any(axis=1) | (np.abs(values.sum(axis=1) - 1) > EXACT)
    if bad.any():
        row = int(bad.argmax())
        raise RequestError(f"{table.row(row)}: the probabilities sum to {values[row].sum():g}, not to 1.")
    find = finder(faces["face"].astype(str), table.where)
    matched = pd.DataFrame(values / values.sum(axis=1, keepdims=True), columns=list(classes))
    matched.insert(0, "face", np.array([find(str(name)) for name in tasks], dtype=object))
    return matched.dropna(subset="face")


def _matched(faces: pd.DataFrame, votes: pd.DataFrame, classes: tuple[str, ...]) -> NDArray[np.float64]:
    """Counts in the order of the faces, classes first, then other answers; a face that is not in votes gets zeros."""
    if missing := [name for name in classes if name not in votes.columns]:
        raise RequestError(f"votes: there is no column {missing[0]!r}; classes are {', '.join(classes)}.")
    others = [name for name in votes.columns if name != "face" and name not in classes]
    if votes["face"].duplicated().any():
        raise RequestError(f"votes: the face {votes['face'][votes['face'].duplicated()].iloc[0]!r} has two rows.")
    matched = votes.set_index("face")[[*classes, *others]].reindex(faces["face"], fill_value=0)
    return matched.to_numpy(dtype=np.float64)
