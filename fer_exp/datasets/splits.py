"""Which faces of a corpus a run uses: flagged faces dropped, validation held out, a limit for each split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.config import DatasetConfig
from fer_exp.errors import RequestError

UNLABELLED = "(no label)"


def select(table: pd.DataFrame, flags: Mapping[str, Sequence[str]], config: DatasetConfig) -> pd.DataFrame:
    """The faces that a run uses, in the corpus' order, each in its split.

    Args:
        table: a faces table; see ``fer_exp.datasets.corpus.Faces``.
        flags: face ids by the name that ``dataset.drop`` gives them.
        config: drop, validation, limit and seed are read.

    Returns:
        The rows that stay, with their original index, and ``split`` filled with train, val and test.

    Raises:
        RequestError: an unknown name in ``dataset.drop``, a share outside 0..1, or a split left without faces.
    """
    for name in config.drop:
        if name not in flags:
            known = ", ".join(flags) or "nothing"
            raise RequestError(f"dataset.drop names {name!r}; {config.name} flags {known}.")
        table = table[~table["face"].isin(list(flags[name]))]
    if not (table["split"] == "val").any():
        table = hold_out(table, config.validation, config.seed)
    if config.limit is not None:
        table = limit(table, config.limit, config.seed)
    for split in ("train", "val", "test"):
        if not (table["split"] == split).any():
            raise RequestError(f"{config.name}: no face is left in the {split} split; see dataset.drop and validation.")
    return table


def hold_out(table: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Moves a share of the training faces to the split val.

    Whole subjects are moved where every training face names one, so that no person is in both; else faces, in equal
    shares of each label.

    Raises:
        RequestError: ``dataset.validation`` is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise RequestError(
            f"dataset.validation is {share}; it is the share of training faces held out, between 0 and 1."
        )
    train = table[table["split"] == "train"]
    if train["subject"].notna().all() and len(train):
        sizes = train["subject"].value_counts().sort_index()
        order = np.random.default_rng(seed).permutation(len(sizes))
        before = np.cumsum(sizes.to_numpy()[order]) - sizes.to_numpy()[order]
        moved = train["subject"].isin(sizes.index[order[before < share * len(train)]]).to_numpy()
    else:
        moved = _stratified(train, round(share * len(train)), seed)
    table = table.copy()
    table.loc[train.index[moved], "split"] = "val"
    return table


def limit(table: pd.DataFrame, faces: int, seed: int) -> pd.DataFrame:
    """At most so many faces of each split, with each label's share kept to within one face.

    Raises:
        RequestError: ``dataset.limit`` is less than one.
    """
    if faces < 1:
        raise RequestError(f"dataset.limit is {faces}; give the number of faces a split, at least 1, or null for all.")
    kept = [part.index[_stratified(part, faces, seed)] for _, part in table.groupby("split")]
    return table[table.index.isin(np.concatenate([index.to_numpy() for index in kept]))]


def _stratified(table: pd.DataFrame, wanted: int, seed: int) -> NDArray[np.bool_]:
    """A mask over the rows with ``wanted`` True, drawn from each label in proportion (largest remainders)."""
    if wanted >= len(table):
        return np.ones(len(table), dtype=bool)
    labels = table["label"].fillna(UNLABELLED).to_numpy()
    names, sizes = np.unique(labels.astype(str), return_counts=True)
    ideal = sizes * wanted / len(table)
    quota = np.floor(ideal).astype(int)
    quota[np.argsort(quota - ideal, kind="stable")[: wanted - quota.sum()]] += 1
    # Faces are drawn in the order of their ids, so that the draw does not depend on the order of the table.
    by_id = np.argsort(table["face"].to_numpy().astype(str), kind="stable")
    chosen = np.zeros(len(table), dtype=bool)
    generator = np.random.default_rng(seed)
    for name, take in zip(names, quota, strict=True):
        own = by_id[labels[by_id] == name]
        chosen[generator.permutation(own)[:take]] = True
    return chosen
