"""What a cell says: the one choice in JSON or a list, and the picture in a web address or a piece of a page."""

from __future__ import annotations

import ast
import json
import re

from fer_exp.face_names import A_PICTURE, is_picture, path_in_address
from fer_exp.names import composed, expression, labelled

SOURCE = re.compile(r"<img\b[^>]*?\bsrc\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)


SEVERAL = re.compile(r"[;,|\n]")
"""What stands between choices, as survey tools write those of one question."""


def parsed(cell: str) -> object:
    """The value of a cell that holds JSON, or what Python prints of a list or dict; the text itself otherwise."""
    if cell[:1] not in ("[", "{"):
        return cell
    for reader in (json.loads, ast.literal_eval):
        try:
            return reader(cell)
        except (SyntaxError, ValueError, RecursionError):
            continue
    return cell


def choice(cell: str) -> str | None:
    """The one thing that a cell says, also as {"choices": [...]}, [...] or {"Q0": ...}; None where it is not one.

    >>> choice(" Happy"), choice('{"choices": ["Happy"]}'), choice('[{"rating": 4}]')
    ('Happy', 'Happy', '4')
    >>> choice('["Happy", "Sad"]'), choice("Happy;Sad"), choice("Happy, joyful")
    (None, None, 'Happy, joyful')
    """
    value = parsed(cell.strip())
    while isinstance(value, list | dict):
        parts = list(value.values()) if isinstance(value, dict) else value
        ticked = [key for key, part in value.items() if part is True] if isinstance(value, dict) else []
        if parts and all(isinstance(part, bool) for part in parts) and isinstance(value, dict):
            parts = ticked  # boxes of which some were ticked
        if len(parts) != 1:
            return None
        value = parts[0]
    if isinstance(value, str):
        several = {labelled(part) for part in SEVERAL.split(value)} if SEVERAL.search(value) else set()
        return None if (value[:1] in ("[", "{") and value == cell) or len(several - {None}) > 1 else composed(value)
    return None if value is None else json.dumps(value)


def answer(cell: str) -> str | None:
    """As ``choice``; a picture that was chosen is what it is called by, where that is an expression.

    >>> answer("buttons/happy.png"), answer("a.png")
    ('happy', 'a.png')
    """
    said = choice(cell)
    if said and shows_picture(said) and expression(word := re.split(r"[/\\]", said)[-1].rpartition(".")[0]):
        return word
    return said


def picture(cell: str) -> str:
    r"""The picture that a cell names: of a web address its path, of a piece of a page what it shows.

    >>> picture("https://x.org/faces/a%201.jpg?v=2"), picture("<p>Who?</p><img src='img/a.jpg' width=9>")
    ('faces/a 1.jpg', 'img/a.jpg')
    >>> picture("/data/upload/3/1a2b3c4d-a.jpg"), picture("/data/local-files/?d=faces/a.jpg"), picture("Q5")
    ('a.jpg', 'faces/a.jpg', 'Q5')
    """
    text = cell.strip()
    if found := SOURCE.search(text):
        text = found[1].strip("\"'")
    elif text[:1] == "[":
        text = choice(text) or text
    return path_in_address(text)


def shows_picture(cell: str) -> bool:
    """Whether a cell is the name of a picture's file, or a piece of a page that shows one."""
    return is_picture(cell) or SOURCE.search(cell) is not None


def within(text: str) -> str | None:
    """The picture that a sentence names or shows, None where there is none.

    >>> within("What does this face show? [happy 01.jpg]"), within("Happy?")
    ('happy 01.jpg', None)
    """
    if SOURCE.search(text):
        return picture(text)
    for inner in re.findall(r"[\[(\"']([^\[\]()\"']+)[\])\"']", text):
        if is_picture(inner):
            return picture(inner)
    if "://" in text and is_picture(text):
        return picture(text)
    named = A_PICTURE.search(text)
    return named[0] if named else None
