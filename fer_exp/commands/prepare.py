"""`fer-exp prepare`: read a corpus once, say what is in it, and leave the store that training reads."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from fer_exp.commands.following import corpus_words, line
from fer_exp.config import PrepareConfig
from fer_exp.datasets import facts
from fer_exp.datasets.corpus import Corpus
from fer_exp.datasets.pictures import PictureCorpus
from fer_exp.datasets.splits import select
from fer_exp.errors import DatasetNotFoundError, RunError
from fer_exp.labels.votes import RULES, clean
from fer_exp.names import in_order
from fer_exp.progress import progress
from fer_exp.report.outcome import Outcome, Screen, finish, show
from fer_exp.split_names import SPLITS, UNSPLIT
from fer_exp.store import Store, open_dataset
from fer_exp.store.sheet import contact_sheet
from fer_exp.store.write import REJECTED

"""Heads the faces of a corpus without splits of its own; training draws them."""
NO_LABEL = "no label"
"""Heads the row of the faces without one."""
SUMS = {"votes": ("answer", "votes"), "rules": ("labels.rule", "faces left by rule")}
"""What is counted beside faces: the head of its first column, and its title."""


def prepare(config: PrepareConfig) -> Path:
    """Prepare a corpus and print what was found; the last line of stdout is the folder of the store.

    Args:
        config: of ``dataset``, what says where faces and answers are is used; the store holds every face. ``drop``,
            ``limit`` and the splits are for training, unless ``split_file`` asks for them. ``check`` reads every byte
            of a store again, which training does not.

    Raises:
        RequestError: as ``open_dataset`` says. Where the corpus is not there, what there is to know of it and how to
            get it is printed first.
        RunError: as ``open_store`` says.
    """
    start = time.perf_counter()
    dataset = config.dataset
    try:
        corpus, store = open_dataset(dataset, whole=config.check)
    except DatasetNotFoundError:
        show(Outcome(screen=[_facts_table(facts(dataset.name))]))
        raise
    seconds = time.perf_counter() - start
    counted = _counts(store, corpus)
    warnings, hashes, rejected = count_warnings(store.faces, corpus), hash_lines(store, corpus), _rejected(store.folder)
    flagged = {f"faces that dataset.drop=[{flag}] leaves out": len(ids) for flag, ids in store.flags.items() if ids}
    found = store.notes | flagged
    screen: list[Screen] = [_faces_table(store, corpus), *(f"warning: {warning}" for warning in warnings)]
    screen += [_split_table(*words, counted[name]) for name, words in SUMS.items() if name in counted]
    if found:
        screen.append(_found_table(found))
    screen += hashes
    screen += [f"rejected: {number:,} pictures: {why}, e.g. {face}" for why, (number, face) in rejected.items()]
    if isinstance(corpus, PictureCorpus):
        try:
            screen.append(f"contact sheet: {contact_sheet(store, corpus)}")
        except RunError as problem:  # a cache of others; the faces are ready all the same
            progress(f"{corpus.name}: no contact sheet: {problem}")
    if config.check:
        screen.append(f"checked: every byte of {', '.join(store.listed)} is what was prepared")
    if dataset.split_file:
        select(store.faces, store.flags, dataset, progress)
    size = store.facts["size"]
    screen.append(f"{len(store.faces):,} faces at {size} x {size} ready in {seconds:.1f} s:")
    content = {
        "faces": len(store.faces),
        "size": size,
        "classes": list(corpus.classes),
        **counted,
        "found": found,
        "warnings": warnings,
        "files": hashes,
        "rejected": {why: number for why, (number, _) in rejected.items()},
    }
    finish(Outcome("prepare", content, screen=screen, left=[store.folder]))
    return store.folder


def next_step(config: PrepareConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    return line("train", *corpus_words(config.dataset))


def _counts(store: Store, corpus: Corpus) -> dict[str, dict[str, dict[str, int]]]:
    """Faces, and where there are votes these and the faces that each rule leaves: row -> split -> how many."""
    names = store.faces["label"].fillna(NO_LABEL)
    rows = {name: names == name for name in (*in_order(set(names) - {NO_LABEL}), NO_LABEL) if (names == name).any()}
    counted = {"labels": _by_split(rows, store.faces)}
    if store.votes is not None:
        answers = store.votes.drop(columns="face")
        counted["votes"] = _by_split(dict(answers.items()), store.faces)
        ordered = answers[[*corpus.classes, *(name for name in answers if name not in corpus.classes)]].to_numpy()
        left = {rule: pd.Series(clean(ordered, len(corpus.classes), rule).kept) for rule in RULES}  # before labels.ties
        counted["rules"] = _by_split(left, store.faces)
    return counted


def _by_split(rows: Mapping[Any, pd.Series], faces: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Sums over the faces of each split, and of all, a row a series."""
    split_of = faces["split"].fillna(UNSPLIT).to_numpy()
    splits = [split for split in (*SPLITS, UNSPLIT) if (split_of == split).any()]
    counts = {}
    for name, series in rows.items():
        values = series.to_numpy()
        by_split = {split: int(values[split_of == split].sum()) for split in splits}
        counts[str(name)] = {**by_split, "all": sum(by_split.values())}
    return counts


def count_warnings(faces: pd.DataFrame, corpus: Corpus) -> list[str]:
    """A sentence for each split, and each label of a split, whose number of faces is not the published one."""
    counts = Counter({**Counter(faces["split"].dropna()), "all": len(faces)})
    labels = Counter(zip(faces["split"], faces["label"], strict=True))
    rows = [(split, "", counts[split], expected) for split, expected in corpus.expected.items()]
    for split, by_label in corpus.expected_labels.items():
        rows += [(split, f" of {label}", labels[split, label], expected) for label, expected in by_label.items()]
    return [
        f"{corpus.name}: {split} has {number:,} faces{of} where {expected:,} are expected"
        for split, of, number, expected in rows
        if number != expected
    ]


def hash_lines(store: Store, corpus: Corpus) -> list[str]:
    """A sentence for each source file: whether its MD5 is the official one."""
    lines = []
    for name, digest in store.facts["files"].items():
        verdict = "no official MD5 to hold it against"
        if digest in corpus.hashes.values():
            verdict = "verified, the official file"
        elif official := corpus.hashes.get(name):
            verdict = f"different from the official {official}"
        lines.append(f"{name}: MD5 {digest}, {verdict}")
    return lines


def _facts_table(corpus: type[Corpus]) -> Table:
    """What a corpus is, how to get it and how it must lie."""
    table = Table(show_header=False, title=f"{corpus.name}: what it is and how to get it")
    words = {
        "how to get it": corpus.access,
        "layout": corpus.layout,
        "faces": ", ".join(f"{number:,} {split}" for split, number in corpus.expected.items()),
        "licence": corpus.licence,
        "citation": corpus.citation,
        "details": "docs/datasets.md",
    }
    for name, text in words.items():
        if text:
            table.add_row(name, text)
    return table


def _rejected(folder: Path) -> dict[str, tuple[int, str]]:
    """The reasons for which pictures were left out, with how many and one of them."""
    if not (folder / REJECTED).is_file():
        return {}
    listed = pd.read_csv(folder / REJECTED, dtype=str).groupby("reason", sort=False)
    return {str(reason): (len(faces), str(faces["face"].iloc[0])) for reason, faces in listed}


def _faces_table(store: Store, corpus: Corpus) -> Table:
    """Faces per class and split, and what the splits should hold."""
    table = Table("class", title=f"{corpus.name}: faces")
    split_of = store.faces["split"].fillna(UNSPLIT)
    splits = [split for split in dict.fromkeys([*corpus.expected, *split_of]) if split != "all"]
    for split in [*splits, "all"]:
        table.add_column(split, justify="right")
    labels = store.faces["label"].fillna(NO_LABEL)
    counts = Counter(zip(labels, split_of, strict=True))
    labelled = in_order(set(labels) - {NO_LABEL})
    rows = [name for name in (*labelled, NO_LABEL) if any(counts[name, split] for split in splits)]
    for name in rows:
        values = [counts[name, split] for split in splits]
        shown = name if name in (*corpus.classes, NO_LABEL) else f"{name} (no class here)"
        table.add_row(shown, *(f"{value:,}" for value in [*values, sum(values)]), end_section=name == rows[-1])
    totals = Counter(split_of)
    table.add_row("all", *(f"{totals[split]:,}" for split in splits), f"{len(store.faces):,}")
    if corpus.expected:
        expected = [corpus.expected.get(split) for split in splits]
        total = f"{sum(corpus.expected.values()):,}"
        table.add_row("expected", *("" if value is None else f"{value:,}" for value in expected), total)
    return table


def _split_table(head: str, title: str, rows: Mapping[str, Mapping[str, int]]) -> Table:
    """A row a row of ``_by_split``."""
    table = Table(head, *next(iter(rows.values()), {}), title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, values in rows.items():
        table.add_row(name, *(f"{value:,}" for value in values.values()))
    return table


def _found_table(found: Mapping[str, int]) -> Table:
    """What reading came upon, and what ``dataset.drop`` can leave out."""
    table = Table("found", title="worth knowing")
    table.add_column("count", justify="right")
    for sentence, count in found.items():
        table.add_row(sentence, f"{count:,}")
    return table
