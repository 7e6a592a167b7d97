"""The picture files below a folder: which there are, which are not read, and how a table's paths are spelt on disk."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from fer_exp.errors import RequestError
from fer_exp.face_names import PICTURES, finder
from fer_exp.pictures.decoding import unreadable
from fer_exp.progress import progress
from fer_exp.regular import FOLDER, kind_of

NOT_READ = {
    "save raw photographs as JPEG": "3fr arw cr2 cr3 crw dng erf kdc mrw nef nrw orf pef raf raw rw2 srw x3f",
    "save the frames of videos as pictures": "3gp avi flv m4v mkv mov mp4 mpeg mpg mts webm wmv",
    "where arrays hold pictures, save them as such": "h5 hdf5 mat npy npz tfrecord",
    "save them as PNG": "ai dcm eps exr hdr ico jxl jxr nii pcx psd qoi sgi svg tga wdp xcf",
    "unpack them": "7z bz2 gz rar tar tgz xz zip",
}
"""The way out for files that are, or hold, pictures and are not read -> their suffixes."""
WAYS_OUT = {f".{suffix}": way_out for way_out, suffixes in NOT_READ.items() for suffix in suffixes.split()}
TEXT = (
    "bak bib cfg csv db doc docx dat htm html ini ipynb json lnk log m md md5 pdf pkl pts py r rtf sav sh sha256 tex "
    "toml tsv txt url xls xlsx xml yaml yml"
)
BESIDE = {f".{suffix}" for suffix in TEXT.split()}
"""Suffixes of files that commonly lie beside pictures, and are none."""
NO_SUFFIX = "(without a suffix)"
STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
"""How pictures begin."""
SYSTEMS = (".DS_Store", "__MACOSX", "Thumbs.db", "desktop.ini", ".directory")
"""What systems leave in folders and archives, as are those of macOS that begin with ``._``; nobody misses them."""
SHOWN = 10
LINKS = 8
"""Links that one path may go through: where each folder holds two links to the next, paths double with every one."""


def listed(root: Path, folder: str = "") -> list[str]:
    """The picture files below a folder of the root, as paths from the root with forward slashes.

    Links are followed, see ``files_below``. A line says how many pictures, raw photographs, videos and the like are not
    read, by suffix, and the way out; how many entries are no regular files, hidden, or of other kinds. Paths are sorted
    as text, the same on every machine.
    """
    lacking = unreadable()
    ways_out = WAYS_OUT | lacking
    paths: list[str] = []
    passed: Counter[tuple[str, str]] = Counter()
    others: Counter[str] = Counter()
    for path in files_below(root, folder, passed):
        suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122 - a Path costs more
        if suffix in PICTURES and suffix not in lacking:
            paths.append(path)
        elif suffix in ways_out:
            passed[suffix, ways_out[suffix]] += 1
        elif suffix not in BESIDE and _starts_as_picture(root / path):
            passed[suffix or NO_SUFFIX, "give pictures the suffix of their kind, such as .jpg"] += 1
        else:
            others[suffix or NO_SUFFIX] += 1
    if words := [*_not_read(passed), *_no_pictures(others)]:
        progress(f"{root / folder}: {'; '.join(words)}")
    return sorted(paths)


def _not_read(passed: Counter[tuple[str, str]]) -> list[str]:
    """How many files of which kind are passed over, with the way out, in words; none where there are none."""
    if not passed:
        return []
    most = passed.most_common()
    left = [f"{number:,} {what} ({reason})" for (what, reason), number in most[:SHOWN]]
    if rest := sum(number for _, number in most[SHOWN:]):
        left.append(f"{rest:,} others")
    return [f"files that are not read, left out: {', '.join(left)}"]


def _no_pictures(others: Counter[str]) -> list[str]:
    """How many files are no pictures, by suffix, in words; none where there are none."""
    if not others:
        return []
    kinds = [f"{number:,} {suffix}" for suffix, number in others.most_common(SHOWN)]
    more = ", ..." if len(others) > SHOWN else ""
    return [f"{others.total():,} files of other kinds, no pictures: {', '.join(kinds)}{more}"]


def on_disk(root: Path, paths: Sequence[str], where: str) -> list[str]:
    """The paths of a table as their files are called below the root.

    A path that is not there as it stands may be there with its accents written otherwise (NFC, NFD), with its suffix
    in another case, with a suffix where it has none, or in a folder that it does not name. Others stay as they are.

    Args:
        root: of the paths.
        paths: from the root, with forward slashes.
        where: names the table in messages.

    Raises:
        RequestError: a path may mean several files, or two paths mean one.
    """
    there = [os.path.lexists(os.path.join(root, path)) for path in paths]  # noqa: PTH118 - a Path costs more
    if all(there) or not root.is_dir():
        return list(paths)
    files = sorted(path for path in files_below(root) if path.lower().endswith(PICTURES))
    find = finder(files, where, whole=True)
    found = [path if known else find(path) or path for path, known in zip(paths, there, strict=True)]
    first: dict[str, str] = {}
    for path, file in zip(paths, found, strict=True):
        if first.setdefault(file, path) != path:
            raise RequestError(f"{where}: {first[file]!r} and {path!r} are one file, {file}; a face has one row.")
    if renamed := [(path, file) for path, file in zip(paths, found, strict=True) if path != file]:
        path, file = renamed[0]
        progress(f"{where}: files written otherwise on disk: {len(renamed):,}, e.g. {path} is {file}")
    return found


def files_below(root: Path, folder: str = "", passed: Counter[tuple[str, str]] | None = None) -> Iterator[str]:
    """Every regular file below a folder of the root that is not hidden, from the root, with forward slashes.

    Links to files and folders are followed, out of the root too; one that leads back to a folder above itself is not.

    Args:
        root: of the paths.
        folder: of the root, with forward slashes; "" is all of it.
        passed: receives what is passed over: its suffix or kind, and the reason -> how many.
    """
    passed = Counter() if passed is None else passed
    waiting = [(folder.strip("/"), frozenset[tuple[int, int]](), 0)] if (root / folder).is_dir() else []
    while waiting:
        below, above, links = waiting.pop()
        try:
            state = os.stat(root / below)  # noqa: PTH116
            place = (state.st_dev, state.st_ino)
            if links and (place in above or links > LINKS):
                passed["folders", "links that lead back, or through too many others"] += 1
                continue
            entries = list(os.scandir(root / below))
        except OSError as error:
            passed["folders", error.strerror or str(error)] += 1
            continue
        for entry in entries:
            path = f"{below}/{entry.name}" if below else entry.name
            if entry.name in SYSTEMS or entry.name.startswith("._"):
                continue
            if entry.name.startswith("."):
                passed["hidden", "their names begin with a dot"] += 1
            elif not (kind := _kind(entry)):
                yield path
            elif kind == FOLDER:
                waiting.append((path, above | {place}, links + entry.is_symlink()))
            else:
                passed[os.path.splitext(path)[1].lower() or NO_SUFFIX, kind] += 1  # noqa: PTH122


def _kind(entry: os.DirEntry[str]) -> str:
    """As ``regular.kind_of``; most entries need no further look at the disk."""
    try:
        return "" if entry.is_file() else kind_of(entry.path)
    except OSError:  # a link to itself
        return kind_of(entry.path)


def _starts_as_picture(file: Path) -> bool:
    try:
        with file.open("rb", buffering=0) as stream:
            return stream.read(8).startswith(STARTS)
    except OSError:
        return False
