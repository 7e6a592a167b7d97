"""The tables of a folder as one: experiments write a file a participant, and raters fill in a sheet each."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from fer_exp.column_names import role_by_name
from fer_exp.columns import Columns
from fer_exp.files import TABLES
from fer_exp.formats import read_columns
from fer_exp.regular import reading
from fer_exp.split_names import split_named

ITS_FILE = "(its file)"
"""The column with the name of the file that a row is from, which stands for a person where no other column does."""


A_COPY = re.compile(r"(.+?)(?: ?\(\d+\)| - (?:Copy|Kopie|copie|copia)(?: \(\d+\))?| copy(?: \d+)?)")
"""What browsers and systems call a file that was there already."""


def tables_in(folder: Path) -> list[Path]:
    """The tables of a folder, else of its folders, by name, without hidden ones and those that a spreadsheet has open.

    JATOS puts ``metadata.json`` beside a folder a person.
    """
    for pattern in ("[!.~]*", "**/[!.~]*"):
        files = sorted(file for file in folder.glob(pattern) if file.suffix.lower() in TABLES and file.is_file())
        parts = ((file, file.relative_to(folder).parts) for file in files if file.name != "metadata.json")
        if found := [file for file, part in parts if not any(name[0] in "._" for name in part[:-1])]:
            return found
    return []


def is_copy(file: Path) -> bool:
    """Whether a file is called as a second download or a copy of another beside it is, and holds the same."""
    if not (match := A_COPY.fullmatch(file.stem)):
        return False
    first = file.with_name(f"{match[1]}{file.suffix}")
    return first != file and first.is_file() and first.read_bytes() == file.read_bytes()


def read_together(folder: Path) -> Columns:
    """Read every table of a folder, below each other; columns go by their names.

    Raises:
        ValueError: there is no table.
        RequestError, RunError: as ``reading``, naming the file.
    """
    files = tables_in(folder)
    if not files:
        raise ValueError(f"it is a folder without a table ({', '.join(TABLES)})")
    copies = [file for file in files if is_copy(file)]
    files = [file for file in files if file not in copies]
    parts = []
    for file in files:
        with reading(file):
            parts.append(read_columns(file) if len(files) > 1 else read_file(file, "", together=True))
    if len(files) == 1 and ITS_FILE in parts[0].names:  # a file with a sheet a person
        return parts[0]
    filled = [(file, part) for file, part in zip(files, parts, strict=True) if part.values and len(part.values[0])]
    if not filled:
        raise ValueError("none of its tables has a row")
    files, parts = [file for file, _ in filled], [part for _, part in filled]
    stems = [file.relative_to(folder).as_posix().split(".")[0] for file in files]
    last = [stem.rpartition("/")[2] for stem in stems]
    again = [f"{file.name} is a copy of another file, left out" for file in copies]
    told = [f"{len(files)} files together", *again]
    if more := [f"{file.name}#{one.sheets[1]}" for file, one in zip(files, parts, strict=True) if len(one.sheets) > 1]:
        of_all = f", and of {len(more) - 1} more files" if len(more) > 1 else ""
        told.append(f"only the first sheet of each is read, not {more[0]}, say{of_all}")
    return _joined(parts, last if len(set(last)) == len(last) else stems, ITS_FILE, told)


def read_file(file: Path, sheet: str, together: bool) -> Columns:
    """Read a file as ``read_columns``, and what the name of a sheet says in a column of its own.

    Sheets with the same columns are one table where they are called as splits, and with ``together`` whatever they are
    called: a column says which sheet a row is from, as it says of a folder which file. Copies and others are left out.
    """
    first = read_columns(file, sheet)
    if sheet:
        split = None if "split" in first.names or not first.values else split_named(sheet)
        return first if split is None else _joined([first], [split], "split", [])
    if not first.sheets:
        return first
    splits = {name: split for name in first.sheets if (split := split_named(name))}
    wanted = first.sheets if together else splits if len(splits) > 1 else []
    parts = {name: read_columns(file, name) if name != first.sheets[0] else first for name in wanted}
    parts = {name: part for name, part in parts.items() if part.values and len(part.values[0])}
    alike, column = _of_one_header({name: part for name, part in parts.items() if name in splits}), "split"
    if len(alike) < 2 or "split" in parts[alike[0]].names:
        alike, column = _of_one_header(parts) if together else [], ITS_FILE
    if len(alike) < 2:
        also = f"its sheet {first.sheets[0]}; FILE#SHEET takes another ({', '.join(first.sheets[1:])})"
        return replace(first, guessed=[also, *first.guessed])
    origins = [splits[name] for name in alike] if column == "split" else alike
    told = [f"its sheets {', '.join(alike)} together"]
    if others := [name for name in first.sheets if name not in alike]:
        told.append(f"not read: {', '.join(others)}")
    return _joined([parts[name] for name in alike], origins, column, told)


def _of_one_header(parts: dict[str, Columns]) -> list[str]:
    """The sheets that have the columns of the first, perhaps others, too, without copies of others.

    Two persons may answer alike: the same cells are a copy where a column says whose they are, or the sheet is called
    one. Where no other has these columns, a sheet of notes stands first, and the second is taken for it.
    """
    names = list(parts)
    for first in names[:2]:
        found: list[str] = []
        for name in names[names.index(first) :]:
            alike = [one for one in found if all(map(pa.ChunkedArray.equals, parts[one].values, parts[name].values))]
            called = A_COPY.fullmatch(name)
            same = alike and ("worker" in map(role_by_name, parts[name].names) or (called and called[1] in alike))
            fewer, more = sorted(({*filter(None, parts[one].names)} for one in (first, name)), key=len)
            if not same and fewer <= more and 2 * len(fewer) >= len(more):
                found.append(name)
        if len(found) > 1:
            return found
    return []


def _joined(parts: list[Columns], origins: list[str], column: str, told: list[str]) -> Columns:
    """Tables below each other, with a column that says where a row is from, and what to say of it before the rest."""
    names = list(dict.fromkeys(name for part in parts for name in part.names if name))
    values = [pa.chunked_array([_cells(part, name) for part in parts]) for name in names]
    places = pa.array(np.repeat(np.arange(len(parts), dtype=np.int32), [len(part.values[0]) for part in parts]))
    whole = replace(parts[0], names=[*names, column], numbers=parts[0].numbers if len(parts) == 1 else None)
    whole.values = [*values, pa.chunked_array([pa.DictionaryArray.from_arrays(places, pa.array(origins, pa.string()))])]
    whole.guessed = [*told, *dict.fromkeys(words for part in parts for words in part.guessed)]
    whole.left = {}
    for words, number in (item for part in parts for item in part.left.items()):
        whole.left[words] = whole.left.get(words, 0) + number
    return whole


def _cells(part: Columns, name: str) -> pa.Array:
    """The texts of a file's column, nulls where it has none of that name."""
    if name not in part.names:
        return pa.nulls(len(part.values[0]), pa.string())
    return part.values[part.names.index(name)].cast(pa.string()).combine_chunks()
