"""Committed results as pages: a page a folder, with its command, its tables and its figures."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path


def pages(results: Path) -> dict[str, Callable[[], str]]:
    """Page -> what writes it."""
    folders = [path for path in sorted(results.iterdir()) if path.is_dir() and any(path.glob("*.md"))]
    found: dict[str, Callable[[], str]] = {"results/index": partial(_index, folders)}
    return found | {f"results/{folder.name}": partial(_page, folder) for folder in folders}


def _index(folders: list[Path]) -> str:
    listed = "\n".join(f"- [{folder.name}]({folder.name}.md)" for folder in folders)
    tree = "\n".join(folder.name for folder in folders)
    return (
        "# Results\n\nThe tables of this project. `fer-exp verify` computes each number again (docs/verify.md).\n\n"
        f"{listed}\n\n```{{toctree}}\n:hidden:\n\n{tree}\n```\n"
    )


def _page(folder: Path) -> str:
    """A folder's own text, its command, then each table under its name."""
    text = f"# {folder.name}\n"
    about = folder / "README.md"
    if about.is_file():
        title, _, rest = about.read_text(encoding="utf-8").partition("\n")
        text = f"{title}\n{rest.replace('](../../', '](')}"
    facts = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    if not about.is_file():
        text += f"\n```\n{_broken(facts['command'])}\n```\n" if "command" in facts else ""
    for table in sorted(folder.glob("*.md")):
        if table != about:
            text += f"\n## {table.stem}\n{table.read_text(encoding='utf-8')}\n"
    for figure in sorted(folder.glob("*.svg")):
        text += f"\n![{figure.stem}](results/{folder.name}/{figure.name})\n"
    return text


def _broken(words: list[str]) -> str:
    """A command for a shell, over lines of at most 80 columns where its words allow it."""
    lines = [""]
    for word in map(shlex.quote, words):
        if len(lines[-1]) + len(word) > 76:
            lines.append("   ")
        lines[-1] += f" {word}" if lines[-1] else word
    return " \\\n".join(lines)
