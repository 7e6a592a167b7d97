"""The experimenter's page, behind a token. A process of its own makes page and downloads, so that answers go first.

To import what computes the figures takes a second or two, and to compute them as long again; meanwhile the server would
answer nobody.
"""

from __future__ import annotations

import asyncio
import hmac
import subprocess
import sys
import time
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from fer_exp.collecting import FILES
from fer_exp.report.page import CSS

HERE = Path(__file__).parent
STATIC = {
    "page.css": CSS,
    "watch.css": HERE / "watch.css",
    "watch.js": HERE / "watch.js",
}
MEDIA = {".css": "text/css", ".js": "text/javascript", ".csv": "text/csv", ".json": "application/json"}
STALE = 10.0
"""Seconds after which figures are computed anew when somebody looks."""
PATIENCE = 8.0
"""Seconds that a page waits for its first figures; then it says that they are on their way."""
HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
NOTHING_YET = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>fer-exp rate</title><link rel="icon" href="data:,"><link rel="stylesheet" href="page.css">
<link rel="stylesheet" href="watch.css"><script src="watch.js" defer></script></head>
<body><header><h1>What people answer</h1><p class="controls"><a href="./">Update now</a>
<label class="line" hidden><input type="checkbox" id="live" checked> every 20 seconds</label>
<span id="when" role="status"></span></p></header>
<main id="main"><p class="{when}">{words}</p></main></body></html>
"""


class Watch:
    """The page of a ledger, made anew when somebody looks and it is old.

    Args:
        file: the ledger.
        token: what the address must have.
        l1: the distance of soft labels to everybody's answers at which answers are enough.
    """

    def __init__(self, file: Path, token: str, l1: float) -> None:
        self.file, self.token, self.l1 = file, token, l1
        self._page: bytes | None = None
        self._trouble = ""
        self._since = -STALE
        self._task: asyncio.Task[None] | None = None

    def routes(self) -> list[Route]:
        """What the server adds to its own."""
        return [
            Route("/watch/{token}", self.slash),
            Route("/watch/{token}/", self.page),
            Route("/watch/{token}/{name}", self.download),
        ]

    async def slash(self, request: Request) -> Response:
        """To the page, by a relative address: whatever stands before this server may have put a prefix there."""
        return RedirectResponse(f"{self.token}/", headers=HEADERS) if self._may(request) else _nothing()

    async def page(self, request: Request) -> Response:
        """The page, some seconds old at most, or the last one while another is made."""
        if not self._may(request):
            return _nothing()
        if self._task is None and time.monotonic() - self._since >= STALE:
            self._task = asyncio.create_task(self._make())
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=PATIENCE if self._page is None else 1.0)
        if self._page is None or self._trouble:
            words = escape(self._trouble) or "The figures are being computed; update in a few seconds."
            when = "trouble" if self._trouble else "soon"
            return HTMLResponse(NOTHING_YET.format(words=words, when=when), headers=HEADERS)
        return HTMLResponse(self._page, headers=HEADERS)

    async def download(self, request: Request) -> Response:
        """A file of the page, or one of the tables as they are now."""
        name = request.path_params["name"]
        if not self._may(request) or name not in {*STATIC, *FILES}:
            return _nothing()
        media = MEDIA[Path(name).suffix]
        if name in STATIC:
            return FileResponse(STATIC[name], media_type=media, headers=HEADERS)
        made, said = await asyncio.to_thread(asked, self.file, name, self.l1)
        if made is None:
            return PlainTextResponse(said, 503, headers=HEADERS)
        named = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(made, media_type=media, headers=HEADERS | named)

    async def _make(self) -> None:
        try:
            made, self._trouble = await asyncio.to_thread(asked, self.file, "page", self.l1)
            self._page = made or self._page
        finally:
            self._since, self._task = time.monotonic(), None

    def _may(self, request: Request) -> bool:
        return hmac.compare_digest(request.path_params["token"].encode(), self.token.encode())


def _nothing() -> Response:
    return PlainTextResponse("There is nothing here.", 404, headers=HEADERS)


def asked(file: Path, name: str, l1: float) -> tuple[bytes | None, str]:
    """What another process makes of a ledger.

    Args:
        file: the ledger.
        name: page, or one of ``FILES``.
        l1: as of ``Watch``.

    Returns:
        The page or the table, None where it cannot be made; and why.
    """
    command = [sys.executable, "-m", "fer_exp.collecting.watching", str(file), name, str(l1)]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode == 0:
        return done.stdout, ""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return None, lines[-1] if lines else "the process that computes the figures was ended"
