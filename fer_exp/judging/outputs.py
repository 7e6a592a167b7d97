"""What any tool says of faces, from the table it writes: py-feat, DeepFace, EmotiEffLib, LibreFace, OpenFace 3, a VLM.

A tool's probabilities stand in a column a class (``Happy``, ``emotion.happy``, ``p_happy``), in one column of
``{'happy': 4.6, ...}``, or it names one class a face. Classes go by name, so no order of a tool is ever asked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.answers.cells import parsed
from fer_exp.answers.votes import a_column_a_class
from fer_exp.answers.words import CHOSEN
from fer_exp.errors import RequestError
from fer_exp.judging.answer_columns import ANSWERED, NUMERAL, answer_column
from fer_exp.names import CLASSES, OTHER_ANSWERS, SIDES, expression, labelled, normal, spelt
from fer_exp.stats.bootstrap import FloatArray
from fer_exp.stats.shares import EXACT, probabilities
from fer_exp.tables import Table

HUMAN = {"votes", "vote", "target", "human", "truth", "gold", "count", "counts", "rater", "raters"}
"""Words in the name of a column that say it holds no prediction."""
MODEL = ("p", "prob", "probability", "score", "emotion", "emotions", "")
"""What stands beside a class in the name of its column, the likeliest first, where a table has several such groups."""
CHANCES = CHOSEN | {"score", "scores", "confidence", "conf", "value", "logit", "activation", "likelihood"}
"""Columns of the number of one class, in a table with a row a face and class, by ``normal``."""
SCORES = ("facescore", "faceconfidence", "success")
"""Columns (without case and signs) that are 0 where a tool found no face and answered all the same, as DeepFace."""
BOXES = (("facerectwidth", "facerectheight"), ("regionw", "regionh"), ("w", "h"), ("width", "height"),
         ("bboxw", "bboxh"), ("boxw", "boxh"), ("bboxwidth", "bboxheight"))  # fmt: skip
"""Width and height of the face in its picture, likewise."""
CORNERS = (("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"), ("left", "top", "right", "bottom"))
"""Left, top, right and bottom of it, likewise."""
A_BOX = ("region", "facialarea", "facedetection", "bbox", "box")
"""Columns of one cell with the box: ``{'x': 1, 'y': 2, 'w': 30, 'h': 40}``, or left, top, right, bottom."""

REFUSED = re.compile(
    r"\b(can(no|['’])?t|unable|sorry|not sure|unsure|unclear|uncertain|impossible|don['’]?t know|no face|not visible)"
    r"\b",
    re.IGNORECASE,
)
"""Words of a language model that does not answer."""
ELSE = "something_else"
"""The class of answers that name none: a language model says what it likes, and that is wrong, not unanswered."""
NO_SHARES = CHANCES | {*SIDES, *(f"human{side}" for side in SIDES)}

_ENTRY = re.compile(rf"['\"]([^'\"]+)['\"]\s*:\s*(?:np\.\w+\()?({NUMERAL})")


class Output(NamedTuple):
    """What a tool says of N rows: class -> probabilities (N,), nan without a face; and what was done, in words.

    ``answer`` is the number of the column that names one class a face, where there are no probabilities.
    """

    probabilities: dict[str, FloatArray]
    done: list[str]
    answer: int | None = None


def read_output(table: Table) -> Output:
    """The probabilities of each row of a table of any tool.

    Percentages become shares, and values of which some are negative are taken as logits (their softmax). Numbers that
    were rounded to two or three digits are rescaled to sum to 1.

    Raises:
        RequestError: there are none, or it cannot be told which columns hold them.

    >>> import pandas as pd
    >>> from fer_exp.tables import read_table
    >>> frame = pd.DataFrame({"input": ["a.jpg"], "Happy": [80.0], "Sad": [15.0], "emotion": ["Happy"], "Fear": [5.0]})
    >>> output = read_output(read_table(frame))
    >>> {name: float(p[0]) for name, p in output.probabilities.items()}, output.done
    ({'happiness': 0.8, 'sadness': 0.15, 'fear': 0.05}, ['percentages'])
    """
    columns = _class_columns(table)
    _refuse_two_models(table, columns)
    raw = {name: _added([table.numbers(n) for n in several]) for name, several in columns.items()} or _of_cells(table)
    if len(raw) < 2:
        return _of_labels(table)
    done: list[str] = []
    values = np.stack(list(raw.values()), axis=1)
    empty = np.asarray(np.isnan(values).all(axis=1))
    if not columns:  # a cell that does not name a class gives it nothing
        values = np.where(np.isnan(values) & ~empty.reshape(-1, 1), 0, values)
    sums = values.sum(axis=1)
    if columns:
        _refuse_part(table, [n for several in columns.values() for n in several], sums)
    median = float(np.nanmedian(sums)) if not np.isnan(sums).all() else 1.0
    named = any(name.lower().startswith("p_") for name in table.names)  # which says that they are probabilities
    if (values < 0).any() and not named and not abs(median - 1) < EXACT:
        done.append("some values are negative, so all are taken as logits (softmax)")
        from scipy.special import softmax  # a tenth of a second to import: here, not before

        values = softmax(values, axis=1)
    else:
        values, done = probabilities(values)
    return Output(dict(zip(raw, values.T, strict=True)), done)


def found(table: Table) -> NDArray[np.bool_]:
    """Rows in which the tool found a face, (N,): all, where it does not say."""
    for n, name in enumerate(table.names):
        if normal(name) in SCORES:
            return np.asarray(np.nan_to_num(table.numbers(n)) > 0)
    return np.ones(len(table), dtype=bool)


def sizes(table: Table) -> FloatArray | None:
    """Area of the face of each row in its picture, (N,), by which the largest of several is told; None if unknown."""
    places = {normal(name): n for n, name in enumerate(table.names)}
    for width, height in BOXES:
        if width in places and height in places:
            return np.nan_to_num(table.numbers(places[width]) * table.numbers(places[height]))
    for name in A_BOX:
        if name in places:
            return np.array([_area(cell or "") for cell in table.text(places[name])])
    for corners in CORNERS:
        if all(corner in places for corner in corners):
            left, top, right, bottom = (table.numbers(places[corner]) for corner in corners)
            return np.nan_to_num((right - left) * (bottom - top))
    return None


def _area(cell: str) -> float:
    sides = dict(_ENTRY.findall(cell))
    if "w" in sides and "h" in sides:
        return float(sides["w"]) * float(sides["h"])
    corners = [float(number) for number in re.findall(NUMERAL, cell)[:4]]
    return (corners[2] - corners[0]) * (corners[3] - corners[1]) if len(corners) == 4 else 0.0


def _class_columns(table: Table) -> dict[str, list[int]]:
    """Class -> its columns, of the group of columns that predictions are in; empty where there is none."""
    sides = {f"p_{side}" for side in SIDES}
    ours = [n for n, name in enumerate(table.names) if name.lower().startswith("p_") and name.lower() not in sides]
    if len(ours) > 1:  # whatever the classes are
        columns: dict[str, list[int]] = {}
        for n in ours:
            columns.setdefault(spelt(table.names[n][2:]), []).append(n)
        return columns
    groups: dict[str, dict[str, list[int]]] = {}
    for n, name in enumerate(table.names):
        beside, meaning = _told_apart(name)
        if meaning is not None and not HUMAN & set(beside.split()):
            groups.setdefault(beside, {}).setdefault(meaning, []).append(n)
    groups = {beside: columns for beside, columns in groups.items() if len(columns) > 1}
    likely = [beside for beside in MODEL if beside in groups]
    if len(groups) > 1 and not likely:
        named = " or ".join(table.names[next(iter(columns.values()))[0]] for columns in groups.values())
        raise RequestError(f"{table.where}: do columns like {named} hold the predictions? Call these p_<class>.")
    return groups[likely[0]] if likely else next(iter(groups.values()), {})


def _told_apart(name: str) -> tuple[str, str | None]:
    """What stands beside a class in the name of a column, and the class; None where there is none.

    >>> _told_apart("emotion.happy"), _told_apart("Anger (%)"), _told_apart("AU01")
    (('emotion', 'happiness'), ('', 'anger'), ('AU01', None))
    """
    if (whole := expression(name)) is not None:
        return "", whole
    words = [word for word in re.split(r"[\W_]+", name) if word]
    for place, word in enumerate(words):
        if len(word) > 2 and (meaning := expression(word)) is not None:
            return " ".join(words[:place] + words[place + 1 :]).lower(), meaning
    return name, None


def _refuse_two_models(table: Table, columns: dict[str, list[int]]) -> None:
    """Raise where several classes have two columns: those of two models; two spellings of one class are added up."""
    pairs = [" and ".join(table.names[n] for n in several) for several in columns.values() if len(several) > 1]
    if len(pairs) > 1:
        raise RequestError(
            f"{table.where}: {pairs[0]} are one class, and {pairs[1]} are one, so these are the answers of two models; "
            "give each model a table of its own."
        )
    table.guessed += [f"{pair} are one class, added up" for pair in pairs]


def _refuse_part(table: Table, columns: list[int], sums: FloatArray) -> None:
    """Raise where rows sum to 1 or 100 only with columns that name no expression, as Rekognition's CALM: they are some.

    Args:
        table: in which they stand.
        columns: those of classes, with ``sums`` (N,).
        sums: of each row.
    """
    there = np.isfinite(sums)
    if there.sum() < 2 or any((np.abs(sums[there] - one) <= EXACT * one).all() for one in (1, 100)):
        return
    with table.looking():
        beside = [n for n in range(len(table.names)) if n not in columns and normal(table.names[n]) not in NO_SHARES]
        cells = {n: pd.to_numeric(table.text(n), errors="coerce")[there] for n in beside if table.different_numbers(n)}
    shares = [n for n, values in cells.items() if ((values >= 0) & (values <= 100)).all() and values.any()][:8]
    for some in (some for size in range(1, len(shares) + 1) for some in combinations(shares, size)):
        whole = sums[there] + np.sum([cells[n] for n in some], axis=0)
        if one := next((one for one in (1, 100) if (np.abs(whole - one) <= EXACT * one).all()), None):
            names = [table.names[n] for n in some]
            raise RequestError(
                f"{table.where}: rows sum to {one} only with {' and '.join(names)}, which no class is called; call "
                f"each by its class (CALM is neutral, say), or p_{names[0]} and all others p_<class>, too."
            )


def _added(columns: list[FloatArray]) -> FloatArray:
    """A class' numbers, or those of one class added up, (N,), nan where all are empty."""
    values = np.stack(columns)
    return np.asarray(np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0)))


def _of_cells(table: Table) -> dict[str, FloatArray]:
    """Class -> numbers, from a column of cells like ``{'angry': 0.2, 'happy': 99.1}``; empty where there is none."""
    for n in range(len(table.names)):
        with table.looking():
            cells = [dict(_ENTRY.findall(cell or "")) for cell in table.text(n)]
        keys = {key for cell in cells for key in cell if expression(key) in CLASSES}
        if len({expression(key) for key in keys}) > 1:
            table.unused.discard(n)
            values = {key: np.array([float(cell.get(key, "nan")) for cell in cells]) for key in sorted(keys)}
            names = list(dict.fromkeys(str(expression(key)) for key in values))
            return {name: _added([values[key] for key in values if expression(key) == name]) for name in names}
    return {}


def a_row_a_face(table: Table, face: int | None) -> Table:
    """A table with a row a face and class as one with a row a face; any other as it is."""
    for pattern in (*ANSWERED, "label", "type", "name"):
        for n, name in enumerate(table.names):
            if re.fullmatch(pattern, name, re.IGNORECASE) and (wide := a_column_a_class(table, face, n, CHANCES, "p_")):
                classes = [one.removeprefix("p_") for one in wide[0].names if one.startswith("p_")]
                _refuse_calm(table, classes, set(map(spelt, classes)))
                return wide[0]
    return table


def _of_labels(table: Table) -> Output:
    """One class a row as a probability of 1."""
    column = answer_column(table, A_BOX)
    texts = [None if text is None else _said(text) for text in table.text(column)]
    said = [text for text in texts if text is not None]
    meant = {text: OTHER_ANSWERS[0] if REFUSED.search(text) else labelled(text) or ELSE for text in said}
    meant = {text: name if name in (*CLASSES, *OTHER_ANSWERS) else ELSE for text, name in meant.items()}
    _refuse_calm(table, said, set(meant.values()))
    named = [None if text is None else meant[text] for text in texts]
    none, odd = ([text for text in said if meant[text] in kind] for kind in (OTHER_ANSWERS, (ELSE,)))
    classes = [name for name in CLASSES if name in named or name in CLASSES[:7]] + [ELSE] * bool(odd)
    done = [f"{table.names[column]} names one class a face, which gets a probability of 1"]
    if none:
        done.append(f"{len(none):,} rows say no face or unknown, e.g. {none[0][:40]!r}, and are left out")
    if odd:
        words = f"{len(odd):,} rows name no expression, e.g. {odd[0][:40]!r}: counted as {ELSE}, which is never right"
        done.append(f"{words} (empty cells are left out)")
    answered = np.array([name in classes for name in named])
    probabilities = {c: np.where(answered, [float(name == c) for name in named], np.nan) for c in classes}
    return Output(probabilities, done, column)


def _said(text: str) -> str:
    """What an answer says, which a language model may write as JSON, in a fence of Markdown.

    >>> _said('```json {"emotion": "happy", "confidence": 0.8} ```'), _said("Happy.")
    ('happy', 'Happy.')
    """
    said = parsed(re.sub(r"^```\w*|```$", "", text.strip()).strip())
    if isinstance(said, dict):
        roles = {normal(str(key)): value for key, value in said.items()}
        found = next(
            (roles[key] for key in ("emotion", "expression", "label", "answer", "class") if key in roles), None
        )
        return found if isinstance(found, str) else text
    return text


def _refuse_calm(table: Table, texts: Sequence[str], meant: Collection[str]) -> None:
    """Raise where a tool has CALM and no neutral, as Rekognition: nobody here knows whether it is neutral."""
    calm = next((text for text in texts if normal(text) == "calm"), None)
    if calm is not None and "neutral" not in meant:
        raise RequestError(f"{table.where}: {calm} is no class here; write neutral in its place, if that is meant.")
