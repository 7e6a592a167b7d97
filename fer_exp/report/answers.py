"""What a network says of pictures: as columns of a table, as ten people, on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.table import Table

from fer_exp.judging.predictions import class_names
from fer_exp.metrics.distribution import entropy
from fer_exp.names import SIDES
from fer_exp.report.cells import table_of
from fer_exp.stats.shares import percent, whole_people

TEN = 10


def with_people(table: pd.DataFrame) -> pd.DataFrame:
    """A predictions table with what follows from its probabilities, for readers.

    Returns:
        The table, then ``prediction``, the likeliest class, the first of equals; ``entropy`` in nats; ``of_ten``, how
        many of ten people would say so, in words; and ``ten_<class>``, the same as whole numbers (``whole_people``).

    >>> frame = pd.DataFrame({"face": ["a.jpg"], "p_happiness": [0.62], "p_fear": [0.05], "p_neutral": [0.33]})
    >>> with_people(frame)[["prediction", "of_ten", "ten_happiness"]].values.tolist()
    [['happiness', '6 happiness, 3 neutral, 1 fear', 6]]
    """
    classes = class_names(table)
    probabilities = table[[f"p_{name}" for name in classes]].to_numpy(np.float64)
    people = whole_people(probabilities, TEN)
    return table.assign(
        prediction=np.array(classes, dtype=object)[probabilities.argmax(axis=1)],
        entropy=entropy(probabilities),
        of_ten=[in_words(row, classes) for row in people],
        **{f"ten_{name}": people[:, k] for k, name in enumerate(classes)},
    )


def in_words(people: NDArray[np.int64], classes: Sequence[str]) -> str:
    """Whole people as text, the most first.

    >>> in_words(np.array([3, 0, 7]), ("neutral", "fear", "anger"))
    '7 anger, 3 neutral'
    """
    order = np.argsort(-people, kind="stable")
    return ", ".join(f"{people[k]} {classes[k]}" for k in order if people[k])


def summary(table: pd.DataFrame) -> dict[str, Any]:
    """Pictures a class, mean probabilities and entropies of what ``with_people`` gives, ready for JSON."""
    classes, doubt = class_names(table), table["entropy"]
    first = table["prediction"].value_counts()
    return {
        "pictures": len(table),
        "classes": {
            name: {"pictures": int(first.get(name, 0)), "mean": float(table[f"p_{name}"].mean())} for name in classes
        },
        "entropy": {"mean": float(doubt.mean()), "low": float(doubt.min()), "high": float(doubt.max())},
    }


def counts_table(table: pd.DataFrame) -> list[Table | str]:
    """Pictures by their likeliest class on the terminal, and how unsure the network is of them."""
    rows = [
        [name, f"{row['pictures']:,}", percent(row["pictures"] / len(table)), f"{row['mean']:.3f}"]
        for name, row in summary(table)["classes"].items()
    ]
    numbers = ("pictures", "share", "mean probability")
    shown = table_of(["likeliest class", *numbers], rows, right=numbers)
    return [shown, f"{len(table):,} pictures; {_doubt(table)} on average"]


def one_table(table: pd.DataFrame) -> list[Table | str]:
    """The distribution of a single picture on the terminal."""
    row, classes = table.iloc[0], class_names(table)
    sides = [f"{side} {row[side]:+.2f}" for side in SIDES if pd.notna(row[side])]
    likeliest = sorted(classes, key=lambda name: -row[f"p_{name}"])
    cells = ([name, f"{row[f'p_{name}']:.3f}", str(row[f"ten_{name}"] or "")] for name in likeliest)
    shown = table_of(["class", *(numbers := ("probability", "of ten people"))], cells, right=numbers)
    return [str(row["face"]), shown, "; ".join([_doubt(table), *sides])]


def _doubt(table: pd.DataFrame) -> str:
    return f"entropy {table['entropy'].mean():.2f} of at most {np.log(len(class_names(table))):.2f} nats"
