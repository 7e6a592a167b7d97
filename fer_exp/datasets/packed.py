"""Official files that may be packed: where one lies, and its bytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from fer_exp.datasets.corpus import Corpus
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.regular import reading

PACKINGS = ("", ".gz", ".bz2", ".xz", ".zip")


def unpacked_name(file: Path) -> str:
    """The name of a file without what packed it: fer2013.csv for fer2013.csv.gz."""
    return file.stem if file.suffix in PACKINGS[1:] else file.name


def find_file(root: Path, names: tuple[str, ...], corpus: Corpus) -> Path:
    """The first of some files in a folder, plain or packed, or the root itself if that is a file.

    Raises:
        DatasetNotFoundError: with what was looked for and how to get it, or the folder below that has it.
    """
    if root.is_file():
        return root
    if not root.is_dir():
        raise corpus.no_root(root)
    below = sorted(folder for folder in root.iterdir() if folder.is_dir())
    files = [file for folder in (root, *below) if (file := file_in(folder, names))]
    if not files:
        sought = f"{' or '.join(names)} (plain, .gz, .bz2, .xz or .zip)"
        raise DatasetNotFoundError(f"{corpus.name}: there is no {sought} in {root}. {corpus.access}")
    if files[0].parent != root:
        where = f"{files[0].name} lies one folder further down; set dataset.root={files[0].parent}."
        raise DatasetNotFoundError(f"{corpus.name}: {where}")
    return files[0]


def file_in(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The first of some files in a folder, plain or packed, None where none is there."""
    candidates = [name + packing for name in names for packing in PACKINGS]
    candidates += [f"{Path(name).stem}.zip" for name in names]
    return next((folder / name for name in candidates if (folder / name).is_file()), None)


@contextmanager
def open_unpacked(file: Path, corpus: str, listings: tuple[str, ...]) -> Iterator[IO[bytes]]:
    """A file's bytes as they are unpacked; ``listings`` name the file in a zip archive that has not its name.

    Raises:
        RequestError: it may not be read, or cannot be unpacked.
    """
    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    with reading(file, f"{corpus}: {file}", "get it again"), ExitStack() as stack:
        if file.suffix == ".zip":
            archive = stack.enter_context(zipfile.ZipFile(file))
            stream: IO[bytes] = archive.open(_member(archive.namelist(), file, corpus, listings))
        elif file.suffix in openers:
            stream = openers[file.suffix](file)
        else:
            stream = file.open("rb", buffering=1 << 20)
        yield stack.enter_context(stream)


def _member(names: list[str], file: Path, corpus: str, listings: tuple[str, ...]) -> str:
    """The wanted CSV in a zip archive: that of the archive's name, else of a known name, else the only one."""
    tables = [name for name in names if name.endswith(".csv") and "__MACOSX" not in name]
    known = {Path(name).name: name for name in reversed(tables)}
    for name in (file.stem, f"{file.stem}.csv", *listings):
        if name in known:
            return known[name]
    if len(tables) != 1:
        why = f"holds {len(tables)} CSV files and none is {listings[0]}; unpack it first."
        raise RequestError(f"{corpus}: {file} {why}")
    return tables[0]
