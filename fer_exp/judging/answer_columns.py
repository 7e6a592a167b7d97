"""Of the columns of a table that name classes: which says what the model answers, and which what people said."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from fer_exp.answers.truth import naming, truth_of
from fer_exp.answers.words import TRUTH
from fer_exp.errors import RequestError
from fer_exp.names import normal
from fer_exp.tables import Table

ANSWERED = (
    r"dominant[_ .-]?(emotion|expression)", r"facial[_ .-]?expression", r"(y|label|class|emotion)?[_ .-]?hat",
    r"(.*[_ .-])?(pred|preds|predicted|prediction|predictions)([_ .-].*)?", r"pred(icted|iction)?(label|class|emotion)",
    r"top[_ .-]?1|argmax|model([_ .-].*)?|output|classified([_ .-].*)?", "answer", "response", "emotion", "expression",
    "class", "category",
)  # fmt: skip
"""Columns that name one class a face, the likeliest first: DeepFace has the first, LibreFace the second.

OpenFace 3 has ``emotion``. A column ``label`` is what people said, but where it alone names a class.
"""
SURELY = ANSWERED[:6]
"""Of these, names of nothing else."""
UNREAD = re.compile(
    r"((y|label|class|emotion|expression)[_ .-]?)?(hat|pred|preds|predicted|prediction|predictions)"
    r"([_ .-]?(label|class|emotion|expression|id|idx|index))?|top[_ .-]?1|argmax|output|"
    r"(prob|probs|proba|probability|probabilities|logits?|scores?|softmax)([_ .-]?\d+|s)",
    re.IGNORECASE,
)
"""Names of what a model answered: where they name no class, no other column is its answer."""
OF_A_MODEL = re.compile(
    r"(?!y|label|class|emotion|expression|top|final)(\w+?)[_ .-]pred(s|icted|ictions?)?", re.IGNORECASE
)
"""Names of the answers of one model among several."""
NUMERAL = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
"""A number within a cell of several."""


def truth_column(table: Table, answer: int | None) -> int | None:
    """The column of what people said, one label a face; None where there is none.

    ``label``, or another usual name; where the model's answer is called one, the one other column of expressions.

    Args:
        table: of predictions.
        answer: its column of the model's answers, where it has one.
    """
    beside = () if answer is None else (answer,)
    found = truth_of(table, beside)
    if found is None and answer is not None and _is_answer(table.names[answer], SURELY):
        others = [n for n in naming(table) if n != answer]
        found = others[0] if len(others) == 1 else None
    if found is not None and table.names[found].lower() != "label":
        table.guessed.append(f"{table.names[found]} is what people said")
    return found


def _is_answer(name: str, patterns: Sequence[str] = ANSWERED) -> bool:
    return any(re.fullmatch(pattern, name, re.IGNORECASE) for pattern in patterns)


def answer_column(table: Table, boxes: Collection[str]) -> int:
    """The column of the model's answers, one class a face.

    Args:
        table: in which no columns of probabilities were found.
        boxes: columns, by ``normal``, that hold where a face lies.

    Raises:
        RequestError: there is none, or it cannot be told.
    """
    named = [n for n in naming(table) if not TRUTH.fullmatch(table.names[n])]
    beside_label = [n for n in named if table.names[n].lower() != "label"]
    surely = [n for n in named if _is_answer(table.names[n], SURELY)]
    if not surely:
        _refuse_unread(table, named)
    if called := [n for pattern in ANSWERED for n in named if _is_answer(table.names[n], [pattern])]:
        models = [n for n in surely if OF_A_MODEL.fullmatch(table.names[n])]
        _refuse_several(table, models if surely else beside_label)
        return called[0]
    in_boxes = [normal(name) in boxes for name in table.names]
    _refuse_lists(table, [n for n, boxed in enumerate(in_boxes) if not boxed and _holds_lists(table, n)])
    _refuse_several(table, beside_label)
    if named:
        return (beside_label or named)[0]
    numbered = [name for name in table.names if _is_answer(name) or name.lower() == "label" or name.isdigit()]
    if numbered and all(table.different_numbers(table.names.index(name)) for name in numbered):
        raise RequestError(
            f"{table.where}: {numbered[0]} stands for classes by their numbers, which mean other classes in every "
            "corpus; write the classes' names (happy, sad, …) in their place."
        )
    raise RequestError(
        f"{table.where} has neither a column of probabilities per class (happy or p_happy, say) nor one that names "
        f"a class a face (dominant_emotion, prediction, answer, …); there are: {', '.join(table.names[:12])}."
    )


def _refuse_unread(table: Table, named: Sequence[int]) -> None:
    """Raise where a column is called as answers of a model are, and names no class: another would be taken for it."""
    unread = [n for n, name in enumerate(table.names) if n not in named and UNREAD.fullmatch(name.strip())]
    if not unread or not named:
        return
    _refuse_lists(table, [n for n in unread if _holds_lists(table, n)])
    name, numbers = table.names[unread[0]], table.different_numbers(unread[0])
    holds = "holds numbers, which mean other classes in every corpus" if numbers else "names no class"
    raise RequestError(
        f"{table.where}: {name} {holds}, so what the model answered is not known; write the classes' names (happy, "
        "sad, …) in it, or probabilities in a column a class (p_happy, p_sad, …)."
    )


def _refuse_lists(table: Table, lists: Sequence[int]) -> None:
    if lists:
        raise RequestError(
            f"{table.where}: {table.names[lists[0]]} holds lists of numbers, and nothing says which of them is of "
            "which class; write a column a class (p_happy, p_sad, …)."
        )


def _refuse_several(table: Table, columns: Sequence[int]) -> None:
    """Raise RequestError where more than one column may be the model's answers."""
    if len(columns) > 1:
        raise RequestError(
            f"{table.where}: several columns name classes ({', '.join(table.names[n] for n in columns[:6])}); call the "
            "model's answers prediction, and what people said label; of several models give a file each, or a row a "
            "face and model with a column model."
        )


def _holds_lists(table: Table, column: int) -> bool:
    """Whether all cells of a column are several numbers, as numpy or Python writes them."""
    with table.looking():
        cells = [cell for cell in table.text(column) if cell is not None]
    several = rf"\s*\[\s*{NUMERAL}([\s,]+{NUMERAL})+\s*\]\s*"
    return bool(cells) and all(re.fullmatch(several, str(cell)) for cell in cells)
