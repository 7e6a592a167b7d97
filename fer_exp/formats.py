"""How a table's file is written: csv, tsv, txt or JSON, packed or not, sheets, parquet or SPSS; told by its content."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from fer_exp.column_names import names_columns
from fer_exp.columns import NOTES, Columns, is_note, without_blanks
from fer_exp.errors import did_you_mean
from fer_exp.headers import read_header, rows_above
from fer_exp.names import expression, normal
from fer_exp.records import read_json
from fer_exp.regular import MOST_BYTES, read_whole, regular
from fer_exp.spss import is_spss, read_spss

ENCODINGS = ("utf-8", "cp1252", "gb18030", "cp932", "big5", "cp949", "cp1251", "cp1250", "cp1254", "cp1256")
"""Of text without a byte order mark: UTF-8 where it can be, else what makes most of its words into expressions."""
BRACKETED = re.compile(r"\s*\[[^\W\d][\w. ]*\][,\t;|]")
"""A header whose names stand in brackets, as Emotion6 writes it, and no JSON."""
A_SPACE = re.compile(r"\"[^\"]*\"( \"[^\"]*\")+\r?\n")
"""A header as R's write.table has it."""
TOP = 12
"""Rows in which the header is looked for, with titles above it and questions below."""
TEXTS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
"""Of the tables that may be in a zip."""
NO_TEXT = "it is neither text nor xlsx nor parquet"
SAMPLE = 1 << 18  # bytes, or letters, that delimiter, header and encoding are told by


def read_columns(file: Path, sheet: str = "") -> Columns:
    """Read every column of a file.

    Args:
        file: csv, tsv or txt with commas, semicolons, tabs or bars, or JSON, perhaps packed (.gz, .zip); xlsx, xls or
            ods; parquet; sav or zsav of SPSS, dta of Stata.
        sheet: of an xlsx file, empty for the first.

    Raises:
        ValueError: it cannot be read as what it is, in words.
        Exception: what the libraries raise for damaged files, of which ``regular.reading`` makes a sentence.
    """
    regular(file)
    with file.open("rb") as stream:
        head = stream.read(SAMPLE)
    start = head[:4]
    if start and not any(head):  # zeros, of which a sparse file may have any number
        raise ValueError(NO_TEXT)
    if start == b"PAR1" or file.suffix.lower() == ".parquet":
        import pyarrow.parquet as pq  # and with it encryption and the clouds: a CSV does not wait for them

        table = pq.ParquetFile(file, page_checksum_verification=True).read()
        names = [name for name in table.column_names if not name.startswith("__index_level_")]
        return Columns(names, [_flat(table.column(name)) for name in names])
    if start == b"PK\x03\x04" and (inside := _one_table(file)) is not None:
        return _read_text(inside)
    if start in (b"\xd0\xcf\x11\xe0", b"PK\x03\x04") or file.suffix.lower() == ".xlsx":  # Excel's, or LibreOffice's
        return _read_excel(file, sheet)
    if sheet:
        raise ValueError(f"only an xlsx file has sheets such as {sheet}")
    if is_spss(file, start):
        return _read_spss(file, start)
    if start[:2] != b"\x1f\x8b":
        return _read_text(read_whole(file))
    with gzip.open(file) as packed:
        return _read_text(_unpacked(packed))


def of_frame(frame: pd.DataFrame) -> Columns:
    """The columns of a frame, those of an index with a name first, as a file would have them.

    Object columns, whose cells may be of mixed types, become text.
    """
    named = [level for level in frame.index.names if level is not None and level not in frame.columns]
    frame = frame.reset_index(level=named) if named else frame
    names = [str(name).strip() for name in frame.columns]
    values = [
        pa.array([text_of(cell) or None for cell in column], pa.string())
        if column.dtype == object
        else pa.Array.from_pandas(column)
        for column in (frame.iloc[:, n] for n in range(len(names)))
    ]
    return Columns(names, [pa.chunked_array([column]) for column in values])


def text_of(cell: object) -> str:
    """A cell as text: whole floats without ``.0``, nothing as '', an array as the list that it is."""
    if isinstance(cell, np.ndarray):
        return str(cell.tolist())
    if cell is None or cell is pd.NA or cell != cell:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of lists or other nested cells, or of bytes, as text; decimals as numbers."""
    if any(of(column.type) for of in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)):
        return column.cast(pa.binary()).cast(pa.string())  # which raises where the bytes are none
    if pa.types.is_decimal(column.type):
        return column.cast(pa.float64())
    if not pa.types.is_nested(column.type):
        return column
    return pa.chunked_array([pa.array([text_of(cell) or None for cell in column.to_pylist()], pa.string())])


def _one_table(file: Path) -> bytes | None:
    """The table that a zip holds, as survey tools pack it; None for a file of sheets, which is a zip, too."""
    with zipfile.ZipFile(file) as packed:
        names = packed.namelist()
        if {"[Content_Types].xml", "mimetype"} & set(names):
            return None
        tables = [name for name in names if name.lower().endswith(TEXTS) and not name.startswith("__MACOSX/")]
        tables = [name for name in tables if not name.lower().endswith(".txt")] or tables  # beside a table a readme
        if len(tables) != 1:
            found = f"{len(tables)} tables ({', '.join(tables[:6])})" if tables else "no table that is a text"
            raise ValueError(f"it is a zip with {found}; unpack it, and give one file, or the folder")
        with packed.open(tables[0]) as stream:
            return _unpacked(stream)


def _unpacked(stream: IO[bytes] | gzip.GzipFile) -> bytes:
    """What is packed, which may be a thousand times the file's size."""
    content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"unpacked it has more than {MOST_BYTES:,} bytes, which are not read")
    return content


def _read_excel(file: Path, sheet: str) -> Columns:
    try:
        opened = pd.ExcelFile(file, engine="calamine")
    except Exception as error:  # calamine has classes of its own for each format
        raise ValueError(f"{error}; save it as xlsx, or csv") from error
    with opened as book:
        sheets = [str(name) for name in book.sheet_names]
        if sheet not in sheets:
            sheet = next((name for name in sheets if normal(name) == normal(sheet)), sheet)
        if sheet and sheet not in sheets:
            hint = did_you_mean(sheet, sheets, 0.5)
            raise ValueError(f"there is no sheet {sheet}; {hint}there are: {', '.join(sheets)}")
        frame = pd.read_excel(book, sheet or 0, header=None, dtype=object, keep_default_na=False, na_values=[""])
        merged = book.book.get_sheet_by_name(sheet or sheets[0]).merged_cell_ranges or []
    guessed: list[str] = []
    filled = 0
    for (top, left), (bottom, right) in merged:  # a face's cell beside the rows of its raters
        if top < bottom < len(frame) and left == right:
            column = frame[left]
            filled += int(column.iloc[top + 1 : bottom + 1].isna().sum()) if column.notna().iloc[top] else 0
            column.iloc[top : bottom + 1] = column.iloc[top : bottom + 1].ffill()
            frame[left] = column
    guessed += [f"{filled:,} cells filled that were merged with the one above"] if filled else []
    rows = np.flatnonzero(frame.notna().any(axis=1))  # sheets have empty rows at their end
    lines = [[text_of(cell) for cell in frame.iloc[row]] for row in rows[:TOP]]
    names, above, below = read_header(lines, guessed)
    columns = of_frame(frame.iloc[rows[above + len(below)] + 1 : rows[-1] + 1]) if len(rows) else of_frame(frame)
    return without_blanks(
        Columns(names, columns.values, below, guessed, sheets=sheets if len(sheets) > 1 and not sheet else [])
    )


def _read_spss(file: Path, start: bytes) -> Columns:
    frame, questions, guessed = read_spss(file, start)
    below = [questions] if any(questions) else []
    columns = without_blanks(replace(of_frame(frame), below=below, guessed=guessed))
    rows = np.arange(len(frame)) if columns.numbers is None else columns.numbers
    return replace(columns, numbers=rows - len(below))  # questions are no row of such a file


def _read_text(raw: bytes) -> Columns:
    raw, encoding = _as_utf8(raw)
    if hint := re.match(rb"(\xef\xbb\xbf)?sep=.\r?\n", raw):  # Excel's own
        raw = raw[hint.end() :]
    raw = raw.removeprefix(codecs.BOM_UTF8)
    raw += b"" if raw.endswith(b"\n") else b"\n"
    start = raw[:SAMPLE].decode("utf-8", "ignore")
    if "\0" in start:
        raise ValueError(NO_TEXT)
    if start.lstrip()[:1] in ("[", "{") and not BRACKETED.match(start):
        names, values = read_json(raw.decode("utf-8"))
        return Columns(names, values, guessed=[f"read as {encoding}"] if encoding != "utf-8" else [])
    delimiter = " " if A_SPACE.match(start) else max(",\t;|", key=lambda sign: _header_of(start, sign))
    lines, starts = _lines(start, delimiter)
    if not lines:
        return Columns([], [])
    guessed = [{";": "separated by semicolons", "|": "separated by bars"}[delimiter]] if delimiter in ";|" else []
    guessed += [f"read as {encoding}"] if encoding != "utf-8" else []
    header, above, below = read_header(lines, guessed)
    values, left = _read_delimited(raw[starts[above] :], delimiter, len(header), below=len(below))
    return without_blanks(Columns(header, values, below, guessed, delimiter == ";", left))


def _read_delimited(
    raw: bytes, delimiter: str, width: int, *, below: int
) -> tuple[list[pa.ChunkedArray], dict[str, int]]:
    """The columns of a text from its header on, and rows that are shorter than others, as Gorilla's last, and notes.

    Args:
        raw: the text, in UTF-8.
        delimiter: between its cells.
        width: the number of columns.
        below: rows below the header that are none.

    Raises:
        pyarrow.ArrowInvalid: another row is shorter, or longer.
    """
    ended: list[str] = []

    def of_another_length(row: pacsv.InvalidRow) -> str:
        words = row.text.strip("\"'\r\n ")
        last = words.startswith("END OF FILE")
        cells = [cell.strip('" ') for cell in words.split(delimiter)]
        if last or (row.actual_columns < row.expected_columns and is_note(cells, row.expected_columns)):
            ended.append("rows END OF FILE" if last else NOTES)
            return "skip"
        return "error"

    names = [str(number) for number in range(width)]
    texts = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())))

    def read(*, lasting: bool) -> pa.Table:
        ended.clear()
        how = pacsv.ReadOptions(use_threads=not lasting, column_names=names, skip_rows_after_names=1 + below)
        cells = pacsv.ParseOptions(
            delimiter=delimiter, newlines_in_values=lasting or below > 0, invalid_row_handler=of_another_length
        )
        return pacsv.read_csv(pa.BufferReader(raw), how, cells, texts)

    try:
        table = read(lasting=False)
    except pa.ArrowInvalid:
        table = read(lasting=True)  # a cell may go over several lines, which takes longer to read
    return table.columns, dict(Counter(ended))


def _as_utf8(raw: bytes) -> tuple[bytes, str]:
    """Text as UTF-8, and the encoding that it was in."""
    if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return raw.decode("utf-16").encode(), "utf-16"
    if not len(raw) % 2 and 0 in raw[:2] and any(raw[:2]):  # no mark, but a Latin letter in two bytes
        encoding = "utf-16-le" if raw[0] else "utf-16-be"
        return raw.decode(encoding).encode(), encoding
    texts: dict[str, str] = {}
    for encoding in ENCODINGS:
        with suppress(UnicodeDecodeError):
            texts[encoding] = raw.decode(encoding)
        if "utf-8" in texts:
            return raw, "utf-8"
    if not texts:
        raise ValueError("its encoding is not known; save it as UTF-8")

    def known(encoding: str) -> int:
        return sum(expression(word) is not None for word in set(re.split(r"[,;|\t\r\n\"]+", texts[encoding][:SAMPLE])))

    best = max(texts, key=known)
    return texts[best].encode(), best


def _header_of(text: str, delimiter: str) -> tuple[bool, int]:
    """Whether a text begins with names of columns where this is between them, and how many cells its header has."""
    lines = _lines(text, delimiter)[0]
    return (names_columns(lines[0]), len(lines[rows_above(lines)])) if lines else (False, 0)


def _lines(text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """The first ``TOP`` rows of a text that are not empty, and at which byte each begins."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[list[str]] = []
    starts, line, place = [], 0, 0
    for row in reader:
        if any(row):
            rows.append([cell.strip() for cell in row])
            starts.append(place)
        place += sum(len(part.encode()) for part in lines[line : reader.line_num])
        line = reader.line_num
        if len(rows) == TOP:
            break
    return rows, starts
