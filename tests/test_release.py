"""What a release says of itself is the same in every file: version, changelog, citation, container."""

import json
import re
import shlex
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from fer_exp import __version__
from fer_exp.commit import asked_of_git

ROOT = Path(__file__).parents[1]


def git(*words: str) -> list[str]:
    """Lines that git prints."""
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_citation_file_has_what_its_format_asks_for_and_the_version_of_the_code():
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(told)  # what the format requires
    known = {
        "abstract",
        "type",
        "version",
        "license",
        "keywords",
        "doi",
        "date-released",
        "repository-code",
        "url",
        "commit",
    }
    assert set(told) <= known | {"cff-version", "message", "title", "authors"}
    assert told["cff-version"] == "1.2.0"
    assert told["version"] == __version__
    assert all({"name"} == set(author) or {"family-names", "given-names"} <= set(author) for author in told["authors"])


def test_the_changelog_is_in_the_form_of_keep_a_changelog():
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## \[([^\]]+)\](?: - (\d{4}-\d\d-\d\d))?$", text, re.MULTILINE)
    assert versions[0] == ("Unreleased", "")
    assert all(date for _, date in versions[1:])
    assert set(re.findall(r"^### (.*)", text, re.MULTILINE)) <= {
        "Added",
        "Changed",
        "Deprecated",
        "Removed",
        "Fixed",
        "Security",
    }


@pytest.mark.skipif(asked_of_git(ROOT) is None, reason="this is no checkout, so there is no tag")
def test_a_tagged_commit_has_the_version_of_its_tag_and_a_section_in_the_changelog():
    for tag in git("tag", "--points-at", "HEAD", "v*"):
        assert tag == f"v{__version__}"
        assert f"## [{__version__}] - " in (ROOT / "CHANGELOG.md").read_text()


def dockerfile() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with what follows each."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in "\n".join(lines).replace("\\\n", " ").splitlines()]


def test_the_container_takes_what_is_there_runs_as_no_root_and_starts_the_program():
    steps = dockerfile()
    known = {"FROM", "ARG", "COPY", "RUN", "ENV", "USER", "WORKDIR", "VOLUME", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in steps} <= known
    for name, rest in steps:
        if name == "COPY" and "--from" not in rest:
            assert all((ROOT / source).exists() for source in shlex.split(rest)[:-1])
        if name == "RUN":
            assert subprocess.run(["sh", "-n", "-c", rest], check=False).returncode == 0
        if name in ("VOLUME", "ENTRYPOINT", "CMD"):
            assert json.loads(rest)
    last = dict(steps)
    assert last["USER"] != "root"
    assert json.loads(last["ENTRYPOINT"]) == ["fer-exp"]


@pytest.mark.skipif(asked_of_git(ROOT) is None, reason="this is no checkout: what is tracked is not known")
def test_the_container_is_built_of_every_file_that_git_tracks():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith(("#", "!"))]
    for path in git("ls-files"):
        for pattern in patterns:
            first = path.split("/")[0] if not pattern.startswith("**/") else ""
            names = [first] if first else path.split("/")
            assert not any(fnmatch(name, pattern.removeprefix("**/")) for name in names), f"{pattern} leaves {path} out"
