"""Build the site of docs/: python scripts/docs.py [html|linkcheck|figures] (`make docs`, `make docs-links`)."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from sphinx.cmd.build import main as sphinx
from website import figures
from website.stage import FIGURES, ROOT, gather

SETTINGS = Path(__file__).parent / "website"
"""The folder of conf.py."""


def build(builder: str, place: Path) -> int:
    """Gather the pages and let Sphinx build them; every warning is an error.

    Args:
        builder: ``html``, or ``linkcheck``, which asks the network for every external link.
        place: where the site goes; the pages are gathered beside it.
    """
    pages = place.parent / f"{place.name}-pages"
    gather(pages)
    quiet = ["-q"] if builder == "html" else []
    strict = ["--fail-on-warning", "--nitpicky", "--fresh-env"]  # a page that is kept would not warn again
    return sphinx(["-b", builder, "-c", str(SETTINGS), *strict, *quiet, str(pages), str(place)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("builder", nargs="?", default="html", choices=("html", "linkcheck", "figures"))
    parser.add_argument("--place", type=Path, default=ROOT / "build" / "docs")
    asked = parser.parse_args()
    if asked.builder == "figures":  # the copies that GitHub shows
        figures.draw(FIGURES, ROOT / "results")
        sys.exit()
    begun = time.monotonic()
    code = build(asked.builder, asked.place if asked.builder == "html" else asked.place.with_name("docs-links"))
    print(f"{asked.place / 'index.html'}: {time.monotonic() - begun:.0f} seconds" if code == 0 else "the site failed")
    sys.exit(code)
