"""Prediction files as runs of one model: seeds=, a column run, names that differ in a seed; means over runs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from fer_exp.judging.seeds import judge_seeds

NAMES = ["fear", "anger", "happiness"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """net_seed1.csv to net_seed3.csv in other orders of the same 40 faces, other.csv, and one.csv with a column run."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    people = rng.dirichlet(np.ones(3), 40)
    votes = {f"votes_{name}": column for name, column in zip(NAMES, (people * 10).round().T, strict=True)}
    tables = []
    for seed in (1, 2, 3):
        said = 0.6 * people + 0.4 * rng.dirichlet(np.ones(3), 40)
        table = pd.DataFrame(said, columns=[f"p_{name}" for name in NAMES]).assign(
            face=range(40), split="test", **votes
        )
        table.sample(frac=1, random_state=seed).to_csv(f"net_seed{seed}.csv", index=False)
        tables.append(table)
    pd.concat([table.assign(run=f"r{n}") for n, table in enumerate(tables)]).to_csv("one.csv", index=False)
    tables[0].assign(p_fear=1 / 3, p_anger=1 / 3, p_happiness=1 / 3).to_csv("other.csv", index=False)
    return tables


def evaluated(*words) -> dict:
    assert main(["evaluate", *words, "bootstrap=50", "output=out.json"]) == 0
    return json.loads(Path("out.json").read_text(encoding="utf-8"))["test"]


def test_files_and_a_column_run_give_means_over_runs_with_the_intervals_of_run_folders(files, capsys):
    wanted = judge_seeds(files, "test", samples=50).rows
    by_column = evaluated("predictions=one.csv")
    assert by_column == {name: pytest.approx(row) for name, row in wanted.items()}
    assert "run tells 3 runs of one model apart" in capsys.readouterr().err
    by_files = evaluated("seeds=[net_seed1.csv,net_seed2.csv,net_seed3.csv]")
    said = capsys.readouterr()
    assert "means over 3 runs of one model (net_seed1, net_seed2, net_seed3)" in said.out + said.err
    first = evaluated("predictions=net_seed1.csv", "seeds=[net_seed2.csv,net_seed3.csv]")
    assert first == by_files
    alone = [evaluated(f"predictions=net_seed{seed}.csv")["l1"]["value"] for seed in (1, 2, 3)]
    assert by_files["l1"]["value"] == pytest.approx(np.mean(alone)) == by_column["l1"]["value"]


def test_runs_on_other_faces_are_refused_with_a_way_out_that_holds(files, capsys):
    pd.read_csv("net_seed2.csv").iloc[1:].to_csv("short.csv", index=False)
    assert main(["evaluate", "seeds=[net_seed1.csv,short.csv]"]) == 2
    said = capsys.readouterr().err
    assert "39 are in both); runs of one model answer the same faces" in said
    assert "common=true" not in said


@pytest.mark.parametrize("words", [
    ["net_seed1.csv", "net_seed2.csv", "net_seed3.csv", "other.csv"],
    ["one.csv", "other.csv"],
    ["other.csv", "seeds=[net_seed1.csv,net_seed2.csv,net_seed3.csv]"],
])  # fmt: skip
def test_compare_holds_the_runs_of_a_model_together(files, words, capsys):
    options = ["bootstrap=50", "permutations=20", "repairs=false", "output=c"]
    assert main(["compare", *words, *options]) == 0, capsys.readouterr().err
    found = json.loads(Path("c.json").read_text(encoding="utf-8"))
    sizes = {group["name"]: len(group["runs"]) for group in found["groups"]}
    assert sorted(sizes.values()) == [1, 3]
    assert found["pairs"][0]["metrics"]["l1"]["difference"] is not None


def test_faces_that_occur_twice_without_a_run_stay_an_error(files, capsys):
    pd.read_csv("one.csv").drop(columns="run").to_csv("twice.csv", index=False)
    assert main(["evaluate", "predictions=twice.csv"]) == 2
    assert "occurs a second time in its split" in capsys.readouterr().err
    table = pd.read_csv("one.csv")
    table.loc[50, "run"] = None
    table.to_csv("gap.csv", index=False)
    assert main(["evaluate", "predictions=gap.csv"]) == 2
    assert "row 51: run is ''; where a face has several rows, each needs its run" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["bytes", "in another order", "with six digits"])
def test_a_copy_of_a_run_is_no_further_run(files, capsys, how):
    copy = pd.read_csv("net_seed2.csv")
    copy = copy.sample(frac=1, random_state=0) if how == "in another order" else copy
    copy.to_csv("net_seed4.csv", index=False, float_format="%.6f" if how == "with six digits" else None)
    once = evaluated("seeds=[net_seed1.csv,net_seed2.csv,net_seed3.csv]")
    assert evaluated("seeds=[net_seed1.csv,net_seed2.csv,net_seed3.csv,net_seed4.csv]") == once
    assert "left out, copies of another run here: net_seed4.csv" in capsys.readouterr().err
    assert main(["compare", "other.csv", *(f"net_seed{n}.csv" for n in (1, 2, 3, 4)), "bootstrap=50", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert sorted(len(group["runs"]) for group in said["results"]["groups"] if group["runs"]) == [1, 3]


@pytest.fixture
def models(files):
    """long.csv with the answers of one, two and other, told apart by a column; votes.csv; a file of each alone."""
    votes = files[0][[f"votes_{name}" for name in NAMES]].set_axis(NAMES, axis=1)
    votes.assign(face=range(40)).to_csv("votes.csv", index=False)
    tables = {}
    other = files[0].assign(p_fear=0.5, p_anger=0.3, p_happiness=0.2)
    for name, table in {"one": files[0], "two": files[1], "other": other}.items():
        tables[name] = table[["face", *(f"p_{name}" for name in NAMES)]].set_axis(["face", *NAMES], axis=1)
        tables[name].to_csv(f"{name}_alone.csv", index=False)
    pd.concat([table.assign(model=name) for name, table in tables.items()]).to_csv("long.csv", index=False)
    return tables


def compared(*words) -> dict[str, float]:
    options = ["votes=votes.csv", "bootstrap=20", "permutations=20", "repairs=false", "output=c"]
    assert main(["compare", *words, *options]) == 0
    groups = json.loads(Path("c.json").read_text(encoding="utf-8"))["groups"]
    return {group["name"]: group["metrics"]["l1"]["value"] for group in groups}


@pytest.mark.parametrize("column", ["model", "Tool", "Model_Name"])
@pytest.mark.parametrize("a_row", ["a face", "a face and class", "a face, named"])
def test_models_of_one_table_are_told_apart_by_their_column(models, column, a_row, capsys):
    table = pd.read_csv("long.csv").rename(columns={"model": column})
    alone = {name: pd.read_csv(f"{name}_alone.csv") for name in models}
    if a_row == "a face and class":
        table = table.melt(["face", column], var_name="emotion", value_name="score")
    if a_row == "a face, named":
        table["prediction"] = table[NAMES].idxmax(axis=1)
        table = table.drop(columns=NAMES)
        for name, rows in table.groupby(column):
            rows.drop(columns=column).to_csv(f"{name}_alone.csv", index=False)
    table.sample(frac=1, random_state=0).to_csv("long.csv", index=False)
    wanted = compared(*(f"{name}_alone.csv" for name in alone))
    assert compared("long.csv") == {name.removesuffix("_alone"): pytest.approx(l1) for name, l1 in wanted.items()}
    assert main(["evaluate", "long.csv", "votes=votes.csv"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "the answers of 3 models (" in said
    assert "fer-exp compare long.csv" in said


def test_runs_of_several_models_are_pooled_by_model(models):
    table = pd.read_csv("long.csv")
    table = table[table["model"] != "other"]
    twins = table.assign(model=table["model"].map({"one": "two", "two": "one"}))
    pd.concat([table.assign(run=1), twins.assign(run=2)]).to_csv("both.csv", index=False)
    one, two = compared("both.csv").values()
    assert one == pytest.approx(two)
