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
import pyarrow as pa
import pyarrow.csv as pacsv

from fer_exp.column_names import names_columns
from fer_exp.columns import NOTES, Columns, is_note, without_blanks
from fer_exp.excel import read_excel
from fer_exp.frames import of_frame, text_of
from fer_exp.headers import TOP, read_header, rows_above
from fer_exp.names import expression
from fer_exp.records import read_json
from fer_exp.regular import MOST_BYTES, read_whole, regular
from fer_exp.spss import is_spss, read_spss

ENCODINGS = ("utf-8", "cp1252", "gb18030", "cp932", "big5", "cp949", "cp1251", "cp1250", "cp1254", "cp1256")
"""Of text without a byte order mark: UTF-8 where it can be, else what makes most of its words into expressions."""
BRACKETED = re.compile(r"\s*\[[^\W\d][\w. ]*\][,\t;|]")
"""A header whose names stand in brackets, as Emotion6 writes it, and no JSON."""
A_SPACE = re.compile(r"\"[^\"]*\"( \"[^\"]*\")+\r?\n")
"""A header as R's write.table has it."""
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
        return read_excel(file, sheet)
    if sheet:
        raise ValueError(f"only an xlsx file has sheets such as {sheet}")
    if is_spss(file, start):
        return _read_spss(file, start)
    if start[:2] != b"\x1f\x8b":
        return _read_text(read_whole(file))
    with gzip.open(file) as packed:
        return _read_text(_unpacked(packed))


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of lists or other nested cells, or of bytes, as text; decimals as numbers; codes of texts as ours."""
    if pa.types.is_dictionary(column.type):  # polars counts them without a sign
        return column.cast(pa.dictionary(pa.int32(), column.type.value_type))
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
    header = _as_wide(header, lines[above + len(below) + 1 :])
    values, left = _read_delimited(raw[starts[above] :], delimiter, len(header), below=len(below))
    return without_blanks(Columns(header, values, below, guessed, delimiter == ";", left))


def _as_wide(header: list[str], rows: list[list[str]]) -> list[str]:
    """A header as wide as the rows below it, where the one or the others end with a delimiter too many.

    >>> _as_wide(["a", "b", ""], [["1", "2"]]), _as_wide(["a", "b"], [["1", "2", ""], ["3", "4", ""]])
    (['a', 'b'], ['a', 'b', ''])
    """
    widths = {len(row) for row in rows}
    if widths == {len(header) - 1} and not header[-1]:
        return header[:-1]
    if widths == {len(header) + 1} and not any(row[-1] for row in rows):
        return [*header, ""]
    return header


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
