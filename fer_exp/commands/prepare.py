"""`fer-exp prepare`: read a corpus once, say what is in it, and leave the store that training reads."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from fer_exp.config import PrepareConfig
from fer_exp.datasets import open_corpus
from fer_exp.datasets.corpus import Corpus
from fer_exp.store import Store, open_store


def prepare(config: PrepareConfig) -> None:
    """Prepare a corpus and print what was found; the last line of stdout is the folder of the store.

    Args:
        config: of ``dataset``, name, root, size, classes and cache are used; the store holds every face, ``drop`` and
            ``limit`` are for training.

    Raises:
        RequestError: as ``open_corpus`` and ``open_store`` say.
        RunError: as ``open_store`` says.
    """
    start = time.perf_counter()
    given = config.dataset
    corpus = open_corpus(given)
    store = open_store(corpus, given.size, Path(given.cache) if given.cache else None, log=_progress)
    seconds = time.perf_counter() - start
    console = Console(highlight=False)
    console.print(_faces_table(store, corpus))
    for warning in count_warnings(store.faces, corpus):
        console.print(f"[yellow]warning:[/] {warning}", soft_wrap=True)
    if store.votes is not None:
        console.print(_votes_table(store.votes, store.faces))
    if store.found or store.flags:
        console.print(_found_table(store))
    for line in hash_lines(store, corpus):
        console.print(line, soft_wrap=True, markup=False)
    size = store.facts["size"]
    console.print(f"{len(store.faces):,} faces at {size} x {size} ready in {seconds:.1f} s:")
    print(store.folder)


def count_warnings(faces: pd.DataFrame, corpus: Corpus) -> list[str]:
    """A sentence for each split whose number of faces is not the official one."""
    counts = faces["split"].value_counts()
    return [
        f"{corpus.name}: {split} has {counts.get(split, 0):,} faces where {expected:,} are expected"
        for split, expected in corpus.expected.items()
        if counts.get(split, 0) != expected
    ]


def hash_lines(store: Store, corpus: Corpus) -> list[str]:
    """A sentence for each source file: whether its MD5 is the official one."""
    lines = []
    for name, digest in store.facts["files"].items():
        official = corpus.hashes.get(name)
        if digest in corpus.hashes.values():
            verdict = "verified, the official file"
        elif official:
            verdict = f"different from the official {official}"
        else:
            verdict = "no official MD5 to hold it against"
        lines.append(f"{name}: MD5 {digest}, {verdict}")
    return lines


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _faces_table(store: Store, corpus: Corpus) -> Table:
    """Faces per class and split, and what the splits should hold."""
    table = Table("class", title=f"{corpus.name}: faces")
    splits = list(dict.fromkeys([*corpus.expected, *store.faces["split"]]))
    for split in [*splits, "all"]:
        table.add_column(split, justify="right")
    labels = store.faces["label"].fillna("no label")
    counts = Counter(zip(labels, store.faces["split"], strict=True))
    rows = [name for name in (*corpus.classes, "no label") if any(counts[name, split] for split in splits)]
    for name in rows:
        values = [counts[name, split] for split in splits]
        table.add_row(name, *(f"{value:,}" for value in [*values, sum(values)]), end_section=name == rows[-1])
    totals = store.faces["split"].value_counts()
    table.add_row("all", *(f"{totals.get(split, 0):,}" for split in splits), f"{len(store.faces):,}")
    if corpus.expected:
        expected = [corpus.expected.get(split) for split in splits]
        total = f"{sum(corpus.expected.values()):,}"
        table.add_row("expected", *("" if value is None else f"{value:,}" for value in expected), total)
    return table


def _votes_table(votes: pd.DataFrame, faces: pd.DataFrame) -> Table:
    """All votes per answer and split."""
    split_of = faces["split"].to_numpy()
    splits = [split for split in ("train", "val", "test") if (split_of == split).any()]
    table = Table("answer", *splits, "all", title="votes")
    for column in table.columns[1:]:
        column.justify = "right"
    for answer in votes.columns.drop("face"):
        counts = votes[answer].to_numpy()
        values = [int(counts[split_of == split].sum()) for split in splits]
        table.add_row(answer, *(f"{value:,}" for value in [*values, sum(values)]))
    return table


def _found_table(store: Store) -> Table:
    """What reading came upon, and what ``dataset.drop`` can leave out."""
    table = Table("found", title="worth knowing")
    table.add_column("count", justify="right")
    for sentence, count in store.found.items():
        table.add_row(sentence, f"{count:,}")
    for flag, ids in store.flags.items():
        table.add_row(f"faces that dataset.drop=\\[{flag}] leaves out", f"{len(ids):,}")
    return table
