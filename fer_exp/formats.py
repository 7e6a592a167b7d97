"""How a table's file is written: csv, tsv, txt or JSON, packed or not, sheets or parquet; told by its content."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zipfile
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from fer_exp.columns import Columns, below_header, without_blanks
from fer_exp.names import expression
from fer_exp.records import read_json
from fer_exp.regular import MOST_BYTES, read_whole, regular

ENCODINGS = ("utf-8", "cp1252", "gb18030", "cp932", "big5")
"""Of text without a byte order mark: UTF-8 where it can be, else what makes most of its words into expressions."""

BRACKETED = re.compile(r"\s*\[[^\W\d][\w. ]*\][,\t;|]")
"""A header whose names stand in brackets, as Emotion6 writes it, and no JSON."""
TEXTS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
"""Of the tables that may be in a zip."""

NO_TEXT = "it is neither text nor xlsx nor parquet"

SAMPLE = 1 << 18  # bytes, or letters, that delimiter, header and encoding are told by


def read_columns(file: Path, sheet: str = "") -> Columns:
    """Read every column of a file.

    Args:
        file: csv, tsv or txt with commas, semicolons, tabs or bars, or JSON, perhaps packed (.gz, .zip); xlsx, xls or
            ods; or parquet.
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
    if _has_sheets(file, start):
        return _read_excel(file, sheet)
    if sheet:
        raise ValueError(f"only an xlsx file has sheets such as {sheet}")
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


def _has_sheets(file: Path, start: bytes) -> bool:
    """Whether a file is Excel's, of today or before 2007, or LibreOffice's."""
    return start in (b"\xd0\xcf\x11\xe0", b"PK\x03\x04") or file.suffix.lower() == ".xlsx"


def _read_excel(file: Path, sheet: str) -> Columns:
    try:
        opened = pd.ExcelFile(file, engine="calamine")
    except Exception as error:  # calamine has classes of its own for each format
        raise ValueError(f"{error}; save it as xlsx, or csv") from error
    with opened as book:
        sheets = [str(name) for name in book.sheet_names]
        if sheet and sheet not in sheets:
            raise ValueError(f"there is no sheet {sheet}; there are: {', '.join(sheets)}")
        frame = pd.read_excel(book, sheet or 0, header=None, dtype=object, keep_default_na=False, na_values=[""])
    frame = frame.dropna(how="all")
    lines = [[text_of(cell) for cell in row] for row in frame.iloc[:4].to_numpy(object)]
    others = f"its sheet {sheets[0]}; FILE#SHEET takes another ({', '.join(sheets[1:])})"
    guessed = [others] if len(sheets) > 1 and not sheet else []
    below = below_header(lines, guessed)
    columns = of_frame(frame.iloc[1 + len(below) :])
    return without_blanks(Columns(lines[0] if lines else [], columns.values, below, guessed))


def _read_text(raw: bytes) -> Columns:
    raw, encoding = _as_utf8(raw)
    if hint := re.match(rb"(\xef\xbb\xbf)?sep=.\r?\n", raw):  # Excel's own
        raw = raw[hint.end() :]
    raw += b"" if raw.endswith(b"\n") else b"\n"
    start = raw[:SAMPLE].decode("utf-8", "ignore").removeprefix("\ufeff")
    if "\0" in start:
        raise ValueError(NO_TEXT)
    if start.lstrip()[:1] in ("[", "{") and not BRACKETED.match(start):
        names, values = read_json(raw.decode("utf-8").removeprefix("\ufeff"))
        return Columns(names, values, guessed=[f"read as {encoding}"] if encoding != "utf-8" else [])
    delimiter = max(",\t;|", key=lambda sign: len(_lines(start, sign, 1)[0]))
    lines = _lines(start, delimiter, 4)
    if not lines[0]:
        return Columns([], [])
    guessed = [{";": "separated by semicolons", "|": "separated by bars"}[delimiter]] if delimiter in ";|" else []
    guessed += [f"read as {encoding}"] if encoding != "utf-8" else []
    below = below_header(lines, guessed)
    ended: list[str] = []  # Gorilla's last row, which may be shorter

    def of_another_length(row: pacsv.InvalidRow) -> str:
        if row.text.startswith(("END OF FILE", '"END OF FILE')):
            ended.append(row.text)
            return "skip"
        return "error"

    names = [str(number) for number in range(len(lines[0]))]
    for lasting in (False, True):  # a cell may go over several lines, which takes longer to read
        options = pacsv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=lasting or len(below) > 0,
            invalid_row_handler=of_another_length,
        )
        try:
            table = pacsv.read_csv(
                pa.BufferReader(raw),
                pacsv.ReadOptions(use_threads=not lasting, column_names=names, skip_rows_after_names=1 + len(below)),
                options,
                pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string()))),
            )
            break
        except pa.ArrowInvalid:
            if lasting:
                raise
    left = {"rows END OF FILE": len(ended)} if ended else {}
    header = [name.strip() for name in lines[0]]
    return without_blanks(Columns(header, table.columns, below, guessed, delimiter == ";", left))


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


def _lines(text: str, delimiter: str, count: int) -> list[list[str]]:
    """The first rows of a text that are not empty."""
    rows = (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row))
    return list(islice(rows, count)) or [[]]
