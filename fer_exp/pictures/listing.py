"""The picture files below a folder: which there are, which are not read, and how a table's paths are spelt on disk."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from fer_exp.errors import RequestError
from fer_exp.names import PICTURES, finder
from fer_exp.pictures.decoding import unreadable
from fer_exp.progress import progress

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
STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
"""How pictures begin."""
SHOWN = 6


def listed(root: Path, folder: str = "") -> list[str]:
    """The picture files below a folder of the root, as paths from the root with forward slashes.

    Hidden files and those of other kinds are passed over; a line says how many pictures, raw photographs, videos and
    the like are not read, by suffix, and the way out. Paths are sorted as text, the same on every machine.
    """
    lacking = unreadable()
    ways_out = WAYS_OUT | lacking
    paths: list[str] = []
    passed: Counter[tuple[str, str]] = Counter()
    for path in _files(root, folder):
        suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122 - a Path costs more
        if suffix in PICTURES and suffix not in lacking:
            paths.append(path)
        elif suffix in ways_out:
            passed[suffix, ways_out[suffix]] += 1
        elif suffix not in BESIDE and _starts_as_picture(root / path):
            passed[suffix or "(without a suffix)", "give pictures the suffix of their kind, such as .jpg"] += 1
    if passed:
        most = passed.most_common()
        words = [f"{number:,} {suffix} ({way_out})" for (suffix, way_out), number in most[:SHOWN]]
        rest = sum(number for _, number in most[SHOWN:])
        words += [f"{rest:,} others"] if rest else []
        progress(f"{root / folder}: files that are not read, left out: {', '.join(words)}")
    return sorted(paths)


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
    files = sorted(path for path in _files(root, "") if path.lower().endswith(PICTURES))
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


def _files(root: Path, folder: str) -> Iterator[str]:
    """Every file below a folder of the root that is not hidden, from the root, with forward slashes."""
    for top, folders, files in os.walk(root / folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = "".join(f"{name}/" for name in Path(top).relative_to(root).parts)
        yield from (below + name for name in files if not name.startswith("."))


def _starts_as_picture(file: Path) -> bool:
    try:
        with file.open("rb", buffering=0) as stream:
            return stream.read(8).startswith(STARTS)
    except OSError:
        return False
