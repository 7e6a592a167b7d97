"""Whatever is done to a file, its reader ends in the same content or in a sentence, soon and without a traceback.

`make test` tries a few changes of each; `make campaign` EXAMPLES of each, of another seed each time.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings

from fer_exp.errors import RequestError, RunError
from fer_exp.pictures.decoding import RejectedError
from tests.faults.desk import laid
from tests.faults.judged import FOREIGN, HungError, not_for_ever
from tests.faults.mutations import MUTATIONS, mutated
from tests.faults.readers import READERS, Reader, lay_more

EXAMPLES = int(os.environ.get("FER_EXP_FAULTS_EXAMPLES", "8"))
SEED = int(os.environ.get("FER_EXP_FAULTS_SEED", "0"))
SECONDS = 30


@pytest.fixture(scope="module")
def desk(tmp_path_factory, light) -> Path:
    return laid(tmp_path_factory.mktemp("desk"), lay_more)


@pytest.fixture(scope="module")
def good(desk) -> dict[str, bytes]:
    return {row.file: (desk / row.file).read_bytes() for row in READERS.values()}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.filterwarnings("ignore")
def test_a_mutated_file_is_read_rightly_or_refused_in_a_sentence(desk, good, name, monkeypatch):
    row = READERS[name]
    path, content = desk / row.file, good[row.file]
    monkeypatch.setenv("FER_EXP_CACHE", str(desk / "cache"))
    expected = row.read(path)

    @seed(SEED)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(MUTATIONS)
    def each(mutations):
        changed = mutated(content, mutations)
        # Packed files may follow each other, so that a file twice is a file.
        other = changed != content and "double" not in {kind for kind, _, _ in mutations}
        wrong = tried(row, path, changed, expected, other)
        assert not wrong, f"{name}, {mutations}: {wrong}"

    try:
        each()
    finally:
        path.write_bytes(content)


def tried(row: Reader, path: Path, content: bytes, expected: object, other: bool) -> str:
    """What is wrong with how a reader takes a content, '' for nothing."""
    path.write_bytes(content)
    try:
        with not_for_ever(SECONDS):
            found = row.read(path)
    except RejectedError as error:
        return f"it speaks to programmers: {error}" if FOREIGN.search(str(error)) else ""
    except (RequestError, RunError) as error:
        said = str(error)
        if found_words := FOREIGN.search(said.replace(str(path), "")):
            return f"it speaks to programmers ({found_words[0]}): {said}"
        return "" if path.name in said or path.parent.name in said else f"it does not name the file: {said}"
    except HungError:
        return f"it hangs ({SECONDS} s)"
    if row.checked and other and not same(found, expected):
        return "it is read otherwise, in silence"
    return ""


def same(one: object, other: object) -> bool:
    return repr(one) == repr(other)
