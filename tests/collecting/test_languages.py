"""The words of the rating page: every language has all of them, and words for classes are read back as these."""

import re
from pathlib import Path

import pytest
import yaml

from fer_exp.collecting import page
from fer_exp.names import CLASSES, expression

FOLDER = page.FOLDER.parent / "languages"
FILES = sorted(FOLDER.glob("*.yaml"))
BRACES = re.compile(r"\{\w+\}")


def read(file: Path):
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_language_has_every_word_with_the_same_gaps_as_english(file):
    english, words = read(FOLDER / "en.yaml")["page"], read(file)["page"]
    assert words.keys() == english.keys()
    gaps = {key: sorted(set(BRACES.findall(text))) for key, text in words.items()}
    assert gaps == {key: sorted(set(BRACES.findall(text))) for key, text in english.items()}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_word_for_a_class_is_read_back_as_that_class(file):
    words = read(file)["classes"]
    assert tuple(words) == CLASSES
    assert {name: expression(word) for name, word in words.items()} == {name: name for name in CLASSES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_language_says_how_it_is_called_and_runs(file):
    words = read(file)
    assert words["lang"].split("-")[0] == file.stem
    assert words["dir"] in ("ltr", "rtl")


def test_the_page_asks_for_no_word_that_there_is_not():
    there = read(FOLDER / "en.yaml")["page"].keys()
    scripts = "\n".join(
        (page.FOLDER / name).read_text(encoding="utf-8") for name in {*page.SERVED, *page.ALONE} - {"study.js"}
    )
    asked = set(re.findall(r'F\.word\("(\w+)"', scripts)) | set(re.findall(r'F\.status\("(\w+)"', scripts))
    assert len(asked) > 40
    assert asked <= there
