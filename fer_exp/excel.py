"""Tables in sheets: xlsx, xls and ods, with what spreadsheets hide, merge and have not computed."""

from __future__ import annotations

import re
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from fer_exp.columns import Columns, without_blanks
from fer_exp.errors import did_you_mean
from fer_exp.frames import of_frame, text_of
from fer_exp.headers import TOP, read_header
from fer_exp.names import normal

MOST_XML = 1 << 26
"""Bytes of a sheet up to which it is looked through for what is hidden, or not computed."""
A_SHEET = re.compile(rb'<(?:\w+:)?sheet [^>]*?name="([^"]*)"[^>]*?r:id="([^"]*)"')
A_FILE = re.compile(rb"<Relationship [^>]*>")
HIDDEN_ROW = re.compile(rb'<row [^>]*hidden="(?:1|true)"[^>]*>\s*<c ')
NOT_COMPUTED = re.compile(rb"<f[^>]*>[^<]*</f>\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
"""A cell with a formula, as a program writes it that does not compute its value."""


def read_excel(file: Path, sheet: str) -> Columns:
    """Read a sheet as ``formats.read_columns`` does; without a name, the first that is not hidden.

    Raises:
        ValueError: it cannot be read as a file of sheets, or has no sheet of that name.
    """
    try:
        opened = pd.ExcelFile(file, engine="calamine")
    except Exception as error:  # calamine has classes of its own for each format
        raise ValueError(f"{error}; save it as xlsx, or csv") from error
    with opened as book:
        hidden = [it.name for it in book.book.sheets_metadata if not str(it.visible).endswith("Visible")]
        names = [str(name) for name in book.sheet_names]
        sheets = [name for name in names if name not in hidden] or names
        chosen = _sheet_called(sheet, names) if sheet else sheets[0]
        frame = pd.read_excel(book, chosen, header=None, dtype=object, keep_default_na=False, na_values=[""])
        merged = book.book.get_sheet_by_name(chosen).merged_cell_ranges or []
    filled = _fill_merged(frame, merged)
    guessed = [f"{filled:,} cells filled that were merged with the one above"] if filled else []
    guessed += _of_its_xml(file, chosen)
    if hidden and not sheet:
        guessed.append(f"hidden sheets are not read ({', '.join(hidden)}); FILE#SHEET takes one")
    rows = np.flatnonzero(frame.notna().any(axis=1))  # sheets have empty rows at their end
    lines = [[text_of(cell) for cell in frame.iloc[row]] for row in rows[:TOP]]
    header, above, below = read_header(lines, guessed)
    columns = of_frame(frame.iloc[rows[above + len(below)] + 1 : rows[-1] + 1]) if len(rows) else of_frame(frame)
    others = sheets if len(sheets) > 1 and not sheet else []
    return without_blanks(Columns(header, columns.values, below, guessed, sheets=others))


def _sheet_called(sheet: str, names: list[str]) -> str:
    """The sheet that somebody names, perhaps in another case; ValueError where there is none."""
    if sheet in names:
        return sheet
    alike = next((name for name in names if normal(name) == normal(sheet)), None)
    if alike is None:
        hint = did_you_mean(sheet, names, 0.5)
        raise ValueError(f"there is no sheet {sheet}; {hint}there are: {', '.join(names)}")
    return alike


def _fill_merged(frame: pd.DataFrame, merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> int:
    """Give each cell of a merged one what the first has: a face's, beside the rows of its raters. How many they are."""
    filled = 0
    for (top, left), (bottom, right) in merged:
        if top < bottom < len(frame) and left == right:
            column = frame[left]
            filled += int(column.iloc[top + 1 : bottom + 1].isna().sum()) if column.notna().iloc[top] else 0
            column.iloc[top : bottom + 1] = column.iloc[top : bottom + 1].ffill()
            frame[left] = column
    return filled


def _of_its_xml(file: Path, sheet: str) -> list[str]:
    """What the sheet of an xlsx says that its cells do not: rows that are hidden, formulas without a value."""
    with suppress(zipfile.BadZipFile, KeyError, StopIteration, OSError), zipfile.ZipFile(file) as packed:
        ids = {name.decode(): of for name, of in A_SHEET.findall(packed.read("xl/workbook.xml"))}
        its_id = b'Id="' + ids[_in_xml(sheet)] + b'"'
        relations = A_FILE.findall(packed.read("xl/_rels/workbook.xml.rels"))
        relation = next(one for one in relations if its_id in one)
        target = relation.split(b'Target="')[1].split(b'"')[0].decode()
        path = target[1:] if target.startswith("/") else f"xl/{target}"
        if packed.getinfo(path).file_size > MOST_XML:
            return []
        xml = packed.read(path)
        hidden, formulas = len(HIDDEN_ROW.findall(xml)), len(NOT_COMPUTED.findall(xml))
        way_out = "open it in Excel or LibreOffice, and save it"
        return [
            *([f"{hidden:,} rows that are hidden are read, too"] if hidden else []),
            *([f"{formulas:,} cells are formulas without a value, and so empty; {way_out}"] if formulas else []),
        ]
    return []


def _in_xml(text: str) -> str:
    """A text as an attribute of XML has it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
