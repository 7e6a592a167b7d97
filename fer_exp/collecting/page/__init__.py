"""The page that people see: which files it has, and its first document. Plain JavaScript on jsPsych (vendor/)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

FOLDER = Path(__file__).parent
MEDIA = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
PARTS = (
    *("vendor/jspsych.js", "dom.js", "store.js", "outbox.js", "pictures.js", "tabs.js", "manikins.js", "questions.js"),
    *("face.js", "screens.js", "ending.js", "timeline.js", "task.js"),
)
"""Scripts of every page, in the order in which they build on each other."""
SERVED = (*PARTS, "http.js", "begin.js")
"""Scripts of the page that a server gives."""
ALONE = (*PARTS, "hosted.js", "study.js", "deal.js", "begin.js")
"""Scripts of a page without a server; study.js is written by ``static.py``."""
FILES = {name: MEDIA[Path(name).suffix] for name in (*SERVED, "style.css", "icon.svg")}
"""Name -> media type of all that a server gives as page/NAME; nothing else is there."""


def index(words: Mapping[str, Any], title: str | None, scripts: Sequence[str], first: Sequence[str] = ()) -> str:
    """The document that the page begins with.

    Args:
        words: of a language, as its file has them: what is said until the study has answered.
        title: of the study.
        scripts: of page/, in their order.
        first: scripts of the place that runs the study, before ours.
    """
    said: dict[str, str] = words["page"]
    paths = [*first, *(f"page/{name}" for name in scripts)]
    return Template((FOLDER / "index.html").read_text(encoding="utf-8")).substitute(
        lang=escape(words["lang"]),
        dir=escape(words["dir"]),
        title=escape(title or said["consent"]),
        words=escape(json.dumps(said, ensure_ascii=False)),
        loading=escape(said["loading"]),
        noscript=escape(said["noscript"]),
        scripts="\n".join(f'<script src="{escape(path)}"></script>' for path in paths),
    )
