"""The study over HTTP: a page, its pictures by unguessable names, and four requests that take JSON.

``GET ./`` is the page, ``GET page/FILE`` what it is made of, ``GET picture/NAME`` the picture of one trial.
``POST api/start, api/answer, api/about, api/finish`` are answered by ``session.py``. No cookie is set, no address of
anybody is kept, nothing is logged, and all paths are relative, so that a prefix behind a proxy works.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fer_exp.collecting.answered import Refused, parsed
from fer_exp.collecting.faces import MEDIA
from fer_exp.collecting.ledger import NoRoomError
from fer_exp.collecting.limits import Limits
from fer_exp.collecting.page import FILES, FOLDER, SERVED, index
from fer_exp.collecting.platforms import PLATFORMS, TURK
from fer_exp.collecting.session import Sessions
from fer_exp.collecting.study import Study
from fer_exp.collecting.words import said, words
from fer_exp.errors import RequestError

MOST_BODY = {"start": 1 << 16, "answer": 1 << 14, "about": 1 << 16, "finish": 1 << 22}
"""Bytes of each request; jsPsych's data of a thousand faces are two megabytes."""
ANSWERS = (120.0, 10.0)
"""Requests of one session: so many at once, and so many a second. After a minute offline, all that was kept comes."""
STARTS = (600.0, 100.0)
"""Starts of all together, of whom nothing is known yet."""
NO_ROOM = "The answer cannot be stored at the moment. Please keep it and send it again."
TOO_MANY = "Too many requests at once; please wait a little."
BACKLOG = 1024
TOO_LARGE = 413

Handler = Callable[[Request], Awaitable[Response]]


def application(sessions: Sessions, more: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The web application.

    Args:
        sessions: of the study.
        more: routes besides, such as the experimenter's page.
    """
    files = {name: ((FOLDER / name).read_bytes(), f"{media}; charset=utf-8") for name, media in FILES.items()}
    language = sessions.study.languages[0]
    title = said(sessions.study.title, language, sessions.study.languages)
    page = index(words(language), title, SERVED).encode(), "text/html; charset=utf-8"
    starts, answers = Limits(*STARTS), Limits(*ANSWERS)
    allowed = {name: starts if name == "start" else answers for name in MOST_BODY}

    async def front(_: Request) -> Response:
        return _file(*page)

    async def of_page(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        return _nothing() if found is None else _file(*found)

    async def picture(request: Request) -> Response:
        path = sessions.picture(request.path_params["name"])
        if path is None:
            return _nothing()
        try:
            content = path.read_bytes()
        except OSError:
            return _error(503, "The picture cannot be read at the moment.")
        return Response(content, media_type=MEDIA[path.suffix], headers={"Cache-Control": "private, max-age=86400"})

    routes = [
        Route("/", front, methods=["GET"]),
        Route("/page/{name:path}", of_page, methods=["GET"]),
        Route("/picture/{name}", picture, methods=["GET"]),
        *(_posted(name, getattr(sessions, name), limit) for name, limit in allowed.items()),
        *more,
    ]
    errors = {404: _missing, 405: _missing, 500: _failed}
    return Guarded(Starlette(routes=routes, exception_handlers=errors), sessions.study)


class Guarded:
    """What every response says to the browser: nothing of others, no guess at types, no address told to others."""

    def __init__(self, app: ASGIApp, study: Study) -> None:
        self.app = app
        shown_in = PLATFORMS[study.platform.name].frames
        frames = shown_in or ("'none'",)
        forms = TURK if study.platform.name == "mturk" else ("'self'",)
        policy = (
            "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
            f"form-action {' '.join(forms)}; frame-ancestors {' '.join(frames)}"
        )
        self.headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
            *([] if shown_in else [(b"x-frame-options", b"DENY")]),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the headers to what comes back."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.headers]
            await send(message)

        await self.app(scope, receive, guarded)


def _posted(name: str, step: Callable[[Mapping[str, Any]], Future[dict[str, Any]]], limits: Limits) -> Route:
    """The route of a request that ``step`` answers; starts have no session yet, and share their limits."""

    async def handler(request: Request) -> Response:
        try:
            asked = parsed(await _body(request, MOST_BODY[name]))
            if not limits.allows("" if name == "start" else str(asked.get("session"))[:64]):
                return _error(429, TOO_MANY, headers={"Retry-After": "2"})
            reply: dict[str, Any] = await asyncio.wrap_future(step(asked))
            return _json(reply)
        except Refused as refused:
            end = {"Connection": "close"} if refused.status == TOO_LARGE else None  # what follows is not read
            return _error(refused.status, str(refused), refused.reason, end)
        except NoRoomError:
            return _error(507, NO_ROOM, "no_room")
        except ClientDisconnect:
            return _error(400, "The request was cut short.")

    return Route(f"/api/{name}", handler, methods=["POST"])


async def _body(request: Request, most: int) -> bytes:
    """The body; raises Refused of one that is too large before it is read whole."""
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > most:
        raise Refused(TOO_LARGE, f"A request has {most:,} bytes at most.", "too_large")
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise Refused(TOO_LARGE, f"A request has {most:,} bytes at most.", "too_large")
    return bytes(content)


def _json(content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(content, status, headers={"Cache-Control": "no-store", **(headers or {})})


def _error(status: int, sentence: str, reason: str = "", headers: Mapping[str, str] | None = None) -> Response:
    return _json({"error": sentence, **({"reason": reason} if reason else {})}, status, headers)


def _file(content: bytes, media: str) -> Response:
    return Response(content, headers={"Content-Type": media, "Cache-Control": "no-cache"})


def _nothing() -> Response:
    return _error(404, "There is nothing here.")


async def _missing(request: Request, error: Exception) -> Response:
    return _nothing()


async def _failed(request: Request, error: Exception) -> Response:
    return _error(500, "The study's computer has made a mistake; please send it again.")


def listening(host: str, port: int) -> socket.socket:
    """A socket that waits for people.

    Raises:
        RequestError: the port is taken or not allowed, or the host is no address of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError) as error:
        raise RequestError(
            f"host={host} is no address of this machine; host=127.0.0.1 is this machine alone."
        ) from error
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(BACKLOG)
        taken.setblocking(False)
    except OSError as error:
        taken.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            why = "another program listens there" if error.errno == errno.EADDRINUSE else "the system keeps it"
            other = port + 1 if 1024 <= port < 65_535 else 8000
            raise RequestError(
                f"port={port} cannot be used: {why}; write port={other}, or port=0 for any that is free."
            ) from error
        raise RequestError(
            f"host={host} is no address of this machine; host=127.0.0.1 is this machine alone."
        ) from error
    return taken


def serving(app: ASGIApp) -> uvicorn.Server:
    """What serves an application: without access log, and without telling who it is."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            timeout_keep_alive=30,
            timeout_graceful_shutdown=5,
            backlog=BACKLOG,
        )
    )
