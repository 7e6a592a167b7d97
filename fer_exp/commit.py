"""Which commit runs: git says it of a checkout, the build of an installed package (hatch_build.py)."""

from __future__ import annotations

from pathlib import Path

FILE = "COMMIT"
"""In the package, where it was built from a checkout: the commit as a line."""


def git_commit() -> str | None:
    """The commit, with a + where files differed from it; None for a package that was not built from a checkout."""
    package = Path(__file__).parent
    built = package / FILE
    return built.read_text(encoding="ascii").strip() if built.is_file() else asked_of_git(package.parent)


def asked_of_git(top: Path) -> str | None:
    """The commit of a checkout; None where a folder is none, or where there is no git."""
    if not (top / ".git").exists():
        return None
    import subprocess  # not for --help and completion, which import this file, too

    try:
        ask = ["git", "-C", str(top), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+"]
        return subprocess.run(ask, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
