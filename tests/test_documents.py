"""Every command in README and docs, from the text itself.

A command is a line of a block of code that begins with ``$ `` or with the name of a program, or stands in a sentence as
`fer-exp …`. Of ``fer-exp`` each is composed: a key, a value or an option that does not exist is refused. What needs no
corpus is run besides, on what lies in the checkout, and where the block shows what it prints, that is compared; ``…``
stands for what is left out. A word in capitals, as in ``dataset.root=DIR``, or ``/data/`` says that the reader has to
have something that is not here. ``python -m tests.test_documents`` lists what is done with each, and why no more.
"""

import os
import re
import shlex
import shutil
import signal
import socket
import time
import tomllib
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from fer_exp.cli import main
from fer_exp.cli.checks import check_typed
from fer_exp.cli.compose import compose_all, compose_one
from fer_exp.cli.sweep import asked_jobs
from fer_exp.cli.words import with_paths
from fer_exp.config import SCHEMAS
from fer_exp.config.folder import conf_folder
from fer_exp.errors import RequestError
from fer_exp.studies.presets import read_preset
from tests.processes import Command

TOP = Path(__file__).parents[1]
PAGES = [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").rglob("*.md"))]
FENCE = re.compile(r"(?ms)^( *)```(\w*)[^\n]*\n(.*?)^ *```")
PROGRAM = re.compile(
    r"(?:[A-Z_]+=\S+ )*(fer-exp|make|python3?|pip|uv|eval|source|torchrun|srun|jq|docker|git|cd)(?= |$)"
)
ELSEWHERE = {"uv", "eval", "source", "torchrun", "srun", "jq", "docker", "cd"}
"""Programs that are not ours, or that only hand on to ours; what follows them is not looked at."""
NAMES = {
    "answers.csv": "answers.csv", "pilot.csv": "answers.csv", "votes.csv": "answers.csv", "lab.csv": "answers.csv",
    "mine.csv": "network.csv", "theirs.csv": "network.csv", "net.csv": "network.csv", "deepface.csv": "network.csv",
    "emotieff.csv": "network.csv", "libreface.csv": "network.csv", "net_seed1.csv": "network.csv",
    "net_seed2.csv": "network.csv", "net_seed3.csv": "network.csv",
}  # fmt: skip
"""Names that pages give to a reader's files -> the file of example/ that stands for them here."""
QUICK = {"agreement", "crowd", "evaluate", "compare"}
"""Commands that are run on files of ``NAMES``, with few replicates."""
HERE = re.compile(r"example/|results/(?:affectnet-crowd|pretraining-gain)|runs/synthetic-[\w-]+$")
"""What a command names that lies in the checkout; the run is the demo's, which stands in results/examples."""
WHY_NOT = {
    r"verify\b": "`make verify` runs it",
    r".*results/cafe-soft|crowd plan .*example/": "it takes ten seconds",
    r"(train|pretrain|table|bench)\b": "it trains: minutes to days",
    r".*(dataset[.=]|/data/|face4/|\bDIR\b)": "it needs a corpus that is not here",
    r"rate (?!answers|erase|.*export=)": "it serves until it is stopped",
    r"": "it needs pictures, runs or answers of the reader's",
}
"""The beginning of a command that is composed alone -> the reason; the first that fits."""


class Typed(NamedTuple):
    """A command of a page: its words, and what the block shows below it ('' where nothing is shown)."""

    page: str
    line: str
    shown: str


def typed_in(page: Path) -> Iterator[Typed]:
    """Every command in the blocks of code of a page."""
    text = page.read_text(encoding="utf-8")
    for indent, language, block in FENCE.findall(text):
        if language not in ("", "sh", "bash", "console"):
            continue
        lines = [line.removeprefix(indent) for line in block.splitlines()]
        prompted = any(line.startswith("$ ") for line in lines)
        if not prompted and not any(PROGRAM.match(line) for line in lines[:1]):
            continue
        command, shown = "", []
        for line in [*lines, "$ "]:
            goes_on = command.endswith("\\")
            if goes_on:
                command = command.removesuffix("\\") + line.strip()
            elif line.startswith("$ ") or (not prompted and PROGRAM.match(line)):
                if command:
                    yield Typed(page.name, command, "\n".join(shown))
                command, shown = line.removeprefix("$ "), []
            else:
                shown.append(line)


def words_of(line: str) -> list[str]:
    """The words of a command up to a comment, a pipe or the next command, without those that only stand for others."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|;<>&")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if set(word) <= set("|;<>&"):
            break
        words.append(word)
    return [word for word in words if word not in ("…", "...")]


def named_in(page: Path) -> Iterator[Typed]:
    """Every command that a sentence names whole: with a word after its name, and nothing left out."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for line in re.findall(r"`(fer-exp \w+ [^`]+)`", text):
        if not re.search(r"…|\.\.\.|KEY|=NAME|key=", line):
            yield Typed(page.name, " ".join(line.split()), "")


TYPED = [one for page in PAGES for one in typed_in(page)]
NAMED = [one for page in PAGES for one in named_in(page)]
OURS = [one for one in TYPED if one.line.startswith("fer-exp")] + NAMED


def done_with(one: Typed) -> str:
    """Whether a command is run, and on what, or composed alone, and why."""
    line = " ".join(words_of(one.line)[1:])
    words, files = line.split(), re.findall(r"[\w./]+\.csv", line)
    if refused_here(one):
        return "run, and refused as the page shows"
    if one.shown and words[0] == "rate" and HERE.search(line):
        return "run, until its page answers"
    quick = words[0] in {"verify", "report", *QUICK} and words[1:2] != ["plan"]
    if quick and HERE.search(line):
        return "run on the checkout"
    stands = words[0] in ("agreement", "crowd") or "votes=votes.csv" in words
    if quick and stands and files and {*files} <= {*NAMES}:
        return "run on files that stand for the reader's"
    if words[-1] == "--help" or words[0] not in SCHEMAS:
        return "help, which tests/cli reads"
    return "composed: " + next(why for begins, why in WHY_NOT.items() if re.match(begins, line))


def jobs_of(words: list[str]) -> tuple[str, list[list[str]]]:
    """The command, and the words of each training or job that shows every value of its axes once."""
    if words[:2] == ["crowd", "plan"]:
        words = words[1:]
    if words[:2] in (["rate", "answers"], ["rate", "erase"]):
        words = [words[0], f"{words[1]}=true", *words[2:]]
    command, *rest = words
    rest = [word for word in rest if word != "--json"]
    for place in (Path(word.replace("*", "1")) for word in rest if "=" not in word and word[0] != "-"):
        if not place.exists():  # a reader's: it is there for them
            (place.parent if place.suffix else place).mkdir(parents=True, exist_ok=True)
            if place.suffix:
                place.touch()
    check_typed(command, [word for word in rest if word != "--help"])
    rest = with_paths(command, [word for word in rest if not word.startswith("-")])
    jobs: list[list[str]] = []
    for job in asked_jobs(rest) if {"-m", "--multirun"} & {*words} else [rest]:
        if not {*job} <= {word for before in jobs for word in before} or not job:
            jobs.append([word for word in job if not word.startswith("hydra")])
    return command, jobs


def as_combination(job: list[str]) -> tuple[list[str], dict[str, str]]:
    """A job for ``compose_all``: what chooses options, which it composes once, and its other keys."""
    shared = [word for word in job if (conf_folder() / word.partition("=")[0]).is_dir()]
    return shared, dict(word.split("=", 1) for word in job if word not in shared)


@pytest.fixture
def desk(tmp_path, monkeypatch) -> Path:
    """A folder as a reader's clone: example/, results/ and files under the names that pages give them."""
    shutil.copytree(TOP / "example", tmp_path / "example", ignore=shutil.ignore_patterns("*.metrics.json"))
    (tmp_path / "results").mkdir()
    for place in (TOP / "results").iterdir():
        (tmp_path / "results" / place.name).symlink_to(place)
    shutil.copytree(TOP / "results" / "examples" / "demo", tmp_path / "runs")
    for name, source in NAMES.items():
        shutil.copy(TOP / "example" / source, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER_EXP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def refused_here(one: Typed) -> bool:
    """Whether the page shows that the command is refused."""
    return one.shown.startswith("fer-exp: ")


def test_every_page_has_its_commands_found():
    assert len(OURS) > 100
    assert {"README.md", "first-steps.md", "examples.md", "studies.md"} <= {one.page for one in OURS}


def test_every_line_that_is_typed_begins_with_a_known_program():
    assert [(one.page, one.line) for one in TYPED if not PROGRAM.match(one.line)] == []


def test_every_command_of_the_documents_makes_a_config(desk):
    by_command: dict[str, list[list[str]]] = {}
    for line in {" ".join(words_of(one.line)): one for one in OURS if not refused_here(one)}.values():
        words = words_of(line.line)[1:]
        if words and words[0] in SCHEMAS:
            command, jobs = jobs_of(words)
            by_command.setdefault(command, []).extend(jobs)
    tables = compose_all("table", [(job, {}) for job in by_command.pop("table")])
    for table in tables:
        preset = read_preset(table.study, table.scale, table.train)
        axes = [f"{key}={value}" for key, value in next(preset.combinations()).items()]
        by_command["train"].append([*preset.common.values(), *axes])
        by_command["pretrain"] += [list(preset.start)] if preset.start else []
    for command, jobs in by_command.items():
        try:
            compose_all(command, [as_combination(job) for job in jobs])
        except RequestError:
            for job in jobs:
                try:
                    compose_one(command, job)
                except RequestError as error:
                    pytest.fail(f"fer-exp {command} {' '.join(job)}\n  {error}")
            raise


def test_what_pages_show_to_be_refused_is_refused_in_these_words(capsys):
    refused = [one for one in OURS if refused_here(one)]
    assert len(refused) >= 3
    for one in refused:
        assert main(words_of(one.line)[1:]) == 2
        assert capsys.readouterr().err.strip() == one.shown.strip()


def test_other_programs_are_given_what_there_is():
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    extras = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for one in TYPED:
        program = PROGRAM.match(one.line)[1]
        if " -c " in one.line:  # its code goes on over lines
            continue
        words = words_of(one.line)
        words = words[words.index(program) + 1 :]
        if program == "make":
            targets = [word for word in words if "=" not in word]
            assert all(re.search(rf"(?m)^{target}:", makefile) for target in targets), one
        elif program.startswith("python"):
            if words and not words[0].startswith("-"):
                assert (TOP / words[0]).is_file(), one
        elif program == "pip":
            asked = [each for word in words for each in re.findall(r"\[([\w,]+)\]", word)]
            assert {extra for each in asked for extra in each.split(",")} <= {*extras}, one
        elif program != "fer-exp":
            assert program in ELSEWHERE, one


def pattern(shown: str) -> str:
    """What is shown as a regular expression: ``…`` is anything, spaces at the ends of lines do not count."""
    lines = [line.rstrip() for line in shown.strip().splitlines()]
    text = r"\s*\n".join(".*?".join(re.escape(part) for part in line.split("…")) for line in lines if line)
    return text.replace(r"\s*\n.*?\s*\n", r"\s*\n(?:.*\n)?")


def run_as(kind: str) -> list[Typed]:
    """Commands of which this is done, each once: where a page shows what is printed, that page's."""
    ones = sorted((one for one in OURS if done_with(one) == kind), key=lambda one: one.shown)
    stand = re.compile("|".join(map(re.escape, NAMES)))
    return list({stand.sub(lambda name: NAMES[name[0]], " ".join(words_of(one.line))): one for one in ones}.values())


def compare_shown(one: Typed, told: str) -> None:
    """What a command printed is what its page shows."""
    assert not one.shown.strip() or re.search(pattern(one.shown), told, re.S), f"{one}\n{told}"


def test_commands_on_the_checkout_print_what_pages_show(desk, capsys, sketched):
    assert len(run_as("run on the checkout")) >= 6
    for one in run_as("run on the checkout"):
        assert main(words_of(one.line)[1:]) == 0, f"{one}\n{capsys.readouterr().err}"
        told = capsys.readouterr()
        compare_shown(one, told.err + told.out)


def test_commands_on_a_readers_files_run(desk, capsys, sketched):
    assert len(run_as("run on files that stand for the reader's")) >= 4
    for one in run_as("run on files that stand for the reader's"):
        assert main([*words_of(one.line)[1:], "bootstrap=20"]) == 0, f"{one}\n{capsys.readouterr().err}"


def test_the_study_that_readme_serves_is_served_as_it_shows(desk):
    """A process of its own serves; its page is visited, and then comes Ctrl-C."""
    (one,) = run_as("run, until its page answers")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = Command(*words_of(one.line)[1:], f"port={port}", before=("-m", "fer_exp"))
    page = b""
    for _ in range(600):
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            page = answer.read()
            break
        time.sleep(0.1)
    os.kill(serving.pid, signal.SIGINT)
    code, printed, said = serving.ended()
    assert code == 0, said
    assert b"<html" in page
    compare_shown(one, (said + printed).replace(f":{port}/", ":8000/"))


def test_what_readme_shows_in_blocks_is_run():
    assert [one.line for one in OURS if one.page == "README.md" and one.shown and "run" not in done_with(one)] == []


if __name__ == "__main__":
    for kind, number in Counter(map(done_with, OURS)).most_common():
        print(f"{number} {kind}", *(f"    {one.page}: {one.line}" for one in OURS if done_with(one) == kind), sep="\n")
