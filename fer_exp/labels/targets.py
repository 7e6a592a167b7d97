"""The targets table: what each face is taught as, which faces stay, and what the noise did."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import LabelsConfig
from fer_exp.errors import RequestError
from fer_exp.labels import OF_VOTES, RULES, noise
from fer_exp.labels.published import file_form, is_own, read_published
from fer_exp.labels.rules import check_votes
from fer_exp.labels.votes import clean, draw_raters, fractions, majority, smooth
from fer_exp.names import finder
from fer_exp.tables import answer_columns, need, numbers, read_table

SUM_TOLERANCE = 1e-3  # of the sum of posteriors: tables with four decimals pass


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
            (of the labels of the noisy splits, the one that ``noise.save_noise`` writes), ``not_here`` (faces of a
            file of others that are not in this dataset).
        counts: votes that are left after cleaning, a row per row of the table, shape (N, K); what ``sampled`` and
            ``multipass`` deliver labels from. Their ``target`` columns hold the vote fractions, which no single epoch
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
    noisy_splits: Sequence[str] = ("train", "val"),
) -> Targets:
    """Turn labels and votes into one distribution per face.

    Which faces stay depends on the rule and the other keys about votes, not on the kind or the noise, so kinds can be
    compared on the same faces; ``aggregated`` keeps the faces of its file. Rule and ties play no part in a corpus
    without votes.

    ``multi_target`` gives the classes that the rule leaves equal weight. FER+ trains such faces on the class among
    them that the network finds likeliest; here they are a distribution like any other.

    Args:
        faces: a faces table; ``face``, ``split`` and ``label`` are read.
        votes: None, or ``face``, a count column per class, and any other answers (unknown, not_a_face) after them.
        classes: K names.
        config: the ``labels`` group, as ``rules.check_labels`` lets it pass.
        noisy_splits: splits whose labels get the noise; test labels are better left alone.

    Returns:
        Targets for every split.

    Raises:
        RequestError: votes asked of a corpus without, an unusable noise file, or no face left.
    """
    if votes is None:
        check_votes(config)
    if config.kind == "aggregated":
        votes = _posteriors(Path(config.posteriors or ""), faces, classes)
    label, kept, counts, dropped = _clean_labels(faces, votes, classes, config, noisy_splits)
    if not kept.any():
        raise RequestError(f"labels: none of {len(faces):,} faces stays ({_listed(dropped)}); choose another rule.")
    known = faces["face"].astype(str).tolist()
    table = faces.loc[kept, ["face", "split"]].reset_index(drop=True)
    label, names = label[kept], np.asarray(classes, dtype=object)
    after, what = label, None
    if config.kind == "noisy":
        raw = None if votes is None else _matched(faces, votes, classes)[kept, : len(classes)]
        pictures = pictures_of(faces, dict(zip(known, known, strict=True)))
        after, what = _add_noise(table, label, raw, classes, config, noisy_splits, pictures, set(known))
    table["clean_label"], table["label"] = names[label], names[after]
    if config.kind == "multi_target":
        target = fractions(counts[kept] > 0)
    elif config.kind in (*OF_VOTES, "aggregated"):
        target = fractions(counts[kept])
    else:
        target = np.eye(len(classes))[after]
    columns = pd.DataFrame(smooth(target, config.smoothing), columns=[f"target_{name}" for name in classes])
    return Targets(pd.concat([table, columns], axis=1), dropped, what, counts[kept])


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


def _clean_labels(
    faces: pd.DataFrame,
    votes: pd.DataFrame | None,
    classes: tuple[str, ...],
    config: LabelsConfig,
    noisy_splits: Sequence[str],
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64], dict[str, int]]:
    """Class index per face (-1: none), which faces stay, cleaned counts (N, K), and the reasons why others do not."""
    number = {name: index for index, name in enumerate(classes)}
    given = [None if pd.isna(name) else str(name) for name in faces["label"]]
    label = np.array([number.get(name, -1) if name else -1 for name in given], dtype=np.int64)
    kept = np.ones(len(faces), dtype=bool)
    counts = np.zeros((len(faces), len(classes)))
    dropped: dict[str, int] = {}

    def drop(reason: str, these: NDArray[np.bool_]) -> None:
        if number_of := int((these & kept).sum()):
            dropped[reason] = number_of
        kept[these] = False

    if votes is not None and config.kind == "aggregated":
        counts = _matched(faces, votes, classes)
        tops = majority(counts, config.ties, config.seed, faces["face"].astype(str).tolist())
        drop("no posterior", counts.sum(axis=1) == 0)
        if config.ties == "drop":
            drop("ties", tops.tied)
    elif votes is not None:
        answers = _matched(faces, votes, classes)
        names = faces["face"].astype(str).tolist()
        if config.rule != "all" and len(answers) and answers.sum(axis=1).max() < 1.5:  # shares that were rounded
            raise RequestError(
                f"labels.rule={config.rule} needs counts of votes and these are proportions; set labels.rule=all."
            )
        # With the corpus' own label a face that nobody rated is as good as any: a re-annotated subset is only a part.
        spared = (answers.sum(axis=1) == 0) & (not _needs_votes(config))
        drop("no votes", (answers.sum(axis=1) == 0) & ~spared)
        if config.raters is not None:  # of the faces that are learnt from; tests are judged by everyone
            taught = faces["split"].isin(list(noisy_splits)).to_numpy()
            drop(f"fewer raters than {config.raters}", taught & (answers.sum(axis=1) < config.raters) & ~spared)
            answers = np.where(taught[:, None], draw_raters(answers, config.raters, config.seed, names), answers)
        if config.others == "ignore":
            answers = np.where(np.arange(answers.shape[1]) < len(classes), answers, 0.0)
        few = answers[:, : len(classes)].sum(axis=1) < config.min_votes
        drop(f"fewer votes than {config.min_votes}", few & ~spared)
        stays, counts = clean(answers, len(classes), config.rule, config.outliers)
        tops = majority(counts, config.ties, config.seed, names)
        drop(f"rule {config.rule}", ~stays & ~spared)
        if config.ties == "drop":
            drop("ties", tops.tied)
        if config.common:
            for rule in RULES:
                kept_too = clean(answers, len(classes), rule, config.outliers).kept
                drop(f"not kept by rule {rule} (labels.common)", ~kept_too & ~spared)
    if votes is not None and config.source != "label":
        label = tops.top
    else:
        drop("no label", np.array([name is None for name in given], dtype=bool))
        drop("label that is no class here", label < 0)
    return label, kept, counts, dropped


def _needs_votes(config: LabelsConfig) -> bool:
    """Whether every face needs votes to be taught anything."""
    by_votes = config.kind == "noisy" and config.noise in ("human", "human_face")
    return config.kind in OF_VOTES or config.source != "label" or by_votes


def _posteriors(file: Path, faces: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """The table of ``labels.posteriors``: ``face`` and a probability per class, rows sum to 1, by our face ids."""
    frame, where = read_table(file.expanduser(), "labels.posteriors"), f"labels.posteriors={file}"
    if "face" not in frame and "task" in frame:
        frame = frame.rename(columns={"task": "face"})
    columns = answer_columns(frame)
    need(frame, ("face",), where)
    if not any(name in columns for name in classes):
        raise RequestError(f"{where} has no column of a class; it has {', '.join(map(str, frame.columns))}.")
    values = np.zeros((len(frame), len(classes)))  # a class without a column was never answered
    for k, name in enumerate(classes):
        if name in columns:
            values[:, k] = np.nan_to_num(numbers(frame[columns[name]], where))
    bad = (values < 0).any(axis=1) | (np.abs(values.sum(axis=1) - 1) > SUM_TOLERANCE)
    if bad.any():
        row = int(bad.argmax())
        raise RequestError(f"{where}, row {row + 1}: the probabilities sum to {values[row].sum():g}, not to 1.")
    find = finder(faces["face"].astype(str))
    matched = pd.DataFrame(values / values.sum(axis=1, keepdims=True), columns=list(classes))
    matched.insert(0, "face", np.array([find(name) for name in frame["face"]], dtype=object))
    return matched.dropna(subset="face")


def pictures_of(faces: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, str]:
    """Labels by what other people's files call each face; faces without such a name are left out.

    A corpus whose picture names are not its face ids (FER+) has them in the column ``picture``; a name that several
    faces carry means none of them.

    Args:
        faces: a faces table.
        labels: anything by face id.
    """
    if "picture" not in faces.columns:
        return dict(labels)
    named = faces[faces["picture"].notna() & ~faces["picture"].duplicated(keep=False)]
    pairs = zip(named["face"].astype(str), named["picture"].astype(str), strict=True)
    return {picture: labels[face] for face, picture in pairs if face in labels}


def _matched(faces: pd.DataFrame, votes: pd.DataFrame, classes: tuple[str, ...]) -> NDArray[np.float64]:
    """Counts in the order of the faces, classes first, then other answers; a face that is not in votes gets zeros."""
    if missing := [name for name in classes if name not in votes.columns]:
        raise RequestError(f"votes: there is no column {missing[0]!r}; classes are {', '.join(classes)}.")
    others = [name for name in votes.columns if name != "face" and name not in classes]
    if votes["face"].duplicated().any():
        raise RequestError(f"votes: the face {votes['face'][votes['face'].duplicated()].iloc[0]!r} has two rows.")
    matched = votes.set_index("face")[[*classes, *others]].reindex(faces["face"], fill_value=0)
    return matched.to_numpy(dtype=np.float64)


def _add_noise(
    table: pd.DataFrame,
    label: NDArray[np.int64],
    counts: NDArray[np.float64] | None,
    classes: tuple[str, ...],
    config: LabelsConfig,
    noisy_splits: Sequence[str],
    pictures: dict[str, str],
    known: set[str],
) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Labels after noise, and the account of it. Each split is flipped on its own, so each has the rate asked for."""
    faces = table["face"].astype(str).to_numpy(dtype=object)
    split = table["split"].to_numpy(dtype=object)
    touched = np.isin(split.astype(str), list(noisy_splits))
    size, after, matrix, not_here = len(classes), label.copy(), None, 0
    if config.noise == "file":
        after, not_here = _from_file(config, faces, split, label, noisy_splits, classes, pictures, known)
    elif config.noise != "human_face":
        confusion = None
        if config.noise == "human" and counts is not None:
            confusion = noise.human_confusion(label[touched], counts[touched], size)
        matrix = noise.transition(config.noise, config.rate, classes, confusion)
    account = {}
    for name in noisy_splits:
        rows = np.flatnonzero(split == name)
        ids, seed = faces[rows].tolist(), (config.seed, crc32(name.encode()))
        if matrix is not None:
            after[rows] = noise.flip(label[rows], matrix, config.exact, seed, ids)
        elif config.noise == "human_face" and counts is not None:
            own = fractions(counts[rows])
            after[rows] = noise.flip_by_votes(label[rows], own, config.rate, config.exact, seed, ids)
        account[name] = _share(label[rows], after[rows])
    realised, rates = noise.realised(label[touched], after[touched], size)
    names = np.asarray(classes, dtype=object)
    total = _share(label[touched], after[touched])
    return after, {
        "kind": config.noise,
        "rate": None if config.noise == "file" else config.rate,
        "exact": config.exact,
        "seed": config.seed,
        "file": config.file,
        "classes": list(classes),
        "matrix": None if matrix is None else matrix.tolist(),
        "realised": realised.tolist(),
        "realised_rate": total["rate"],
        "rate_by_class": {c: None if np.isnan(r) else float(r) for c, r in zip(classes, rates, strict=True)},
        "faces": total["faces"],
        "flipped": total["flipped"],
        "splits": account,
        "not_here": not_here,
        "hash": noise.labels_hash(dict(zip(faces[touched], names[after[touched]], strict=True))),
    }


def _share(before: NDArray[np.int64], after: NDArray[np.int64]) -> dict[str, Any]:
    flipped = int((before != after).sum())
    return {"faces": len(before), "flipped": flipped, "rate": flipped / len(before) if len(before) else None}


def _from_file(
    config: LabelsConfig,
    faces: NDArray[np.object_],
    split: NDArray[np.object_],
    label: NDArray[np.int64],
    noisy_splits: Sequence[str],
    classes: tuple[str, ...],
    pictures: dict[str, str],
    known: set[str],
) -> tuple[NDArray[np.int64], int]:
    """Labels of the noisy splits as a file has them, and how many of its faces are not here.

    A split that the file does not touch at all keeps its own.
    """
    file, not_here, after = Path(config.file or "").expanduser(), 0, label.copy()
    if is_own(file):
        saved = noise.read_noise(file, known, classes)
    else:
        form = None if config.file_classes is None else file_form(config.file_classes, config.file_first)
        saved, not_here = read_published(file, pictures, classes, form)
    number = {name: index for index, name in enumerate(classes)}
    for name in noisy_splits:
        rows = np.flatnonzero(split == name)
        without = [face for face in faces[rows] if face not in saved]
        if without and (len(without) < len(rows) or name == "train"):
            raise RequestError(
                f"labels.file={file} has no label for {len(without):,} of {len(rows):,} {name} faces, first "
                f"{without[0]}; use the labels.rule and ties that it was made with."
            )
        if not without:
            after[rows] = [number[saved[face]] for face in faces[rows]]
    return after, not_here


def _listed(dropped: dict[str, int]) -> str:
    return ", ".join(f"{reason}: {number:,}" for reason, number in dropped.items()) or "the table is empty"
