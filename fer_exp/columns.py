"""What a file of a table holds: which column is what, rows around the header and below the table that are none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fer_exp.face_names import is_picture
from fer_exp.names import expression, normal

OF_ANSWERS = (
    "answer response choice antwort urteil réponse respuesta risposta resposta antwoord 回答 ответ "
    "odpowiedź yanıt cevap svar 응답"
)
"""Names of a column of labels that say what people answered, not what may be shown."""

SYNONYMS = {
    "task": "face item image picture unit file stimulus stim photo img pic image-file bild gesicht foto "
    "reiz visage imagen cara immagine volto imagem afbeelding gezicht 图片 图像 圖片 照片 画像 写真 顔画像 刺激 "
    "изображение фото лицо zdjęcie obraz twarz görüntü resim fotoğraf yüz bild ansikte 이미지 사진 얼굴 question",
    "worker": "rater annotator user performer participant coder judge respondent response-id record versuchsperson "
    "vp proband teilnehmer bewerter beurteiler évaluateur évaluatrice participante juge annotateur evaluador "
    "evaluadora juez anotador valutatore partecipante giudice avaliador beoordelaar deelnemer 评分者 評分者 标注者 "
    "被试 参与者 評価者 参加者 被験者 回答者 участник респондент uczestnik badany katılımcı deltagare 참가자 평가자",
    "label": f"{OF_ANSWERS} "
    "expression emotion class category truth gold ausdruck gefühl émotion emoción expresión emozione "
    "espressione emoção emotie uitdrukking 情绪 情緒 情感 表情 标签 標籤 感情 ラベル эмоция выражение emocja duygu "
    "ifade känsla uttryck 감정 표정",
    "valence": "val valenz valencia valenza valência valentie 效价 感情価",
    "arousal": "aro erregung activation 唤醒度 覚醒度",
    "seconds": "time duration duration-(in-seconds)",
    "split": "set partition usage",
    "subject": "person actor identity poser individual",
    "path": "file filename file-path image-path img-path pth input image-file img-file dateiname dateipfad pfad "
    "文件名 檔名 ファイル名",
}
"""Other names of a column, in the order in which they are looked for; a task's and a worker's may end in id or name.

Of a label, words for what people answer go before those for what may be shown.
"""

_KNOWN = {
    normal(word) + end: role
    for role, words in SYNONYMS.items()
    for word in (role, *words.split())
    for end in ("", "id", "name")
}
A_NUMBER = re.compile(r"[-+\u2212]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?%?")
"""A cell that is a number, its decimals behind a point or a comma, perhaps in percent."""
TOTALS = ("total", "totals", "grandtotal", "overall", "columntotal", "totalgeneral", "gesamtergebnis", "gesamtsumme",
          "итого", "sum", "sums", "sd", "std", "mean", "average", "avg", "summe", "gesamt", "mittelwert",
          "somme", "moyenne", "totale", "media", "合计", "总计", "合計", "平均")  # fmt: skip
"""What stands before numbers of all rows, below a table."""
SIGNS = " \t\n*#:.;,_-–—()[]\"'"
BEGUN = pa.array(sorted({word[:3] for word in TOTALS}), pa.string())
"""What may stand around these words, and how they begin."""
NOTES = "rows of totals or notes below the table"
LAST = 40
"""Rows in which the end of a table is looked for."""


@dataclass
class Columns:
    """What a file holds: ``names`` and ``values``, text as dictionaries, in its order.

    ``below`` are rows below the header that say what the columns are, ``guessed`` says what was found out, ``left``
    counts rows that hold no answer (words -> how many), ``numbers`` are the numbers of the rows that remain, None for
    all, ``decimal_comma`` says whether a comma in a number can be nothing else, and ``sheets`` are those of the file of
    which the first was taken.
    """

    names: list[str]
    values: list[pa.ChunkedArray]
    below: list[list[str]] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    decimal_comma: bool = False
    left: dict[str, int] = field(default_factory=dict)
    numbers: NDArray[np.int64] | None = None
    sheets: list[str] = field(default_factory=list)


def without_blanks(columns: Columns) -> Columns:
    """Without rows of empty cells, and without the header again, which stands where files were put together."""
    if not columns.values or not len(columns.values[0]):
        return columns
    left = dict(columns.left)
    out = np.zeros(len(columns.values[0]), dtype=bool)
    headers = _where(columns.values[0], columns.names[0])
    for row in headers:
        cells = [str(column[int(row)].as_py() or "").strip() for column in columns.values]
        out[row] = {cell for cell in cells if cell} <= set(columns.names)
    if out.any():
        left["rows that repeat the header"] = int(out.sum())
    blank = _where(columns.values[0], "")
    for column in columns.values[1:]:
        if not len(blank):
            break
        cells = column.take(pa.array(blank)).cast(pa.string())
        empty = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(cells), ""), True)
        blank = blank[np.asarray(empty, dtype=bool)]
    if len(blank):
        left["empty rows"] = len(blank)
        out[blank] = True
    if len(footer := _below_table(columns, out)):
        left[NOTES] = left.get(NOTES, 0) + len(footer)
        out[footer] = True
    if len(between := [row for row in _totals(columns.values[0]) if not out[row]]):
        left["rows of totals"] = len(between)
        out[between] = True
    if not out.any():
        return replace(columns, left=left)
    keep = np.flatnonzero(~out)
    values = [_taken(column, keep) for column in columns.values]
    return replace(columns, values=values, left=left, numbers=keep)


def _totals(first: pa.ChunkedArray) -> NDArray[np.int64]:
    """Rows that are called a total, wherever they stand."""
    if not pa.types.is_dictionary(first.type):
        return np.empty(0, dtype=np.int64)
    names: set[str] = set()
    for chunk in first.chunks:  # of millions of names few begin so
        begun = pc.utf8_slice_codeunits(pc.utf8_trim(pc.utf8_lower(chunk.dictionary), characters=SIGNS), 0, 3)
        few = chunk.dictionary.filter(pc.is_in(begun, value_set=BEGUN))
        names |= {name for name in few.to_pylist() if normal(name) in TOTALS}
    return np.sort(np.concatenate([np.empty(0, dtype=np.int64), *(_where(first, name) for name in names)]))


def _taken(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> pa.ChunkedArray:
    """Some rows of a column; of texts, what the other rows alone held is no longer among the names."""
    taken = column.take(pa.array(rows))
    texts = pa.types.is_dictionary(column.type)
    return taken.cast(column.type.value_type).dictionary_encode() if texts else taken


def _below_table(columns: Columns, out: NDArray[np.bool_]) -> list[int]:
    """Rows at the end that are totals or notes, in the first column or, below an empty row, in a few."""
    width, start = len(columns.values), max(0, len(out) - LAST)
    ends = (column.slice(start).cast(pa.string()).to_pylist() for column in columns.values)
    rows = list(zip(*([str(cell or "").strip() for cell in end] for end in ends), strict=True))
    found: list[int] = []
    behind: list[int] = []  # what lies below the last empty row, as long as it fills few columns
    closed = False
    for number, row in reversed(list(enumerate(rows, start=start))):
        filled = sum(map(bool, row))
        if not filled:
            closed = closed or bool(found or behind)
        elif is_note(row, width):
            found.append(number)
        elif not closed and 1 < filled <= width // 2 and not is_picture(row[0]):
            behind.append(number)
        else:
            found += behind if closed and filled > width // 2 else []
            break
    return [number for number in found if not out[number]]


def is_note(row: Sequence[str], width: int) -> bool:
    """Whether a row of a table is totals, or a sentence in one of its columns alone.

    >>> is_note(["Total", "3", "5"], 3), is_note(["Note: who was tired", "", ""], 3), is_note(["a 1.jpg", "", ""], 3)
    (True, True, False)
    """
    first, only = row[0], [cell for cell in row if cell]
    alone = width > 2 and len(only) == 1 and " " in only[0] and not is_picture(only[0])
    return normal(first) in TOTALS or alone


def rows_above(rows: list[list[str]]) -> int:
    """How many of the first rows are titles or notes above the header: of one cell each, behind a #, or ``What: this``.

    >>> rows_above([["Study 1", ""], ["Face", "happy"]]), rows_above([["# 2026"], ["a", "b"]]), rows_above([["a", "b"]])
    (1, 1, 0)
    >>> rows_above([["Detailed log"], ["Face model:", "general"], ["File name", "Happy", "Sad"]])
    2
    """
    for number, row in enumerate(rows):
        if row[0].endswith(":") and sum(map(bool, row)) <= 2:
            continue
        comment = row[0].startswith("#") and (row[0].strip("# ") or not any(row[1:]))  # a # alone numbers the rows
        if comment and not names_columns([row[0].lstrip("# "), *row[1:]]):
            continue
        if sum(map(bool, row)) > 1:
            return number if row[0].startswith("#") or names_columns(row) or rows[0][0].startswith("#") else 0
    return 0


def role_by_name(name: str) -> str | None:
    """What a column of this name holds, one of ``SYNONYMS``; None where the name says nothing.

    >>> role_by_name("Rater ID"), role_by_name("age")
    ('worker', None)
    """
    return _KNOWN.get(normal(name))


def names_columns(row: list[str]) -> bool:
    """Whether one of several cells is what a column is called."""
    return sum(map(bool, row)) > 1 and any(role_by_name(cell) or expression(cell) for cell in row)


def over_two_rows(rows: list[list[str]]) -> tuple[list[str], int]:
    """The names of a header of two rows, the upper with cells that reach over several columns, and its number of rows.

    pandas writes the name of the index in a third row. Of any other header there are no names, and no rows.

    >>> over_two_rows([["Photo", "Anna", "", "Ben", ""], ["", "valence", "arousal", "valence", "arousal"]])
    (['Photo', 'Anna valence', 'Anna arousal', 'Ben valence', 'Ben arousal'], 2)
    >>> over_two_rows([["", "valence", "valence"], ["rater", "Anna", "Ben"], ["photo", "", ""], ["a.jpg", "1", "2"]])
    (['photo', 'valence Anna', 'valence Ben'], 3)
    """
    if len(rows) < 2:
        return [], 0
    header, second, *rest = rows
    second = second + [""] * (len(header) - len(second))
    gaps = [n for n, (above, below) in enumerate(zip(header, second, strict=False)) if n and not above and below]
    named = len(header) > 2 and not header[0] and second[0] and rest and rest[0][0] and not any(rest[0][1:])
    if not (gaps or named) or bool(header[0]) == bool(second[0]) or len(second) != len(header):
        return [], 0
    if any(A_NUMBER.fullmatch(cell) for cell in second):
        return [], 0
    if named:
        second = ["", *second[1:]]
        header = [rest[0][0], *header[1:]]
    names, last = [], ""
    for above, below in zip(header, second, strict=True):
        last = above or last
        names.append(f"{last} {below}".strip() if below else above)
    return names, 3 if named else 2


def _where(column: pa.ChunkedArray, text: str) -> NDArray[np.int64]:
    """Rows of a column of texts with one text; for none of them, few are looked at: those that differ."""
    if not pa.types.is_dictionary(column.type):
        cells = pc.fill_null(column.cast(pa.string()), "")
        return np.flatnonzero(np.asarray(pc.equal(cells, text), dtype=bool))
    found, start = [], 0
    for chunk in column.chunks:
        code = pc.index(chunk.dictionary, text).as_py()
        hits = np.asarray(chunk.indices.fill_null(code if text == "" and code >= 0 else -1)) == code
        if code >= 0:
            found.append(start + np.flatnonzero(hits))
        start += len(chunk)
    return np.concatenate(found) if found else np.empty(0, np.int64)


def below_header(lines: list[list[str]], guessed: list[str]) -> list[list[str]]:
    """The rows below the header that say what the columns are, as survey tools write them."""
    header, *others = lines or [[]]
    for number, line in enumerate(others, start=1):
        if any(cell.startswith('{"ImportId"') for cell in line):
            guessed.append(f"{number} header rows of Qualtrics left out")
            return others[:number]
    for tool, (first, second, real) in SECOND_HEADERS.items():
        if (
            others
            and {first, second} <= set(header)
            and not re.search(real, (others[0] + [""] * len(header))[header.index(first)])
        ):
            guessed.append(f"a second header row of {tool} left out")
            return others[:1]
    return []


SECOND_HEADERS = {
    "Qualtrics": ("StartDate", "EndDate", r"\d"),
    "SoSci Survey": ("CASE", "QUESTNNR", r"\d"),
    "SurveyMonkey": ("Respondent ID", "Collector ID", r"\d"),
}
"""Two columns of a tool's header, and what a real row has in the first, where the row of questions has it not."""
