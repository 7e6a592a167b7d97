"""Bad requests end in one sentence, of every command; `make campaign` tries all of them, `make test` a draw."""

import random
from pathlib import Path

import pytest

from tests.faults.desk import laid
from tests.faults.judged import ended
from tests.faults.requests import REQUESTS, spoil

DRAWN = sorted(random.Random(0).sample(sorted(REQUESTS), 12))


@pytest.fixture(scope="module")
def desk(tmp_path_factory, light) -> Path:
    return laid(tmp_path_factory.mktemp("desk"), spoil)


@pytest.mark.parametrize("name", DRAWN)
def test_a_bad_request_is_one_sentence(desk, name, monkeypatch, capsys):
    monkeypatch.chdir(desk)
    words, codes = REQUESTS[name]
    end = ended(words.split(" "), codes, capsys)
    assert not end.wrong, f"fer-exp {words}: {end.wrong}\n{end.said}"
