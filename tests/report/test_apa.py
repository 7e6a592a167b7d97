"""Methods and results for a paper: every number is one of the tables', and every work cited is listed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from fer_exp.__main__ import main
from fer_exp.report.references import WORKS, cited
from tests.judging.tables import predictions_table

CITATION = re.compile(r"([A-Z][\w–-]+(?: et al\.| & [A-Z]\w+)?),? \(?((?:19|20)\d\d)\)?")


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("apa")
    table = predictions_table(60, 3, ("test",))
    table.to_csv(folder / "m0.csv", index=False)
    columns = [name for name in table if name.startswith("p_")]
    table[columns] = table[columns] ** 0.3 / (table[columns] ** 0.3).sum(axis=1).to_numpy()[:, None]
    table.to_csv(folder / "m1.csv", index=False)
    assert main(["compare", f"{folder}/m0.csv", f"{folder}/m1.csv", "bootstrap=200", f"output={folder}/ab"]) == 0
    return folder


def test_every_number_of_the_results_stands_in_the_table(compared: Path) -> None:
    text = (compared / "ab-apa.md").read_text()
    pairs = pd.read_csv(compared / "ab-pairs.csv").set_index("metric")
    found = json.loads((compared / "ab.json").read_text())["apa"]
    assert found["results"] in text
    row = pairs.loc["l1"]
    assert f"difference = {row.difference:.3f}, 95% CI [{row.low:.3f}, {row.high:.3f}]" in found["results"]
    assert f"*d*z = {row.dz:.2f}" in found["results"]
    (df, t, p) = re.search(r"\*t\*\(([\d.]+)\) = (-?[\d.]+), \*p\* ([=<] \.\d+)", found["results"]).groups()
    assert float(df) == pytest.approx(row.df_p, abs=0.06)
    expected = 2 * student.sf(abs(float(t)), row.df_p)
    assert expected == pytest.approx(row.p, rel=0.05) or (expected < 0.001 and p == "< .001")


def test_what_cannot_pass_1_has_no_zero_before_the_point(compared: Path) -> None:
    results = json.loads((compared / "ab.json").read_text())["apa"]["results"]
    accuracy = next(s for s in re.split(r"(?<=\.) (?=[A-Z])", results) if "accuracy" in s)
    assert re.search(r"\*M\* = \.\d{3}", accuracy)
    assert not re.search(r"\*p\* = 0\.", results)
    assert re.search(r"L1 was|in L1", results)
    assert re.search(r"\*M\* = \d\.\d{3}", results)  # L1 reaches 2


def test_every_work_cited_is_listed_and_no_other(compared: Path) -> None:
    found = json.loads((compared / "ab.json").read_text())["apa"]
    listed = {(entry.split(",")[0], re.search(r"\((\d{4})\)", entry)[1]) for entry in found["references"]}
    named = {(re.split(r" et al| &|,", who)[0], year) for who, year in CITATION.findall(found["methods"])}
    assert named == listed
    for citation, entry in WORKS.items():
        assert entry.startswith(citation.split(" et al")[0].split(" &")[0].split(",")[0])
        assert citation[-4:] in entry
    assert cited("nothing") == []


def test_difference_that_is_not_shown_is_not_told_as_one(tmp_path: Path) -> None:
    table = predictions_table(40, 1, ("test",))
    other = table.copy()
    columns = [name for name in table if name.startswith("p_")]
    noise = np.random.default_rng(0).dirichlet(np.ones(len(columns)) * 50, len(table))
    other[columns] = 0.98 * table[columns].to_numpy() + 0.02 * noise
    table.to_csv(tmp_path / "a.csv", index=False)
    other.to_csv(tmp_path / "b.csv", index=False)
    words = ["compare", f"{tmp_path}/a.csv", f"{tmp_path}/b.csv", "bootstrap=100", "primary=accuracy"]
    assert main([*words, f"output={tmp_path}/c"]) == 0
    found = json.loads((tmp_path / "c.json").read_text())["apa"]
    assert "did not differ significantly in accuracy" in found["results"]
    assert "accuracy, was named beforehand" in found["methods"]
