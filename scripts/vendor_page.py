"""Fetches jsPsych for the rating page with ``npm pack``, checks it and writes it to fer_exp/collecting/page/vendor/.

``python scripts/vendor_page.py`` needs npm; with ``--check`` it only compares what lies there. A new version is a new
row of ``PACKAGES``. The page's own parts are plugins of jsPsych, so that none of jsPsych's official plugins is needed.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

VENDOR = Path(__file__).parents[1] / "fer_exp" / "collecting" / "page" / "vendor"


class Package(NamedTuple):
    """A package of npm: the SHA-256 of its archive, and which of its files are called what here."""

    name: str
    version: str
    digest: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "jspsych",
        "8.3.0",
        "cf45b01d6e821e5ec12aac714dfda0f2db9d5a49517eb90bc556edf0ffab9cd5",
        {"dist/index.browser.min.js": "jspsych.js"},
    ),
)


def main(arguments: list[str]) -> int:
    """Fetches and writes, or compares; 1 where a file is not what its package holds."""
    with TemporaryDirectory() as place:
        found = {name: data for package in PACKAGES for name, data in fetched(package, Path(place)).items()}
    found["VERSIONS"] = versions(found).encode()
    if "--check" in arguments:
        other = [name for name, data in found.items() if (VENDOR / name).read_bytes() != data]
        print(f"not as the packages have them: {', '.join(other)}" if other else "as the packages have them")
        return int(bool(other))
    for name, data in found.items():
        (VENDOR / name).write_bytes(data)
        print(f"{VENDOR / name}: {len(data):,} bytes")
    return 0


def fetched(package: Package, place: Path) -> dict[str, bytes]:
    """The files of a package by their names here.

    Raises:
        SystemExit: the archive is not the one that was checked when it was chosen.
    """
    pack = ["npm", "pack", f"{package.name}@{package.version}", "--pack-destination", str(place), "--silent"]
    archive = place / subprocess.run(pack, check=True, capture_output=True, text=True).stdout.strip()
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package.digest:
        raise SystemExit(f"{archive.name} has the SHA-256 {digest}, not {package.digest}: it is not used.")
    found = {}
    with tarfile.open(archive) as files:
        for inside, name in package.files.items():
            member = files.extractfile(f"package/{inside}")
            if member is None:
                raise SystemExit(f"{archive.name} has no file {inside}.")
            found[name] = member.read()
    return found


def versions(found: dict[str, bytes]) -> str:
    """What lies here, and of which package, a line a file: the test of the wheel holds the files against it."""
    lines = ["file package version licence SHA-256"]
    for package in PACKAGES:
        lines += [
            f"{name} {package.name} {package.version} MIT {hashlib.sha256(found[name]).hexdigest()}"
            for name in package.files.values()
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
