"""Which column of a table says the one class of a face that counts: a label, what is true, or what an actor meant."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fer_exp.answers.words import TRUTH
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES, among, expressions, labelled
from fer_exp.tables import Table


def naming(table: Table, classes: Sequence[str] = ()) -> list[int]:
    """Columns that name a class, one of ``classes`` or any expression, in half of their rows or more."""
    found, own = [], among(classes)
    for n in (n for n in range(len(table.names)) if not table.different_numbers(n)):
        with table.looking():
            cells = table.coded(n)
        known = cells.each((labelled(name) in CLASSES or own(name) is not None for name in cells.names), False, bool)
        if len(cells.names) and 2 * known.sum() >= (cells.codes >= 0).sum():
            found.append(n)
    return found


def truth_of(table: Table, beside: Collection[int] = (), classes: Sequence[str] = ()) -> int | None:
    """The column that is called what is true; None where none is.

    ``label`` goes before other names. Beside numbers under that name, names in the one other column that has any say
    what these are.

    Args:
        table: with a row a face.
        beside: columns that are something else, as what a model answered.
        classes: further classes than the expressions.

    >>> import pandas as pd
    >>> from fer_exp.tables import read_table
    >>> frame = pd.DataFrame({"image": ["a.png", "b.png"], "emotion": ["fear", "joy"], "truth": ["joy", "joy"]})
    >>> truth_of(read_table(frame)), truth_of(read_table(frame[["image", "emotion"]]))
    (2, None)
    """
    named = [n for n in naming(table, classes) if n not in beside]
    label = next((n for n, name in enumerate(table.names) if name.lower() == "label" and n not in beside), None)
    if label is not None:
        return named[0] if len(named) == 1 and table.different_numbers(label) else label
    return next((n for n in named if TRUTH.fullmatch(table.names[n].strip())), None)


def label_of(table: Table, called: str | None = None, classes: Sequence[str] = ()) -> int | None:
    """The column of the one label of each row; None where there is none.

    As ``truth_of``, else one with another usual name of a label, else the one of nothing but expressions.

    Args:
        table: in which nobody answered several times.
        called: the column as the user named it, or None.
        classes: further classes than the expressions.

    Raises:
        RequestError: there is no such column, or several columns hold expressions and none is called a label.
    """
    if called is not None:
        return table.find("label", called)
    if (truth := truth_of(table, classes=classes)) is not None:
        return table.decide("label", truth)
    usual = table.find("label")
    if usual is not None and not table.different_numbers(usual):
        return usual
    found = []
    for n in (n for n in range(len(table.names)) if n != usual and not table.different_numbers(n)):
        with table.looking():
            names = table.coded(n).names.tolist()
        found += [n] if names and len(expressions(names, labels=True)) == len(names) else []
    if usual is None and len(found) > 1:
        listed = ", ".join(table.names[n] for n in found)
        raise RequestError(f"{table.where}: several columns hold expressions ({listed}); call the true one label.")
    return table.decide("label", found[0]) if len(found) == 1 else usual
