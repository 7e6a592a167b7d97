"""Statements of documents: what is found, covered, computed and written as it stands."""

import pandas as pd
import pytest

from fer_exp.errors import RequestError
from fer_exp.verifying.claims import Claim, check_document

TABLE = pd.DataFrame(
    {"method": ["ce", "elr"], "epoch": [1, 2], "l1": [0.5394, 0.25], "n": [1063, 2000], "p": [1e-9, 1]}
)


def tables(source: str) -> pd.DataFrame:
    if source != "t.csv":
        raise RequestError(f"{source} is not there")
    return TABLE


@pytest.fixture
def check(tmp_path):
    def run(text: str, *claims: tuple[str, str, str]) -> list[str]:
        path = tmp_path / "README.md"
        path.write_text(f"# Paper\nOf 1999.\n## Found\n{text}\n## More\n12 of them.\n", encoding="utf-8")
        rows = [Claim("README.md", "Found", words, "t.csv", row, values) for words, row, values in claims]
        found = check_document(path, rows, tables, {"shout": lambda source: "  L1\n\n ce  0.539"})
        return [f"{fail.stated} -> {fail.recomputed}" for fail in found.fails]

    return run


@pytest.mark.parametrize(
    ("words", "row", "values"),
    [
        ("L1 of 0.539", "method=ce", "l1"),
        ("L1 of\n.539", "method=ce", "l1"),
        ("53.9 % of 1,063", "method=ce", "100*l1 n"),
        ("-0.54 (p < .001)", "epoch=1", "-l1 <p"),
        ("0.39, 1,063 to 2,000", "epoch=1..2", "mean:l1 min:n max:n"),
        ("in 7 of 2 rows", "method=*", "configured count:l1"),
    ],
)
def test_a_number_is_computed_as_it_is_written(check, words, row, values):
    assert check(words, (words, row, values)) == []


@pytest.mark.parametrize(
    ("stated", "computed"), [("0.549", "0.539"), ("+0.539", "+0.539"), ("1,063", "1"), ("0.5", "0.5"), ("0.6", "0.5")]
)
def test_another_number_is_named_with_what_it_should_be(check, stated, computed):
    right = stated == computed
    assert check(f"L1 {stated} of", (f"L1 {stated} of", "method=ce", "l1")) == (
        [] if right else [f"L1 {stated} of -> L1 {computed} of"]
    )


def test_a_document_that_says_another_number_than_its_claim_is_named(check):
    found = check("It is 0.639 here.", ("It is 0.539 here.", "method=ce", "l1"))
    assert found == ["It is 0.639 here. -> It is 0.539 here."]


def test_every_number_of_a_section_with_claims_has_one(check):
    typed = "`seed=3` [x](y4.md) F1 ResNet-18\n```\nfer-exp train seed=5\nepochs=6\n```\n"
    typed += "```\n$ fer-exp x \\\n  seed=7\nout\n```\n"
    assert check(f"0.539\n{typed}", ("0.539", "method=ce", "l1")) == []
    for shown in ("or 8", "```\nloss 9\n```", "```\n$ fer-exp x\nloss 9\n```\n"):
        assert len(check(f"0.539\n{typed}{shown}", ("0.539", "method=ce", "l1"))) == 1


def test_a_block_is_what_its_command_prints_line_by_line(check):
    assert check("```\n  L1   \n\n ce  0.539\n```", ("", "", "shout")) == []
    assert check("```\n  L1\n\n ce  0.538\n```", ("", "", "shout"))[0] == "ce  0.538 -> ce  0.539"


@pytest.mark.parametrize(
    ("words", "row", "values", "said"),
    [
        ("0.539", "method=sce", "l1", "t.csv has no row with method=sce"),
        ("0.539", "method=ce", "l2", "t.csv has no column l2"),
        ("0.539", "", "l1", "2 rows are there; name one of them"),
        ("0.539 and 1", "method=ce", "l1 n p", "2 numbers stand in the text and 3 values beside it"),
        ("0.539", "method=ce", "method", "no number stands in method"),
    ],
)
def test_a_claim_that_cannot_be_computed_says_why(check, words, row, values, said):
    assert said in check(words, (words, row, values))[0]
