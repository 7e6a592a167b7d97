"""Pages in HTML that need no other file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2


@cache  # it is compiled once a process: the experimenter's page is made anew at every look
def page_template(path: Path) -> jinja2.Template:
    """A page's template: whatever is put in is text, without markup and without control characters."""
    import jinja2

    from fer_exp.report.cells import as_text

    loader = jinja2.FileSystemLoader(path.parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, finalize=as_text, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(path.name)
