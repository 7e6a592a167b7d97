"""Votes from a table with a column a class: counts, or proportions and percentages of a known number of people."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fer_exp.answers import Votes
from fer_exp.answers.words import A_SHARE, CHOSEN, COUNTED, RATERS, SUMMED
from fer_exp.bounds import A_COUNT, no_counts
from fer_exp.errors import RequestError
from fer_exp.names import expressions, normal, spelt
from fer_exp.orders import ways
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import shares, whole_people
from fer_exp.stats.sums import cross
from fer_exp.tables import Table

ROUNDING = 0.02
"""How far proportions may be from a sum of 1: seven numbers rounded to two decimals can be this far off."""


def a_column_a_class(
    table: Table, task: int | None, label: int | None, numbers: Collection[str] = CHOSEN, before: str = ""
) -> tuple[Table, tuple[str, ...]] | None:
    """A table with a row a task and class that says how many chose it, as one with a row a task and a column a class.

    What is the same in all rows of a task stays.

    Args:
        table: as it was read.
        task: its column of tasks.
        label: of classes.
        numbers: what a column that says how many may be called, by ``normal``.
        before: what stands before a class in the name of its new column.

    Returns:
        The table, and its classes where one is no expression; None where it was no such table: a task has a class
        twice, or every task one alone, or nothing says how many.

    >>> from fer_exp.tables import read_table
    >>> frame = pd.DataFrame({"face": [7, 7, 8], "emotion": ["fear", "joy", "joy"], "n": [3, 1, 4], "sex": list("ffm")})
    >>> wide, _ = a_column_a_class(read_table(frame), 0, 1)
    >>> wide.names, wide.numbers(2).tolist(), wide.text(3).tolist()
    (['face', 'fear', 'joy', 'sex'], [1.0, 4.0], ['f', 'm'])
    """
    if task is None or label is None:
        return None
    columns = [n for n in range(len(table.names)) if n not in (task, label)]
    with table.looking():
        tasks, labels = table.coded(task), table.coded(label)
        pairs = pd.DataFrame({"task": tasks.codes, "label": labels.codes})[labels.codes >= 0]
        once = not pairs.duplicated().any()
        numeric = [n for n in columns if normal(table.names[n]) in numbers and table.different_numbers(n)]
        if not numeric and not before and once:  # a pivot table's
            free = (n for n in columns if SUMMED.fullmatch(table.names[n].strip()))
            numeric = [n for n in free if table.different_numbers(n)]
        if not numeric or not pairs["task"].duplicated().any():
            return None
        of_task = pd.Series(tasks.codes)
        alike = [n for n in columns if (pd.Series(table.coded(n).codes).groupby(of_task).nunique() < 2).all()]
        chosen = next((n for n in numeric if n not in alike), None)
        if chosen is None:
            return None
        groups = [] if once else [n for n in columns if n not in numeric and table.coded(n).names.size]
        counted = not before and normal(table.names[chosen]) in COUNTED
        if not once and not (counted and _adds_up(table, task, label, groups)):
            return None
    table.refuse(tasks.codes < 0, task, "every row needs one")
    rows = pairs.index.to_numpy()
    if len(rows) < len(table):
        table.left["rows without a label"] = len(table) - len(rows)
    numbered = table.numbers(chosen) if before else table.counts(chosen)  # a model's may be logits
    shape = len(labels.names), len(tasks.names)
    counts = cross(labels.codes[rows], tasks.codes[rows], shape, np.nan_to_num(numbered[rows]))
    first = pd.Series(np.arange(len(table))).groupby(of_task).first().to_numpy()
    table.unused.difference_update((task, label))
    says = "is that of" if before else "says how many chose"
    added = f", added up over {', '.join(table.names[n] for n in groups)}" if groups else ""
    table.guessed.append(f"{table.names[chosen]} {says} the {table.names[label]} of each row{added}")
    classes = {f"{before}{name}": pa.array(counts[code]) for code, name in enumerate(labels.names)}
    own = () if len(expressions(labels.names)) == len(labels.names) else tuple(labels.names)
    return table.of_rows(first, [task], classes, [n for n in alike if table.names[n] not in classes]), own


def _adds_up(table: Table, task: int, label: int, groups: Sequence[int]) -> bool:
    """Whether rows of a task and class are of several groups of people, each with one row of them."""
    cells = pd.DataFrame({n: table.coded(n).codes for n in (task, label, *groups)})
    of_groups = cells[[task, *groups]].duplicated().any()  # else these are persons, who answer once each
    return bool(groups) and bool(of_groups) and not cells.duplicated().any()


def count_votes(
    table: Table,
    classes: Sequence[str],
    also: Sequence[str],
    ignore: Sequence[str],
    raters: int | None,
    uncounted: bool = False,
) -> Votes:
    """The votes of each row of a table; the tasks are numbers of rows.

    Args:
        table: counts, or with ``raters`` proportions or percentages.
        classes: names that need a column; none takes every expression that there is.
        also: further names that are taken where they have a column.
        ignore: answers that are no class; counted, and left out.
        raters: how many people are behind each row of shares; None looks for a column that says it.
        uncounted: whether shares of nobody knows how many people, and mean ratings, count too, as rows that sum to 1.

    Raises:
        RequestError: a class without a column, a number that is no count, or shares that cannot be counts.
    """
    columns = table.class_columns((*classes, *also, *ignore) if classes else ())
    left = [name for name in columns if spelt(name) in map(spelt, ignore)]
    order = [*classes, *(name for name in columns if name not in classes and name not in left)]
    if missing := [name for name in order if name not in columns]:
        raise RequestError(
            f"{table.where} has no column {missing[0]}; it has {', '.join(table.names)}. Every class needs one (zeros "
            "where nobody chose it)."
        )
    if len(order) < 2:
        raise RequestError(no_classes(table))
    values = np.stack([table.added(columns[name]) for name in (*order, *left)], axis=1)
    counted: dict[str, int] = {}
    if totals := _totals(values):
        counted["rows of totals below the table are left out"] = totals
        values = values[:-totals]
    counts = people_of(values, table, [columns[name][0] for name in (*order, *left)], raters, counted, uncounted)
    for name, number in zip(left, counts[:, len(order) :].sum(axis=0), strict=True):
        counted[f"answers {spelt(name)!r} are no class and left out"] = int(number)
    if nobody := int((counts[:, : len(order)].sum(axis=1) == 0).sum()):
        counted["rows have no vote for a class"] = nobody
    rows = np.arange(len(values)).astype(object)
    return Votes(rows, tuple(order), counts[:, : len(order)], counted={words: n for words, n in counted.items() if n})


def _totals(values: FloatArray) -> int:
    """How many of the last rows are the sums of all above them, whatever they are called; of three rows or more.

    >>> _totals(np.array([[1.0, 2], [3, 0], [2, 2], [6, 4]])), _totals(np.array([[1.0, 2], [3, 0], [2, 2]]))
    (1, 0)
    """
    above = values[:-1]
    same = len(above) > 2 and bool(np.array_equal(above.sum(axis=0), values[-1])) and bool((values[-1] > 0).any())
    return 1 if same and ((above > 0).sum(axis=0) > 1).any() else 0


def people_of(
    values: FloatArray,
    table: Table,
    columns: Sequence[int],
    raters: int | None,
    counted: dict[str, int],
    uncounted: bool = False,
) -> FloatArray:
    """Counts, shares or mean ratings as votes, (N, K); arguments as of ``count_votes``, ``columns`` of the classes."""
    if raters is None:
        _refuse_broken(values, table, columns)
    total = values.sum(axis=1)
    answered = total[total > 0]
    usual = float(np.median(answered)) if len(answered) else 0.0
    percent = abs(usual - 100) <= 100 * ROUNDING
    if (values == np.floor(values)).all() and not (percent and _are_percentages(answered, table, raters, uncounted)):
        return values
    unit = 100.0 if percent or usual > 50 else 1.0
    off = (np.abs(total / unit - 1) > ROUNDING) & (total > 0)
    if uncounted and 2 * off.sum() > len(answered):
        if raters is not None:
            raise RequestError(
                f"{table.where} has rows that sum to {usual:g} or so: mean ratings, say, which are no shares of votes, "
                f"so raters={raters} says nothing of them; leave it out."
            )
        table.guessed.append("rows do not sum to 1: taken as mean ratings, each row divided by its sum")
        return shares(values)
    if off.any():
        raise RequestError(
            f"{table.row(int(off.argmax()))}: the proportions sum to {total[off.argmax()]:g}, not to {unit:g} "
            f"({int(off.sum()):,} rows do not); every answer needs its column, unknown and not_a_face too."
        )
    if raters is None:
        return _of_unknown_number(shares(values), total > 0, table, uncounted)
    counted[f"tasks whose proportions were made into counts of {raters} raters"] = len(values)
    return whole_people(shares(values), raters).astype(np.float64)


def _are_percentages(totals: FloatArray, table: Table, raters: int | None, uncounted: bool) -> bool:
    """Whether whole numbers that mostly add up to 100 are percentages, not votes of a hundred people.

    Where nobody says so: yes where shares of nobody knows how many people will do; no where votes are needed, which is
    said, but where a corpus gets votes that has to be said by a key.
    """
    if raters is not None:
        return raters != 100
    if (np.abs(totals - 100) > 100 * ROUNDING).any():
        return False
    if uncounted:
        table.guessed.append("rows add up to 100: taken as percentages; raters=100 takes them as votes")
        return True
    if table.group:
        raise RequestError(
            f"{table.where} has rows that add up to 100; say of how many raters with {table.group}raters=10, say, "
            f"or {table.group}raters=100 where they are votes of a hundred people."
        )
    table.guessed.append("rows add up to 100 and are taken as votes of a hundred people each")
    return False


def _of_unknown_number(fractions: FloatArray, answered: NDArray[np.bool_], table: Table, uncounted: bool) -> FloatArray:
    """Shares, (N, K), as counts of so many people as a column says; without one as they are, where they may be."""
    column = next((n for n, name in enumerate(table.names) if normal(name) in RATERS), None)
    if column is not None:
        people = table.counts(column)
        table.refuse(no_counts(people) | (answered & ~(people >= 1)), column, "shares are of one person or more")
        table.guessed.append(f"{table.names[column]} says how many people each row of shares is of")
        return whole_people(fractions, np.nan_to_num(people).astype(np.int64)).astype(np.float64)
    if uncounted:
        return fractions
    raise RequestError(
        f"{table.where} holds proportions, and votes are counts; say of how many raters each row is: "
        f"{'dataset.raters=100, say, ' if table.group else ''}a column raters, or multiply each row by its number."
    )


def no_classes(table: Table) -> str:
    """What is said of a table in which nothing was recognised as answers."""
    if shares := [name for name in table.names if A_SHARE.search(name)]:
        return (
            f"{table.where} has a column {shares[0]} and none per class: how many raters were right does not say what "
            "the others answered, so it is no distribution; give a column per class."
        )
    if counted := table.numbered_columns():
        words = f"{table.where} has columns that are numbers, which mean other classes in every corpus"
        return f"{words}; {ways(counted, f'{table.group}numbers')}."
    if len(numeric := [name for n, name in enumerate(table.names) if name and table.different_numbers(n)]) > 1:
        return (
            f"{table.where} has columns of numbers ({', '.join(numeric[:4])}, …): where each is of a rater, "
            f"{table.group}numbers=[...] says what they mean; where each is a class, name them with classes=[...]."
        )
    return (
        f"{table.where} has neither a column label nor two columns of counts, one a class; where the classes are no "
        f"expressions, name them with classes=[...]. There are: {', '.join(table.names[:12])}."
    )


def task_names(table: Table, column: int, named: bool, again: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The name of each row's face, (n,), in a table with a row a face; one without a name is called by its row.

    Args:
        table: a row a face.
        column: of the names.
        named: whether the user named the column, so that every row needs a name.
        again: rows that are ``repeated``, of the first rows; their names stay those of the others.

    Raises:
        RequestError: see ``named``; a face has two rows.
    """
    names = table.text(column)
    surely = named or _all_are_faces(table, column, len(again))
    copies = np.flatnonzero(again)
    names[copies] = [f"row {number + 1}" for number in copies]
    missing, twice = pd.isna(names), pd.Series(names).duplicated().to_numpy()
    if surely:
        table.refuse(missing, column, "every row needs a name")
        table.refuse(twice, column, "it has a row already")
    return by_their_row(table, column, names, missing | pd.Series(names).duplicated(keep=False).to_numpy())


def by_their_row(
    table: Table, column: int, names: NDArray[np.object_], nameless: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Names of rows, (n,), where those without one are called by their row, which is said."""
    rows = np.flatnonzero(nameless)
    if len(rows):
        names[rows] = [f"row {number + 1}" for number in rows]
        table.guessed.append(
            f"{len(rows):,} rows without a name of their own in {table.names[column]} are called by their row"
        )
    return names


def repeated(table: Table, column: int, counts: FloatArray) -> NDArray[np.bool_]:
    """Rows that say again what the row of that face said, (n,): whole copies, which count once.

    None where not all names are of faces.

    Args:
        table: a row a face.
        column: of the names.
        counts: answers of the first n rows, (n, K).

    Raises:
        RequestError: a face has two rows that differ.
    """
    names = pd.Series(table.text(column)[: len(counts)])
    again = (names.duplicated() & names.notna()).to_numpy()
    if not _all_are_faces(table, column, len(counts)):
        return np.zeros(len(names), dtype=bool)
    codes, faces = pd.factorize(names, use_na_sentinel=False)
    first = np.empty(len(faces), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(names))[::-1]
    other = again & (counts != counts[first[codes]]).any(axis=1)
    table.refuse(other, column, "it has a row already, with other answers; add the two up, or keep one")
    return again


def _all_are_faces(table: Table, column: int, rows: int) -> bool:
    """Whether each of the first rows names its face: FER+ leaves names out, and gives one to several pictures."""
    called = table.names[column].lower() in ("task", "face")
    return bool(table.group) or called or bool((table.coded(column).codes[:rows] >= 0).all())


def _refuse_broken(values: FloatArray, table: Table, columns: Sequence[int]) -> None:
    """Raise at the first fraction among counts: its row has more votes than shares or percentages add up to."""
    total = values.sum(axis=1)
    answered = total[total > 0]
    if len(answered) == 0 or any(abs(np.median(answered) / unit - 1) <= ROUNDING for unit in (1, 100)):
        return
    broken = no_counts(values)
    whole_rows = ~broken.any(axis=1) & (total > 0)
    if whole_rows.sum() * 2 > len(answered):
        column = int(broken.any(axis=0).argmax())
        table.refuse(broken[:, column], columns[column], A_COUNT)
