"""`fer-exp verify` and archives, on fakes: what is right passes, one digit changed anywhere fails and is named."""

import importlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from fer_exp.cli import main
from tests.commands.small_table import words

pytestmark = pytest.mark.usefixtures("light")
NAME = "noisy-labels-synthetic-smoke"


@pytest.fixture(scope="module")
def published(light, cache, tmp_path_factory) -> Path:
    """A project with archived tables and a README that states some of their numbers; its runs are gone."""
    place = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", lambda figure, aside, **named: Path(aside).touch())
        assert main(words(place, cache, "archive=true", seeds="0")) == 0
    shutil.rmtree(place / "runs")
    table = pd.read_csv(place / "results" / NAME / "accuracy.csv").set_index("method")
    text = f"Accuracy {table['accuracy']['ce']:.1f} of ce"
    (place / "README.md").write_text(
        f"# A paper\nOf 1999.\n## Found\n{text},\nwith 2 seeds and `seed=7` [here](x7.md).\n", encoding="utf-8"
    )
    claims = [
        ("README.md", "Found", text, f"results/{NAME}/accuracy.csv", "method=ce", "accuracy"),
        ("README.md", "Found", "with 2 seeds", "", "", "configured"),
    ]
    frame = pd.DataFrame(claims, columns=["document", "section", "text", "source", "row", "values"])
    frame.to_csv(place / "results" / "claims.csv", index=False)
    return place


@pytest.fixture
def project(published, tmp_path, monkeypatch) -> Path:
    """A copy to spoil, in the working folder."""
    shutil.copytree(published, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def spoil(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def digit_changed(file: Path, column: str) -> tuple[str, str]:
    """Change the last digit of the first row's number in a column of a CSV; what stood and what stands there."""
    lines = file.read_text(encoding="utf-8").splitlines()
    at = lines[0].split(",").index(column)
    before = lines[1].split(",")[at]
    after = before[:-1] + str((int(before[-1]) + 1) % 10)
    spoil(file, f",{before},", f",{after},")
    return before, after


def test_all_is_as_it_is_computed_without_corpus_and_runs(project, capsys):
    assert main(["verify"]) == 0
    printed = capsys.readouterr().out
    assert "FAIL  " not in printed
    assert "PASS  README.md  (1 numbers, 1 recorded or declared)" in printed
    assert printed.splitlines()[-1].endswith("; 0 FAIL")
    assert main(["verify", f"results/{NAME}"]) == 0
    assert "README" not in capsys.readouterr().out


def test_json_is_one_object(project, capsys):
    digit_changed(project / "results" / NAME / "stage.csv", "best")
    assert main(["verify", "--json"]) == 1
    (fail,) = json.loads(capsys.readouterr().out)["results"]["fails"]
    assert fail["file"] == f"results/{NAME}/stage.csv"
    assert fail["where"] == "row 1 (0.4), column best"


def test_the_last_digit_of_a_csv_counts(project, capsys):
    before, after = digit_changed(project / "results" / NAME / "accuracy.csv", "accuracy")
    assert main(["verify", f"results/{NAME}"]) == 1
    printed = capsys.readouterr()
    assert f"FAIL  results/{NAME}/accuracy.csv" in printed.out
    assert f"column accuracy: stated {after}; computed {before}" in printed.out
    assert "Traceback" not in printed.err


@pytest.mark.parametrize("kind", ["md", "tex", "json"])
def test_a_digit_of_any_other_file_counts(project, capsys, kind):
    name = "results.json" if kind == "json" else f"accuracy.{kind}"
    mean = json.loads((project / "results" / NAME / "results.json").read_text())["tables"]["accuracy"]["rows"][0]
    number = repr(mean["accuracy"]) if kind == "json" else f"{mean['accuracy']:.1f}"
    spoil(project / "results" / NAME / name, number, number[:-1] + str((int(number[-1]) + 1) % 10))
    assert main(["verify", f"results/{NAME}"]) == 1
    printed = capsys.readouterr().out
    assert f"FAIL  results/{NAME}/{name}" in printed
    assert printed.count("FAIL  ") == 1


def test_a_digit_of_a_document_counts_be_it_computed_or_declared(project, capsys):
    stated = pd.read_csv("results/claims.csv")["text"][0]
    other = stated.replace(stated.split()[1], "99.9")
    spoil(project / "README.md", stated, other)
    spoil(project / "README.md", "2 seeds", "3 seeds")
    assert main(["verify", "README.md"]) == 1
    printed = capsys.readouterr().out
    assert f"Found: stated {other}; computed {stated}" in printed
    assert "Found: stated with 3 seeds; computed with 2 seeds" in printed


def test_a_number_that_no_claim_covers_counts(project, capsys):
    spoil(project / "README.md", "seeds and", "seeds, 5 epochs and")
    assert main(["verify", "README.md"]) == 1
    assert "Found: 5 in “" in capsys.readouterr().out


def test_a_claim_about_another_number_counts(project, capsys):
    spoil(project / "results" / "claims.csv", "method=ce", "method=gce")
    spoil(project / "results" / "claims.csv", ",accuracy\n", ",train_accuracy\n")
    assert main(["verify", "README.md"]) == 1
    assert "has no column train_accuracy" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["damaged", "missing", "other"])
def test_an_archive_that_is_not_whole_is_named(project, capsys, what):
    file = next((project / "results" / NAME / "runs").glob("*/predictions.parquet"))
    if what == "damaged":
        file.write_bytes(file.read_bytes()[:200])
    elif what == "missing":
        file.unlink()
    else:
        table = pd.read_parquet(file)
        table.loc[table["split"] == "test", ["p_fear", "p_anger"]] = table[["p_anger", "p_fear"]].to_numpy()[
            table["split"] == "test"
        ]
        table.to_parquet(file)
    assert main(["verify", f"results/{NAME}"]) == 1
    printed = capsys.readouterr()
    assert str(file.relative_to(project)) in printed.out
    assert "Traceback" not in printed.err


def test_a_run_of_the_archive_that_is_gone_changes_the_numbers(project, capsys):
    shutil.rmtree(next((project / "results" / NAME / "runs").iterdir()))
    assert main(["verify", f"results/{NAME}"]) == 1
    printed = capsys.readouterr().out
    assert "the file is missing" in printed
    assert "column seeds: stated 1; computed 0" in printed


def test_tables_without_an_archive_are_held_against_what_was_recorded(project, capsys):
    folder = project / "results" / NAME
    (folder / "archive.json").unlink()
    shutil.rmtree(folder / "runs")
    assert main(["verify", f"results/{NAME}"]) == 0
    assert "recorded" in capsys.readouterr().out
    spoil(folder / "accuracy.csv", ",ce,1,", ",ce,3,")
    assert main(["verify", f"results/{NAME}"]) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["results/nowhere"], "there is no such file or folder"),
        (["results=nothing"], "There is no folder nothing"),
        (["results/claims.csv"], "has no row of this document"),
    ],
)
def test_a_bad_request_is_one_sentence(project, capsys, typed, said):
    assert main(["verify", *typed]) == 2
    assert said in capsys.readouterr().err


def test_an_archive_tells_nothing_of_the_machine(project):
    root = str(project.parents[1])
    for file in (project / "results" / NAME).rglob("*"):
        if file.suffix in (".json", ".yaml"):
            assert root not in file.read_text(encoding="utf-8"), file


def test_fuller_results_are_never_written_over(project, cache, monkeypatch, capsys):
    monkeypatch.setattr(
        importlib.import_module("fer_exp.commands.train"), "train", lambda config: pytest.fail("trained")
    )
    before = {file: file.read_bytes() for file in (project / "results" / NAME).rglob("*") if file.is_file()}
    assert main(words(project, cache, "run=false", seeds="0")) == 0
    printed = capsys.readouterr()
    beside = project / "results" / f"{NAME}-0-of-2-runs"
    assert printed.out.splitlines()[-1] == str(beside)
    assert "states 2 finished runs" in printed.err
    assert (beside / "accuracy.csv").is_file()
    assert {file: file.read_bytes() for file in before} == before
    archived = project / "results" / NAME / "runs"
    assert (
        main(words(project, cache, "run=false", f"output={archived}", seeds="0")) == 0
    )  # all runs, but no archive asked for
    assert {file: file.read_bytes() for file in before} == before
    tables = [project / "results" / folder / "accuracy.csv" for folder in (NAME, f"{NAME}-2-of-2-runs")]
    assert tables[0].read_text() == tables[1].read_text()  # `table` reads an archive's runs like any other
