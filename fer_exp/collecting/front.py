"""The files that the page is made of, read once: a fixed list, so that no request names a path."""

from __future__ import annotations

import json
import mimetypes
from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple

from fer_exp.collecting.study import Study
from fer_exp.collecting.words import said, words

FOLDER = Path(__file__).parent / "page"
INDEX = "index.html"
TEXT = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".html": "text/html",
    ".json": "application/json",
}


class PageFile(NamedTuple):
    """A file as it is sent."""

    content: bytes
    media: str


def page_files() -> dict[str, PageFile]:
    """Path below page/, with forward slashes -> the file."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            media = TEXT.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
            media += "; charset=utf-8" if media.startswith("text/") or media.endswith(("json", "xml")) else ""
            found[path.relative_to(FOLDER).as_posix()] = PageFile(path.read_bytes(), media)
    return found


def front_page(study: Study, files: dict[str, PageFile]) -> bytes:
    """The page in the study's first language; what it says is escaped."""
    language = study.languages[0]
    if INDEX not in files:
        return b"<!DOCTYPE html><title>The page is not there yet</title>"
    own = words(language)
    page = own["page"]
    scripts = [name for name in files if name.endswith(".js")]
    return (
        Template(files[INDEX].content.decode("utf-8"))
        .safe_substitute(
            lang=escape(own["lang"]),
            dir=escape(own["dir"]),
            title=escape(said(study.title, language, study.languages) or ""),
            words=escape(json.dumps(own, ensure_ascii=False)),
            loading=escape(page["loading"]),
            noscript=escape(page["noscript"]),
            scripts="\n".join(f'<script src="page/{escape(name)}"></script>' for name in scripts),
        )
        .encode()
    )
