"""How fast `fer-exp rate` answers many people at once, and whether a killed server loses or doubles an answer.

usage: rate_load.py [--people 200] [--faces 400] [--each 20] [--think 2] [--kills 0] [--seconds 120]

A server of this checkout serves drawn pictures of 48 pixels on 127.0.0.1. Each simulated person starts, fetches the
first picture, then answers face after face, after a time to think that is drawn around ``--think`` seconds, and fetches
the next picture meanwhile; as the page does, an answer is kept and sent again until it is acknowledged. With --kills
the server is killed (SIGKILL) so many times at random moments, and started again. At the end every answer that
was acknowledged is looked for in the ledger. All loops are bounded; server and people share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

LABELS = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger")
TRIES = 400
PAUSE = 0.05
"""Seconds from one try to the next, of at most ``TRIES``."""


@dataclass
class Seen:
    """What the people saw: seconds of each answer that succeeded at its first try, of starts, of first pictures."""

    answers: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    pictures: list[float] = field(default_factory=list)
    acknowledged: dict[str, str] = field(default_factory=dict)
    again: int = 0
    refused: list[str] = field(default_factory=list)
    finished: int = 0


class Browser:
    """One connection that is kept alive, as a browser keeps one; requests are tried again until one is answered."""

    def __init__(self, port: int) -> None:
        self.port, self.again = port, 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes, int]:
        """Status and body of a request, and how many tries it took."""
        for tries in range(1, TRIES + 1):
            try:
                status, content = await asyncio.wait_for(self._once(path, body), 10)
                if status not in (429, 503, 507):
                    return status, content, tries
            except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
                self.close()
            self.again += 1
            await asyncio.sleep(PAUSE)
        raise TimeoutError(f"no answer after {TRIES} tries: {path}")

    async def _once(self, path: str, body: dict[str, Any] | None) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        content = b"" if body is None else json.dumps(body).encode()
        verb = "GET" if body is None else "POST"
        writer.write(f"{verb} /{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(next(line for line in head.split("\r\n") if line.startswith("content-length:")).split(":")[1])
        return int(head.split(" ", 2)[1]), await reader.readexactly(length)

    def close(self) -> None:
        """Let go of the connection."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def person(number: int, port: int, think: float, seen: Seen, draw: random.Random) -> None:
    """One person from start to finish."""
    await asyncio.sleep(draw.uniform(0, think))
    browser = Browser(port)
    asked: dict[str, Any] = {"participant": f"w{number}", "query": {}, "resume": None, "language": "en"}
    before = time.perf_counter()
    status, content, tries = await browser.ask("api/start", asked)
    if status != 200:
        seen.refused.append(content.decode())
        return
    started = json.loads(content)
    seen.starts += [time.perf_counter() - before] if tries == 1 else []
    trials = started["trials"]
    for place, trial in enumerate(trials):
        if place == 0:
            _, _, more = await browser.ask(trial["picture"])
            seen.pictures += [time.perf_counter() - before] if tries == more == 1 else []
        await asyncio.sleep(draw.uniform(0.5, 1.5) * think)
        answer = {
            "session": started["session"],
            "trial": trial["trial"],
            "label": draw.choice(LABELS),
            "seconds": think,
        }
        asking = time.perf_counter()
        status, content, tries = await browser.ask("api/answer", answer)
        took = time.perf_counter() - asking
        seen.answers += [took] if tries == 1 else []
        if status == 200:
            seen.acknowledged[trial["trial"]] = answer["label"]
        else:
            seen.refused.append(content.decode())
        if place + 1 < len(trials):
            await browser.ask(trials[place + 1]["picture"])
    status, content, _ = await browser.ask("api/finish", {"session": started["session"], "raw": []})
    seen.finished += status == 200
    if status != 200:
        seen.refused.append(content.decode())
    seen.again += browser.again
    browser.close()


async def crowd(
    port: int, people: int, think: float, kill: Callable[[], None] | None, kills: int, seconds: float, seed: int = 0
) -> Seen:
    """All people at once, and kills at random moments while they are at it."""
    seen, draw = Seen(), random.Random(seed)
    at_it = [asyncio.ensure_future(person(n, port, think, seen, random.Random(n))) for n in range(people)]
    for _ in range(kills if kill is not None else 0):
        await asyncio.sleep(draw.uniform(0.2, 1.0) * seconds / kills)
        if all(each.done() for each in at_it) or kill is None:
            break
        await asyncio.to_thread(kill)
    await asyncio.wait_for(asyncio.gather(*at_it), 60 + 10 * seconds)
    return seen


def counted(ledger: Path, seen: Seen) -> dict[str, int]:
    """Answers in the ledger against those that were acknowledged: ``lost``, ``altered``, ``doubled``."""
    connection = sqlite3.connect(ledger)
    kept = dict(connection.execute("SELECT token, label FROM trials JOIN answers USING (trial)").fetchall())
    rows = connection.execute("SELECT count(*) FROM answers").fetchone()[0]
    twice = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM trials JOIN answers USING (trial) WHERE kind = 'face' AND repeat = 0 "
        "GROUP BY person, face HAVING count(*) > 1)"
    ).fetchone()[0]
    sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    return {
        "acknowledged": len(seen.acknowledged),
        "kept": int(rows),
        "lost": sum(trial not in kept for trial in seen.acknowledged),
        "altered": sum(kept.get(trial, label) != label for trial, label in seen.acknowledged.items()),
        "doubled": int(twice) + int(rows) - len(kept),
        "damaged": int(sound != "ok"),
    }


def study(folder: Path, people: int, faces: int, each: int) -> list[str]:
    """Pictures and a study file in a folder; the words that serve them."""
    (folder / "pictures").mkdir()
    draw = np.random.default_rng(0)
    for number in range(faces):
        pixels = draw.integers(0, 255, (48, 48), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / f"{number:05}.png")
    per_face = -(-people * each // faces)
    (folder / "study.yaml").write_text(
        f"classes: [{', '.join(LABELS)}]\nper_face: {per_face}\nper_person: {each}\n", encoding="utf-8"
    )
    return ["rate", f"pictures={folder / 'pictures'}", f"study={folder / 'study.yaml'}", f"output={folder / 'out'}"]


class Server:
    """The command in a process of its own."""

    def __init__(self, words: list[str]) -> None:
        self.words, self.port = words, 0
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, at the port that it had; waits until it serves."""
        command = [sys.executable, "-m", "fer_exp", *self.words, f"port={self.port}"]
        root = Path(__file__).resolve().parents[1]
        env = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=env)
        said = []
        for line in self.process.stderr or ():
            said.append(line)
            if "http://" in line:
                self.port = int(line.split("/")[2].rpartition(":")[2])
                return
        raise RuntimeError("".join(said))

    def kill(self) -> None:
        """SIGKILL, then a new start."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stderr is not None:
                self.process.stderr.close()
        self.start()

    def computed(self) -> float:
        """Seconds of a processor that it has used, nan where the system does not say."""
        try:
            fields = (
                Path(f"/proc/{self.process.pid if self.process else 0}/stat")
                .read_text("ascii")
                .rpartition(")")[2]
                .split()
            )
        except OSError:
            return float("nan")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Ctrl-C."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=30)


def _said(name: str, seconds: list[float]) -> str:
    if not seconds:
        return f"{name}: none at the first try"
    median, p99 = np.quantile(seconds, [0.5, 0.99]) * 1000
    return f"{name}: {len(seconds):,}, median {median:.0f} ms, p99 {p99:.0f} ms, longest {1000 * max(seconds):.0f} ms"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("people", 200), ("faces", 400), ("each", 20), ("kills", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, seconds in (("think", 2.0), ("seconds", 120.0)):
        parser.add_argument(f"--{name}", type=float, default=seconds)
    given = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        server = Server(study(folder, given.people, given.faces, given.each))
        server.start()
        began, before = time.perf_counter(), server.computed()
        seen = asyncio.run(crowd(server.port, given.people, given.think, server.kill, given.kills, given.seconds))
        took, computed = time.perf_counter() - began, server.computed() - before
        server.stop()
        counts = counted(folder / "out" / "ledger.sqlite", seen)
    print(f"{given.people} people, {given.each} faces each, {took:.0f} s, {given.kills} kills; load before: {load:.2f}")
    if not given.kills:
        each, share = 1000 * computed / max(1, len(seen.acknowledged)), computed / took
        print(f"the server computed {computed:.1f} s: {each:.1f} ms an answer with its picture, {share:.0%} of a core")
    print(_said("answers", seen.answers))
    print(_said("starts", seen.starts))
    print(_said("from start to the first picture", seen.pictures))
    print(f"{seen.finished} finished, {seen.again} requests sent again, {len(seen.refused)} refused {seen.refused[:1]}")
    print(", ".join(f"{number:,} {name}" for name, number in counts.items()))
    sys.exit(1 if counts["lost"] or counts["altered"] or counts["doubled"] or counts["damaged"] else 0)


if __name__ == "__main__":
    main()
