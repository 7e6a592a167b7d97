"""JSON as rows: a list of objects, objects a line, tables by column, or lists within; nested names get dots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import pyarrow as pa

from fer_exp.split_names import SPLIT_WORDS, are_splits
from fer_exp.system import without_collector

NESTS = ("annotations", "completions", "predictions", "result", "projects", "labels", "classifications")
"""Lists of objects within an object that are rows of their own, as annotation tools write them; others stay cells."""

SCORED = (("label", "type", "name", "class", "emotion", "category"), ("score", "confidence", "probability", "prob"))
"""What a model's answer of several classes calls a class, and its number, in any case."""

OF_A_PERSON = ("trials", "answers", "responses", "ratings", "results", "data", "items", "votes")
"""Lists of answers within an object that is a person, or a session."""

AS_TEXT = json.JSONEncoder(ensure_ascii=False).encode


def read_json(text: str) -> tuple[list[str], list[pa.ChunkedArray]]:
    """The columns of a JSON text.

    Args:
        text: a list of objects; lines of objects, or of lists of them; an object with such a list; or columns.

    Returns:
        Names of the columns, and their cells; lists within them as JSON text.

    Raises:
        ValueError: no JSON, or none of these.

    >>> names, (ids, labels) = read_json('[{"id": 1, "annotations": [{"label": "joy"}, {"label": "fear"}]}]')
    >>> names, ids.to_pylist(), labels.to_pylist()
    (['id', 'annotations.label'], [1, 1], ['joy', 'fear'])
    """
    with without_collector():
        rows: list[dict[str, Any]] = []
        for item in _objects(_parsed(text)):
            _flat(item, "", {}, rows)
        names: dict[str, Any] = {}
        for row in rows:
            names.update(row)
        return list(names), [pa.chunked_array([_column([row.get(name) for row in rows])]) for name in names]


def leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """The cells within a nested value, and their names; lists of objects that are no single one stay as they are.

    >>> list(leaves([{"emotion": {"label": "joy"}, "sure": 3}]))
    [('emotion.label', 'joy'), ('sure', 3)]
    """
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0]
    if not isinstance(value, dict):
        yield name, value
        return
    for key, inner in value.items():
        yield from leaves(inner, f"{name}.{key}" if name else key)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        try:
            if not error.msg.startswith("Extra data"):
                raise
            return json.loads(f"[{','.join(line for line in text.splitlines() if line.strip())}]")  # a value a line
        except json.JSONDecodeError as last:
            raise ValueError(f"it begins as JSON does, but: {last}") from last


def _objects(content: Any) -> list[dict[str, Any]]:
    """The objects that are rows."""
    if isinstance(content, list):
        rows = [row for item in content for row in (item if isinstance(item, list) else [item])]
    else:
        rows = _within(content) if isinstance(content, dict) else []
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ValueError("it is JSON, but no list of objects, each an answer or a picture")
    return [part for row in rows for part in _of_one(row)]


def _of_one(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The answers of an object that is a person with a list of them, and what is said of the person with each."""
    for name in OF_A_PERSON:
        if isinstance(answers := row.get(name), list) and _objects_only(answers):
            about = {key: value for key, value in row.items() if key != name}
            return [about | part for part in answers]
    return [row]


def _scores(value: Any) -> dict[str, Any]:
    """Class -> number of a list of both, as columns of probabilities; nothing where a list is no such.

    >>> _scores([{"label": "happy", "score": 0.9}, {"label": "sad", "score": 0.1}])
    {'p_happy': 0.9, 'p_sad': 0.1}
    """
    if not isinstance(value, list) or len(value) < 2 or not _objects_only(value):
        return {}
    keys = [next((key for key in value[0] if key.lower() in names), "") for names in SCORED]
    pairs = [[part.get(key) for key in keys] for part in value]
    whole = all(isinstance(label, str) and isinstance(number, int | float) for label, number in pairs)
    scores = {f"p_{label}": number for label, number in pairs}
    return scores if whole and len(scores) == len(pairs) else {}


def _within(content: dict[str, Any]) -> list[Any]:
    """The rows of a JSON object: of the table, or the tables, that it holds, or the object itself."""
    names, cells = content.get("columns"), content.get("data")
    if (
        isinstance(names, list) and isinstance(cells, list) and _are_lists(cells, len(names))
    ):  # orient="split" of pandas
        return [dict(zip(map(str, names), row, strict=True)) for row in cells]
    values = list(content.values())
    if (scores := list(takewhile(bool, map(_scores, values)))) and len(scores) == len(values):
        return [{"name": key, **of_key} for key, of_key in zip(content, scores, strict=True)]
    tables = {key: value for key, value in content.items() if isinstance(value, list) and _objects_only(value)}
    if tables and not content.keys() & set(NESTS):
        return _together(content, tables)
    if values and isinstance(values[0], list) and _are_lists(values, len(values[0])):  # by column
        return [dict(zip(content, row, strict=True)) for row in zip(*values, strict=True)]
    if not values or not all(isinstance(value, dict) for value in values):
        return [content]
    first = values[0].keys()
    if len(values) > 1 and all(key.isdigit() for key in first) and all(value.keys() == first for value in values):
        return [{name: column[key] for name, column in content.items()} for key in first]  # as pandas writes a frame
    return [{"name": key, **value} for key, value in content.items()]


def _together(content: dict[str, Any], tables: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The rows of an object's tables: of the only one, or of all with its name, which may be a split."""
    splits = are_splits(content)
    if len(tables) == 1 and not splits:
        return list(next(iter(tables.values())))
    common = set.intersection(*(set(table[0]) for table in tables.values()))
    if len(tables) < len(content) or not common:
        raise ValueError(f"it holds several tables ({', '.join(tables)}); give one of them as a file")
    if splits:
        return [{"split": SPLIT_WORDS[key.strip().lower()], **row} for key, table in tables.items() for row in table]
    return [{"name": key, **row} for key, table in tables.items() for row in table]


def _are_lists(value: list[Any], width: int) -> bool:
    return all(isinstance(row, list) and len(row) == width for row in value)


def _flat(item: dict[str, Any], prefix: str, outside: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Add the rows of an object, which lies in what ``outside`` holds: one, or one for each object in its nests."""
    row = outside.copy()
    nests: list[tuple[str, Any]] = []
    _spread(item, prefix, row, nests)
    for name, parts in nests:
        for part in parts:
            _flat(part, name, row, rows)
    if not nests:
        rows.append(row)


def _spread(item: dict[str, Any], prefix: str, row: dict[str, Any], nests: list[tuple[str, Any]]) -> None:
    """Add what an object says to its row, and the lists in it that are rows of their own to ``nests``."""
    for key, value in item.items():
        name = prefix + key
        if not isinstance(value, dict | list):
            row[name] = value
        elif scores := _scores(value):
            row |= scores
        elif _is_one_face(value):
            _spread(value[0], f"{name}.", row, nests)
        elif key in NESTS and _objects_only(value):
            nests.append((f"{name}.", value.values() if isinstance(value, dict) else value))
        elif isinstance(value, dict) and value.keys() != {"choices"}:
            _spread(value, f"{name}.", row, nests)
        else:
            row[name] = AS_TEXT(value) if value else None


def _is_one_face(value: Any) -> bool:
    """Whether a list is of the one face in a picture, with a model's answer of several classes."""
    return isinstance(value, list) and len(value) == 1 and _objects_only(value) and any(map(_scores, value[0].values()))


def _objects_only(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return bool(value) and all(isinstance(part, dict) for part in inner)


def _column(cells: list[Any]) -> pa.Array:
    """Cells of one type as that type, of several as text."""
    try:
        column = pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        column = pa.array([None if cell is None else _text(cell) for cell in cells], pa.string())
    return column.cast(pa.string()) if pa.types.is_null(column.type) or pa.types.is_boolean(column.type) else column


def _text(cell: object) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)
