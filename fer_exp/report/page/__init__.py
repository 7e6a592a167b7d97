"""Pages in HTML that need no other file."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

CSS = Path(__file__).with_name("page.css")
"""How every page looks."""


@cache  # it is compiled once a process: the experimenter's page is made anew at every look
def page_template(path: Path) -> jinja2.Template:
    """A page's template with our ``css()``; whatever is put in is text, without markup and control characters."""
    import jinja2

    from fer_exp.report.cells import as_text

    loader = jinja2.FileSystemLoader(path.parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, finalize=as_text, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["css"] = lambda: CSS.read_text(encoding="utf-8")
    return environment.get_template(path.name)


def data_uri(kind: str, picture: bytes) -> str:
    """A picture as an address that holds it; ``kind`` is png or webp."""
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
