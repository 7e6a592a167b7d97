"""The server over real sockets: what it says to browsers, what it refuses, and what a kill leaves."""

import asyncio
import contextlib
import http.client
import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import util
from pathlib import Path

import pytest

from fer_exp.cli import main
from fer_exp.collecting.server import listening
from fer_exp.errors import RequestError
from tests.collecting.served import served
from tests.processes import forked

SCRIPT = Path(__file__).parents[2] / "scripts" / "rate_load.py"


@pytest.fixture(scope="module")
def load():
    """scripts/rate_load.py."""
    spec = util.spec_from_file_location("rate_load", SCRIPT)
    sys.modules["rate_load"] = module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """A server of twelve pictures in a thread."""
    folder = tmp_path_factory.mktemp("served")
    with served(folder, 12, 20, per_face=100, per_person=6, title="'<b>Faces & more</b>'") as (taken, _):
        yield taken


def ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, content, headers)
    reply = connection.getresponse()
    content = reply.read()
    connection.close()
    told = json.loads(content) if "json" in reply.headers.get("content-type", "") else content
    return reply.status, told, reply.headers


def test_the_page_and_all_that_it_names_come_from_here(port):
    status, page, headers = ask(port, "GET", "/")
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert b"&lt;b&gt;Faces &amp; more" in page
    assert b"http" not in page.replace(b"http.js", b"")
    named = [part.split(b'"')[0].decode() for part in page.split(b'src="')[1:] + page.split(b'href="')[1:]]
    assert len(named) > 5
    for name in named:
        assert ask(port, "GET", f"/{name}")[0] == 200


def test_every_response_guards_the_browser(port):
    replies = [ask(port, "GET", path) for path in ("/", "/picture/x", "/page/style.css", "/nowhere", "/page/../../x")]
    replies += [ask(port, "POST", "/api/start", {}), ask(port, "POST", "/api/start", b"["), ask(port, "PUT", "/")]
    for _, _, headers in replies:
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; ")
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in headers
        assert "server" not in headers


@pytest.mark.parametrize(
    "path",
    ["/picture/../ledger.sqlite", "/picture/..%2f..%2fledger.sqlite", "/page/..%2f__init__.py", "/page/__init__.py",
     "/page/%2e%2e/server.py", "/page//etc/passwd", "/out/ledger.sqlite", "/picture/0", "/picture/0.png", "/page/"],
)  # fmt: skip
def test_no_path_of_a_request_leads_to_a_file(port, path):
    assert ask(port, "GET", path)[0] == 404


def test_a_person_is_served_whatever_is_in_between(port):
    status, told, headers = ask(port, "POST", "/api/start", {"participant": "a", "query": {}, "resume": None})
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert told["study"]["title"] == "<b>Faces & more</b>"
    assert sorted(each["name"] for each in told["study"]["classes"]) == ["fear", "happiness", "sadness"]
    for trial in told["trials"]:
        status, picture, headers = ask(port, "GET", f"/{trial['picture']}")
        assert (status, headers["content-type"], picture[:4]) == (200, "image/png", b"\x89PNG")
        body = {"session": told["session"], "trial": trial["trial"], "label": "fear", "seconds": 1}
        assert ask(port, "POST", "/api/answer", body)[1] == {"saved": True, "state": "on"}
    status, end, _ = ask(port, "POST", "/api/finish", {"session": told["session"], "raw": [{}]})
    assert (status, end["state"], end["redirect"]) == (200, "done", None)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("answer", b"x" * 20_000, 413),
        ("start", b"x" * 70_000, 413),
        ("answer", b"", 400),
        ("answer", b"\xff\xfe", 400),
        ("answer", b"[]", 400),
        ("answer", b"null", 400),
        ("answer", b'{"session": NaN}', 400),
        ("answer", b'{"seconds": ' + b"9" * 6000 + b"}", 400),
        ("finish", b'{"raw": ' + b"[" * 100_000, 400),
        ("about", b'{"session": "x", "answers": []}', 400),
        ("answer", {"session": {}, "trial": []}, 400),
        ("answer", {"session": "x" * 300, "trial": "y"}, 400),
        ("answer", {"session": "x", "trial": "y", "label": "fear"}, 404),
        ("start", {"participant": 7}, 400),
        ("start", {"resume": ["x"]}, 400),
        ("nothing", {}, 404),
    ],
)
def test_bad_bodies_are_refused_with_a_sentence(port, path, body, status):
    got, told, _ = ask(port, "POST", f"/api/{path}", body)
    assert got == status
    assert told["error"].endswith(".")


def test_a_body_without_an_end_is_cut_off(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(b"POST /api/answer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"1000\r\n" + b"x" * 4096 + b"\r\n"
        sent = 0
        try:
            for _ in range(10_000):
                line.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
    assert sent < 10_000 * len(piece)


def test_one_session_cannot_ask_without_end(port):
    body = b'{"session": "flood", "trial": "y"}'
    request = b"POST /api/answer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    replies = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(request * 200)
        while replies.count(b"HTTP/1.1 ") < 200:
            replies += line.recv(1 << 16)
    assert replies.count(b" 404 ") >= 100
    assert replies.count(b" 429 ") + replies.count(b" 404 ") == 200
    assert b" 429 " in replies
    assert b"retry-after" in replies
    assert ask(port, "POST", "/api/start", {})[0] == 200  # others go on


def test_a_port_that_is_taken_is_a_sentence(port):
    with pytest.raises(RequestError, match=rf"port={port} cannot be used: another program.*port={port + 1}"):
        listening("127.0.0.1", port)
    with pytest.raises(RequestError, match=r"host=nowhere\.invalid is no address of this machine"):
        listening("nowhere.invalid", 0)


def _serve(words):
    main(words)


def test_a_killed_server_has_every_answer_that_it_acknowledged_and_none_twice(tmp_path, load):
    words = load.study(tmp_path, people=12, faces=12, each=12)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = []

    def start():
        processes.append(forked(_serve, [*words, f"port={port}"]))
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            time.sleep(0.05)

    def kill():
        processes[-1].kill()
        processes[-1].join()
        start()

    start()
    try:
        with ThreadPoolExecutor(1) as aside:  # the browser of other tests has a loop in this thread
            seen = aside.submit(
                lambda: asyncio.run(load.crowd(port, people=12, think=0.12, kill=kill, kills=3, seconds=1.5))
            ).result()
    finally:
        processes[-1].kill()
        processes[-1].join()
    counts = load.counted(tmp_path / "out" / "ledger.sqlite", seen)
    assert seen.refused == []
    assert seen.finished == 12
    assert seen.again > 0
    assert counts == {"acknowledged": 144, "kept": 144, "lost": 0, "altered": 0, "doubled": 0, "damaged": 0}
