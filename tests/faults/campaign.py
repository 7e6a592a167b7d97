"""The campaign of faults: `make campaign`, or `python -m tests.faults.campaign KIND... seed=N place=FOLDER`.

Each kind is a list of cases; each case says what is wrong with how a command ended, '' for nothing. What has been tried
stands in FOLDER/tried.jsonl, so that the same command goes on; at the end it prints a table, and ends with 1 where
anything is wrong.
"""

from __future__ import annotations

import errno
import json
import os
import random
import re
import resource
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from fer_exp.cli.stopped import START_AGAIN
from tests.datasets.fake_folders import write_classes
from tests.faults.desk import lay_tables
from tests.faults.forked import CRASHED, HUNG, KILLED, Forked, hangs, run, warm
from tests.faults.judged import faults
from tests.faults.operations import ERRORS, Watch, kill, refuse
from tests.faults.requests import REQUESTS, spoil
from tests.faults.scenarios import SCENARIOS, differs, reference

Case = Callable[[], str]
Cases = Iterator[tuple[str, Case]]
OUT = Path("out")
EXAMPLES = 60
"""Mutated files of each reader."""
MOST = {"kills": 20, "disk errors": 15}
"""Operations of each command that are tried with one seed; another seed draws others."""
SHORT = ("evaluate", "prepare")
"""Commands of the short form, for which nothing has to be trained."""
SECONDS = 90
"""Of a processor's time, after which a command hangs."""


class Desk:
    """The working folder, and how commands run in it."""

    def __init__(self, place: Path, seed: int, short: bool) -> None:
        self.place, self.draw, self.seed, self.short = place, random.Random(seed), seed, short
        self.most = dict.fromkeys(MOST, 2) if short else MOST
        self.known: dict[str, tuple[set[str], dict[str, str], int]] = {}

    def run(self, words: list[str], **more: object) -> Forked:
        return run(words, self.place, seconds=SECONDS, **more)  # type: ignore[arg-type]

    def reference(self, name: str) -> tuple[set[str], dict[str, str], int]:
        """Names and digests of what a command leaves, and the number of its operations."""
        if name not in self.known:
            seen: list[int] = []

            def once() -> None:
                end = self.run(SCENARIOS[name], watch=Watch(OUT))
                if end.code:
                    raise RuntimeError(f"{name} fails without a fault: {end.said}")
                seen.append(len(end.seen))

            OUT.mkdir(exist_ok=True)
            self.known[name] = (*reference(once, OUT), max(seen))
        return self.known[name]

    def drawn(self, name: str, kind: str) -> list[int]:
        """Operations of a command, in their order."""
        operations = list(range(self.reference(name)[2]))
        return sorted(self.draw.sample(operations, min(self.most[kind], len(operations))))

    def some(self, cases: list[int], most: int) -> list[int]:
        """All of the cases; some, drawn, of the short form."""
        return sorted(self.draw.sample(cases, min(most, len(cases)))) if self.short else cases


def sound(end: Forked, codes: tuple[int, ...]) -> str:
    """What is wrong with how a command ended."""
    if end.code == HUNG:
        return "it hangs"
    if end.code == CRASHED:
        return f"a traceback: {end.said.strip().splitlines()[-1][:200]}"
    return faults(end.code, end.said, codes)


def bad_requests(desk: Desk) -> Cases:
    """In short they are tried by test_requests.py."""
    if desk.short:
        return
    spoil(Path.cwd())
    for name, (words, codes) in REQUESTS.items():
        if "\0" in words:
            continue  # no process can be given one; test_requests.py tries them
        yield name, partial(lambda words, codes: sound(desk.run(words), codes), words.split(" "), codes)


def mutated_inputs(desk: Desk) -> Cases:
    """By pytest, whose names are those of the readers."""
    if desk.short:
        return
    from tests.faults.readers import READERS

    found: dict[str, str] = {}

    def tried(name: str) -> str:
        if not found:
            env = os.environ | {"FER_EXP_FAULTS_EXAMPLES": str(EXAMPLES), "FER_EXP_FAULTS_SEED": str(desk.seed)}
            file = Path(__file__).with_name("test_mutated.py")
            words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-rfp", str(file)]
            said = subprocess.run(
                words, env=env, cwd=file.parents[2], capture_output=True, text=True, check=False
            ).stdout
            found.update({each[2]: each[1] for each in re.finditer(r"(PASSED|FAILED) .*\[(.*?)\]", said)})
        return "" if found.get(name) == "PASSED" else "its test fails"

    for name in READERS:
        yield name, partial(tried, name)


def kills(desk: Desk) -> Cases:
    """SIGKILL before each operation that changes a file; then the same command, and all is as without."""

    def killed(name: str, at: int) -> str:
        names, digests, _ = desk.reference(name)
        fresh()
        end = desk.run(SCENARIOS[name], watch=Watch(OUT, at, kill))
        if end.code not in (KILLED, 0):
            return f"it ends with {end.code}: {end.said.strip()[-200:]}"
        return again(desk, name, names, digests)

    for name in SHORT if desk.short else SCENARIOS:
        for at in desk.drawn(name, "kills"):
            yield f"{name}, before operation {at}", partial(killed, name, at)


def disk_errors(desk: Desk) -> Cases:
    """What a disk says in the place of each operation that changes a file."""

    def refused(name: str, at: int) -> str:
        names, digests, _ = desk.reference(name)
        fresh()
        end = desk.run(SCENARIOS[name], watch=Watch(OUT, at, refuse(ERRORS[at % len(ERRORS)])))
        return sound(end, (0, 1, 2)) or again(desk, name, names, digests)

    for name in SHORT[:1] if desk.short else SCENARIOS:
        for at in desk.drawn(name, "disk errors"):
            number = errno.errorcode[ERRORS[at % len(ERRORS)]]
            yield f"{name}, {number} at operation {at}", partial(refused, name, at)


def small_disks(desk: Desk) -> Cases:
    """A disk with room for a part of what a command writes, of bytes or of names."""

    def filled(name: str, size: str) -> str:
        names, digests, _ = desk.reference(name)
        fresh()
        with disk(OUT, size):
            if wrong := sound(desk.run(SCENARIOS[name]), (0, 1)):
                return wrong
            subprocess.run(["mount", "-o", "remount,size=200m,nr_inodes=100k", str(OUT)], check=True)
            return again(desk, name, names, digests)

    if not can_mount():
        return
    sizes = [
        *(f"size={size}k" for size in (4, 16, 64, 256, 1024, 4096)),
        "size=100m,nr_inodes=3",
        "size=100m,nr_inodes=8",
    ]
    for name in SHORT[:1] if desk.short else SCENARIOS:
        for number in desk.some(list(range(len(sizes))), 2):
            yield f"{name}, {sizes[number]}", partial(filled, name, sizes[number])


def limits(desk: Desk) -> Cases:
    """Too little memory, too few descriptors, other locales, no home, standard output that takes nothing."""

    def with_limit(what: int, amount: int) -> None:
        resource.setrlimit(what, (amount, amount))

    def nobody() -> None:
        os.setgid(54321)
        os.setuid(54321)

    def tried(name: str, **given: object) -> str:
        fresh()
        end = desk.run(SCENARIOS[name], **given)
        return sound(end, (0, 1, 2))

    some = SHORT[:1] if desk.short else ("train", "predict", "agreement", "prepare")
    for name in some:
        for megabytes in desk.some([200, 400, 600, 800, 1600, 2500, 4500], 1):
            yield f"{name}, {megabytes} MB", partial(alone, SCENARIOS[name], f"ulimit -v {megabytes << 10}")
        for number in desk.some([8, 12, 20], 1):
            before = partial(with_limit, resource.RLIMIT_NOFILE, number)
            yield f"{name}, {number} descriptors", partial(tried, name, before=before)
        before = partial(with_limit, resource.RLIMIT_FSIZE, 2000)
        yield f"{name}, files of 2 kB", partial(tried, name, before=before)
        yield f"{name}, standard output full", partial(tried, name, stdout="/dev/full")
        if not desk.short:  # a process of its own takes seconds
            in_ascii = "export LC_ALL=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0"
            yield f"{name}, LC_ALL=C", partial(alone, SCENARIOS[name], in_ascii)
        if os.getuid() == 0 and anybody_may_enter(Path(__file__)):
            env = {"HOME": None, "XDG_CACHE_HOME": None, "FER_EXP_CACHE": None, "USER": None, "LOGNAME": None}
            yield f"{name}, as nobody", partial(tried, name, before=nobody, env=env)


def anybody_may_enter(place: Path) -> bool:
    """Whether other users reach a file; said where not: they cannot run commands of a checkout in a private folder."""
    shut = [folder for folder in place.resolve().parents if not folder.stat().st_mode & stat.S_IXOTH]
    if shut:
        print(f"limits: nothing is tried as nobody, who may not enter {shut[0]}", file=sys.stderr)
    return not shut


def alone(words: list[str], first: str) -> str:
    """A process of its own, in a shell that has said something first: what is forked has its memory already."""
    fresh()
    line = f"{first}; exec {shlex.join([sys.executable, '-m', 'fer_exp', *words])}"
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with tempfile.TemporaryFile() as stream:
        child = subprocess.Popen(["bash", "-c", line], env=env, stdout=subprocess.DEVNULL, stderr=stream)
        begun = time.monotonic()
        while child.poll() is None:
            if hangs(child.pid, time.monotonic() - begun, SECONDS):
                child.kill()
                child.wait()
                return "it hangs"
            time.sleep(0.05)
        stream.seek(0)
        said = stream.read().decode("latin-1")
    return "a traceback" if "Traceback" in said else faults(child.returncode, said, (0, 1, 2))


def signals(desk: Desk) -> Cases:
    """SIGTERM, SIGHUP and SIGINT at a moment: a word, the code of the signal, and the same bits afterwards."""

    def stopped(name: str, number: int, at: int) -> str:
        names, digests, _ = desk.reference(name)
        fresh()
        end = desk.run(SCENARIOS[name], watch=Watch(OUT, at, lambda path: os.kill(os.getpid(), number)))
        if end.code not in (0, 128 + number, START_AGAIN):
            return f"its code is {end.code}: {end.said.strip()[-200:]}"
        if end.code and not re.search(r"fer-exp: (interrupted|stopped by)", end.said):
            return "it says nothing"
        return again(desk, name, names, digests)

    for name in SHORT[:1] if desk.short else ("train", "prepare", "agreement", "predict"):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            operations = list(range(desk.reference(name)[2]))
            for at in sorted(desk.draw.sample(operations, min(1 if desk.short else 6, len(operations)))):
                yield f"{name}, {signal.Signals(number).name} at operation {at}", partial(stopped, name, number, at)


KINDS: dict[str, Callable[[Desk], Cases]] = {
    "bad requests": bad_requests,
    "mutated inputs": mutated_inputs,
    "kills": kills,
    "disk errors": disk_errors,
    "small disks": small_disks,
    "limits": limits,
    "signals": signals,
}
WEIGHTS = {"mutated inputs": EXAMPLES}
"""What a case of a kind stands for."""


def fresh() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    OUT.chmod(0o777)


def again(desk: Desk, name: str, names: set[str], digests: dict[str, str]) -> str:
    """The same command without a fault: what is then other than without any."""
    end = desk.run(SCENARIOS[name])
    if end.code:
        return f"afterwards it ends with {end.code}: {end.said.strip()[-300:]}"
    return differs(OUT, names, digests)


@contextmanager
def disk(place: Path, size: str) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def can_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        words = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
        if (
            os.getuid()
            or shutil.which("mount") is None
            or subprocess.run(words, capture_output=True, check=False).returncode
        ):
            return False
        subprocess.run(["umount", folder], check=True)
        return True


def lay_desk(place: Path) -> None:
    """The desk, by a process of its own: what has trained cannot be forked from."""
    code = "from tests.faults.forked import warm; warm()\n"
    code += "from pathlib import Path; from tests.faults.desk import lay; lay(Path.cwd())\n"
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], cwd=place, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    predictions = (place / "predictions.csv").read_text(encoding="utf-8")
    (place / "other.csv").write_text(predictions.replace("0.1", "0.2", 0), encoding="utf-8")


def main(words: list[str]) -> int:
    """Try the kinds asked for, all by default; print each that is wrong, and the table."""
    told = dict(word.split("=", 1) for word in words if "=" in word)
    short, seed = "--short" in words, int(told.get("seed", "0"))
    kinds = [word for word in words if word in KINDS] or list(KINDS)
    place = Path(told.get("place") or tempfile.mkdtemp(prefix="campaign-")).resolve()
    place.mkdir(parents=True, exist_ok=True)
    tried_file, folder = place / "tried.jsonl", place / "desk"
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["XDG_CACHE_HOME"] = str(place / "cache")
    tried = {}
    if tried_file.is_file():
        rows = [json.loads(line) for line in tried_file.read_text(encoding="utf-8").splitlines()]
        tried = {(row["kind"], row["case"]): row["wrong"] for row in rows if row["seed"] == seed}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if short:
        lay_tables(folder)
        write_classes(folder / "classes", 4)
    else:
        lay_desk(folder)
    os.chdir(folder)
    warm(SHORT if short else ())
    begun = time.monotonic()
    desk = Desk(place, seed, short)
    if "most" in told:
        desk.most = dict.fromkeys(MOST, int(told["most"]))
    for kind in kinds:
        for name, case in KINDS[kind](desk):
            if (kind, name) in tried:
                continue
            wrong = case()
            tried[kind, name] = wrong
            with tried_file.open("a", encoding="utf-8") as notes:
                print(json.dumps({"seed": seed, "kind": kind, "case": name, "wrong": wrong}), file=notes)
            if wrong:
                print(f"{kind}: {name}: {wrong}", flush=True)
    counts = Counter(kind for kind, _ in tried)
    bad = Counter(kind for (kind, _), wrong in tried.items() if wrong)
    print(f"\n{'kind':<16} {'cases':>7} {'as they should':>15}")
    for kind in kinds:
        weight = WEIGHTS.get(kind, 1)
        print(f"{kind:<16} {counts[kind] * weight:>7,} {(counts[kind] - bad[kind]) * weight:>15,}")
    print(f"seed {seed}, {time.monotonic() - begun:,.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
