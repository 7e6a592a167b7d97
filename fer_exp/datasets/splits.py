"""Which faces of a corpus a run uses: flagged faces dropped, test and validation held out, a limit for each split.

Draws go by sorted subject or face id, so that they are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import DatasetConfig
from fer_exp.errors import RequestError
from fer_exp.face_names import finder, look_alikes
from fer_exp.files import whole
from fer_exp.split_names import SPLITS, split_named
from fer_exp.stats.persons import persons_of
from fer_exp.tables import read_table

UNLABELLED = "(no label)"


def outside(subset: str) -> str:
    """The flag of the faces that are not in a subset."""
    return f"not in subset {subset}"


def select(
    table: pd.DataFrame,
    flags: Mapping[str, Sequence[str]],
    config: DatasetConfig,
    log: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """The faces that a run uses, in the corpus' order, each in its split; a split file not there yet is written.

    Args:
        table: a faces table; see ``fer_exp.datasets.corpus.Faces``.
        flags: face ids by the name that ``dataset.drop`` gives them.
        config: drop, subset, split_file, folds, fold, test, validation, both limits and seed are read.
        log: receives a line about the split file.

    Returns:
        The rows that stay, with their original index, and ``split`` filled with train, val and test.

    Raises:
        RequestError: an unknown name in ``dataset.drop``, a share outside 0..1, folds of a corpus with splits, an
            unusable split file, or a split left without faces.
        RunError: the split file cannot be written.
    """
    dropped = [*config.drop, *([outside(config.subset)] if config.subset != "all" else [])]
    for name in dropped:
        if name not in flags:
            raise RequestError(f"dataset.drop names {name!r}; {config.name} flags {', '.join(flags) or 'nothing'}.")
        table = table[~table["face"].isin(list(flags[name]))]
    file = Path(config.split_file) if config.split_file else None
    if file and file.exists():
        table = read_splits(table, file, log)
    else:
        table = _drawn(table, config)
        nameless = int(table["subject"].isna().sum())
        if 0 < nameless < len(table):
            log(f"{nameless:,} of {len(table):,} faces name no person; each is dealt as a person of its own")
        if file:
            write_splits(table, file)
            log(f"dataset.split_file: the splits are written to {file}")
    table = limit(table, config.limit, config.train_limit, config.seed)
    if alike := look_alikes(map(str, table["subject"].dropna().unique())):
        words = f"{len(alike):,} persons have two names that differ in case or in zeros alone, and are two"
        log(f"{words} ({' and '.join(alike[0])})")
    if several := int((table.groupby("subject")["split"].nunique() > 1).sum()):
        log(f"{several:,} persons are in more than one split: a network may know them, not their expression")
    for split in SPLITS:
        if not (table["split"] == split).any():
            raise RequestError(f"{config.name}: no face is left in the {split} split; see dataset.drop and validation.")
    return table


def _drawn(table: pd.DataFrame, config: DatasetConfig) -> pd.DataFrame:
    """The corpus' own splits; those it lacks are drawn from its training faces."""
    official = set(table["split"].dropna())
    table = table.assign(split=table["split"].fillna("train"))
    if config.folds is not None:
        if "test" in official:
            raise RequestError(f"dataset.folds deals the faces anew, but {config.name} has a test split; set null.")
        table = deal(table, config.folds, config.fold, config.seed)
    elif "test" not in official:
        table = hold_out(table, config.test, config.seed, "test")
    if "val" not in official:
        table = hold_out(table, config.validation, config.seed)
    return table


def deal(table: pd.DataFrame, folds: int, fold: int, seed: int) -> pd.DataFrame:
    """Deal the training faces into folds as equal as subjects allow, and make one, from 0, the test split.

    Whole persons are dealt where faces name any; else faces, each label on its own. The deal is the same for
    every ``fold``.

    Raises:
        RequestError: there are fewer subjects (or faces) than folds.
    """
    train = table[table["split"] == "train"]
    random = np.random.default_rng(seed)
    persons = persons_of(train["subject"], train["face"])
    if persons is not None:
        sizes = np.bincount(persons)
        order = random.permutation(len(sizes))
        order = order[np.argsort(-sizes[order], kind="stable")]  # the largest first, each to the emptiest fold
        filled = np.zeros(folds, dtype=np.int64)
        fold_of_person = np.empty(len(sizes), dtype=np.int64)
        for person in order:
            fold_of_person[person] = filled.argmin()
            filled[fold_of_person[person]] += sizes[person]
        fold_of, units = fold_of_person[persons], len(sizes)
    else:
        dealt = np.concatenate([random.permutation(rows) for rows in _by_label(train)])
        fold_of, units = dealt.argsort() % folds, len(train)  # dealt in turn
    if units < folds:
        raise RequestError(f"dataset.folds is {folds} but there are only {units} subjects or faces to deal.")
    table = table.copy()
    table.loc[train.index[fold_of == fold], "split"] = "test"
    return table


def write_splits(table: pd.DataFrame, file: Path) -> None:
    """Write ``face,split``, sorted by face, so that equal splits are equal files."""
    with whole(file) as aside:
        table[["face", "split"]].sort_values("face", kind="stable").to_csv(aside, index=False, lineterminator="\n")


def read_splits(table: pd.DataFrame, file: Path, log: Callable[[str], None]) -> pd.DataFrame:
    """The faces that a split file names, in its splits; RequestError names the row that cannot be understood."""
    read = read_table(file, "dataset.split_file")
    face, column, where = read.need("task"), read.need("split"), read.where
    names, splits = read.text(face), [split_named(str(split)) for split in read.text(column)]
    read.refuse(pd.isna(splits), column, "write train, val or test")
    find = finder(table["face"].astype(str), where)
    faces = pd.Series([find(str(name)) for name in names], dtype=object)
    read.refuse(faces.duplicated() & faces.notna(), face, "it has a row already")
    strange = names[faces.isna()]
    if len(strange):
        raise RequestError(
            f"{where} names {len(strange):,} faces that are not in this dataset, first {strange[0]!r} (rejected "
            "or dropped here?); the splits would not be those of the file."
        )
    read.say()
    split = table["face"].map(dict(zip(faces, splits, strict=True)))
    log(f"{where}: {split.notna().sum():,} faces; {split.isna().sum():,} faces that it does not name are left out")
    return table.assign(split=split)[split.notna()]


def hold_out(table: pd.DataFrame, share: float, seed: int, to: str = "val") -> pd.DataFrame:
    """Move a share of the training faces to another split, val or test.

    Whole persons are moved where training faces name any, so that nobody is in both; else faces, in equal shares of
    each label.

    Raises:
        RequestError: the share is 0 or 1, which only ``dataset.validation`` can be: some corpora do not read it.
    """
    if not 0 < share < 1:
        raise RequestError(
            f"dataset.validation is {share}; it is the share of training faces held out, between 0 and 1."
        )
    train = table[table["split"] == "train"]
    persons = persons_of(train["subject"], train["face"])
    if persons is not None:
        order = np.random.default_rng(seed).permutation(persons.max() + 1)
        sizes = np.bincount(persons)[order]
        moved = np.isin(persons, order[sizes.cumsum() - sizes < share * len(train)])
    else:
        moved = _stratified(train, round(share * len(train)), seed)
    table = table.copy()
    table.loc[train.index[moved], "split"] = to
    return table


def limit(table: pd.DataFrame, faces: int | None, train: int | None, seed: int) -> pd.DataFrame:
    """At most so many faces of each split; each label keeps its share to within one face.

    But for rounding, the faces of a smaller limit are among those of a larger one.

    Args:
        table: a faces table, every face in a split.
        faces: number of faces in each split, None for all.
        train: number of faces in the training split, None where ``faces`` holds for it, too.
        seed: of the draw.
    """
    for key, wanted in (("limit", faces), ("train_limit", train)):
        if wanted is not None and wanted < 1:
            raise RequestError(f"dataset.{key} is {wanted}; give a number of faces, at least 1, or null for all.")
    kept = np.ones(len(table), dtype=bool)
    for split in table["split"].unique():
        wanted = train if split == "train" and train is not None else faces
        if wanted is not None:
            rows = np.flatnonzero(table["split"] == split)
            kept[rows] = _stratified(table.iloc[rows], wanted, seed)
    return table[kept]


def _stratified(table: pd.DataFrame, wanted: int, seed: int) -> NDArray[np.bool_]:
    """A mask over the rows with ``wanted`` True, drawn from each label in proportion (largest remainders)."""
    if wanted >= len(table):
        return np.ones(len(table), dtype=bool)
    labels = _by_label(table)
    ideal = np.array([len(rows) for rows in labels]) * wanted / len(table)
    quota = np.floor(ideal).astype(int)
    quota[np.argsort(quota - ideal, kind="stable")[: wanted - quota.sum()]] += 1
    chosen = np.zeros(len(table), dtype=bool)
    generator = np.random.default_rng(seed)
    for rows, take in zip(labels, quota, strict=True):
        chosen[generator.permutation(rows)[:take]] = True
    return chosen


def _by_label(table: pd.DataFrame) -> list[NDArray[np.int64]]:
    """The rows of each label, in the order of their ids, so that a draw does not depend on the order of the table."""
    by_id = np.argsort(table["face"].to_numpy().astype(str), kind="stable")
    labels = table["label"].fillna(UNLABELLED).to_numpy().astype(str)
    return [by_id[labels[by_id] == name] for name in np.unique(labels)]
