"""The pages of the site, gathered in one folder: what lies in the repository, with its links, and what is generated.

Pages stay plain Markdown that GitHub shows: a link to a file of the repository becomes a link to its page here, and the
table of contents is that of docs/README.md.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from website import figures, reference, results
from website.notebook import as_markdown

ROOT = Path(__file__).parents[2]
CONTENTS = ROOT / "docs" / "README.md"
"""The list of pages by kind; its sections are those of the site's sidebar."""
FIGURES = ROOT / "docs" / "figures"
"""Figures that GitHub shows; the build draws them anew."""
START = "index"
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?(?=\))")
"""The target of a link that leads to a file."""
MENTION = re.compile(r"(?<![\w/\[(])\(?\b(docs/[\w-]+\.md)\b(?!\])")
GENERATED = re.compile(r"^- ([^\[\n]+): `(reference/\w+)`$", re.MULTILINE)
"""A page that is on the site alone, as docs/README.md lists it."""
CODE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
"""What is shown as it was typed: blocks and spans of code."""


def pages() -> dict[Path, str]:
    """File of the repository -> its page."""
    found = {ROOT / "README.md": START, CONTENTS: "contents"}
    found |= {path: path.stem for path in sorted((ROOT / "docs").glob("*.md")) if path not in found}
    found |= {path: path.stem for path in sorted((ROOT / "docs").glob("*.ipynb"))}
    for name in ("CONTRIBUTING", "CHANGELOG", "SECURITY"):
        found[ROOT / f"{name}.md"] = name.lower()
    return found


def generated() -> dict[str, Callable[[], str]]:
    """Page -> what writes it."""
    return {**reference.pages(), **results.pages(ROOT / "results")}


def gather(place: Path) -> None:
    """Write every page into a folder; of what is there already, nothing is touched that has not changed."""
    written = {place / f"{page}.md": text for page, text in texts(place).items()}
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for stale in set(place.rglob("*.md")) - set(written):
        stale.unlink()
    figures.draw(place / "figures", ROOT / "results")


def texts(place: Path) -> dict[str, str]:
    """Page -> its Markdown; files and pictures that pages lead to are copied into a folder."""
    found: dict[str, str] = {}
    for path, page in pages().items():
        text = as_markdown(path, place / "figures") if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
        text = GENERATED.sub(r"- [\1](\2.md)", text) if path == CONTENTS else text
        found[page] = linked(text, path, page, place)
    for page, write in generated().items():
        found[page] = linked(write(), ROOT / "README.md", page, place)
    found[START] += contents(found["contents"])
    return found


def linked(text: str, source: Path, page: str, place: Path) -> str:
    """A page's text with links that hold on the site; code is left as it is."""

    def target(match: re.Match[str]) -> str:
        return relative(match[1], source, page, place) + (match[2] or "")

    def mention(match: re.Match[str]) -> str:
        opened = "(" if match[0].startswith("(") else ""
        return f"{opened}[{match[1]}]({relative(f'../{match[1]}', CONTENTS, page, place)})"

    parts = CODE.split(text)
    return "".join(
        part if number % 2 else MENTION.sub(mention, LINK.sub(target, part)) for number, part in enumerate(parts)
    )


def relative(target: str, source: Path, page: str, place: Path) -> str:
    """Where a link of a file leads on the site: to a page, to tables of results, or to a copy of the file."""
    path = (source.parent / target).resolve()
    here = (place / page).parent
    if path in (known := pages()):
        return os.path.relpath(place / f"{known[path]}.md", here)
    if path.is_relative_to(ROOT / "results") and (path.is_dir() or path.suffix == ".md"):
        inside = path.relative_to(ROOT)
        name = "results/index" if path == ROOT / "results" else f"results/{inside.parts[1]}"
        return os.path.relpath(place / f"{name}.md", here)
    if path.parent == FIGURES:
        (place / "figures").mkdir(parents=True, exist_ok=True)
        if path.is_file():  # those of the notebook and of the explaining pages are drawn
            shutil.copyfile(path, place / "figures" / path.name)
        return os.path.relpath(place / "figures" / path.name, here)
    if not path.is_file() or not path.is_relative_to(ROOT):
        return target  # of a generated page, or Sphinx will say that it leads nowhere
    copy = place / "files" / path.relative_to(ROOT)
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, copy)
    return os.path.relpath(copy, here)


def contents(text: str) -> str:
    """The hidden tables of contents behind the sidebar: a section of docs/README.md each, with the pages it lists."""
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    shown = ""
    for section in sections:
        listed = [
            f"{words} <{page}>" for words, page in re.findall(r"^- \[([^\]]*)\]\(([^)]+)\.md\)", section, re.MULTILINE)
        ]
        last = ["All pages <contents>"] if section is sections[-1] else []
        shown += "\n".join(
            ["\n```{toctree}", ":hidden:", f":caption: {section.partition(chr(10))[0]}\n", *listed, *last, "```\n"]
        )
    return shown
