"""Files that are whole or not there, folders made before they are needed, locks that end with their process."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import time
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from fer_exp.errors import RequestError, RunError, nearest
from fer_exp.system import alive
from fer_exp.troubles import in_words

if TYPE_CHECKING:
    import pandas as pd

NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL)
"""What file systems without locks answer."""


KEPT_DAYS = 14
"""That what a killed command left, and another may go on with, is kept."""


def may_go_on(left: Path) -> bool:
    """Whether something may still go on with what a killed command left, which is not ``KEPT_DAYS`` old."""
    return time.time() - left.stat().st_mtime < KEPT_DAYS * 86_400


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path aside to write to, of the same suffix; a reader finds the old file or the new one. The folder is made.

    Raises:
        RunError: the file cannot be written; an older one is then still whole.
    """
    aside = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in unfinished(path.parent, path):
            old.unlink()
        yield aside
        aside.replace(path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {in_words(error, path)}.") from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


ASIDE = re.compile(r"\.(.+)\.(\d+)\.tmp(\.\w+)?")
"""What ``whole`` calls the file to write to."""


def unfinished(folder: Path, of: Path | None = None) -> list[Path]:
    """Files in a folder that ``whole`` has begun and a killed process has left.

    Args:
        folder: where they lie.
        of: the file that they were to be; nobody is then known to hold the folder, so that files of processes that
            live on this machine stay. None takes all.
    """
    found = []
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name[0] == "." and (name := ASIDE.fullmatch(entry.name)):
                same = of is None or ((name[1], name[3] or "") == (of.stem, of.suffix) and not alive(int(name[2])))
                found += [folder / entry.name] if same else []
    return found


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder aside to fill, which then takes its place, and that of an older one; a reader finds either of them.

    Raises:
        RunError: it cannot be written; an older one is then still there.
    """
    aside, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{what}") for what in ("tmp", "old"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for left in _left_beside(folder):
            shutil.rmtree(left)
        aside.mkdir()
        yield aside
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {in_words(error, folder)}.") from error
    except RunError as error:  # of a file in it, which nobody knows by the name of the folder aside
        raise RunError(str(error).replace(str(aside), str(folder))) from error
    finally:
        if there(old) and not there(folder):
            old.rename(folder)
        for each in (aside, old):
            shutil.rmtree(each, ignore_errors=True)


def _left_beside(folder: Path) -> list[Path]:
    """What ``whole_folder`` has begun of a folder, or put aside, in processes that are no more."""
    name = re.compile(rf"\.{re.escape(folder.name)}\.(\d+)\.(tmp|old)")
    beside = [(path, name.fullmatch(path.name)) for path in folder.parent.glob(".*")]
    return [path for path, of in beside if of and (int(of[1]) == os.getpid() or not alive(int(of[1])))]


def write_text(path: Path, text: str) -> None:
    """Write a text as it is, in UTF-8: lines end alike on every system, so that the file has the same bytes.

    Raises:
        RunError: the file cannot be written; an older one is then still whole.
    """
    with whole(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: object) -> None:
    """Write JSON so that a reader finds the old file or the new one, never half of one.

    Raises:
        RunError: the file cannot be written.
    """
    write_text(path, json_text(content))


def json_text(content: object) -> str:
    """What ``write_json`` writes."""
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write parquet, or csv where the name says so, as ``write_json`` writes."""
    with whole(path) as aside:
        if path.suffix == ".csv":
            table.to_csv(aside, index=False, lineterminator="\n")
        else:
            table.to_parquet(aside, index=False, write_page_checksum=True)


def writable(folder: Path, key: str = "output") -> Path:
    """The folder itself, there already or not: a command asks before it computes, and makes it when it has something.

    Raises:
        RunError: it cannot be made, or not be written to; ``key`` is what a user sets to have it elsewhere.
    """
    for place in (folder, *folder.absolute().parents):
        try:
            place.stat()
            with TemporaryFile(dir=place):  # a system may say yes and mean no: a read-only disk, a quota
                return folder
        except FileNotFoundError:
            continue  # it will be made in the next one above
        except OSError as error:
            reason = error.strerror or str(error)
            break
    else:
        reason = "there is no such disk"
    raise RunError(f"{folder} cannot be written ({reason}); set {key} to a folder of yours.")


@contextmanager
def made(folder: Path, key: str = "output") -> Iterator[Path]:
    """Make a folder; where what is done with it is refused, it goes again if it is empty, as do those above it.

    Raises:
        RunError: as ``writable``.
    """
    fresh = missing(folder)
    writable(folder, key)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    except RequestError:
        remove_empty(fresh)
        raise


def to_replace(folder: Path, key: str, written: Collection[str], proof: Collection[str], *, overwrite: bool) -> Path:
    """The folder itself, to be filled: it is not there, it is empty, or an export of before may be replaced.

    Args:
        folder: to fill.
        key: what a user sets to have it elsewhere.
        written: all that an export may leave in it.
        proof: of which every export leaves one; a folder without is somebody's own.
        overwrite: whether an export of before is replaced.

    Raises:
        RequestError: it is a file, it holds something else, or it may not be replaced.
    """
    if folder.is_file():
        raise RequestError(f"{key}={folder} is a file; give a folder that is not there yet.")
    inside = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if not inside:
        return folder
    other = folder.absolute() if folder.name in ("", "..") else folder
    numbered = (other.with_name(f"{other.name}-{number}") for number in range(2, 10_000))
    elsewhere = f"{key}={next(each for each in numbered if not there(each))}"
    if strange := sorted(inside - {*written}) or ([] if inside & {*proof} else sorted(inside)):
        raise RequestError(
            f"{folder} is there and holds {strange[0]}, which is of no export; give another: {elsewhere}."
        )
    if not overwrite:
        raise RequestError(
            f"{folder} is there already; write overwrite=true to replace it, or another folder: {elsewhere}."
        )
    return folder


def missing(folder: Path) -> list[Path]:
    """The folders that are made for this one to be there, itself first."""
    return [each for each in (folder, *folder.parents) if not there(each)]


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove the folders, each after what is below it, of which nothing is left."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def locked(path: Path, busy: Callable[[], object] | None = None) -> Iterator[bool]:
    """Hold a lock file, of which the kernel lets go however the process ends.

    Args:
        path: the file; its folder is there.
        busy: called once where another process holds it; then this waits, unless it raised. None waits for nobody.

    Yields:
        Whether it is held: False on a file system without locks, where nothing keeps others out.

    Raises:
        BlockingIOError: another process holds it, and there is no ``busy``.
        OSError: the file cannot be opened.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        if busy is None:
            raise BlockingIOError(f"another process holds {path}") from None
        busy()
        lock.acquire()
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    try:
        yield lock.is_locked
    finally:
        lock.release()


def md5(text: str) -> str:
    """A digest of a text, 32 hex digits, by which things are told apart and nothing is kept secret."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def file_names(texts: Iterable[str]) -> list[str]:
    """Names of files in a folder from what stands in data, each another one, whatever signs the texts have.

    >>> file_names(["matrix_day 1", "/../../etc/passwd", "matrix_day:1"])
    ['matrix_day_1', 'etc_passwd', 'matrix_day_1_2']
    """
    names: list[str] = []
    for text in texts:
        name = re.sub(r"(?:[^\w.+=-]|_|\.\.)+", "_", text).strip("._")[:120] or "unnamed"
        stem, number = name, 1
        while name in names:
            number += 1
            name = f"{stem}_{number}"
        names.append(name)
    return names


FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet may run. Source: OWASP, CSV injection; ASVS 5.0, 1.2.10."""
GUARDED = tuple(f"'{sign}" for sign in FORMULA)
"""How it is written in tables for people, and how readers of tables know it."""

TABLES = (".csv", ".tsv", ".txt", ".gz", ".xlsx", ".xls", ".ods", ".parquet", ".json", ".jsonl", ".ndjson",
          ".sav", ".zsav", ".dta")  # fmt: skip
"""Suffixes of the tables that people give."""


def file_of(source: Path | str) -> tuple[Path, str]:
    """The file that a key names, and its sheet, '' for the first: ``FILE#sheet``, where no file is called so."""
    file = Path(on_this_disk(os.fspath(source)))
    name, mark, sheet = file.name.rpartition("#")
    return (file.with_name(name), sheet) if mark and name and not there(file) else (file, "")


def on_this_disk(path: str) -> str:
    """A path as its file is called: ``~`` expanded, and accents in one letter or apart (macOS), whichever is there."""
    path = os.path.expanduser(path)  # noqa: PTH111  a word that is no path is no error here
    if not path.isascii() and not os.path.lexists(path):
        file, mark, _ = path.rpartition("#")
        for form in ("NFC", "NFD"):
            for name in (path, file) if mark else (path,):
                if os.path.lexists(unicodedata.normalize(form, name)):
                    return unicodedata.normalize(form, name) + path[len(name) :]
    return path


def there(path: Path) -> bool:
    """Whether a path exists; a word that can be none (too long, say) does not."""
    return os.path.exists(path)  # noqa: PTH110  Path.exists raises then


LOOKED_AT = 5000
"""Names of a folder that are compared with one that is not in it; a corpus has a hundred times as many."""


def or_near(path: Path) -> str:
    """The end of a sentence that says a path is not there: a full stop, or what is there and called most like it.

    >>> or_near(Path("/nowhere/at all")), or_near(Path("/"))
    ('.', '.')
    """
    if os.path.islink(path) and not there(path):  # noqa: PTH114  Path.is_symlink raises for a word that is no path
        return ": it is a link that leads nowhere; give what it should lead to."
    near = None if there(path) else _nearest(path)
    return "." if near is None else f"; did you mean {near}?"


def _nearest(path: Path) -> Path | None:
    folder: Path | None = path.parent
    if there(path) or folder is None or folder == path:
        return path if there(path) else None
    folder = _nearest(folder)
    if folder is None or there(folder / path.name):
        return folder and folder / path.name
    names: dict[str, str] = {}
    with suppress(OSError), os.scandir(folder) as entries:
        names = {_alike(entry.name): entry.name for entry in islice(entries, LOOKED_AT) if entry.name[:1] not in ".~"}
    near = nearest(_alike(path.name), names)
    return None if near is None else folder / names[near]


def _alike(name: str) -> str:
    """A name without case and accents, which a person may have typed otherwise."""
    return unicodedata.normalize("NFKD", name).casefold()
