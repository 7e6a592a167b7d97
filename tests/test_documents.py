"""Every command in README and docs, from the text itself.

A command is a line of a block of code that begins with ``$ `` or with the name of a program. Of ``fer-exp`` each is
composed: a key, a value or an option that does not exist is refused. What needs no corpus is run besides, on example/,
and where the block shows what it prints, that is compared; ``…`` stands for what is left out. A word in capitals, as in
``dataset.root=DIR``, or ``/data/`` says that the reader has to have something that is not here.
"""

import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
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


TYPED = [one for page in PAGES for one in typed_in(page)]
OURS = [one for one in TYPED if one.line.startswith("fer-exp")]


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
    (tmp_path / "results").symlink_to(TOP / "results")
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
    # A preset names a corpus, which a word may change.
    for table in tables:
        words = [word for word in table.train if not word.startswith("hydra")]
        by_command["train"].append(["dataset=ferplus", *words])
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


def on_example(one: Typed) -> bool:
    """Whether a command is run as it stands: on example/, and neither a server nor a plan, which takes its time."""
    return "example/" in one.line and not {"rate", "plan", "train"} & {*words_of(one.line)[:3]}


def pattern(shown: str) -> str:
    """What is shown as a regular expression: ``…`` is anything, spaces at the ends of lines do not count."""
    lines = [line.rstrip() for line in shown.strip().splitlines()]
    text = r"\s*\n".join(".*?".join(re.escape(part) for part in line.split("…")) for line in lines if line)
    return text.replace(r"\s*\n.*?\s*\n", r"\s*\n(?:.*\n)?")


def test_what_pages_show_of_the_example_is_what_is_printed(desk, capsys):
    run = [one for one in OURS if on_example(one)]
    assert len({one.line for one in run}) >= 4
    for one in {" ".join(words_of(one.line)): one for one in sorted(run, key=lambda one: one.shown)}.values():
        assert main(words_of(one.line)[1:]) == 0, one
        told = capsys.readouterr()
        if one.shown.strip():
            assert re.search(pattern(one.shown), told.err + told.out, re.S), f"{one}\n{told.err}{told.out}"


def test_commands_on_a_readers_files_run(desk, capsys):
    done = 0
    for one in OURS:
        words = words_of(one.line)[1:]
        files = re.findall(r"[\w./]+\.csv", one.line)
        told = words[:1] in (["agreement"], ["crowd"]) or "votes=votes.csv" in words
        if told and words[0] in QUICK and words[1:2] != ["plan"] and files and {*files} <= {*NAMES}:
            assert main([*words, "bootstrap=20"]) == 0, f"{one}\n{capsys.readouterr().err}"
            done += 1
    assert done >= 4
